//! Look-ups for the clock of valid time: the claim of an event, promises that fall due, and the revisions of a claim that
//! match.
//!
//! Few claims promise, so due dates are kept apart from the contents: by content, and by time for those that fall due in a
//! span.

use super::{ClaimNo, CompiledFilter, ContentNo, FoundRevision, Index, Revision};
use crate::budget::step;
use crate::store::sections::{SectionWriter, take};
use detente_domain::filter::{FacetKind, Filter};
use detente_domain::moment::Moment;
use detente_domain::position::Position;
use std::io::{self, Write};

/// The due dates of contents that have one: the end of the last day that it can mean.
#[derive(Clone, Default)]
pub(super) struct Dues {
    of: imbl::HashMap<ContentNo, Moment>,
    by_time: imbl::OrdSet<(Moment, ContentNo)>,
}

impl Dues {
    /// Writes all, to be read by [`Dues::load`].
    pub(super) fn dump(&self, section: u8, to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(section)?;
        self.by_time.iter().try_for_each(|(due, content)| {
            to.row(|row| {
                row.extend_from_slice(&due.0.to_le_bytes());
                row.extend_from_slice(&content.get().to_le_bytes());
            })
        })
    }

    pub(super) fn load(&mut self, rows: &mut &[u8]) -> Option<()> {
        while !rows.is_empty() {
            let due = Moment(i64::from_le_bytes(take(rows)?));
            self.add(ContentNo::new(u32::from_le_bytes(take(rows)?)), Some(due));
        }
        Some(())
    }

    /// Notes the due date of a content.
    pub(super) fn add(&mut self, content: ContentNo, due: Option<Moment>) {
        if let Some(due) = due {
            self.of.insert(content, due);
            self.by_time.insert((due, content));
        }
    }
}

impl Index {
    /// The end of the last day that the due date of a content can mean; none where it can be any later.
    pub(crate) fn due_of(&self, content: ContentNo) -> Option<Moment> {
        self.last_due_of(content).filter(|due| due.is_finite())
    }

    /// The same, with [`Moment::MAX`] for a due date that can be any later: none only where there is no due date.
    pub(crate) fn last_due_of(&self, content: ContentNo) -> Option<Moment> {
        if self.dues.of.is_empty() { None } else { self.dues.of.get(&content).copied() }
    }

    /// The claims that match at a cut and fall due in `[a, b)`, retracted ones too, in no order.
    pub(crate) fn falling_due(&self, filter: &Filter, cut: Position, (a, b): (Moment, Moment)) -> Vec<FoundRevision> {
        let compiled = self.compile(filter);
        let due =
            self.dues.by_time.range((a, ContentNo::default())..(b, ContentNo::default())).filter_map(|(_, content)| {
                step();
                let claim = self.claims.content(*content)?.claim();
                let found = self.current_match(&compiled, None, claim, cut)?;
                (found.revision.content == *content).then_some(found)
            });
        due.collect()
    }

    /// Every claim that may match at some cut.
    pub(crate) fn candidates(&self, filter: &Filter) -> Vec<ClaimNo> {
        let candidates = self.candidates_of(&self.compile(filter), None);
        let mut claims: Vec<_> = candidates.into_iter().flat_map(|candidates| self.claims_of(candidates)).collect();
        claims.sort_unstable();
        claims.dedup();
        claims
    }

    /// Returns true if a claim matches in a revision.
    pub(crate) fn matches_in(&self, compiled: &CompiledFilter<'_>, claim: ClaimNo, revision: &Revision) -> bool {
        let content = self.claims.content(revision.content);
        content.is_some_and(|content| self.matches(compiled, claim, revision.content, content, revision.position))
    }

    /// The claims to which a content has a link of one of some types, by the facets of these links.
    pub(crate) fn linked_from(&self, content: ContentNo, read: impl Fn(&str) -> Option<uuid::Uuid>) -> Vec<ClaimNo> {
        let mut linked = Vec::new();
        self.facets_of_content(content, FacetKind::Link, &mut |key| {
            linked.extend(read(key).and_then(|id| self.claims.find(id)));
        });
        linked
    }
}
