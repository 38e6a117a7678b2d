//! The revisions of a claim that lie between two cuts, as far as they are compared.

use super::rows::Comparison;
use crate::domain::diff::{self, Change, Question, Revision};
use crate::domain::name::DisputeId;
use crate::domain::vocabulary::{ChangeReason, RetractionReason, RevisionKind};
use crate::ledger::error::Damaged;
use crate::ledger::sight::{Seen, Sight};
use crate::store::Action;
use crate::v1;
use crate::wire::claim::read_claim;
use crate::wire::vocabulary::Twin;
use std::sync::Arc;

/// What a claim was at the earlier cut, and the revisions since.
pub(super) struct History {
    /// How many revisions the earlier cut knows.
    pub(super) known: usize,
    /// The last of those, if there are any, and all that came after.
    revisions: Vec<Revision>,
}

impl History {
    /// The net change.
    pub(super) fn compare(&self, question: &Question) -> Option<Change> {
        let before = self.revisions.first().filter(|_| self.known > 0);
        let since = self.revisions.get(usize::from(self.known > 0)..).unwrap_or_default();
        diff::compare(before, since, question)
    }
}

/// Reads the revisions of a claim from the last that the earlier side knows to the last that the later side does.
pub(super) fn read(comparison: &Comparison<'_, '_>, before: Option<&Seen>, after: &Seen) -> Result<History, Damaged> {
    let Comparison { from, to, .. } = comparison;
    let known = before.map_or(0, |before| from.revisions(before).len());
    let mut revisions: Vec<Revision> = Vec::new();
    for (at, revision) in to.revisions(after).iter().enumerate().skip(known.saturating_sub(1)) {
        let missing = || Damaged(format!("claim {} has no revision {}", after.id.0, at + 1));
        let number = u32::try_from(at + 1).map_err(|_| missing())?;
        let seen = to.at_revision(after, number).ok_or_else(missing)?;
        let message = to.message(&seen)?;
        let made_by = if at < known { ChangeReason::New } else { called(to, &seen, revision.action)? };
        let retracted = message.retraction.as_ref().map(retraction_of).transpose()?;
        let disputes = standing_disputes(&message);
        let content = match revisions.last().filter(|_| keeps_content(revision.action)) {
            Some(last) => Arc::clone(&last.content),
            None => Arc::new(read_claim(message).map_err(|_| missing())?),
        };
        revisions.push(Revision { made_by, content, retracted, disputes, validity: seen.validity });
    }
    Ok(History { known, revisions })
}

/// Whether an event leaves what the claim says as it was.
const fn keeps_content(action: Action) -> bool {
    matches!(action, Action::Retracted | Action::Reinstated | Action::Disputed | Action::Resolved)
}

/// What the event that made a revision is called as a cause.
fn called(to: &Sight<'_>, seen: &Seen, action: Action) -> Result<ChangeReason, Damaged> {
    Ok(match action {
        Action::Confirmed => ChangeReason::Confirmation,
        Action::Retracted => ChangeReason::Retraction,
        Action::Reinstated => ChangeReason::Reinstatement,
        Action::Disputed => ChangeReason::Dispute,
        Action::Resolved => ChangeReason::Resolution,
        Action::Revised => kind_of(to, seen)?.into(),
        _ => ChangeReason::New,
    })
}

fn kind_of(to: &Sight<'_>, seen: &Seen) -> Result<RevisionKind, Damaged> {
    let revision = to.revisions(seen).last().copied();
    let event = revision.map(|revision| to.event(seen, revision)).transpose()?.and_then(|event| event.event);
    let kind = match event {
        Some(v1::event::Event::ClaimRevised(revised)) => RevisionKind::from_wire(revised.kind).ok().flatten(),
        _ => None,
    };
    kind.ok_or_else(|| Damaged(format!("a revision of claim {} has no kind", seen.id.0)))
}

fn retraction_of(retraction: &v1::Retraction) -> Result<RetractionReason, Damaged> {
    let reason = RetractionReason::from_wire(retraction.reason).ok().flatten();
    reason.ok_or_else(|| Damaged(format!("the retraction at position {} has no reason", retraction.position)))
}

fn standing_disputes(claim: &v1::Claim) -> Vec<DisputeId> {
    let standing = claim.disputes.iter().filter(|dispute| dispute.resolution.is_none());
    standing.filter_map(|dispute| dispute.dispute_id.parse().ok().map(DisputeId)).collect()
}
