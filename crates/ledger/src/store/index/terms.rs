//! The dictionary: every facet that any claim has, numbered in the order they were first seen.
//!
//! Numbers are dense and never change, so claims, postings and the rows in sled hold them instead of strings. Strings lie
//! one after the other in chunks; the hash table holds numbers only. Facets that can be asked for by a prefix (kinds, codes, tokens) are
//! kept in order as well, in [`super::runs::Runs`].

use super::numbers::Term;
use super::recent::RecentTerms;
use super::runs::Runs;
use crate::store::shared::{SharedList, SharedTable};
use arrayvec::ArrayVec;
use detente_domain::filter::{FacetKind, FacetTest};
use hashbrown::DefaultHashBuilder;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// The dictionary.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    numbers: SharedTable<Term>,
    recent: RecentTerms,
    hasher: DefaultHashBuilder,
    keys: Keys,
    ordered: [Runs; 3],
    relationships: SharedList<Term, 1024>,
}

impl Terms {
    /// The number of terms.
    pub(crate) const fn len(&self) -> usize {
        self.keys.len
    }

    /// The number of a facet, given now if it has none.
    pub(crate) fn intern(&mut self, kind: FacetKind, key: &str) -> Term {
        let (kind, key) = (kind as u8, key.as_bytes());
        let hash = hash_of(&self.hasher, kind, key);
        if let Some(recent) = self.recent.find(hash, kind, key) {
            return recent;
        }
        let found = self.numbers.find(hash, |term| self.keys.is(*term, kind, key));
        let term = found.unwrap_or_else(|| self.add(hash, kind, key));
        self.recent.keep(hash, kind, key, term);
        term
    }

    /// The number of a facet, if it has one.
    pub(crate) fn find(&self, kind: FacetKind, key: &str) -> Option<Term> {
        let hash = hash_of(&self.hasher, kind as u8, key.as_bytes());
        self.numbers.find(hash, |term| self.keys.is(*term, kind as u8, key.as_bytes()))
    }

    /// The numbers of the facets that a test asks for.
    pub(crate) fn resolve(&self, test: &FacetTest) -> Vec<Term> {
        if !test.prefix {
            return self.find(test.kind, &test.key).into_iter().collect();
        }
        let Some(runs) = order_of(test.kind).and_then(|at| self.ordered.get(at)) else { return Vec::new() };
        runs.with_prefix(test.key.as_bytes(), |term| self.key(term))
    }

    /// Every relationship, in the order they were first seen.
    pub(crate) fn relationships(&self) -> impl Iterator<Item = Term> {
        self.relationships.iter().copied()
    }

    /// Kind byte and key of a term.
    pub(crate) fn bytes(&self, term: Term) -> &[u8] {
        self.keys.get(term)
    }

    /// The key of a term.
    pub(crate) fn key(&self, term: Term) -> &[u8] {
        self.keys.get(term).get(1..).unwrap_or_default()
    }

    /// Adds a term as it was stored: kind byte and key. False if that is not the next new term.
    pub(crate) fn restore(&mut self, bytes: &[u8]) -> bool {
        let Some((&kind, key)) = bytes.split_first() else { return false };
        let hash = hash_of(&self.hasher, kind, key);
        if self.numbers.find(hash, |term| self.keys.is(*term, kind, key)).is_some() {
            return false;
        }
        self.add(hash, kind, key);
        true
    }

    /// Adds the next term without making it known by its key: [`Terms::make_known`] does so for all.
    pub(super) fn load(&mut self, bytes: &[u8]) -> Option<()> {
        let (&kind, key) = bytes.split_first()?;
        let term = self.keys.push(kind, key);
        self.keep_order(kind, term);
        Some(())
    }

    /// Makes every term known by its key.
    pub(super) fn make_known(&mut self) {
        let (hasher, keys) = (&self.hasher, &self.keys);
        let hash_of_term = |t: &Term| keys.get(*t).split_first().map_or(0, |(kind, key)| hash_of(hasher, *kind, key));
        let terms = (0..keys.len).map(Term::of_place);
        self.numbers = SharedTable::of(terms.map(|term| (hash_of_term(&term), term)), hash_of_term);
    }

    fn add(&mut self, hash: u64, kind: u8, key: &[u8]) -> Term {
        let term = self.keys.push(kind, key);
        let (hasher, keys) = (&self.hasher, &self.keys);
        let hash_of_term = |t: &Term| keys.get(*t).split_first().map_or(0, |(kind, key)| hash_of(hasher, *kind, key));
        self.numbers.insert(hash, term, hash_of_term);
        self.keep_order(kind, term);
        term
    }

    fn keep_order(&mut self, kind: u8, term: Term) {
        let Some(kind) = FacetKind::ALL.get(usize::from(kind)).copied() else { return };
        if kind == FacetKind::Relationship {
            self.relationships.push(term);
        }
        let keys = &self.keys;
        if let Some(runs) = order_of(kind).and_then(|at| self.ordered.get_mut(at)) {
            runs.insert(term, |t| keys.get(t).get(1..).unwrap_or_default());
        }
    }
}

/// Terms in one chunk of keys.
const CHUNK: usize = 256;

/// Kind byte and key of every term, in chunks that copies share.
#[derive(Clone, Default)]
struct Keys {
    chunks: Vec<Arc<KeyChunk>>,
    len: usize,
}

/// Keys one after the other, and the end of each.
#[derive(Clone, Default)]
struct KeyChunk {
    bytes: Vec<u8>,
    ends: ArrayVec<u32, CHUNK>,
}

impl Keys {
    #[inline]
    fn get(&self, term: Term) -> &[u8] {
        let (chunk, at) = (term.place() / CHUNK, term.place() % CHUNK);
        let Some(chunk) = self.chunks.get(chunk) else { return &[] };
        let start = at.checked_sub(1).and_then(|before| chunk.ends.get(before)).copied().unwrap_or(0);
        let end = chunk.ends.get(at).copied().unwrap_or(start);
        chunk.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    fn is(&self, term: Term, kind: u8, key: &[u8]) -> bool {
        self.get(term).split_first() == Some((&kind, key))
    }

    fn push(&mut self, kind: u8, key: &[u8]) -> Term {
        let term = Term::of_place(self.len);
        if self.len.is_multiple_of(CHUNK) {
            if let Some(full) = self.chunks.last_mut() {
                Arc::make_mut(full).bytes.shrink_to_fit();
            }
            self.chunks.push(Arc::default());
        }
        if let Some(chunk) = self.chunks.last_mut() {
            let chunk = Arc::make_mut(chunk);
            chunk.bytes.push(kind);
            chunk.bytes.extend_from_slice(key);
            // The last chunk has room: a full one is followed by a new one above.
            let _ = chunk.ends.try_push(u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX));
            self.len += 1;
        }
        term
    }
}

fn hash_of(hasher: &DefaultHashBuilder, kind: u8, key: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u8(kind);
    state.write(key);
    state.finish()
}

/// The number of the ordered run for a kind of facet, if a filter can have a prefix of it.
const fn order_of(kind: FacetKind) -> Option<usize> {
    match kind {
        FacetKind::Kind => Some(0),
        FacetKind::Code => Some(1),
        FacetKind::Token => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_keeps_the_number_it_got_first() {
        let mut terms = Terms::default();
        let kind = terms.intern(FacetKind::Kind, "agreement");
        let label = terms.intern(FacetKind::Label, "agreement");
        assert_ne!(kind, label);
        assert_eq!(terms.intern(FacetKind::Kind, "agreement"), kind);
        assert_eq!(terms.find(FacetKind::Label, "agreement"), Some(label));
        assert_eq!(terms.find(FacetKind::Label, "treaty"), None);
        assert_eq!(terms.key(label), b"agreement");
    }

    #[test]
    fn prefixes_find_every_word_that_begins_so_among_thousands() {
        let mut terms = Terms::default();
        for n in 0..5000 {
            terms.intern(FacetKind::Token, &format!("w{:04}", (n * 7919) % 5000));
        }
        let test = |prefix: &str| FacetTest { kind: FacetKind::Token, key: prefix.into(), prefix: true };
        assert_eq!(terms.resolve(&test("w12")).len(), 100);
        assert_eq!(terms.resolve(&test("w")).len(), 5000);
        assert!(terms.resolve(&test("x")).is_empty());
    }

    #[test]
    fn long_keys_are_hashed_as_short_ones_are() {
        let mut terms = Terms::default();
        let long = "x".repeat(1000);
        let term = terms.intern(FacetKind::Label, &long);
        for n in 0..100 {
            terms.intern(FacetKind::Label, &format!("{n}"));
        }
        assert_eq!(terms.find(FacetKind::Label, &long), Some(term));
    }
}
