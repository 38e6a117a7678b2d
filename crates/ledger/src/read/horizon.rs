//! The horizon: an instant up to which nothing more will be recorded, so that what is known up to it is known for good.
//!
//! ```text
//!    writer:   stamp R1   take in   fsync   publish          stamp R2 > floor
//!    ──────────────|──────────────────────────|───────────────────|──────────> recorded time
//!    watcher:            raise the floor to now ... wait for R1 to be published: settled up to now
//! ```
//!
//! A recorded time is chosen long before the append is visible. A reader that wants to say "by noon nothing was known of
//! it" must therefore do two things: keep later appends from being stamped with noon or before (raise the **floor**), and
//! wait for those that have been stamped already. Raising the floor costs the writer nothing: the clock has passed it
//! anyway.
//!
//! Invariant: once [`RecordReader::settle_now`] has returned, no append becomes visible whose recorded time is at or before
//! it. If the journal fails, stamped appends are neither published nor forgotten, and nothing settles any more.

use crate::read::reader::RecordReader;
use crate::store::AppendNo;
use detente_domain::position::RecordedAt;
use parking_lot::Mutex;

/// The stamps given, and the floor below which none is given any more. Shared by the writer and those who wait for an
/// instant.
pub(crate) struct Horizon(Mutex<HorizonState>);

struct HorizonState {
    /// No append is stamped with this instant or one before it any more.
    floor: RecordedAt,
    /// The last recorded time given.
    last: RecordedAt,
    /// The number of the last append that was stamped.
    stamped: AppendNo,
}

/// The stamp of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AppendStamp {
    /// Its recorded time.
    pub(crate) at: RecordedAt,
    /// The floor as it was then, which is before that.
    pub(crate) floor: RecordedAt,
}

/// The record up to an instant, complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledRecord {
    /// The instant, by the ledger's clock.
    pub now: RecordedAt,
    /// The number of appends that were recorded up to it.
    pub(crate) appends: AppendNo,
}

impl Horizon {
    /// The horizon of a record whose last append has this recorded time and states this floor.
    pub(crate) const fn new(last: RecordedAt, floor: RecordedAt) -> Self {
        Self(Mutex::new(HorizonState { floor, last, stamped: AppendNo::NONE }))
    }

    /// Stamps the append with this number: `choose` gets the floor and returns a later recorded time, or none.
    pub(crate) fn stamp(
        &self,
        append: AppendNo,
        choose: impl FnOnce(RecordedAt) -> Option<RecordedAt>,
    ) -> Option<AppendStamp> {
        let mut state = self.0.lock();
        let stamp = AppendStamp { at: choose(state.floor)?, floor: state.floor };
        (state.last, state.stamped) = (stamp.at, append);
        Some(stamp)
    }

    /// Raises the floor to an instant, or to the last recorded time if that is later. Returns that instant, and the
    /// number of the append that was stamped last.
    fn raise(&self, now: RecordedAt) -> (RecordedAt, AppendNo) {
        let mut state = self.0.lock();
        let now = now.max(state.last);
        state.floor = state.floor.max(now);
        (now, state.stamped)
    }

    fn last_stamped(&self) -> AppendNo {
        self.0.lock().stamped
    }
}

impl RecordReader {
    /// Waits until everything that was recorded by now is visible, and sees to it that nothing is recorded at or before
    /// now any more.
    pub(crate) async fn settle_now(&self) -> SettledRecord {
        let mut changes = self.published_changes();
        let (now, stamped) = self.horizon.raise(self.clock.now());
        // An append that was stamped may be refused after all; it does not have to be waited for then.
        while self.last_published() < stamped.min(self.horizon.last_stamped()) && changes.changed().await.is_ok() {}
        let appends = self.store.view().index.appends.known_at(now, self.last_published());
        SettledRecord { now, appends }
    }

    /// Wakes the tasks that wait for the clock, after it has been set by hand.
    pub(crate) fn clock_was_set(&self) {
        self.changes.send_modify(|_| {});
    }

    /// Notes that the append with this number was stamped and then refused.
    pub(crate) fn forget_stamp(&self, append: AppendNo) {
        self.horizon.0.lock().stamped = append.before();
        self.changes.send_modify(|_| {});
    }
}
