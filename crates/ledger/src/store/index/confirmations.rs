//! Confirmations of all claims with a label: one event for however many, so they are kept by their labels and looked up when
//! a claim is shown.
//!
//! ```text
//!   label ──> (position, as_of, left out), ...     a claim is confirmed by the last one before the cut that
//!                                                  came after its content, if it was not retracted then,
//!                                                  is not left out, and has an open end
//! ```
//!
//! A confirmation moves no valid time and makes no revision; it only shows how far knowledge reaches.

use super::Index;
use super::contents::Content;
use super::numbers::{ClaimNo, ContentNo, Term};
use super::query::CompiledFilter;
use crate::budget::step;
use crate::store::entry::{ContentEntry, Entry};
use detente_domain::edtf::Atom;
use detente_domain::event::LabelConfirmation;
use detente_domain::filter::FacetKind;
use detente_domain::position::Position;
use std::sync::Arc;
use uuid::Uuid;

/// The confirmations, by label and by position.
#[derive(Clone, Default)]
pub(super) struct Confirmations {
    by_label: imbl::HashMap<Term, Arc<Vec<Confirmation>>>,
    by_position: imbl::OrdMap<Position, Term>,
}

/// A confirmation of the claims with a label.
#[derive(Clone, Debug)]
struct Confirmation {
    position: Position,
    as_of: Atom,
    /// The claims that it leaves out, sorted.
    except: Vec<ClaimNo>,
}

impl Index {
    /// Puts a confirmation into an entry.
    pub(super) fn confirmation_entry(&mut self, confirmation: &LabelConfirmation, entry: &mut Entry) {
        let mut content = ContentEntry::default();
        content.set_times(None, confirmation.as_of.latest(), None);
        content.facets.push(self.terms.intern(FacetKind::Label, &confirmation.label).get());
        entry.content = Some(content);
        entry.registry_bytes = confirmation.except.iter().flat_map(|id| id.0.into_bytes()).collect();
    }

    /// Takes in a confirmation.
    pub(super) fn confirm_label(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let content = entry.content.as_ref()?;
        let term = content.facets.first().copied().map(Term::new)?;
        let (ids, rest) = entry.registry_bytes.as_chunks::<16>();
        if !rest.is_empty() {
            return None;
        }
        let mut except: Vec<ClaimNo> = ids.iter().filter_map(|id| self.claims.find(Uuid::from_bytes(*id))).collect();
        except.sort_unstable();
        // A date without a last day reaches no further than was known before.
        if let Some(as_of) = content.as_of_atom() {
            let of_label = self.confirmations.by_label.entry(term).or_default();
            Arc::make_mut(of_label).push(Confirmation { position, as_of, except });
        }
        self.confirmations.by_position.insert(position, term);
        self.post_terms();
        Some(())
    }

    /// Returns true if claims were ever confirmed with a label.
    pub(crate) fn has_label_confirmations(&self) -> bool {
        !self.confirmations.by_label.is_empty()
    }

    /// The date up to which the claims with a label were last confirmed, at a cut.
    pub(crate) fn label_as_of(&self, label: &str, cut: Position) -> Option<Atom> {
        let term = self.terms.find(FacetKind::Label, label)?;
        let of_label = self.confirmations.by_label.get(&term)?;
        of_label.iter().rev().find(|confirmation| confirmation.position <= cut).map(|confirmation| confirmation.as_of)
    }

    /// The date up to which the knowledge of a content reaches, at a cut that sees the content.
    pub(crate) fn as_of_at(&self, content: ContentNo, cut: Position) -> Option<Atom> {
        let own = self.claims.reach(content).as_of;
        self.confirmed_with_label(content, cut).map(|(_, as_of)| as_of).or(own)
    }

    /// The confirmation with a label that says more of a content at a cut than the content itself: its event, and how far it
    /// reaches.
    pub(crate) fn confirmed_with_label(&self, number: ContentNo, cut: Position) -> Option<(Position, Atom)> {
        if !self.has_label_confirmations() {
            return None;
        }
        let content = self.claims.content(number).filter(|content| content.is_end_open())?;
        let own = self.claims.reach(number).as_of;
        let mut best: Option<(Position, Atom)> = None;
        let facets = self.claims.facets(number);
        for of_label in facets.filter_map(|term| self.confirmations.by_label.get(&term)) {
            let until = of_label.partition_point(|confirmation| confirmation.position <= cut);
            let seen = of_label.iter().take(until).rev();
            let mut after = seen.take_while(|confirmation| confirmation.position > content.since());
            let found = after.find(|confirmation| self.reaches(confirmation, content.claim()));
            if let Some(found) = found.filter(|found| best.is_none_or(|(_, as_of)| as_of < found.as_of)) {
                best = Some((found.position, found.as_of));
            }
        }
        best.filter(|(_, as_of)| own.is_none_or(|own| own < *as_of))
    }

    fn reaches(&self, confirmation: &Confirmation, claim: ClaimNo) -> bool {
        step();
        let is_left_out = confirmation.except.binary_search(&claim).is_ok();
        let then = self.claims.current(claim, confirmation.position);
        !is_left_out && then.is_some_and(|(_, revision)| !revision.is_retracted())
    }

    /// Returns true if the event at a position is a confirmation with a label.
    pub(super) fn is_label_confirmed_at(&self, position: Position) -> bool {
        !self.confirmations.by_position.is_empty() && self.confirmations.by_position.contains_key(&position)
    }

    /// The positions of confirmations with a label after a position, up to another.
    pub(super) fn labels_confirmed_between(&self, after: Position, until: Position) -> Vec<Position> {
        if self.confirmations.by_position.is_empty() || after >= until {
            return Vec::new();
        }
        self.confirmations.by_position.range(after.next()..=until).map(|(position, _)| *position).collect()
    }

    /// Returns true if a claim that `matches` accepts had the label of the confirmation at a position, at that
    /// position.
    pub(super) fn confirms_any(
        &self,
        position: Position,
        mut matches: impl FnMut(ClaimNo, ContentNo, &Content) -> bool,
    ) -> bool {
        let Some(term) = self.confirmations.by_position.get(&position) else { return false };
        self.postings.contents(*term).any(|number| {
            step();
            self.claims.content(number).is_some_and(|content| {
                let claim = content.claim();
                self.claims.current(claim, position).is_some_and(|(_, then)| then.content == number)
                    && matches(claim, number, content)
            })
        })
    }

    /// The same for a filter that is compiled.
    pub(super) fn confirms_compiled(&self, compiled: &CompiledFilter<'_>, position: Position) -> bool {
        self.confirms_any(position, |claim, number, content| self.matches(compiled, claim, number, content, position))
    }
}
