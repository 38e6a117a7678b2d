//! An event: one statement of a change, in the past tense. The log is a sequence of these and everything else follows.

use super::claim::Claim;
use super::edtf::PartialDate;
use super::name::{ClaimId, DisputeId, PartyId, SourceId};
use super::party::Party;
use super::source::Source;
use super::vocabulary::{DisputeOutcome, RetractionReason, RevisionKind};

/// What happened. Every change about a claim makes the next revision of that claim, a dispute or a retraction too.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A claim was put on record.
    ClaimAsserted(Box<Claim>),
    /// A claim got a new complete state.
    ClaimRevised(RevisionKind, Box<Claim>),
    /// A claim was said to be still true, as far as this date.
    ClaimConfirmed(ClaimId, PartialDate),
    /// A claim was taken back.
    ClaimRetracted(ClaimId, RetractionReason),
    /// A retraction was undone.
    ClaimReinstated(ClaimId),
    /// A party contests a claim.
    ClaimDisputed(ClaimId, Dispute),
    /// A dispute ended.
    DisputeResolved(ClaimId, DisputeId, DisputeOutcome),
    /// A party was registered.
    PartyRegistered(Party),
    /// A party got a new complete state.
    PartyRevised(Party),
    /// A source was registered.
    SourceRegistered(Source),
    /// A source got a new complete state.
    SourceRevised(Source),
    /// A source was withdrawn.
    SourceWithdrawn(SourceId),
}

/// That a party contests a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Identity.
    pub id: DisputeId,
    /// The party that disputes, apart from who records that it does.
    pub disputed_by: PartyId,
    /// What it disputes, in words.
    pub statement: Box<str>,
    /// The claim it holds against this one.
    pub counter_claim: Option<ClaimId>,
}

/// A change with what the recorder noted and the revision it makes: an event before it has a position.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The revision it makes of its claim, party or source.
    pub revision: u32,
    /// What the recorder noted.
    pub note: Box<str>,
    /// What happened.
    pub change: Change,
}

impl Change {
    /// The claim it is about, if it is about one.
    #[must_use]
    pub fn claim_id(&self) -> Option<ClaimId> {
        match self {
            Self::ClaimAsserted(claim) | Self::ClaimRevised(_, claim) => Some(claim.id),
            Self::ClaimConfirmed(id, _)
            | Self::ClaimRetracted(id, _)
            | Self::ClaimReinstated(id)
            | Self::ClaimDisputed(id, _)
            | Self::DisputeResolved(id, ..) => Some(*id),
            Self::PartyRegistered(_)
            | Self::PartyRevised(_)
            | Self::SourceRegistered(_)
            | Self::SourceRevised(_)
            | Self::SourceWithdrawn(_) => None,
        }
    }

    /// The complete content it gives a claim, if it gives one.
    #[must_use]
    pub fn content(&self) -> Option<&Claim> {
        match self {
            Self::ClaimAsserted(claim) | Self::ClaimRevised(_, claim) => Some(claim),
            _ => None,
        }
    }
}
