//! The parties and sources that a batch registers, wherever in it. They must be known before its first command is decided,
//! since earlier commands may name them.

use crate::command::Command;
use crate::name::{PartyId, SourceId};
use std::collections::HashSet;

/// The parties and sources that a batch registers.
#[derive(Debug, Default)]
pub struct BatchRegistry {
    pub(super) parties: HashSet<PartyId>,
    pub(super) sources: HashSet<SourceId>,
}

impl BatchRegistry {
    /// Notes what a command registers.
    pub fn note(&mut self, command: &Command) {
        match command {
            Command::RegisterParty(party) => drop(self.parties.insert(party.id.clone())),
            Command::RegisterSource(source) => drop(self.sources.insert(source.id.clone())),
            _ => {}
        }
    }
}
