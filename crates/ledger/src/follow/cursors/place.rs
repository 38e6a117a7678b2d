//! One cursor: its kept state, the last position delivered in this run, and its holder.

use super::error::CursorError;
use super::{Cursor, NewCursor};
use crate::follow::feed::Beginning;
use detente_domain::name::CursorId;
use detente_domain::position::{Position, RecordedAt};
use detente_proto::v1;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The state of a cursor that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CursorState {
    pub(super) id: CursorId,
    pub(super) acknowledged: Position,
    pub(super) start: Beginning,
    pub(super) filter: Option<v1::Filter>,
    pub(super) updated_at: RecordedAt,
}

/// The holder of a cursor: the n-th subscription to take it, or none ever again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Nth(u64),
    Deleted,
}

/// A cursor.
pub(super) struct CursorPlace {
    /// Held while it is written, so that a later acknowledgement is written later.
    kept: Mutex<CursorState>,
    /// Not under the lock, since a delivery must not wait for a disk.
    delivered: AtomicU64,
    /// Last use in this run.
    touched: Mutex<Instant>,
    pub(super) holder: watch::Sender<Holder>,
}

impl CursorPlace {
    pub(super) fn new(kept: CursorState) -> Self {
        let delivered = AtomicU64::new(kept.acknowledged.0);
        let touched = Mutex::new(Instant::now());
        Self { kept: Mutex::new(kept), delivered, touched, holder: watch::Sender::new(Holder::Nth(0)) }
    }

    /// Notes that it is in use.
    pub(super) fn touch(&self) {
        *self.touched.lock() = Instant::now();
    }

    /// The time since its last use; none while a subscription holds it.
    pub(super) fn idle(&self) -> Option<Duration> {
        (self.holder.receiver_count() == 0).then(|| self.touched.lock().elapsed())
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor_of(&self.kept.lock())
    }

    fn cursor_of(&self, kept: &CursorState) -> Cursor {
        Cursor {
            id: kept.id.clone(),
            acknowledged: kept.acknowledged,
            delivered: self.delivered_position(),
            filter: kept.filter.clone(),
            updated_at: kept.updated_at,
            damaged: false,
        }
    }

    fn delivered_position(&self) -> Position {
        Position(self.delivered.load(Ordering::Acquire))
    }

    /// Notes that everything up to a position has been handed out.
    pub(super) fn deliver(&self, to: Position) {
        self.delivered.fetch_max(to.0, Ordering::AcqRel);
    }

    /// The cursor, if it has the same start and filter.
    pub(super) fn if_asked_alike(&self, new: &NewCursor) -> Result<Cursor, CursorError> {
        let kept = self.kept.lock();
        self.touch();
        if kept.start == new.start && kept.filter == new.filter {
            return Ok(self.cursor_of(&kept));
        }
        Err(CursorError::Exists(new.id.clone()))
    }

    pub(super) fn acknowledge(
        &self,
        to: Position,
        now: RecordedAt,
        keep: impl FnOnce(&CursorState) -> Result<(), CursorError>,
    ) -> Result<Cursor, CursorError> {
        let mut kept = self.kept.lock();
        self.touch();
        if *self.holder.borrow() == Holder::Deleted {
            return Err(CursorError::NotFound(kept.id.clone()));
        }
        if to <= kept.acknowledged {
            return Ok(self.cursor_of(&kept));
        }
        let delivered = self.delivered_position();
        if to > delivered {
            return Err(CursorError::BeyondDelivered { id: kept.id.clone(), asked: to, delivered });
        }
        let moved = CursorState { acknowledged: to, updated_at: now, ..kept.clone() };
        keep(&moved)?;
        *kept = moved;
        Ok(self.cursor_of(&kept))
    }

    /// Removes it and notifies its holder.
    pub(super) fn delete(&self, remove: impl FnOnce() -> Result<(), CursorError>) -> Result<(), CursorError> {
        let _nothing_is_written = self.kept.lock();
        remove()?;
        self.holder.send_replace(Holder::Deleted);
        Ok(())
    }
}
