//! Candidates of a question: claims or contents, found by the cheapest way that an item of a filter offers.
//!
//! Candidates are mostly contents, and one that the cut does not see as its claim's last drops out at once, with one look
//! into memory. Going through all of them in one pass lets these waits overlap.

use super::Index;
use super::claims::FoundRevision;
use super::contents::Content;
use super::numbers::{ClaimNo, ContentNo};
use super::query::{CompiledFilter, Item, sort_and_dedup};
use crate::budget::{hold, step};
use detente_domain::moment::Moment;
use detente_domain::position::Position;

/// The candidates for an item.
pub(super) enum Candidates {
    /// Claims, each once.
    Claims(Vec<ClaimNo>),
    /// Contents, each once, and the place of the group of the item by which they were found.
    Contents { contents: Vec<ContentNo>, group: usize },
    /// Every claim.
    All,
}

impl Index {
    /// The candidates for the items of a filter; without items, every claim.
    pub(super) fn candidates_of(
        &self,
        compiled: &CompiledFilter<'_>,
        span: Option<(Moment, Moment)>,
    ) -> Vec<Candidates> {
        if compiled.items.is_empty() {
            return vec![Candidates::All];
        }
        compiled.items.iter().map(|item| self.item_candidates(item, span)).collect()
    }

    fn item_candidates(&self, item: &Item<'_>, span: Option<(Moment, Moment)>) -> Candidates {
        if let Some(claims) = &item.claims {
            return Candidates::Claims(claims.clone());
        }
        let shortest = item.groups.iter().enumerate().min_by_key(|(_, group)| self.posting_count(group));
        let shortest_length = shortest.map_or(usize::MAX, |(_, group)| self.posting_count(group));
        let relationships = item.relationships.and_then(|at| Some((at, item.groups.get(at)?)));
        if let Some(words) = item.words.as_ref().filter(|words| words.len() <= shortest_length) {
            // A content that renews one of these has its words, without being among these.
            let claims = words.iter().filter_map(|number| self.claims.content(*number).map(Content::claim));
            return Candidates::Claims(sort_and_dedup(claims.collect()));
        }
        match (shortest, relationships, span) {
            (Some(_), Some((at, relationships)), Some((a, b)))
                if shortest_length.saturating_mul(8) > self.posting_count(relationships) =>
            {
                let mut contents = Vec::new();
                for intervals in relationships.iter().filter_map(|term| self.intervals.get(term)) {
                    intervals.touching(a, b, |number| {
                        step();
                        contents.push(number);
                    });
                }
                hold(contents.capacity() * size_of::<ContentNo>());
                let contents = if relationships.len() > 1 { sort_and_dedup(contents) } else { contents };
                Candidates::Contents { contents, group: at }
            }
            (Some((at, group)), ..) => {
                let contents: Vec<ContentNo> = self.contents_with(group).inspect(|_| step()).collect();
                hold(contents.capacity() * size_of::<ContentNo>());
                let contents = if group.len() > 1 { sort_and_dedup(contents) } else { contents };
                Candidates::Contents { contents, group: at }
            }
            (None, ..) => Candidates::All,
        }
    }

    /// Calls `consider` with every candidate that a cut sees, until it says to stop. A claim comes once at most.
    pub(super) fn each_seen<'i>(
        &'i self,
        candidates: &Candidates,
        cut: Position,
        mut consider: impl FnMut(FoundRevision, &'i Content) -> bool,
    ) {
        let mut claim = |claim: ClaimNo| {
            step();
            let found = self.claims.find_revision(claim, cut);
            let with = found.and_then(|found| Some((found, self.claims.content(found.revision.content)?)));
            with.is_none_or(|(found, content)| consider(found, content))
        };
        match candidates {
            Candidates::Claims(claims) => claims.iter().copied().all(&mut claim),
            Candidates::All => self.all_claims().all(&mut claim),
            Candidates::Contents { contents, .. } => contents.iter().all(|number| {
                step();
                let seen = self.claims.revision_with(*number, cut);
                seen.is_none_or(|(found, content)| consider(found, content))
            }),
        };
    }

    /// The claims that ever had a candidate, each once.
    pub(super) fn claims_of(&self, candidates: Candidates) -> Vec<ClaimNo> {
        match candidates {
            Candidates::Claims(claims) => claims,
            Candidates::All => {
                hold(self.claims.len() * size_of::<ClaimNo>());
                self.all_claims().inspect(|_| step()).collect()
            }
            Candidates::Contents { contents, .. } => {
                hold(contents.len() * size_of::<ClaimNo>());
                let claim_of = |number: &ContentNo| self.claims.content(*number).map(Content::claim);
                sort_and_dedup(contents.iter().inspect(|_| step()).filter_map(claim_of).collect())
            }
        }
    }

    pub(super) fn all_claims(&self) -> impl DoubleEndedIterator<Item = ClaimNo> + use<> {
        (0..self.claims.len()).map(ClaimNo::of_place)
    }
}
