//! Calls that outlast a server that is absent for some seconds: it restarts, or has too much to do.
//!
//! Every step of an import may be done twice, so each is tried again if that may help, until it is answered or the
//! patience is over. A message on standard error says that the server has gone, and another that it is back.

use crate::cli::export::{Ask, Client};
use crate::cli::{CommandFailure, notice};
use detente_client::Refusal;
use detente_proto::v1::ErrorReason;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tonic::{Response, Status};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A ledger whose calls are made with patience.
pub(super) struct PatientLedger<'l, T> {
    ledger: &'l mut Client<T>,
    patience: Duration,
}

impl<'l, T: Ask> PatientLedger<'l, T> {
    pub(super) const fn new(ledger: &'l mut Client<T>, patience: Duration) -> Self {
        Self { ledger, patience }
    }

    /// Makes a call that may be made twice until it is answered, or judged, or patience is over.
    pub(super) async fn call<A>(
        &mut self,
        mut attempt: impl AsyncFnMut(&mut Client<T>) -> Result<Response<A>, Status>,
    ) -> Result<A, CommandFailure> {
        let mut away: Option<Instant> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let refusal = match attempt(&mut *self.ledger).await {
                Ok(reply) => {
                    if away.is_some() {
                        notice("the server answers again: going on");
                    }
                    return Ok(reply.into_inner());
                }
                Err(status) => Refusal::from(status),
            };
            if !passes(&refusal) {
                return Err(failure_of(refusal));
            }
            let since = *away.get_or_insert_with(|| {
                let seconds = self.patience.as_secs();
                notice(&format!("the server does not answer ({refusal}): trying again for up to {seconds} s"));
                Instant::now()
            });
            pause = pause.max(refusal.retry_after.unwrap_or_default());
            if since.elapsed() + pause > self.patience {
                notice(
                    "what is staged stays on the server: the same import started again goes on with it, `detente stages \
                     drop` drops it",
                );
                return Err(failure_of(refusal));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn failure_of(refusal: Refusal) -> CommandFailure {
    CommandFailure::Refused(Box::new(refusal.into()))
}

/// Returns true if another attempt may have an answer.
fn passes(refusal: &Refusal) -> bool {
    match refusal.reason {
        Some(reason) => {
            matches!(reason, ErrorReason::NotServing | ErrorReason::Overloaded | ErrorReason::OutcomeUnknown)
        }
        None => refusal.outcome_is_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tonic::transport::Endpoint;

    /// Returns the result of a call that fails the given number of times, and the number of attempts.
    async fn after(failures: usize, status: Status, patience: Duration) -> (Result<u32, CommandFailure>, usize) {
        let mut ledger = Client::new(Endpoint::from_static("http://127.0.0.1:1").connect_lazy());
        let (mut patient, made) = (PatientLedger::new(&mut ledger, patience), Cell::new(0));
        let called = patient.call(async |_| {
            let fails = made.replace(made.get() + 1) < failures;
            if fails { Err(status.clone()) } else { Ok(Response::new(7)) }
        });
        let called = called.await;
        (called, made.get())
    }

    #[tokio::test]
    async fn a_server_that_comes_back_in_time_is_waited_for() {
        let (answer, made) = after(3, Status::unavailable("connection refused"), Duration::from_secs(60)).await;
        assert_eq!((answer.unwrap(), made), (7, 4));
    }

    #[tokio::test]
    async fn patience_ends_and_what_was_judged_is_final() {
        let (answer, made) = after(1_000, Status::unavailable("refused"), Duration::from_millis(500)).await;
        assert!(matches!(answer, Err(CommandFailure::Refused(_))) && (2..5).contains(&made), "{made}");
        let (answer, made) = after(1, Status::invalid_argument("no"), Duration::from_secs(10)).await;
        assert!(answer.is_err() && made == 1);
    }
}
