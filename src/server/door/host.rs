//! Hosts that the server answers to, so that no foreign name that points here reaches it (DNS rebinding).
//!
//! A browser lets a page talk to the host it came from. The owner of a name can serve a page under it and then point
//! the name at an address inside the reader's machine or network; the browser keeps the name in `Host`. An address
//! names only itself, and browsers resolve `localhost` and names below it to the machine itself, so these are always
//! answered. Every other name must be one of `allowed_hosts`.
//!
//! A server that others reach also answers to names without a dot: the name of a container or of a machine in the local
//! network. No public name server can point such a name anywhere.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tonic::codegen::http::{HeaderMap, Uri, Version, header};

/// The hosts that are answered to.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    any: bool,
    names: Vec<String>,
    without_dot: bool,
}

/// The reason a request is for no host of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrongHost {
    /// It names none, or several.
    Count(usize),
    /// It names one that is not answered to, or is no host at all.
    Other(String),
}

impl Hosts {
    /// Those of a server that listens at an address, with those that its operator allows; `*` is all.
    pub(super) fn new(allowed: &[String], listen: Option<SocketAddr>) -> Self {
        let is_reachable = listen.is_some_and(|listen| !listen.ip().to_canonical().is_loopback());
        let names = allowed.iter().map(|name| name.trim_end_matches('.').to_owned()).collect();
        Self { any: allowed.iter().any(|name| name == "*"), names, without_dot: is_reachable }
    }

    /// Judges every host that a request names, in its target and in its headers; the one that counts.
    pub(super) fn judge<'a>(
        &self,
        version: Version,
        uri: &'a Uri,
        headers: &'a HeaderMap,
    ) -> Result<Cow<'a, str>, WrongHost> {
        let target = uri.authority().map(|authority| Cow::Borrowed(authority.as_str()));
        let mut named = target.clone();
        let mut count = 0;
        for value in headers.get_all(header::HOST) {
            count += 1;
            let host = String::from_utf8_lossy(value.as_bytes());
            self.answers_to(&host)?;
            named.get_or_insert(host);
        }
        if let Some(target) = &target {
            self.answers_to(target)?;
        }
        let is_old = version <= Version::HTTP_10;
        match named {
            Some(named) if count <= 1 => Ok(named),
            None if count == 0 && is_old => Ok(Cow::Borrowed("")),
            _ => Err(WrongHost::Count(count)),
        }
    }

    fn answers_to(&self, authority: &str) -> Result<(), WrongHost> {
        let is_allowed = match split(authority) {
            None => false,
            Some((_, _, HostKind::Address)) => true,
            Some((name, _, HostKind::Name)) => self.any || is_of_this_machine(name) || self.names(name),
        };
        if is_allowed { Ok(()) } else { Err(WrongHost::Other(authority.to_owned())) }
    }

    fn names(&self, name: &str) -> bool {
        (self.without_dot && !name.contains('.')) || self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

fn is_of_this_machine(name: &str) -> bool {
    const LOCAL: &str = "localhost";
    let Some(at) = name.len().checked_sub(LOCAL.len()) else { return false };
    let is_local = name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(LOCAL));
    is_local && name.get(..at).is_some_and(|before| before.is_empty() || (before.len() > 1 && before.ends_with('.')))
}

/// The form of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostKind {
    Name,
    Address,
}

/// The host of an authority without a dot at its end, its port, and what the host is; none where it is no authority.
pub(super) fn split(authority: &str) -> Option<(&str, Option<u16>, HostKind)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (inside, rest) = rest.split_once(']')?;
        let address = inside.split_once('%').map_or(inside, |(address, _)| address);
        address.parse::<Ipv6Addr>().ok()?;
        return Some((inside, port(rest)?, HostKind::Address));
    }
    let (host, rest) = authority.find(':').map_or((authority, ""), |at| authority.split_at(at));
    let port = port(rest)?;
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.parse::<Ipv4Addr>().is_ok() {
        return Some((host, port, HostKind::Address));
    }
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    let is_name = !host.is_empty() && !host.starts_with('.') && host.bytes().all(is_plain) && !host.contains("..");
    is_name.then_some((host, port, HostKind::Name))
}

/// The port behind a host: nothing, or a colon and perhaps a number.
fn port(rest: &str) -> Option<Option<u16>> {
    if rest.is_empty() || rest == ":" {
        return Some(None);
    }
    let digits = rest.strip_prefix(':').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    digits.parse().ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::codegen::http::HeaderValue;

    fn hosts(allowed: &[&str], listen: &str) -> Hosts {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        Hosts::new(&allowed, Some(listen.parse().unwrap()))
    }

    #[test]
    fn addresses_and_names_of_this_machine_are_answered_to_and_no_other_name() {
        let here = hosts(&[], "127.0.0.1:7443");
        for host in [
            "127.0.0.1",
            "127.0.0.1:7443",
            "127.0.0.1.",
            "192.0.2.7:80",
            "[::1]",
            "[::1]:7443",
            "[fe80::1%25eth0]:7443",
            "localhost",
            "LOCALHOST:7443",
            "localhost.",
            "localhost.:7443",
            "desk.localhost",
            "a.b.LocalHost:1",
            "localhost:",
        ] {
            assert_eq!(here.answers_to(host), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:7443",
            "localhost.evil.example",
            "evillocalhost",
            ".localhost",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "user:pass@localhost",
            "::1",
            "[::1",
            "[::1]evil.example",
            "[evil.example]",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "localhost:80:80",
            "localhost:99999",
            "localhost:+1",
            "localhost, evil.example",
            "localhost/evil",
            "localhost#",
            "",
            ".",
            "..",
            ":7443",
            "evil\u{fffd}.example",
            "desk",
        ] {
            assert!(here.answers_to(host).is_err(), "{host}");
        }
    }

    #[test]
    fn what_is_allowed_is_answered_to_at_any_port_and_in_any_case() {
        let named = hosts(&["ledger.example"], "127.0.0.1:7443");
        for host in ["ledger.example", "Ledger.Example:443", "ledger.example."] {
            assert_eq!(named.answers_to(host), Ok(()), "{host}");
        }
        for host in ["a.ledger.example", "ledger.example.evil", "xledger.example", "ledger"] {
            assert!(named.answers_to(host).is_err(), "{host}");
        }
        let any = hosts(&["*"], "127.0.0.1:7443");
        assert!(any.answers_to("evil.example").is_ok() && any.answers_to("a@b").is_err());
    }

    #[test]
    fn where_others_reach_the_server_names_without_a_dot_are_answered_to() {
        let reachable = hosts(&[], "0.0.0.0:7443");
        assert!(reachable.answers_to("detente:7443").is_ok() && reachable.answers_to("evil.example").is_err());
        assert!(hosts(&[], "[::ffff:127.0.0.1]:7443").answers_to("detente").is_err());
    }

    #[test]
    fn every_host_that_is_named_counts_and_there_is_one() {
        let here = hosts(&[], "127.0.0.1:7443");
        let judge = |version, uri: &str, named: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in named {
                headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
            }
            here.judge(version, &uri.parse().unwrap(), &headers).map(Cow::into_owned)
        };
        let (old, one, two) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
        assert_eq!(judge(one, "/", &["localhost:1"]), Ok("localhost:1".to_owned()));
        assert_eq!(judge(one, "http://127.0.0.1:2/", &["localhost:1"]), Ok("127.0.0.1:2".to_owned()));
        assert_eq!(judge(two, "http://localhost:1/", &[]), Ok("localhost:1".to_owned()));
        assert_eq!(judge(old, "/", &[]), Ok(String::new()));
        assert_eq!(judge(one, "/", &[]), Err(WrongHost::Count(0)));
        assert_eq!(judge(two, "/", &[]), Err(WrongHost::Count(0)));
        assert_eq!(judge(one, "/", &["localhost", "localhost"]), Err(WrongHost::Count(2)));
        let evil = Err(WrongHost::Other("evil.example".to_owned()));
        assert_eq!(judge(one, "http://evil.example/", &["localhost"]), evil);
        assert_eq!(judge(one, "http://localhost/", &["evil.example"]), evil);
        assert_eq!(judge(two, "http://localhost/", &["evil.example"]), evil);
        assert_eq!(judge(old, "/", &["evil.example"]), evil);
    }
}
