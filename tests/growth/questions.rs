//! Every question, as a client puts it: its first pages.

use crate::PAGE;
use crate::pages;
use crate::support::ask;
use crate::support::home::block_on;
use crate::support::make::{assert, batch, dispute, id, party, party_id, period, relationship, state};
use detente_domain::buckets::{Bucket, Buckets};
use detente_domain::command::{Command, Precondition, Suppositions};
use detente_domain::cut::Cut;
use detente_domain::filter::{Filter, FilterItem, MemberSet, Voice};
use detente_domain::position::{Position, RecordedAt};
use detente_ledger::Ledger;
use detente_ledger::follow::clock_watch::{WatchQuery, WatchStart};
use detente_ledger::follow::feed::{Beginning, FeedFrame, FeedSource};
use detente_ledger::query::claims::ClaimsQuery;
use detente_ledger::query::events::Start;
use detente_ledger::query::perspectives::{Perspective, PerspectivesQuery};
use detente_ledger::query::series::{SeriesError, SeriesGroup, SeriesQuery};
use detente_ledger::wire::claim::render_claim;
use detente_ledger::write::stage::{Commit, NewStage};
use detente_proto::v1;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A question, as it is put to a ledger.
pub(crate) type Question = (&'static str, fn(&Ledger));

pub(crate) const QUESTIONS: [Question; 31] = [
    ("ListConflicts, two pages", |ledger| {
        let first = pages::conflicts_of(ledger, Filter::default(), None);
        if first.is_some() {
            pages::conflicts_of(ledger, Filter::default(), first);
        }
    }),
    ("ListConflicts of one", |ledger| {
        pages::conflicts_of(ledger, of_one(), None);
    }),
    ("ComparePerspectives", perspectives),
    ("ListGaps", |ledger| {
        pages::gaps(ledger, nothing(), 0);
    }),
    ("GetTimeline", |ledger| {
        pages::timeline(ledger, nothing(), 0);
    }),
    ("ListUpcoming", |ledger| {
        pages::upcoming(ledger, nothing(), 0);
    }),
    ("ListCorroboration", |ledger| {
        pages::corroboration(ledger, nothing(), 0);
    }),
    ("ListCommitments", |ledger| {
        pages::commitments(ledger, nothing(), 0);
    }),
    ("Diff", |ledger| {
        pages::diff(ledger, nothing(), 0);
    }),
    ("ListRevisions", |ledger| {
        pages::revisions(ledger, nothing(), 0);
    }),
    ("GetSeries", series),
    ("GetState", |ledger| drop(ask::state_at(ledger, "2025-06-01", Cut::Head))),
    ("GetClaim", |ledger| drop(ledger.claim(id(1), Cut::Head))),
    ("ListClaims", claims),
    ("ListRelationships", |ledger| {
        pages::relationships(ledger, nothing(), String::new());
    }),
    ("ListParties", |ledger| {
        pages::parties(ledger, nothing(), String::new());
    }),
    ("ListSources", |ledger| {
        pages::sources(ledger, nothing(), String::new());
    }),
    ("GetState, supposed", |ledger| {
        pages::state(ledger, supposition(), 0);
    }),
    ("ListConflicts, supposed", |ledger| {
        pages::conflicts(ledger, supposition(), None);
    }),
    ("ListGaps, supposed", |ledger| {
        pages::gaps(ledger, supposition(), 0);
    }),
    ("GetTimeline, supposed", |ledger| {
        pages::timeline(ledger, supposition(), 0);
    }),
    ("ListUpcoming, supposed", |ledger| {
        pages::upcoming(ledger, supposition(), 0);
    }),
    ("ListCommitments, supposed", |ledger| {
        pages::commitments(ledger, supposition(), 0);
    }),
    ("Diff, supposed", |ledger| {
        pages::diff(ledger, supposition(), 0);
    }),
    ("ReadEvents", read_events),
    ("Subscribe, all", |ledger| subscribe(ledger, None)),
    ("Subscribe, one relationship", |ledger| subscribe(ledger, Some(of_rus()))),
    ("WatchClock", |ledger| watch(ledger, Filter::default())),
    ("WatchClock, one relationship", |ledger| watch(ledger, of_rus())),
    ("Append, boundary", boundary),
    ("CommitStage, checked", stage),
];

/// Nothing is supposed.
pub(crate) fn nothing() -> Suppositions {
    Suppositions::default()
}

/// A party, a claim and a dispute of a claim there is.
pub(crate) fn supposition() -> Suppositions {
    let commands = [
        Command::RegisterParty(party("KAZ")),
        assert(state((1 << 101) + 1, "2020-01-01/..")),
        Command::Dispute(id(1 << 100), dispute((1 << 101) + 2)),
    ];
    Suppositions(batch(commands).commands)
}

fn of_one() -> Filter {
    ask::one(FilterItem { claim_ids: vec![id(1)], ..FilterItem::default() })
}

fn of_rus() -> Filter {
    ask::one(FilterItem { relationships: vec![relationship("AZE-RUS")], ..FilterItem::default() })
}

fn claims(ledger: &Ledger) {
    let (filter, cut, supposed) = Default::default();
    let (include_retracted, newest_first, after) = (true, true, None);
    let query = ClaimsQuery { filter, cut, include_retracted, newest_first, after, supposed, page: PAGE };
    ledger.claims(&query).unwrap();
}

fn perspectives(ledger: &Ledger) {
    let authorities = ["RUS", "AZE"].map(|party| Voice::Party(party_id(party))).to_vec();
    let query = PerspectivesQuery {
        filter: Filter::default(),
        perspectives: vec![Perspective::Authorities(authorities)],
        valid_at: period("2025-06-01"),
        mode: None,
        cut: Cut::Head,
        supposed: Suppositions::default(),
        page: PAGE,
    };
    ledger.perspectives(&query).unwrap();
}

fn series(ledger: &Ledger) {
    let (from, until) = (period("2019").a, period("2026").b);
    let query = SeriesQuery {
        filter: Filter::default(),
        buckets: Buckets::covering(Bucket::Month, from, until).unwrap(),
        group_by: Some(SeriesGroup::Relationship),
        scheme: String::new(),
        cut: Cut::Head,
        supposed: Suppositions::default(),
        bytes: 3 << 20,
    };
    // A group for each of very many relationships may be more than an answer holds.
    let answer = ledger.series(&query);
    assert!(matches!(answer, Ok(_) | Err(SeriesError::TooLarge { .. })), "{answer:?}");
}

fn read_events(ledger: &Ledger) {
    let mut reading = ledger.begin_reading(Start::After(Position::START), Some(&of_rus()), 0).unwrap();
    while !ledger.read_on(&mut reading, 1 << 20).unwrap().done {}
}

/// Follows the log from its beginning until what comes is live.
fn subscribe(ledger: &Ledger, filter: Option<Filter>) {
    block_on(async {
        let followed = FeedSource::Log(Beginning::After(Position::START), filter);
        let mut frames = ledger.subscribe(followed, Duration::from_secs(60)).unwrap();
        while !matches!(frames.next().await.unwrap().unwrap().frame, FeedFrame::CaughtUp) {}
    });
}

/// Watches from the beginning of time, until every transition that has come is delivered.
fn watch(ledger: &Ledger, filter: Filter) {
    let settled = block_on(ledger.settle_now());
    let query = WatchQuery {
        filter: Arc::new(filter),
        transitions: MemberSet::default(),
        include_late: true,
        start: WatchStart::From(RecordedAt::MIN),
        at_hand: 1 << 15,
    };
    let mut watch = ledger.begin_watch(query, settled).unwrap();
    ledger.advance_watch(&mut watch, settled);
    while !ledger.tell(&mut watch, 32).unwrap().is_empty() {}
}

/// A boundary that does not hold, one that does, and one about very many events that do not matter.
fn boundary(ledger: &Ledger) {
    let of_none = ask::one(FilterItem { relationships: vec![relationship("ARM-AZE")], ..FilterItem::default() });
    for (filter, after) in
        [(of_rus(), Position::START), (of_rus(), ledger.head().position()), (of_none, Position::START)]
    {
        drop(ledger.judge_boundaries(&[Precondition::Boundary(filter, after)], None));
    }
}

/// Stages a few claims and disputes of one that is there, checks them, and drops them again.
fn stage(ledger: &Ledger) {
    use v1::command::Command as Wire;
    let stage = Uuid::from_u128(7);
    let sent = |command| v1::Command { note: String::new(), command: Some(command) };
    let commands = (0..32_u128).flat_map(|nth| {
        let claim = Some(render_claim(&state((1 << 102) + nth, "2020-01-01/..")));
        let dispute = v1::DisputeClaim {
            claim_id: id(1).0.to_string(),
            dispute_id: Uuid::from_u128((1 << 103) + nth).to_string(),
            disputed_by: "ARM".to_owned(),
            statement: "not so".to_owned(),
            counter_claim_id: String::new(),
        };
        [sent(Wire::AssertClaim(v1::AssertClaim { claim })), sent(Wire::DisputeClaim(dispute))]
    });
    let (recorded_by, title) = ("archivist".to_owned(), String::new());
    ledger.open_stage(&NewStage { id: stage, recorded_by, recorded_at: None, title }).unwrap();
    ledger.add_to_stage(stage, 0, &commands.collect::<Vec<_>>()).unwrap();
    let (preconditions, leave_out) = Default::default();
    ledger.commit_stage(&Commit { id: stage, preconditions, validate_only: true, leave_out, told: 10 }).unwrap();
    ledger.drop_stage(stage).unwrap();
}
