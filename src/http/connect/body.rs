//! The body of a request: reserved as it comes, never more than a request may have, and read on where it is refused.

use crate::grpc::inflate::Payload;
use crate::grpc::local::Problem;
use crate::grpc::status::CallRefusal;
use crate::http::Web;
use crate::http::failure::HttpFailure;
use axum::body::Body;
use axum::http::StatusCode;
use detente_ledger::budget::ReservedBuffer;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use std::time::Duration;

/// Maximum time for which a refused body is read on.
const READ_ON_FOR: Duration = Duration::from_millis(500);

/// Reads all bytes of a body, at most the largest request plus the bytes `beside` it. If they are refused, the rest of
/// them is read all the same for a while: many clients read no answer before they have sent everything.
pub(super) async fn read(web: &Web, body: &mut Body, beside: usize) -> Result<Payload, HttpFailure> {
    let read = whole(web, body, beside).await;
    if read.is_err() {
        read_on(body).await;
    }
    read
}

/// Reads the rest of a body, and keeps nothing of it. A client that sends for longer is cut off.
pub(super) async fn read_on(body: &mut Body) {
    let left = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(READ_ON_FOR, left).await;
}

async fn whole(web: &Web, body: &mut Body, beside: usize) -> Result<Payload, HttpFailure> {
    let most = web.request_bytes + beside;
    let too_large = || CallRefusal::too_large("", format!("the request is larger than {} bytes", web.request_bytes));
    let hint = body.size_hint();
    if hint.lower() > most as u64 {
        return Err(too_large().into());
    }
    let length = hint.exact().and_then(|length| usize::try_from(length).ok());
    let mut read = ReservedBuffer::new(&web.memory, length.unwrap_or(most));
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame.map_err(|error| given_up(web, &error))?.into_data() else { break };
        if read.as_slice().len() + bytes.len() > most {
            return Err(too_large().into());
        }
        read.put(&bytes).await.map_err(CallRefusal::from)?;
    }
    Ok(read.into())
}

/// The reason that a body ended before it was whole.
fn given_up(web: &Web, error: &axum::Error) -> HttpFailure {
    match Problem::of_body(error) {
        Some(problem) => HttpFailure(Problem { status: StatusCode::REQUEST_TIMEOUT.as_u16(), ..problem }),
        // The server cuts off those who are still sending when it stops.
        None if !web.ready.is_ready() => CallRefusal::Stopping.into(),
        None => HttpFailure::invalid(format!("the request ends before it is whole: {error}")),
    }
}
