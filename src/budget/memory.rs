//! The memory that requests, questions and replies share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A number of bytes that everything in flight shares.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
    freed: Notify,
}

/// Bytes taken from a [`MemoryBudget`]; dropping it gives them back.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicUsize::new(0), freed: Notify::new() })
    }

    /// The bytes there are in all.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// The bytes that are reserved now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Reserves bytes if they are free now.
    #[must_use]
    pub fn try_reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.take(bytes).then(|| Reservation { budget: Arc::clone(self), bytes })
    }

    /// Reserves bytes, waiting up to `patience` for others to give theirs back.
    pub async fn reserve(self: &Arc<Self>, bytes: usize, patience: Duration) -> Option<Reservation> {
        if let Some(reserved) = self.try_reserve(bytes) {
            return Some(reserved);
        }
        let wait = async {
            loop {
                let freed = self.freed.notified();
                tokio::pin!(freed);
                freed.as_mut().enable();
                if let Some(reserved) = self.try_reserve(bytes) {
                    return reserved;
                }
                freed.await;
            }
        };
        if bytes > self.limit { None } else { tokio::time::timeout(patience, wait).await.ok() }
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.used.fetch_sub(bytes, Ordering::AcqRel);
            self.freed.notify_waiters();
        }
    }
}

impl Reservation {
    /// The bytes it holds.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more bytes. False, with nothing taken, if they are not free.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        let taken = self.budget.take(more);
        self.bytes += if taken { more } else { 0 };
        taken
    }

    /// Gives back all but so many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.budget.give_back(less);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_can_be_reserved_again_and_never_more_than_there_is() {
        let budget = MemoryBudget::new(100);
        let mut first = budget.try_reserve(60).unwrap();
        assert!(budget.try_reserve(41).is_none());
        assert!(first.grow(40) && !first.grow(1));
        first.shrink_to(10);
        let second = budget.try_reserve(90).unwrap();
        drop((first, second));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn who_waits_is_given_what_another_gives_back_and_who_asks_too_much_is_refused_at_once() {
        let budget = MemoryBudget::new(100);
        let first = budget.try_reserve(100).unwrap();
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.reserve(50, Duration::from_secs(60)).await.map(|reserved| reserved.bytes()) }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert_eq!(waiting.await.unwrap(), Some(50));
        assert!(budget.reserve(101, Duration::from_secs(60)).await.is_none());
    }
}
