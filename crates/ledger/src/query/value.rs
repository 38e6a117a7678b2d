//! The value of a claim: the part of it that the registration of its kind names.
//!
//! Parts that the index knows are taken from there; only a quantity needs the claim's words.

use crate::error::ReadFailure;
use crate::query::scores::stem;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::conflict::ConflictValue;
use detente_domain::filter::FacetKind;
use detente_proto::v1;
use detente_proto::v1::kind_value::Part;

/// The part of which there can be only one at a time, by the registration of a kind; none where there is no such rule.
pub(crate) fn single_valued(kind: v1::Kind) -> Option<Part> {
    kind.value.filter(|_| kind.single_valued)?.part
}

impl Sight<'_> {
    /// The value of a claim, if it has one.
    pub(crate) fn value(&self, part: &Part, seen: &ClaimSight) -> Result<Option<ConflictValue>, ReadFailure> {
        Ok(match part {
            Part::Status(_) => seen.status.map(|status| word(stem(status))),
            Part::Polarity(_) => seen.polarity.map(|polarity| word(stem(polarity))),
            Part::Code(scheme) => join_words(&self.codes(seen, scheme)),
            Part::Role(role) => join_words(&self.in_role(seen, role)),
            Part::Quantity(name) => {
                let quantities = self.message(seen)?.quantities;
                let quantity = quantities.iter().find(|quantity| quantity.name == *name);
                quantity.map(|given| ConflictValue::number(given.value, given.low, given.high, &given.unit))
            }
        })
    }

    /// The claim's codes in a scheme, sorted, each once.
    pub(crate) fn codes(&self, seen: &ClaimSight, scheme: &str) -> Vec<String> {
        let mut codes = Vec::new();
        self.facets(seen, FacetKind::Code, |key| {
            codes.extend(key.split_once('\0').filter(|(of, _)| *of == scheme).map(|(_, code)| code.to_owned()));
        });
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The parties that have a role in a claim, merged ones as their survivors, sorted, each once.
    pub(crate) fn in_role(&self, seen: &ClaimSight, role: &str) -> Vec<String> {
        let mut parties = Vec::new();
        self.facets(seen, FacetKind::PartyRole, |key| {
            let party = key.split_once('\0').filter(|(_, in_role)| *in_role == role).map(|(party, _)| party);
            parties.extend(party.map(|party| self.survivor(party).to_owned()));
        });
        parties.sort_unstable();
        parties.dedup();
        parties
    }
}

fn word(word: String) -> ConflictValue {
    ConflictValue::Word(word.into())
}

fn join_words(words: &[String]) -> Option<ConflictValue> {
    (!words.is_empty()).then(|| word(words.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_valued_kind_that_says_which_part_is_the_value_has_a_rule() {
        let value = |part| Some(v1::KindValue { part: Some(part) });
        let kind = |single_valued, value| v1::Kind { single_valued, value, ..Default::default() };
        let status = || value(Part::Status(v1::StatusValue {}));
        assert_eq!(single_valued(kind(true, status())), Some(Part::Status(v1::StatusValue {})));
        assert_eq!(single_valued(kind(false, status())), None);
        assert_eq!(single_valued(kind(true, None)), None);
        let code = value(Part::Code("CAMEO".to_owned()));
        assert_eq!(single_valued(kind(true, code)), Some(Part::Code("CAMEO".to_owned())));
    }
}
