//! Pages that may call from a browser: those of the server itself, and those of the origins that its operator allows.
//!
//! A browser names in `Origin` the page that a request comes from, and in `Sec-Fetch-Site` the relation of that page to
//! the server. A page can set neither. A request with neither does not come from a page, or is a link that somebody
//! followed, which changes nothing. A page that was served under `https` by a proxy is the server's own if the proxy
//! hands its host on.

use super::host::split;
use tonic::codegen::http::{HeaderMap, HeaderName, Method, header};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The pages that may ask.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    any: bool,
    allowed: Vec<String>,
}

impl Origins {
    /// Pages of the server itself and of these origins; `*` is all.
    pub(super) fn new(allowed: &[String]) -> Self {
        Self { any: allowed.iter().any(|origin| origin == "*"), allowed: allowed.to_vec() }
    }

    /// Judges the page that a request to a host comes from, if it comes from one.
    ///
    /// # Errors
    /// Judges a request; the error is its page, in words, if that may not call.
    pub(super) fn judge(&self, method: &Method, host: &str, headers: &HeaderMap) -> Result<(), String> {
        let (origin, site) = (headers.get(header::ORIGIN), headers.get(SITE));
        if (origin.is_none() && site.is_none()) || self.any {
            return Ok(());
        }
        let site = site.map_or("", |site| site.to_str().unwrap_or("cross-site"));
        let is_look = *method == Method::GET || *method == Method::HEAD;
        if is_look && headers.get(MODE).is_some_and(|mode| mode == "navigate") {
            return Ok(());
        }
        let mut named = false;
        for origin in headers.get_all(header::ORIGIN) {
            named = true;
            let origin = String::from_utf8_lossy(origin.as_bytes());
            // A page that keeps its address to itself has no origin to tell; the browser says all the same whose it is.
            let is_own = is_own(&origin, host, headers) || (origin == "null" && site == "same-origin");
            if !is_own && !self.allowed.iter().any(|allowed| *allowed == origin) {
                return Err(origin.into_owned());
            }
        }
        let is_foreign = !named && matches!(site, "cross-site" | "same-site");
        if is_foreign { Err(site.to_owned()) } else { Ok(()) }
    }
}

/// Returns true if an origin is that of a host, under the request's own scheme as far as that is known.
fn is_own(origin: &str, host: &str, headers: &HeaderMap) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let other_scheme = headers.get(SCHEME).is_some_and(|came| !came.as_bytes().eq_ignore_ascii_case(scheme.as_bytes()));
    let (Some((from, from_port, _)), Some((to, to_port, _))) = (split(authority), split(host)) else { return false };
    !other_scheme && from.eq_ignore_ascii_case(to) && from_port.unwrap_or(usual) == to_port.unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::codegen::http::HeaderValue;

    fn judge(allowed: &[&str], method: &str, host: &str, headers: &[(&'static str, &str)]) -> bool {
        let allowed: Vec<String> = allowed.iter().map(|origin| (*origin).to_owned()).collect();
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Origins::new(&allowed).judge(&method.parse().unwrap(), host, &all).is_ok()
    }

    #[test]
    fn a_page_of_the_same_scheme_host_and_port_is_the_servers_own() {
        for (origin, host, is_own) in [
            ("http://127.0.0.1:7443", "127.0.0.1:7443", true),
            ("http://[::1]:7443", "[::1]:7443", true),
            ("http://LOCALHOST:7443", "localhost:7443", true),
            ("http://ledger.example", "ledger.example", true),
            ("http://ledger.example", "ledger.example:80", true),
            ("https://ledger.example", "ledger.example", true),
            ("https://ledger.example", "ledger.example:443", true),
            ("https://ledger.example", "ledger.example:80", false),
            ("http://127.0.0.1:7444", "127.0.0.1:7443", false),
            ("http://127.0.0.1", "127.0.0.1:7443", false),
            ("http://localhost:7443", "127.0.0.1:7443", false),
            ("http://evil.example:7443", "127.0.0.1:7443", false),
            ("http://127.0.0.1:7443@evil.example", "127.0.0.1:7443", false),
            ("http://127.0.0.1:7443.evil.example", "127.0.0.1:7443", false),
            ("ftp://127.0.0.1:7443", "127.0.0.1:7443", false),
            ("null", "127.0.0.1:7443", false),
            ("", "127.0.0.1:7443", false),
        ] {
            assert_eq!(judge(&[], "POST", host, &[("origin", origin)]), is_own, "{origin} at {host}");
        }
        let https = |origin| judge(&[], "POST", "a.example", &[("origin", origin), ("x-forwarded-proto", "https")]);
        assert!(https("https://a.example") && !https("http://a.example"), "the scheme counts where it is known");
    }

    #[test]
    fn the_browsers_own_word_counts_where_there_is_no_origin() {
        let host = "127.0.0.1:7443";
        for (method, site, mode, may) in [
            ("GET", "cross-site", "no-cors", false),
            ("GET", "same-site", "no-cors", false),
            ("GET", "same-origin", "cors", true),
            ("GET", "none", "navigate", true),
            ("GET", "cross-site", "navigate", true),
            ("HEAD", "cross-site", "navigate", true),
            ("POST", "cross-site", "navigate", false),
        ] {
            let headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode)];
            assert_eq!(judge(&[], method, host, &headers), may, "{method} {site} {mode}");
        }
        let null = |site| judge(&[], "POST", host, &[("origin", "null"), ("sec-fetch-site", site)]);
        assert!(null("same-origin") && !null("cross-site") && !null("same-site") && !null("none"));
    }

    #[test]
    fn what_is_allowed_may_ask_and_every_origin_that_is_named_counts() {
        let host = "127.0.0.1:7443";
        let desk = "https://desk.example";
        let cross = ("sec-fetch-site", "cross-site");
        assert!(judge(&[desk], "POST", host, &[("origin", desk), cross]));
        assert!(!judge(&[desk], "POST", host, &[("origin", "https://desk.example.evil"), cross]));
        assert!(!judge(&[desk], "POST", host, &[("origin", desk), ("origin", "https://evil.example")]));
        assert!(!judge(&[desk], "GET", host, &[cross]), "no page of an allowed origin asks without naming it");
        assert!(judge(&["*"], "POST", host, &[("origin", "null"), cross]));
    }
}
