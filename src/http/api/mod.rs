//! Flat queries for dashboards, spreadsheets and curl: `GET /api/v1/state?relationship=AZE-RUS&valid_at=2025-07`.
//!
//! A query is a list of names and values; [`table`] says for each route which rpc it asks and where each name goes in that
//! rpc's request. The answer is the rpc's reply: `format=json` as it is, `ndjson` a line for each entry of its list, `csv` a
//! row for each. The list of routes is the API: the OpenAPI document is made of it, so the two cannot differ.

pub(super) mod asked;
mod csv;
mod etag;
mod openapi;
mod table;

use super::Web;
use super::failure::Failure;
use super::transcode::{self, SERVICE};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etag::ETag;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
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
    let document = get(async || ([(header::CONTENT_TYPE, "application/json")], openapi::document().to_string()));
    ROUTES.iter().fold(Router::new().route("/api/v1/openapi.json", document), |router, route| {
        let answer = move |State(web): State<Web>, headers: HeaderMap, RawQuery(query): RawQuery| async move {
            answer(&web, route, &headers, query.as_deref().unwrap_or_default()).await
        };
        router.route(&route.path(), get(answer))
    })
}

async fn answer(web: &Web, route: &'static Route, headers: &HeaderMap, query: &str) -> Result<Response, Failure> {
    let asked = asked::read(route, query)?;
    let missing = || Failure::of("unimplemented", StatusCode::NOT_FOUND, format!("no rpc {}", route.rpc));
    let method = transcode::method(route.rpc).ok_or_else(missing)?;
    let message = transcode::request(&method, asked.request.to_string().as_bytes())?;
    let path = format!("/{SERVICE}/{}", route.rpc);
    let replies = if method.is_server_streaming() {
        all(web, &path, &method, &message).await?
    } else {
        vec![transcode::reply(&method, &web.local.unary(&path, &message, None).await?)?]
    };
    let tag = ETag::of(route, &asked, &replies);
    if tag.is_known_to(headers) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag.text())]).into_response());
    }
    let body = written(route, asked.format, &replies)?;
    let about = [
        (header::CONTENT_TYPE, asked.format.content_type().to_owned()),
        (header::ETAG, tag.text()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    Ok((about, body).into_response())
}

/// All replies of an rpc that streams them; its request bounds how many there are.
async fn all(web: &Web, path: &str, method: &MethodDescriptor, message: &[u8]) -> Result<Vec<DynamicMessage>, Failure> {
    let mut stream = web.local.stream(path, message, None).await?;
    let mut replies = Vec::new();
    while let Some(reply) = stream.next().await {
        replies.push(transcode::reply(method, &reply?)?);
    }
    Ok(replies)
}

fn written(route: &Route, format: Format, replies: &[DynamicMessage]) -> Result<Vec<u8>, Failure> {
    let entries = || replies.iter().flat_map(|reply| entries(route, reply));
    match format {
        Format::Csv => csv::written(entries()),
        Format::Lines => entries().try_fold(Vec::new(), |mut lines, entry| {
            lines.extend(transcode::json(&entry)?);
            lines.push(b'\n');
            Ok(lines)
        }),
        Format::Json => match replies {
            [reply] => transcode::json(reply),
            many => joined(route, many),
        },
    }
}

/// The entries of a reply's list; the reply itself where it has none.
fn entries(route: &Route, reply: &DynamicMessage) -> Vec<DynamicMessage> {
    let Some(list) = route.list else { return vec![reply.clone()] };
    let field = reply.get_field_by_name(list);
    let items = field.as_ref().and_then(|field| field.as_list()).unwrap_or_default();
    items.iter().filter_map(|item| item.as_message().cloned()).collect()
}

/// Many replies as one: their lists one after the other, all else from the last.
fn joined(route: &Route, replies: &[DynamicMessage]) -> Result<Vec<u8>, Failure> {
    let Some((mut whole, list)) = replies.last().cloned().zip(route.list) else { return Ok(b"{}".to_vec()) };
    let all = replies.iter().flat_map(|reply| entries(route, reply)).map(Value::Message).collect();
    whole.set_field_by_name(list, Value::List(all));
    transcode::json(&whole)
}
