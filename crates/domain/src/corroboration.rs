//! The support for a claim: the claims that say the same, their reports, and the independent origins of these.
//!
//! ```text
//!   claim A   cites  daily ----derives_from----> agency --+
//!   claim B   cites  site  ----derives_from----> agency --+--> ministry      three reports, one origin
//!   claim C   cites  agency -------------------------------+
//! ```
//!
//! A report is a source that is cited; an **origin** is a source at the root of `derives_from` ([`super::origins`]). Many
//! reports that draw on one origin are one voice said often.
//!
//! Counts, never a score: how much a report weighs is for the reader to say.

use super::origins::origins;
use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// The most claims on one side that are counted.
pub const MOST_ON_A_SIDE: usize = 1000;

/// The contribution of one claim to its side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// The sources that it cites, withdrawn ones aside.
    pub reports: BTreeSet<String>,
    /// The outermost voice of its attribution.
    pub voice: Option<String>,
}

/// The support of one side, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backing {
    /// The number of claims.
    pub claims: usize,
    /// The number of different sources.
    pub reports: usize,
    /// The sources at the root.
    pub origins: BTreeSet<String>,
    /// The number of different outermost voices.
    pub voices: usize,
}

impl Backing {
    /// Counts the support of some claims; `derives_from` gives the sources that a source draws on.
    pub fn of(testimonies: &[Testimony], derives_from: impl FnMut(&str) -> Vec<String>) -> Self {
        let reports: BTreeSet<&String> = testimonies.iter().flat_map(|testimony| &testimony.reports).collect();
        let voices: BTreeSet<&String> = testimonies.iter().filter_map(|testimony| testimony.voice.as_ref()).collect();
        Self {
            claims: testimonies.len(),
            reports: reports.len(),
            origins: origins(reports.into_iter().map(String::as_str), derives_from),
            voices: voices.len(),
        }
    }
}

/// All that can be reached from `start` by `neighbours` without stepping on what is against it; `start` first, those that
/// are nearer before those that are farther, at most [`MOST_ON_A_SIDE`].
pub fn same_side<C: Copy + Eq + Hash, N: AsRef<[C]>, E>(
    start: C,
    against: &[C],
    mut neighbours: impl FnMut(C) -> Result<N, E>,
) -> Result<Vec<C>, E> {
    let mut met: HashSet<C> = against.iter().copied().chain([start]).collect();
    let mut side = vec![start];
    let mut next = 0;
    while let Some(at) = side.get(next).copied().filter(|_| side.len() < MOST_ON_A_SIDE) {
        next += 1;
        let unmet = MOST_ON_A_SIDE - side.len();
        side.extend(neighbours(at)?.as_ref().iter().filter(|neighbour| met.insert(**neighbour)).take(unmet));
    }
    Ok(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources that draw on others, as `daily > agency`.
    fn draws(on: &'static [(&str, &str)]) -> impl FnMut(&str) -> Vec<String> {
        move |id| on.iter().filter(|(from, _)| *from == id).map(|(_, to)| (*to).to_owned()).collect()
    }

    #[test]
    fn a_side_is_what_is_reached_without_stepping_on_what_is_against_it() {
        let links = [(1, 2), (2, 3), (1, 4), (4, 5), (9, 8)];
        let neighbours = |at: u32| {
            let near = links.iter().filter(|(a, b)| *a == at || *b == at).map(|(a, b)| if *a == at { *b } else { *a });
            Ok::<_, ()>(near.collect::<Vec<_>>())
        };
        assert_eq!(same_side(1, &[], neighbours), Ok(vec![1, 2, 4, 3, 5]));
        assert_eq!(same_side(5, &[1], neighbours), Ok(vec![5, 4]));
        assert_eq!(same_side(7, &[], neighbours), Ok(vec![7]));
        let endless = |at: usize| Ok::<_, ()>(vec![at + 1]);
        assert_eq!(same_side(0, &[], endless).unwrap().len(), MOST_ON_A_SIDE);
    }

    #[test]
    fn what_two_claims_have_in_common_counts_once() {
        let testimony = |reports: &[&str], voice: &str| Testimony {
            reports: reports.iter().map(ToString::to_string).collect(),
            voice: Some(voice.to_owned()).filter(|voice| !voice.is_empty()),
        };
        let testimonies = [testimony(&["daily", "radio"], "DOC"), testimony(&["daily"], "DOC"), testimony(&[], "")];
        let backing = Backing::of(&testimonies, draws(&[("daily", "radio")]));
        let origins = BTreeSet::from(["radio".to_owned()]);
        assert_eq!(backing, Backing { claims: 3, reports: 2, origins, voices: 1 });
    }
}
