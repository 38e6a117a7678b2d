//! Replies on their way to clients: a reply larger than [`SMALL_REPLY`] is reserved until the transport has sent it.
//!
//! ```text
//!   one reply   encoded_len ──> reserved, before it is encoded ──> its bytes hold that until the transport drops them
//!   a stream    frame by frame: encoded ──> reserved ──> likewise; the stream ends with OVERLOADED where it does not fit
//! ```
//!
//! A client that does not read holds the bytes encoded for it, so those are counted. A call that waits for memory holds
//! an answer that is not counted yet; so few may wait at once, and others are refused at once.
//!
//! To encode and to compress a frame of a MiB takes the thread for milliseconds. Few frames that may be so large are encoded at
//! once, and at least one thread is left for short ones; the others come again after a pause. A place in a queue would be lost
//! on a body that is not polled. One reply of up to [`BRIEF`] bytes takes microseconds, and needs no place.

use super::intake::Intake;
use super::status::CallRefusal;
use detente_ledger::budget::{MemoryBudget, PATIENCE, Reservation, SMALL_REPLY};
use http_body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

/// A place for each large reply, or stream, that may be encoded at once: all processors but one.
static ENCODING: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(processors.saturating_sub(1).max(1))
});
/// Maximum number of bytes of a reply that is encoded without a place.
const BRIEF: usize = 64 << 10;
/// Time after which a reply that found no place comes again.
const PAUSE: Duration = Duration::from_millis(1);
/// The number of replies that may wait for memory at once.
static WAITING: Semaphore = Semaphore::const_new(8);

/// Bytes with what is reserved for them.
struct ReservedBytes<B> {
    bytes: B,
    _reserved: Reservation,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for ReservedBytes<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// Bytes that hold what is reserved for them, until the last of them is dropped.
pub(crate) fn with_reservation(bytes: impl AsRef<[u8]> + Send + 'static, reserved: Reservation) -> Bytes {
    Bytes::from_owner(ReservedBytes { bytes, _reserved: reserved })
}

/// Reserves memory for an answer, where it can be had.
pub(crate) async fn reserve(budget: &Arc<MemoryBudget>, bytes: usize) -> Result<Reservation, CallRefusal> {
    let mut reserved = budget.nothing();
    if reserved.grow_quietly(bytes) {
        return Ok(reserved);
    }
    let place = WAITING.try_acquire();
    let patience = if place.is_ok() { PATIENCE } else { Duration::ZERO };
    budget.reserve(bytes, patience).await.ok_or(CallRefusal::Overloaded("large replies"))
}

/// Reserves memory for the one reply of the call that is being answered.
pub(super) async fn reserve_reply(bytes: usize) -> Result<(), CallRefusal> {
    if bytes > SMALL_REPLY
        && let Some(budget) = Intake::budget()
    {
        Intake::keep_reply(reserve(&budget, bytes).await?);
    }
    Ok(())
}

/// Lets the memory of each frame be reserved for the call that is being answered, whose reply is a stream.
pub(super) fn reserve_frames() {
    if let Some(budget) = Intake::budget() {
        Intake::keep_reply(budget.nothing());
    }
}

/// The body of a reply, or of a stream of them.
pub(super) struct ReplyBody {
    body: Body,
    /// The memory reserved for the next bytes.
    reserved: Reservation,
    step: SendingStep,
    /// True while frames are to come that may take long to encode: of a stream, or the one of a large reply.
    needs_place: bool,
    /// Runs while it waits to be encoded.
    pause: Option<Pin<Box<Sleep>>>,
}

enum SendingStep {
    /// Frames go on as they come.
    Passing,
    /// One of them waits for memory.
    Waiting(Bytes, Pin<Box<dyn Future<Output = Result<Reservation, CallRefusal>> + Send>>),
    /// There was none for it.
    Refused,
}

impl ReplyBody {
    /// A body. Memory is reserved for its one frame, or is nothing for a stream, whose frames are reserved as they come.
    pub(super) fn new(body: Body, reserved: Reservation) -> Self {
        let needs_place = !(1..=BRIEF).contains(&reserved.bytes());
        Self { body, reserved, step: SendingStep::Passing, needs_place, pause: None }
    }

    /// The next frame, encoded once there is a place if it needs one.
    fn poll_encoded(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.needs_place {
            return Pin::new(&mut self.body).poll_frame(context);
        }
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match ENCODING.try_acquire() {
                Ok(_place) => return Pin::new(&mut self.body).poll_frame(context),
                Err(_) => self.pause = Some(Box::pin(sleep(PAUSE))),
            }
        }
    }

    /// The end of a stream that is refused.
    fn end_refused(&mut self, refusal: CallRefusal) -> Option<Result<Frame<Bytes>, Status>> {
        self.step = SendingStep::Refused;
        self.body = Body::empty();
        let mut trailers = HeaderMap::new();
        Some(Status::from(refusal).add_header(&mut trailers).map(|()| Frame::trailers(trailers)))
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            match &mut self.step {
                SendingStep::Refused => return Poll::Ready(None),
                SendingStep::Waiting(bytes, reserving) => {
                    let reserved = ready!(reserving.as_mut().poll(context));
                    let bytes = std::mem::take(bytes);
                    self.step = SendingStep::Passing;
                    return Poll::Ready(match reserved {
                        Ok(reserved) => Some(Ok(Frame::data(with_reservation(bytes, reserved)))),
                        Err(refusal) => self.end_refused(refusal),
                    });
                }
                SendingStep::Passing => {}
            }
            let frame = match ready!(self.poll_encoded(context)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            let bytes = match frame.into_data() {
                Ok(bytes) => bytes,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            };
            let budget = Arc::clone(self.reserved.budget());
            if self.reserved.bytes() > 0 {
                self.needs_place = false;
                let reserved = std::mem::replace(&mut self.reserved, budget.nothing());
                return Poll::Ready(Some(Ok(Frame::data(with_reservation(bytes, reserved)))));
            }
            let length = bytes.len();
            if length <= SMALL_REPLY {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.reserved.grow_quietly(length) {
                let reserved = std::mem::replace(&mut self.reserved, budget.nothing());
                return Poll::Ready(Some(Ok(Frame::data(with_reservation(bytes, reserved)))));
            }
            self.step = SendingStep::Waiting(bytes, Box::pin(async move { reserve(&budget, length).await }));
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.step {
            SendingStep::Passing => self.body.is_end_stream(),
            SendingStep::Waiting(..) => false,
            SendingStep::Refused => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, Full};

    #[tokio::test]
    async fn a_large_reply_waits_for_a_place_to_be_encoded_and_a_brief_one_needs_none() {
        let budget = MemoryBudget::new(10 << 20);
        let reply = |bytes: usize| {
            let body = Body::new(Full::new(Bytes::from(vec![1; bytes])).map_err(|never| match never {}));
            ReplyBody::new(body, budget.try_reserve(bytes).unwrap())
        };
        let places = u32::try_from(ENCODING.available_permits()).unwrap();
        let taken = ENCODING.acquire_many(places).await.unwrap();
        let brief = reply(BRIEF).collect().await.unwrap().to_bytes();
        assert_eq!(brief.len(), BRIEF);
        let mut large = reply(BRIEF + 1);
        let begun = tokio::time::timeout(PAUSE * 20, large.frame()).await;
        assert!(begun.is_err(), "every place is taken");
        drop(taken);
        assert_eq!(large.collect().await.unwrap().to_bytes().len(), BRIEF + 1);
    }
}
