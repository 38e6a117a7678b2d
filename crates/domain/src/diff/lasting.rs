//! The steps of a way that have a lasting effect.
//!
//! A value takes a way through the events. If it comes back to a value that it had, the steps in between were undone. With
//! all such loops cut out, the way that is left has every value once and leads from the first to the last:
//!
//! ```text
//!   A -1-> B -2-> A -3-> C -4-> D -5-> C        the loops  A..A  and  C..C  are cut out
//!                 A -3-> C                      step 3 has a lasting effect
//! ```
//!
//! It is the loop erasure of a walk (Lawler 1980), here by jumping from every value to the last place where it stands. These
//! places are noted first, so a way costs its length, however many values it has.

use std::collections::HashMap;
use std::hash::Hash;

/// The steps that are left, each as the place it leads to. None if the way ends where it began.
pub fn lasting<T: Eq + Hash>(way: &[T]) -> Vec<usize> {
    let last: HashMap<&T, usize> = way.iter().zip(0..).collect();
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(value) = way.get(at) {
        at = last.get(value).map_or(at, |last| *last) + 1;
        if at < way.len() {
            steps.push(at);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, as it is defined: go along, and whenever a value comes back, forget the loop.
    fn naive(way: &[u8]) -> Vec<usize> {
        let mut left: Vec<(u8, usize)> = Vec::new();
        for (place, value) in way.iter().enumerate() {
            match left.iter().position(|(seen, _)| seen == value) {
                Some(seen) => left.truncate(seen + 1),
                None => left.push((*value, place)),
            }
        }
        left.into_iter().skip(1).map(|(_, place)| place).collect()
    }

    #[test]
    fn a_way_there_and_back_leaves_nothing() {
        assert_eq!(lasting(b"ABA"), [0; 0]);
        assert_eq!(lasting(b"A"), [0; 0]);
        assert_eq!(lasting(b""), [0; 0]);
        assert_eq!(lasting(b"ABACDC"), [3]);
        assert_eq!(lasting(b"ABBC"), [1, 3]);
    }

    proptest! {
        #[test]
        fn the_jumps_leave_what_forgetting_loops_leaves(way in prop::collection::vec(0_u8..5, 0..14)) {
            let jumps = lasting(&way);
            prop_assert_eq!(&jumps, &naive(&way));
            prop_assert_eq!(jumps.is_empty(), way.first() == way.last());
        }
    }
}
