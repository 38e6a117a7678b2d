//! Where time and random ids come from: the only place that asks the system, so that a test can say what day it is.

use crate::domain::position::RecordedAt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::{NoContext, Timestamp, Uuid};

/// A clock.
pub trait Clock: Send + Sync {
    /// Now, in microseconds since 1970.
    fn now(&self) -> RecordedAt;
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
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub const fn at(now: RecordedAt) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Sets it.
    pub fn set(&self, now: RecordedAt) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> RecordedAt {
        RecordedAt(self.0.load(Ordering::SeqCst))
    }
}

/// A new id: a version 7 UUID of the clock's time.
#[must_use]
pub fn new_id(clock: &dyn Clock) -> Uuid {
    let micros = u64::try_from(clock.now().0).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0).saturating_mul(1000);
    Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
}
