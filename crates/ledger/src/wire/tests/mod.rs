//! The promises of the conversions: nothing is lost on the way, and every error is reported at its place.

mod append;
mod claim_violations;
mod filters;
mod patches;
mod round_trip;
mod splices;

use super::path::At;
use super::sink::Sink;
use detente_domain::rejection::Violation;
use detente_proto::v1;
use uuid::Uuid;

/// Makes the ids 1, 2, 3, ...
fn counting() -> impl FnMut() -> Uuid {
    let mut last = 0;
    move || {
        last += 1;
        Uuid::from_u128(last)
    }
}

fn uuid(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

fn known_bound(edtf: &str) -> Option<v1::Bound> {
    let date = v1::KnownDate { edtf: edtf.to_owned(), ..Default::default() };
    Some(v1::Bound { bound: Some(v1::bound::Bound::Known(date)) })
}

/// A small claim with nothing wrong.
fn small_claim() -> v1::Claim {
    v1::Claim {
        kind: "agreement".to_owned(),
        temporal_type: v1::TemporalType::Event.into(),
        texts: vec![v1::Text { lang: "en".to_owned(), text: "They signed.".to_owned(), original: true }],
        valid: "2025-07".to_owned(),
        modality: v1::Modality::Asserted.into(),
        ..Default::default()
    }
}

fn assert_command(claim: v1::Claim) -> v1::Command {
    let command = v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) });
    v1::Command { note: String::new(), command: Some(command) }
}

fn append_of(commands: Vec<v1::Command>) -> v1::AppendRequest {
    v1::AppendRequest { recorded_by: "tests".to_owned(), commands, ..Default::default() }
}

fn fields(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|violation| violation.field.as_str()).collect()
}

#[test]
fn the_descriptor_is_embedded() {
    let set = <prost_types::FileDescriptorSet as prost::Message>::decode(detente_proto::DESCRIPTOR).unwrap();
    assert!(set.file.iter().any(|file| file.name() == "detente/v1/ledger.proto" && file.source_code_info.is_some()));
}
