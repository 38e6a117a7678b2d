//! The pace of a request's body: a body that trickles is given up, so that it holds nothing for ever.
//!
//! Only the time counts in which the server waits for the client. A body may begin with a pause of [`Pace::grace`], and
//! from then on must come at [`Pace::bytes_a_second`] on the average. A question that lasts as long as its client keeps
//! asking (reflection) has no pace; there a pause of [`Pace::idle`] ends it, as though the client had no further
//! question.

use crate::grpc::status::CallRefusal;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

/// Minimum pace of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time that the server waits for a body in any case.
    pub grace: Duration,
    /// Bytes per second that must come beyond that.
    pub bytes_a_second: u32,
    /// Time that a client with one question after the other may take for the next.
    pub idle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { grace: Duration::from_secs(20), bytes_a_second: 1024, idle: Duration::from_secs(600) }
    }
}

/// A body that must keep its pace.
#[derive(Debug)]
pub(super) struct PacedBody {
    body: Body,
    pace: Pace,
    goes_on: bool,
    received: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl PacedBody {
    /// A body of a request; one that goes on has only pauses to keep.
    pub(super) const fn new(body: Body, pace: Pace, goes_on: bool) -> Self {
        Self { body, pace, goes_on, received: 0, waited: Duration::ZERO, waiting_since: None, timer: None }
    }

    fn allowance(&self) -> Duration {
        if self.goes_on {
            return self.pace.idle;
        }
        let millis = self.received.saturating_mul(1000) / u64::from(self.pace.bytes_a_second.max(1));
        self.pace.grace.saturating_add(Duration::from_millis(millis))
    }

    /// Returns true if the client has used up its time.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let since = *self.waiting_since.get_or_insert(now);
        let until = since + self.allowance().saturating_sub(self.waited);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(context).is_ready()
    }

    fn came(&mut self, bytes: usize) {
        let waited = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.waited = if self.goes_on { Duration::ZERO } else { self.waited.saturating_add(waited) };
        self.received = self.received.saturating_add(bytes as u64);
    }

    fn too_slow(&self) -> Status {
        let (received, waited) = (self.received, self.allowance().as_secs());
        let at_least = self.pace.bytes_a_second;
        CallRefusal::TooSlow(format!(
            "the request was given up: {received} bytes of it came in {waited} s, and at least {at_least} a second must come"
        ))
        .into()
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
                self.came(bytes.map_or(0, Bytes::len));
            }
            Poll::Pending if self.is_over(context) => {
                self.body = Body::empty();
                return Poll::Ready(if self.goes_on { None } else { Some(Err(self.too_slow())) });
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
