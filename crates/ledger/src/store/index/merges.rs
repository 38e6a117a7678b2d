//! Merges of parties in the index: taking them in, and what a filter means with them.

use super::Index;
use crate::budget::step;
use crate::store::entry::Entry;
use detente_domain::filter::Filter;
use detente_domain::name::PartyId;
use detente_domain::position::Position;
use std::borrow::Cow;
use std::sync::Arc;

impl Index {
    pub(super) fn merge(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let survivor = PartyId::parse(std::str::from_utf8(&entry.registry_bytes).ok()?).ok()?;
        let merged = PartyId::parse(&entry.registry_id).ok()?;
        self.parties.renew(position, entry)?;
        Arc::make_mut(&mut self.merges).merge(position, merged, survivor);
        Some(())
    }

    pub(super) fn unmerge(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let merged = PartyId::parse(&entry.registry_id).ok()?;
        self.parties.renew(position, entry)?;
        Arc::make_mut(&mut self.merges).unmerge(position, merged);
        Some(())
    }

    /// The filter at a cut, widened to every id that answers there as one that it names.
    pub(crate) fn as_answered<'f>(&self, filter: &'f Filter, cut: Position) -> Cow<'f, Filter> {
        self.merges.at(cut).widen(filter, || self.relationship_ids())
    }

    /// Adds the positions at which a filter comes to mean other ids: the merges and unmerges after a position, up to
    /// another.
    pub(crate) fn changes_of_meaning(
        &self,
        filter: &Filter,
        (after, until): (Position, Position),
        into: &mut impl Extend<Position>,
    ) {
        let mut looked = after;
        while let Some(change) = self.next_change_of_meaning(filter, looked, until) {
            into.extend([change]);
            looked = change;
        }
    }

    /// The first merge or unmerge after a position, up to another, with which others come to answer as a party
    /// that a filter names.
    pub(crate) fn next_change_of_meaning(&self, filter: &Filter, after: Position, until: Position) -> Option<Position> {
        self.merges.next_change_for(filter, after, until)
    }

    /// Every relationship that a claim ever bore on, as it was recorded.
    pub(crate) fn relationship_ids(&self) -> impl Iterator<Item = &str> {
        self.terms.relationships().inspect(|_| step()).filter_map(|id| std::str::from_utf8(self.terms.key(id)).ok())
    }
}
