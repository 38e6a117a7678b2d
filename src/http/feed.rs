//! The feed as server-sent events: `GET /api/v1/feed?after_position=113&relationship=AZE-RUS`.
//!
//! Each frame is an event of the stream: its type is that of the frame (`events`, `heartbeat`, ...), its data the frame as
//! JSON, its id the position to resume after. A browser that reconnects sends that id as `Last-Event-ID`, so nothing is
//! missed and nothing comes twice.

use super::Web;
use super::api::asked;
use super::failure::Failure;
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

/// Follows the log.
pub(super) async fn feed(
    State(web): State<Web>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, Failure> {
    let method = transcode::method("Subscribe").ok_or_else(|| Failure::invalid("there is no feed"))?;
    let mut request = asked::feed(query.as_deref().unwrap_or_default())?;
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    if let (Some(position), Some(request)) = (resumed, request.as_object_mut()) {
        for start in ["recordedFrom", "fromHead", "cursorId"] {
            request.remove(start);
        }
        request.insert("afterPosition".to_owned(), position.into());
    }
    let message = transcode::request(&method, request.to_string().as_bytes())?;
    let frames = web.local.stream(&format!("/{SERVICE}/Subscribe"), message, None).await?;
    let events = frames.map_while(move |frame| event(&method.output(), &frame.ok()?).map(Ok::<_, Infallible>));
    Ok((FOR_PROXIES, Sse::new(events)))
}

fn event(reply: &MessageDescriptor, frame: &[u8]) -> Option<Event> {
    let kinds = reply.oneofs().next()?;
    let kind = kinds.fields().find(|kind| json::parts(frame, kind.number()).next().is_some())?;
    let position = json::number(frame, reply.get_field_by_name("position")?.number());
    let data = String::from_utf8(json::written(reply, frame, Defaults::Written).ok()?).ok()?;
    Some(Event::default().event(kind.name()).id(position.to_string()).data(data))
}
