//! Preconditions of an append.

use super::filter::filter_at;
use super::ids::Ids;
use super::path::At;
use super::sink::Sink;
use detente_domain::command::{Expectation, Precondition};
use detente_domain::position::Position;
use detente_proto::v1;
use v1::expected_revision::Expectation as WireExpectation;
use v1::precondition::Precondition as Wire;

/// The most query boundaries of one append: each may look at every event since its position.
const MAX_BOUNDARIES: usize = 16;

/// Parses preconditions.
pub(super) fn preconditions(
    values: Vec<v1::Precondition>,
    ids: &Ids<'_>,
    at: &At<'_>,
    sink: &mut Sink,
) -> Vec<Precondition> {
    let is_boundary = |value: &&v1::Precondition| matches!(value.precondition, Some(Wire::QueryBoundary(_)));
    let boundaries = values.iter().filter(is_boundary).count();
    if boundaries > MAX_BOUNDARIES {
        sink.refuse(at, format!("{boundaries} query boundaries; at most {MAX_BOUNDARIES} are allowed"));
        return Vec::new();
    }
    let parsed = values.into_iter().enumerate();
    parsed.filter_map(|(index, value)| precondition(value, ids, &at.index(index), sink)).collect()
}

fn precondition(value: v1::Precondition, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Precondition> {
    match value.precondition {
        Some(Wire::ExpectedRevision(expected)) => revision(&expected, ids, &at.field("expected_revision"), sink),
        Some(Wire::QueryBoundary(boundary)) => {
            let at = at.field("query_boundary");
            let filter = filter_at(boundary.filter, &at.field("filter"), false, sink);
            Some(Precondition::Boundary(filter, Position(boundary.after_position)))
        }
        None => {
            sink.refuse(at, "say what must hold: expected_revision or query_boundary");
            None
        }
    }
}

fn revision(expected: &v1::ExpectedRevision, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Precondition> {
    let claim = ids.claim(&expected.claim_id, &at.field("claim_id"), sink);
    let expectation = expectation(expected.expectation, at, sink);
    Some(Precondition::Revision(claim?, expectation?))
}

fn expectation(given: Option<WireExpectation>, at: &At<'_>, sink: &mut Sink) -> Option<Expectation> {
    let (field, what) = match given {
        Some(WireExpectation::Exact(revision)) if revision > 0 => return Some(Expectation::Exact(revision)),
        Some(WireExpectation::Absent(true)) => return Some(Expectation::Absent),
        Some(WireExpectation::Exists(true)) => return Some(Expectation::Exists),
        Some(WireExpectation::Exact(_)) => {
            ("exact", "revisions begin with 1; for a claim that is not recorded, say absent")
        }
        Some(WireExpectation::Absent(false)) => ("absent", "expected true; for a claim that is recorded, say exists"),
        Some(WireExpectation::Exists(false)) => {
            ("exists", "expected true; for a claim that is not recorded, say absent")
        }
        None => {
            sink.refuse(at, "say what is expected: exact, absent or exists");
            return None;
        }
    };
    sink.refuse(&at.field(field), what);
    None
}
