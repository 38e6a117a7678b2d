//! Turns a batch of commands into events, or returns everything that is wrong with it.
//!
//! `decide(record, batch)` is a pure function of the record and the batch. It never writes; its caller records the events
//! as a whole. Later commands of a batch see the effect of earlier ones ([`draft::Draft`]), and parties and sources may be
//! registered anywhere in the batch that names them. A batch too large to be held is decided piece by piece ([`trial`]).
//!
//! Preconditions are checked first, against the record as it is before the batch. If one does not hold, the client decided
//! on an outdated answer, and other errors are not reported.

mod claims;
mod draft;
mod merges;
mod preconditions;
mod registrations;
mod registry;
#[cfg(test)]
mod tests;
mod trial;

pub use preconditions::conflicts;
pub use registrations::BatchRegistry;
pub use trial::{NumberedCommand, Survey, Trial, decide_piece};

use super::claim::Claim;
use super::command::{Batch, Command};
use super::edtf::Atom;
use super::event::Event;
use super::filter::Filter;
use super::name::{ClaimId, DisputeId, PartyId, SourceId, Word};
use super::position::Position;
use super::rejection::{Rejection, Violation};
use super::standing::Standing;
use draft::{Draft, SoFar};

/// The record, as far as a decision needs it.
pub trait Record {
    /// The standing of a claim; none where it is not recorded.
    fn standing(&self, id: ClaimId) -> Option<Standing>;
    /// The state of a dispute of a claim: true while it stands; none where the claim has no such dispute.
    fn dispute(&self, claim: ClaimId, id: DisputeId) -> Option<bool>;
    /// The last content of a claim.
    fn content(&self, id: ClaimId) -> Option<Claim>;
    /// The last revision of a party; none where it is not registered.
    fn party_revision(&self, id: &PartyId) -> Option<u32>;
    /// The last revision of a source, and whether it is withdrawn; none where it is not registered.
    fn source_revision(&self, id: &SourceId) -> Option<(u32, bool)>;
    /// The last revision of a kind; none where it is not registered.
    fn kind_revision(&self, kind: &Word) -> Option<u32>;
    /// The last revision of a code scheme; none where it is not registered.
    fn scheme_revision(&self, scheme: &str) -> Option<u32>;
    /// The party that a party is merged into, itself and not the last survivor; none where it is not merged.
    fn merged_into(&self, id: &PartyId) -> Option<PartyId>;
    /// The date up to which the claims with a label were last confirmed together; none if they never were.
    fn label_as_of(&self, _label: &str) -> Option<Atom> {
        None
    }
    /// The registered id of a party, source, kind or scheme that differs from another in case alone; none where there is none.
    fn in_other_case(&self, _what: &str, _id: &str) -> Option<String> {
        None
    }
    /// The first event after a position that touches a claim which matches the filter before or after that event.
    fn first_touch(&self, filter: &Filter, after: Position) -> Option<Position>;
}

/// The result of a batch: its events in order, and for each command the number of events that it made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The events, in order.
    pub events: Vec<Event>,
    /// The number of events that each command made.
    pub made: Vec<usize>,
}

/// Decides a batch.
///
/// # Errors
/// All preconditions that do not hold; or, if they do, all that does not fit the record.
pub fn decide(record: &dyn Record, batch: Batch) -> Result<Decision, Rejection> {
    let conflicts = conflicts(record, &batch.preconditions);
    if !conflicts.is_empty() {
        return Err(Rejection::Conflicts(conflicts));
    }
    if batch.commands.is_empty() {
        return Err(Rejection::Violations(vec![Violation::new("commands", "expected at least one command")]));
    }
    let mut registered = BatchRegistry::default();
    batch.commands.iter().for_each(|noted| registered.note(&noted.command));
    let mut draft = Draft::new(record, &registered, SoFar::default());
    draft.events.reserve(batch.commands.len());
    let mut made = Vec::with_capacity(batch.commands.len());
    for (index, noted) in batch.commands.into_iter().enumerate() {
        let before = draft.events.len();
        draft.begin(index, noted.note);
        apply(&mut draft, noted.command);
        made.push(draft.events.len().saturating_sub(before));
    }
    if draft.violations.is_empty() {
        Ok(Decision { events: draft.events, made })
    } else {
        Err(Rejection::Violations(draft.violations))
    }
}

fn apply(draft: &mut Draft<'_>, command: Command) {
    match command {
        Command::Assert(claim) => claims::assert(draft, "assert_claim", claim),
        Command::Revise(kind, claim) => claims::revise(draft, kind, claim),
        Command::Patch(kind, patch) => claims::patch(draft, kind, &*patch),
        Command::Confirm(id, as_of) => claims::confirm(draft, id, as_of),
        Command::Retract(id, reason) => claims::retract(draft, id, reason),
        Command::Reinstate(id) => claims::reinstate(draft, id),
        Command::Dispute(id, dispute) => claims::dispute(draft, id, dispute),
        Command::Resolve(id, dispute, outcome) => claims::resolve(draft, id, dispute, outcome),
        Command::Supersede(id, ended, claim) => claims::supersede(draft, id, ended, claim),
        Command::RegisterParty(party) => registry::register_party(draft, party),
        Command::ReviseParty(party) => registry::revise_party(draft, party),
        Command::RegisterSource(source) => registry::register_source(draft, source),
        Command::ReviseSource(source) => registry::revise_source(draft, source),
        Command::WithdrawSource(id) => registry::withdraw_source(draft, id),
        Command::RegisterKind(kind) => registry::register_kind(draft, kind),
        Command::ReviseKind(kind) => registry::revise_kind(draft, kind),
        Command::RegisterScheme(scheme) => registry::register_scheme(draft, scheme),
        Command::ReviseScheme(scheme) => registry::revise_scheme(draft, scheme),
        Command::MergeParties(merged, survivor) => merges::merge(draft, merged, survivor),
        Command::UnmergeParties(merged) => merges::unmerge(draft, merged),
        Command::ConfirmAll(confirmation) => claims::confirm_all(draft, confirmation),
    }
}

/// A violation at a field of the command at `index`.
fn violation(index: usize, field: &str, description: impl Into<String>) -> Violation {
    Violation::new(format!("commands[{index}].{field}"), description)
}
