//! The id of a request: what a client calls it, or a new one; and the span in which it is answered.
//!
//! A client may send `x-request-id` and finds it in the answer and in the log. It may also be part of a trace that began
//! elsewhere (`traceparent`, W3C Trace Context); then the spans of its answer are part of that trace.

use super::otlp;
pub use super::otlp::PARENT;
use tracing::Span;
use uuid::Uuid;

/// The header in which an id comes and goes.
pub const HEADER: &str = "x-request-id";

/// The longest id of a client that is taken.
const LONGEST: usize = 64;

/// The id of a request, that of the client where it is one: at most 64 letters, digits, dots, dashes and underscores.
#[must_use]
pub fn id(said: Option<&str>) -> String {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
    let own = said.filter(|said| (1..=LONGEST).contains(&said.len()) && said.bytes().all(is_plain));
    own.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// The span of a request. `header` gives the value of a header.
pub fn span<'a>(id: &str, method: &str, path: &str, header: impl Fn(&str) -> Option<&'a str>) -> Span {
    let span = tracing::info_span!("request", request_id = id, method, path = ?path);
    if header(PARENT).is_some() {
        otlp::adopt(&span, header);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_client_is_kept_if_it_can_do_no_harm_in_a_log() {
        assert_eq!(id(Some("desk-7.a_b")), "desk-7.a_b");
        for other in [None, Some(""), Some("a b"), Some("a\nb"), Some("\u{202e}"), Some(&*"a".repeat(65))] {
            let made = id(other);
            assert!(Uuid::parse_str(&made).is_ok(), "{made}");
        }
    }
}
