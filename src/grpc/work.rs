//! Where a question is computed.
//!
//! Most answers take microseconds, and handing them to another thread would cost more than computing them: they are
//! computed where they arrive. What may look at the whole record must not hold up the other calls of the thread it
//! happens to be on: it goes to a thread that may wait, so many at once.
//!
//! A panic anywhere in there is a defect, told as `INTERNAL`, and ends that call alone.

use super::limits::WIDE_QUESTIONS;
use super::status::Refusal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::Semaphore;

/// Computes here.
pub(super) fn here<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    // What the closure borrows is a ledger behind shared references, whose locks do not poison.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(defect(&*panic)))
}

/// The threads that may wait.
#[derive(Debug)]
pub(super) struct Threads(Semaphore);

impl Default for Threads {
    fn default() -> Self {
        Self(Semaphore::new(WIDE_QUESTIONS))
    }
}

impl Threads {
    /// Computes on a thread that may wait.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Refusal> + Send + 'static,
    {
        let _turn = self.0.acquire().await.map_err(|_| Refusal::Stopping)?;
        let span = tracing::Span::current();
        // The runtime drops work that has not begun only when it ends itself.
        tokio::task::spawn_blocking(move || span.in_scope(|| here(work))).await.unwrap_or(Err(Refusal::Stopping))
    }
}

fn defect(panic: &(dyn std::any::Any + Send)) -> Refusal {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = ?said.unwrap_or("no message"), "a call failed by a defect of the service");
    Refusal::Defect
}
