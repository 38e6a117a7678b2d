//! Hints for a question to which nothing is recorded: an id that names nothing is often one in another case.

use crate::Ledger;
use crate::store::{Index, Registry};
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::position::Position;
use std::collections::BTreeSet;

/// Number of hints in one answer.
const MOST_HINTS: usize = 20;

/// The parties and sources that a question names.
#[derive(Clone, Debug, Default)]
pub struct NamedIds<'q> {
    parties: BTreeSet<&'q str>,
    sources: BTreeSet<&'q str>,
}

impl<'q> NamedIds<'q> {
    /// Those of a filter.
    #[must_use]
    pub fn of(filter: &'q Filter) -> Self {
        let mut named = Self::default();
        for item in &filter.items {
            named.parties.extend(parties_of(item));
            named.sources.extend(item.sources.iter().map(|source| source.as_str()));
        }
        named
    }

    /// Adds parties. An empty id names none.
    #[must_use]
    pub fn with_parties(mut self, ids: impl IntoIterator<Item = &'q str>) -> Self {
        self.parties.extend(ids.into_iter().filter(|id| !id.is_empty()));
        self
    }

    /// Adds sources. An empty id names none.
    #[must_use]
    pub fn with_sources(mut self, ids: impl IntoIterator<Item = &'q str>) -> Self {
        self.sources.extend(ids.into_iter().filter(|id| !id.is_empty()));
        self
    }
}

impl Ledger {
    /// Names the parties and sources of a question that are not registered at a cut, each with the id that differs in case
    /// alone.
    #[must_use]
    pub fn hints(&self, named: &NamedIds<'_>, cut: Position) -> Vec<String> {
        let view = self.record.store.question_view();
        let index: &Index = &view.index;
        let parties = named.parties.iter().filter_map(|id| hint("party", id, &index.parties, cut));
        let sources = named.sources.iter().filter_map(|id| hint("source", id, &index.sources, cut));
        parties.chain(sources).take(MOST_HINTS).collect()
    }
}

fn parties_of(item: &FilterItem) -> impl Iterator<Item = &str> {
    let of_relationships = item.relationships.iter().flat_map(|relationship| relationship.as_str().split('-'));
    let in_roles = item.party_roles.iter().map(|(party, _)| party);
    let parties = item.parties.iter().chain(in_roles).chain(&item.asserted_by);
    of_relationships.chain(parties.map(|party| party.as_str()))
}

fn hint(what: &str, id: &str, registry: &Registry, cut: Position) -> Option<String> {
    if registry.current(id, cut).is_some() {
        return None;
    }
    Some(match registry.in_other_case(id, cut) {
        Some(other) => format!("no {what} `{id}` is registered; `{other}` is"),
        None => format!("no {what} `{id}` is registered"),
    })
}
