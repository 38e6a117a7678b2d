//! The deadline of a call: the instant at which its client stops waiting, as `grpc-timeout` says it.
//!
//! It is known to whatever the call sets going on its own task ([`Deadline::current`]), in whichever protocol the call came:
//! what comes over HTTP is handed to the service with the same header.
//!
//! ```text
//!   the call comes late already ──> refused, nothing begun
//!   no answer by the deadline   ──> DEADLINE_EXCEEDED          [`Timer`], for a call
//!   a stream that goes on       ──> ends with the same         [`TimedBody`], for its replies
//! ```
//!
//! The transport has a timer of its own for the header, whose refusal is a cancellation without a reason. This one runs out a
//! little earlier ([`MARGIN`]), which also lets the refusal reach the client while it still waits.

use super::status::CallRefusal;
use detente_ledger::budget::Overrun;
use http_body::{Frame, SizeHint};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

/// The time by which a call is ended before its client stops waiting: a sixteenth of what it said, at most this.
const MARGIN: Duration = Duration::from_millis(2);

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The instant at which a client stops waiting; none where it says none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deadline(pub(super) Option<Instant>);

impl Deadline {
    /// The deadline of a request that has just come. A header that is malformed counts as none, as in other servers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(grpc_timeout(headers).and_then(|limit| Instant::now().checked_add(limit - MARGIN.min(limit / 16))))
    }

    /// The deadline of the call that is being answered.
    pub(super) fn current() -> Option<Instant> {
        CURRENT.try_with(|deadline| deadline.0).ok().flatten()
    }

    /// Polls the answer to a call with this deadline.
    pub(super) fn poll<F: Future + Unpin>(self, answer: &mut F, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.0 {
            None => Pin::new(answer).poll(context),
            Some(_) => CURRENT.sync_scope(self, || Pin::new(answer).poll(context)),
        }
    }
}

/// A timer that runs out at a deadline. It costs nothing for a call that is answered at once.
#[derive(Debug)]
pub(super) struct Timer {
    deadline: Deadline,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// A timer for a call that has just come.
    pub(super) const fn new(deadline: Deadline) -> Self {
        Self { deadline, sleep: None }
    }

    /// The deadline.
    pub(super) const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Returns true if the deadline has passed.
    pub(super) fn is_over(&self) -> bool {
        self.deadline.0.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Awaits an answer; none where the deadline has passed before.
    pub(super) async fn run<T>(mut self, answer: impl Future<Output = T>) -> Option<T> {
        if self.is_over() {
            return None;
        }
        let mut answer = pin!(answer);
        std::future::poll_fn(|context| match answer.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => self.poll(context).map(|()| None),
        })
        .await
    }

    /// Waits for the deadline.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline.0 else { return Poll::Pending };
        if deadline <= Instant::now() {
            return Poll::Ready(());
        }
        self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline.into()))).as_mut().poll(context)
    }
}

/// The replies of a stream, which ends at its deadline.
struct TimedBody {
    body: Option<Body>,
    timer: Timer,
    rpc: &'static str,
}

/// The body of an answer to an rpc, which ends at the deadline with a refusal.
pub(super) fn limit_body(body: Body, deadline: Deadline, rpc: &'static str) -> Body {
    match deadline.0 {
        None => body,
        Some(_) => Body::new(TimedBody { body: Some(body), timer: Timer::new(deadline), rpc }),
    }
}

impl http_body::Body for TimedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(context) {
            Poll::Pending if self.timer.poll(context).is_ready() => {
                self.body = None;
                Poll::Ready(Some(Ok(Frame::trailers(late(self.rpc, true).headers()))))
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Rpcs that change what is recorded or kept.
const WRITES: [&str; 8] = [
    "Append",
    "OpenStage",
    "StageCommands",
    "CommitStage",
    "DropStage",
    "CreateCursor",
    "AcknowledgeCursor",
    "DeleteCursor",
];

/// The refusal of a call of an rpc whose deadline has passed, before anything was begun or in the midst of it.
pub(super) fn late(rpc: &str, is_begun: bool) -> CallRefusal {
    if is_begun && WRITES.contains(&rpc) {
        CallRefusal::LateWrite
    } else {
        CallRefusal::Overrun(Overrun::DeadlineExceeded)
    }
}

fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    headers.get("grpc-timeout").and_then(|limit| limit.to_str().ok()).and_then(parse)
}

/// The time that the client of a request waits, by the header of gRPC or of Connect. A header that is malformed counts as none
/// here.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    grpc_timeout(headers).or_else(|| {
        let millis = headers.get("connect-timeout-ms")?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_millis(millis))
    })
}

/// A timeout of at most eight digits and a unit, as the gRPC protocol writes it.
fn parse(limit: &str) -> Option<Duration> {
    let (digits, unit) = limit.split_at_checked(limit.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_in_every_unit_and_nothing_else_is_one() {
        let read = |limit| parse(limit).map(|limit| limit.as_nanos());
        let units = [("2H", 7_200_000_000_000), ("3M", 180_000_000_000), ("50S", 50_000_000_000), ("7m", 7_000_000)];
        units.iter().for_each(|(limit, nanos)| assert_eq!(read(limit), Some(*nanos), "{limit}"));
        assert_eq!((read("12345678u"), read("0n")), (Some(12_345_678_000), Some(0)));
        for wrong in ["", "S", "123456789S", "5", "-5S", "5 S", "5s", "1.5S", "٥S"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
