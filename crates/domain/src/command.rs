//! A client's request for something to be recorded: commands, and the preconditions under which they may be.
//!
//! A [`Batch`] has been parsed: every id has its shape, every date its meaning. [`super::decide`] says whether it fits the
//! record.

use super::claim::Claim;
use super::edtf::PartialDate;
use super::event::{Dispute, LabelConfirmation};
use super::filter::Filter;
use super::kind::Kind;
use super::name::{ClaimId, DisputeId, PartyId, SourceId};
use super::party::Party;
use super::position::Position;
use super::scheme::Scheme;
use super::source::Source;
use super::vocabulary::{DisputeOutcome, RetractionReason, RevisionKind};

/// One client transaction: recorded whole or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The commands, in order; later ones see the effect of earlier ones.
    pub commands: Vec<NotedCommand>,
    /// The conditions that must hold.
    pub preconditions: Vec<Precondition>,
}

/// Commands that a question supposes on top of what is recorded, without recording them.
#[derive(Clone, Debug, Default)]
pub struct Suppositions(pub Vec<NotedCommand>);

impl Suppositions {
    /// Returns true if nothing is supposed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A command with what the recorder notes with it.
#[derive(Clone, Debug)]
pub struct NotedCommand {
    /// The note.
    pub note: Box<str>,
    /// The command.
    pub command: Command,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Put a claim on record.
    Assert(Box<Claim>),
    /// Give a claim a new complete state.
    Revise(RevisionKind, Box<Claim>),
    /// Replace some fields of a claim.
    Patch(RevisionKind, Box<dyn Patch>),
    /// Say that a claim is still true.
    Confirm(ClaimId, PartialDate),
    /// Take a claim back.
    Retract(ClaimId, RetractionReason),
    /// Undo a retraction.
    Reinstate(ClaimId),
    /// Record that a party contests a claim.
    Dispute(ClaimId, Dispute),
    /// Record how a dispute ended.
    Resolve(ClaimId, DisputeId, DisputeOutcome),
    /// End a claim at a date and assert the one that takes its place.
    Supersede(ClaimId, PartialDate, Box<Claim>),
    /// Register a party.
    RegisterParty(Party),
    /// Give a party a new state.
    ReviseParty(Party),
    /// Register a source.
    RegisterSource(Source),
    /// Give a source a new state.
    ReviseSource(Source),
    /// Withdraw a source.
    WithdrawSource(SourceId),
    /// Register a kind of claim.
    RegisterKind(Kind),
    /// Give a kind new properties.
    ReviseKind(Kind),
    /// Register a code scheme.
    RegisterScheme(Scheme),
    /// Give a code scheme a new scale.
    ReviseScheme(Scheme),
    /// Say that two parties are one: the merged one, and the one that answers for both.
    MergeParties(PartyId, PartyId),
    /// Undo the merge of a party.
    UnmergeParties(PartyId),
    /// Say that all claims with a label are still true.
    ConfirmAll(Box<LabelConfirmation>),
}

/// A partial new state of a claim: it makes the complete one from the last one.
pub trait Patch: std::fmt::Debug + Send + Sync {
    /// The claim that is patched.
    fn claim_id(&self) -> ClaimId;
    /// The complete new state.
    ///
    /// # Errors
    /// Every field that does not fit, with what was expected there.
    fn apply(&self, last: &Claim) -> Result<Claim, Vec<super::rejection::Violation>>;
    /// A copy of it.
    fn clone_box(&self) -> Box<dyn Patch>;
}

impl Clone for Box<dyn Patch> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// A condition that must hold for a batch to be recorded.
#[derive(Clone, Debug)]
pub enum Precondition {
    /// A claim is as expected.
    Revision(ClaimId, Expectation),
    /// No event after the position touches a claim that matches the filter, before or after that event.
    Boundary(Filter, Position),
    /// A boundary that held up to a later position: only what came after that is left to judge.
    BoundaryHeld {
        /// The filter for the claims.
        filter: Filter,
        /// The asked position.
        after: Position,
        /// The position up to which nothing touched such a claim.
        through: Position,
    },
}

/// The expected state of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// At exactly this revision.
    Exact(u32),
    /// Not recorded.
    Absent,
    /// Recorded, at any revision.
    Exists,
}
