//! The batch as it takes shape: the record, with the events decided so far laid over it.

use super::Record;
use crate::domain::claim::Claim;
use crate::domain::command::{Command, NotedCommand};
use crate::domain::edtf::PartialDate;
use crate::domain::event::{Change, Event};
use crate::domain::name::{ClaimId, PartyId, SourceId, Word};
use crate::domain::rejection::Violation;
use crate::domain::standing::Standing;
use std::collections::{HashMap, HashSet};

/// A batch in the making.
pub(super) struct Draft<'r> {
    /// The events decided so far.
    pub(super) events: Vec<Event>,
    /// What is wrong so far.
    pub(super) violations: Vec<Violation>,
    record: &'r dyn Record,
    /// The index of the command at hand, and its note.
    command: (usize, Box<str>),
    /// The claims the batch has touched.
    claims: HashMap<ClaimId, Drafted>,
    parties: HashMap<PartyId, u32>,
    sources: HashMap<SourceId, (u32, bool)>,
    kinds: HashMap<Word, u32>,
    schemes: HashMap<Box<str>, u32>,
    /// The parties that the batch merges or unmerges, and into which.
    merges: HashMap<PartyId, Option<PartyId>>,
    /// Parties and sources that the batch registers, wherever in it.
    registered_parties: HashSet<PartyId>,
    registered_sources: HashSet<SourceId>,
}

/// A claim that the batch has touched.
struct Drafted {
    /// How it stands.
    standing: Standing,
    /// The event that holds its last content, if it is in here.
    content_at: Option<usize>,
    /// The date it was confirmed at since that content.
    confirmed: Option<PartialDate>,
}

impl<'r> Draft<'r> {
    pub(super) fn new(record: &'r dyn Record, commands: &[NotedCommand]) -> Self {
        let mut draft = Self {
            events: Vec::with_capacity(commands.len()),
            violations: Vec::new(),
            record,
            command: (0, Box::default()),
            claims: HashMap::new(),
            parties: HashMap::new(),
            sources: HashMap::new(),
            kinds: HashMap::new(),
            schemes: HashMap::new(),
            merges: HashMap::new(),
            registered_parties: HashSet::new(),
            registered_sources: HashSet::new(),
        };
        for noted in commands {
            match &noted.command {
                Command::RegisterParty(party) => drop(draft.registered_parties.insert(party.id.clone())),
                Command::RegisterSource(source) => drop(draft.registered_sources.insert(source.id.clone())),
                _ => {}
            }
        }
        draft
    }

    /// Turns to the next command.
    pub(super) fn begin(&mut self, index: usize, note: Box<str>) {
        self.command = (index, note);
    }

    /// Notes that a field of the command at hand is wrong.
    pub(super) fn refuse(&mut self, field: &str, description: impl Into<String>) {
        self.violations.push(super::violation(self.command.0, field, description));
    }

    /// How a claim stands after the commands so far.
    pub(super) fn standing(&self, id: ClaimId) -> Option<Standing> {
        self.claims.get(&id).map(|drafted| drafted.standing.clone()).or_else(|| self.record.standing(id))
    }

    /// The content of a claim after the commands so far.
    pub(super) fn content(&self, id: ClaimId) -> Option<Claim> {
        let drafted = self.claims.get(&id);
        let event = drafted.and_then(|drafted| drafted.content_at).and_then(|at| self.events.get(at));
        let mut content =
            event.and_then(|event| event.change.content().cloned()).or_else(|| self.record.content(id))?;
        if let Some(confirmed) = drafted.and_then(|drafted| drafted.confirmed.clone()) {
            content.as_of = Some(confirmed);
        }
        Some(content)
    }

    /// Whether a party is registered before this batch or in it.
    pub(super) fn knows_party(&self, id: &PartyId) -> bool {
        self.registered_parties.contains(id) || self.record.party_revision(id).is_some()
    }

    /// Whether a source is registered before this batch or in it.
    pub(super) fn knows_source(&self, id: &SourceId) -> bool {
        self.registered_sources.contains(id) || self.record.source_revision(id).is_some()
    }

    /// The last revision of a party after the commands so far.
    pub(super) fn party_revision(&self, id: &PartyId) -> Option<u32> {
        self.parties.get(id).copied().or_else(|| self.record.party_revision(id))
    }

    /// The last revision of a source after the commands so far, and whether it is withdrawn.
    pub(super) fn source_revision(&self, id: &SourceId) -> Option<(u32, bool)> {
        self.sources.get(id).copied().or_else(|| self.record.source_revision(id))
    }

    /// The last revision of a kind after the commands so far.
    pub(super) fn kind_revision(&self, kind: &Word) -> Option<u32> {
        self.kinds.get(kind).copied().or_else(|| self.record.kind_revision(kind))
    }

    /// The last revision of a code scheme after the commands so far.
    pub(super) fn scheme_revision(&self, scheme: &str) -> Option<u32> {
        self.schemes.get(scheme).copied().or_else(|| self.record.scheme_revision(scheme))
    }

    /// The party that a party is merged into after the commands so far.
    pub(super) fn merged_into(&self, id: &PartyId) -> Option<PartyId> {
        self.merges.get(id).cloned().unwrap_or_else(|| self.record.merged_into(id))
    }

    /// Adds an event about a claim that stood so before.
    pub(super) fn record_claim(&mut self, id: ClaimId, before: &Standing, change: Change) {
        let after = before.after(&change);
        let revision = after.revision;
        let before = self.claims.remove(&id).map(|drafted| (drafted.content_at, drafted.confirmed));
        let (content_at, confirmed) = match &change {
            Change::ClaimAsserted(_) | Change::ClaimRevised(..) => (Some(self.events.len()), None),
            Change::ClaimConfirmed(_, as_of) => (before.and_then(|(at, _)| at), Some(as_of.clone())),
            _ => before.unwrap_or_default(),
        };
        self.claims.insert(id, Drafted { standing: after, content_at, confirmed });
        self.push(revision, change);
    }

    /// Adds an event that gives a party a revision.
    pub(super) fn record_party(&mut self, id: PartyId, revision: u32, change: Change) {
        self.parties.insert(id, revision);
        self.push(revision, change);
    }

    /// Adds an event that gives a source a revision.
    pub(super) fn record_source(&mut self, id: SourceId, revision: u32, withdrawn: bool, change: Change) {
        self.sources.insert(id, (revision, withdrawn));
        self.push(revision, change);
    }

    /// Adds an event that merges a party, or undoes that.
    pub(super) fn record_merge(&mut self, merged: PartyId, into: Option<PartyId>, revision: u32, change: Change) {
        self.merges.insert(merged.clone(), into);
        self.record_party(merged, revision, change);
    }

    /// Adds an event that gives a kind a revision.
    pub(super) fn record_kind(&mut self, kind: Word, revision: u32, change: Change) {
        self.kinds.insert(kind, revision);
        self.push(revision, change);
    }

    /// Adds an event that gives a code scheme a revision.
    pub(super) fn record_scheme(&mut self, scheme: Box<str>, revision: u32, change: Change) {
        self.schemes.insert(scheme, revision);
        self.push(revision, change);
    }

    fn push(&mut self, revision: u32, change: Change) {
        self.events.push(Event { revision, note: self.command.1.clone(), change });
    }
}
