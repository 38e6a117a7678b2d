//! A cursor in the hands of one subscription, until another takes it or it is deleted.

use super::place::{CursorPlace, Holder};
use crate::follow::feed::EndReason;
use detente_domain::position::Position;
use std::sync::Arc;
use tokio::sync::watch;

impl Drop for HeldCursor {
    fn drop(&mut self) {
        self.place.touch();
    }
}

/// A cursor that is held.
pub(crate) struct HeldCursor {
    place: Arc<CursorPlace>,
    mine: Holder,
    holder: watch::Receiver<Holder>,
}

impl HeldCursor {
    /// Takes a cursor from the subscription that holds it, if one does.
    pub(super) fn take(place: Arc<CursorPlace>) -> Self {
        let mut mine = Holder::Deleted;
        place.holder.send_modify(|holder| {
            if let Holder::Nth(nth) = holder {
                *holder = Holder::Nth(*nth + 1);
            }
            mine = *holder;
        });
        let holder = place.holder.subscribe();
        Self { place, mine, holder }
    }

    /// Notes that everything up to a position is being handed out.
    pub(crate) fn deliver(&self, to: Position) {
        if self.end_reason().is_none() {
            self.place.deliver(to);
        }
    }

    /// The reason why it is held no longer, if so.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        match *self.holder.borrow() {
            Holder::Deleted => Some(EndReason::CursorDeleted),
            now if now != self.mine => Some(EndReason::CursorTakenOver),
            Holder::Nth(_) => None,
        }
    }

    /// Waits until it is held no longer.
    pub(crate) async fn losing(&mut self) -> EndReason {
        loop {
            if let Some(why) = self.end_reason() {
                return why;
            }
            if self.holder.changed().await.is_err() {
                return EndReason::CursorDeleted;
            }
        }
    }
}
