//! Flat queries for dashboards, spreadsheets and curl: `GET /api/v1/state?relationship=AZE-RUS&valid_at=2025-07`.
//!
//! A query is a list of names and values; [`table`] says for each route which rpc it asks and where each name goes in that
//! rpc's request. The answer is the rpc's reply: `format=json` as it is, `ndjson` a line for each entry of its list, `csv` a
//! row for each. The list of routes is the API: the OpenAPI document (`docs/openapi.json`) is made of it.

pub(super) mod asked;
mod csv;
mod etag;
mod openapi;
mod schema;
mod table;

use super::Web;
use super::bounded::{self, STREAMED};
use super::failure::Failure;
use super::json::{self, Defaults};
use super::transcode::{self, SERVICE};
use super::written::written;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etag::ETag;
use prost_reflect::MessageDescriptor;
use table::{ROUTES, Route};
use tokio_stream::StreamExt as _;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The reply as one JSON object.
    Json,
    /// Each entry of its list as JSON on a line of its own.
    Lines,
    /// Each entry of its list as a row, under a row of names.
    Csv,
}

impl Format {
    /// The form with a name; JSON where none is given.
    fn named(name: &str) -> Option<Self> {
        match name {
            "" | "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Lines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// The routes.
pub(super) fn routes() -> Router<Web> {
    let document = get(async || ([(header::CONTENT_TYPE, "application/json")], openapi::document()));
    ROUTES.iter().fold(Router::new().route("/api/v1/openapi.json", document), |router, route| {
        let answer = move |State(web): State<Web>, headers: HeaderMap, RawQuery(query): RawQuery| async move {
            answer(&web, route, &headers, query.as_deref().unwrap_or_default()).await
        };
        router.route(&route.path(), get(answer))
    })
}

async fn answer(web: &Web, route: &'static Route, headers: &HeaderMap, query: &str) -> Result<Response, Failure> {
    let asked = asked::read(route, query)?;
    let missing = || Failure::unsupported(StatusCode::NOT_FOUND, format!("no rpc {}", route.rpc));
    let method = transcode::method(route.rpc).ok_or_else(missing)?;
    let message = transcode::request(&method, asked.request.to_string().as_bytes())?;
    let path = format!("/{SERVICE}/{}", route.rpc);
    let (replies, json) = if method.is_server_streaming() {
        (some(web, &path, &message).await?, None)
    } else {
        let (reply, json) = bounded::unary(web, &path, &method, message, None, Defaults::Written).await?;
        (vec![reply], Some(json))
    };
    let tag = ETag::of(route, &asked, &method.output(), &replies);
    if tag.is_known_to(headers) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag.text())]).into_response());
    }
    let body = match json.filter(|_| asked.format == Format::Json) {
        Some(json) => json,
        None => {
            let (output, format) = (method.output(), asked.format);
            let bytes = replies.iter().map(Bytes::len).sum();
            written(web, bytes, move || in_form(route, format, &output, &replies)).await?
        }
    };
    let about = [
        (header::CONTENT_TYPE, asked.format.content_type().to_owned()),
        (header::ETAG, tag.text()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    Ok((about, body).into_response())
}

/// The replies of an rpc that streams them, as many as one answer may have; the last position leads on.
async fn some(web: &Web, path: &str, message: &[u8]) -> Result<Vec<Bytes>, Failure> {
    let mut stream = web.local.stream(path, message, None).await?;
    let (mut replies, mut bytes) = (Vec::new(), 0);
    while let Some(reply) = stream.next().await {
        let reply = reply?;
        bytes += reply.len();
        replies.push(reply);
        if bytes >= STREAMED {
            break;
        }
    }
    Ok(replies)
}

fn in_form(route: &Route, format: Format, reply: &MessageDescriptor, replies: &[Bytes]) -> Result<Vec<u8>, Failure> {
    if format == Format::Json {
        // Several replies are one: their lists one behind the other, all else from the last.
        return json::written(reply, &replies.concat(), Defaults::Written);
    }
    let (entry, entries) = entries(route, reply, replies);
    if format == Format::Csv {
        let decoded = entries.iter().map(|bytes| transcode::decoded(entry.clone(), bytes));
        return csv::written(&entry, decoded);
    }
    let mut lines = Vec::new();
    for bytes in entries {
        json::into(&entry, bytes, Defaults::Written, &mut lines)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The entries of the list of the replies, and what they are; the replies themselves where they have none.
fn entries<'a>(route: &Route, reply: &MessageDescriptor, replies: &'a [Bytes]) -> (MessageDescriptor, Vec<&'a [u8]>) {
    let list = route.list.and_then(|list| reply.get_field_by_name(list));
    match list.as_ref().and_then(|list| Some((list.kind().as_message()?.clone(), list.number()))) {
        None => (reply.clone(), replies.iter().map(|reply| &**reply).collect()),
        Some((entry, number)) => (entry, replies.iter().flat_map(|reply| json::parts(reply, number)).collect()),
    }
}
