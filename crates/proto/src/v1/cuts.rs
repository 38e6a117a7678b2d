//! Cuts in few words: `Cut::position(7)`.

use super::{Cut, cut::At};
use prost_types::Timestamp;

impl Cut {
    /// Everything recorded at or before an instant.
    #[must_use]
    pub const fn known_at(instant: Timestamp) -> Self {
        Self { at: Some(At::KnownAt(instant)) }
    }

    /// Everything up to a position, which must be the last of an append.
    #[must_use]
    pub const fn position(position: u64) -> Self {
        Self { at: Some(At::Position(position)) }
    }

    /// Exactly what an earlier answer was computed from.
    #[must_use]
    pub fn basis(basis: impl Into<String>) -> Self {
        Self { at: Some(At::Basis(basis.into())) }
    }

    /// Returns true for a cut that says no place: the head.
    #[must_use]
    pub const fn is_head(&self) -> bool {
        self.at.is_none()
    }
}
