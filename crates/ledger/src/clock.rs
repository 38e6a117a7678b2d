//! The source of time and random ids: the only place that asks the system, so that a test can set the date.

use detente_domain::position::RecordedAt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::{NoContext, Timestamp, Uuid};

/// A clock.
pub trait Clock: Send + Sync {
    /// Now, in microseconds since 1970.
    fn now(&self) -> RecordedAt;

    /// The time that has passed since some instant, by a clock that nobody sets and that goes on while the machine sleeps;
    /// none where there is no such clock.
    fn steady(&self) -> Option<Duration> {
        None
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> RecordedAt {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        RecordedAt(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn steady(&self) -> Option<Duration> {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::try_from(since).ok()
    }
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    /// In microseconds; negative where there is no steady clock.
    steady: AtomicI64,
}

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub const fn at(now: RecordedAt) -> Self {
        Self { now: AtomicI64::new(now.0), steady: AtomicI64::new(-1) }
    }

    /// Sets it.
    pub fn set(&self, now: RecordedAt) {
        self.now.store(now.0, Ordering::SeqCst);
    }

    /// Sets how much time has passed by the clock that nobody sets; before that, there is none.
    pub fn set_steady(&self, passed: Duration) {
        self.steady.store(i64::try_from(passed.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> RecordedAt {
        RecordedAt(self.now.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Option<Duration> {
        u64::try_from(self.steady.load(Ordering::SeqCst)).ok().map(Duration::from_micros)
    }
}

/// A new id: a version 7 UUID of the clock's time.
#[must_use]
pub fn new_id(clock: &dyn Clock) -> Uuid {
    let micros = u64::try_from(clock.now().0).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0).saturating_mul(1000);
    Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
}
