//! Merges of parties in the index: taking them in, and the ids that a filter means with them.

use super::Index;
use crate::budget::step;
use crate::store::entry::Entry;
use detente_domain::filter::Filter;
use detente_domain::name::PartyId;
use detente_domain::position::Position;
use std::borrow::Cow;

impl Index {
    pub(super) fn merge(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let survivor = PartyId::parse(std::str::from_utf8(&entry.registry_bytes).ok()?).ok()?;
        let merged = PartyId::parse(&entry.registry_id).ok()?;
        self.parties.renew(position, entry)?;
        self.merges.merge(position, merged, survivor);
        Some(())
    }

    pub(super) fn unmerge(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let merged = PartyId::parse(&entry.registry_id).ok()?;
        self.parties.renew(position, entry)?;
        self.merges.unmerge(position, merged);
        Some(())
    }

    /// A filter with every id that answers at a cut as one that it names.
    pub(crate) fn as_answered<'f>(&self, filter: &'f Filter, cut: Position) -> Cow<'f, Filter> {
        self.merges.at(cut).widen(filter, || self.relationship_ids())
    }

    /// A filter with every id that ever answered as one that it names, and perhaps others that were merged with these.
    pub(crate) fn as_ever_answered(&self, filter: &Filter) -> Filter {
        self.merges.widen_ever(filter, || self.relationship_ids())
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
