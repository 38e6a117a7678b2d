//! Hindrances to recording while questions are answered: a full disk, no descriptors, a clock that is wrong.
//!
//! The server looks for them every second, not only when an append meets one, so that a log line, a readiness probe and a
//! metric tell of it before and after. Looking asks the disk, which may take long, so it is done on a thread that may wait;
//! the result is kept for those that may not.

use crate::write::clock_guard::{ClockFault, between};
use crate::write::clock_mark::ClockMark;
use crate::write::recorder::Recorder;
use detente_domain::position::RecordedAt;
use detente_journal::{FreeSpace, Obstacle, Refusal, Room};
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Interval after which the mark of the clock is renewed.
const MARK_EVERY: Duration = Duration::from_secs(3600);

/// A hindrance to recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// It was opened read-only.
    ReadOnly,
    /// The clock is not believed.
    Clock(ClockFault),
    /// The disk is full but for its reserve.
    DiskFull(FreeSpace),
    /// The system refuses something else.
    Refused(String),
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("this server is read-only"),
            Self::Clock(fault) => fault.fmt(f),
            Self::DiskFull(FreeSpace { available, reserve }) => {
                write!(f, "the disk is full: {available} bytes are free, of which {reserve} are kept free")
            }
            Self::Refused(what) => f.write_str(what),
        }
    }
}

impl Hindrance {
    /// Its sort, as a word: of one sort only the numbers change.
    #[must_use]
    pub const fn sort(&self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Clock(_) => "clock",
            Self::DiskFull(_) => "disk",
            Self::Refused(_) => "system",
        }
    }
}

/// Result of the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Free space of the disk.
    pub space: Option<FreeSpace>,
    /// The hindrance to recording, if there is one.
    pub hindrance: Option<Hindrance>,
}

/// State that a look needs.
pub(crate) struct Surroundings {
    room: Arc<dyn Room>,
    read_only: bool,
    mark: Option<ClockMark>,
    marked: Mutex<Option<RecordedAt>>,
    /// Set if an append was recorded by the clock, now or before.
    by_clock: AtomicBool,
    seen: Mutex<Outlook>,
}

impl Surroundings {
    /// Those of a ledger with this room, and a mark of its clock if it has a directory to write.
    pub(crate) fn of(room: Arc<dyn Room>, mark: Option<ClockMark>) -> Self {
        let marked = mark.as_ref().and_then(ClockMark::read);
        let by_clock = AtomicBool::new(marked.is_some());
        let read_only = matches!(room.refusal(), Some(Refusal::ReadOnly));
        Self { room, read_only, mark, marked: Mutex::new(None), by_clock, seen: Mutex::default() }
    }

    /// Last sighting of the clock, by its mark.
    pub(crate) fn mark(&self) -> Option<RecordedAt> {
        self.mark.as_ref().and_then(ClockMark::read)
    }

    /// Notes that an append was recorded by the clock.
    pub(crate) fn recorded_by_clock(&self) {
        self.by_clock.store(true, Ordering::Relaxed);
    }

    fn renew_mark(&self, now: RecordedAt, at_once: bool) {
        let Some(mark) = &self.mark else { return };
        let mut marked = self.marked.lock();
        let is_due = at_once || marked.is_none_or(|last| between(last, now) >= MARK_EVERY);
        if !is_due || !self.by_clock.load(Ordering::Relaxed) {
            return;
        }
        *marked = Some(now);
        if let Err(error) = mark.write(now) {
            tracing::warn!(%error, "when the clock was last seen could not be noted");
        }
    }
}

impl Recorder {
    /// Looks at the disk and the clock. May wait for the disk.
    pub(crate) fn look_around(&self) -> Outlook {
        let last = self.record.head().recorded_at.unwrap_or(RecordedAt::MIN);
        let clock = self.clock_guard.now(&*self.record.clock, last);
        let refusal = self.surroundings.room.refusal();
        if let (Ok(now), None) = (clock, &refusal) {
            self.surroundings.renew_mark(now, false);
        }
        let hindrance = match (refusal, clock) {
            (Some(Refusal::ReadOnly), _) => Some(Hindrance::ReadOnly),
            (_, Err(fault)) => Some(Hindrance::Clock(fault)),
            (Some(Refusal::DiskFull { available, reserve, .. }), _) => {
                Some(Hindrance::DiskFull(FreeSpace { available, reserve }))
            }
            (Some(refusal), _) => Some(Hindrance::Refused(with_advice(&refusal))),
            (None, Ok(_)) => None,
        };
        let outlook = Outlook { space: self.surroundings.room.space(), hindrance };
        self.surroundings.seen.lock().clone_from(&outlook);
        outlook
    }

    /// Result of the last look.
    pub(crate) fn outlook(&self) -> Outlook {
        self.surroundings.seen.lock().clone()
    }

    /// Returns true if the ledger was opened for questions only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.surroundings.read_only
    }

    /// Distance of the clock behind the last record.
    pub(crate) fn clock_behind(&self) -> Duration {
        between(self.record.clock.now(), self.record.head().recorded_at.unwrap_or(RecordedAt::MIN))
    }

    /// The reason the clock is not believed, if it is not.
    pub(crate) fn clock_fault(&self) -> Option<ClockFault> {
        let last = self.record.head().recorded_at.unwrap_or(RecordedAt::MIN);
        self.clock_guard.now(&*self.record.clock, last).err()
    }

    /// Notes when the clock was last seen, for the next start.
    pub(crate) fn note_clock(&self) {
        let last = self.record.head().recorded_at.unwrap_or(RecordedAt::MIN);
        if let Ok(now) = self.clock_guard.now(&*self.record.clock, last) {
            self.surroundings.renew_mark(now, true);
        }
    }
}

fn with_advice(refusal: &Refusal) -> String {
    let advice = refusal.obstacle().map(Obstacle::advice);
    advice.map_or_else(|| refusal.to_string(), |advice| format!("{refusal}; {advice}"))
}
