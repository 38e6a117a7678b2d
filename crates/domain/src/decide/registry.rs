//! The rules for commands about parties, sources, kinds and schemes.

use super::draft::Draft;
use crate::event::Change;
use crate::kind::Kind;
use crate::name::SourceId;
use crate::party::Party;
use crate::scheme::Scheme;
use crate::source::Source;

/// Registers a party.
pub(super) fn register_party(draft: &mut Draft<'_>, party: Party) {
    if draft.party_revision(&party.id).is_some() {
        draft.refuse("register_party.party.party_id", "this party is registered already; revise it");
    }
    check_party(draft, "register_party", &party);
    draft.record_party(party.id.clone(), 1, Change::PartyRegistered(party));
}

/// Gives a party a new state.
pub(super) fn revise_party(draft: &mut Draft<'_>, party: Party) {
    match draft.party_revision(&party.id) {
        None => draft.refuse("revise_party.party.party_id", draft.describe_unregistered("party", party.id.as_str())),
        Some(last) => {
            check_party(draft, "revise_party", &party);
            draft.record_party(party.id.clone(), last.saturating_add(1), Change::PartyRevised(party));
        }
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
        None => {
            draft.refuse("revise_source.source.source_id", draft.describe_unregistered("source", source.id.as_str()))
        }
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
        None => draft.refuse("withdraw_source.source_id", draft.describe_unregistered("source", id.as_str())),
        Some((_, true)) => draft.refuse("withdraw_source.source_id", "this source is withdrawn already"),
        Some((last, false)) => {
            draft.record_source(id.clone(), last.saturating_add(1), true, Change::SourceWithdrawn(id));
        }
    }
}

/// Registers a kind.
pub(super) fn register_kind(draft: &mut Draft<'_>, kind: Kind) {
    if draft.kind_revision(&kind.kind).is_some() {
        draft.refuse("register_kind.kind.kind", "this kind is registered already; revise it");
    }
    draft.record_kind(kind.kind.clone(), 1, Change::KindRegistered(kind));
}

/// Gives a kind new properties.
pub(super) fn revise_kind(draft: &mut Draft<'_>, kind: Kind) {
    match draft.kind_revision(&kind.kind) {
        None => draft.refuse("revise_kind.kind.kind", draft.describe_unregistered("kind", kind.kind.as_str())),
        Some(last) => draft.record_kind(kind.kind.clone(), last.saturating_add(1), Change::KindRevised(kind)),
    }
}

/// Registers a code scheme.
pub(super) fn register_scheme(draft: &mut Draft<'_>, scheme: Scheme) {
    if draft.scheme_revision(&scheme.scheme).is_some() {
        draft.refuse("register_scheme.scheme.scheme", "this scheme is registered already; revise it");
    }
    draft.record_scheme(scheme.scheme.clone(), 1, Change::SchemeRegistered(scheme));
}

/// Gives a code scheme a new scale.
pub(super) fn revise_scheme(draft: &mut Draft<'_>, scheme: Scheme) {
    match draft.scheme_revision(&scheme.scheme) {
        None => draft.refuse("revise_scheme.scheme.scheme", draft.describe_unregistered("scheme", &scheme.scheme)),
        Some(last) => {
            draft.record_scheme(scheme.scheme.clone(), last.saturating_add(1), Change::SchemeRevised(scheme));
        }
    }
}

fn check_party(draft: &mut Draft<'_>, command: &str, party: &Party) {
    for (at, name) in party.names.iter().enumerate() {
        for (nth, user) in name.used_by.iter().enumerate() {
            if !draft.knows_party(user) {
                let what = draft.describe_unregistered("party", user.as_str());
                draft.refuse(&format!("{command}.party.names[{at}].used_by[{nth}]"), what);
            }
        }
    }
}

fn check_source(draft: &mut Draft<'_>, command: &str, source: &Source) {
    for (at, party) in source.publishers.iter().enumerate() {
        if !draft.knows_party(party) {
            let what = draft.describe_unregistered("party", party.as_str());
            draft.refuse(&format!("{command}.source.publishers[{at}]"), what);
        }
    }
    for (at, origin) in source.derives_from.iter().enumerate() {
        let field = format!("{command}.source.derives_from[{at}]");
        if *origin == source.id {
            draft.refuse(&field, "a source cannot derive from itself");
        } else if !draft.knows_source(origin) {
            draft.refuse(&field, draft.describe_unregistered("source", origin.as_str()));
        }
    }
}
