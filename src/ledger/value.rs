//! The value of a claim: the part of it that the registration of its kind names.
//!
//! Parts that the index knows are taken from there; only a quantity needs the claim's words.

use super::error::Damaged;
use super::sight::{Seen, Sight};
use crate::domain::conflict::Value;
use crate::domain::filter::FacetKind;
use crate::v1;
use crate::v1::kind_value;
use crate::wire::vocabulary::Twin;

/// Which part of a claim is its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its status.
    Status,
    /// Its polarity.
    Polarity,
    /// The first quantity with this name.
    Quantity(String),
    /// Its codes in this scheme, sorted and joined by `-`.
    Code(String),
    /// The parties with this role, sorted and joined by `-`; merged ones as their survivors.
    Role(String),
}

impl Part {
    /// The part of which there can be only one at a time, by the registration of a kind; none where there is no such rule.
    pub(super) fn single_valued(kind: &v1::Kind) -> Option<Self> {
        let part = kind.value.as_ref().filter(|_| kind.single_valued)?.part.as_ref()?;
        Some(match part {
            kind_value::Part::Status(_) => Self::Status,
            kind_value::Part::Polarity(_) => Self::Polarity,
            kind_value::Part::Quantity(name) => Self::Quantity(name.clone()),
            kind_value::Part::Code(scheme) => Self::Code(scheme.clone()),
            kind_value::Part::Role(role) => Self::Role(role.clone()),
        })
    }
}

impl Sight<'_> {
    /// The value of a claim, if it has one.
    pub(super) fn value(&self, part: &Part, seen: &Seen) -> Result<Option<Value>, Damaged> {
        Ok(match part {
            Part::Status => seen.status.map(|status| member(status.name(), "STATUS_")),
            Part::Polarity => seen.polarity.map(|polarity| member(polarity.name(), "POLARITY_")),
            Part::Code(scheme) => joined(self.second_of(seen, FacetKind::Code, scheme)),
            Part::Role(role) => joined(self.in_role(seen, role)),
            Part::Quantity(name) => {
                let quantities = self.message(seen)?.quantities;
                let quantity = quantities.iter().find(|quantity| quantity.name == *name);
                quantity.map(|given| Value::number(given.value, given.low, given.high, &given.unit))
            }
        })
    }

    /// Of the facets that are pairs, the second parts of those that begin with `first`.
    fn second_of(&self, seen: &Seen, kind: FacetKind, first: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.facets(seen, kind, |key| {
            found.extend(key.split_once('\0').filter(|(of, _)| *of == first).map(|(_, second)| second.to_owned()));
        });
        found
    }

    /// The parties that have a role in a claim.
    fn in_role(&self, seen: &Seen, role: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.facets(seen, FacetKind::PartyRole, |key| {
            let party = key.split_once('\0').filter(|(_, of)| *of == role).map(|(party, _)| party);
            found.extend(party.map(|party| self.survivor(party).to_owned()));
        });
        found
    }
}

fn member(name: &str, prefix: &str) -> Value {
    Value::Word(name.strip_prefix(prefix).unwrap_or(name).into())
}

fn joined(mut words: Vec<String>) -> Option<Value> {
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then(|| Value::Word(words.join("-").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_valued_kind_that_says_which_part_is_the_value_has_a_rule() {
        let value = |part| Some(v1::KindValue { part: Some(part) });
        let kind = |single_valued, value| v1::Kind { single_valued, value, ..Default::default() };
        let status = || value(kind_value::Part::Status(v1::StatusValue {}));
        assert_eq!(Part::single_valued(&kind(true, status())), Some(Part::Status));
        assert_eq!(Part::single_valued(&kind(false, status())), None);
        assert_eq!(Part::single_valued(&kind(true, None)), None);
        let code = value(kind_value::Part::Code("CAMEO".to_owned()));
        assert_eq!(Part::single_valued(&kind(true, code)), Some(Part::Code("CAMEO".to_owned())));
    }
}
