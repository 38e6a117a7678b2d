//! A relationship: a set of two or more parties, named by their sorted ids joined by `-` (`AZE-RUS`).
//!
//! It is an index over claims, not a container: a claim says which relationships it bears on, and that is never derived
//! from its parties.

use super::name::check_party_id;
use std::fmt;

/// The canonical id of a relationship.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationshipId(Box<str>);

impl RelationshipId {
    /// Reads `AZE-RUS` or `RUS-AZE`; both are `AZE-RUS`.
    ///
    /// # Errors
    /// The expected shape, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "two or more different party ids joined by `-`, for example `AZE-RUS`";
        let mut ids: Vec<&str> = text.split('-').collect();
        if ids.len() < 2 || ids.len() > 64 || ids.iter().any(|id| check_party_id(id).is_err()) {
            return Err(EXPECTED);
        }
        if ids.is_sorted_by(|a, b| a < b) {
            return Ok(Self(text.into()));
        }
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(EXPECTED);
        }
        Ok(Self(ids.join("-").into()))
    }

    /// The canonical id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ids of its parties, sorted.
    pub fn parties(&self) -> impl Iterator<Item = &str> {
        self.0.split('-')
    }
}

impl fmt::Display for RelationshipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_which_the_parties_are_named_does_not_matter() {
        assert_eq!(RelationshipId::parse("RUS-AZE"), RelationshipId::parse("AZE-RUS"));
        assert_eq!(RelationshipId::parse("RUS-AZE").unwrap().as_str(), "AZE-RUS");
    }

    #[test]
    fn one_party_is_no_relationship_and_neither_is_one_party_twice() {
        for bad in ["AZE", "AZE-AZE", "RUS-AZE-RUS", "AZE-", "-", ""] {
            assert!(RelationshipId::parse(bad).is_err(), "{bad}");
        }
    }
}
