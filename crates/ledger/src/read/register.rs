//! The registered records, and the relationships of claims, as a [`Sight`] sees them: recorded, or supposed instead.

use crate::budget::step;
use crate::read::sight::Sight;
use crate::store::{Index, Registry, RegistryRevision, Term};
use std::borrow::Cow;

/// One revision of a registered record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegisterRevision<'v> {
    /// The id it is registered under.
    pub(crate) id: &'v str,
    /// The number of the revision.
    pub(crate) revision: u32,
    /// The revision.
    pub(crate) registered: &'v RegistryRevision,
    /// True if it is supposed.
    pub(crate) supposed: bool,
}

/// A relationship under one of the ids it was recorded with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelationshipTerm<'v> {
    /// The id under which it answers.
    pub(crate) id: Cow<'v, str>,
    supposed: bool,
    term: Term,
}

impl RelationshipTerm<'_> {
    fn into_owned(self) -> RelationshipTerm<'static> {
        RelationshipTerm { id: Cow::Owned(self.id.into_owned()), supposed: self.supposed, term: self.term }
    }
}

impl<'v> Sight<'v> {
    /// The registered records, by id, after an id; only these ids if any are given.
    pub(crate) fn registered_among(
        &self,
        registry: impl Fn(&'v Index) -> &'v Registry,
        ids: &[Box<str>],
        after: &str,
    ) -> impl Iterator<Item = RegisterRevision<'v>> {
        let mut layers = self.layers().map(|layer| {
            let records = registry(layer.index).among(ids, layer.cut, after);
            let supposed = layer.supposed;
            records.map(move |(id, revision, registered)| RegisterRevision { id, revision, registered, supposed })
        });
        let (first, second) = (layers.next(), layers.next());
        let (mut first, mut second) = (first.into_iter().flatten().peekable(), second.into_iter().flatten().peekable());
        std::iter::from_fn(move || {
            let (one, other) = (first.peek().map(|of| of.id), second.peek().map(|of| of.id));
            match (one, other) {
                (Some(one), Some(other)) if one > other => second.next(),
                (None, _) => second.next(),
                (Some(one), other) => {
                    // A supposed record replaces the recorded one of the same id.
                    if other == Some(one) {
                        second.next();
                    }
                    first.next()
                }
            }
        })
    }

    /// Every relationship that a claim ever bore on, sorted by the id under which it answers.
    pub(crate) fn relationships(&self) -> Vec<RelationshipTerm<'static>> {
        let of_layers = self.layers().flat_map(|layer| {
            let supposed = layer.supposed;
            let bearing = move |(id, term)| RelationshipTerm { id, supposed, term }.into_owned();
            layer.index.relationships(self.survivors()).inspect(|_| step()).map(bearing)
        });
        let mut all: Vec<_> = of_layers.collect();
        all.sort_unstable();
        all
    }

    /// The number of claims that bear on one or more of these, retracted ones aside.
    pub(crate) fn count_bearing_on(&self, relationships: &[RelationshipTerm<'_>]) -> u64 {
        let in_layers = self.layers().map(|layer| {
            let of_layer = relationships.iter().filter(|of| of.supposed == layer.supposed);
            let terms: Vec<Term> = of_layer.map(|of| of.term).collect();
            layer.index.count_bearing_on(&terms, layer.cut, |claim| !layer.supposed && self.hides(claim))
        });
        in_layers.sum()
    }
}
