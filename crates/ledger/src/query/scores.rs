//! The scores of claims: by their codes, on the scale of a scheme, or by their value, on the scale of their kind.
//!
//! The kind of a claim says which part of it is its value ([`v1::KindValue`]). The index knows all parts but a quantity, so
//! a claim is read only if its value is a quantity.

use crate::error::ReadFailure;
use crate::read::sight::{ClaimSight, Sight};
use crate::wire::vocabulary::Twin;
use detente_domain::scale::Scale;
use detente_proto::v1;
use detente_proto::v1::kind_value::Part;
use std::collections::HashMap;

/// A way to give claims scores.
pub(crate) enum Scores {
    /// By their codes of a scheme.
    Scheme(String, Scale),
    /// By their value, each kind on its own scale; a kind is looked up once.
    Kinds(HashMap<String, Option<(Part, Scale)>>),
}

/// There is no such scheme at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoScheme;

impl Scores {
    /// The scores of a scheme, or, without one, of kinds.
    pub(crate) fn of(sight: &Sight<'_>, scheme: &str) -> Result<Self, NoScheme> {
        if scheme.is_empty() {
            return Ok(Self::Kinds(HashMap::new()));
        }
        let registered = sight.scheme(scheme).ok_or(NoScheme)?;
        Ok(Self::Scheme(scheme.to_owned(), scale(&registered.scale)))
    }

    /// The score of a claim; none if it has no value, or none that the scale knows.
    pub(crate) fn score(&mut self, sight: &Sight<'_>, seen: &ClaimSight) -> Result<Option<f64>, ReadFailure> {
        match self {
            Self::Scheme(scheme, scale) => Ok(mean(scale, &sight.codes(seen, scheme))),
            Self::Kinds(kinds) => {
                let kind = sight.kind_of(seen);
                let registered = kinds.entry(kind).or_insert_with_key(|kind| of_kind(sight.kind(kind)?));
                let Some((part, scale)) = registered else { return Ok(None) };
                Ok(mean(scale, &values(sight, seen, part)?))
            }
        }
    }
}

/// The value and the scale of a kind that has both.
fn of_kind(kind: v1::Kind) -> Option<(Part, Scale)> {
    let scale = scale(&kind.scale);
    let part = kind.value?.part?;
    (!scale.is_empty()).then_some((part, scale))
}

fn scale(entries: &[v1::ScaleEntry]) -> Scale {
    Scale::new(entries.iter().map(|entry| (entry.value.as_str(), entry.score)))
}

fn mean(scale: &Scale, values: &[String]) -> Option<f64> {
    scale.mean(values.iter().map(String::as_str))
}

/// The values of a claim: one, or none where it does not say; several where it has several codes.
fn values(sight: &Sight<'_>, seen: &ClaimSight, part: &Part) -> Result<Vec<String>, ReadFailure> {
    Ok(match part {
        Part::Status(_) => seen.status.map(stem).into_iter().collect(),
        Part::Polarity(_) => seen.polarity.map(stem).into_iter().collect(),
        Part::Code(scheme) => sight.codes(seen, scheme),
        Part::Role(role) => {
            let parties = sight.in_role(seen, role);
            if parties.is_empty() { Vec::new() } else { vec![parties.join("-")] }
        }
        Part::Quantity(name) => quantity(&sight.message(seen)?, name).into_iter().collect(),
    })
}

/// The name of a member without that of its enum: `SIGNED`. None of our enums' names hold one another, so the longest
/// beginning that is shared with the enum's name in upper snake is what to leave out.
pub(crate) fn stem<V: Twin>(member: V) -> String {
    let words = V::NAME.chars().filter(|c| c.is_ascii_uppercase()).count();
    member.name().splitn(words + 1, '_').last().unwrap_or_default().to_owned()
}

/// The number of the first quantity with a name that has one.
fn quantity(claim: &v1::Claim, name: &str) -> Option<String> {
    claim
        .quantities
        .iter()
        .filter(|quantity| quantity.name == name)
        .find_map(|quantity| quantity.value)
        .map(|n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_domain::vocabulary::{Modality, Polarity, Status, Vocabulary};

    #[test]
    fn a_member_is_named_without_its_enum() {
        assert_eq!(stem(Status::InForce), "IN_FORCE");
        assert_eq!(stem(Polarity::Tension), "TENSION");
        assert_eq!(stem(Modality::NoInformation), "NO_INFORMATION");
        assert_eq!(stem(detente_domain::vocabulary::TemporalType::State), "STATE");
        assert!(Status::ALL.iter().all(|status| format!("STATUS_{}", stem(*status)) == status.name()));
    }

    #[test]
    fn a_kind_without_value_or_scale_gives_no_scores() {
        let entry = v1::ScaleEntry { value: "SIGNED".into(), score: 1.0 };
        let value = v1::KindValue { part: Some(Part::Status(v1::StatusValue {})) };
        let kind = v1::Kind { scale: vec![entry], value: Some(value.clone()), ..Default::default() };
        assert!(of_kind(kind.clone()).is_some_and(|(_, scale)| scale.score("SIGNED") == Some(1.0)));
        assert!(of_kind(v1::Kind { value: None, ..kind.clone() }).is_none());
        assert!(of_kind(v1::Kind { scale: Vec::new(), ..kind }).is_none());
    }

    #[test]
    fn a_quantity_is_the_number_as_it_is_written() {
        let of = |name: &str, value| v1::Quantity { name: name.into(), value, ..Default::default() };
        let claim = v1::Claim {
            quantities: vec![of("killed", None), of("wounded", Some(2.5)), of("killed", Some(3.0))],
            ..Default::default()
        };
        assert_eq!(quantity(&claim, "killed").as_deref(), Some("3"));
        assert_eq!(quantity(&claim, "wounded").as_deref(), Some("2.5"));
        assert_eq!(quantity(&claim, "fled"), None);
    }
}
