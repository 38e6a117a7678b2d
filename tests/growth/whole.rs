//! Pages of answers that are long enough to be kept: together they are the answer in one piece, whatever others read
//! meanwhile.

use crate::questions::{nothing, supposition};
use crate::shapes::{SHAPES, ledger};
use crate::support::ask::ALL;
use crate::support::make::period;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::{Filter, MemberSet};
use detente_domain::gaps::GapType;
use detente_ledger::Ledger;
use detente_ledger::query::commitments::CommitmentsQuery;
use detente_ledger::query::conflicts::ConflictsQuery;
use detente_ledger::query::gaps::GapsQuery;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::registry::RegistryQuery;
use detente_ledger::query::state::StateQuery;
use detente_ledger::query::timeline::{TimelinePlace, TimelineQuery};
use detente_ledger::query::upcoming::UpcomingQuery;

/// Entries of an answer as text, read in pages of a size.
type Read = fn(&Ledger, &Suppositions, PageSize) -> Vec<String>;

/// Reads page after page until there is none.
fn all<C>(mut cursor: C, mut page: impl FnMut(C, &mut Vec<String>) -> Option<C>) -> Vec<String> {
    let mut entries = Vec::new();
    while let Some(next) = page(cursor, &mut entries) {
        cursor = next;
    }
    entries
}

const ANSWERS: [(&str, Read); 7] = [
    ("ListGaps", gaps),
    ("GetTimeline", timeline),
    ("ListCommitments", commitments),
    ("ListUpcoming", upcoming),
    ("GetState", state),
    ("ListConflicts", conflicts),
    ("ListRelationships", relationships),
];

fn gaps(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    all(0, |skip, entries| {
        let (filter, from, until, cut, supposed) = (Filter::default(), None, None, Cut::Head, supposed.clone());
        let (types, valid_at, stale_days) = (GapType::ALL.into(), period("2025-06-01"), 365);
        let query = GapsQuery { filter, types, from, until, valid_at, stale_days, cut, supposed, skip, page };
        let found = ledger.gaps(&query).unwrap();
        entries.extend(found.gaps.iter().map(|gap| format!("{gap:?}")));
        found.next
    })
}

fn timeline(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    all(TimelinePlace::default(), |start, entries| {
        let (filter, from, until, cut, supposed) = (Filter::default(), None, None, Cut::Head, supposed.clone());
        let found = ledger.timeline(&TimelineQuery { filter, from, until, cut, supposed, start, page }).unwrap();
        entries.extend(found.segments.iter().map(|segment| format!("{segment:?}")));
        found.next
    })
}

fn commitments(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    all(0, |skip, entries| {
        let (filter, statuses, cut, supposed) = (Filter::default(), Vec::new(), Cut::Head, supposed.clone());
        let valid_at = period("2025-06-01");
        let found = ledger.commitments(&CommitmentsQuery { filter, statuses, valid_at, cut, supposed, skip, page });
        let found = found.unwrap();
        entries.extend(found.commitments.iter().map(|commitment| format!("{commitment:?}")));
        found.next
    })
}

fn upcoming(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    all(0, |skip, entries| {
        let (filter, transitions, cut, supposed) =
            (Filter::default(), MemberSet::default(), Cut::Head, supposed.clone());
        let span = (period("2019").a, period("2026").b);
        let found = ledger.upcoming(&UpcomingQuery { filter, span, transitions, cut, supposed, skip, page }).unwrap();
        entries.extend(found.transitions.iter().map(|transition| format!("{transition:?}")));
        found.next
    })
}

fn state(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    all(0, |skip, entries| {
        let (filter, mode, cut, supposed) = (Filter::default(), None, Cut::Head, supposed.clone());
        let (valid_at, include_retracted) = (period("2025-06-01"), false);
        let query = StateQuery { filter, valid_at, mode, cut, supposed, include_retracted, skip, page };
        let found = ledger.state(&query).unwrap();
        let told = found.matches.iter().zip(found.claims.iter());
        entries.extend(told.map(|of| format!("{:?} {:?}", of, (found.emptiness, &found.absences))));
        found.next
    })
}

fn conflicts(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    let types = vec![detente_domain::conflict::ConflictType::Dispute];
    all(None, |after, entries| {
        let (filter, cut, supposed, valid_at) = (Filter::default(), Cut::Head, supposed.clone(), None);
        let query = ConflictsQuery { filter, valid_at, types: types.clone(), cut, supposed, after, page };
        let found = ledger.conflicts(&query).unwrap();
        entries.extend(found.conflicts.iter().map(|conflict| format!("{conflict:?}")));
        found.next.map(Some)
    })
}

fn relationships(ledger: &Ledger, supposed: &Suppositions, page: PageSize) -> Vec<String> {
    all(String::new(), |after, entries| {
        let query =
            RegistryQuery { supposed: supposed.clone(), after, entries: page.entries, ..RegistryQuery::default() };
        let found = ledger.relationships(&query, "").unwrap();
        entries.extend(found.entries.iter().map(|entry| format!("{entry:?}")));
        found.next
    })
}

#[test]
fn pages_that_were_kept_are_the_answer_in_one_piece() {
    const SIZE: u128 = 4_200;
    let wanted =
        ["each disputed", "a value each, one after another", "a promise each, without a source", "a relationship each"];
    for (shape, command) in SHAPES.iter().filter(|(shape, _)| wanted.contains(shape)) {
        let home = ledger(SIZE, *command);
        for (question, read) in ANSWERS {
            for supposed in [nothing(), supposition()] {
                let whole = read(&home.ledger, &supposed, ALL);
                let paged = read(&home.ledger, &supposed, PageSize { entries: 700, bytes: usize::MAX });
                assert!(whole == paged, "{question}, {shape}: {} and {} entries", whole.len(), paged.len());
            }
        }
    }
}
