//! Events: their encoding in the log, and back.
//!
//! The fields 2 to 6 of an event (revision, recorded time, recorder, position, note) have the numbers they have in a claim,
//! so that a claim can take them over from the event that made its revision.

use super::claim::{self, stored_claim};
use super::encode;
use super::ids::{self, uuid_text};
use super::path::At;
use super::scalar::{party_id, required_date, source_id};
use super::sink::{Sink, Unreadable};
use super::time::{recorded_at, timestamp};
use super::vocabulary::{Twin as _, required_member};
use super::{kind, party, source};
use detente_domain::claim::Claim;
use detente_domain::event::{Change, Dispute, Event, LabelConfirmation};
use detente_domain::kind::Kind;
use detente_domain::name::{ClaimId, PartyId};
use detente_domain::party::Party;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::scheme::Scheme;
use detente_domain::source::Source;
use detente_proto::v1;
use prost::Message as _;
use v1::event::Event as Wire;

/// The fields that the ledger adds to an event when it records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// Its place in the log.
    pub position: Position,
    /// The recorded time of its append.
    pub recorded_at: RecordedAt,
    /// The name of the recorder.
    pub recorded_by: &'a str,
    /// True if it was brought in with the recorded time that it has elsewhere.
    pub backfilled: bool,
}

/// The message for an event: its revision, its note and what happened. The rest is set by the caller.
#[must_use]
pub fn render_event(event: &Event) -> v1::Event {
    into_message(event.clone())
}

/// Appends the bytes of an event, as they are recorded, to `out`.
pub fn encode_event(event: &Event, stamp: &Stamp<'_>, out: &mut Vec<u8>) {
    match &event.change {
        Change::ClaimAsserted(claim) => {
            encode::put_header(event.revision, &event.note, stamp, out);
            encode::put_asserted(claim, out);
        }
        Change::ClaimRevised(kind, claim) => {
            encode::put_header(event.revision, &event.note, stamp, out);
            encode::put_revised(kind.to_wire(), claim, out);
        }
        _ => message_with_stamp(event, stamp).encode_raw(out),
    }
}

/// The message of an event as it is recorded.
fn message_with_stamp(event: &Event, stamp: &Stamp<'_>) -> v1::Event {
    v1::Event {
        recorded_at: Some(timestamp(stamp.recorded_at)),
        recorded_by: stamp.recorded_by.to_owned(),
        position: stamp.position.0,
        backfilled: stamp.backfilled,
        ..render_event(event)
    }
}

/// Reads back an event that was recorded: its position, when and by whom it was recorded, whether it was backfilled, and
/// what it says.
///
/// # Errors
/// [`Unreadable`] when it is not an event that this version knows.
pub fn read_event(event: v1::Event) -> Result<(Position, RecordedAt, String, bool, Event), Unreadable> {
    let mut sink = Sink::for_stored();
    let at = At::root("");
    let recorded = recorded_time(event.recorded_at, &at.field("recorded_at"), &mut sink);
    let change = match event.event {
        Some(change) => read_change(change, &at, &mut sink),
        None => None,
    };
    let (recorded, change) = sink.read("event", recorded.zip(change))?;
    let said = Event { revision: event.revision, note: event.note.into(), change };
    Ok((Position(event.position), recorded, event.recorded_by, event.backfilled, said))
}

/// The encoded message of the party, source, kind or scheme that a change registers or revises; for a merge the id of the
/// survivor; empty for any other change.
#[must_use]
pub fn registry_bytes(change: &Change) -> Vec<u8> {
    match change {
        Change::PartyRegistered(party) | Change::PartyRevised(party) => party::render_party(party).encode_to_vec(),
        Change::SourceRegistered(source) | Change::SourceRevised(source) => {
            source::render_source(source).encode_to_vec()
        }
        Change::KindRegistered(kind) | Change::KindRevised(kind) => kind::render_kind(kind).encode_to_vec(),
        Change::SchemeRegistered(scheme) | Change::SchemeRevised(scheme) => kind::render_scheme(scheme).encode_to_vec(),
        Change::PartiesMerged(_, survivor) => survivor.as_str().as_bytes().to_vec(),
        _ => Vec::new(),
    }
}

fn recorded_time(given: Option<prost_types::Timestamp>, at: &At<'_>, sink: &mut Sink) -> Option<RecordedAt> {
    let recorded = given.as_ref().map_or(Err("when it was recorded"), recorded_at);
    sink.expect_shape(at, "", recorded)
}

fn into_message(event: Event) -> v1::Event {
    v1::Event {
        revision: event.revision,
        note: event.note.into(),
        event: Some(change_message(event.change)),
        ..v1::Event::default()
    }
}

fn change_message(change: Change) -> Wire {
    match change {
        Change::ClaimAsserted(of) => Wire::ClaimAsserted(v1::ClaimAsserted { claim: claim_message(*of) }),
        Change::ClaimRevised(kind, of) => {
            Wire::ClaimRevised(v1::ClaimRevised { kind: kind.to_wire(), claim: claim_message(*of) })
        }
        Change::ClaimConfirmed(id, as_of) => {
            Wire::ClaimConfirmed(v1::ClaimConfirmed { claim_id: text(id), as_of: as_of.text().to_owned() })
        }
        Change::ClaimRetracted(id, reason) => {
            Wire::ClaimRetracted(v1::ClaimRetracted { claim_id: text(id), reason: reason.to_wire() })
        }
        Change::ClaimReinstated(id) => Wire::ClaimReinstated(v1::ClaimReinstated { claim_id: text(id) }),
        Change::ClaimDisputed(id, dispute) => Wire::ClaimDisputed(dispute_message(id, dispute)),
        Change::DisputeResolved(id, dispute, outcome) => Wire::DisputeResolved(v1::DisputeResolved {
            claim_id: text(id),
            dispute_id: uuid_text(dispute.0),
            outcome: outcome.to_wire(),
        }),
        Change::PartyRegistered(of) => Wire::PartyRegistered(v1::PartyRegistered { party: party_message(of) }),
        Change::PartyRevised(of) => Wire::PartyRevised(v1::PartyRevised { party: party_message(of) }),
        Change::SourceRegistered(of) => Wire::SourceRegistered(v1::SourceRegistered { source: source_message(of) }),
        Change::SourceRevised(of) => Wire::SourceRevised(v1::SourceRevised { source: source_message(of) }),
        Change::SourceWithdrawn(id) => Wire::SourceWithdrawn(v1::SourceWithdrawn { source_id: id.as_str().to_owned() }),
        Change::KindRegistered(of) => Wire::KindRegistered(v1::KindRegistered { kind: kind_message(of) }),
        Change::KindRevised(of) => Wire::KindRevised(v1::KindRevised { kind: kind_message(of) }),
        Change::SchemeRegistered(of) => Wire::SchemeRegistered(v1::SchemeRegistered { scheme: scheme_message(of) }),
        Change::SchemeRevised(of) => Wire::SchemeRevised(v1::SchemeRevised { scheme: scheme_message(of) }),
        Change::PartiesMerged(merged, survivor) => Wire::PartiesMerged(v1::PartiesMerged {
            merged_party_id: merged.as_str().to_owned(),
            surviving_party_id: survivor.as_str().to_owned(),
        }),
        Change::PartiesUnmerged(merged) => {
            Wire::PartiesUnmerged(v1::PartiesUnmerged { merged_party_id: merged.as_str().to_owned() })
        }
        Change::ClaimsConfirmed(of) => Wire::ClaimsConfirmed(v1::ClaimsConfirmed {
            label: of.label.into(),
            as_of: of.as_of.text().to_owned(),
            except_claim_ids: of.except.into_iter().map(text).collect(),
            unknown_external_ids: of.unknown.into_iter().map(String::from).collect(),
        }),
    }
}

fn claim_message(claim: Claim) -> Option<v1::Claim> {
    Some(claim::into_message(claim))
}

fn party_message(party: Party) -> Option<v1::Party> {
    Some(party::into_message(party))
}

fn source_message(source: Source) -> Option<v1::Source> {
    Some(source::into_message(source))
}

fn kind_message(kind: Kind) -> Option<v1::Kind> {
    Some(kind::kind_message(kind))
}

fn scheme_message(scheme: Scheme) -> Option<v1::Scheme> {
    Some(kind::scheme_message(scheme))
}

fn text(id: ClaimId) -> String {
    uuid_text(id.0)
}

fn dispute_message(id: ClaimId, dispute: Dispute) -> v1::ClaimDisputed {
    v1::ClaimDisputed {
        claim_id: text(id),
        dispute_id: uuid_text(dispute.id.0),
        disputed_by: dispute.disputed_by.as_str().to_owned(),
        statement: dispute.statement.into(),
        counter_claim_id: dispute.counter_claim.map(text).unwrap_or_default(),
    }
}

fn read_change(change: Wire, at: &At<'_>, sink: &mut Sink) -> Option<Change> {
    match change {
        Wire::ClaimAsserted(of) => read_claim(of.claim, at, sink).map(Change::ClaimAsserted),
        Wire::ClaimRevised(of) => {
            let kind = required_member(of.kind, &at.field("kind"), sink)?;
            read_claim(of.claim, at, sink).map(|claim| Change::ClaimRevised(kind, claim))
        }
        Wire::ClaimConfirmed(of) => {
            let id = read_claim_id(&of.claim_id, at, sink)?;
            required_date(&of.as_of, &at.field("as_of"), sink).map(|as_of| Change::ClaimConfirmed(id, as_of))
        }
        Wire::ClaimRetracted(of) => {
            let id = read_claim_id(&of.claim_id, at, sink)?;
            required_member(of.reason, &at.field("reason"), sink).map(|reason| Change::ClaimRetracted(id, reason))
        }
        Wire::ClaimReinstated(of) => read_claim_id(&of.claim_id, at, sink).map(Change::ClaimReinstated),
        Wire::ClaimDisputed(of) => {
            let id = read_claim_id(&of.claim_id, at, sink)?;
            read_dispute(of, at, sink).map(|dispute| Change::ClaimDisputed(id, dispute))
        }
        Wire::DisputeResolved(of) => {
            let id = read_claim_id(&of.claim_id, at, sink)?;
            let dispute = ids::dispute_id(&of.dispute_id, &at.field("dispute_id"), sink)?;
            required_member(of.outcome, &at.field("outcome"), sink).map(|end| Change::DisputeResolved(id, dispute, end))
        }
        Wire::PartyRegistered(of) => read_party(of.party, at, sink).map(Change::PartyRegistered),
        Wire::PartyRevised(of) => read_party(of.party, at, sink).map(Change::PartyRevised),
        Wire::SourceRegistered(of) => read_source(of.source, at, sink).map(Change::SourceRegistered),
        Wire::SourceRevised(of) => read_source(of.source, at, sink).map(Change::SourceRevised),
        Wire::SourceWithdrawn(of) => {
            source_id(&of.source_id, &at.field("source_id"), sink).map(Change::SourceWithdrawn)
        }
        Wire::KindRegistered(of) => read_kind(of.kind, at, sink).map(Change::KindRegistered),
        Wire::KindRevised(of) => read_kind(of.kind, at, sink).map(Change::KindRevised),
        Wire::SchemeRegistered(of) => read_scheme(of.scheme, at, sink).map(Change::SchemeRegistered),
        Wire::SchemeRevised(of) => read_scheme(of.scheme, at, sink).map(Change::SchemeRevised),
        Wire::PartiesMerged(of) => {
            let merged = read_merged(&of.merged_party_id, at, sink)?;
            let survivor = party_id(&of.surviving_party_id, &at.field("surviving_party_id"), sink)?;
            Some(Change::PartiesMerged(merged, survivor))
        }
        Wire::PartiesUnmerged(of) => read_merged(&of.merged_party_id, at, sink).map(Change::PartiesUnmerged),
        Wire::ClaimsConfirmed(of) => {
            let except = of.except_claim_ids.iter().filter_map(|id| read_claim_id(id, at, sink)).collect();
            let as_of = required_date(&of.as_of, &at.field("as_of"), sink)?;
            let unknown = of.unknown_external_ids.into_iter().map(String::into_boxed_str).collect();
            let label = of.label.into();
            Some(Change::ClaimsConfirmed(Box::new(LabelConfirmation { label, as_of, except, unknown })))
        }
    }
}

fn read_merged(given: &str, at: &At<'_>, sink: &mut Sink) -> Option<PartyId> {
    party_id(given, &at.field("merged_party_id"), sink)
}

fn read_kind(kind: Option<v1::Kind>, at: &At<'_>, sink: &mut Sink) -> Option<Kind> {
    kind::parse_kind(kind?, &at.field("kind"), sink)
}

fn read_scheme(scheme: Option<v1::Scheme>, at: &At<'_>, sink: &mut Sink) -> Option<Scheme> {
    kind::parse_scheme(scheme?, &at.field("scheme"), sink)
}

fn read_claim(claim: Option<v1::Claim>, at: &At<'_>, sink: &mut Sink) -> Option<Box<Claim>> {
    stored_claim(claim?, &at.field("claim"), sink).map(Box::new)
}

fn read_party(party: Option<v1::Party>, at: &At<'_>, sink: &mut Sink) -> Option<Party> {
    party::parse_party(party?, &at.field("party"), sink)
}

fn read_source(source: Option<v1::Source>, at: &At<'_>, sink: &mut Sink) -> Option<Source> {
    source::parse_source(source?, &at.field("source"), sink)
}

fn read_claim_id(given: &str, at: &At<'_>, sink: &mut Sink) -> Option<ClaimId> {
    ids::claim_id(given, &at.field("claim_id"), sink)
}

fn read_dispute(of: v1::ClaimDisputed, at: &At<'_>, sink: &mut Sink) -> Option<Dispute> {
    let counter_claim = if of.counter_claim_id.is_empty() {
        None
    } else {
        Some(ids::claim_id(&of.counter_claim_id, &at.field("counter_claim_id"), sink)?)
    };
    Some(Dispute {
        id: ids::dispute_id(&of.dispute_id, &at.field("dispute_id"), sink)?,
        disputed_by: party_id(&of.disputed_by, &at.field("disputed_by"), sink)?,
        statement: of.statement.into(),
        counter_claim,
    })
}
