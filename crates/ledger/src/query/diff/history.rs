//! The revisions of a claim that lie between two cuts, as far as they are compared.

use super::rows::Comparison;
use crate::budget;
use crate::error::ReadFailure;
use crate::read::sight::{ClaimSight, Sight};
use crate::store::{self, Action};
use crate::wire::claim::read_claim;
use crate::wire::vocabulary::Twin;
use detente_domain::diff::{self, Change, DiffQuestion, Revision};
use detente_domain::name::DisputeId;
use detente_domain::vocabulary::{ChangeReason, RetractionReason, RevisionKind};
use detente_proto::v1;
use prost::Message;
use std::sync::Arc;

/// The last revision of a claim at the earlier cut, and the revisions since.
pub(super) struct History {
    /// The number of revisions that the earlier cut knows.
    pub(super) known: usize,
    /// The last of those, if there are any, and all that came after.
    revisions: Vec<Revision>,
}

impl History {
    /// The net change.
    pub(super) fn compare(&self, question: &DiffQuestion) -> Option<Change> {
        let before = self.revisions.first().filter(|_| self.known > 0);
        let since = self.revisions.get(usize::from(self.known > 0)..).unwrap_or_default();
        diff::compare(before, since, question)
    }
}

/// Reads the revisions of a claim from the last that the earlier side knows to the last that the later side does.
pub(super) fn read(
    comparison: &Comparison<'_, '_>,
    before: Option<&ClaimSight>,
    after: &ClaimSight,
) -> Result<History, ReadFailure> {
    let Comparison { from, to, .. } = comparison;
    let known = before.map_or(0, |before| from.revisions(before).len());
    let mut revisions: Vec<Revision> = Vec::new();
    for (at, revision) in to.revisions(after).iter().enumerate().skip(known.saturating_sub(1)) {
        let missing = || ReadFailure::Damaged(format!("claim {} has no revision {}", after.id.0, at + 1));
        budget::step();
        let number = u32::try_from(at + 1).map_err(|_| missing())?;
        let (mut made_by, mut dispute) = (ChangeReason::New, None);
        if at >= known {
            made_by = reason_of_event(to, after, *revision)?;
            dispute = dispute_change(to, after, *revision)?;
        }
        let last = revisions.last().filter(|_| keeps_content(revision.action));
        let (content, retracted) = match last {
            Some(last) => (Arc::clone(&last.content), retraction_reason_after(to, after, *revision, last.retracted)?),
            None => {
                let message = to.words(after, number)?;
                budget::hold(message.encoded_len().saturating_mul(2));
                let retracted = message.retraction.as_ref().map(|of| reason_of(of.reason, of.position)).transpose()?;
                (Arc::new(read_claim(message).map_err(|_| missing())?), retracted)
            }
        };
        let validity = to.validity_in(after, *revision);
        revisions.push(Revision { made_by, content, retracted, dispute, validity });
    }
    Ok(History { known, revisions })
}

/// Returns true if an event leaves the content of its claim as it was.
const fn keeps_content(action: Action) -> bool {
    matches!(action, Action::Retracted | Action::Reinstated | Action::Disputed | Action::Resolved)
}

/// The reason that the event of a revision gives as a cause.
fn reason_of_event(to: &Sight<'_>, seen: &ClaimSight, revision: store::Revision) -> Result<ChangeReason, ReadFailure> {
    Ok(match revision.action {
        Action::Confirmed => ChangeReason::Confirmation,
        Action::Retracted => ChangeReason::Retraction,
        Action::Reinstated => ChangeReason::Reinstatement,
        Action::Disputed => ChangeReason::Dispute,
        Action::Resolved => ChangeReason::Resolution,
        Action::Revised => kind_of(to, seen, revision)?.into(),
        _ => ChangeReason::New,
    })
}

fn kind_of(to: &Sight<'_>, seen: &ClaimSight, revision: store::Revision) -> Result<RevisionKind, ReadFailure> {
    let kind = match to.event(seen, revision)?.event {
        Some(v1::event::Event::ClaimRevised(revised)) => RevisionKind::from_wire(revised.kind).ok().flatten(),
        _ => None,
    };
    kind.ok_or_else(|| ReadFailure::Damaged(format!("a revision of claim {} has no kind", seen.id.0)))
}

/// The reason a claim is retracted after an event that did not change its content.
fn retraction_reason_after(
    to: &Sight<'_>,
    seen: &ClaimSight,
    revision: store::Revision,
    before: Option<RetractionReason>,
) -> Result<Option<RetractionReason>, ReadFailure> {
    match revision.action {
        Action::Reinstated => Ok(None),
        Action::Retracted => match to.event(seen, revision)?.event {
            Some(v1::event::Event::ClaimRetracted(of)) => reason_of(of.reason, revision.position.0).map(Some),
            _ => Err(ReadFailure::Damaged(format!("the event at position {} is no retraction", revision.position.0))),
        },
        _ => Ok(before),
    }
}

fn reason_of(reason: i32, position: u64) -> Result<RetractionReason, ReadFailure> {
    let reason = RetractionReason::from_wire(reason).ok().flatten();
    reason.ok_or_else(|| ReadFailure::Damaged(format!("the retraction at position {position} has no reason")))
}

/// The dispute that a revision began or ended, and whether it stands from then on.
fn dispute_change(
    to: &Sight<'_>,
    seen: &ClaimSight,
    revision: store::Revision,
) -> Result<Option<(DisputeId, bool)>, ReadFailure> {
    if !matches!(revision.action, Action::Disputed | Action::Resolved) {
        return Ok(None);
    }
    let (id, stands) = match to.event(seen, revision)?.event {
        Some(v1::event::Event::ClaimDisputed(disputed)) => (disputed.dispute_id, true),
        Some(v1::event::Event::DisputeResolved(resolved)) => (resolved.dispute_id, false),
        _ => return Ok(None),
    };
    Ok(id.parse().ok().map(|id| (DisputeId(id), stands)))
}
