//! The course of a state: against the model, page by page, and over a socket.

use super::dossier::{about, seed_id, violations};
use super::history::{History, filters, matching};
use crate::support::ask::ALL;
use crate::support::demo::Demo;
use crate::support::home::Home;
use crate::support::make::{assert, event, id, period, state};
use crate::support::oracle::Known;
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::claim::Time;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_domain::valid_time::ValidTime;
use detente_ledger::Ledger;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::timeline::{TimelinePlace, TimelineQuery, TimelineSegment};
use detente_proto::v1;
use std::collections::{BTreeMap, BTreeSet};

fn query(filter: &Filter, span: Option<(&str, &str)>, cut: Cut) -> TimelineQuery {
    TimelineQuery {
        filter: filter.clone(),
        from: span.map(|(from, _)| period(from).a),
        until: span.map(|(_, until)| period(until).b),
        cut,
        supposed: Suppositions::default(),
        start: TimelinePlace::default(),
        page: ALL,
    }
}

/// The whole timeline, page after page, put together as the contract says.
fn read_pages(ledger: &Ledger, query: &TimelineQuery, page: PageSize) -> (Vec<TimelineSegment>, Vec<v1::Claim>, usize) {
    let mut query = TimelineQuery { page, ..query.clone() };
    let (mut whole, mut claims, mut pages): (Vec<TimelineSegment>, BTreeMap<String, v1::Claim>, usize) =
        Default::default();
    loop {
        let found = ledger.timeline(&query).unwrap();
        let mut named: Vec<&str> = found.claims.iter().map(|claim| claim.claim_id.as_str()).collect();
        let listed = listed_ids(&found.segments);
        named.sort_unstable();
        assert_eq!(named, listed.iter().map(String::as_str).collect::<Vec<_>>(), "each claim is named once a page");
        claims.extend(found.claims.into_iter().map(|claim| (claim.claim_id.clone(), claim)));
        let mut segments = found.segments.into_iter();
        if let Some(open) = whole.last_mut().filter(|last| last.continues) {
            let rest = segments.next().unwrap();
            assert_eq!((rest.from, rest.until), (open.from, open.until));
            open.definite.extend(rest.definite);
            open.possible.extend(rest.possible);
            open.entered.extend(rest.entered);
            open.left.extend(rest.left);
            open.continues = rest.continues;
        }
        whole.extend(segments);
        pages += 1;
        match found.next {
            Some(next) => query.start = next,
            None => return (whole, claims.into_values().collect(), pages),
        }
    }
}

fn listed_ids(segments: &[TimelineSegment]) -> BTreeSet<String> {
    let ids = |s: &TimelineSegment| [&s.definite, &s.possible, &s.left].map(Clone::clone).concat();
    segments.iter().flat_map(ids).map(|id| id.0.to_string()).collect()
}

/// Returns the valid time of a claim as a span sees it: by the dates that are written, or by instants if the span has
/// one.
fn seen_by(span: Asked, known: &Known) -> Option<ValidTime> {
    let valid = known.valid()?;
    let by_instants = [span.0, span.1].into_iter().flatten().any(|end| end != end.day_start());
    let corners = if by_instants { *valid.instants() } else { *valid.dates() };
    Some(ValidTime::from_parts(corners, corners, valid.days().cloned()))
}

/// The ends of a span, as far as they are given.
type Asked = (Option<Moment>, Option<Moment>);

/// Returns the certainty of a claim in a segment: of a state at an instant, of an event in all of it.
fn expected_certainty(span: Asked, known: &Known, segment: &TimelineSegment, instant: Moment) -> Option<Certainty> {
    match known.content.time {
        Time::State(..) => {
            certainty(Mode::HoldsAt, &seen_by(span, known)?, &Period { a: instant, b: instant.plus_seconds(1) })
        }
        Time::Event(..) => {
            certainty(Mode::OccurredIn, &seen_by(span, known)?, &Period { a: segment.from, b: segment.until })
        }
        Time::None => None,
    }
}

/// Returns the instants at which something could change: every corner of every claim, and the seconds next to it.
fn instants(span: Asked, known: &[&Known], segment: &TimelineSegment) -> Vec<Moment> {
    let corners = known.iter().filter_map(|known| seen_by(span, known)).map(|valid| *valid.dates());
    let corners = corners.flat_map(|v| [v.earliest_start, v.latest_start, v.earliest_end, v.latest_end]);
    let mut instants: Vec<Moment> = corners.flat_map(|at| [-1, 0, 1].map(|step| at.plus_seconds(step))).collect();
    instants.extend([segment.from, segment.until.plus_seconds(-1)]);
    instants.retain(|at| segment.from <= *at && *at < segment.until);
    instants.sort_unstable();
    instants.dedup();
    instants
}

/// Checks a whole timeline. Returns how many answers were compared.
fn check(known: &[&Known], segments: &[TimelineSegment], span: Asked) -> usize {
    let validities = || known.iter().filter_map(|known| seen_by(span, known)).map(|valid| *valid.dates());
    let from = span.0.or(validities().map(|v| v.earliest_start).min());
    let until = span.1.or(validities().map(|v| v.latest_end).max());
    let covered = segments.first().map(|first| first.from).zip(segments.last().map(|last| last.until));
    assert_eq!(covered, from.zip(until).filter(|(from, until)| from < until), "the span is covered");
    let mut compared = 0;
    let mut before: BTreeMap<ClaimId, Certainty> = BTreeMap::new();
    let mut last_until = None;
    let mut is_first = true;
    for segment in segments {
        assert!(!segment.continues && last_until.is_none_or(|until| until == segment.from), "without a gap");
        last_until = Some(segment.until);
        let now: BTreeMap<ClaimId, Certainty> = segment
            .definite
            .iter()
            .map(|id| (*id, Certainty::Definite))
            .chain(segment.possible.iter().map(|id| (*id, Certainty::Possible)))
            .collect();
        // An end since always is no instant that a question could name.
        for instant in instants(span, known, segment).into_iter().filter(|instant| instant.is_finite()) {
            for known in known {
                let expected = expected_certainty(span, known, segment, instant);
                assert_eq!(
                    now.get(&known.content.id).copied(),
                    expected,
                    "{:?} at {instant} {segment:?}",
                    known.content
                );
                compared += 1;
            }
        }
        assert!(is_first || before != now, "neighbours differ");
        is_first = false;
        // Definite sorts before possible.
        let more = |a: &BTreeMap<ClaimId, Certainty>, b: &BTreeMap<ClaimId, Certainty>| {
            let more = |(id, now): &(&ClaimId, &Certainty)| b.get(id).is_none_or(|other| *now < other);
            a.iter().filter(more).map(|(id, _)| *id).collect::<BTreeSet<_>>()
        };
        assert_eq!(segment.entered.iter().copied().collect::<BTreeSet<_>>(), more(&now, &before));
        assert_eq!(segment.left.iter().copied().collect::<BTreeSet<_>>(), more(&before, &now));
        before = now;
    }
    compared
}

const SPANS: [Option<(&str, &str)>; 5] = [
    None,
    Some(("2025-01-02", "2025-01-04")),
    Some(("2025-01-03T12:00:00Z", "2025-01-03T12:00:00Z")),
    Some(("2024", "2025")),
    Some(("2030", "2030")),
];

#[test]
fn at_every_cut_every_instant_of_every_segment_is_as_the_model_says() {
    let (mut compared, mut segments, mut pages) = (0, 0, 0);
    for seed in 0..10 {
        let history = History::random(seed, 24);
        let filters = filters(seed);
        for (cut, known) in history.cuts() {
            for (filter, span) in filters.iter().flat_map(|filter| SPANS.map(|span| (filter, span))) {
                let query = query(filter, span, cut);
                let known = matching(&known, filter);
                let ledger = &history.home.ledger;
                let (whole, claims, _) = read_pages(ledger, &query, ALL);
                compared += check(&known, &whole, (query.from, query.until));
                segments += whole.len();
                let shown: Vec<&v1::Claim> = known.iter().map(|known| &known.shown).collect();
                assert!(claims.iter().all(|claim| shown.contains(&claim)), "claims are shown as at the cut");
                for page in [PageSize { entries: 2, bytes: usize::MAX }, PageSize { entries: 1000, bytes: 700 }] {
                    let (again, named, count) = read_pages(ledger, &query, page);
                    assert_eq!((&again, &named), (&whole, &claims), "{page:?}: all pages are one answer");
                    pages += count;
                }
            }
        }
    }
    println!("{segments} segments, {compared} answers compared, {pages} pages");
    assert!(compared > 100_000 && segments > 5_000);
}

#[test]
fn a_segment_with_more_claims_than_a_page_holds_is_told_over_several() {
    let home = Home::in_memory().with_registrations();
    home.record((1..=40).map(|number| assert(state(number, "2024/.."))));
    let query = query(&Filter::default(), Some(("2025-06", "2025-06")), Cut::Head);
    let (whole, claims, pages) = read_pages(&home.ledger, &query, PageSize { entries: 1000, bytes: 2000 });
    assert!(pages > 3, "{pages} pages");
    assert_eq!((whole.len(), claims.len()), (1, 40));
    assert_eq!(whole[0].definite, (1..=40).map(id).collect::<Vec<_>>());
    assert_eq!(whole[0].entered, whole[0].definite);
}

#[test]
fn an_event_is_definite_in_a_month_until_another_claim_cuts_the_month() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(event(1, "2025-07"))]);
    let june_to_august = |cut| {
        let (segments, ..) =
            read_pages(&home.ledger, &query(&Filter::default(), Some(("2025-06", "2025-08")), cut), ALL);
        segments.iter().map(|s| (s.definite.len(), s.possible.len())).collect::<Vec<_>>()
    };
    assert_eq!(june_to_august(Cut::Head), [(0, 0), (1, 0), (0, 0)]);
    home.record([assert(state(2, "2025-07-10/2025-07-12"))]);
    assert_eq!(june_to_august(Cut::Head), [(0, 0), (0, 1), (1, 1), (0, 1), (0, 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_founding_dossier_moves_as_it_says_and_its_pages_are_one_answer() {
    let mut demo = Demo::start().await;
    let question = v1::GetTimelineRequest {
        filter: about("RUS-AZE", &["agreement"]),
        from: "2025-06-15".into(),
        until: "2025-12".into(),
        page_size: 1000,
        ..Default::default()
    };
    let whole = demo.client.get_timeline(question.clone()).await.unwrap().into_inner();
    let periods: Vec<&str> = whole.segments.iter().map(|segment| segment.period.as_str()).collect();
    assert_eq!(
        periods,
        [
            "2025-06-15/2025-06-19",
            "2025-06-20",
            "2025-06-21/2025-07-01",
            "2025-07-02/2025-07-31",
            "2025-08-01/2025-09-09",
            "2025-09-10/2025-11-15",
            "2025-11-16/2025-12-31",
        ]
    );
    let seed = |id: &String| seed_id(whole.claims.iter().find(|claim| claim.claim_id == *id).unwrap());
    let entered = |nth: usize| whole.segments[nth].entered.iter().map(seed).collect::<Vec<_>>();
    assert_eq!((entered(1), entered(5)), (vec!["X2".to_owned()], vec!["X1".to_owned()]));
    assert!(whole.segments[4].definite.is_empty() && whole.segments[4].possible.is_empty());
    assert_eq!(whole.segments[6].left, whole.segments[5].definite);
    let context = whole.context.as_ref().unwrap();
    assert!(whole.next_page_token.is_empty() && context.position == 124);
    assert_eq!(context.valid_at, "2025-06-15/2025-12-31");

    let mut token = String::new();
    let mut segments = Vec::new();
    loop {
        let page = v1::GetTimelineRequest { page_size: 2, page_token: token, ..question.clone() };
        let page = demo.client.get_timeline(page).await.unwrap().into_inner();
        assert!(page.segments.len() <= 2);
        segments.extend(page.segments);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(segments, whole.segments);
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_known_in_august_no_agreement_came_and_since_always_and_for_ever_have_no_instant() {
    let mut demo = Demo::start().await;
    let question = v1::GetTimelineRequest {
        filter: about("AZE-RUS", &["agreement"]),
        cut: Some(v1::Cut::known_at(prost_types::Timestamp { seconds: 1_754_092_800, nanos: 0 })),
        page_size: 1000,
        ..Default::default()
    };
    let known_in_august = demo.client.get_timeline(question).await.unwrap().into_inner();
    let seeds: Vec<String> = known_in_august.claims.iter().map(seed_id).collect();
    assert!(!seeds.contains(&"X1".to_owned()) && seeds.contains(&"S24.1".to_owned()));
    let first = known_in_august.segments.first().unwrap();
    assert_eq!((first.from, first.period.as_str()), (None, "../1996-12-31"));
    assert!(
        known_in_august.context.unwrap().valid_at.starts_with("../"),
        "the span that was found, where none was asked"
    );
    let open = v1::GetTimelineRequest { filter: about("AZE-RUS", &["relationship_state"]), ..Default::default() };
    let open = demo.client.get_timeline(open).await.unwrap().into_inner();
    assert_eq!(open.segments.last().map(|last| (last.until, last.period.ends_with("/.."))), Some((None, true)));
    let unknown = v1::GetTimelineRequest { filter: about("AAA-BBB", &[]), ..Default::default() };
    let nothing = demo.client.get_timeline(unknown).await.unwrap().into_inner();
    assert!(nothing.segments.is_empty() && nothing.context.unwrap().valid_at.is_empty());
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_question_is_reported_at_once() {
    let mut demo = Demo::start().await;
    let wrong = v1::GetTimelineRequest {
        from: "soon".into(),
        until: "[2024..]".into(),
        cut: Some(v1::Cut::basis("x")),
        ..Default::default()
    };
    let status = demo.client.get_timeline(wrong).await.unwrap_err();
    assert_eq!(violations(&status), ["from", "until", "cut.basis"]);
    let backwards = v1::GetTimelineRequest { from: "2025".into(), until: "2024".into(), ..Default::default() };
    assert_eq!(violations(&demo.client.get_timeline(backwards).await.unwrap_err()), ["until"]);
    demo.end().await;
}
