//! The Connect protocol for calls with one reply: `POST /detente.v1.LedgerService/Method` with a JSON or a protobuf body, as
//! curl and connect clients send it. What is neither goes on to gRPC.

use super::Web;
use super::bounded;
use super::encoding;
use super::failure::Failure;
use super::json::Defaults;
use super::transcode::{self, SERVICE};
use crate::grpc::local::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prost_reflect::MethodDescriptor;

const JSON: &str = "application/json";
const PROTO: &str = "application/proto";
/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a request has a media type, which the door has brought into this form.
fn is(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|content| content == kind)
}

/// Answers a call in the Connect protocol; hands on everything else.
pub(super) async fn answer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let Some(name) = rpc_of(&request) else { return next.run(request).await };
    let answered = match transcode::method(name) {
        Some(method) => call(&web, &method, request).await,
        None => Err(Failure::of("unimplemented", StatusCode::NOT_FOUND, format!("no rpc {name} in {SERVICE}"))),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// The rpc that a JSON request names.
fn rpc_of(request: &Request) -> Option<&str> {
    let headers = request.headers();
    let is_connect = request.method() == Method::POST && (is(headers, JSON) || is(headers, PROTO));
    let path = is_connect.then(|| request.uri().path())?;
    path.strip_prefix('/')?.strip_prefix(SERVICE)?.strip_prefix('/')
}

async fn call(web: &Web, method: &MethodDescriptor, request: Request) -> Result<Response, Failure> {
    if method.is_server_streaming() {
        let why = format!("{} is a stream: use gRPC, gRPC-Web or /api/v1/feed", method.name());
        return Err(Failure::of("unimplemented", StatusCode::NOT_IMPLEMENTED, why));
    }
    let (parts, body) = request.into_parts();
    let limit = limit(&parts.headers)?;
    let body = encoding::decoded(&parts.headers, read(body, web.request_bytes).await?, web.request_bytes)?;
    let path = format!("/{SERVICE}/{}", method.name());
    if is(&parts.headers, PROTO) {
        let reply = web.local.unary(&path, &body, limit.as_deref()).await?;
        return Ok(([(header::CONTENT_TYPE, PROTO)], reply).into_response());
    }
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    let message = transcode::request(method, body)?;
    let (_, json) = bounded::unary(&web.local, &path, method, &message, limit.as_deref(), Defaults::LeftOut).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

async fn read(body: Body, most: usize) -> Result<axum::body::Bytes, Failure> {
    let wrong = |error: axum::Error| match Problem::of_body(&error) {
        Some(problem) => Failure(Problem { status: StatusCode::REQUEST_TIMEOUT.as_u16(), ..problem }),
        None => {
            let why = format!("the request is larger than {most} bytes");
            Failure::of("resource_exhausted", StatusCode::TOO_MANY_REQUESTS, why)
        }
    };
    to_bytes(body, most).await.map_err(wrong)
}

/// How long the call may take, in the words of gRPC.
fn limit(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(given) = headers.get("connect-timeout-ms") else { return Ok(None) };
    let millis = given.to_str().ok().filter(|text| text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let millis = millis.ok_or_else(|| Failure::invalid("connect-timeout-ms: expected up to eight digits"))?;
    Ok(Some(format!("{millis}m")))
}
