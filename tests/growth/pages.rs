//! Questions page by page. A page that is not the first may cost no more than what it holds, however long the answer is.

use crate::PAGE;
use crate::support::make::{id, period};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::{Filter, MemberSet};
use detente_domain::gaps::GapType;
use detente_domain::position::Position;
use detente_ledger::Ledger;
use detente_ledger::query::claims::RevisionsQuery;
use detente_ledger::query::commitments::CommitmentsQuery;
use detente_ledger::query::conflicts::{ConflictPlace, ConflictsQuery};
use detente_ledger::query::corroboration::CorroborationQuery;
use detente_ledger::query::diff::DiffQuery;
use detente_ledger::query::gaps::GapsQuery;
use detente_ledger::query::parties::PartiesQuery;
use detente_ledger::query::registry::RegistryQuery;
use detente_ledger::query::state::StateQuery;
use detente_ledger::query::timeline::TimelineQuery;
use detente_ledger::query::upcoming::UpcomingQuery;

/// A question for a page behind some others, ready to be put; none if the answer is one page.
pub(crate) type LaterPage = Option<Box<dyn Fn(&Ledger)>>;
/// A question that is answered in pages, read up to where the later page begins.
pub(crate) type Paged = (&'static str, fn(&Ledger, Suppositions) -> LaterPage);

/// Reads two pages; the third is the later one.
macro_rules! third {
    ($page:ident, $from:expr) => {
        |ledger, supposed| {
            let second = $page(ledger, supposed.clone(), $from)?;
            let third = $page(ledger, supposed.clone(), second)?;
            Some(Box::new(move |ledger| {
                $page(ledger, supposed.clone(), third.clone());
            }))
        }
    };
}

pub(crate) const PAGED: [Paged; 13] = [
    ("GetState", third!(state, 0)),
    ("ListConflicts", third!(conflicts_behind, None)),
    ("ListGaps", third!(gaps, 0)),
    ("GetTimeline", third!(timeline, 0)),
    ("ListUpcoming", third!(upcoming, 0)),
    ("ListCommitments", third!(commitments, 0)),
    ("ListCorroboration", third!(corroboration, 0)),
    ("Diff", third!(diff, 0)),
    ("ListRevisions", third!(revisions, 0)),
    ("ListClaims", third!(claims, 0)),
    ("ListRelationships", third!(relationships, String::new())),
    ("ListParties", third!(parties, String::new())),
    ("ListSources", third!(sources, String::new())),
];

pub(crate) fn state(ledger: &Ledger, supposed: Suppositions, skip: u64) -> Option<u64> {
    let (filter, mode, cut, include_retracted) = Default::default();
    let valid_at = period("2025-06-01");
    let query = StateQuery { filter, valid_at, mode, cut, supposed, include_retracted, skip, page: PAGE };
    ledger.state(&query).unwrap().next
}

pub(crate) fn conflicts(
    ledger: &Ledger,
    supposed: Suppositions,
    after: Option<ConflictPlace>,
) -> Option<ConflictPlace> {
    let (filter, cut, types, valid_at) = Default::default();
    ledger.conflicts(&ConflictsQuery { filter, valid_at, types, cut, supposed, after, page: PAGE }).unwrap().next
}

fn conflicts_behind(
    ledger: &Ledger,
    supposed: Suppositions,
    after: Option<ConflictPlace>,
) -> Option<Option<ConflictPlace>> {
    conflicts(ledger, supposed, after).map(Some)
}

pub(crate) fn conflicts_of(ledger: &Ledger, filter: Filter, after: Option<ConflictPlace>) -> Option<ConflictPlace> {
    let (cut, types, valid_at, supposed) = Default::default();
    ledger.conflicts(&ConflictsQuery { filter, valid_at, types, cut, supposed, after, page: PAGE }).unwrap().next
}

pub(crate) fn gaps(ledger: &Ledger, supposed: Suppositions, skip: u64) -> Option<u64> {
    let (filter, from, until, cut) = Default::default();
    let (types, valid_at, stale_days) = (GapType::ALL.into(), period("2025-06-01"), 365);
    let query = GapsQuery { filter, types, from, until, valid_at, stale_days, cut, supposed, skip, page: PAGE };
    ledger.gaps(&query).unwrap().next
}

pub(crate) fn timeline(ledger: &Ledger, supposed: Suppositions, start: u64) -> Option<u64> {
    let (filter, from, until, cut) = Default::default();
    let query = TimelineQuery { filter, from, until, cut, supposed, start: start.into(), page: PAGE };
    ledger.timeline(&query).unwrap().next.map(Into::into)
}

pub(crate) fn upcoming(ledger: &Ledger, supposed: Suppositions, skip: u64) -> Option<u64> {
    let (filter, cut) = Default::default();
    let (span, transitions) = ((period("2019").a, period("2026").b), MemberSet::default());
    ledger.upcoming(&UpcomingQuery { filter, span, transitions, cut, supposed, skip, page: PAGE }).unwrap().next
}

pub(crate) fn commitments(ledger: &Ledger, supposed: Suppositions, skip: u64) -> Option<u64> {
    let (filter, statuses, cut) = Default::default();
    let valid_at = period("2025-06-01");
    ledger.commitments(&CommitmentsQuery { filter, statuses, valid_at, cut, supposed, skip, page: PAGE }).unwrap().next
}

pub(crate) fn corroboration(ledger: &Ledger, supposed: Suppositions, after: u64) -> Option<u64> {
    let (filter, cut) = Default::default();
    let after = Some(after).filter(|after| *after > 0);
    ledger.corroboration(&CorroborationQuery { filter, cut, supposed, after, page: PAGE }).unwrap().next
}

pub(crate) fn diff(ledger: &Ledger, supposed: Suppositions, skip: u64) -> Option<u64> {
    // Behind what every ledger has: the parties, the sources, the kind and the hub. So "one ..." is compared event by event.
    let (from, to) = (Cut::At(Position(8)), Cut::Head);
    let (filter, known_at, dates, reasons) = (Filter::default(), None, None, MemberSet::default());
    let query = DiffQuery { filter, from, to, known_at, dates, reasons, supposed, skip, page: PAGE };
    ledger.diff(&query).unwrap().next
}

pub(crate) fn revisions(ledger: &Ledger, supposed: Suppositions, skip: u64) -> Option<u64> {
    let (claim, cut, newest_first) = (id(1), Cut::Head, true);
    ledger.revisions(&RevisionsQuery { claim, cut, newest_first, skip, supposed, page: PAGE }).ok()?.next
}

fn claims(ledger: &Ledger, supposed: Suppositions, after: u64) -> Option<u64> {
    let (filter, cut, include_retracted, newest_first) = Default::default();
    let after = Some(after).filter(|after| *after > 0);
    let query = detente_ledger::query::claims::ClaimsQuery {
        filter,
        cut,
        include_retracted,
        newest_first,
        after,
        supposed,
        page: PAGE,
    };
    ledger.claims(&query).unwrap().next
}

fn registry(supposed: Suppositions, after: String) -> RegistryQuery {
    RegistryQuery { supposed, after, entries: PAGE.entries, ..RegistryQuery::default() }
}

pub(crate) fn relationships(ledger: &Ledger, supposed: Suppositions, after: String) -> Option<String> {
    ledger.relationships(&registry(supposed, after), "").unwrap().next
}

pub(crate) fn parties(ledger: &Ledger, supposed: Suppositions, after: String) -> Option<String> {
    let registry = registry(supposed, after);
    ledger.parties(&PartiesQuery { registry, ..PartiesQuery::default() }).unwrap().next
}

pub(crate) fn sources(ledger: &Ledger, supposed: Suppositions, after: String) -> Option<String> {
    ledger.sources(&registry(supposed, after)).unwrap().next
}
