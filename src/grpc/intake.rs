//! The memory that a request takes: of its bytes while they come, and of what they are decoded to, for as long as its call is
//! being answered.
//!
//! ```text
//!   bytes come ──> meter: beyond KEPT, so many bytes are reserved ──┐
//!   all are there ──> codec: what decoding takes is reserved ─────────┴──> given back when the call has its answer
//! ```
//!
//! What cannot be reserved is refused at once: with `OVERLOADED` if it could be when others have their answers, and with
//! `LIMIT_EXCEEDED` if it is more than there is in all. Nothing has been done for it then. Small requests reserve
//! nothing: there are no more of them at once than there are streams.

use super::status::Refusal;
use crate::budget::{MemoryBudget, Reservation};
use http_body_util::{BodyStream, StreamBody};
use parking_lot::Mutex;
use std::sync::Arc;
use std::task::Poll;
use tokio_stream::StreamExt;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;

/// A request of so many bytes reserves nothing.
const KEPT: usize = 64 << 10;

tokio::task_local! {
    static CURRENT: Intake;
}

/// What the request of one call has reserved.
#[derive(Clone, Debug)]
pub(super) struct Intake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    budget: Arc<MemoryBudget>,
    reserved: Mutex<Option<Reservation>>,
}

/// The head of the first message of a request: a flag and a length of four bytes.
#[derive(Default)]
struct Head {
    seen: usize,
    length: u32,
}

impl Head {
    const BYTES: usize = 5;

    /// Takes in the next bytes. Returns the length once, when it is there.
    fn take_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for byte in bytes.iter().take(Self::BYTES - self.seen) {
            self.length = self.length << 8 | u32::from(*byte);
            self.seen += 1;
            if self.seen == 1 {
                // The first byte says whether the message is compressed.
                self.length = 0;
            }
            if self.seen == Self::BYTES {
                return usize::try_from(self.length).ok();
            }
        }
        None
    }
}

impl Intake {
    pub(super) fn new(budget: &Arc<MemoryBudget>) -> Self {
        Self(Arc::new(Shared { budget: Arc::clone(budget), reserved: Mutex::default() }))
    }

    /// A request whose bytes are reserved as they come.
    pub(super) fn meter(&self, request: Request<Body>) -> Request<Body> {
        let intake = self.clone();
        let (mut come, mut covered, mut head) = (0_usize, KEPT, Head::default());
        request.map(|body| {
            let metered = BodyStream::new(body).map(move |frame| {
                let frame = frame?;
                // The transport makes room for a message as soon as its length is known.
                if let Some(length) = frame.data_ref().and_then(|data| head.take_in(data))
                    && length > KEPT
                {
                    intake.take(length)?;
                    covered = length;
                }
                let before = come;
                come = before.saturating_add(frame.data_ref().map_or(0, Bytes::len));
                match come.saturating_sub(before.max(covered)) {
                    0 => {}
                    more => intake.take(more)?,
                }
                Ok::<_, Status>(frame)
            });
            Body::new(StreamBody::new(metered))
        })
    }

    /// Polls the answer to the call.
    pub(super) fn poll<T>(&self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        CURRENT.sync_scope(self.clone(), poll)
    }

    /// The most that decoding may take for the call that is being answered: what there is in all, its own bytes aside.
    pub(super) fn most() -> usize {
        let most = |intake: &Self| {
            let own = intake.0.reserved.lock().as_ref().map_or(0, Reservation::bytes);
            intake.0.budget.limit().saturating_sub(own)
        };
        CURRENT.try_with(most).unwrap_or(usize::MAX)
    }

    /// Reserves what decoding takes, for the call that is being answered.
    pub(super) fn reserve(bytes: usize) -> Result<(), Refusal> {
        if bytes <= KEPT { Ok(()) } else { CURRENT.try_with(|intake| intake.take(bytes)).unwrap_or(Ok(())) }
    }

    fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let mut reserved = self.0.reserved.lock();
        let taken = match reserved.as_mut() {
            Some(reserved) => reserved.grow(bytes),
            None => {
                *reserved = self.0.budget.try_reserve(bytes);
                reserved.is_some()
            }
        };
        if taken { Ok(()) } else { Err(Refusal::Overloaded("large requests")) }
    }
}
