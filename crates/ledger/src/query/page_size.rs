//! What the questions have in common: a page of claims as encoded messages, at a cut.

use crate::read::cut::ResolvedCut;
use std::ops::Range;

/// Encoded claims, one after the other in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct EncodedClaims {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

impl EncodedClaims {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many bytes they take.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The encoded claims, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges.iter().map(|range| self.bytes.get(range.clone()).unwrap_or_default())
    }

    /// Makes room for so many claims of so many bytes in all.
    pub(crate) fn reserve(&mut self, claims: usize, bytes: usize) {
        self.ranges.reserve(claims);
        self.bytes.reserve(bytes);
    }

    /// Adds what `write` writes.
    pub(crate) fn add<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        self.ranges.push(start..self.bytes.len());
        Ok(())
    }
}

/// How much of a list is wanted at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// At most so many entries.
    pub entries: usize,
    /// No more once so many bytes are reached.
    pub bytes: usize,
}

/// A page of claims.
#[derive(Clone, Debug)]
pub struct ClaimPage {
    /// The cut.
    pub at: ResolvedCut,
    /// The claims.
    pub claims: EncodedClaims,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}
