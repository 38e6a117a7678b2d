//! The batch as it takes shape: the record, with the events decided so far laid over it.

use super::Record;
use super::registrations::BatchRegistry;
use crate::claim::Claim;
use crate::edtf::{Atom, PartialDate};
use crate::event::{Change, Event, LabelConfirmation};
use crate::name::{ClaimId, DisputeId, PartyId, SourceId, Word};
use crate::rejection::Violation;
use crate::standing::Standing;
use std::collections::HashMap;

/// A batch in the making.
pub(super) struct Draft<'r> {
    /// The events decided so far, of this piece where the batch is decided piece by piece.
    pub(super) events: Vec<Event>,
    /// The violations so far.
    pub(super) violations: Vec<Violation>,
    record: &'r dyn Record,
    /// Parties and sources that the batch registers, wherever in it.
    registered: &'r BatchRegistry,
    /// The index of the command at hand, and its note.
    command: (usize, Box<str>),
    pub(super) so_far: SoFar,
}

/// The effect of the commands so far, apart from their events.
#[derive(Default)]
pub(super) struct SoFar {
    /// The claims the batch has touched.
    pub(super) claims: HashMap<ClaimId, DraftClaim>,
    /// The disputes that the batch began or ended; true for those that stand.
    pub(super) disputes: HashMap<(ClaimId, DisputeId), bool>,
    pub(super) parties: HashMap<PartyId, u32>,
    pub(super) sources: HashMap<SourceId, (u32, bool)>,
    pub(super) kinds: HashMap<Word, u32>,
    pub(super) schemes: HashMap<Box<str>, u32>,
    /// The parties that the batch merges or unmerges, and into which.
    pub(super) merges: HashMap<PartyId, Option<PartyId>>,
    /// The dates up to which the batch confirms claims together, by label.
    pub(super) labels: HashMap<Box<str>, Option<Atom>>,
    /// The number of events of the batch that are dropped already.
    pub(super) let_go: usize,
    /// The contents of dropped events that a later command looks at.
    pub(super) contents: HashMap<ClaimId, Claim>,
}

/// A claim that the batch has touched.
pub(super) struct DraftClaim {
    /// The standing after the commands so far.
    standing: Standing,
    /// The number of events before the one that holds its last content, if that is of this batch.
    content_at: Option<usize>,
    /// The date it was confirmed at since that content.
    confirmed: Option<Box<PartialDate>>,
}

impl<'r> Draft<'r> {
    pub(super) fn new(record: &'r dyn Record, registered: &'r BatchRegistry, so_far: SoFar) -> Self {
        Self { events: Vec::new(), violations: Vec::new(), record, registered, command: (0, Box::default()), so_far }
    }

    /// Turns to the next command.
    pub(super) fn begin(&mut self, index: usize, note: Box<str>) {
        self.command = (index, note);
    }

    /// The fault that something is named which is not registered.
    pub(super) fn describe_unregistered(&self, what: &str, id: &str) -> String {
        match self.record.in_other_case(what, id) {
            Some(other) => {
                format!(
                    "{what} `{id}` is not registered, `{other}` is; name that one, or register `{id}` before or in the \
                     same append"
                )
            }
            None => format!("{what} `{id}` is not registered; register it before or in the same append"),
        }
    }

    /// Notes that a field of the command at hand is wrong.
    pub(super) fn refuse(&mut self, field: &str, description: impl Into<String>) {
        self.violations.push(super::violation(self.command.0, field, description));
    }

    /// The standing of a claim after the commands so far.
    pub(super) fn standing(&self, id: ClaimId) -> Option<Standing> {
        self.so_far.claims.get(&id).map(|drafted| drafted.standing).or_else(|| self.record.standing(id))
    }

    /// The state of a dispute of a claim after the commands so far: true while it stands; none if there is no such dispute.
    pub(super) fn dispute(&self, claim: ClaimId, id: DisputeId) -> Option<bool> {
        self.so_far.disputes.get(&(claim, id)).copied().or_else(|| self.record.dispute(claim, id))
    }

    /// The content of a claim after the commands so far.
    pub(super) fn content(&self, id: ClaimId) -> Option<Claim> {
        let drafted = self.so_far.claims.get(&id);
        let mut content = match drafted.and_then(|drafted| drafted.content_at) {
            None => self.record.content(id)?,
            Some(at) => self.drafted_content(id, at)?.clone(),
        };
        if let Some(confirmed) = drafted.and_then(|drafted| drafted.confirmed.clone()) {
            content.as_of = Some(*confirmed);
        }
        Some(content)
    }

    /// The content in the event of this batch that has `at` events before it.
    fn drafted_content(&self, id: ClaimId, at: usize) -> Option<&Claim> {
        match at.checked_sub(self.so_far.let_go) {
            Some(nth) => self.events.get(nth)?.change.content(),
            None => self.so_far.contents.get(&id),
        }
    }

    /// Returns true if a party is registered before this batch or in it.
    pub(super) fn knows_party(&self, id: &PartyId) -> bool {
        self.registered.parties.contains(id) || self.record.party_revision(id).is_some()
    }

    /// Returns true if a source is registered before this batch or in it.
    pub(super) fn knows_source(&self, id: &SourceId) -> bool {
        self.registered.sources.contains(id) || self.record.source_revision(id).is_some()
    }

    /// The last revision of a party after the commands so far.
    pub(super) fn party_revision(&self, id: &PartyId) -> Option<u32> {
        self.so_far.parties.get(id).copied().or_else(|| self.record.party_revision(id))
    }

    /// The last revision of a source after the commands so far, and whether it is withdrawn.
    pub(super) fn source_revision(&self, id: &SourceId) -> Option<(u32, bool)> {
        self.so_far.sources.get(id).copied().or_else(|| self.record.source_revision(id))
    }

    /// The last revision of a kind after the commands so far.
    pub(super) fn kind_revision(&self, kind: &Word) -> Option<u32> {
        self.so_far.kinds.get(kind).copied().or_else(|| self.record.kind_revision(kind))
    }

    /// The last revision of a code scheme after the commands so far.
    pub(super) fn scheme_revision(&self, scheme: &str) -> Option<u32> {
        self.so_far.schemes.get(scheme).copied().or_else(|| self.record.scheme_revision(scheme))
    }

    /// The date up to which the claims with a label were last confirmed together, after the commands so far.
    pub(super) fn label_as_of(&self, label: &str) -> Option<Atom> {
        self.so_far.labels.get(label).copied().unwrap_or_else(|| self.record.label_as_of(label))
    }

    /// The party that a party is merged into after the commands so far.
    pub(super) fn merged_into(&self, id: &PartyId) -> Option<PartyId> {
        self.so_far.merges.get(id).cloned().unwrap_or_else(|| self.record.merged_into(id))
    }

    /// Adds an event about a claim that stood so before.
    pub(super) fn record_claim(&mut self, id: ClaimId, before: Standing, change: Change) {
        let drafted = self.so_far.claims.remove(&id).map(|drafted| (drafted.content_at, drafted.confirmed));
        let after = before.after(&change);
        let revision = after.revision;
        match &change {
            Change::ClaimDisputed(_, dispute) => self.so_far.disputes.insert((id, dispute.id), true),
            Change::DisputeResolved(_, dispute, _) => self.so_far.disputes.insert((id, *dispute), false),
            _ => None,
        };
        let (content_at, confirmed) = match &change {
            Change::ClaimAsserted(_) | Change::ClaimRevised(..) => (Some(self.so_far.let_go + self.events.len()), None),
            Change::ClaimConfirmed(_, as_of) => (drafted.and_then(|(at, _)| at), Some(Box::new(as_of.clone()))),
            _ => drafted.unwrap_or_default(),
        };
        self.so_far.claims.insert(id, DraftClaim { standing: after, content_at, confirmed });
        self.push(revision, change);
    }

    /// Adds an event that confirms claims together.
    pub(super) fn record_confirmation(&mut self, confirmation: Box<LabelConfirmation>) {
        self.so_far.labels.insert(confirmation.label.clone(), confirmation.as_of.latest());
        self.push(0, Change::ClaimsConfirmed(confirmation));
    }

    /// Adds an event that gives a party a revision.
    pub(super) fn record_party(&mut self, id: PartyId, revision: u32, change: Change) {
        self.so_far.parties.insert(id, revision);
        self.push(revision, change);
    }

    /// Adds an event that gives a source a revision.
    pub(super) fn record_source(&mut self, id: SourceId, revision: u32, withdrawn: bool, change: Change) {
        self.so_far.sources.insert(id, (revision, withdrawn));
        self.push(revision, change);
    }

    /// Adds an event that merges a party, or undoes that.
    pub(super) fn record_merge(&mut self, merged: PartyId, into: Option<PartyId>, revision: u32, change: Change) {
        self.so_far.merges.insert(merged.clone(), into);
        self.record_party(merged, revision, change);
    }

    /// Adds an event that gives a kind a revision.
    pub(super) fn record_kind(&mut self, kind: Word, revision: u32, change: Change) {
        self.so_far.kinds.insert(kind, revision);
        self.push(revision, change);
    }

    /// Adds an event that gives a code scheme a revision.
    pub(super) fn record_scheme(&mut self, scheme: Box<str>, revision: u32, change: Change) {
        self.so_far.schemes.insert(scheme, revision);
        self.push(revision, change);
    }

    fn push(&mut self, revision: u32, change: Change) {
        self.events.push(Event { revision, note: self.command.1.clone(), change });
    }
}
