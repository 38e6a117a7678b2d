//! The admission of blocks to memory: a block is taken in when it is asked for again, not when it is asked for once.
//!
//! A question for a relationship touches a block for each of its claims. In a log that memory cannot hold, most of them are
//! not asked for again before they would have to go, and each would push out one that is.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of blocks that are remembered.
const REMEMBERED: usize = 1 << 14;

/// The blocks that were asked for lately and not taken in.
pub(super) struct Admission(Box<[AtomicUsize]>);

impl Default for Admission {
    fn default() -> Self {
        Self((0..REMEMBERED).map(|_| AtomicUsize::new(usize::MAX)).collect())
    }
}

impl Admission {
    /// Returns true if a block was asked for before, and remembers that it is asked for now.
    pub(super) fn admits(&self, number: usize) -> bool {
        // Consecutive blocks lie apart, so that a question of neighbours does not take the place of all others.
        let place = number.wrapping_mul(0x9E37_79B9) % REMEMBERED;
        self.0.get(place).is_some_and(|asked| asked.swap(number, Ordering::Relaxed) == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_admitted_when_it_is_asked_for_again() {
        let admission = Admission::default();
        assert!(!admission.admits(7) && !admission.admits(8));
        assert!(admission.admits(7) && admission.admits(8));
    }

    #[test]
    fn a_block_that_was_asked_for_long_ago_is_asked_for_once_more() {
        let admission = Admission::default();
        admission.admits(7);
        (100..100 + 4 * REMEMBERED).for_each(|number| assert!(!admission.admits(number)));
        assert!(!admission.admits(7));
    }
}
