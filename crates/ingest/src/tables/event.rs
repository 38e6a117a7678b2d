//! The columns of an event: its place in the log, and its content.
//!
//! The claim that it asserts or revises is in the columns of a claim. All other content of an event is in `content`.

use super::columns::{Cell, Column, ColumnKind, column};
use super::row::{OutputRow, instant, object, word};
use detente_ledger::wire::json;
use detente_ledger::wire::path::snake_case;
use detente_proto::v1;
use v1::event::Event as What;
use v1::{DisputeOutcome, RetractionReason, RevisionKind};

use ColumnKind::{Flag, Instant, Integer, Json, Text, Word};

/// The columns of an event's place in the log, and of its content.
pub(super) const HAPPENED: [Column; 10] = [
    column("position", Integer, "Its place in the log, dense from 1.", |row| of(row, |e| Cell::ordinal(e.position))),
    column("recorded_at", Instant, "Recorded time of its append.", |row| of(row, |e| instant(e.recorded_at.as_ref()))),
    column("recorded_by", Text, "Name of its recorder.", |row| of(row, |e| Cell::text(&e.recorded_by))),
    column("note", Text, "Note of the recorder.", |row| of(row, |e| Cell::text(&e.note))),
    column("backfilled", Flag, "True if it came with the recorded time that it had elsewhere.", |row| {
        of(row, |e| Cell::Flag(e.backfilled))
    }),
    column("event", Word, "Type of the event: claim_asserted, claim_revised, party_registered, ...", |row| {
        of(row, |e| content(e).map_or(Cell::Empty, |(name, _)| Cell::text(name)))
    }),
    column("revision", Integer, "The revision it makes of what it is about.", |row| {
        of(row, |e| Cell::ordinal(e.revision.into()))
    }),
    column(
        "subject_id",
        Text,
        "The claim, party, source, kind, scheme or label it is about, by its id or name.",
        |row| of(row, |e| Cell::text(subject(e))),
    ),
    column("reason", Word, "Reason of a revision or retraction, or outcome of a dispute.", |row| of(row, reason)),
    column("content", Json, "Message of an event that neither asserts nor revises a claim.", |row| {
        of(row, |e| match e.event {
            Some(What::ClaimAsserted(_) | What::ClaimRevised(_)) => Cell::Empty,
            _ => content(e).map_or(Cell::Empty, |(_, content)| Cell::Text(content)),
        })
    }),
];

fn of(row: &OutputRow<'_>, cell: impl FnOnce(&v1::Event) -> Cell) -> Cell {
    row.event.map_or(Cell::Empty, cell)
}

/// The claim that an event is about.
pub(super) fn claim_id(event: &v1::Event) -> Option<&str> {
    Some(match event.event.as_ref()? {
        What::ClaimAsserted(e) => &e.claim.as_ref()?.claim_id,
        What::ClaimRevised(e) => &e.claim.as_ref()?.claim_id,
        What::ClaimConfirmed(e) => &e.claim_id,
        What::ClaimRetracted(e) => &e.claim_id,
        What::ClaimReinstated(e) => &e.claim_id,
        What::ClaimDisputed(e) => &e.claim_id,
        What::DisputeResolved(e) => &e.claim_id,
        _ => return None,
    })
}

/// Returns the date up to which the knowledge of a claim reaches after its confirmation.
pub(super) fn confirmed_as_of(event: &v1::Event) -> Option<&str> {
    match &event.event {
        Some(What::ClaimConfirmed(confirmed)) => Some(&confirmed.as_of),
        Some(What::ClaimsConfirmed(confirmed)) => Some(&confirmed.as_of),
        _ => None,
    }
}

fn subject(event: &v1::Event) -> String {
    if let Some(id) = claim_id(event) {
        return id.to_owned();
    }
    let id = match &event.event {
        Some(What::PartyRegistered(e)) => e.party.as_ref().map(|party| &party.party_id),
        Some(What::PartyRevised(e)) => e.party.as_ref().map(|party| &party.party_id),
        Some(What::PartiesMerged(e)) => Some(&e.merged_party_id),
        Some(What::PartiesUnmerged(e)) => Some(&e.merged_party_id),
        Some(What::SourceRegistered(e)) => e.source.as_ref().map(|source| &source.source_id),
        Some(What::SourceRevised(e)) => e.source.as_ref().map(|source| &source.source_id),
        Some(What::SourceWithdrawn(e)) => Some(&e.source_id),
        Some(What::KindRegistered(e)) => e.kind.as_ref().map(|kind| &kind.kind),
        Some(What::KindRevised(e)) => e.kind.as_ref().map(|kind| &kind.kind),
        Some(What::SchemeRegistered(e)) => e.scheme.as_ref().map(|scheme| &scheme.scheme),
        Some(What::SchemeRevised(e)) => e.scheme.as_ref().map(|scheme| &scheme.scheme),
        Some(What::ClaimsConfirmed(e)) => Some(&e.label),
        _ => None,
    };
    id.cloned().unwrap_or_default()
}

fn reason(event: &v1::Event) -> Cell {
    match &event.event {
        Some(What::ClaimRevised(e)) => word(e.kind, "REVISION_KIND_", RevisionKind::as_str_name),
        Some(What::ClaimRetracted(e)) => word(e.reason, "RETRACTION_REASON_", RetractionReason::as_str_name),
        Some(What::DisputeResolved(e)) => word(e.outcome, "DISPUTE_OUTCOME_", DisputeOutcome::as_str_name),
        _ => Cell::Empty,
    }
}

/// The name of what happened, in lower_snake, and its message in JSON.
fn content(event: &v1::Event) -> Option<(String, String)> {
    // All but what happened is taken out first: a claim may be long, and only the name of an assertion is wanted.
    let bare = v1::Event { event: Some(without_claim(event.event.as_ref()?)), ..v1::Event::default() };
    let (name, content) = object(json::line(&bare)).into_iter().next()?;
    Some((snake_case(&name), content.to_string()))
}

fn without_claim(what: &What) -> What {
    match what {
        What::ClaimAsserted(_) => What::ClaimAsserted(v1::ClaimAsserted::default()),
        What::ClaimRevised(_) => What::ClaimRevised(v1::ClaimRevised::default()),
        other => other.clone(),
    }
}
