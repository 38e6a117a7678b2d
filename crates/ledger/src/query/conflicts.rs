//! Conflicts: claims that contradict one another, and disputes of them.
//!
//! Conflicts are listed in an order that follows from the record alone ([`ConflictPlace`]), so a page begins after a place:
//! the search for those of links and values begins at the later side of that place and ends when the page is filled. No
//! more of them are kept than the page holds: the cost in memory is that of the page, however many there are.
//!
//! Reasons: `docs/design/conflicts.md`.

mod values;

use crate::Ledger;
use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::query::kept_answers::{AnswerKey, KeptAnswers};
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::sight::{ClaimSight, Sight};
use crate::store::DisputeRow;
use detente_domain::certainty::Certainty;
use detente_domain::command::Suppositions;
use detente_domain::conflict::ConflictType;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_proto::v1;
use prost::Message;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use values::{Clash, Values};

/// A question for conflicts.
#[derive(Clone, Debug)]
pub struct ConflictsQuery {
    /// The filter for the claims; a conflict is listed if either side matches.
    pub filter: Filter,
    /// Only conflicts that touch this date.
    pub valid_at: Option<Period>,
    /// Only these sorts; none means all.
    pub types: Vec<ConflictType>,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The conflict to begin after.
    pub after: Option<ConflictPlace>,
    /// The size of the page.
    pub page: PageSize,
}

/// A page of conflicts.
#[derive(Clone, Debug)]
pub struct Conflicts {
    /// The cut.
    pub at: ResolvedCut,
    /// The conflicts.
    pub conflicts: Vec<ConflictFinding>,
    /// The conflict after which the next page begins, if there is one.
    pub next: Option<ConflictPlace>,
}

/// Two claims in conflict, or a claim and a dispute of it.
#[derive(Clone, Debug)]
pub struct ConflictFinding {
    /// The reason of the conflict.
    pub conflict_type: ConflictType,
    /// The later recorded claim; of a dispute the one disputed.
    pub claim: v1::Claim,
    /// The other one.
    pub other: Option<v1::Claim>,
    /// The dispute, where it is one.
    pub dispute: Option<v1::Dispute>,
    /// The relationship that can have only one value, and the two values.
    pub matter: Option<(String, [String; 2])>,
    /// The certainty: definite if they are in conflict in all readings of their dates.
    pub certainty: Certainty,
}

/// The place of a conflict in the list: by the later side's first recording, then by the other's, then by sort.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConflictPlace {
    later: u64,
    earlier: Option<u64>,
    conflict_type: ConflictType,
    /// Distinguishes conflicts of one sort between the same two claims.
    detail: String,
}

impl ConflictPlace {
    /// The place as text, for a page token.
    #[must_use]
    pub fn to_text(&self) -> String {
        let earlier = self.earlier.map(|earlier| earlier.to_string()).unwrap_or_default();
        format!("{},{earlier},{},{}", self.later, self.conflict_type as u8, self.detail)
    }

    /// Reads a place from its text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ',');
        let mut part = || parts.next();
        let later = part()?.parse().ok()?;
        let earlier = Some(part()?).filter(|text| !text.is_empty()).map(str::parse).transpose().ok()?;
        let conflict_type = *ConflictType::ALL.get(part()?.parse::<usize>().ok()?)?;
        Some(Self { later, earlier, conflict_type, detail: part()?.to_owned() })
    }

    fn between(one: &ClaimSight, other: Option<&ClaimSight>, conflict_type: ConflictType, detail: String) -> Self {
        let orders =
            other.map_or((one.order, None), |other| (one.order.max(other.order), Some(one.order.min(other.order))));
        Self { later: orders.0, earlier: orders.1, conflict_type, detail }
    }
}

/// A conflict before its claims are put together.
struct ConflictCandidate {
    claim: ClaimSight,
    other: Option<ClaimSight>,
    dispute: Option<DisputeRow>,
    matter: Option<(String, [String; 2])>,
    certainty: Certainty,
}

/// The first conflicts behind a place, in order: as many as a page can hold, and one more to tell whether that is all.
struct First<'q> {
    query: &'q ConflictsQuery,
    found: BTreeMap<ConflictPlace, ConflictCandidate>,
}

impl First<'_> {
    fn add(&mut self, place: ConflictPlace, found: impl FnOnce() -> ConflictCandidate) {
        let first = self.found.len() <= self.query.page.entries
            || self.found.last_key_value().is_none_or(|(last, _)| place < *last);
        if first && self.query.after.as_ref().is_none_or(|after| place > *after) {
            self.found.entry(place).or_insert_with(found);
            if self.found.len() > self.query.page.entries.saturating_add(1) {
                self.found.pop_last();
            }
        }
    }

    /// Returns true if no conflict with this later side, or one after it, is among the first.
    fn is_full_before(&self, later: u64) -> bool {
        self.found.len() > self.query.page.entries
            && self.found.last_key_value().is_some_and(|(last, _)| last.later < later)
    }

    /// The first order that a later side on this page can have.
    fn begins_at(&self) -> u64 {
        self.query.after.as_ref().map_or(0, |after| after.later)
    }
}

impl Ledger {
    /// The conflicts.
    ///
    /// # Errors
    /// If the cut cannot be resolved, the suppositions do not fit, or stored bytes are damaged.
    pub fn conflicts(&self, query: &ConflictsQuery) -> Result<Conflicts, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| conflicts(&self.kept_answers, sight, query))
    }
}

impl ConflictsQuery {
    fn wants(&self, conflict_type: ConflictType) -> bool {
        self.types.is_empty() || self.types.contains(&conflict_type)
    }
}

fn conflicts(kept: &KeptAnswers, sight: &Sight<'_>, query: &ConflictsQuery) -> Result<Conflicts, QueryError> {
    let mut first = First { query, found: BTreeMap::new() };
    // With merges or suppositions, a look into the index costs more than one at every claim.
    let is_plain = !sight.is_supposed() && sight.merges().is_empty();
    if query.filter.items.is_empty() && is_plain {
        if query.wants(ConflictType::Dispute) {
            disputes(kept, sight, None, &mut first)?;
        }
        claim_by_claim(sight, &mut first)?;
        return page(sight, query, first);
    }
    let mut asked = match query.valid_at {
        Some(Period { a, b }) => sight.touching(&query.filter, a, b, false),
        None => sight.matching(&query.filter, false),
    };
    asked.retain(|seen| touches(seen, query.valid_at));
    if query.wants(ConflictType::Link) {
        asked.iter().for_each(|seen| links(sight, seen, None, &mut first));
    }
    if query.wants(ConflictType::Dispute) {
        disputes(kept, sight, Some(&asked), &mut first)?;
    }
    if query.wants(ConflictType::SingleValued) {
        let mut values = Values::new(sight, query);
        let later = values.gather(&asked, !query.filter.items.is_empty());
        let begins = later.partition_point(|(order, _)| *order < first.begins_at());
        for later in later.get(begins..).unwrap_or_default() {
            if first.is_full_before(later.0) {
                break;
            }
            values.clashes(*later, |clash| single_valued(&clash, &mut first))?;
        }
    }
    page(sight, query, first)
}

/// The links and values of every claim as the later side, claim by claim until the page is full.
fn claim_by_claim(sight: &Sight<'_>, first: &mut First<'_>) -> Result<(), ReadFailure> {
    const AT_ONCE: usize = 256;
    const MOST_AT_ONCE: usize = 16 << 10;
    let query = first.query;
    let mut values = Values::new(sight, query);
    let (mut after, mut at_once) = (first.begins_at().checked_sub(1), AT_ONCE);
    loop {
        let some = sight.list(&query.filter, after, at_once);
        let Some(last) = some.last().map(|last| last.order) else { return Ok(()) };
        for seen in some.iter().filter(|seen| touches(seen, query.valid_at)) {
            budget::step();
            if first.is_full_before(seen.order) {
                return Ok(());
            }
            if query.wants(ConflictType::Link) {
                links(sight, seen, Some(seen.order), first);
            }
            if query.wants(ConflictType::SingleValued) {
                for matter in values.matters_of(seen) {
                    values.clashes((seen.order, matter), |clash| single_valued(&clash, first))?;
                }
            }
        }
        (after, at_once) = (Some(last), at_once.saturating_mul(2).min(MOST_AT_ONCE));
    }
}

/// The links of a claim: all, or where it is the later side with this order.
fn links(sight: &Sight<'_>, seen: &ClaimSight, later: Option<u64>, first: &mut First<'_>) {
    let valid_at = first.query.valid_at;
    let others = sight.contradicting(seen).into_iter();
    for other in others.filter(|other| touches(other, valid_at) && later.is_none_or(|later| other.order < later)) {
        budget::step();
        let place = ConflictPlace::between(seen, Some(&other), ConflictType::Link, String::new());
        let (claim, other) = if seen.order > other.order { (seen.clone(), other) } else { (other, seen.clone()) };
        first.add(place, || plain(claim, Some(other), None));
    }
}

/// The parameters that the list of disputes depends on, besides filter, cut and suppositions.
#[derive(Debug, PartialEq)]
struct DisputesScope {
    valid_at: Option<Period>,
}

/// A dispute in the order of the answer: the later side's first recording, the other's, that of the disputed claim, and its
/// number among those of that claim; then which claims, and which dispute.
type OrderedDispute = ((u64, Option<u64>, u64, usize), (ClaimId, Option<ClaimId>), DisputeRow);

/// Adds the disputes behind the beginning of the page: those of the asked claims (of all, where no ids are given), and those of
/// others in which one of them is the counter-claim.
fn disputes(
    kept: &KeptAnswers,
    sight: &Sight<'_>,
    asked: Option<&[ClaimSight]>,
    first: &mut First<'_>,
) -> Result<(), ReadFailure> {
    let query = first.query;
    let key = AnswerKey::of(sight, &query.filter, &query.supposed, DisputesScope { valid_at: query.valid_at });
    let reading = kept.read(key, query.after.is_some(), || ordered_disputes(sight, asked, query.valid_at))?;
    let ordered = Arc::clone(&reading.entries);
    let place = |((later, earlier, order, nth), ..): &OrderedDispute| ConflictPlace {
        later: *later,
        earlier: *earlier,
        conflict_type: ConflictType::Dispute,
        detail: format!("{order:020}{nth:010}"),
    };
    let begins = ordered.partition_point(|one| query.after.as_ref().is_some_and(|after| place(one) <= *after));
    for one in ordered.iter().skip(begins).take(query.page.entries.saturating_add(1)) {
        let (_, (claim, counter), row) = one;
        let claim = sight.found_again(*claim)?;
        let counter = counter.map(|counter| sight.found_again(counter)).transpose()?;
        first.add(place(one), || plain(claim, counter, Some(*row)));
    }
    let has_next = begins.saturating_add(query.page.entries) < ordered.len();
    reading.end(has_next, ordered.len(), ordered.len() * size_of::<OrderedDispute>());
    Ok(())
}

fn ordered_disputes(
    sight: &Sight<'_>,
    asked: Option<&[ClaimSight]>,
    valid_at: Option<Period>,
) -> Result<Vec<OrderedDispute>, ReadFailure> {
    let asked: Option<HashSet<ClaimId>> = asked.map(|asked| asked.iter().map(|seen| seen.id).collect());
    let is_asked = |seen: &ClaimSight| asked.as_ref().is_none_or(|asked| asked.contains(&seen.id));
    let mut ordered = Vec::new();
    for seen in sight.disputed_claims().into_iter().filter(|seen| touches(seen, valid_at)) {
        for (nth, row) in sight.standing_disputes(&seen).into_iter().enumerate() {
            let counter =
                sight.dispute(&seen, &row)?.counter_claim_id.parse().ok().and_then(|id| sight.find(ClaimId(id)));
            let counter = counter.filter(|counter| !counter.retracted && counter.id != seen.id);
            let either = is_asked(&seen) || counter.as_ref().is_some_and(is_asked);
            if either && counter.as_ref().is_none_or(|counter| touches(counter, valid_at)) {
                budget::hold(size_of::<OrderedDispute>());
                let ConflictPlace { later, earlier, .. } =
                    ConflictPlace::between(&seen, counter.as_ref(), ConflictType::Dispute, String::new());
                ordered.push(((later, earlier, seen.order, nth), (seen.id, counter.map(|counter| counter.id)), row));
            }
        }
    }
    ordered.sort_unstable_by_key(|(place, ..)| *place);
    Ok(ordered)
}

fn single_valued(clash: &Clash<'_>, first: &mut First<'_>) {
    let [(later, value), (earlier, other_value)] = clash.sides;
    let place = ConflictPlace::between(later, Some(earlier), ConflictType::SingleValued, clash.relationship.to_owned());
    first.add(place, || {
        let matter = Some((clash.relationship.to_owned(), [value.to_string(), other_value.to_string()]));
        let found = plain(later.clone(), Some(earlier.clone()), None);
        ConflictCandidate { matter, certainty: clash.certainty, ..found }
    });
}

/// A conflict that is said to be one, whatever the dates.
const fn plain(claim: ClaimSight, other: Option<ClaimSight>, dispute: Option<DisputeRow>) -> ConflictCandidate {
    ConflictCandidate { claim, other, dispute, matter: None, certainty: Certainty::Definite }
}

/// Returns true if a claim may hold or happen at a date.
fn touches(seen: &ClaimSight, at: Option<Period>) -> bool {
    at.is_none_or(|at| seen.valid.as_ref().is_some_and(|valid| valid.may_touch(&at)))
}

fn page(sight: &Sight<'_>, query: &ConflictsQuery, first: First<'_>) -> Result<Conflicts, QueryError> {
    let mut answer = Conflicts { at: sight.at, conflicts: Vec::new(), next: None };
    let (mut bytes, mut last) = (0, None);
    for (place, found) in first.found {
        if answer.conflicts.len() >= query.page.entries || bytes >= query.page.bytes {
            answer.next = last;
            break;
        }
        let conflict = ConflictFinding {
            conflict_type: place.conflict_type,
            claim: sight.message(&found.claim)?,
            other: found.other.as_ref().map(|other| sight.message(other)).transpose()?,
            dispute: found.dispute.map(|row| sight.dispute(&found.claim, &row)).transpose()?,
            matter: found.matter,
            certainty: found.certainty,
        };
        bytes += conflict.dispute.as_ref().map_or(0, Message::encoded_len);
        bytes += conflict.claim.encoded_len() + conflict.other.as_ref().map_or(0, Message::encoded_len);
        answer.conflicts.push(conflict);
        last = Some(place);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_was_and_sorts_by_the_later_side_first() {
        let place = |later, earlier, conflict_type, detail: &str| ConflictPlace {
            later,
            earlier,
            conflict_type,
            detail: detail.to_owned(),
        };
        let places = [
            place(3, None, ConflictType::Dispute, "00"),
            place(3, Some(1), ConflictType::Link, ""),
            place(3, Some(1), ConflictType::SingleValued, "A,B-C.D"),
            place(3, Some(2), ConflictType::Link, ""),
            place(4, Some(0), ConflictType::Dispute, "00"),
        ];
        assert!(places.is_sorted());
        for place in places {
            assert_eq!(ConflictPlace::from_text(&place.to_text()), Some(place));
        }
        for bad in ["", "1", "1,2", "1,2,0", "1,2,7,", "x,2,0,", "1,x,0,"] {
            assert_eq!(ConflictPlace::from_text(bad), None, "{bad}");
        }
    }
}
