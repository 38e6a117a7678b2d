//! The index in memory: all that is needed to find claims, without their words.
//!
//! ```text
//! claim id ──> claim ──> revisions (position, content, retracted?, disputed?)
//!                              │
//! facet ──> term ──> postings ─┴─> content (claim, valid time, members, facets)
//!                └─> intervals (per relationship: earliest start .. latest end)
//! due date ──> contents                                position ──> claim
//! append ──> last position, recorded time, mark          request id ──> append
//! ```
//!
//! Everything only grows. Positions alone decide what a cut may see: of a claim's revisions, the last at or before the cut
//! counts, and a content counts if that revision has it. So one index answers for every cut, the head and an old one at the
//! same cost, and entries that are not durable yet are invisible as long as no cut reaches them.
//!
//! Everything is held in collections whose copies share what they have in common ([`super::shared`]), so a copy of the
//! index is cheap: a question that takes long is answered from one, and the writer goes on.
//!
//! [`Index::entry_of`] makes an [`Entry`] of a new event, [`Index::apply`] takes it in; a start applies stored entries.
//!
//! Reasons: `docs/design/store.md`.

mod appends;
mod by_position;
mod candidates;
mod checkpoint;
mod claims;
mod confirmations;
mod content_tail;
mod contents;
mod corners;
mod disputes;
mod dues;
mod evaluated_filter;
mod evaluation;
mod intervals;
mod merges;
mod numbers;
mod postings;
mod query;
mod recent;
mod registry;
mod runs;
mod terms;
mod touching;

pub(crate) use appends::{AppendRow, Appends, Requests};
use by_position::ByPosition;
pub(super) use checkpoint::{FIRST_SECTION, IndexLoader};
pub(crate) use claims::{FoundRevision, Revision};
pub(crate) use contents::Content;
pub(crate) use disputes::{DisputeCounts, DisputeRow};
pub(crate) use evaluated_filter::EvaluatedFilter;
pub(crate) use evaluation::StateQuestion;
pub(crate) use numbers::{AppendNo, ClaimNo, ContentNo, Term};
pub(crate) use query::{CompiledFilter, ListPage};
pub(crate) use registry::{Registry, RegistryRevision};

use super::entry::{Action, ContentEntry, Entry};
use claims::Claims;
use detente_domain::bound::Bound;
use detente_domain::claim::Claim;
use detente_domain::event::Change;
use detente_domain::filter::{self, FacetKind};
use detente_domain::merge::Merges;
use detente_domain::moment::Moment;
use detente_domain::name::{ClaimId, DisputeId};
use detente_domain::position::Position;
use detente_domain::standing::Standing;
use detente_domain::vocabulary::Vocabulary;
use intervals::{Intervals, Span};
use postings::Postings;
use std::sync::Arc;
use terms::Terms;

/// The index.
#[derive(Clone, Default)]
pub(crate) struct Index {
    terms: Terms,
    postings: Postings,
    intervals: imbl::HashMap<Term, Arc<Intervals>>,
    claims: Claims,
    /// The claims of the events, in the order of the log.
    pub(crate) by_position: ByPosition,
    dues: dues::Dues,
    /// The confirmations of all claims with a label.
    confirmations: confirmations::Confirmations,
    /// The parties that are registered.
    pub(crate) parties: Registry,
    /// The sources that are registered.
    pub(crate) sources: Registry,
    /// The kinds that are registered.
    pub(crate) kinds: Registry,
    /// The code schemes that are registered.
    pub(crate) schemes: Registry,
    /// The parties that were merged.
    pub(crate) merges: Merges,
    /// The appends.
    pub(crate) appends: Appends,
}

/// An entry that does not fit the index: the rows are damaged or in the wrong order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an index entry does not fit what came before it")]
pub(crate) struct Misfit;

impl Index {
    /// The claims.
    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The number of terms.
    pub(crate) fn term_count(&self) -> usize {
        self.terms.len()
    }

    /// Kind byte and key of a term, as it is stored.
    pub(crate) fn term_bytes(&self, term: usize) -> &[u8] {
        self.terms.bytes(Term::of_place(term))
    }

    /// Adds a term as it was stored. False if that is not the next new term.
    pub(crate) fn restore_term(&mut self, bytes: &[u8]) -> bool {
        self.terms.restore(bytes)
    }

    /// The state of a dispute of a claim at a cut: true while it stands; none if the claim has no such dispute there.
    pub(crate) fn dispute_stands(&self, id: ClaimId, dispute: DisputeId, cut: Position) -> Option<bool> {
        let row = self.claims.disputes().find(self.claims.find(id.0)?, dispute.0, cut)?;
        Some(row.stands_at(cut))
    }

    /// The standing of a claim at a cut, without its disputes. A claim may have very many of them; `dispute_stands`
    /// looks up a single one.
    pub(crate) fn standing_at(&self, id: ClaimId, cut: Position) -> Option<Standing> {
        let claim = self.claims.find(id.0)?;
        let (revision, last) = self.claims.current(claim, cut)?;
        let reach = self.claims.reach(last.content);
        Some(Standing {
            revision,
            retracted: last.is_retracted(),
            as_of: self.as_of_at(last.content, cut),
            earliest_as_of: reach.earliest_as_of,
        })
    }

    /// The positions of the events about what a change is about, where that is registered, in order.
    pub(crate) fn registry_history(&self, change: &Change) -> Vec<Position> {
        let registry = match change {
            Change::PartyRegistered(_)
            | Change::PartyRevised(_)
            | Change::PartiesMerged(..)
            | Change::PartiesUnmerged(_) => &self.parties,
            Change::SourceRegistered(_) | Change::SourceRevised(_) | Change::SourceWithdrawn(_) => &self.sources,
            Change::KindRegistered(_) | Change::KindRevised(_) => &self.kinds,
            Change::SchemeRegistered(_) | Change::SchemeRevised(_) => &self.schemes,
            _ => return Vec::new(),
        };
        change.registry_id().map(|id| registry.history(id)).unwrap_or_default()
    }

    /// Makes the index's record of a change: the facets of a claim become terms, its bounds a valid time. Of a
    /// registered record it keeps the encoded message and the recorder.
    pub(crate) fn entry_of(&mut self, change: &Change, by: &str, registry_bytes: impl FnOnce() -> Vec<u8>) -> Entry {
        let mut entry = Entry { action: Action::of(change).code(), ..Entry::default() };
        if let Some(id) = change.claim_id() {
            entry.set_claim(id.0);
            entry.content = self.content_entry(id, change);
        }
        match change {
            Change::ClaimDisputed(_, dispute) => entry.set_dispute(dispute.id.0),
            Change::DisputeResolved(_, dispute, _) => entry.set_dispute(dispute.0),
            _ => {}
        }
        if let Change::ClaimsConfirmed(confirmation) = change {
            self.confirmation_entry(confirmation, &mut entry);
        }
        if let Some(id) = change.registry_id() {
            id.clone_into(&mut entry.registry_id);
            entry.registry_bytes = registry_bytes();
            by.clone_into(&mut entry.recorded_by);
        }
        entry
    }

    fn content_entry(&mut self, id: ClaimId, change: &Change) -> Option<ContentEntry> {
        if !matches!(change, Change::ClaimConfirmed(..)) && change.content().is_none() {
            return None;
        }
        let is_new = matches!(change, Change::ClaimAsserted(_));
        let before = if is_new { None } else { self.standing_at(id, Position(u64::MAX)) };
        let standing = before.unwrap_or_default().after(change);
        let Some(claim) = change.content() else { return Some(self.confirmed_entry(id, &standing)) };
        let mut entry = ContentEntry { members: members_of(claim), ..ContentEntry::default() };
        entry.set_times(standing.validity(claim).ok().flatten().as_ref(), standing.as_of, standing.earliest_as_of);
        let (start_unknown, end_open) = match claim.time.bounds() {
            Some((from, to)) => (*from == Bound::Unknown, *to == Bound::Open),
            None => (false, false),
        };
        entry.set_ends(end_open, start_unknown);
        entry.due = claim.due.as_ref().map(|due| due.latest().map_or(Moment::MAX, |last| last.end).0);
        filter::facets_of(claim, |kind, key| entry.facets.push(self.terms.intern(kind, key).get()));
        filter::tokens_of(claim, |token| entry.tokens.push(self.terms.intern(FacetKind::Token, token).get()));
        for terms in [&mut entry.facets, &mut entry.tokens] {
            terms.sort_unstable();
            terms.dedup();
        }
        Some(entry)
    }

    /// A confirmation changes how far knowledge reaches. Of the valid time that can only bring forward the latest start,
    /// where the start is unknown and no `as_of` before was as early; all else stays.
    fn confirmed_entry(&self, id: ClaimId, standing: &Standing) -> ContentEntry {
        let mut entry = ContentEntry::default();
        let last = self.claims.find(id.0).and_then(|claim| self.claims.revisions(claim).last());
        let content = last.and_then(|revision| self.claims.content(revision.content));
        let valid = content.and_then(|content| {
            let valid = self.claims.valid_time(content)?;
            let begun_by = standing.earliest_as_of.filter(|_| content.is_start_unknown());
            Some(begun_by.map_or_else(|| valid.clone(), |as_of| valid.begun_by(as_of)))
        });
        entry.set_times(valid.as_ref(), standing.as_of, standing.earliest_as_of);
        entry.set_ends(content.is_some_and(Content::is_end_open), content.is_some_and(Content::is_start_unknown));
        entry.due = last.and_then(|revision| self.last_due_of(revision.content)).map(|due| due.0);
        entry
    }

    /// Takes in the entry of the event at a position.
    pub(crate) fn apply(&mut self, position: Position, entry: &Entry) -> Result<(), Misfit> {
        let action = Action::from_code(entry.action).ok_or(Misfit)?;
        let claim = if self.apply_registered(position, action, entry).ok_or(Misfit)? {
            None
        } else {
            Some(self.apply_to_claim(position, action, entry).ok_or(Misfit)?)
        };
        self.by_position.add(position, claim);
        Ok(())
    }

    /// Takes in an entry that is about no claim; false for one that is.
    fn apply_registered(&mut self, position: Position, action: Action, entry: &Entry) -> Option<bool> {
        match action {
            Action::Party => self.parties.add(position, entry),
            Action::Source => self.sources.add(position, entry),
            Action::SourceWithdrawn => self.sources.withdraw(position, entry)?,
            Action::Kind => self.kinds.add(position, entry),
            Action::Scheme => self.schemes.add(position, entry),
            Action::PartiesMerged => self.merge(position, entry)?,
            Action::PartiesUnmerged => self.unmerge(position, entry)?,
            Action::LabelConfirmed => self.confirm_label(position, entry)?,
            _ => return Some(false),
        }
        Some(true)
    }

    fn apply_dispute(&mut self, claim: ClaimNo, position: Position, action: Action, entry: &Entry) -> Option<()> {
        match action {
            Action::Disputed => self.claims.disputes_mut().add(claim, entry.dispute(), position),
            Action::Resolved => self.claims.disputes_mut().resolve(claim, entry.dispute(), position)?,
            _ => {}
        }
        Some(())
    }

    fn apply_to_claim(&mut self, position: Position, action: Action, entry: &Entry) -> Option<ClaimNo> {
        let claim = if action == Action::Asserted {
            self.claims.add(entry.claim())?
        } else {
            self.claims.find(entry.claim())?
        };
        let content = match &entry.content {
            Some(content) if action == Action::Confirmed => self.renew_content(claim, content)?,
            Some(content) => self.add_content(claim, content),
            None => self.claims.revisions(claim).last()?.content,
        };
        self.apply_dispute(claim, position, action, entry)?;
        self.claims.add_revision(claim, position, content, action);
        Some(claim)
    }

    fn add_content(&mut self, claim: ClaimNo, entry: &ContentEntry) -> ContentNo {
        let number = self.claims.add_content(claim, entry);
        self.dues.add(number, entry.due.map(Moment));
        self.post(number, stored_terms(&entry.facets));
        self.post(number, stored_terms(&entry.tokens));
        self.add_spans(number, stored_terms(&entry.facets));
        number
    }

    /// The content of a claim once more, with other times.
    fn renew_content(&mut self, claim: ClaimNo, entry: &ContentEntry) -> Option<ContentNo> {
        let last = self.claims.revisions(claim).last()?.content;
        let number = self.claims.renew_content(last, entry)?;
        self.dues.add(number, entry.due.map(Moment));
        let facets: Vec<Term> = self.claims.facets(number).collect();
        self.post(number, facets.iter().copied());
        self.add_spans(number, facets.into_iter());
        Some(number)
    }

    /// Gives every term a posting.
    fn post_terms(&mut self) {
        while self.postings.len() < self.terms.len() {
            self.postings.push();
        }
    }

    fn post(&mut self, content: ContentNo, terms: impl Iterator<Item = Term>) {
        self.post_terms();
        self.postings.add(content, terms);
    }

    /// Adds the span of a content to the intervals of each relationship among its facets.
    fn add_spans(&mut self, content: ContentNo, facets: impl Iterator<Item = Term>) {
        let Some(validity) = self.claims.content(content).and_then(|content| self.claims.hull(content)) else { return };
        let span = Span::of(content, validity.earliest_start, validity.latest_end);
        let is_relationship = |term: &Term| self.terms.bytes(*term).first() == Some(&(FacetKind::Relationship as u8));
        for relationship in facets.filter(is_relationship) {
            Arc::make_mut(self.intervals.entry(relationship).or_default()).insert(span);
        }
    }
}

/// The terms of an entry, which is stored as plain numbers.
fn stored_terms(numbers: &[u32]) -> impl ExactSizeIterator<Item = Term> {
    numbers.iter().copied().map(Term::new)
}

fn members_of(claim: &Claim) -> u32 {
    let optional = |code: Option<u8>| code.map_or(0, |code| code + 1);
    u32::from_le_bytes([
        claim.time.temporal_type().code(),
        claim.modality.code(),
        optional(claim.polarity.map(Vocabulary::code)),
        optional(claim.status.map(Vocabulary::code)),
    ])
}
