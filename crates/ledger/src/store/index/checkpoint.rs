//! The index as rows of a file, and back. Tables that are found by a hash, the interval trees and the ways from positions to
//! claims are not written: they are made from the rest, faster than they would be read.
//!
//! Of what is rare (registered records, merges, disputes, confirmations with a label, valid times with more to them than
//! corners) only the blocks are written in which it was recorded. Their entries are read from sled once more.

use super::claims::ClaimSections;
use super::intervals::{Intervals, Span};
use super::numbers::Term;
use super::{ByPosition, Index};
use crate::store::block::{first_of, number_of};
use crate::store::entry::{Action, Entry};
use crate::store::sections::{SectionWriter, put_bytes, take, take_bytes};
use detente_domain::position::Position;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

/// The first section that belongs to the index; what names the file has those before.
pub(in crate::store) const FIRST_SECTION: u8 = 16;
const TERMS: u8 = 16;
const SLOTS: u8 = 17;
const LONGER_POSTINGS: u8 = 18;
const APPENDS: u8 = 19;
const DUES: u8 = 20;
const RARE: u8 = 21;
const CLAIMS: ClaimSections = ClaimSections { ids: 22, contents: 23, corners: 24, revisions: 25 };

/// An index that is being read from rows.
#[derive(Default)]
pub(in crate::store) struct IndexLoader {
    index: Index,
    /// The blocks whose entries are to be read once more, ascending.
    pub(in crate::store) rare: Vec<usize>,
}

impl Index {
    /// Writes all, to be read by an [`IndexLoader`].
    pub(in crate::store) fn dump(&self, to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(TERMS)?;
        for term in 0..self.terms.len() {
            to.row(|row| put_bytes(row, [self.term_bytes(term)].into_iter()))?;
        }
        self.claims.dump(CLAIMS, to)?;
        self.postings.dump([SLOTS, LONGER_POSTINGS], to)?;
        self.appends.dump(APPENDS, to)?;
        self.dues.dump(DUES, to)?;
        to.begin(RARE)?;
        self.rare_blocks()
            .iter()
            .try_for_each(|block| to.row(|row| row.extend_from_slice(&(*block as u64).to_le_bytes())))
    }

    fn rare_blocks(&self) -> BTreeSet<usize> {
        let longer = self.claims.contents().filter(|content| !content.is_told_by_corners());
        let rare = self.by_position.about_none().chain(self.claims.disputes().positions());
        rare.chain(longer.map(|content| content.since())).map(number_of).collect()
    }

    /// Takes in what is rare of an entry, of which all else is there already.
    fn apply_rare(&mut self, position: Position, entry: &Entry) -> Option<()> {
        let action = Action::from_code(entry.action)?;
        if !self.apply_registered(position, action, entry)? {
            let claim = self.claims.find(entry.claim())?;
            entry.content.iter().for_each(|content| self.claims.load_longer_time(content));
            self.apply_dispute(claim, position, action, entry)?;
        }
        Some(())
    }
}

impl IndexLoader {
    /// Takes in the rows of a section.
    pub(in crate::store) fn load(&mut self, section: u8, mut rows: &[u8]) -> Option<()> {
        let (index, rows) = (&mut self.index, &mut rows);
        match section {
            TERMS => {
                while !rows.is_empty() {
                    index.terms.load(take_bytes(rows)?)?;
                }
                Some(())
            }
            SLOTS => index.postings.load_slots(rows),
            LONGER_POSTINGS => index.postings.load_longer(rows),
            APPENDS => index.appends.load(rows),
            DUES => index.dues.load(rows),
            RARE => {
                while !rows.is_empty() {
                    self.rare.push(usize::try_from(u64::from_le_bytes(take(rows)?)).ok()?);
                }
                Some(())
            }
            section => index.claims.load(CLAIMS, section, rows),
        }
    }

    /// Makes what was not written, for an index up to a position.
    pub(in crate::store) fn complete(&mut self, head: Position) -> Option<()> {
        let Index { terms, claims, .. } = &mut self.index;
        let mut by_position = vec![super::by_position::NONE; usize::try_from(head.0).ok()?];
        std::thread::scope(|scope| {
            let known = scope.spawn(|| terms.make_known());
            claims.make_known();
            for (claim, revision) in claims.all_revisions() {
                let place = usize::try_from(revision.position.before().0).ok()?;
                *by_position.get_mut(place)? = claim;
            }
            known.join().ok()
        })?;
        self.index.by_position = ByPosition::of(by_position.into_iter());
        let Index { terms, claims, postings, .. } = &self.index;
        let relationships: Vec<Term> = terms.relationships().collect();
        let spans_of = |term: &Term| {
            let span = |number| {
                let hull = claims.hull(claims.content(number)?)?;
                Some(Span::of(number, hull.earliest_start, hull.latest_end))
            };
            let spans: Vec<Span> = postings.contents(*term).filter_map(span).collect();
            (*term, Arc::new(Intervals::of(spans)))
        };
        let (first, second) = relationships.split_at(relationships.len() / 2);
        self.index.intervals = std::thread::scope(|scope| {
            let first = scope.spawn(|| first.iter().map(spans_of).collect::<Vec<_>>());
            let second: Vec<_> = second.iter().map(spans_of).collect();
            first.join().ok().map(|first| first.into_iter().chain(second).collect())
        })?;
        Some(())
    }

    /// Takes in the entries of one of the blocks that are read once more, in order, up to the last position.
    pub(in crate::store) fn read_again(&mut self, block: usize, entries: &[Entry], head: Position) -> Option<()> {
        let placed = (first_of(block).0..=head.0).map(Position).zip(entries);
        placed.into_iter().try_for_each(|(position, entry)| self.index.apply_rare(position, entry))
    }

    /// The index.
    pub(in crate::store) fn into_index(self) -> Index {
        self.index
    }
}
