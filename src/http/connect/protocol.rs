//! The headers of a call: the version of the protocol, the time that a call may take, and the compression of messages.

use super::ConnectForm;
use crate::grpc::inflate::Compression;
use crate::grpc::local::Problem;
use crate::grpc::status::CallRefusal;
use crate::http::Web;
use crate::http::failure::HttpFailure;
use crate::http::transcode::{Rpc, RpcKind};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use detente_ledger::budget::Overrun;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Known compressions, as a header lists them.
pub(super) const COMPRESSIONS: &str = "gzip, zstd";

/// A call of an rpc, with what its headers say.
#[derive(Clone)]
pub(super) struct Invocation {
    pub(super) web: Web,
    pub(super) rpc: &'static Rpc,
    /// The time that it may take.
    timeout: Option<Duration>,
    /// The instant at which that is over.
    pub(super) deadline: Option<Instant>,
    /// The compression of the request; of a query it is in the query.
    pub(super) sent: Option<Compression>,
    /// The compression of the reply that the client likes best.
    pub(super) wanted: Option<Compression>,
}

impl Invocation {
    /// A call whose headers are as they must be.
    pub(super) fn of(web: &Web, rpc: &'static Rpc, form: ConnectForm, parts: &Parts) -> Result<Self, HttpFailure> {
        let headers = &parts.headers;
        version(headers)?;
        let timeout = timeout(headers)?;
        let sent = match form {
            ConnectForm::Query => None,
            ConnectForm::Bare(_) => compression("content-encoding", one(headers, "content-encoding")?)?,
            ConnectForm::Enveloped(_) => {
                compression("connect-content-encoding", one(headers, "connect-content-encoding")?)?
            }
        };
        let wanted = preferred_compression(headers, form.accepts(), sent);
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Ok(Self { web: web.clone(), rpc, timeout, deadline, sent, wanted })
    }

    /// The time that the call may take, as gRPC writes it: at most eight digits and a unit.
    pub(super) fn grpc_timeout(&self) -> Option<String> {
        const DIGITS: u128 = 99_999_999;
        let timeout = self.timeout?;
        Some(match timeout.as_millis() {
            millis @ 0..=DIGITS => format!("{millis}m"),
            millis => format!("{}S", millis.div_ceil(1000)),
        })
    }

    /// Waits for an answer until the time of the call is over.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, HttpFailure>>,
    ) -> Result<T, HttpFailure> {
        match self.deadline {
            None => answer.await,
            // Nothing has been done yet.
            Some(deadline) if deadline <= Instant::now() => Err(CallRefusal::from(Overrun::DeadlineExceeded).into()),
            Some(deadline) => timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(self.expiry().into())),
        }
    }

    /// The problem of a call whose time is over.
    pub(super) fn expiry(&self) -> Problem {
        expiry(self.rpc.kind)
    }
}

/// Returns the problem of a call whose time is over. For a write the outcome is unknown, which the problem says.
fn expiry(kind: RpcKind) -> Problem {
    let is_write = kind == (RpcKind::Unary { has_get: false });
    if is_write { CallRefusal::LateWrite.into() } else { CallRefusal::from(Overrun::DeadlineExceeded).into() }
}

/// The one value of a header; none where it is not there.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, HttpFailure> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(value) => Ok(Some(value.trim())),
            Err(_) => Err(wrong(name, "expected ASCII text")),
        },
        _ => Err(wrong(name, "given more than once; send it once")),
    }
}

fn wrong(name: &str, what: impl Into<String>) -> HttpFailure {
    HttpFailure::invalid_fields(vec![(name.to_owned(), what.into())])
}

fn version(headers: &HeaderMap) -> Result<(), HttpFailure> {
    const NAME: &str = "connect-protocol-version";
    match one(headers, NAME)? {
        None | Some("1") => Ok(()),
        Some(other) => Err(wrong(NAME, format!("{other:?} is no version that is known here; send 1"))),
    }
}

fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, HttpFailure> {
    const NAME: &str = "connect-timeout-ms";
    const MOST_DIGITS: usize = 10;
    let Some(said) = one(headers, NAME)? else { return Ok(None) };
    let digits = Some(said).filter(|said| said.len() <= MOST_DIGITS && said.bytes().all(|byte| byte.is_ascii_digit()));
    let millis = digits.and_then(|digits| digits.parse().ok());
    let millis = millis.ok_or_else(|| wrong(NAME, format!("{said:?} is not a number of one to ten digits")))?;
    Ok(Some(Duration::from_millis(millis)))
}

/// The compression that a request says it has; `name` is where it says so.
pub(super) fn compression(name: &str, said: Option<&str>) -> Result<Option<Compression>, HttpFailure> {
    let said = said.unwrap_or_default().to_ascii_lowercase();
    match said.as_str() {
        "identity" | "" => Ok(None),
        said => Compression::by_name(said.as_bytes()).map(Some).ok_or_else(|| {
            let why =
                format!("{name}: the compression {said:?} is not known here; send one of {COMPRESSIONS}, identity");
            CallRefusal::Unsupported(why).into()
        }),
    }
}

/// The compression that a client likes best in a reply, by what it lists: what has the most weight, and the first of these. One
/// that lists none reads what it sends.
pub(super) fn preferred_compression(headers: &HeaderMap, name: &str, sent: Option<Compression>) -> Option<Compression> {
    let listed = headers.get_all(name).iter().filter_map(|listed| listed.to_str().ok());
    let mut best = (0.0, None);
    let mut is_listed = false;
    for entry in listed.flat_map(|listed| listed.split(',')) {
        is_listed = true;
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let known = match name.as_str() {
            "identity" => None,
            name => match Compression::by_name(name.as_bytes()) {
                None => continue,
                known => known,
            },
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0_f32), |q| q.parse().ok());
        let weight = weight.unwrap_or(0.0);
        if weight > best.0 {
            best = (weight, known);
        }
    }
    if is_listed { best.1 } else { sent }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn a_timeout_has_one_to_ten_digits_and_nothing_else() {
        let read = |value| timeout(&headers(&[("connect-timeout-ms", value)])).map_err(|failure| failure.0.code);
        for (value, millis) in
            [("0", 0), ("7", 7), ("0000000007", 7), (" 30000 ", 30_000), ("9999999999", 9_999_999_999)]
        {
            assert_eq!(read(value), Ok(Some(Duration::from_millis(millis))), "{value}");
        }
        for wrong in ["", "10000000000", "-1", "+1", "1.5", "1e3", "soon", "1 2", "٥"] {
            assert_eq!(read(wrong), Err("invalid_argument"), "{wrong:?}");
        }
        assert_eq!(timeout(&HeaderMap::new()).unwrap(), None);
        assert!(timeout(&headers(&[("connect-timeout-ms", "1"), ("connect-timeout-ms", "1")])).is_err());
    }

    #[test]
    fn what_writes_and_takes_too_long_says_that_it_may_be_done() {
        let told = |kind| {
            let problem = expiry(kind);
            let outcome = problem.details.iter().any(|(_, bytes)| bytes.windows(7).any(|word| word == b"unknown"));
            (problem.code, problem.status, outcome)
        };
        assert_eq!(told(RpcKind::Unary { has_get: false }), ("deadline_exceeded", 504, true));
        assert_eq!(told(RpcKind::Unary { has_get: true }), ("deadline_exceeded", 504, false));
        assert_eq!(told(RpcKind::ServerStream), ("deadline_exceeded", 504, false));
    }

    #[test]
    fn the_version_is_one_where_it_is_said() {
        for (value, is_known) in [("1", true), ("2", false), ("v1", false), ("", false)] {
            assert_eq!(version(&headers(&[("connect-protocol-version", value)])).is_ok(), is_known, "{value}");
        }
        assert!(version(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_compression_is_known_by_its_name_in_any_case() {
        for (said, known) in [
            (None, None),
            (Some("identity"), None),
            (Some("GZip"), Some(Compression::Gzip)),
            (Some("zstd"), Some(Compression::Zstd)),
        ] {
            assert_eq!(compression("content-encoding", said).unwrap(), known, "{said:?}");
        }
        for unknown in ["br", "deflate", "gzip, gzip", "x"] {
            let failure = compression("content-encoding", Some(unknown)).unwrap_err();
            assert_eq!(failure.0.code, "unimplemented", "{unknown}");
            assert!(failure.0.message.contains("gzip, zstd, identity"), "{failure:?}");
        }
    }

    #[test]
    fn the_first_compression_of_the_greatest_weight_is_wanted() {
        let (gzip, zstd) = (Some(Compression::Gzip), Some(Compression::Zstd));
        for (listed, expected) in [
            ("gzip", gzip),
            ("br, zstd, gzip", zstd),
            ("deflate, gzip, br, zstd", gzip),
            ("gzip;q=0.5, zstd;q=0.8", zstd),
            ("identity", None),
            ("identity, gzip", None),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
            ("br", None),
            ("", None),
            ("GZIP ; q=1.0", gzip),
        ] {
            assert_eq!(
                preferred_compression(&headers(&[("accept-encoding", listed)]), "accept-encoding", zstd),
                expected,
                "{listed:?}"
            );
        }
        assert_eq!(preferred_compression(&HeaderMap::new(), "accept-encoding", zstd), zstd, "what it sends it reads");
    }
}
