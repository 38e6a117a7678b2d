//! Trust in the clock: a wrong one would write a time into the record that nothing can take out again.
//!
//! ```text
//!              last record         now                       now                    a wrong clock puts this far ahead
//!   ───────────────┴────────────────┴─────────────────────────┴──────────────────────────────────> recorded time
//!      behind: an append gets       │  as far as it may go     │  ahead: refused until somebody says that it is right,
//!      last + 1 us, or refused      └─ expected + limit ───────┘  or it is set back
//! ```
//!
//! At a start, the expected time is the last sighting of a trusted clock: the last append that it recorded, or the mark of
//! [`crate::write::clock_mark`]. Appends imported with their own recorded time say nothing about this clock. While the ledger is
//! open, the expected time is the last reading plus the time that has passed since on the monotonic clock. A clock without
//! a monotonic one ([`crate::clock::Clock::steady`]) is believed.
//!
//! Reasons: `docs/design/clock.md`.

use crate::clock::Clock;
use detente_domain::moment::Moment;
use detente_domain::position::RecordedAt;
use parking_lot::Mutex;
use std::fmt;
use std::time::Duration;

/// Maximum distances of the clock from the expected time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockLimits {
    /// Distance behind the last record. Below it, appends are recorded a microsecond after the last one.
    pub behind: Duration,
    /// Distance ahead of the last reading plus the time passed, while the ledger is open.
    pub jump: Duration,
    /// Distance ahead of the last sighting, at a start.
    pub away: Duration,
}

impl Default for ClockLimits {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3600);
        Self { behind: Duration::from_secs(60), jump: HOUR, away: 30 * 24 * HOUR }
    }
}

/// The reason the clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// It is behind the last record.
    Behind {
        /// Length of the lag.
        by: Duration,
        /// Recorded time of the last append.
        last: RecordedAt,
    },
    /// At a start, it is far ahead of where it was last seen.
    Away {
        /// The reading of the clock.
        now: RecordedAt,
        /// The last sighting.
        seen: RecordedAt,
    },
    /// It jumped ahead while the ledger was open.
    Jumped {
        /// The reading of the clock.
        now: RecordedAt,
        /// Length of the jump.
        by: Duration,
    },
}

impl fmt::Display for ClockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind { by, last } => write!(
                f,
                "the server's clock is {} behind the last record, of {}; set it right (a record of the future cannot be \
                 taken back)",
                length(*by),
                instant(*last)
            ),
            Self::Away { now, seen } => write!(
                f,
                "the server's clock says {}, {} after it was last seen here, at {}; set it right, or start with \
                 --accept-clock if it is",
                instant(*now),
                length(between(*seen, *now)),
                instant(*seen)
            ),
            Self::Jumped { now, by } => write!(
                f,
                "the server's clock jumped ahead by {} to {}; set it right, or start the server anew to accept it",
                length(*by),
                instant(*now)
            ),
        }
    }
}

/// The sighting that the clock is compared with.
#[derive(Clone, Copy, Debug)]
enum Sighting {
    /// Nothing: it is believed as it is.
    Nothing,
    /// The last sighting before a start.
    Before(RecordedAt),
    /// The last reading, with that of the monotonic clock at the same moment.
    Running(RecordedAt, Duration),
}

/// Looks at the clock.
pub(crate) struct ClockGuard {
    limits: ClockLimits,
    seen: Mutex<Sighting>,
}

impl ClockGuard {
    /// A guard of a ledger whose clock was last seen at an instant.
    pub(crate) fn since(limits: ClockLimits, seen: Option<RecordedAt>) -> Self {
        Self { limits, seen: Mutex::new(seen.map_or(Sighting::Nothing, Sighting::Before)) }
    }

    /// Now, if the clock can be believed after a last record.
    pub(crate) fn now(&self, clock: &dyn Clock, last: RecordedAt) -> Result<RecordedAt, ClockFault> {
        let mut seen = self.seen.lock();
        let (now, steady) = (clock.now(), clock.steady());
        let Some(steady) = steady else { return self.not_behind(now, last) };
        let ahead_of = |expected: RecordedAt, limit: Duration| between(expected, now).checked_sub(limit).is_some();
        match *seen {
            Sighting::Before(before) if ahead_of(before, self.limits.away) => {
                return Err(ClockFault::Away { now, seen: before });
            }
            Sighting::Running(before, since) => {
                let passed = micros(steady.saturating_sub(since));
                let expected = RecordedAt(before.0.saturating_add(passed));
                if ahead_of(expected, self.limits.jump) {
                    return Err(ClockFault::Jumped { now, by: between(expected, now) });
                }
            }
            Sighting::Nothing | Sighting::Before(_) => {}
        }
        *seen = Sighting::Running(now, steady);
        drop(seen);
        self.not_behind(now, last)
    }

    fn not_behind(&self, now: RecordedAt, last: RecordedAt) -> Result<RecordedAt, ClockFault> {
        let by = between(now, last);
        if by > self.limits.behind { Err(ClockFault::Behind { by, last }) } else { Ok(now) }
    }
}

/// Distance of the second instant from the first; zero if it is not later.
pub(crate) fn between(earlier: RecordedAt, later: RecordedAt) -> Duration {
    Duration::from_micros(u64::try_from(later.0.saturating_sub(earlier.0)).unwrap_or(0))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn instant(at: RecordedAt) -> String {
    Moment(at.0.div_euclid(1_000_000)).to_string()
}

/// A length of time in its largest unit.
fn length(duration: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "days"), (3600, "hours"), (60, "minutes")];
    let seconds = duration.as_secs();
    let unit = UNITS.into_iter().find(|(size, _)| seconds >= 2 * size);
    unit.map_or_else(|| format!("{seconds} s"), |(size, name)| format!("{} {name}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 86_400 * SECOND;

    fn guard(seen: Option<i64>) -> (ClockGuard, ManualClock) {
        let clock = ManualClock::at(RecordedAt(1000 * DAY));
        clock.set_steady(Duration::from_secs(5));
        (ClockGuard::since(ClockLimits::default(), seen.map(RecordedAt)), clock)
    }

    #[test]
    fn a_clock_a_little_behind_is_believed_and_one_further_behind_is_not() {
        let (guard, clock) = guard(None);
        let at = |behind: i64| guard.now(&clock, RecordedAt(1000 * DAY + behind));
        assert_eq!(at(60 * SECOND), Ok(RecordedAt(1000 * DAY)));
        assert!(matches!(at(61 * SECOND), Err(ClockFault::Behind { by, .. }) if by == Duration::from_secs(61)));
    }

    #[test]
    fn at_a_start_a_clock_is_held_against_where_it_was_last_seen() {
        for (days, believed) in [(29, true), (31, false), (3650, false)] {
            let (guard, clock) = guard(Some((1000 - days) * DAY));
            assert_eq!(guard.now(&clock, RecordedAt(0)).is_ok(), believed, "{days}");
        }
        let (unseen, clock) = guard(None);
        assert!(unseen.now(&clock, RecordedAt(0)).is_ok(), "nothing says where it should be");
        let (guard, clock) = guard(Some(900 * DAY));
        assert!(guard.now(&clock, RecordedAt(0)).is_err());
        clock.set(RecordedAt(901 * DAY));
        assert!(guard.now(&clock, RecordedAt(0)).is_ok(), "it was set right");
    }

    #[test]
    fn a_jump_ahead_is_not_believed_until_the_clock_is_right_again_and_time_that_passed_is() {
        let (guard, clock) = guard(None);
        let at = |seconds: i64, steady: u64| {
            clock.set(RecordedAt(1000 * DAY + seconds * SECOND));
            clock.set_steady(Duration::from_secs(steady));
            guard.now(&clock, RecordedAt(0))
        };
        assert!(at(0, 5).is_ok());
        assert!(at(10 * 86_400, 5 + 10 * 86_400).is_ok(), "ten days passed");
        let jumped = at(13 * 86_400, 6 + 10 * 86_400);
        assert!(matches!(jumped, Err(ClockFault::Jumped { .. })), "{jumped:?}");
        assert!(at(14 * 86_400, 7 + 11 * 86_400).is_err(), "it does not become right by waiting a day");
        assert!(at(11 * 86_400 + 5, 10 + 11 * 86_400).is_ok(), "it was set right");
    }

    #[test]
    fn words_name_the_instant_and_what_to_do() {
        let (guard, clock) = guard(Some(0));
        let words = guard.now(&clock, RecordedAt(0)).unwrap_err().to_string();
        assert!(words.contains("1000 days") && words.contains("--accept-clock"), "{words}");
        assert!(words.contains("1970-01-01T00:00:00Z"), "{words}");
    }
}
