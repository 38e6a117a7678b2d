//! Answers that are written anew: as JSON or as rows they are several times as large as the reply they are made of. Their memory
//! is reserved until the client has them, and a large one is written where nobody waits.

use super::Web;
use super::failure::HttpFailure;
use crate::grpc::inflate::aside;
use crate::grpc::sending::{kept, reserve};
use axum::body::Bytes;
use detente_ledger::budget::{SMALL, SMALL_REPLY};

/// So many times as large as a reply is what is written of it, at most.
const GROWS: usize = 8;

/// Writes what a reply of so many bytes is told as.
pub(super) async fn written(
    web: &Web,
    reply: usize,
    write: impl FnOnce() -> Result<Vec<u8>, HttpFailure> + Send + 'static,
) -> Result<Bytes, HttpFailure> {
    written_within(web, reply, reply.saturating_mul(GROWS), write).await
}

/// The same where it is known how large it may become.
pub(super) async fn written_within(
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
        return Ok(kept(written, reserved));
    }
    let written = write()?;
    match written.len() {
        0..=SMALL_REPLY => Ok(written.into()),
        _ => {
            // Its memory is its capacity; some of that may be empty.
            let reserved = reserve(&web.memory, written.capacity()).await?;
            Ok(kept(written, reserved))
        }
    }
}
