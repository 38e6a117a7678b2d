//! The Connect protocol: every rpc of every service, with its messages as protobuf or JSON, over HTTP/1.1 and HTTP/2.
//!
//! ```text
//!   POST application/json, application/proto     one message ──────────┐                    ┌─> one message      unary.rs
//!   GET  ?encoding=..&message=..  query.rs       one message ──────────┼─> frames of gRPC ──┤
//!   POST application/connect+json, +proto        one envelope ─────────┤   grpc::local      └─> envelopes, and an
//!                                 envelopes.rs   envelopes both ways ──┘                        end    stream.rs  end.rs
//! ```
//!
//! Nothing here answers a call. A request becomes one of gRPC to the same service, within the process, so that limits,
//! errors, metrics and traces are the same in every protocol; what comes back is put into the form of the protocol. Its
//! frames and those of gRPC are alike, so binary streams go through as they are.
//!
//! An error of a call to an rpc with one reply is an HTTP status with a body of JSON. A stream has its
//! errors in the envelope at its end, and the status 200. The door ([`crate::server`]) has seen to methods and media types.

mod body;
mod compress;
mod end;
mod envelopes;
mod message;
mod protocol;
mod query;
mod stream;
mod tag;
mod unary;

use super::Web;
use super::failure::HttpFailure;
use super::transcode::{self, Rpc, RpcKind};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::Invocation;

/// The form of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    /// JSON, canonical as proto3 has it.
    Json,
    /// Protobuf.
    Proto,
}

/// The form of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectForm {
    /// A message in the query of an address.
    Query,
    /// A message as the body.
    Bare(Codec),
    /// Messages in envelopes.
    Enveloped(Codec),
}

impl ConnectForm {
    /// The form of a request; none where it is in no form of this protocol. The door puts media types into this spelling.
    fn of(request: &Request) -> Option<Self> {
        if request.method() == Method::POST {
            return match request.headers().get(header::CONTENT_TYPE)?.as_bytes() {
                b"application/json" => Some(Self::Bare(Codec::Json)),
                b"application/proto" => Some(Self::Bare(Codec::Proto)),
                b"application/connect+json" => Some(Self::Enveloped(Codec::Json)),
                b"application/connect+proto" => Some(Self::Enveloped(Codec::Proto)),
                _ => None,
            };
        }
        let is_look = request.method() == Method::GET || request.method() == Method::HEAD;
        let has_get = transcode::rpc_kind(request.uri().path()) == Some(RpcKind::Unary { has_get: true });
        (is_look && has_get).then_some(Self::Query)
    }

    /// The header that names the compressions which are known here.
    const fn accepts(self) -> &'static str {
        match self {
            Self::Query | Self::Bare(_) => "accept-encoding",
            Self::Enveloped(_) => "connect-accept-encoding",
        }
    }
}

/// Answers a call in the Connect protocol; hands on everything else.
pub(super) async fn answer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let Some(form) = ConnectForm::of(&request) else { return next.run(request).await };
    let Some(rpc) = transcode::rpc(request.uri().path()) else {
        let why = format!("there is no rpc {:?}", request.uri().path());
        return HttpFailure::unsupported_request(StatusCode::NOT_FOUND, why).into_response();
    };
    let (parts, mut body) = request.into_parts();
    let answered = answer_call(&web, rpc, form, &parts, &mut body).await;
    answered.unwrap_or_else(|failure| {
        let is_unsupported = failure.0.code == "unimplemented";
        let mut response = match form {
            ConnectForm::Query | ConnectForm::Bare(_) => failure.into_response(),
            ConnectForm::Enveloped(codec) => stream::failure(codec, &failure.0),
        };
        if is_unsupported {
            response.headers_mut().insert(form.accepts(), HeaderValue::from_static(protocol::COMPRESSIONS));
        }
        response
    })
}

/// Answers a call of an rpc. The rest of the body of a refused call is read for a while: many clients of HTTP/1.1 read
/// no answer before they have sent everything.
async fn answer_call(
    web: &Web,
    rpc: &'static Rpc,
    form: ConnectForm,
    parts: &Parts,
    body: &mut Body,
) -> Result<Response, HttpFailure> {
    let call = match Invocation::of(web, rpc, form, parts) {
        Ok(call) => call,
        Err(failure) => {
            if parts.version <= Version::HTTP_11 {
                body::read_on(body).await;
            }
            return Err(failure);
        }
    };
    let answer = async {
        match form {
            ConnectForm::Query => unary::by_query(&call, parts).await,
            ConnectForm::Bare(codec) => unary::answer(&call, codec, body).await,
            ConnectForm::Enveloped(codec) => stream::answer(&call, codec, body).await,
        }
    };
    call.within(answer).await
}

/// True for metadata of a call: headers that say nothing of the protocol below.
fn is_metadata(name: &str) -> bool {
    const OF_HTTP: [&str; 6] = ["content-type", "content-length", "date", "te", "trailer", "transfer-encoding"];
    !name.starts_with("grpc-") && !OF_HTTP.contains(&name)
}

/// The metadata among headers or trailers.
fn metadata(headers: &HeaderMap) -> impl Iterator<Item = (&str, &HeaderValue)> {
    headers.iter().map(|(name, value)| (name.as_str(), value)).filter(|(name, _)| is_metadata(name))
}
