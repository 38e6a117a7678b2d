//! Promises against reading every claim: random histories, at every cut and asked date, page by page, and with what is supposed.

use crate::support::home::Home;
use crate::support::make::{assert, date, event, id, period, state, with};
use crate::support::oracle::Known;
use crate::support::random::ASKED;
use crate::support::told::{At, filters, tell};
use detente_domain::certainty::Certainty;
use detente_domain::claim::Link;
use detente_domain::command::{Command, Suppositions};
use detente_domain::commitment::CommitmentStatus::{self, Breached, Due, Fulfilled, Open, Overdue, Waived};
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_domain::validity::Validity;
use detente_domain::vocabulary::{LinkType, Modality, RetractionReason, Status, TemporalType};
use detente_ledger::Ledger;
use detente_ledger::query::commitments::CommitmentsQuery;
use detente_ledger::query::page_size::PageSize;
use std::collections::BTreeSet;

const DAY: i64 = 86_400;

/// A promise in short.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    claim: ClaimId,
    status: CommitmentStatus,
    definite: bool,
    settlements: Vec<(LinkType, ClaimId, Certainty)>,
    promisors: Vec<String>,
}

/// Asks for all pages, each of the given number of entries.
fn ask(
    ledger: &Ledger,
    (filter, valid_at): (&Filter, Period),
    statuses: &[CommitmentStatus],
    (cut, supposed): (Cut, &Suppositions),
    entries: usize,
) -> Vec<Row> {
    let page = PageSize { entries, bytes: usize::MAX };
    let (filter, statuses, supposed) = (filter.clone(), statuses.to_vec(), supposed.clone());
    let mut query = CommitmentsQuery { filter, statuses, valid_at, cut, supposed, skip: 0, page };
    let mut all = Vec::new();
    loop {
        let found = ledger.commitments(&query).unwrap();
        assert!(found.commitments.len() <= entries && (found.next.is_none() || found.commitments.len() == entries));
        all.extend(found.commitments.into_iter().map(|found| Row {
            claim: ClaimId(found.claim.claim_id.parse().unwrap()),
            status: found.status,
            definite: found.definite,
            settlements: found.settlements,
            promisors: found.promisors,
        }));
        let Some(next) = found.next else { return all };
        query.skip = next;
    }
}

/// The instants at which something may begin to count, of those that matter: one for each day of the asked ones and the half
/// days that the histories name, and one before and after all.
fn beginnings(known: &Known, asked: &Period) -> Vec<i64> {
    let (first, last) = (period("2024-12-30").a.0, period("2025-02-05").a.0);
    let Some(valid) = known.valid() else { return vec![i64::MIN, i64::MAX] };
    let Validity { earliest_start, latest_start, latest_end, .. } = *valid.for_period(asked);
    let is_event = known.content.time.temporal_type() == TemporalType::Event;
    // An event is over an instant before its end; a day or a second is an atom.
    let latest = if !is_event {
        latest_start
    } else if latest_end == Moment::MAX || latest_end == latest_end.day_start() {
        latest_end.plus_seconds(-DAY)
    } else {
        latest_end.plus_seconds(-1)
    };
    let (earliest, latest) = (earliest_start.0, latest.0.max(earliest_start.0));
    let is_one = |day: &i64| valid.may_touch(&Period::day_of(Moment(*day)));
    let days = (first..=last).step_by(DAY as usize).filter(|day| (earliest..=latest).contains(day));
    let days = days.filter(|day| valid.days().is_none() || is_one(day));
    // Asked for an instant within a day, what happens on that day may have happened right then.
    let right_then = Some(asked.b.0.saturating_sub(1))
        .filter(|at| !asked.is_of_days() && valid.days().is_none() && (earliest..=latest).contains(at));
    let mut all: Vec<i64> = days.chain([earliest, latest]).chain(right_then).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn to(link_type: LinkType) -> Option<CommitmentStatus> {
    match link_type {
        LinkType::Fulfils => Some(Fulfilled),
        LinkType::Breaches => Some(Breached),
        LinkType::Waives => Some(Waived),
        _ => None,
    }
}

/// Returns the statuses of a promise that the choices of a beginning for each settlement lead to; none if nothing
/// settles it.
fn outcomes(settling: &[(Vec<i64>, usize, CommitmentStatus)], end: i64) -> BTreeSet<Option<CommitmentStatus>> {
    let mut best: BTreeSet<Option<(i64, usize, CommitmentStatus)>> = BTreeSet::from([None]);
    for (beginnings, order, to) in settling {
        let with = |best: &Option<_>, at: &i64| (*best).max((*at < end).then_some((*at, *order, *to)));
        best = best.iter().flat_map(|best| beginnings.iter().map(move |at| with(best, at))).collect();
    }
    best.into_iter().map(|best| best.map(|(.., to)| to)).collect()
}

fn unsettled_status(known: &Known, asked: &Period) -> CommitmentStatus {
    match (known.content.status, &known.content.due) {
        (Some(Status::Fulfilled), _) => Fulfilled,
        (Some(Status::Unfulfilled), _) => Breached,
        (_, None) => Open,
        (_, Some(due)) => {
            let last_day = asked.b.plus_seconds(-1);
            let passed = due.latest().is_some_and(|latest| latest.end <= last_day);
            let begun = due.earliest().is_none_or(|earliest| earliest.start <= last_day);
            if passed {
                Overdue
            } else if begun {
                Due
            } else {
                Open
            }
        }
    }
}

fn promisors(known: &Known) -> Vec<String> {
    let of = |role: &str| -> BTreeSet<String> {
        let parties = known.content.parties.iter().filter(|party| party.role.as_str() == role);
        parties.map(|party| party.party.to_string()).collect()
    };
    ["promisor", "actor", "party"].map(of).into_iter().find(|found| !found.is_empty()).into_iter().flatten().collect()
}

/// The promises by hand, with all that the model says their status may be, in order.
fn by_hand(at: &At, filter: &Filter, asked: &Period) -> Vec<(Row, BTreeSet<Option<CommitmentStatus>>)> {
    let denied = [Modality::Denied, Modality::Absent, Modality::NoInformation, Modality::Hypothetical];
    let mut rows = Vec::new();
    for (place, known) in at.standing() {
        let may_begin = |known: &Known| beginnings(known, asked).iter().any(|at| *at < asked.b.0);
        let links = || {
            let all = at.standing().into_iter();
            all.flat_map(|(order, by)| by.content.links.iter().map(move |link| (order, by, link)))
                .filter(|(.., link)| link.target == known.content.id && to(link.link_type).is_some())
        };
        let promises = known.content.due.is_some() || links().next().is_some();
        let asked_for = filter.matches(&known.content, known.at.recorded_at);
        if !asked_for || !promises || denied.contains(&known.content.modality) || !may_begin(known) {
            continue;
        }
        let counting = links().filter(|(_, by, _)| {
            !denied.contains(&by.content.modality) && by.content.modality != Modality::Planned && may_begin(by)
        });
        let counting: Vec<_> = counting.collect();
        let settling: Vec<_> = counting
            .iter()
            .map(|(order, by, link)| (beginnings(by, asked), *order, to(link.link_type).unwrap()))
            .collect();
        let settlements = counting.iter().map(|(_, by, link)| {
            let sure = beginnings(by, asked).iter().all(|at| *at < asked.b.0);
            (link.link_type, by.content.id, if sure { Certainty::Definite } else { Certainty::Possible })
        });
        let outcomes = outcomes(&settling, asked.b.0);
        let due = known.content.due.as_ref();
        let latest = due.map_or(Moment::MAX, |due| due.latest().map_or(Moment::MAX, |atom| atom.end));
        let earliest = due.map_or(Moment::MIN, |due| due.earliest().map_or(Moment::MIN, |atom| atom.start));
        let row = Row {
            claim: known.content.id,
            status: unsettled_status(known, asked),
            definite: outcomes.len() == 1,
            settlements: settlements.collect(),
            promisors: promisors(known),
        };
        rows.push(((due.is_none(), latest, earliest, place), row, outcomes));
    }
    rows.sort_by_key(|(key, ..)| *key);
    rows.into_iter().map(|(_, row, outcomes)| (row, outcomes)).collect()
}

/// Compares an answer with the promises by hand: the status is one that the model knows, and the only one if it is definite.
fn same(got: &[Row], expected: &[(Row, BTreeSet<Option<CommitmentStatus>>)], place: &str) {
    assert_eq!(got.len(), expected.len(), "{place}");
    for (got, (row, outcomes)) in got.iter().zip(expected) {
        let named = if got.settlements.is_empty() { None } else { Some(got.status) };
        assert!(outcomes.contains(&named), "{place}: {got:?} is none of {outcomes:?}");
        let status = named.unwrap_or(row.status);
        assert_eq!(*got, Row { status, ..row.clone() }, "{place}");
    }
}

#[test]
fn promises_stand_as_every_possible_world_has_it_at_every_cut_and_date() {
    let mut seen = [0; 6];
    let (mut compared, mut doubtful) = (0, 0);
    for seed in 0..10 {
        let told = tell(seed, 30, Vec::new());
        let cuts = told.cuts();
        for (of, filter) in filters(seed).iter().enumerate() {
            for (nth, at) in cuts.iter().enumerate() {
                for asked in ASKED.map(period) {
                    let expected = by_hand(at, filter, &asked);
                    let question = (filter, asked);
                    let now = (at.cut(), &Suppositions::default());
                    let entries = [2, 100][(of + nth) % 2];
                    let got = ask(&told.home.ledger, question, &[], now, entries);
                    same(&got, &expected, &format!("seed {seed}, cut {nth}, {asked:?}"));
                    let overdue = ask(&told.home.ledger, question, &[Overdue, Breached], now, 3);
                    let wanted = got.iter().filter(|row| matches!(row.status, Overdue | Breached));
                    assert!(overdue.iter().eq(wanted));
                    compared += 1;
                    doubtful += got.iter().filter(|row| !row.definite).count();
                    got.iter().for_each(|row| seen[row.status as usize] += 1);
                }
            }
        }
    }
    println!("{compared} answers compared: {seen:?} by status, {doubtful} not definite");
    assert!(seen.iter().all(|count| *count > 100) && doubtful > 100);
}

#[test]
fn what_is_supposed_settles_as_what_is_recorded_does() {
    for seed in 20..25 {
        let told = tell(seed, 25, Vec::new());
        let (cuts, any) = (told.cuts(), Filter::default());
        for (at, next) in cuts.iter().zip(&cuts[1..]) {
            let question = (&any, period("2025-01-03"));
            let supposed = ask(&told.home.ledger, question, &[], (at.cut(), &at.next), 100);
            assert_eq!(supposed, ask(&told.home.ledger, question, &[], (next.cut(), &Suppositions::default()), 100));
        }
    }
}

#[test]
fn a_promise_goes_from_open_over_due_to_overdue_until_it_is_fulfilled_and_back_if_that_is_retracted() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(with(event(1, "2025-01-10"), |claim| claim.due = Some(date("2025-03"))))]);
    let stands = |asked: &str| {
        let rows =
            ask(&home.ledger, (&Filter::default(), period(asked)), &[], (Cut::Head, &Suppositions::default()), 10);
        rows.first().map(|row| (row.status, row.definite))
    };
    assert_eq!(stands("2025-01-09"), None, "not promised yet");
    let settled = |number, link_type, valid| {
        with(event(number, valid), |claim| claim.links = vec![Link { link_type, target: id(1) }])
    };
    let course = |days: [&str; 4]| days.map(stands).map(|stands| stands.unwrap().0);
    let days = ["2025-01-10", "2025-03-15", "2025-04-01", "2025-04-20"];
    assert_eq!(course(days), [Open, Due, Overdue, Overdue]);
    home.record([assert(settled(2, LinkType::Fulfils, "2025-04"))]);
    assert_eq!(course(days), [Open, Due, Fulfilled, Fulfilled]);
    assert_eq!((stands("2025-04-20"), stands("2025-04-30")), (Some((Fulfilled, false)), Some((Fulfilled, true))));
    home.record([assert(settled(3, LinkType::Breaches, "2025-04-02"))]);
    assert_eq!(stands("2025-04-30"), Some((Fulfilled, false)), "either may have come last");
    home.record([Command::Retract(id(2), RetractionReason::Wrong)]);
    assert_eq!(course(days), [Open, Due, Overdue, Breached]);
    home.record([assert(settled(4, LinkType::Waives, "2025-05-01")), assert(state(5, "2025"))]);
    assert_eq!((stands("2025-04-30").unwrap().0, stands("2025-05-01").unwrap().0), (Breached, Waived));
}
