//! How a claim stands after a number of events: what follows from them that no single event says.
//!
//! A claim's history is a fold. Content comes from the last assertion or revision; the standing carries the rest: how many
//! revisions, whether retracted, which disputes stand, how far the knowledge of it reaches, and the earliest such date it
//! ever had (which bounds an unknown start: what was true as of a day had started by then).

use super::claim::Claim;
use super::edtf::{Atom, PartialDate};
use super::event::Change;
use super::name::DisputeId;
use super::validity::{Impossible, Validity};

/// How a claim stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of its last revision.
    pub revision: u32,
    /// Whether it is retracted.
    pub retracted: bool,
    /// Every dispute so far; whether it still stands.
    pub disputes: Vec<(DisputeId, bool)>,
    /// How far the knowledge of it reaches now: the last day or second of its `as_of`.
    pub as_of: Option<Atom>,
    /// The earliest `as_of` it ever had.
    pub earliest_as_of: Option<Atom>,
}

impl Standing {
    /// The standing after one more event about the claim.
    #[must_use]
    pub fn after(&self, change: &Change) -> Self {
        let mut next = Self { revision: self.revision.saturating_add(1), ..self.clone() };
        match change {
            Change::ClaimAsserted(claim) | Change::ClaimRevised(_, claim) => next.reach(claim.as_of.as_ref()),
            Change::ClaimConfirmed(_, as_of) => next.reach(Some(as_of)),
            Change::ClaimRetracted(..) => next.retracted = true,
            Change::ClaimReinstated(_) => next.retracted = false,
            Change::ClaimDisputed(_, dispute) => next.disputes.push((dispute.id, true)),
            Change::DisputeResolved(_, id, _) => next.settle(*id),
            Change::PartyRegistered(_)
            | Change::PartyRevised(_)
            | Change::SourceRegistered(_)
            | Change::SourceRevised(_)
            | Change::SourceWithdrawn(_) => {}
        }
        next
    }

    /// Whether any dispute of it stands.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.disputes.iter().any(|(_, stands)| *stands)
    }

    /// The valid time of a content under this standing; none for a claim without time.
    ///
    /// # Errors
    /// When no start before an end is left.
    pub fn validity(&self, claim: &Claim) -> Result<Option<Validity>, Impossible> {
        let Some((from, to)) = claim.time.bounds() else { return Ok(None) };
        Validity::resolve(from, to, self.earliest_as_of).map(Some)
    }

    fn reach(&mut self, as_of: Option<&PartialDate>) {
        self.as_of = as_of.and_then(PartialDate::latest);
        self.earliest_as_of = [self.earliest_as_of, self.as_of].into_iter().flatten().min();
    }

    fn settle(&mut self, settled: DisputeId) {
        self.disputes.iter_mut().filter(|(id, _)| *id == settled).for_each(|(_, stands)| *stands = false);
    }
}
