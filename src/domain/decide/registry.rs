//! The rules for commands about parties and sources.

use super::claims::unregistered;
use super::draft::Draft;
use crate::domain::event::Change;
use crate::domain::name::SourceId;
use crate::domain::party::Party;
use crate::domain::source::Source;

/// Registers a party.
pub(super) fn register_party(draft: &mut Draft<'_>, party: Party) {
    if draft.party_revision(&party.id).is_some() {
        draft.refuse("register_party.party.party_id", "this party is registered already; revise it");
    }
    draft.record_party(party.id.clone(), 1, Change::PartyRegistered(party));
}

/// Gives a party a new state.
pub(super) fn revise_party(draft: &mut Draft<'_>, party: Party) {
    match draft.party_revision(&party.id) {
        None => draft.refuse("revise_party.party.party_id", unregistered("party", party.id.as_str())),
        Some(last) => draft.record_party(party.id.clone(), last.saturating_add(1), Change::PartyRevised(party)),
    }
}

/// Registers a source.
pub(super) fn register_source(draft: &mut Draft<'_>, source: Source) {
    if draft.source_revision(&source.id).is_some() {
        draft.refuse("register_source.source.source_id", "this source is registered already; revise it");
    }
    check_source(draft, "register_source", &source);
    draft.record_source(source.id.clone(), 1, false, Change::SourceRegistered(source));
}

/// Gives a source a new state; a withdrawn one stays withdrawn.
pub(super) fn revise_source(draft: &mut Draft<'_>, source: Source) {
    match draft.source_revision(&source.id) {
        None => draft.refuse("revise_source.source.source_id", unregistered("source", source.id.as_str())),
        Some((last, withdrawn)) => {
            check_source(draft, "revise_source", &source);
            let revision = last.saturating_add(1);
            draft.record_source(source.id.clone(), revision, withdrawn, Change::SourceRevised(source));
        }
    }
}

/// Withdraws a source.
pub(super) fn withdraw_source(draft: &mut Draft<'_>, id: SourceId) {
    match draft.source_revision(&id) {
        None => draft.refuse("withdraw_source.source_id", unregistered("source", id.as_str())),
        Some((_, true)) => draft.refuse("withdraw_source.source_id", "this source is withdrawn already"),
        Some((last, false)) => {
            draft.record_source(id.clone(), last.saturating_add(1), true, Change::SourceWithdrawn(id));
        }
    }
}

fn check_source(draft: &mut Draft<'_>, command: &str, source: &Source) {
    for (at, party) in source.publishers.iter().enumerate() {
        if !draft.knows_party(party) {
            let what = unregistered("party", party.as_str());
            draft.refuse(&format!("{command}.source.publishers[{at}]"), what);
        }
    }
    for (at, origin) in source.derives_from.iter().enumerate() {
        let field = format!("{command}.source.derives_from[{at}]");
        if *origin == source.id {
            draft.refuse(&field, "a source cannot derive from itself");
        } else if !draft.knows_source(origin) {
            draft.refuse(&field, unregistered("source", origin.as_str()));
        }
    }
}
