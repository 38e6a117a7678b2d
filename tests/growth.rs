//! The cost of every question on ledgers made to be costly, as the record grows: no set of pairs, whatever is legal.
//!
//! Each shape is a ledger of n events that has one thing in abundance: claims of one kind on one relationship that never
//! end, disputes, links to one claim, revisions, promises of one day, merges. Every question is put to each, at one size and
//! at a multiple of it, and the time of the processor that the answer took is compared. A test holds small sizes against
//! n log n; whoever wants the whole table says
//!
//! ```sh
//! DETENTE_GROWTH=1000,3000,10000,30000,100000 cargo test --release --test growth -- --nocapture
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod support;

use detente::domain::buckets::{Bucket, Buckets};
use detente::domain::claim::{Attribution, Citation, Claim, Link};
use detente::domain::command::{Command, Supposed};
use detente::domain::cut::Cut;
use detente::domain::filter::{Filter, FilterItem, MemberSet, Voice};
use detente::domain::gaps::GapType;
use detente::domain::kind::{Kind, KindValue};
use detente::domain::position::Position;
use detente::domain::source::Source;
use detente::domain::vocabulary::{AttributionRole, DisputeOutcome, LinkType, RevisionKind, Status};
use detente::ledger::Ledger;
use detente::ledger::claims::RevisionsQuery;
use detente::ledger::commitments::CommitmentsQuery;
use detente::ledger::conflicts::ConflictsQuery;
use detente::ledger::corroboration::CorroborationQuery;
use detente::ledger::diff::DiffQuery;
use detente::ledger::gaps::GapsQuery;
use detente::ledger::parties::PartiesQuery;
use detente::ledger::perspectives::{Perspective, PerspectivesQuery};
use detente::ledger::query::PageSize;
use detente::ledger::registry::RegistryQuery;
use detente::ledger::series::{SeriesError, SeriesGroup, SeriesQuery};
use detente::ledger::timeline::{Place, TimelineQuery};
use detente::ledger::upcoming::UpcomingQuery;
use std::time::Duration;
use support::ask;
use support::home::Home;
use support::make::{
    assert, date, dispute, dispute_id, id, party, party_id, period, relationship, source, source_id, state, with, word,
};

/// A page as a client gets it.
const PAGE: PageSize = PageSize { entries: 50, bytes: 3 << 20 };
/// Durations below this are too short to be measured.
const FLOOR: Duration = Duration::from_millis(8);

/// The claim to which all others may link.
const HUB: u128 = 1 << 100;

/// The n-th command of a shape.
type Shape = (&'static str, fn(u128) -> Command);
/// A question, as it is put to a ledger.
type Question = (&'static str, fn(&Ledger));

fn stance(number: u128, status: Status) -> Claim {
    with(state(number, "2020-01-01/.."), |claim| {
        claim.kind = word("stance");
        claim.status = Some(status);
        let said_by = party_id(["RUS", "AZE"][(number % 2) as usize]);
        let (name, role) = ("".into(), AttributionRole::Speaker);
        claim.attribution = vec![Attribution { party: Some(said_by), name, role, said_at: None }];
    })
}

/// The claim that was recorded before.
const fn before(nth: u128) -> u128 {
    if nth == 0 { HUB } else { nth }
}

fn linked(number: u128, target: u128, link_type: LinkType) -> Command {
    let claim =
        with(state(number, "2020-01-01/.."), |claim| claim.links = vec![Link { link_type, target: id(target) }]);
    assert(claim)
}

const SHAPES: [Shape; 16] = [
    ("three values, none ends", |nth| {
        assert(stance(nth + 1, [Status::InForce, Status::Signed, Status::Terminated][(nth % 3) as usize]))
    }),
    ("one value, none ends", |nth| assert(stance(nth + 1, Status::InForce))),
    ("a value each, one after another", |nth| {
        let first = 1000 + i128::try_from(nth % 8000).unwrap();
        assert(with(stance(nth + 1, Status::InForce), |claim| {
            claim.time = state(1, &format!("{first:04}-01-01/{first:04}-02-01")).time;
            claim.status = Some([Status::Signed, Status::InForce][(nth % 2) as usize]);
        }))
    }),
    ("each disputed", |nth| {
        if nth % 2 == 0 { assert(state(nth + 1, "2020/..")) } else { Command::Dispute(id(nth), dispute(nth)) }
    }),
    ("one disputed", |nth| if nth == 0 { assert(state(1, "2020/..")) } else { Command::Dispute(id(1), dispute(nth)) }),
    ("one disputed and settled", |nth| match (nth, nth % 2) {
        (0, _) => assert(state(1, "2020/..")),
        (_, 1) => Command::Dispute(id(1), dispute(nth)),
        _ => Command::Resolve(id(1), dispute_id(nth - 1), DisputeOutcome::Settled),
    }),
    ("one revised", |nth| {
        let claim = with(state(1, "2020/.."), |claim| claim.place = nth.to_string().into());
        if nth == 0 { assert(claim) } else { Command::Revise(RevisionKind::Correction, Box::new(claim)) }
    }),
    ("one contradicted by all", |nth| linked(nth + 1, HUB, LinkType::Contradicts)),
    ("one supported by all", |nth| linked(nth + 1, HUB, LinkType::Supports)),
    ("a chain of support", |nth| linked(nth + 1, before(nth), LinkType::Supports)),
    ("a chain of successors", |nth| {
        assert(with(stance(nth + 1, [Status::InForce, Status::Signed][(nth % 2) as usize]), |claim| {
            claim.links = vec![Link { link_type: LinkType::Supersedes, target: id(before(nth)) }];
        }))
    }),
    ("all due on one day", |nth| assert(with(state(nth + 1, "2020/.."), |claim| claim.due = Some(date("2025-07-01"))))),
    ("a chain of sources, each cited", |nth| {
        let of = |nth: u128| source_id(&format!("s{nth}"));
        if nth % 2 == 0 {
            let derives_from = nth.checked_sub(2).map(of).into_iter().collect();
            return Command::RegisterSource(Source { id: of(nth), derives_from, ..source("any") });
        }
        let (locator, quote) = Default::default();
        let cited = Citation { source: of(nth - 1), locator, quote, retrieved_at: None, granularity: None };
        assert(with(state(nth, "2020/.."), |claim| claim.sources = vec![cited]))
    }),
    ("many merged into one", |nth| match nth % 3 {
        0 => Command::RegisterParty(party(&format!("P{nth}"))),
        1 => assert(with(stance(nth, Status::InForce), |claim| {
            claim.relationships = vec![relationship(&format!("AZE-P{}", nth - 1))];
        })),
        _ => Command::MergeParties(party_id(&format!("P{}", nth - 2)), party_id("RUS")),
    }),
    ("a relationship each", |nth| match nth % 2 {
        0 => Command::RegisterParty(party(&format!("P{nth}"))),
        _ => assert(with(stance(nth, Status::InForce), |claim| {
            claim.relationships = vec![relationship(&format!("AZE-P{}", nth - 1))];
        })),
    }),
    ("one promise, kept by all", |nth| linked(nth + 1, HUB, LinkType::Fulfils)),
];

/// A ledger of a shape, with the claim to which others may link.
fn ledger(size: u128, shape: fn(u128) -> Command) -> Home {
    let home = Home::in_memory().furnished();
    let kind = Kind {
        kind: word("stance"),
        description: "".into(),
        single_valued: true,
        value: Some(KindValue::Status),
        scale: Vec::new(),
        promise: false,
    };
    home.record([
        Command::RegisterKind(kind),
        assert(with(state(HUB, "2020/.."), |c| c.due = Some(date("2025-07-01")))),
    ]);
    let all: Vec<Command> = (0..size).map(shape).collect();
    for commands in all.chunks(5_000) {
        home.record(commands.iter().cloned());
    }
    home
}

fn conflicts(filter: Filter) -> impl Fn(&Ledger) {
    move |ledger| {
        let mut query = ConflictsQuery {
            filter: filter.clone(),
            valid_at: None,
            types: Vec::new(),
            cut: Cut::Head,
            supposed: Supposed::default(),
            after: None,
            page: PAGE,
        };
        query.after = ledger.conflicts(&query).unwrap().next;
        if query.after.is_some() {
            ledger.conflicts(&query).unwrap();
        }
    }
}

fn perspectives(ledger: &Ledger) {
    let authorities = ["RUS", "AZE"].map(|party| Voice::Party(party_id(party))).to_vec();
    let query = PerspectivesQuery {
        filter: Filter::default(),
        perspectives: vec![Perspective::Authorities(authorities)],
        valid_at: period("2025-06-01"),
        mode: None,
        cut: Cut::Head,
        supposed: Supposed::default(),
        page: PAGE,
    };
    ledger.perspectives(&query).unwrap();
}

fn gaps(ledger: &Ledger) {
    let query = GapsQuery {
        filter: Filter::default(),
        types: GapType::ALL.into(),
        from: None,
        until: None,
        valid_at: period("2025-06-01"),
        stale_days: 365,
        cut: Cut::Head,
        supposed: Supposed::default(),
        skip: 0,
        page: PAGE,
    };
    ledger.gaps(&query).unwrap();
}

fn timeline(ledger: &Ledger) {
    let query = TimelineQuery {
        filter: Filter::default(),
        from: None,
        until: None,
        cut: Cut::Head,
        supposed: Supposed::default(),
        start: Place::default(),
        page: PAGE,
    };
    ledger.timeline(&query).unwrap();
}

fn upcoming(ledger: &Ledger) {
    let query = UpcomingQuery {
        filter: Filter::default(),
        span: (period("2019").a, period("2026").b),
        turns: MemberSet::default(),
        cut: Cut::Head,
        supposed: Supposed::default(),
        skip: 0,
        page: PAGE,
    };
    ledger.upcoming(&query).unwrap();
}

fn corroboration(ledger: &Ledger) {
    let (filter, cut, supposed) = Default::default();
    ledger.corroboration(&CorroborationQuery { filter, cut, supposed, after: None, page: PAGE }).unwrap();
}

fn commitments(ledger: &Ledger) {
    let query = CommitmentsQuery {
        filter: Filter::default(),
        statuses: Vec::new(),
        valid_at: period("2025-06-01"),
        cut: Cut::Head,
        supposed: Supposed::default(),
        skip: 0,
        page: PAGE,
    };
    ledger.commitments(&query).unwrap();
}

fn diff(ledger: &Ledger) {
    // Behind what every ledger has: the parties, the sources, the kind and the hub. So "one ..." is compared event by event.
    let query = DiffQuery {
        filter: Filter::default(),
        from: Cut::At(Position(8)),
        to: Cut::Head,
        known_at: None,
        dates: None,
        reasons: MemberSet::default(),
        supposed: Supposed::default(),
        skip: 0,
        page: PAGE,
    };
    ledger.diff(&query).unwrap();
}

fn revisions(ledger: &Ledger) {
    let (cut, supposed) = Default::default();
    let query = RevisionsQuery { claim: id(1), cut, newest_first: true, skip: 0, supposed, page: PAGE };
    ledger.revisions(&query).unwrap();
}

fn series(ledger: &Ledger) {
    let (from, until) = (period("2019").a, period("2026").b);
    let query = SeriesQuery {
        filter: Filter::default(),
        buckets: Buckets::covering(Bucket::Month, from, until).unwrap(),
        group_by: Some(SeriesGroup::Relationship),
        scheme: String::new(),
        cut: Cut::Head,
        supposed: Supposed::default(),
        bytes: 3 << 20,
    };
    // A group for each of very many relationships may be more than an answer holds.
    let answer = ledger.series(&query);
    assert!(matches!(answer, Ok(_) | Err(SeriesError::TooLarge { .. })), "{answer:?}");
}

const QUESTIONS: [Question; 15] = [
    ("ListConflicts, two pages", |ledger| conflicts(Filter::default())(ledger)),
    ("ListConflicts of one", |ledger| {
        conflicts(ask::one(FilterItem { claim_ids: vec![id(1)], ..FilterItem::default() }))(ledger);
    }),
    ("ComparePerspectives", perspectives),
    ("ListGaps", gaps),
    ("GetTimeline", timeline),
    ("ListUpcoming", upcoming),
    ("ListCorroboration", corroboration),
    ("ListCommitments", commitments),
    ("Diff", diff),
    ("ListRevisions", revisions),
    ("GetSeries", series),
    ("GetState", |ledger| drop(ask::state_at(ledger, "2025-06-01", Cut::Head))),
    ("ListRelationships", |ledger| {
        ledger.relationships(&RegistryQuery { entries: 50, ..RegistryQuery::default() }, "").unwrap();
    }),
    ("ListParties", |ledger| {
        let registry = RegistryQuery { entries: 50, ..RegistryQuery::default() };
        ledger.parties(&PartiesQuery { registry, ..PartiesQuery::default() }).unwrap();
    }),
    ("ListConflicts, supposed", |ledger| {
        let supposed = support::make::batch([Command::RegisterParty(party("KAZ"))]).commands;
        let query = ConflictsQuery {
            filter: Filter::default(),
            valid_at: None,
            types: Vec::new(),
            cut: Cut::Head,
            supposed: Supposed(supposed),
            after: None,
            page: PAGE,
        };
        ledger.conflicts(&query).unwrap();
    }),
];

/// The time of the processor that this thread has had.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the processor time of a thread");
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// The minimum of three runs.
fn cost(ledger: &Ledger, question: fn(&Ledger)) -> Duration {
    let once = || {
        let before = processor_time();
        question(ledger);
        processor_time() - before
    };
    (0..3).map(|_| once()).min().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn no_question_costs_more_than_about_n_log_n_on_any_ledger() {
    let asked = std::env::var("DETENTE_GROWTH").unwrap_or_else(|_| "300,2400".to_owned());
    let sizes: Vec<u128> = asked.split(',').map(|size| size.parse().unwrap()).collect();
    let mut wrong = Vec::new();
    for (shape, command) in SHAPES {
        let recorded = |size| {
            let before = std::time::Instant::now();
            (ledger(size, command), before.elapsed())
        };
        let (homes, times): (Vec<Home>, Vec<Duration>) = sizes.iter().map(|size| recorded(*size)).unzip();
        let mut rows = vec![("recording it", times)];
        for (question, put) in QUESTIONS {
            rows.push((question, homes.iter().map(|home| cost(&home.ledger, put)).collect()));
        }
        println!("{shape}, {asked} events");
        for (question, costs) in rows {
            let shown: Vec<String> = costs.iter().map(|cost| format!("{:10.2}", cost.as_secs_f64() * 1e3)).collect();
            println!("  {question:26} {} ms", shown.join(" "));
            for (costs, sizes) in costs.windows(2).zip(sizes.windows(2)) {
                let times_more = costs[1].as_secs_f64() / costs[0].max(FLOOR).as_secs_f64();
                let (from, to) = (sizes[0] as f64, sizes[1] as f64);
                if times_more > 2.5 * to * to.log2() / (from * from.log2()) {
                    wrong.push(format!(
                        "{question}, {shape}: {} events cost {times_more:.0} times {}",
                        sizes[1], sizes[0]
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
