//! The feed as server-sent events: `GET /api/v1/feed?after_position=113&relationship=AZE-RUS`.
//!
//! Each frame is an event of the stream: its type is that of the frame (`events`, `heartbeat`, ...), its data the frame as
//! JSON, its id the position to resume after. A browser that reconnects sends that id as `Last-Event-ID`, so nothing is
//! missed and nothing comes twice.

use super::Web;
use super::api::flat_query;
use super::api::violations::FlatCall;
use super::failure::HttpFailure;
use super::json::{self, Defaults};
use super::transcode::{self, SERVICE};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use prost_reflect::MessageDescriptor;
use std::convert::Infallible;
use tokio_stream::StreamExt as _;

/// Headers that make proxies pass each frame on when it comes: nginx gathers a reply until its buffers are full, others
/// compress it.
pub(super) const FOR_PROXIES: [(&str, &str); 2] =
    [("x-accel-buffering", "no"), ("cache-control", "no-cache, no-transform")];

/// The header in which a browser names the last event that it has.
const LAST_EVENT_ID: &str = "last-event-id";
/// Parameters that say where the feed begins.
const STARTS: [&str; 4] = ["after_position", "recorded_from", "from_head", "cursor_id"];

/// Follows the log. A feed that is resumed begins at its `Last-Event-ID`, wherever the address has it begin.
pub(super) async fn feed(
    State(web): State<Web>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, HttpFailure> {
    let method = transcode::method("Subscribe").ok_or_else(|| HttpFailure::invalid("there is no feed"))?;
    let resumed = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?")).filter(|id| !id.is_empty());
    let unused: &[&str] = if resumed.is_some() { &STARTS } else { &[] };
    let (mut request, given, mut violations) = flat_query::feed(query.as_deref().unwrap_or_default(), unused);
    match (resumed.map(str::parse::<u64>), request.as_object_mut()) {
        (Some(Ok(position)), Some(request)) => {
            request.insert("afterPosition".to_owned(), position.to_string().into());
        }
        (Some(Err(_)), _) => {
            violations.push((LAST_EVENT_ID.to_owned(), "expected the position of an event".to_owned()))
        }
        _ => {}
    }
    let message = transcode::request(&method, request.to_string().as_bytes())?;
    let (path, params) = (format!("/{SERVICE}/Subscribe"), flat_query::feed_params());
    let call = FlatCall { local: &web.local, path: &path, params: &params, given: &given };
    if !violations.is_empty() {
        return Err(call.failure(violations, message).await);
    }
    let frames = web.local.stream(&path, message, None).await;
    let frames = frames.map_err(|problem| call.renamed_failure(problem.into()))?;
    let events = frames.map_while(move |frame| event(&method.output(), &frame.ok()?).map(Ok::<_, Infallible>));
    Ok((FOR_PROXIES, Sse::new(events)))
}

fn event(reply: &MessageDescriptor, frame: &[u8]) -> Option<Event> {
    let kinds = reply.oneofs().next()?;
    let kind = kinds.fields().find(|kind| json::parts(frame, kind.number()).next().is_some())?;
    let position = json::number(frame, reply.get_field_by_name("position")?.number());
    let data = String::from_utf8(json::encode(reply, frame, Defaults::Written).ok()?).ok()?;
    Some(Event::default().event(kind.name()).id(position.to_string()).data(data))
}
