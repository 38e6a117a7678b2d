//! The time since a write to the journal began: a disk that does not answer is noticed while it does not, not after.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The write that is under way, if one is.
#[derive(Debug)]
pub(crate) struct WriteTimer {
    start: Instant,
    /// Microseconds since `start`, and one more; 0 where nothing is written.
    since: AtomicU64,
}

impl Default for WriteTimer {
    fn default() -> Self {
        Self { start: Instant::now(), since: AtomicU64::new(0) }
    }
}

impl WriteTimer {
    /// Runs a write, while other threads may ask for its duration.
    pub(crate) fn under_way<T>(&self, write: impl FnOnce() -> T) -> T {
        self.since.store(self.micros().saturating_add(1), Ordering::Relaxed);
        let written = write();
        self.since.store(0, Ordering::Relaxed);
        written
    }

    /// The duration of the write that is under way, if one is.
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        let since = self.since.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_micros(self.micros().saturating_sub(since)))
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_under_way_takes_time() {
        let writing = WriteTimer::default();
        assert_eq!(writing.elapsed(), None);
        let during = writing.under_way(|| {
            std::thread::sleep(Duration::from_millis(5));
            writing.elapsed()
        });
        assert!(during >= Some(Duration::from_millis(5)), "{during:?}");
        assert_eq!(writing.elapsed(), None);
    }
}
