//! The Connect protocol for calls with one reply: `POST /detente.v1.LedgerService/Method` with a JSON or a protobuf body, as
//! curl and connect clients send it. What is neither goes on to gRPC.

use super::Web;
use super::bounded;
use super::encoding;
use super::failure::Failure;
use super::json::Defaults;
use super::prescan;
use super::transcode::{self, SERVICE};
use crate::budget::Reservation;
use crate::grpc::local::{self, Problem};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prost_reflect::MethodDescriptor;
use std::time::Duration;

const JSON: &str = "application/json";
const PROTO: &str = "application/proto";
/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a request has a media type, which the door has brought into this form.
fn is(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|content| content == kind)
}

/// A request of so many bytes takes little, whatever is in it.
const SMALL: usize = 4096;
/// The longest that a large request waits for others to give back the memory that they have.
const PATIENCE: Duration = Duration::from_secs(1);

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
    let (message, _reserved) = message(web, method, body).await?;
    let (_, json) = bounded::unary(&web.local, &path, method, &message, limit.as_deref(), Defaults::LeftOut).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The bytes of a request written as JSON, and the memory that it has until the call has its answer. A large one is read
/// where nobody waits.
async fn message(web: &Web, method: &MethodDescriptor, json: &[u8]) -> Result<(Vec<u8>, Option<Reservation>), Failure> {
    let exhausted = |why: String| Failure::of("resource_exhausted", StatusCode::TOO_MANY_REQUESTS, why);
    if json.len() <= SMALL {
        return Ok((transcode::request(method, json)?, None));
    }
    let weight = prescan::weigh(json, web.memory.limit()).map_err(exhausted)?;
    let full = || exhausted("too many large requests at once; try again".to_owned());
    let mut reserved = web.memory.reserve(weight, PATIENCE).await.ok_or_else(full)?;
    let (method, json) = (method.clone(), json.to_vec());
    let message = local::aside(move || transcode::request(&method, &json)).await.ok_or_else(full)??;
    reserved.shrink_to(message.len());
    Ok((message, Some(reserved)))
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
