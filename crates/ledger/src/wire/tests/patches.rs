//! Update masks: what is named is replaced, what is not stays, and the two must fit together.

use super::{append_of, assert_command, counting, fields, known_bound, small_claim, uuid};
use crate::wire::arbitrary;
use crate::wire::claim::render_claim;
use crate::wire::command::parse_append;
use crate::wire::limits;
use detente_domain::bound::Bound;
use detente_domain::claim::{Claim, Time};
use detente_domain::command::{Command, Patch};
use detente_domain::edtf::PartialDate;
use detente_domain::rejection::Violation;
use detente_domain::vocabulary::{RevisionKind, Status};
use detente_proto::v1;
use proptest::prelude::*;

fn patch(claim: v1::Claim, paths: &[&str]) -> Result<Box<dyn Patch>, Vec<Violation>> {
    let update_mask = Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
    let claim = v1::Claim { claim_id: uuid(7), ..claim };
    let revise = v1::ReviseClaim { claim: Some(claim), update_mask, kind: v1::RevisionKind::WorldChange.into() };
    let command = v1::Command { note: String::new(), command: Some(v1::command::Command::ReviseClaim(revise)) };
    let parsed = parse_append(append_of(vec![command]), &mut counting())?;
    match parsed.batch.commands.into_iter().next().unwrap().command {
        Command::Patch(RevisionKind::WorldChange, patch) => Ok(patch),
        other => panic!("{other:?}"),
    }
}

/// The small claim after a patch of these fields.
fn apply_patch(claim: v1::Claim, paths: &[&str]) -> Result<Claim, Vec<Violation>> {
    patch(claim, paths).unwrap().apply(&last(small_claim()))
}

fn last(claim: v1::Claim) -> Claim {
    let claim = v1::Claim { claim_id: uuid(7), ..claim };
    let parsed = parse_append(append_of(vec![assert_command(claim)]), &mut counting()).unwrap();
    match parsed.batch.commands.into_iter().next().unwrap().command {
        Command::Assert(claim) => *claim,
        other => panic!("{other:?}"),
    }
}

fn date(text: &str) -> Bound {
    Bound::Known(PartialDate::parse(text).unwrap())
}

#[test]
fn what_is_named_is_replaced_and_the_rest_stays() {
    let given = v1::Claim {
        status: v1::Status::Signed.into(),
        place: "ignored".into(),
        kind: "IGNORED".into(),
        ..Default::default()
    };
    let next = apply_patch(given, &["status"]).unwrap();
    let before = last(small_claim());
    assert_eq!(next, Claim { status: Some(Status::Signed), ..before.clone() });
    let cleared = patch(v1::Claim::default(), &["status"]).unwrap().apply(&next).unwrap();
    assert_eq!(cleared, before);
}

#[test]
fn one_end_can_be_replaced_or_both_by_valid() {
    let next = apply_patch(v1::Claim { valid_to: known_bound("2026"), ..Default::default() }, &["valid_to"]).unwrap();
    assert_eq!(next.time, Time::Event(date("2025-07"), date("2026")));
    for paths in [&["valid"][..], &["valid", "valid_from"], &["valid_to", "valid"], &["valid", "valid"]] {
        let next = apply_patch(v1::Claim { valid: "2024/..".into(), ..Default::default() }, paths).unwrap();
        assert_eq!(next.time, Time::Event(date("2024"), Bound::Open), "{paths:?}");
    }
    let both = v1::Claim { valid_from: known_bound("2023"), valid_to: known_bound("2024"), ..Default::default() };
    assert_eq!(apply_patch(both, &["valid"]).unwrap().time, Time::Event(date("2023"), date("2024")));
}

#[test]
fn the_type_and_the_ends_must_fit_after_the_patch() {
    let state = v1::Claim { temporal_type: 2, ..Default::default() };
    assert_eq!(apply_patch(state, &["temporal_type"]).unwrap().time, Time::State(date("2025-07"), date("2025-07")));
    let none = v1::Claim { temporal_type: 3, ..Default::default() };
    assert_eq!(apply_patch(none.clone(), &["temporal_type", "valid"]).unwrap().time, Time::None);
    assert_eq!(fields(&apply_patch(none, &["temporal_type"]).unwrap_err()), ["valid_from", "valid_to"]);
    assert_eq!(fields(&apply_patch(v1::Claim::default(), &["valid_to"]).unwrap_err()), ["valid_to"]);
    let timeless = last(v1::Claim { temporal_type: 3, valid: String::new(), ..small_claim() });
    let event = v1::Claim { temporal_type: 1, valid: "2024".into(), ..Default::default() };
    let next = patch(event.clone(), &["temporal_type", "valid"]).unwrap().apply(&timeless).unwrap();
    assert_eq!(next.time, Time::Event(date("2024"), date("2024")));
    assert!(patch(event, &["temporal_type"]).unwrap().apply(&timeless).is_err());
}

#[test]
fn what_is_named_is_checked_at_its_path_and_what_is_not_is_not() {
    let given = v1::Claim { valid: "soon".into(), due: "24".into(), place: "x".repeat(2_000), ..Default::default() };
    let violations = patch(given, &["valid", "texts", "kind", "modality", "temporal_type", "due"]).unwrap_err();
    let expected = ["valid", "texts", "kind", "modality", "temporal_type", "due"];
    assert_eq!(fields(&violations), expected.map(|field| format!("commands[0].revise_claim.claim.{field}")));
}

#[test]
fn only_what_a_client_can_set_can_be_named() {
    let violations =
        patch(small_claim(), &["status", "claim_id", "revision", "texts.text", "disputes", ""]).unwrap_err();
    let expected = [1, 2, 3, 4, 5].map(|index| format!("commands[0].revise_claim.update_mask.paths[{index}]"));
    assert_eq!(fields(&violations), expected);
    assert_eq!(fields(&patch(small_claim(), &[]).unwrap_err()), ["commands[0].revise_claim.update_mask"]);
}

#[test]
fn a_patch_cannot_make_a_claim_too_large() {
    let text = v1::Text { lang: "en".into(), text: "x".repeat(limits::MAX_TEXT_BYTES), original: false };
    let large = last(v1::Claim { texts: vec![text; 3], ..small_claim() });
    let quote = v1::Citation { source_id: "s".into(), quote: "x".repeat(limits::MAX_TEXT_BYTES), ..Default::default() };
    let violations = patch(v1::Claim { sources: vec![quote], ..Default::default() }, &["sources"])
        .unwrap()
        .apply(&large)
        .unwrap_err();
    assert!(violations[0].description.contains("at most 65536"), "{violations:?}");
}

proptest! {
    #[test]
    fn a_patch_that_names_everything_gives_everything(from in arbitrary::claim(), to in arbitrary::claim()) {
        const ALL: [&str; 21] = [
            "kind", "temporal_type", "texts", "parties", "relationships", "valid_from", "valid_to", "as_of", "refers_to",
            "attribution", "modality", "polarity", "status", "due", "quantities", "place", "codes", "sources", "links",
            "external_ids", "labels",
        ];
        let patch = patch(render_claim(&to), &ALL).unwrap();
        prop_assert_eq!(patch.clone_box().apply(&from), Ok(Claim { id: from.id, ..to }));
    }
}
