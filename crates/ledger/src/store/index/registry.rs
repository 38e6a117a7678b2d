//! The parties, sources, kinds or schemes that are registered, each with its revisions as encoded messages.

use crate::budget::step;
use crate::store::entry::Entry;
use detente_domain::position::Position;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The registered records of one type, by id.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    records: imbl::HashMap<Arc<str>, Arc<Vec<RegistryRevision>>>,
    /// Their ids, for listing in order; every claim looks ids up, which a hash table does faster.
    ids: imbl::OrdSet<Arc<str>>,
}

/// One revision of a registered record.
#[derive(Clone, Debug)]
pub(crate) struct RegistryRevision {
    /// The event that made it.
    pub(crate) position: Position,
    /// The encoded message.
    pub(crate) bytes: Arc<[u8]>,
    /// The recorder.
    pub(crate) recorded_by: Arc<str>,
    /// True if it is withdrawn.
    pub(crate) withdrawn: bool,
}

impl Registry {
    /// The last revision at a cut, and its number.
    pub(crate) fn current(&self, id: &str, cut: Position) -> Option<(u32, &RegistryRevision)> {
        current(self.records.get(id)?, cut)
    }

    /// The positions of the events about an id, in order.
    pub(crate) fn history(&self, id: &str) -> Vec<Position> {
        self.records.get(id).into_iter().flat_map(|records| records.iter()).map(|revision| revision.position).collect()
    }

    /// The records that are registered at a cut, by id, after an id.
    pub(crate) fn at(&self, cut: Position, after: &str) -> impl Iterator<Item = (&str, u32, &RegistryRevision)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let ids = self.ids.range::<_, str>((Excluded(after), Unbounded));
        ids.inspect(|_| step())
            .filter_map(move |id| self.current(id, cut).map(|(number, record)| (&**id, number, record)))
    }

    /// As [`Registry::at`], only these ids where any are given.
    pub(crate) fn among<'r>(
        &'r self,
        ids: &[Box<str>],
        cut: Position,
        after: &str,
    ) -> impl Iterator<Item = (&'r str, u32, &'r RegistryRevision)> {
        let mut asked: Vec<_> = ids.iter().filter_map(|id| self.ids.get(&**id)).filter(|id| ***id > *after).collect();
        asked.sort_unstable();
        asked.dedup();
        let of = move |id: &'r Arc<str>| self.current(id, cut).map(|(number, record)| (&**id, number, record));
        let all = ids.is_empty().then(|| self.at(cut, after));
        asked.into_iter().filter_map(of).chain(all.into_iter().flatten())
    }

    /// An id that is registered at a cut and differs from another in case alone. Ids are ASCII.
    pub(crate) fn in_other_case(&self, id: &str, cut: Position) -> Option<&str> {
        let is_one = |other: &str| other.len() == id.len() && self.current(other, cut).is_some();
        // Prefixes that ids begin with, each with the letters that are left. Few ids differ in case, so that few are tried.
        let mut prefixes = vec![(String::with_capacity(id.len()), id)];
        while let Some((prefix, left)) = prefixes.pop() {
            step();
            let Some(first) = self.first_from(&prefix).filter(|first| first.starts_with(&prefix)) else { continue };
            let Some(next) = left.chars().next() else {
                if is_one(first) {
                    return Some(first);
                }
                continue;
            };
            let rest = left.get(next.len_utf8()..).unwrap_or_default();
            let cases: BTreeSet<char> = [next.to_ascii_lowercase(), next.to_ascii_uppercase()].into();
            prefixes.extend(cases.into_iter().map(|case| (format!("{prefix}{case}"), rest)));
        }
        None
    }

    /// The first id that is not before a text.
    fn first_from(&self, text: &str) -> Option<&str> {
        use std::ops::Bound::{Included, Unbounded};
        self.ids.range::<_, str>((Included(text), Unbounded)).next().map(|id| &**id)
    }

    pub(super) fn add(&mut self, position: Position, entry: &Entry) {
        let revisions = self.revisions_of(&entry.registry_id);
        let withdrawn = revisions.last().is_some_and(|last| last.withdrawn);
        let bytes = entry.registry_bytes.as_slice().into();
        revisions.push(RegistryRevision { position, bytes, recorded_by: entry.recorded_by.as_str().into(), withdrawn });
    }

    pub(super) fn withdraw(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let withdrawn = self.renew(position, entry)?;
        withdrawn.withdrawn = true;
        Some(())
    }

    /// A revision more, with the content of the last.
    pub(super) fn renew(&mut self, position: Position, entry: &Entry) -> Option<&mut RegistryRevision> {
        let revisions = Arc::make_mut(self.records.get_mut(entry.registry_id.as_str())?);
        let last = revisions.last()?.clone();
        revisions.push(RegistryRevision { position, recorded_by: entry.recorded_by.as_str().into(), ..last });
        revisions.last_mut()
    }

    fn revisions_of(&mut self, id: &str) -> &mut Vec<RegistryRevision> {
        if !self.ids.contains(id) {
            self.ids.insert(id.into());
        }
        Arc::make_mut(self.records.entry(id.into()).or_default())
    }
}

fn current(revisions: &[RegistryRevision], cut: Position) -> Option<(u32, &RegistryRevision)> {
    let count = revisions.partition_point(|revision| revision.position <= cut);
    Some((u32::try_from(count).unwrap_or(u32::MAX), revisions.get(count.checked_sub(1)?)?))
}
