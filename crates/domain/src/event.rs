//! An event: one statement of a change, in the past tense. The log is a sequence of these and everything else follows.

use super::claim::Claim;
use super::edtf::PartialDate;
use super::kind::Kind;
use super::name::{ClaimId, DisputeId, PartyId, SourceId};
use super::party::Party;
use super::scheme::Scheme;
use super::source::Source;
use super::vocabulary::{DisputeOutcome, RetractionReason, RevisionKind};

/// A change to the record. Every change about a claim makes the next revision of that claim, a dispute or a retraction too.
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
    /// A kind of claim was registered.
    KindRegistered(Kind),
    /// A kind of claim got new properties.
    KindRevised(Kind),
    /// A code scheme was registered.
    SchemeRegistered(Scheme),
    /// A code scheme got a new scale.
    SchemeRevised(Scheme),
    /// Two parties were said to be one: the merged one, and the one that answers for both. It makes the next revision of the
    /// merged one.
    PartiesMerged(PartyId, PartyId),
    /// A merge was undone. It makes the next revision of the party that was merged.
    PartiesUnmerged(PartyId),
    /// All claims with a label were said to be still true. It makes no revision of any of them.
    ClaimsConfirmed(Box<LabelConfirmation>),
}

/// The statement that all claims with a label are still true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelConfirmation {
    /// The label.
    pub label: Box<str>,
    /// The date up to which the knowledge of the claims reaches.
    pub as_of: PartialDate,
    /// Those that are not confirmed.
    pub except: Vec<ClaimId>,
    /// The external ids of entries without a claim of which it says nothing.
    pub unknown: Vec<Box<str>>,
}

/// The statement that a party contests a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Identity.
    pub id: DisputeId,
    /// The party that disputes, apart from who records that it does.
    pub disputed_by: PartyId,
    /// The objection, in words.
    pub statement: Box<str>,
    /// The claim it holds against this one.
    pub counter_claim: Option<ClaimId>,
}

/// A change with what the recorder noted and the revision it makes: an event before it has a position.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The revision it makes of its claim, party, source, kind or scheme.
    pub revision: u32,
    /// The note of the recorder.
    pub note: Box<str>,
    /// The change.
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
            | Self::SourceWithdrawn(_)
            | Self::KindRegistered(_)
            | Self::KindRevised(_)
            | Self::SchemeRegistered(_)
            | Self::SchemeRevised(_)
            | Self::PartiesMerged(..)
            | Self::PartiesUnmerged(_)
            | Self::ClaimsConfirmed(_) => None,
        }
    }

    /// The id of what it is about, if that is a party, source, kind or scheme; of parties that are merged, the merged one.
    #[must_use]
    pub fn registry_id(&self) -> Option<&str> {
        match self {
            Self::PartyRegistered(party) | Self::PartyRevised(party) => Some(party.id.as_str()),
            Self::SourceRegistered(source) | Self::SourceRevised(source) => Some(source.id.as_str()),
            Self::SourceWithdrawn(id) => Some(id.as_str()),
            Self::KindRegistered(kind) | Self::KindRevised(kind) => Some(kind.kind.as_str()),
            Self::SchemeRegistered(scheme) | Self::SchemeRevised(scheme) => Some(&scheme.scheme),
            Self::PartiesMerged(merged, _) | Self::PartiesUnmerged(merged) => Some(merged.as_str()),
            Self::ClaimAsserted(_)
            | Self::ClaimRevised(..)
            | Self::ClaimConfirmed(..)
            | Self::ClaimRetracted(..)
            | Self::ClaimReinstated(_)
            | Self::ClaimDisputed(..)
            | Self::DisputeResolved(..)
            | Self::ClaimsConfirmed(_) => None,
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
