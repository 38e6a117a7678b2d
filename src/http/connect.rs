//! The Connect protocol for calls with one reply: `POST /detente.v1.LedgerService/Method` with a JSON or a protobuf body, as
//! curl and connect clients send it. What is neither goes on to gRPC.

use super::Web;
use super::bounded;
use super::encoding;
use super::failure::Failure;
use super::json::Defaults;
use super::prescan;
use super::transcode::{self, SERVICE};
use crate::budget::{PATIENCE, Reservation};
use crate::grpc::inflate::{Payload, aside};
use crate::grpc::status::Refusal;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prost_reflect::MethodDescriptor;

const JSON: &str = "application/json";
const PROTO: &str = "application/proto";
/// Prefix that some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns true if a request has this media type, in the form that the door normalizes to.
fn is(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|content| content == kind)
}

/// Requests up to this size take little memory, whatever they contain.
const LITTLE: usize = 4096;

/// Answers a call in the Connect protocol; hands on everything else.
pub(super) async fn answer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let Some(name) = rpc_of(&request) else { return next.run(request).await };
    let answered = match transcode::method(name) {
        Some(method) => call(&web, &method, request).await,
        None => Err(Failure::unsupported(StatusCode::NOT_FOUND, format!("no rpc {name} in {SERVICE}"))),
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
        return Err(Failure::unsupported(StatusCode::NOT_IMPLEMENTED, why));
    }
    let (parts, body) = request.into_parts();
    let limit = limit(&parts.headers)?;
    let body = encoding::decoded(web, &parts.headers, body).await?;
    let path = format!("/{SERVICE}/{}", method.name());
    if is(&parts.headers, PROTO) {
        let reply = web.local.unary(&path, &body.bytes, limit.as_deref()).await?;
        return Ok(([(header::CONTENT_TYPE, PROTO)], reply).into_response());
    }
    let (message, _reserved) = message(web, method, body).await?;
    let (_, json) = bounded::unary(web, &path, method, message, limit.as_deref(), Defaults::LeftOut).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The bytes of a request written as JSON, and the memory that it has until the call has its answer. A large one is read
/// where nobody waits.
async fn message(
    web: &Web,
    method: &MethodDescriptor,
    json: Payload,
) -> Result<(Vec<u8>, Option<Reservation>), Failure> {
    let Payload { bytes: json, reserved: of_json } = json;
    if json.len() <= LITTLE {
        return Ok((transcode::request(method, text(&json))?, None));
    }
    let (most, weighed) = (of_json.beside(), json.clone());
    let weight = aside(move || prescan::weigh(text(&weighed), most)).await?;
    let weight = weight.map_err(|much| Refusal::too_large(much.field, much.what))?;
    let reserved = web.memory.reserve(weight, PATIENCE).await;
    let mut reserved = reserved.ok_or(Refusal::Overloaded("large requests"))?;
    let method = method.clone();
    let message = aside(move || transcode::request(&method, text(&json))).await??;
    reserved.shrink_to(message.len());
    Ok((message, Some(reserved)))
}

/// A text without the mark that may stand before it.
fn text(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}

/// How long the call may take, in the words of gRPC.
fn limit(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(given) = headers.get("connect-timeout-ms") else { return Ok(None) };
    let millis = given.to_str().ok().filter(|text| text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let millis = millis.ok_or_else(|| Failure::invalid("connect-timeout-ms: expected up to eight digits"))?;
    Ok(Some(format!("{millis}m")))
}
