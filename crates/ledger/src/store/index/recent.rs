//! Terms that were looked up recently, with their keys.
//!
//! The kind, the parties and most words of a claim are those of the claims before it. The dictionary finds a term by way of
//! four places in memory, each of them far from the last; here it is found in one of a few that are always near.

use super::numbers::Term;

/// The number of places, a power of two: 112 KiB.
const PLACES: usize = 4096;
/// Longest key that is kept, in bytes.
const LONGEST: usize = 18;

/// Terms by a part of their hash; a later one takes the place of an earlier one. A copy knows none.
#[derive(Default)]
pub(super) struct RecentTerms(Vec<TermPlace>);

#[derive(Clone, Copy)]
struct TermPlace {
    term: Term,
    kind: u8,
    /// Bytes of the key; more than [`LONGEST`] where there is no term.
    length: u8,
    key: [u8; LONGEST],
}

const FREE: TermPlace = TermPlace { term: Term::MAX, kind: 0, length: u8::MAX, key: [0; LONGEST] };

impl Clone for RecentTerms {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl RecentTerms {
    /// The number of a facet, if it is still known.
    pub(super) fn find(&self, hash: u64, kind: u8, key: &[u8]) -> Option<Term> {
        let place = self.0.get(place_of(hash))?;
        let is_it = place.kind == kind && place.key.get(..usize::from(place.length)) == Some(key);
        is_it.then_some(place.term)
    }

    /// Remembers the number of a facet.
    pub(super) fn keep(&mut self, hash: u64, kind: u8, key: &[u8], term: Term) {
        if key.len() > LONGEST {
            return;
        }
        if self.0.is_empty() {
            self.0.resize(PLACES, FREE);
        }
        if let Some(place) = self.0.get_mut(place_of(hash)) {
            let length = u8::try_from(key.len()).unwrap_or(u8::MAX);
            *place = TermPlace { term, kind, length, key: [0; LONGEST] };
            place.key.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
    }
}

fn place_of(hash: u64) -> usize {
    usize::try_from(hash % PLACES as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_kind_and_key_are_found_and_only_the_last_of_a_place() {
        let mut recent = RecentTerms::default();
        assert_eq!(recent.find(7, 1, b""), None);
        recent.keep(7, 1, b"treaty", Term::new(3));
        assert_eq!(recent.find(7, 1, b"treaty"), Some(Term::new(3)));
        assert_eq!(
            [recent.find(7, 2, b"treaty"), recent.find(7, 1, b"treat"), recent.find(8, 1, b"treaty")],
            [None; 3]
        );
        recent.keep(7 + PLACES as u64, 1, b"", Term::new(4));
        assert_eq!((recent.find(7, 1, b"treaty"), recent.find(7, 1, b"")), (None, Some(Term::new(4))));
    }

    #[test]
    fn the_longest_key_is_kept_and_a_longer_one_is_not() {
        let mut recent = RecentTerms::default();
        recent.keep(1, 1, &[b'x'; LONGEST], Term::new(5));
        recent.keep(2, 1, &[b'x'; LONGEST + 1], Term::new(6));
        assert_eq!(recent.find(1, 1, &[b'x'; LONGEST]), Some(Term::new(5)));
        assert_eq!(recent.find(2, 1, &[b'x'; LONGEST + 1]), None);
        assert_eq!(recent.clone().find(1, 1, &[b'x'; LONGEST]), None, "a copy begins with none");
    }
}
