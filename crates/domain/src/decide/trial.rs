//! A batch that is too large to be held, decided piece by piece, without keeping its events.
//!
//! Three passes over the commands make one decision. A [`Survey`] collects what must be known before the first command. A
//! [`Trial`] decides all of them and keeps the standing of each claim, not its content: it finds everything that is wrong
//! before anything is written, and the number of events there will be. If nothing is wrong, [`decide_piece`] decides once
//! more, each piece on the record with the pieces before it, with the same result as the trial.
//!
//! The one content that a trial must keep is of a claim that a command changes and a later one builds upon (a patch, a
//! confirmation, a supersession). A survey tells which claims these are; mostly there are none.

use super::draft::{Draft, SoFar};
use super::registrations::BatchRegistry;
use super::{Record, apply};
use crate::command::{Command, NotedCommand};
use crate::event::{Change, Event};
use crate::name::ClaimId;
use crate::rejection::Violation;
use std::collections::HashSet;

/// A command with its number in the batch.
pub type NumberedCommand = (usize, NotedCommand);

/// The first look at all commands of a batch, in order.
#[derive(Debug, Default)]
pub struct Survey {
    registered: BatchRegistry,
    /// Claims that get a content.
    written: HashSet<ClaimId>,
    /// Those of them whose content is looked at after that.
    looked_at: HashSet<ClaimId>,
}

impl Survey {
    /// Notes the next command.
    pub fn note(&mut self, command: &Command) {
        self.registered.note(command);
        match command {
            Command::Assert(claim) | Command::Revise(_, claim) => self.write(claim.id),
            Command::Patch(_, patch) => self.look_and_write(patch.claim_id()),
            Command::Confirm(id, _) => self.look(*id),
            Command::Supersede(id, _, claim) => {
                self.look_and_write(*id);
                self.write(claim.id);
            }
            _ => {}
        }
    }

    /// The registrations of the batch, and the trial of it.
    #[must_use]
    pub fn finish(self) -> (BatchRegistry, Trial) {
        (self.registered, Trial { looked_at: self.looked_at, so_far: SoFar::default() })
    }

    fn write(&mut self, id: ClaimId) {
        self.written.insert(id);
    }

    fn look(&mut self, id: ClaimId) {
        if self.written.contains(&id) {
            self.looked_at.insert(id);
        }
    }

    fn look_and_write(&mut self, id: ClaimId) {
        self.look(id);
        self.write(id);
    }
}

/// A batch as far as it has been tried.
pub struct Trial {
    looked_at: HashSet<ClaimId>,
    so_far: SoFar,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("claims", &self.so_far.claims.len()).finish_non_exhaustive()
    }
}

impl Trial {
    /// Tries the next commands: the events they would make, and what is wrong with them.
    pub fn decide(
        &mut self,
        record: &dyn Record,
        registered: &BatchRegistry,
        commands: Vec<NumberedCommand>,
    ) -> (Vec<Event>, Vec<Violation>) {
        let mut draft = Draft::new(record, registered, std::mem::take(&mut self.so_far));
        for (number, noted) in commands {
            draft.begin(number, noted.note);
            apply(&mut draft, noted.command);
        }
        let Draft { events, violations, so_far, .. } = draft;
        self.so_far = so_far;
        self.so_far.let_go += events.len();
        for claim in events.iter().filter_map(|event| event.change.content()) {
            if self.looked_at.contains(&claim.id) {
                self.so_far.contents.insert(claim.id, claim.clone());
            }
        }
        (events, violations)
    }

    /// Returns true if the batch touches a claim.
    #[must_use]
    pub fn touches(&self, claim: ClaimId) -> bool {
        self.so_far.claims.contains_key(&claim)
    }

    /// Returns true if a change recorded after the trial can change its result. A decision asks of the record besides
    /// only whether something is known, and what is known stays so.
    #[must_use]
    pub fn depends_on(&self, change: &Change) -> bool {
        let so_far = &self.so_far;
        match change {
            Change::PartyRegistered(party) | Change::PartyRevised(party) => so_far.parties.contains_key(&party.id),
            Change::PartiesMerged(merged, _) | Change::PartiesUnmerged(merged) => {
                !so_far.merges.is_empty() || so_far.parties.contains_key(merged)
            }
            Change::SourceRegistered(source) | Change::SourceRevised(source) => so_far.sources.contains_key(&source.id),
            Change::SourceWithdrawn(source) => so_far.sources.contains_key(source),
            Change::KindRegistered(kind) | Change::KindRevised(kind) => so_far.kinds.contains_key(&kind.kind),
            Change::SchemeRegistered(scheme) | Change::SchemeRevised(scheme) => {
                so_far.schemes.contains_key(&scheme.scheme)
            }
            Change::ClaimsConfirmed(_) => !so_far.labels.is_empty() || !so_far.claims.is_empty(),
            _ => change.claim_id().is_some_and(|claim| self.touches(claim)),
        }
    }
}

/// Decides a piece of a batch on a record that has the pieces before it.
///
/// # Errors
/// All that does not fit the record.
pub fn decide_piece(
    record: &dyn Record,
    registered: &BatchRegistry,
    commands: Vec<NumberedCommand>,
) -> Result<Vec<Event>, Vec<Violation>> {
    let mut trial = Trial { looked_at: HashSet::new(), so_far: SoFar::default() };
    let (events, violations) = trial.decide(record, registered, commands);
    if violations.is_empty() { Ok(events) } else { Err(violations) }
}
