//! The common parts of the questions: a page of claims as encoded messages, at a cut.

use crate::read::cut::ResolvedCut;
use std::ops::Range;

/// Encoded claims, one after the other in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct EncodedClaims {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

impl EncodedClaims {
    /// The number of claims.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Returns true if there are no claims.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The number of their bytes.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The encoded claims, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges.iter().map(|range| self.bytes.get(range.clone()).unwrap_or_default())
    }

    /// Makes room for a number of claims, and for the bytes of all of them.
    pub(crate) fn reserve(&mut self, claims: usize, bytes: usize) {
        self.ranges.reserve(claims);
        self.bytes.reserve(bytes);
    }

    /// Adds the claim that `write` writes.
    pub(crate) fn add<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        self.ranges.push(start..self.bytes.len());
        Ok(())
    }
}

/// The bounds of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// The most entries.
    pub entries: usize,
    /// The number of bytes at which the page ends.
    pub bytes: usize,
}

/// A page of claims.
#[derive(Clone, Debug)]
pub struct ClaimPage {
    /// The cut.
    pub at: ResolvedCut,
    /// The claims.
    pub claims: EncodedClaims,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}
