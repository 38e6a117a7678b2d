//! Precedence among authorities in a given order: the higher one's claim counts, and only where they contradict.
//!
//! A claim gives way to one of a higher authority that contradicts it, if that one counts itself and is at least as sure
//! at the asked date. So
//!
//! * a claim that gave way makes no other give way;
//! * two claims of one authority stand side by side, whatever they say;
//! * what is only possible never hides what is definite: where nobody knows whether the higher authority's claim held
//!   on that day, the lower one's still stands.

use super::certainty::Certainty;

/// A claim with the authority behind it.
#[derive(Clone, Copy, Debug)]
pub struct RankedClaim {
    /// The rank of the authority that says it; 0 is the highest.
    pub rank: usize,
    /// The certainty at the asked date.
    pub certainty: Certainty,
}

/// Claims that contradict one another, noted while those that count become known.
pub trait Rivals {
    /// Returns true if a noted claim contradicts the n-th and is at least as sure.
    fn overrule(&mut self, nth: usize) -> bool;

    /// Notes that the n-th counts.
    fn note(&mut self, nth: usize);
}

/// Marks the claims that count: those of the highest authority, then those of each next one that none of these overrules.
pub fn counting(claims: &[RankedClaim], rivals: &mut impl Rivals) -> Vec<bool> {
    let mut counts = vec![true; claims.len()];
    let mut by_rank: Vec<(usize, usize)> = claims.iter().map(|claim| claim.rank).zip(0..).collect();
    by_rank.sort_unstable();
    for same_rank in by_rank.chunk_by(|one, other| one.0 == other.0) {
        let overruled: Vec<usize> = same_rank.iter().map(|(_, nth)| *nth).filter(|nth| rivals.overrule(*nth)).collect();
        for nth in overruled {
            if let Some(counts) = counts.get_mut(nth) {
                *counts = false;
            }
        }
        let standing =
            same_rank.iter().map(|(_, nth)| *nth).filter(|nth| counts.get(*nth).is_some_and(|counts| *counts));
        standing.for_each(|nth| rivals.note(nth));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use Certainty::{Definite, Possible};
    use proptest::prelude::*;

    fn claim_of_rank(rank: usize, certainty: Certainty) -> RankedClaim {
        RankedClaim { rank, certainty }
    }

    /// Pairs that contradict one another.
    struct Pairs<'t> {
        claims: &'t [RankedClaim],
        pairs: &'t [(usize, usize)],
        noted: Vec<usize>,
    }

    impl Rivals for Pairs<'_> {
        fn overrule(&mut self, nth: usize) -> bool {
            let sure = |rival: &usize| self.claims[*rival].certainty <= self.claims[nth].certainty;
            rivals(self.pairs, nth).iter().any(|rival| self.noted.contains(rival) && sure(rival))
        }

        fn note(&mut self, nth: usize) {
            self.noted.push(nth);
        }
    }

    fn rivals(pairs: &[(usize, usize)], nth: usize) -> Vec<usize> {
        let of = |(a, b): &(usize, usize)| [(*a, *b), (*b, *a)];
        pairs.iter().flat_map(of).filter(|(a, _)| *a == nth).map(|(_, b)| b).collect()
    }

    fn counting_among(claims: &[RankedClaim], pairs: &[(usize, usize)]) -> Vec<bool> {
        counting(claims, &mut Pairs { claims, pairs, noted: Vec::new() })
    }

    #[test]
    fn the_higher_authority_counts_where_they_contradict_and_both_where_they_do_not() {
        let claims = [claim_of_rank(1, Definite), claim_of_rank(0, Definite), claim_of_rank(2, Definite)];
        assert_eq!(counting_among(&claims, &[(0, 1)]), [false, true, true]);
        assert_eq!(counting_among(&claims, &[]), [true; 3]);
    }

    #[test]
    fn what_gave_way_makes_no_other_give_way() {
        let claims = [claim_of_rank(2, Definite), claim_of_rank(1, Definite), claim_of_rank(0, Definite)];
        assert_eq!(counting_among(&claims, &[(0, 1), (1, 2)]), [true, false, true]);
    }

    #[test]
    fn what_is_only_possible_does_not_hide_what_is_definite() {
        assert_eq!(counting_among(&[claim_of_rank(0, Possible), claim_of_rank(1, Definite)], &[(0, 1)]), [true, true]);
        assert_eq!(counting_among(&[claim_of_rank(0, Possible), claim_of_rank(1, Possible)], &[(0, 1)]), [true, false]);
        assert_eq!(counting_among(&[claim_of_rank(0, Definite), claim_of_rank(1, Possible)], &[(0, 1)]), [true, false]);
    }

    proptest! {
        #[test]
        fn a_claim_counts_exactly_if_none_that_counts_overrules_it(
            drawn in prop::collection::vec((0_usize..4, any::<bool>()), 1..9),
            pairs in prop::collection::vec((0_usize..9, 0_usize..9), 0..12),
        ) {
            let claims: Vec<RankedClaim> =
                drawn.iter().map(|(rank, sure)| claim_of_rank(*rank, if *sure { Definite } else { Possible })).collect();
            let pairs: Vec<_> = pairs.into_iter().filter(|(a, b)| *a < claims.len() && *b < claims.len()).collect();
            let counts = counting_among(&claims, &pairs);
            for (nth, claim) in claims.iter().enumerate() {
                let overruled = rivals(&pairs, nth).into_iter().any(|rival| {
                    let other = claims[rival];
                    counts[rival] && other.rank < claim.rank && (claim.certainty == Possible || other.certainty == Definite)
                });
                prop_assert_eq!(counts[nth], !overruled);
            }
        }
    }
}
