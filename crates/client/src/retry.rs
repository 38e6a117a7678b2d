//! The rule by which a call is tried again, or not.
//!
//! | what came back | what it says | tried again |
//! |---|---|---|
//! | `NOT_SERVING`, `OVERLOADED` | nothing happened | always |
//! | `OUTCOME_UNKNOWN`; no reason at all, the transport broke | it may have happened | where twice is as good as once |
//! | any other reason | the ledger has judged | never |
//!
//! Twice is as good as once for questions, for calls that set something to a given value, and for an append with a
//! request id: the ledger records it once, and answers the second time what it answered the first. The client gives an
//! id to each append that has none. Deleting a cursor is the exception: between two attempts somebody may have made one
//! of that name.

use super::error::Refusal;
use super::options::Options;
use detente_proto::v1::ErrorReason;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tonic::{Response, Status};

/// The effect of a call that is done twice: the same as once, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Twice is as good as once.
    Safe,
    /// Twice is not as good as once, or nobody knows.
    Unsafe,
}

/// Makes attempts until one has an answer, a refusal that another attempt would not change, or the patience is over.
pub(super) async fn retry<T, F>(options: &Options, repeat: Repeat, mut attempt: impl FnMut() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let until = Instant::now() + options.patience;
    let mut backoff = Backoff::new(options);
    let mut uncertain = false;
    for attempts in 1.. {
        let mut refusal = match attempt().await {
            Ok(reply) => return Ok(reply.into_inner()),
            Err(status) => Refusal::from(status),
        };
        refusal.attempts = attempts;
        refusal.uncertain = uncertain && !settles(&refusal);
        uncertain |= refusal.is_uncertain();
        let pause = backoff.pause(refusal.retry_after);
        if !may_help(&refusal, repeat) || Instant::now() + pause > until {
            return Err(refusal);
        }
        sleep(pause).await;
    }
    Err(Status::cancelled("tried too often").into())
}

/// Returns true if another attempt may have an answer, and does no harm.
pub(super) fn may_help(refusal: &Refusal, repeat: Repeat) -> bool {
    match refusal.reason {
        Some(ErrorReason::NotServing | ErrorReason::Overloaded) => true,
        _ => refusal.is_uncertain() && repeat == Repeat::Safe,
    }
}

/// Returns true if the ledger has judged the request itself. It looks for the request id first: had an earlier attempt
/// been recorded, this one would have been answered.
const fn settles(refusal: &Refusal) -> bool {
    matches!(
        refusal.reason,
        Some(
            ErrorReason::InvalidRequest
                | ErrorReason::CommandRejected
                | ErrorReason::PreconditionFailed
                | ErrorReason::RequestIdReused
                | ErrorReason::LimitExceeded
                | ErrorReason::ReadOnly
                | ErrorReason::ClockWrong
        )
    )
}

/// Pauses that grow, each of a random length, so that many clients of a server that comes back do not all come at once.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) fn new(options: &Options) -> Self {
        Self { first: options.first_pause, longest: options.longest_pause, next: options.first_pause }
    }

    /// Begins again with the first pause.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }

    /// The next pause, and not less than the server asked for.
    pub(super) fn pause(&mut self, at_least: Option<Duration>) -> Duration {
        let whole = self.next.min(self.longest);
        self.next = whole.saturating_mul(2).min(self.longest);
        // If there is no randomness, the pauses are the longest ones.
        let share = getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX));
        (whole.mul_f64(0.5 + share / 2.0)).max(at_least.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tonic::Code;
    use tonic_types::{ErrorDetails, StatusExt};

    fn refusal_status(code: Code, reason: &str) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, "detente", []);
        Status::with_error_details(code, "no", details)
    }

    fn at_once() -> Options {
        Options { first_pause: Duration::ZERO, longest_pause: Duration::ZERO, ..Options::default() }
    }

    /// Returns the result of a call that meets these failures, one after the other, and then succeeds, and the number
    /// of attempts.
    async fn after(failures: &[Status], repeat: Repeat) -> (Result<u32, Refusal>, usize) {
        let (options, made) = (at_once(), Cell::new(0));
        let result = retry(&options, repeat, || {
            let failure = failures.get(made.replace(made.get() + 1)).cloned();
            async { failure.map_or(Ok(Response::new(7)), Err) }
        });
        (result.await, made.get())
    }

    #[tokio::test]
    async fn what_passes_is_tried_again() {
        let passing = [
            refusal_status(Code::Unavailable, "NOT_SERVING"),
            refusal_status(Code::ResourceExhausted, "OVERLOADED"),
            refusal_status(Code::Unknown, "OUTCOME_UNKNOWN"),
            Status::unavailable("connection refused"),
            Status::unknown("transport error"),
        ];
        let (answer, attempts) = after(&passing, Repeat::Safe).await;
        assert_eq!((answer.unwrap(), attempts), (7, 6));
    }

    #[tokio::test]
    async fn what_may_have_happened_is_not_done_twice_unless_that_is_safe() {
        for failure in [refusal_status(Code::Unknown, "OUTCOME_UNKNOWN"), Status::unavailable("connection reset")] {
            let (answer, attempts) = after(&[failure], Repeat::Unsafe).await;
            assert!(answer.unwrap_err().outcome_is_unknown());
            assert_eq!(attempts, 1);
        }
        let (answer, _) = after(&[refusal_status(Code::Unavailable, "NOT_SERVING")], Repeat::Unsafe).await;
        assert!(answer.is_ok());
    }

    #[tokio::test]
    async fn what_the_ledger_has_judged_is_final() {
        for (code, reason) in [
            (Code::InvalidArgument, "INVALID_REQUEST"),
            (Code::Aborted, "PRECONDITION_FAILED"),
            (Code::ResourceExhausted, "DISK_FULL"),
            (Code::FailedPrecondition, "READ_ONLY"),
            (Code::FailedPrecondition, "CLOCK_WRONG"),
            (Code::Internal, "INTERNAL"),
        ] {
            assert_eq!(after(&[refusal_status(code, reason)], Repeat::Safe).await.1, 1, "{reason}");
        }
        assert_eq!(after(&[Status::unimplemented("no such rpc")], Repeat::Safe).await.1, 1);
    }

    #[tokio::test]
    async fn a_doubt_stays_until_the_ledger_has_judged() {
        let broken = Status::unavailable("connection reset");
        let judged = [broken.clone(), refusal_status(Code::FailedPrecondition, "COMMAND_REJECTED")];
        let refusal = after(&judged, Repeat::Safe).await.0.unwrap_err();
        assert!(!refusal.outcome_is_unknown() && refusal.attempts == 2);
        let unjudged = [broken, refusal_status(Code::ResourceExhausted, "DISK_FULL")];
        assert!(after(&unjudged, Repeat::Safe).await.0.unwrap_err().outcome_is_unknown());
    }

    #[tokio::test]
    async fn patience_ends_and_the_last_refusal_is_told() {
        let options = Options { patience: Duration::ZERO, ..Options::default() };
        let attempt = || async { Err::<Response<()>, _>(Status::unavailable("nobody")) };
        let refusal = retry(&options, Repeat::Safe, attempt).await.unwrap_err();
        assert_eq!((refusal.attempts, refusal.code), (1, Code::Unavailable));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_never_shorter_than_asked() {
        let (first_pause, longest_pause) = (Duration::from_millis(100), Duration::from_millis(300));
        let mut backoff = Backoff::new(&Options { first_pause, longest_pause, ..Options::default() });
        for whole in [100, 200, 300, 300] {
            let pause = backoff.pause(None).as_millis();
            assert!((whole / 2..=whole).contains(&pause), "{pause} of {whole}");
        }
        assert_eq!(backoff.pause(Some(Duration::from_secs(9))), Duration::from_secs(9));
        backoff.reset();
        assert!(backoff.pause(None) <= first_pause);
    }
}
