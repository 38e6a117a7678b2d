//! The disputes of a claim, as a sight sees them.

use super::{ClaimSight, Sight};
use crate::budget::{hold, step};
use crate::error::ReadFailure;
use crate::store::{Action, DisputeCounts, DisputeRow, Revision};
use detente_proto::v1;

impl Sight<'_> {
    /// The number of disputes of a claim at the cut.
    pub(crate) fn dispute_counts(&self, seen: &ClaimSight) -> DisputeCounts {
        let layer = self.layer(seen.supposed);
        layer.view.index.claims().disputes().counts(seen.found.claim, layer.cut)
    }

    /// The disputes of a claim that stand at the cut, in order.
    pub(crate) fn standing_disputes(&self, seen: &ClaimSight) -> Vec<DisputeRow> {
        let layer = self.layer(seen.supposed);
        let disputes = layer.view.index.claims().disputes();
        hold(self.dispute_counts(seen).standing as usize * size_of::<DisputeRow>());
        let mut standing: Vec<DisputeRow> =
            disputes.standing(seen.found.claim, layer.cut).inspect(|_| step()).collect();
        standing.reverse();
        standing
    }

    /// The dispute that an event about a claim began or ended, as it was then.
    pub(crate) fn dispute_of(&self, seen: &ClaimSight, revision: Revision) -> Result<Option<v1::Dispute>, ReadFailure> {
        if !matches!(revision.action, Action::Disputed | Action::Resolved) {
            return Ok(None);
        }
        let id = match self.event(seen, revision)?.event {
            Some(v1::event::Event::ClaimDisputed(disputed)) => disputed.dispute_id,
            Some(v1::event::Event::DisputeResolved(resolved)) => resolved.dispute_id,
            _ => return Ok(None),
        };
        let disputes = self.index(seen.supposed).claims().disputes();
        let row = id.parse().ok().and_then(|id| disputes.find(seen.found.claim, id, revision.position));
        let row = row.ok_or_else(|| ReadFailure::Damaged(format!("claim {} has no dispute {id}", seen.id.0)))?;
        self.layer(seen.supposed).renderer.borrow_mut().dispute(&row, revision.position).map(Some)
    }

    /// A dispute of a claim with its words.
    pub(crate) fn dispute(&self, seen: &ClaimSight, row: &DisputeRow) -> Result<v1::Dispute, ReadFailure> {
        let layer = self.layer(seen.supposed);
        layer.renderer.borrow_mut().dispute(row, layer.cut)
    }
}
