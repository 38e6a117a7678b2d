//! The rules for commands about claims.

use super::draft::Draft;
use crate::bound::Bound;
use crate::claim::{Claim, Link, Time};
use crate::command::Patch;
use crate::edtf::PartialDate;
use crate::event::{Change, Dispute, LabelConfirmation};
use crate::name::{ClaimId, DisputeId, PartyId};
use crate::standing::Standing;
use crate::vocabulary::{DisputeOutcome, LinkType, RetractionReason, RevisionKind};

/// Puts a claim on record. `field` is where the claim stands in the command.
pub(super) fn assert(draft: &mut Draft<'_>, field: &str, claim: Box<Claim>) {
    if draft.standing(claim.id).is_some() {
        draft.refuse(&format!("{field}.claim.claim_id"), "this claim is recorded already; revise it, or give a new id");
    }
    let before = Standing::default();
    let change = Change::ClaimAsserted(claim);
    check_content(draft, field, &before, &change);
    record(draft, before, change);
}

/// Gives a claim a new complete state.
pub(super) fn revise(draft: &mut Draft<'_>, kind: RevisionKind, claim: Box<Claim>) {
    let Some(before) = require_unretracted(draft, claim.id, "revise_claim.claim.claim_id") else { return };
    let change = Change::ClaimRevised(kind, claim);
    check_content(draft, "revise_claim", &before, &change);
    record(draft, before, change);
}

/// Replaces some fields of a claim.
pub(super) fn patch(draft: &mut Draft<'_>, kind: RevisionKind, patch: &dyn Patch) {
    let id = patch.claim_id();
    if require_unretracted(draft, id, "revise_claim.claim.claim_id").is_none() {
        return;
    }
    let Some(last) = draft.content(id) else {
        return draft.refuse("revise_claim.claim.claim_id", "the last state of this claim cannot be read");
    };
    match patch.apply(&last) {
        Ok(claim) => revise(draft, kind, Box::new(claim)),
        Err(violations) => {
            violations
                .into_iter()
                .for_each(|v| draft.refuse(&format!("revise_claim.claim.{}", v.field), v.description));
        }
    }
}

/// Says that a claim is still true.
pub(super) fn confirm(draft: &mut Draft<'_>, id: ClaimId, as_of: PartialDate) {
    let Some(before) = require_unretracted(draft, id, "confirm_claim.claim_id") else { return };
    if before.as_of.zip(as_of.latest()).is_some_and(|(reached, confirmed)| confirmed < reached) {
        draft.refuse("confirm_claim.as_of", "reaches less far than the claim's as_of does already; give a later date");
    }
    let change = Change::ClaimConfirmed(id, as_of);
    if let Some(content) = draft.content(id) {
        check_validity(draft, "confirm_claim.as_of", &before.after(&change), &content);
    }
    record(draft, before, change);
}

/// Says that all claims with a label are still true.
pub(super) fn confirm_all(draft: &mut Draft<'_>, confirmation: Box<LabelConfirmation>) {
    let reached = draft.label_as_of(&confirmation.label);
    if reached.zip(confirmation.as_of.latest()).is_some_and(|(reached, confirmed)| confirmed < reached) {
        draft.refuse(
            "confirm_claims.as_of",
            "reaches less far than this label was confirmed already; give a later date",
        );
    }
    for (at, id) in confirmation.except.iter().enumerate() {
        if draft.standing(*id).is_none() {
            let what = format!("no claim {} is recorded; leave it out", id.0);
            draft.refuse(&format!("confirm_claims.except_claim_ids[{at}]"), what);
        }
    }
    draft.record_confirmation(confirmation);
}

/// Takes a claim back.
pub(super) fn retract(draft: &mut Draft<'_>, id: ClaimId, reason: RetractionReason) {
    let Some(before) = require_unretracted(draft, id, "retract_claim.claim_id") else { return };
    record(draft, before, Change::ClaimRetracted(id, reason));
}

/// Undoes a retraction.
pub(super) fn reinstate(draft: &mut Draft<'_>, id: ClaimId) {
    let Some(before) = require_recorded(draft, id, "reinstate_claim.claim_id") else { return };
    if !before.retracted {
        return draft.refuse("reinstate_claim.claim_id", "this claim is not retracted; there is nothing to undo");
    }
    record(draft, before, Change::ClaimReinstated(id));
}

/// Records that a party contests a claim.
pub(super) fn dispute(draft: &mut Draft<'_>, id: ClaimId, dispute: Dispute) {
    let Some(before) = require_unretracted(draft, id, "dispute_claim.claim_id") else { return };
    if draft.dispute(id, dispute.id).is_some() {
        draft.refuse("dispute_claim.dispute_id", "this claim has a dispute with this id already; give a new one");
    }
    if !draft.knows_party(&dispute.disputed_by) {
        draft.refuse("dispute_claim.disputed_by", draft.describe_unregistered("party", dispute.disputed_by.as_str()));
    }
    match dispute.counter_claim {
        Some(counter) if counter == id => {
            draft.refuse("dispute_claim.counter_claim_id", "a claim cannot be held against itself");
        }
        Some(counter) if draft.standing(counter).is_none() => {
            draft.refuse("dispute_claim.counter_claim_id", "this claim is not recorded; assert it first");
        }
        _ => {}
    }
    record(draft, before, Change::ClaimDisputed(id, dispute));
}

/// Records how a dispute ended.
pub(super) fn resolve(draft: &mut Draft<'_>, id: ClaimId, dispute: DisputeId, outcome: DisputeOutcome) {
    let Some(before) = require_recorded(draft, id, "resolve_dispute.claim_id") else { return };
    match draft.dispute(id, dispute) {
        None => draft.refuse("resolve_dispute.dispute_id", "this claim has no dispute with this id"),
        Some(false) => draft.refuse("resolve_dispute.dispute_id", "this dispute has been resolved already"),
        Some(true) => record(draft, before, Change::DisputeResolved(id, dispute, outcome)),
    }
}

/// Ends a claim at a date and asserts the one that takes its place.
pub(super) fn supersede(draft: &mut Draft<'_>, id: ClaimId, ended: PartialDate, mut successor: Box<Claim>) {
    const FIELD: &str = "supersede_claim";
    if require_unretracted(draft, id, "supersede_claim.claim_id").is_none() {
        return;
    }
    let Some(mut old) = draft.content(id) else {
        return draft.refuse("supersede_claim.claim_id", "the last state of this claim cannot be read");
    };
    match &mut old.time {
        Time::Event(_, to) | Time::State(_, to) => *to = Bound::Known(ended),
        Time::None => return draft.refuse("supersede_claim.claim_id", "a claim without time cannot end; revise it"),
    }
    let Some(before) = draft.standing(id) else { return };
    let change = Change::ClaimRevised(RevisionKind::WorldChange, Box::new(old));
    if let Some(content) = change.content() {
        check_validity(draft, "supersede_claim.ended", &before.after(&change), content);
    }
    record(draft, before, change);
    let link = Link { link_type: LinkType::Supersedes, target: id };
    if successor.id != id && !successor.links.contains(&link) {
        successor.links.push(link);
    }
    assert(draft, FIELD, successor);
}

fn record(draft: &mut Draft<'_>, before: Standing, change: Change) {
    if let Some(id) = change.claim_id() {
        draft.record_claim(id, before, change);
    }
}

fn require_recorded(draft: &mut Draft<'_>, id: ClaimId, field: &str) -> Option<Standing> {
    let standing = draft.standing(id);
    if standing.is_none() {
        draft.refuse(field, format!("no claim {} is recorded; assert it first", id.0));
    }
    standing
}

fn require_unretracted(draft: &mut Draft<'_>, id: ClaimId, field: &str) -> Option<Standing> {
    let standing = require_recorded(draft, id, field)?;
    if standing.retracted {
        draft.refuse(field, "this claim is retracted; reinstate it first");
        return None;
    }
    Some(standing)
}

fn check_content(draft: &mut Draft<'_>, command: &str, before: &Standing, change: &Change) {
    let Some(claim) = change.content() else { return };
    check_validity(draft, &format!("{command}.claim.valid_to"), &before.after(change), claim);
    check_parties(draft, command, claim);
    check_sources(draft, command, claim);
    if let Some(at) = claim.links.iter().position(|link| link.target == claim.id) {
        draft.refuse(&format!("{command}.claim.links[{at}].claim_id"), "a claim cannot be linked to itself");
    }
}

fn check_validity(draft: &mut Draft<'_>, field: &str, standing: &Standing, claim: &Claim) {
    if let Err(impossible) = standing.validity(claim) {
        draft.refuse(field, impossible.to_string());
    }
}

fn check_parties(draft: &mut Draft<'_>, command: &str, claim: &Claim) {
    for (at, party) in claim.parties.iter().enumerate() {
        if !draft.knows_party(&party.party) {
            let what = draft.describe_unregistered("party", party.party.as_str());
            draft.refuse(&format!("{command}.claim.parties[{at}].party_id"), what);
        }
    }
    for (at, attribution) in claim.attribution.iter().enumerate() {
        if let Some(party) = attribution.party.as_ref().filter(|party| !draft.knows_party(party)) {
            let what = draft.describe_unregistered("party", party.as_str());
            draft.refuse(&format!("{command}.claim.attribution[{at}].party_id"), what);
        }
    }
    for (at, relationship) in claim.relationships.iter().enumerate() {
        for party in relationship.parties() {
            let named = claim.parties.iter().map(|named| &named.party).find(|named| named.as_str() == party);
            let known = match named {
                Some(id) => draft.knows_party(id),
                None => PartyId::parse(party).is_ok_and(|id| draft.knows_party(&id)),
            };
            if !known {
                draft.refuse(
                    &format!("{command}.claim.relationships[{at}]"),
                    draft.describe_unregistered("party", party),
                );
            }
        }
    }
}

fn check_sources(draft: &mut Draft<'_>, command: &str, claim: &Claim) {
    for (at, citation) in claim.sources.iter().enumerate() {
        if !draft.knows_source(&citation.source) {
            let what = draft.describe_unregistered("source", citation.source.as_str());
            draft.refuse(&format!("{command}.claim.sources[{at}].source_id"), what);
        }
    }
}
