//! The rules for merging parties and for undoing that.
//!
//! A party that others were merged into may be merged later itself: then all answer as the last survivor. Only a party
//! that is not merged can be merged or survive, so merges form trees and never a circle, whichever of them are undone.

use super::draft::Draft;
use crate::event::Change;
use crate::name::PartyId;

/// Says that two parties are one.
pub(super) fn merge(draft: &mut Draft<'_>, merged: PartyId, survivor: PartyId) {
    const MERGED: &str = "merge_parties.merged_party_id";
    const SURVIVING: &str = "merge_parties.surviving_party_id";
    let revision = draft.party_revision(&merged);
    if revision.is_none() {
        draft.refuse(MERGED, draft.describe_unregistered("party", merged.as_str()));
    } else if let Some(into) = draft.merged_into(&merged) {
        draft.refuse(MERGED, format!("this party is merged into {into} already; unmerge it first"));
    }
    if merged == survivor {
        draft.refuse(SURVIVING, "a party cannot be merged into itself");
    } else if draft.party_revision(&survivor).is_none() {
        draft.refuse(SURVIVING, draft.describe_unregistered("party", survivor.as_str()));
    } else if let Some(into) = draft.merged_into(&survivor) {
        draft.refuse(SURVIVING, format!("this party is merged into {into} itself; name the one that survives"));
    }
    if let Some(last) = revision {
        let change = Change::PartiesMerged(merged.clone(), survivor.clone());
        draft.record_merge(merged, Some(survivor), last.saturating_add(1), change);
    }
}

/// Undoes a merge.
pub(super) fn unmerge(draft: &mut Draft<'_>, merged: PartyId) {
    const MERGED: &str = "unmerge_parties.merged_party_id";
    match draft.party_revision(&merged) {
        None => draft.refuse(MERGED, draft.describe_unregistered("party", merged.as_str())),
        Some(_) if draft.merged_into(&merged).is_none() => {
            draft.refuse(MERGED, "this party is not merged; there is nothing to undo");
        }
        Some(last) => {
            let change = Change::PartiesUnmerged(merged.clone());
            draft.record_merge(merged, None, last.saturating_add(1), change);
        }
    }
}
