//! Time in slots, and what is counted by them: a call costs a few additions and no look at a clock.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

/// The number of slots.
pub(super) const SLOTS: usize = 256;
/// Number of slots in the time that a reply may be left unread, at most: fewer than there are.
const UNREAD_SLOTS: u32 = 200;
/// Number of slots in a time that is kept, at least.
const FINE: u32 = 8;
/// Longest slot.
const LONGEST: Duration = Duration::from_secs(4);

/// The slot of no time.
pub(super) const NONE: u64 = u64::MAX;

/// The current slot, and the length of each.
#[derive(Debug)]
pub(super) struct SlotClock {
    now: AtomicU64,
    pub(super) length: Duration,
}

impl SlotClock {
    /// A clock for two times that are to be kept, the longer of which is `unread`.
    pub(super) fn new(unread: Duration, stalled: Duration) -> Self {
        let fine = LONGEST.min(unread / FINE).min(stalled / FINE);
        Self { now: AtomicU64::new(0), length: fine.max(unread / UNREAD_SLOTS).max(Duration::from_millis(1)) }
    }

    /// The current slot.
    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Goes on to the next slot, and returns it.
    pub(super) fn advance(&self) -> u64 {
        self.now.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of whole slots in a time.
    pub(super) fn count(&self, time: Duration) -> u64 {
        u64::try_from(time.as_nanos() / self.length.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// The slot that begins when a time from now has passed, and one slot more; none if it is too far ahead to be counted.
    pub(super) fn after(&self, time: Duration) -> Option<u64> {
        const BEYOND: u64 = 3;
        let ahead = self.count(time).saturating_add(BEYOND);
        (ahead < SLOTS as u64).then(|| self.now() + ahead)
    }
}

/// Numbers by slot.
#[derive(Debug)]
pub(super) struct SlotCounts([AtomicU16; SLOTS]);

impl Default for SlotCounts {
    fn default() -> Self {
        Self([const { AtomicU16::new(0) }; SLOTS])
    }
}

impl SlotCounts {
    fn of(&self, slot: u64) -> Option<&AtomicU16> {
        self.0.get(usize::try_from(slot).unwrap_or(0) % SLOTS)
    }

    /// Counts one more in a slot.
    pub(super) fn add(&self, slot: u64) {
        self.of(slot).map(|count| count.fetch_add(1, Ordering::Relaxed));
    }

    /// Counts one less in a slot.
    pub(super) fn remove(&self, slot: u64) {
        self.of(slot).map(|count| count.fetch_sub(1, Ordering::Relaxed));
    }

    /// Returns true if something is counted in one of these slots.
    pub(super) fn any(&self, mut slots: RangeInclusive<u64>) -> bool {
        slots.any(|slot| self.of(slot).is_some_and(|count| count.load(Ordering::Relaxed) > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_as_short_as_the_shorter_time_needs_and_the_longer_one_fits() {
        let length = |unread: u64, stalled: u64| {
            SlotClock::new(Duration::from_millis(unread), Duration::from_millis(stalled)).length.as_millis()
        };
        assert_eq!([length(600_000, 60_000), length(400, 60_000), length(600_000, 8)], [4000, 50, 3000]);
    }

    #[test]
    fn a_time_ends_with_a_slot_behind_it() {
        let clock = SlotClock::new(Duration::from_secs(600), Duration::from_secs(60));
        assert_eq!((0..5).map(|_| clock.advance()).last(), Some(5));
        assert_eq!(clock.after(Duration::from_secs(1)), Some(8), "one that has begun, one for it, one behind it");
        assert_eq!(clock.after(Duration::from_secs(9)), Some(10));
        assert_eq!(clock.after(Duration::from_secs(3600)), None);
    }
}
