//! The backing of a claim, against counting by hand: random histories with every sort of link, and sources that draw on
//! one another; at every cut, also with suppositions.

use crate::support::home::Home;
use crate::support::make::{assert, dispute, dispute_id, event, id, source, source_id, with};
use crate::support::told::{At, filters, tell};
use detente_domain::command::{Command, Suppositions};
use detente_domain::corroboration::Backing;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::name::ClaimId;
use detente_domain::source::Source;
use detente_domain::vocabulary::{LinkType, RetractionReason};
use detente_ledger::Ledger;
use detente_ledger::query::corroboration::{Corroboration, CorroborationQuery};
use detente_ledger::query::page_size::PageSize;
use std::collections::BTreeSet;

const SAME: [LinkType; 4] = [LinkType::Supports, LinkType::Restates, LinkType::Corroborates, LinkType::SameEventAs];

/// Asks for all pages, each of the given number of entries.
fn ask(ledger: &Ledger, filter: &Filter, cut: Cut, supposed: &Suppositions, entries: usize) -> Vec<Corroboration> {
    let page = PageSize { entries, bytes: usize::MAX };
    let mut query = CorroborationQuery { filter: filter.clone(), cut, supposed: supposed.clone(), after: None, page };
    let mut all = Vec::new();
    loop {
        let found = ledger.corroboration(&query).unwrap();
        assert!(found.claims.len() <= entries && (found.next.is_none() || found.claims.len() == entries));
        all.extend(found.claims);
        query.after = found.next;
        if found.next.is_none() {
            return all;
        }
    }
}

/// The claims that a link of one of the types joins to a claim.
fn linked_claims(at: &At, to: ClaimId, types: &[LinkType]) -> BTreeSet<ClaimId> {
    let mut joined = BTreeSet::new();
    for (_, known) in at.standing() {
        for link in known.content.links.iter().filter(|link| types.contains(&link.link_type)) {
            let (from, target) = (known.content.id, link.target);
            if target == to {
                joined.insert(from);
            }
            if from == to && at.find(target).is_some() {
                joined.insert(target);
            }
        }
    }
    joined.remove(&to);
    joined
}

fn backing(at: &At, claims: &BTreeSet<ClaimId>) -> Backing {
    let known = || claims.iter().map(|id| at.find(*id).unwrap().1);
    let cited = known().flat_map(|known| known.content.sources.iter().map(|citation| citation.source.to_string()));
    let reports: BTreeSet<String> = cited.filter(|id| !at.sources[id].1).collect();
    let reach = |from: &String| {
        let mut reached = BTreeSet::from([from.clone()]);
        for _ in 0..at.sources.len() {
            let more: Vec<String> = reached.iter().flat_map(|id| at.sources[id].0.clone()).collect();
            reached.extend(more);
        }
        reached
    };
    let all: BTreeSet<String> = reports.iter().flat_map(reach).collect();
    let roots = all.iter().filter(|id| reach(id).iter().all(|other| reach(other).contains(*id)));
    let voices = known().filter_map(|known| known.content.attribution.last());
    let voices: BTreeSet<_> =
        voices.map(|voice| (voice.party.clone(), voice.party.is_none().then(|| voice.name.clone()))).collect();
    Backing {
        claims: claims.len(),
        reports: reports.len(),
        origins: roots.map(|id| reach(id).into_iter().min().unwrap()).collect(),
        voices: voices.len(),
    }
}

fn by_hand(at: &At, filter: &Filter) -> Vec<Corroboration> {
    let matching = at.standing().into_iter().filter(|(_, known)| filter.matches(&known.content, known.at.recorded_at));
    matching
        .map(|(_, known)| {
            let claim = known.content.id;
            let standing: Vec<_> = known.shown.disputes.iter().filter(|dispute| dispute.resolution.is_none()).collect();
            let counters = standing.iter().filter_map(|dispute| dispute.counter_claim_id.parse().ok().map(ClaimId));
            let mut against = linked_claims(at, claim, &[LinkType::Contradicts]);
            against.extend(counters.filter(|counter| *counter != claim && at.find(*counter).is_some()));
            let mut side = BTreeSet::from([claim]);
            for _ in 0..at.known.len() {
                let more: Vec<ClaimId> = side.iter().flat_map(|at_side| linked_claims(at, *at_side, &SAME)).collect();
                side.extend(more.into_iter().filter(|id| !against.contains(id)));
            }
            Corroboration {
                claim,
                same_side: backing(at, &side),
                opposite_side: backing(at, &against),
                standing_disputes: standing.len(),
            }
        })
        .collect()
}

#[test]
fn both_sides_are_counted_as_by_hand_at_every_cut_and_with_what_is_supposed() {
    let (mut compared, mut backed, mut opposed, mut shared) = (0, 0, 0, 0);
    for seed in 0..12 {
        let told = tell(seed, 30, Vec::new());
        let cuts = told.cuts();
        for filter in filters(seed) {
            for (nth, at) in cuts.iter().enumerate() {
                let expected = by_hand(at, &filter);
                assert_eq!(
                    ask(&told.home.ledger, &filter, at.cut(), &Suppositions::default(), 3),
                    expected,
                    "seed {seed}"
                );
                // A filter by recorded time tells what is supposed from what is recorded, as it should.
                let timeless = filter.items.iter().all(|i| i.recorded_from.or(i.recorded_before).is_none());
                if let Some(next) = cuts.get(nth + 1).filter(|_| timeless) {
                    let supposed = ask(&told.home.ledger, &filter, at.cut(), &at.next, 100);
                    assert_eq!(supposed, by_hand(next, &filter), "seed {seed}, supposed at {nth}");
                }
                compared += expected.len();
                backed += expected.iter().filter(|of| of.same_side.claims > 2).count();
                opposed += expected.iter().filter(|of| of.opposite_side.claims > 0).count();
                shared += expected.iter().filter(|of| of.same_side.origins.len() < of.same_side.reports).count();
            }
        }
    }
    println!(
        "{compared} counts compared: {backed} with several on a side, {opposed} opposed, {shared} with a shared origin"
    );
    assert!(compared > 2000 && backed > 500 && opposed > 500 && shared > 100);
}

#[test]
fn three_reports_of_one_agency_are_one_origin_and_a_retracted_or_opposing_claim_backs_nothing() {
    let home = Home::in_memory().with_registrations();
    let cites = |number: u128, name: &str, links: &[(LinkType, u128)]| {
        with(event(number, "2025"), |claim| {
            claim.sources = vec![detente_domain::claim::Citation {
                source: source_id(name),
                locator: "".into(),
                quote: "".into(),
                retrieved_at: None,
                granularity: None,
            }];
            let link = |(link_type, target): &(LinkType, u128)| detente_domain::claim::Link {
                link_type: *link_type,
                target: id(*target),
            };
            claim.links = links.iter().map(link).collect();
        })
    };
    let draws =
        |name: &str, on: &str| Command::RegisterSource(Source { derives_from: vec![source_id(on)], ..source(name) });
    home.record([
        Command::RegisterSource(source("agency")),
        draws("daily", "agency"),
        draws("site", "agency"),
        assert(cites(1, "agency", &[])),
        assert(cites(2, "daily", &[(LinkType::Corroborates, 1)])),
        assert(cites(3, "site", &[(LinkType::Restates, 2)])),
        assert(cites(4, "gazette", &[(LinkType::Supports, 1)])),
        assert(cites(5, "wire:1", &[(LinkType::Contradicts, 1), (LinkType::SameEventAs, 1)])),
    ]);
    let of = |number: u128| {
        let filter = crate::support::ask::one(detente_domain::filter::FilterItem {
            claim_ids: vec![id(number)],
            ..Default::default()
        });
        ask(&home.ledger, &filter, Cut::Head, &Suppositions::default(), 10).pop()
    };
    let counts = |backing: &Backing| (backing.claims, backing.reports, backing.origins.len());
    let one = of(1).unwrap();
    assert_eq!((counts(&one.same_side), counts(&one.opposite_side)), ((4, 4, 2), (1, 1, 1)));
    assert_eq!(one.same_side.origins.iter().map(String::as_str).collect::<Vec<_>>(), ["agency", "gazette"]);
    assert_eq!(counts(&of(3).unwrap().same_side), (5, 5, 3), "to the third claim the fifth is one of them");

    home.record([Command::Retract(id(4), RetractionReason::Wrong)]);
    home.record([Command::Dispute(id(1), detente_domain::event::Dispute { counter_claim: Some(id(2)), ..dispute(1) })]);
    home.record([Command::WithdrawSource(source_id("agency"))]);
    let one = of(1).unwrap();
    assert_eq!(of(4), None);
    assert_eq!((counts(&one.same_side), one.standing_disputes), ((1, 0, 0), 1), "the agency is no report any more");
    assert_eq!(counts(&one.opposite_side), (2, 2, 2), "but what draws on it draws on one place");
    home.record([Command::Resolve(id(1), dispute_id(1), detente_domain::vocabulary::DisputeOutcome::Settled)]);
    assert_eq!(counts(&of(1).unwrap().same_side), (3, 2, 1));
}
