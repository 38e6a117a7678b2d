//! The fence: what a frame says of who may write after it, and from which recorded time on.

use detente_domain::position::RecordedAt;

/// The conditions on every later frame. Neither part ever goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Fence {
    /// The number of times that the right to write has passed to another node; 0 where one process has been the writer.
    pub epoch: u32,
    /// The instant at or before which nothing is recorded any more.
    pub floor: RecordedAt,
}

impl Fence {
    /// The fence of an empty history.
    pub const OPEN: Self = Self { epoch: 0, floor: RecordedAt::MIN };

    /// The fence with a floor that is no lower than this instant.
    #[must_use]
    pub fn raised_to(self, floor: RecordedAt) -> Self {
        Self { floor: self.floor.max(floor), ..self }
    }

    /// Returns true if a frame with this fence may follow one with another: neither part is lower.
    #[must_use]
    pub fn may_follow(&self, before: &Self) -> bool {
        self.epoch >= before.epoch && self.floor >= before.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_part_of_a_fence_goes_back() {
        let fence = |epoch, floor| Fence { epoch, floor: RecordedAt(floor) };
        assert!(fence(1, 5).may_follow(&fence(1, 5)) && fence(2, 6).may_follow(&fence(1, 5)));
        assert!(!fence(0, 9).may_follow(&fence(1, 5)) && !fence(2, 4).may_follow(&fence(1, 5)));
        assert_eq!(fence(1, 5).raised_to(RecordedAt(3)), fence(1, 5));
        assert_eq!(fence(1, 5).raised_to(RecordedAt(7)), fence(1, 7));
    }
}
