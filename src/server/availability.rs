//! The availability of the server, as `grpc.health.v1.Health` and `/readyz` report it.
//!
//! A hindrance to recording alone (a full disk, a clock that is wrong) does not change that: questions are answered.
//! `/readyz` names it in words, and so does the log at its beginning and its end.
//!
//! While one write to the journal takes longer than it ever should, the server reports that it does not serve, so that
//! load balancers and supervisors look elsewhere. The write itself is left to end as it will: the disk may come back,
//! and a second try would not make the first one durable.

use crate::grpc::Health;
use crate::http::Ready;
use detente_ledger::Ledger;
use detente_ledger::write::hindrance::Hindrance;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// The interval at which the writer is looked at.
const BETWEEN: Duration = Duration::from_millis(100);

/// Interval between two looks for hindrances to recording.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The availability of the server.
pub(super) struct Availability {
    pub(super) health: Health,
    pub(super) ready: Ready,
}

impl Availability {
    /// Says that it serves.
    pub(super) fn serving(&self) {
        self.health.serving();
        self.ready.set(true);
    }

    /// Says that it does not serve.
    pub(super) fn not_serving(&self) {
        self.ready.set(false);
        self.health.not_serving();
    }

    /// Watches a ledger for as long as it is served.
    pub(super) async fn watch(&self, ledger: &Arc<Ledger>, slow_write: Duration) -> Infallible {
        tokio::select! {
            never = self.watch_writes(ledger, slow_write) => never,
            never = self.watch_surroundings(ledger) => never,
        }
    }

    /// Tells what keeps the ledger from recording, when it begins and when it ends.
    async fn watch_surroundings(&self, ledger: &Arc<Ledger>) -> Infallible {
        let mut told: Option<&'static str> = None;
        loop {
            let looked = Arc::clone(ledger);
            // The disk may take its time, which must not be that of those who ask.
            if let Ok(outlook) = tokio::task::spawn_blocking(move || looked.look_around()).await {
                let sort = outlook.hindrance.as_ref().map(Hindrance::sort);
                match &outlook.hindrance {
                    Some(why) if sort != told => tracing::warn!(%why, "appends are refused; reads go on"),
                    None if told.is_some() => tracing::warn!("appends are taken again"),
                    _ => {}
                }
                told = sort;
                self.ready.hinder(outlook.hindrance.map(|why| why.to_string()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Says that the server does not serve while a write to the journal has taken longer than `limit`.
    async fn watch_writes(&self, ledger: &Ledger, limit: Duration) -> Infallible {
        let mut is_slow = false;
        loop {
            tokio::time::sleep(BETWEEN).await;
            match (is_slow, ledger.writing_for().filter(|elapsed| *elapsed >= limit)) {
                (false, Some(elapsed)) => {
                    tracing::warn!(?elapsed, "a write to the journal does not end; is the disk in order?");
                    self.not_serving();
                    is_slow = true;
                }
                (true, None) => {
                    tracing::warn!("writing to the journal goes on");
                    self.serving();
                    is_slow = false;
                }
                _ => {}
            }
        }
    }
}
