//! A refusal at the door, in the form of the protocol that was meant.
//!
//! | meant | status | where the words are |
//! |---|---|---|
//! | gRPC over HTTP/2 | 200 and a gRPC status; 415 for a media type, as gRPC asks for | `grpc-message`, with the details of every refusal |
//! | gRPC-Web, gRPC over HTTP/1.1 | the HTTP status and a gRPC status | likewise, and in the body |
//! | a page, by `accept` | the HTTP status | the body, as text |
//! | all else | the HTTP status | the body, as JSON in the form of Connect |

use super::media::IntendedProtocol;
use crate::grpc::local::Problem;
use crate::grpc::status::CallRefusal;
use crate::http::problem_json;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header};

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// A refused request, with its HTTP status.
#[derive(Debug)]
pub(super) struct DoorRefusal {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The reason.
    pub(super) refusal: CallRefusal,
    /// The methods that there are, where another was used.
    pub(super) allow: Option<&'static str>,
    /// The media types that are taken, where another was used.
    pub(super) accept_post: Option<&'static str>,
    /// True if a credential is asked for.
    pub(super) challenge: bool,
}

impl DoorRefusal {
    /// Returns a refusal without a list of methods or media types.
    pub(super) const fn new(status: StatusCode, refusal: CallRefusal) -> Self {
        Self { status, refusal, allow: None, accept_post: None, challenge: false }
    }

    /// The answer to a request that was meant so.
    pub(super) fn answer(self, version: Version, headers: &HeaderMap, meant: IntendedProtocol) -> Response<Body> {
        let Self { status, refusal, allow, accept_post, challenge } = self;
        let challenge = challenge.then_some("Bearer");
        let as_grpc = meant == IntendedProtocol::Grpc && version >= Version::HTTP_2;
        let grpc: Status = refusal.into();
        let mut answer = Response::new(if as_grpc { Body::empty() } else { text(&grpc, status, wants_text(headers)) });
        if meant != IntendedProtocol::Http {
            // Headers that cannot be written are left out; the status then says less.
            let _ = grpc.add_header(answer.headers_mut());
        }
        let kind = match (as_grpc, wants_text(headers)) {
            (true, _) => "application/grpc",
            (false, true) => "text/plain; charset=utf-8",
            (false, false) => "application/json",
        };
        *answer.status_mut() =
            if as_grpc && status != StatusCode::UNSUPPORTED_MEDIA_TYPE { StatusCode::OK } else { status };
        let into = answer.headers_mut();
        into.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        into.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        for (name, value) in [(header::ALLOW, allow), (ACCEPT_POST, accept_post), (header::WWW_AUTHENTICATE, challenge)]
        {
            if let Some(value) = value {
                into.insert(name, HeaderValue::from_static(value));
            }
        }
        answer
    }
}

fn text(status: &Status, http: StatusCode, is_plain: bool) -> Body {
    let words = if is_plain {
        format!("{}\n", status.message())
    } else {
        problem_json(&Problem { status: http.as_u16(), ..Problem::from(status.clone()) })
    };
    Body::new(http_body_util::Full::new(Bytes::from(words)))
}

/// Returns true if a person looks at the answer in a browser.
fn wants_text(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
