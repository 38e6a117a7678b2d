//! Flat queries for dashboards, spreadsheets and curl: `GET /api/v1/state?relationship=AZE-RUS&valid_at=2025-07`.
//!
//! A query is a list of names and values; [`table`] says for each route which rpc it asks and where each name goes in that
//! rpc's request. The answer is the rpc's reply as JSON, or a table of its entries:
//!
//! ```text
//!   format=json                 a page: the reply, `next_page_token` and a `Link` to the next one
//!   format=csv, ndjson, rows    all rows at one cut, page by page as the client reads (whole.rs); a page where one is asked for
//! ```
//!
//! The list of routes is the API: the OpenAPI document (`docs/openapi.json`) is made of it.

mod choice;
mod etag;
pub(super) mod flat_query;
mod form;
mod link;
mod openapi;
mod rows;
mod schema;
mod table;
mod value;
pub(super) mod violations;
mod whole;

use super::Web;
use super::failure::HttpFailure;
use super::json::{self, Defaults};
use super::reply_memory::write_reply;
use super::size_bound::{self, STREAMED};
use super::transcode::{self, SERVICE};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etag::ETag;
use flat_query::FlatParameters;
use prost_reflect::MethodDescriptor;
use table::{Param, ROUTES, Route};
use tokio_stream::StreamExt as _;
use violations::FlatCall;
use whole::Transfer;

/// The cut of an answer, which CSV has no place for.
const BASIS: HeaderName = HeaderName::from_static("detente-basis");

/// The routes.
pub(super) fn routes() -> Router<Web> {
    let document = get(async || ([(header::CONTENT_TYPE, "application/json")], openapi::document()));
    ROUTES.iter().fold(Router::new().route("/api/v1/openapi.json", document), |router, route| {
        let answer = move |State(web): State<Web>, version: Version, headers: HeaderMap, RawQuery(query): RawQuery| {
            let asking = FlatRequest { version, headers, query: query.unwrap_or_default() };
            async move { answer(&web, route, &asking).await }
        };
        router.route(&route.path(), get(answer))
    })
}

/// A request for a flat query.
struct FlatRequest {
    version: Version,
    headers: HeaderMap,
    query: String,
}

async fn answer(web: &Web, route: &'static Route, asking: &FlatRequest) -> Result<Response, HttpFailure> {
    let asked = flat_query::read(route, &asking.query);
    let missing = || HttpFailure::unsupported_request(StatusCode::NOT_FOUND, format!("no rpc {}", route.rpc));
    let method = transcode::method(route.rpc).ok_or_else(missing)?;
    let params: Vec<&Param> = route.params().collect();
    let call = FlatCall { local: &web.local, path: &path_of(route), params: &params, given: &asked.given };
    if !asked.violations.is_empty() {
        let message = transcode::request(&method, asked.request.to_string().as_bytes())?;
        return Err(call.failure(asked.violations.clone(), message).await);
    }
    let answer = match (asked.form.is_table(), method.is_server_streaming()) {
        (true, _) => in_a_table(web, route, method, &asked, asking).await,
        (false, true) => log_as_json(web, route, &method, &asked, asking).await,
        (false, false) => page_as_json(web, route, &method, &asked, asking).await,
    };
    answer.map_err(|failure| call.renamed_failure(failure))
}

/// The reply of an rpc as one JSON object.
async fn page_as_json(
    web: &Web,
    route: &Route,
    method: &MethodDescriptor,
    asked: &FlatParameters,
    asking: &FlatRequest,
) -> Result<Response, HttpFailure> {
    let message = transcode::request(method, asked.request.to_string().as_bytes())?;
    let path = path_of(route);
    let (reply, json) = size_bound::unary(web, &path, method, message, None, Defaults::Written).await?;
    let tag = ETag::of(route, asked, &method.output(), &reply);
    let next = whole::next_page(&method.output(), &reply);
    let link = next.map(|token| link::next(route, &asking.query, "page_token", &token));
    Ok(response(asked, &tag, &asking.headers, link, whole::basis(&method.output(), &reply), json.into()))
}

/// As much of the log as one answer has, as one JSON object; the last position leads on.
async fn log_as_json(
    web: &Web,
    route: &Route,
    method: &MethodDescriptor,
    asked: &FlatParameters,
    asking: &FlatRequest,
) -> Result<Response, HttpFailure> {
    let head = web.ledger.head().position().0;
    let message = transcode::request(method, asked.request.to_string().as_bytes())?;
    let mut stream = web.local.stream(&path_of(route), message, None).await?;
    let (mut replies, mut bytes) = (Vec::new(), 0);
    while let Some(reply) = stream.next().await {
        let reply = reply?;
        bytes += reply.len();
        replies.push(reply);
        if bytes >= STREAMED {
            break;
        }
    }
    // Several replies are one: their lists one behind the other, all else from the last.
    let (reply, output) = (Bytes::from(replies.concat()), method.output());
    let tag = ETag::of(route, asked, &output, &reply);
    let through = output.get_field_by_name("through_position");
    let through = through.map_or(head, |field| json::number(&reply, field.number()));
    let link = (through < head).then(|| link::next(route, &asking.query, "after_position", &through.to_string()));
    let basis = whole::basis(&output, &reply);
    if tag.is_known_to(&asking.headers) {
        return Ok(response(asked, &tag, &asking.headers, link, basis, Body::empty()));
    }
    let whole = reply.clone();
    let json = write_reply(web, reply.len(), move || json::encode(&output, &whole, Defaults::Written)).await?;
    Ok(response(asked, &tag, &asking.headers, link, basis, json.into()))
}

/// The rows of a route.
async fn in_a_table(
    web: &Web,
    route: &'static Route,
    method: MethodDescriptor,
    asked: &FlatParameters,
    asking: &FlatRequest,
) -> Result<Response, HttpFailure> {
    let transfer = Transfer::begin(web, route, method, asked).await?;
    let (tag, basis, next) = (transfer.tag(asked), transfer.basis(), transfer.next_page());
    if tag.is_known_to(&asking.headers) {
        return Ok(response(asked, &tag, &asking.headers, None, basis, Body::empty()));
    }
    let link = next.filter(|_| asked.is_part).map(|token| link::next(route, &asking.query, "page_token", &token));
    Ok(response(asked, &tag, &asking.headers, link, basis, transfer.body(asking.version).await?))
}

fn path_of(route: &Route) -> String {
    format!("/{SERVICE}/{}", route.rpc)
}

fn response(
    asked: &FlatParameters,
    tag: &ETag,
    asking: &HeaderMap,
    link: Option<String>,
    basis: Option<String>,
    body: Body,
) -> Response {
    let caching = [(header::ETAG, tag.text()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    let mut response = if tag.is_known_to(asking) {
        (StatusCode::NOT_MODIFIED, caching).into_response()
    } else {
        ([(header::CONTENT_TYPE, asked.form.content_type().to_owned())], caching, body).into_response()
    };
    for (name, value) in [(header::LINK, link), (BASIS, basis)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
