//! Answers that are rewritten as JSON or as rows, several times as large as the reply that they are made of. Their
//! memory is reserved until the client has them, and a large one is written on a blocking thread.

use super::Web;
use super::failure::HttpFailure;
use crate::grpc::inflate::aside;
use crate::grpc::sending::{reserve, with_reservation};
use axum::body::Bytes;
use detente_ledger::budget::{SMALL, SMALL_REPLY};

/// The most times that an answer is as large as its reply.
const GROWS: usize = 8;

/// Writes the answer made of a reply of the given bytes.
pub(super) async fn write_reply(
    web: &Web,
    reply: usize,
    write: impl FnOnce() -> Result<Vec<u8>, HttpFailure> + Send + 'static,
) -> Result<Bytes, HttpFailure> {
    write_reply_within(web, reply, reply.saturating_mul(GROWS), write).await
}

/// The same where it is known how large it may become.
pub(super) async fn write_reply_within(
    web: &Web,
    reply: usize,
    most: usize,
    write: impl FnOnce() -> Result<Vec<u8>, HttpFailure> + Send + 'static,
) -> Result<Bytes, HttpFailure> {
    if reply.max(most / GROWS) > SMALL {
        let most = most.min(web.memory.limit() / 2);
        let mut reserved = reserve(&web.memory, most).await?;
        let written = aside(write).await??;
        reserved.shrink_to(written.capacity());
        return Ok(with_reservation(written, reserved));
    }
    let written = write()?;
    match written.len() {
        0..=SMALL_REPLY => Ok(written.into()),
        _ => {
            // Its memory is its capacity; some of that may be empty.
            let reserved = reserve(&web.memory, written.capacity()).await?;
            Ok(with_reservation(written, reserved))
        }
    }
}
