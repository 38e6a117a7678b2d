//! The memory that requests, questions and replies share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes of one request or question that need no reservation: there are no more of these at once than calls.
pub const SMALL: usize = 64 << 10;
/// Bytes of a reply that need no reservation: no more than what the transport has for a call anyway. A client that reads
/// nothing holds as many replies as it may have streams.
pub const SMALL_REPLY: usize = 1 << 10;
/// Maximum wait for other reservations to be given back.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// A number of bytes shared by everything in flight.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
    refused: AtomicU64,
    freed: Notify,
    /// Number of those who wait for bytes to be given back.
    waiting: AtomicUsize,
}

/// The reason that no bytes are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMemory {
    /// Others hold the rest.
    Full,
    /// The budget is smaller than the request.
    Never,
}

/// Bytes taken from a [`MemoryBudget`]; dropping it gives them back.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

impl MemoryBudget {
    /// A budget with a limit in bytes.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        let (used, refused, waiting) = Default::default();
        Arc::new(Self { limit, used, refused, freed: Notify::new(), waiting })
    }

    /// Total number of bytes.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// The bytes that are reserved now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Number of failed reservations since the start.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// A reservation of nothing, which may grow.
    #[must_use]
    pub fn nothing(self: &Arc<Self>) -> Reservation {
        Reservation { budget: Arc::clone(self), bytes: 0 }
    }

    /// Reserves bytes if they are free now.
    #[must_use]
    pub fn try_reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.count(self.reserve_now(bytes))
    }

    /// Reserves bytes, waiting up to `patience` for others to give theirs back.
    pub async fn reserve(self: &Arc<Self>, bytes: usize, patience: Duration) -> Option<Reservation> {
        if let Some(reserved) = self.reserve_now(bytes) {
            return Some(reserved);
        }
        if patience.is_zero() {
            // A timer of no length fires only when the runtime looks at its timers, which it does late where there is much to do.
            return self.count(None);
        }
        let wait = async {
            let _waiter = Waiter::new(&self.waiting);
            loop {
                let freed = self.freed.notified();
                tokio::pin!(freed);
                freed.as_mut().enable();
                if let Some(reserved) = self.reserve_now(bytes) {
                    return reserved;
                }
                freed.await;
            }
        };
        self.count(if bytes > self.limit { None } else { tokio::time::timeout(patience, wait).await.ok() })
    }

    fn reserve_now(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.take(bytes).then(|| Reservation { budget: Arc::clone(self), bytes })
    }

    fn count<T>(&self, reserved: Option<T>) -> Option<T> {
        if reserved.is_none() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        reserved
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.used.fetch_sub(bytes, Ordering::SeqCst);
            // A waiter that begins after this finds the bytes: each side writes before it reads what the other wrote.
            if self.waiting.load(Ordering::SeqCst) > 0 {
                self.freed.notify_waiters();
            }
        }
    }
}

/// One of those who wait, until it is dropped.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Reservation {
    /// The bytes it holds.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more bytes. False, with nothing taken, if they are not free; that counts as no refusal, since it is tried again.
    #[must_use]
    pub fn grow_quietly(&mut self, more: usize) -> bool {
        let taken = self.budget.take(more);
        self.bytes += if taken { more } else { 0 };
        taken
    }

    /// Takes more bytes. False, with nothing taken, if they are not free, which counts as a refusal.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        let taken = self.grow_quietly(more);
        self.budget.count(taken.then_some(())).is_some()
    }

    /// Takes more bytes, waiting [`PATIENCE`] for others to give theirs back.
    ///
    /// # Errors
    /// [`NoMemory`] if there are none, with nothing taken.
    pub async fn extend(&mut self, more: usize) -> Result<(), NoMemory> {
        if self.bytes.saturating_add(more) > self.budget.limit {
            self.budget.count::<()>(None);
            return Err(NoMemory::Never);
        }
        let more = self.budget.reserve(more, PATIENCE).await.ok_or(NoMemory::Full)?;
        self.absorb(more);
        Ok(())
    }

    /// Takes over what another holds.
    pub fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// The budget its bytes come from.
    #[must_use]
    pub const fn budget(&self) -> &Arc<MemoryBudget> {
        &self.budget
    }

    /// Bytes of the budget that are not its own.
    #[must_use]
    pub fn beside(&self) -> usize {
        self.budget.limit.saturating_sub(self.bytes)
    }

    /// Gives back everything above `bytes`.
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
        assert_eq!(budget.used_bytes(), 0);
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

    #[test]
    fn who_does_not_wait_is_refused_without_a_timer() {
        let budget = MemoryBudget::new(100);
        let _all = budget.try_reserve(100).unwrap();
        // Outside of a runtime there are no timers.
        let mut refused = std::pin::pin!(budget.reserve(1, Duration::ZERO));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(matches!(refused.as_mut().poll(&mut context), std::task::Poll::Ready(None)));
    }

    #[tokio::test]
    async fn what_grows_is_told_whether_others_hold_the_rest_or_there_is_none() {
        let budget = MemoryBudget::new(100);
        let (mut first, second) = (budget.nothing(), budget.try_reserve(50).unwrap());
        assert_eq!(first.extend(101).await, Err(NoMemory::Never));
        assert_eq!(first.extend(51).await, Err(NoMemory::Full));
        first.absorb(second);
        assert_eq!((first.extend(51).await, first.extend(50).await), (Err(NoMemory::Never), Ok(())));
        assert_eq!((budget.used_bytes(), budget.refusals(), first.beside()), (100, 3, 0));
        drop(first);
        assert_eq!(budget.used_bytes(), 0);
    }
}
