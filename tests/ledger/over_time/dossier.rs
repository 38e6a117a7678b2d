//! Claims of the founding dossier: a filter for them, their numbers, and the fields of a refusal.

use detente_proto::v1;

/// The claims between two states, of these kinds.
pub(crate) fn about(relationship: &str, kinds: &[&str]) -> Option<v1::Filter> {
    let item = v1::FilterItem {
        relationships: vec![relationship.to_owned()],
        kinds: kinds.iter().map(ToString::to_string).collect(),
        ..Default::default()
    };
    Some(v1::Filter { items: vec![item] })
}

/// The number that a claim has in the dossier.
pub(crate) fn seed_id(claim: &v1::Claim) -> String {
    claim.external_ids.iter().find(|id| id.scheme == "seed").map(|id| id.id.clone()).unwrap()
}

/// The fields that a refused request is refused for.
pub(crate) fn violations(status: &tonic::Status) -> Vec<String> {
    use tonic_types::StatusExt;
    let details = status.get_details_bad_request().unwrap();
    details.field_violations.into_iter().map(|violation| violation.field).collect()
}
