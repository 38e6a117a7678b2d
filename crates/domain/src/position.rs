//! The two coordinates of the record itself: where an event stands in the log, and when the ledger learned it.
//!
//! A [`Position`] orders everything; a [`RecordedAt`] is what people ask with. Both only ever grow, so a prefix of the
//! log is named equally well by either, and `known_at` is always resolved to a position before anything is computed.

use std::fmt;

/// The place of an event in the whole log: dense, from 1. [`Position::START`] (0) is the place before the first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event: the cut at which nothing is known.
    pub const START: Self = Self(0);

    /// The position right after this one. Saturates; a log of 2^64 events is out of reach.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The position right before this one; [`Position::START`] has none and is returned itself.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The position `n` places later. Saturates.
    #[must_use]
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The time at which the ledger recorded something: microseconds since 1970-01-01T00:00:00Z. Set by the ledger, one value
/// per append, later than that of the append before (equal only in a backfill).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordedAt(pub i64);

impl RecordedAt {
    /// Before any append.
    pub const MIN: Self = Self(i64::MIN);

    /// The next representable recorded time, one microsecond later. Saturates.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
