//! A scale: what a code or value counts for. The Goldstein scale of CAMEO is such a table.
//!
//! An entry that ends in `*` stands for all that begin so. Code schemes are trees written as prefixes (`05` diplomatic
//! cooperation, `057` sign a formal agreement), so the longest match says the most, and the whole code more than any
//! beginning of it.

use std::collections::HashMap;

/// A table of scores.
#[derive(Clone, Debug, Default)]
pub struct Scale {
    whole: HashMap<Box<str>, f64>,
    beginnings: HashMap<Box<str>, f64>,
}

impl Scale {
    /// Makes a scale of entries; of two with one value, the last counts.
    pub fn new<'e>(entries: impl IntoIterator<Item = (&'e str, f64)>) -> Self {
        let mut scale = Self::default();
        for (value, score) in entries {
            match value.strip_suffix('*') {
                Some(beginning) => scale.beginnings.insert(beginning.into(), score),
                None => scale.whole.insert(value.into(), score),
            };
        }
        scale
    }

    /// Returns true if it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.beginnings.is_empty()
    }

    /// The score of a value, if it is in the table.
    #[must_use]
    pub fn score(&self, value: &str) -> Option<f64> {
        let mut lengths = (0..=value.len()).rev();
        let by_beginning = || lengths.find_map(|length| self.beginnings.get(value.get(..length)?));
        self.whole.get(value).or_else(by_beginning).copied()
    }

    /// The mean of what several values count for; those that are not in the table aside.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a claim has few codes")]
    pub fn mean<'v>(&self, values: impl IntoIterator<Item = &'v str>) -> Option<f64> {
        let scores: Vec<f64> = values.into_iter().filter_map(|value| self.score(value)).collect();
        let count = scores.len() as f64;
        (!scores.is_empty()).then(|| scores.iter().map(|score| score / count).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goldstein() -> Scale {
        Scale::new([("05*", 3.5), ("057", 8.0), ("19*", -10.0), ("19", -9.0), ("é*", 1.0)])
    }

    #[test]
    fn the_longest_match_counts_and_a_whole_code_more_than_a_beginning() {
        let scores = ["057", "0571", "05", "19", "190", "éa", "20", ""].map(|code| goldstein().score(code));
        let expected = [Some(8.0), Some(3.5), Some(3.5), Some(-9.0), Some(-10.0), Some(1.0), None, None];
        assert_eq!(scores, expected);
        assert_eq!(Scale::new([("*", 1.0), ("0*", 2.0)]).score("05"), Some(2.0));
        assert_eq!(Scale::new([("*", 1.0)]).score(""), Some(1.0));
    }

    #[test]
    fn several_codes_count_as_the_mean_of_those_that_have_a_score() {
        assert_eq!(goldstein().mean(["057", "19", "20"]), Some(-0.5));
        assert_eq!(goldstein().mean(["20"]), None);
        assert_eq!(goldstein().mean([]), None);
    }

    #[test]
    fn a_mean_of_the_greatest_scores_does_not_overflow() {
        assert_eq!(Scale::new([("a", f64::MAX), ("b", f64::MAX)]).mean(["a", "b"]), Some(f64::MAX));
    }
}
