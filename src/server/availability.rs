//! Whether the server says that it serves: to `grpc.health.v1.Health` and to `/readyz` alike.
//!
//! While one write to the journal takes longer than it ever should, it says that it does not, so that whoever balances load
//! or watches it looks elsewhere. The write itself is left to end as it will: the disk may come back, and a second try would
//! not make the first one durable.

use crate::grpc::Health;
use crate::http::Ready;
use crate::ledger::Ledger;
use std::convert::Infallible;
use std::time::Duration;

/// How often the writer is looked at.
const BETWEEN: Duration = Duration::from_millis(100);

/// What the server says of itself.
pub(super) struct Availability {
    pub(super) health: Health,
    pub(super) ready: Ready,
}

impl Availability {
    /// Says that it serves.
    pub(super) async fn serving(&self) {
        self.health.serving().await;
        self.ready.set(true);
    }

    /// Says that it does not serve.
    pub(super) async fn not_serving(&self) {
        self.ready.set(false);
        self.health.not_serving().await;
    }

    /// Says so while a write to the journal has taken longer than `limit`.
    pub(super) async fn watch(&self, ledger: &Ledger, limit: Duration) -> Infallible {
        let mut is_slow = false;
        loop {
            tokio::time::sleep(BETWEEN).await;
            match (is_slow, ledger.writing_for().filter(|elapsed| *elapsed >= limit)) {
                (false, Some(elapsed)) => {
                    tracing::warn!(?elapsed, "a write to the journal does not end; is the disk in order?");
                    self.not_serving().await;
                    is_slow = true;
                }
                (true, None) => {
                    tracing::warn!("writing to the journal goes on");
                    self.serving().await;
                    is_slow = false;
                }
                _ => {}
            }
        }
    }
}
