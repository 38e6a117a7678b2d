//! Answers a filter from the index: which claims, in which revision, at a cut.
//!
//! A filter is compiled once: facet tests become terms. Each item then names the cheapest way to candidates (claim ids, the
//! intervals of a relationship, the shortest postings, or every claim), and every candidate is judged the same way: its
//! last revision that the cut sees must have a content that matches. So a source of candidates may be too wide, never too
//! narrow.
//!
//! Candidates are mostly contents, and one that the cut does not see as its claim's last drops out at once. They are
//! looked at in passes, each of which reads one place in memory of all of them: those waits overlap, where going to the
//! end with one before looking at the next would add them up.

use super::Index;
use super::candidates::Candidates;
use super::claims::FoundRevision;
use super::content_tail::Facets;
use super::contents::Content;
use super::numbers::{ClaimNo, ContentNo, Term};
use crate::budget::{hold, step};
use detente_domain::filter::{FacetKind, Filter, FilterItem};
use detente_domain::merge::Survivors;
use detente_domain::moment::Moment;
use detente_domain::position::Position;
use hashbrown::HashSet;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Elements of a list whose memory is accounted for at once.
const HELD_AT_ONCE: usize = 1024;

/// A filter in terms of the index.
pub(crate) struct CompiledFilter<'f> {
    pub(super) items: Vec<Item<'f>>,
}

pub(super) struct Item<'f> {
    source: &'f FilterItem,
    /// The terms of each group, of which a content must have one; sorted.
    pub(super) groups: Vec<Vec<Term>>,
    /// The place of the relationships among the groups.
    pub(super) relationships: Option<usize>,
    /// The contents whose words match the text, if there is one; sorted.
    pub(super) words: Option<Vec<ContentNo>>,
    pub(super) claims: Option<Vec<ClaimNo>>,
}

impl CompiledFilter<'_> {
    /// The group of the only item that all of these candidates meet, being found by it.
    pub(super) fn group_met_by(&self, candidates: &Candidates) -> Option<usize> {
        match candidates {
            Candidates::Contents { group, .. } if self.items.len() == 1 => Some(*group),
            _ => None,
        }
    }
}

impl Index {
    /// Compiles a filter.
    pub(crate) fn compile<'f>(&self, filter: &'f Filter) -> CompiledFilter<'f> {
        CompiledFilter { items: filter.items.iter().map(|item| self.compile_item(item)).collect() }
    }

    fn compile_item<'f>(&self, source: &'f FilterItem) -> Item<'f> {
        let mut item = Item { source, groups: Vec::new(), relationships: None, words: None, claims: None };
        for tests in source.facets() {
            let mut terms: Vec<Term> = tests.iter().flat_map(|test| self.terms.resolve(test)).collect();
            terms.sort_unstable();
            terms.dedup();
            match tests.first().map(|test| test.kind) {
                Some(FacetKind::Token) => {
                    item.narrow_words(self.sorted_contents_with(&terms));
                }
                Some(FacetKind::Relationship) => {
                    item.relationships = Some(item.groups.len());
                    item.groups.push(terms);
                }
                _ => item.groups.push(terms),
            }
        }
        if !source.claim_ids.is_empty() {
            let mut claims: Vec<ClaimNo> = source.claim_ids.iter().filter_map(|id| self.claims.find(id.0)).collect();
            claims.sort_unstable();
            claims.dedup();
            item.claims = Some(claims);
        }
        item
    }

    /// The claims that match at a cut, in the order they were first recorded (or the other way round), from the one after
    /// `after` on, at most `limit`.
    pub(crate) fn list(&self, filter: &Filter, cut: Position, page: &ListPage) -> Vec<FoundRevision> {
        let compiled = self.compile(filter);
        let (listed, met) = self.listed_candidates(&compiled, cut);
        let mut found = Vec::new();
        let mut consider = |claim: ClaimNo| {
            step();
            if let Some(candidate) = self.current_match(&compiled, met, claim, cut)
                && (page.include_retracted || !candidate.revision.is_retracted())
            {
                found.push(candidate);
                if found.len().is_multiple_of(HELD_AT_ONCE) {
                    hold(HELD_AT_ONCE * size_of::<FoundRevision>());
                }
            }
            found.len() < page.limit
        };
        match listed {
            Some(claims) => in_order(claims.into_iter(), page).all(&mut consider),
            None => in_order(self.all_claims(), page).all(&mut consider),
        };
        found
    }

    /// The candidates of all items that a cut sees, as one sorted list, and the group that all of them are known to meet;
    /// no list where that is every claim.
    fn listed_candidates(&self, compiled: &CompiledFilter<'_>, cut: Position) -> (Option<Vec<ClaimNo>>, Option<usize>) {
        let (mut claims, mut met) = (Vec::new(), None);
        hold(self.candidate_count(compiled).min(self.claims.len()) * size_of::<ClaimNo>());
        for candidates in self.candidates_of(compiled, None) {
            if matches!(candidates, Candidates::All) {
                return (None, None);
            }
            met = compiled.group_met_by(&candidates);
            self.each_seen(&candidates, cut, |found, _| {
                claims.push(found.claim);
                true
            });
        }
        (Some(sort_and_dedup(claims)), met)
    }

    /// An upper bound of the number of claims that match a filter, which is compiled for it.
    pub(crate) fn most_matching(&self, filter: &Filter) -> usize {
        self.candidate_count(&self.compile(filter))
    }

    /// An upper bound of the number of claims that match a filter.
    pub(super) fn candidate_count(&self, compiled: &CompiledFilter<'_>) -> usize {
        if compiled.items.is_empty() {
            return self.claims.len();
        }
        let of_item = |item: &Item<'_>| match &item.claims {
            Some(claims) => claims.len(),
            None => item.groups.iter().map(|group| self.posting_count(group)).min().unwrap_or(self.claims.len()),
        };
        compiled.items.iter().map(of_item).sum()
    }

    /// The claims that match at a cut and whose valid time may touch `[a, b)`, retracted ones too, in no order.
    pub(crate) fn touching_span(&self, filter: &Filter, cut: Position, (a, b): (Moment, Moment)) -> Vec<FoundRevision> {
        let compiled = self.compile(filter);
        let touches =
            |content: &Content| self.claims.hull(content).is_some_and(|v| v.earliest_start < b && v.latest_end > a);
        let mut matching = Vec::new();
        for candidates in self.candidates_of(&compiled, Some((a, b))) {
            let met = compiled.group_met_by(&candidates);
            self.each_seen(&candidates, cut, |found, content| {
                if touches(content) && self.found_matches(&compiled, met, &found, content) {
                    matching.push(found);
                    if matching.len().is_multiple_of(HELD_AT_ONCE) {
                        hold(HELD_AT_ONCE * size_of::<FoundRevision>());
                    }
                }
                true
            });
        }
        if compiled.items.len() > 1 {
            // Several items may name one claim.
            matching.sort_unstable_by_key(|found| found.claim);
            matching.dedup_by_key(|found| found.claim);
        }
        matching
    }

    /// Calls `with` with the keys of a content's facets of a kind.
    pub(crate) fn facets_of_content(&self, content: ContentNo, kind: FacetKind, with: &mut dyn FnMut(&str)) {
        for term in self.claims.facets(content) {
            let (of, key) = self.terms.bytes(term).split_first().unwrap_or((&u8::MAX, &[]));
            if *of == kind as u8
                && let Ok(key) = std::str::from_utf8(key)
            {
                with(key);
            }
        }
    }

    /// The number of claims that bear on one or more of these relationships at a cut, without retracted ones and those
    /// that are to be left out.
    pub(crate) fn count_bearing_on(
        &self,
        relationships: &[Term],
        cut: Position,
        leave_out: impl Fn(ClaimNo) -> bool,
    ) -> u64 {
        let bears = |number: &ContentNo| {
            step();
            let seen = self.claims.revision_with(*number, cut);
            seen.is_some_and(|(found, _)| !found.revision.is_retracted() && !leave_out(found.claim))
        };
        let current = self.contents_with(relationships).filter(bears);
        let count = if relationships.len() > 1 { current.collect::<HashSet<_>>().len() } else { current.count() };
        count as u64
    }

    /// Every relationship that a claim ever bore on, as it answers, with its term.
    pub(crate) fn relationships<'r, 'm: 'r>(
        &'r self,
        survivors: &'r Survivors<'m>,
    ) -> impl Iterator<Item = (Cow<'r, str>, Term)> {
        let named = move |term: Term| {
            let id = std::str::from_utf8(self.terms.key(term)).ok()?;
            Some((survivors.relationship(id)?, term))
        };
        self.terms.relationships().inspect(|_| step()).filter_map(named)
    }

    pub(super) fn posting_count(&self, terms: &[Term]) -> usize {
        terms.iter().map(|term| self.postings.count(*term)).sum()
    }

    pub(super) fn contents_with<'a>(&'a self, terms: &'a [Term]) -> impl Iterator<Item = ContentNo> + 'a {
        terms.iter().flat_map(|term| self.postings.contents(*term))
    }

    /// The contents with one or more of these terms, each once, ascending.
    fn sorted_contents_with(&self, terms: &[Term]) -> Vec<ContentNo> {
        let count = self.posting_count(terms);
        hold(count * size_of::<ContentNo>());
        let mut contents = Vec::with_capacity(count);
        for term in terms {
            self.postings.each(*term, |content| {
                step();
                contents.push(content);
            });
        }
        if terms.len() > 1 { sort_and_dedup(contents) } else { contents }
    }

    pub(super) fn current_match(
        &self,
        compiled: &CompiledFilter<'_>,
        met: Option<usize>,
        claim: ClaimNo,
        cut: Position,
    ) -> Option<FoundRevision> {
        let found = self.claims.find_revision(claim, cut)?;
        let content = self.claims.content(found.revision.content)?;
        self.found_matches(compiled, met, &found, content).then_some(found)
    }

    /// Returns true if the content matches that a claim was found with, of which one group is known to be met.
    pub(super) fn found_matches(
        &self,
        compiled: &CompiledFilter<'_>,
        met: Option<usize>,
        found: &FoundRevision,
        content: &Content,
    ) -> bool {
        self.matches_rest(compiled, met, (found.claim, found.revision.content), content, found.revision.position)
    }

    /// Returns true if a content matches that a claim has or had after the event at a position.
    pub(super) fn matches(
        &self,
        compiled: &CompiledFilter<'_>,
        claim: ClaimNo,
        number: ContentNo,
        content: &Content,
        at: Position,
    ) -> bool {
        self.matches_rest(compiled, None, (claim, number), content, at)
    }

    fn matches_rest(
        &self,
        compiled: &CompiledFilter<'_>,
        met: Option<usize>,
        (claim, number): (ClaimNo, ContentNo),
        content: &Content,
        at: Position,
    ) -> bool {
        let facets = OnceCell::new();
        let facets = || facets.get_or_init(|| self.claims.facets(number)).clone();
        let has_words = |words: &Vec<ContentNo>| words.binary_search(&self.claims.words(number)).is_ok();
        compiled.items.is_empty()
            || compiled.items.iter().any(|item| {
                item.admits(claim, content)
                    && item.admits_facets(met, facets)
                    && item.words.as_ref().is_none_or(has_words)
                    && self.admits_time(item, at)
            })
    }

    fn admits_time(&self, item: &Item<'_>, at: Position) -> bool {
        if item.source.recorded_from.is_none() && item.source.recorded_before.is_none() {
            return true;
        }
        self.appends.recorded_at_position(at).is_some_and(|recorded_at| item.source.admits_time(recorded_at))
    }
}

/// A page of a list.
pub(crate) struct ListPage {
    /// The claim to begin after.
    pub(crate) after: Option<ClaimNo>,
    /// True to list the last recorded first.
    pub(crate) newest_first: bool,
    /// True to include retracted claims.
    pub(crate) include_retracted: bool,
    /// The most claims.
    pub(crate) limit: usize,
}

fn in_order<I: DoubleEndedIterator<Item = ClaimNo>>(claims: I, page: &ListPage) -> impl Iterator<Item = ClaimNo> {
    let (forward, backward) = if page.newest_first { (None, Some(claims.rev())) } else { (Some(claims), None) };
    let (after, newest_first) = (page.after, page.newest_first);
    let ordered = forward.into_iter().flatten().chain(backward.into_iter().flatten());
    ordered.skip_while(move |claim| {
        after.is_some_and(|after| if newest_first { *claim >= after } else { *claim <= after })
    })
}

pub(super) fn sort_and_dedup<N: Ord>(mut numbers: Vec<N>) -> Vec<N> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

impl Item<'_> {
    fn narrow_words(&mut self, with: Vec<ContentNo>) {
        match &mut self.words {
            None => self.words = Some(with),
            Some(words) => words.retain(|content| with.binary_search(content).is_ok()),
        }
    }

    fn admits(&self, claim: ClaimNo, content: &Content) -> bool {
        self.source.temporal_types.admits(Some(content.temporal_type()))
            && self.source.modalities.admits(Some(content.modality()))
            && self.source.polarities.admits(content.polarity())
            && self.source.statuses.admits(content.status())
            && self.claims.as_ref().is_none_or(|claims| claims.binary_search(&claim).is_ok())
    }

    /// Returns true if the facets meet every group but one that is known to be met; they are not read if there is no other.
    fn admits_facets<'t>(&self, met: Option<usize>, facets: impl Fn() -> Facets<'t>) -> bool {
        let mut groups = self.groups.iter().enumerate().filter(|(at, _)| Some(*at) != met);
        groups.all(|(_, group)| match group.as_slice() {
            // They ascend.
            [one] => facets().find(|facet| facet >= one) == Some(*one),
            many => facets().any(|facet| many.binary_search(&facet).is_ok()),
        })
    }
}
