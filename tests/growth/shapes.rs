//! Ledgers made to be costly: each has one thing in abundance.

use crate::support::home::Home;
use crate::support::make::{
    assert, date, dispute, dispute_id, id, party, party_id, relationship, source, source_id, state, with, word,
};
use detente_domain::claim::{Attribution, Citation, Claim, Link};
use detente_domain::command::Command;
use detente_domain::event::Dispute;
use detente_domain::kind::{Kind, KindValue};
use detente_domain::source::Source;
use detente_domain::vocabulary::{AttributionRole, DisputeOutcome, LinkType, RevisionKind, Status};

/// The claim to which all others may link.
const HUB: u128 = 1 << 100;

/// The n-th command of a shape.
pub(crate) type Shape = (&'static str, fn(u128) -> Command);

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

fn link(number: u128, target: u128, link_type: LinkType) -> Command {
    let claim =
        with(state(number, "2020-01-01/.."), |claim| claim.links = vec![Link { link_type, target: id(target) }]);
    assert(claim)
}

pub(crate) const SHAPES: [Shape; 20] = [
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
    ("one contradicted by all", |nth| link(nth + 1, HUB, LinkType::Contradicts)),
    ("one supported by all", |nth| link(nth + 1, HUB, LinkType::Supports)),
    ("a chain of support", |nth| link(nth + 1, before(nth), LinkType::Supports)),
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
    ("a chain of merges, a claim each", |nth| match nth % 3 {
        0 => Command::RegisterParty(party(&format!("P{nth}"))),
        1 => assert(with(stance(nth, Status::InForce), |claim| {
            claim.relationships = vec![relationship(&format!("AZE-P{}", nth - 1))];
        })),
        _ => {
            let survivor = format!("P{}", nth - 2);
            let merged = nth.checked_sub(5).map_or("RUS".to_owned(), |before| format!("P{before}"));
            Command::MergeParties(party_id(&merged), party_id(&survivor))
        }
    }),
    ("a merge undone again and again", |nth| match nth % 4 {
        0 => Command::MergeParties(party_id("TUR"), party_id("RUS")),
        2 => Command::UnmergeParties(party_id("TUR")),
        _ => assert(with(stance(nth, Status::InForce), |claim| {
            claim.relationships = vec![relationship(&format!("AZE-{}", ["RUS", "TUR"][(nth / 2 % 2) as usize]))];
        })),
    }),
    ("a relationship each", |nth| match nth % 2 {
        0 => Command::RegisterParty(party(&format!("P{nth}"))),
        _ => assert(with(stance(nth, Status::InForce), |claim| {
            claim.relationships = vec![relationship(&format!("AZE-P{}", nth - 1))];
        })),
    }),
    ("one promise, kept by all", |nth| link(nth + 1, HUB, LinkType::Fulfils)),
    ("a promise each, without a source", |nth| {
        assert(with(state(nth + 1, "2020/.."), |claim| {
            claim.due = Some(date("2025-07-01"));
            claim.sources = Vec::new();
        }))
    }),
    ("one disputed with counter-claims", |nth| match nth % 2 {
        0 => assert(state(nth + 1, "2020/..")),
        _ => Command::Dispute(
            id(1),
            Dispute { counter_claim: Some(id(if nth == 1 { HUB } else { nth })), ..dispute(nth) },
        ),
    }),
];

/// A ledger of a shape, with the claim to which others may link.
pub(crate) fn ledger(size: u128, shape: fn(u128) -> Command) -> Home {
    let home = Home::in_memory().with_registrations();
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
