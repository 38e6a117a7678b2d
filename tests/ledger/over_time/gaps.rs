//! Gaps: against the model day by day, and over a socket.

use super::dossier::{about, seed_id, violations};
use super::history::{History, filters, matching};
use crate::support::ask::{ALL, number};
use crate::support::demo::Demo;
use crate::support::home::Home;
use crate::support::make::{assert, date, dispute, event, id, period, source, source_id, state, with};
use crate::support::oracle::{Known, Oracle};
use detente_domain::bound::Bound;
use detente_domain::claim::{Citation, Claim};
use detente_domain::command::{Command, Suppositions};
use detente_domain::cut::Cut;
use detente_domain::event::Change;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::gaps::GapType;
use detente_domain::moment::{Moment, SECONDS_PER_DAY};
use detente_domain::period::Period;
use detente_domain::position::Position;
use detente_domain::vocabulary::{DisputeOutcome, RetractionReason};
use detente_ledger::Ledger;
use detente_ledger::query::gaps::{Gap, GapsQuery, Lack};
use detente_ledger::query::page_size::PageSize;
use detente_proto::v1;
use std::collections::BTreeSet;

fn query(filter: &Filter, valid_at: &str, cut: Cut) -> GapsQuery {
    GapsQuery {
        filter: filter.clone(),
        types: GapType::ALL.into(),
        from: None,
        until: None,
        valid_at: period(valid_at),
        stale_days: 2,
        cut,
        supposed: Suppositions::default(),
        skip: 0,
        page: ALL,
    }
}

/// All gaps, page after page.
fn read_pages(ledger: &Ledger, query: &GapsQuery, page: PageSize) -> Vec<Gap> {
    let mut query = GapsQuery { page, ..query.clone() };
    let mut gaps = Vec::new();
    loop {
        let found = ledger.gaps(&query).unwrap();
        assert!(found.gaps.len() <= page.entries);
        gaps.extend(found.gaps);
        let Some(next) = found.next else { return gaps };
        query.skip = next;
    }
}

/// The sources that are withdrawn at a cut.
fn withdrawn(oracle: &Oracle, cut: Position) -> BTreeSet<String> {
    let of = |change: &Change| match change {
        Change::SourceWithdrawn(id) => Some(id.to_string()),
        _ => None,
    };
    oracle.log(cut).iter().filter_map(|(_, event)| of(&event.change)).collect()
}

fn cited_sources<'k>(known: &'k Known, withdrawn: &BTreeSet<String>) -> BTreeSet<&'k str> {
    let sources = known.content.sources.iter().map(|citation| citation.source.as_str());
    sources.filter(|source| !withdrawn.contains(*source)).collect()
}

/// The gaps of claims, by the definitions; no source of these histories draws on another.
fn lacking(known: &[&Known], query: &GapsQuery, withdrawn: &BTreeSet<String>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut note = |known: &Known, lack| gaps.push(Gap::Of(Box::new(known.shown.clone()), lack));
    let without_date = |known: &&&Known| {
        let ends = known.content.time.bounds();
        ends.is_some_and(|(from, to)| [from, to].iter().all(|end| matches!(end, Bound::Open | Bound::Unknown)))
    };
    known.iter().filter(without_date).for_each(|known| note(known, Lack::Date));
    for known in known {
        let mut cited = cited_sources(known, withdrawn);
        if cited.len() < 2 {
            note(known, Lack::Origins(cited.pop_first().map(Into::into)));
        }
    }
    for known in known {
        let open = known.content.time.bounds().is_some_and(|(_, to)| *to == Bound::Open);
        if open && known.valid().unwrap().for_period(&query.valid_at).earliest_start < query.valid_at.b {
            let reached = known.content.as_of.as_ref().and_then(|as_of| as_of.latest()).map(|atom| atom.date().end);
            let age = reached.map(|reached| (query.valid_at.b.0 - reached.0).div_euclid(SECONDS_PER_DAY));
            if age.is_none_or(|age| age > query.stale_days) {
                note(known, Lack::Confirmation(age));
            }
        }
    }
    for known in known {
        for dispute in known.shown.disputes.iter().filter(|dispute| dispute.resolution.is_none()) {
            let id = detente_domain::name::DisputeId(dispute.dispute_id.parse().unwrap());
            note(known, Lack::Resolution(id));
        }
    }
    gaps
}

/// Returns true if a day of a relationship is covered, by the definition.
fn is_covered(known: &[&Known], relationship: &str, day: Moment, withdrawn: &BTreeSet<String>) -> bool {
    let bears = |known: &&&Known| known.content.relationships.iter().any(|id| id.as_str() == relationship);
    let sourced = |known: &&&Known| !cited_sources(known, withdrawn).is_empty();
    let touches = |known: &Known| known.valid().is_some_and(|valid| valid.may_touch(&Period::day_of(day)));
    known.iter().filter(bears).filter(sourced).any(|known| touches(known))
}

/// Checks the uncovered spans day by day. Returns how many days were compared.
fn check_spans(known: &[&Known], got: &[Gap], query: &GapsQuery, withdrawn: &BTreeSet<String>) -> usize {
    let spans: Vec<(&str, Moment, Moment)> = got
        .iter()
        .filter_map(|gap| match gap {
            Gap::UncoveredSpan(relationship, from, until) => Some((relationship.as_str(), *from, *until)),
            Gap::Of(..) => None,
        })
        .collect();
    assert!(spans.windows(2).all(|pair| (pair[0].0, pair[0].2) < (pair[1].0, pair[1].1)), "in order, and apart");
    let starts = known.iter().filter_map(|known| known.valid()).map(|valid| valid.dates().earliest_start);
    let from = query.from.or(starts.filter(|start| start.is_finite()).min());
    let until = query.until.unwrap_or(query.valid_at.b);
    let asked = |id: &&str| {
        query.filter.items.is_empty()
            || query.filter.items.iter().any(|item| item.relationships.is_empty())
            || query.filter.items.iter().any(|item| item.relationships.iter().any(|asked| asked.as_str() == *id))
    };
    let all = known.iter().flat_map(|known| &known.content.relationships);
    let mut relationships: BTreeSet<&str> = all.map(|id| id.as_str()).filter(asked).collect();
    if query.filter.items.iter().all(|item| !item.relationships.is_empty()) {
        let named = query.filter.items.iter().flat_map(|item| &item.relationships);
        relationships.extend(named.map(|id| id.as_str()));
    }
    assert!(spans.iter().all(|(relationship, ..)| relationships.contains(relationship)));
    let mut compared = 0;
    for relationship in &relationships {
        let mut day = period("2024-12-20").a;
        while day < period("2025-01-20").a {
            let next = day.plus_seconds(SECONDS_PER_DAY);
            let in_span = from.is_some_and(|from| from < next) && day < until && from.is_some_and(|from| from < until);
            let expected = in_span && !is_covered(known, relationship, day, withdrawn);
            let found = spans.iter().any(|(of, from, until)| of == relationship && *from <= day && next <= *until);
            assert_eq!(found, expected, "{relationship} {day} {:?}", query.filter);
            day = next;
            compared += 1;
        }
    }
    compared
}

#[test]
fn at_every_cut_the_gaps_are_those_that_the_definitions_give_day_by_day() {
    let (mut days, mut lacks) = (0, 0);
    for seed in 200..212 {
        let history = History::random(seed, 24);
        let filters = filters(seed);
        for (cut, known) in history.cuts() {
            let Cut::Basis(basis) = cut else { panic!("cuts are bases") };
            let withdrawn = withdrawn(&history.oracle, basis.position);
            for (filter, valid_at) in filters.iter().flat_map(|f| ["2025-01-04", "2025-01", "2024"].map(|at| (f, at))) {
                let known = matching(&known, filter);
                let mut query = query(filter, valid_at, cut);
                if seed % 2 == 0 {
                    query.from = Some(period("2024-12-28").a);
                    query.until = Some(period("2025-01-08").b);
                }
                let got = read_pages(&history.home.ledger, &query, ALL);
                let of_claims: Vec<Gap> = got.iter().filter(|gap| matches!(gap, Gap::Of(..))).cloned().collect();
                assert_eq!(of_claims, lacking(&known, &query, &withdrawn), "{filter:?}");
                days += check_spans(&known, &got, &query, &withdrawn);
                lacks += of_claims.len();
                for page in [PageSize { entries: 3, bytes: usize::MAX }, PageSize { entries: 1000, bytes: 500 }] {
                    assert_eq!(read_pages(&history.home.ledger, &query, page), got, "all pages are one answer");
                }
            }
        }
    }
    println!("{days} days and {lacks} lacks compared");
    assert!(days > 50_000 && lacks > 5_000);
}

fn cites(claim: Claim, sources: &[&str]) -> Claim {
    let citation = |name: &&str| Citation {
        source: source_id(name),
        locator: "".into(),
        quote: "".into(),
        retrieved_at: None,
        granularity: None,
    };
    with(claim, |claim| claim.sources = sources.iter().map(citation).collect())
}

fn of_type(ledger: &Ledger, gap_type: GapType, valid_at: &str) -> Vec<(u128, Lack)> {
    let query = GapsQuery { types: [gap_type].into(), ..query(&Filter::default(), valid_at, Cut::Head) };
    let of = |gap: Gap| match gap {
        Gap::Of(claim, lack) => (number(&claim), lack),
        Gap::UncoveredSpan(..) => panic!("no spans were asked for"),
    };
    read_pages(ledger, &query, ALL).into_iter().map(of).collect()
}

#[test]
fn two_articles_of_one_agency_are_one_origin_and_a_withdrawn_source_is_none() {
    let home = Home::in_memory().with_registrations();
    let derived = |name: &str, from: &str| {
        let mut source = source(name);
        source.derives_from = vec![source_id(from)];
        Command::RegisterSource(source)
    };
    home.record([
        derived("article:1", "wire:1"),
        derived("article:2", "article:1"),
        assert(cites(event(1, "2025"), &["article:1", "article:2"])),
        assert(cites(event(2, "2025"), &["article:1", "gazette"])),
        assert(event(3, "2025")),
        assert(cites(event(4, "2025"), &["gazette"])),
    ]);
    let one = |origin: &str| Lack::Origins(Some(origin.into()));
    let found = of_type(&home.ledger, GapType::SingleOrigin, "2025");
    assert_eq!(found, [(1, one("wire:1")), (3, Lack::Origins(None)), (4, one("gazette"))]);
    home.record([Command::WithdrawSource(source_id("gazette"))]);
    let found = of_type(&home.ledger, GapType::SingleOrigin, "2025");
    assert_eq!(found, [(1, one("wire:1")), (2, one("wire:1")), (3, Lack::Origins(None)), (4, Lack::Origins(None))]);
}

#[test]
fn what_was_said_to_hold_still_grows_stale_with_the_asked_date() {
    let home = Home::in_memory().with_registrations();
    let known = |claim: Claim, as_of: &str| with(claim, |claim| claim.as_of = Some(date(as_of)));
    home.record([
        assert(known(state(1, "2024/.."), "2025-01-31")),
        assert(state(2, "2024/..")),
        assert(known(state(3, "2024/2025"), "2024")),
        assert(known(state(4, "2030/.."), "2025-01")),
    ]);
    let age = |days| Lack::Confirmation(Some(days));
    assert_eq!(of_type(&home.ledger, GapType::Stale, "2025-02-02"), [(2, Lack::Confirmation(None))]);
    assert_eq!(of_type(&home.ledger, GapType::Stale, "2025-02-03"), [(1, age(3)), (2, Lack::Confirmation(None))]);
    home.record([Command::Confirm(id(1), date("2025-02-03"))]);
    assert_eq!(of_type(&home.ledger, GapType::Stale, "2025-02-03"), [(2, Lack::Confirmation(None))]);
}

#[test]
fn a_dispute_is_a_gap_until_it_is_resolved_and_a_retracted_claim_has_none() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(event(1, "2025")), assert(event(2, "2025"))]);
    home.record([
        Command::Dispute(id(1), dispute(1)),
        Command::Dispute(id(1), dispute(2)),
        Command::Dispute(id(2), dispute(3)),
    ]);
    assert_eq!(of_type(&home.ledger, GapType::OpenDispute, "2025").len(), 3);
    home.record([Command::Resolve(id(1), dispute(1).id, DisputeOutcome::Upheld)]);
    home.record([Command::Retract(id(2), RetractionReason::Wrong)]);
    assert_eq!(of_type(&home.ledger, GapType::OpenDispute, "2025"), [(1, Lack::Resolution(dispute(2).id))]);
}

#[test]
fn a_relationship_that_the_filter_does_not_name_is_not_said_to_lack_anything() {
    let home = Home::in_memory().with_registrations();
    let both = with(event(1, "2025-01-02"), |claim| {
        claim.relationships.push(crate::support::make::relationship("ARM-AZE"));
    });
    home.record([assert(both)]);
    let named = FilterItem { relationships: vec![crate::support::make::relationship("AZE-RUS")], ..Default::default() };
    let spans = |filter: &Filter| {
        read_pages(
            &home.ledger,
            &GapsQuery { types: [GapType::UncoveredSpan].into(), ..query(filter, "2025-01-02", Cut::Head) },
            ALL,
        )
    };
    assert_eq!(spans(&Filter { items: vec![named] }).len(), 1);
    assert_eq!(spans(&Filter::default()).len(), 2);
}

#[test]
fn a_relationship_that_is_named_lacks_the_whole_span_where_nothing_bears_on_it_unless_its_parties_are_one() {
    use crate::support::make::{party_id, relationship};
    let home = Home::in_memory().with_registrations();
    home.record([assert(event(1, "2025-01-02"))]);
    let spans = |names: &[&str], from: Option<&str>, cut: Cut| {
        let relationships = names.iter().map(|name| relationship(name)).collect();
        let filter = Filter { items: vec![FilterItem { relationships, ..Default::default() }] };
        let from = from.map(|from| period(from).a);
        let types = [GapType::UncoveredSpan].into();
        read_pages(&home.ledger, &GapsQuery { types, from, ..query(&filter, "2025-01-03", cut) }, ALL)
    };
    let whole = |of: &str| Gap::UncoveredSpan(of.to_owned(), period("2025-01-01").a, period("2025-01-03").b);
    assert_eq!(spans(&["AAA-BBB"], Some("2025-01-01"), Cut::Head), [whole("AAA-BBB")]);
    assert_eq!(spans(&["AAA-BBB"], None, Cut::Head), [], "since when, nobody says");
    let before = Cut::Basis(home.ledger.head().basis);
    assert_eq!(spans(&["ARM-TUR"], Some("2025-01-01"), before), [whole("ARM-TUR")]);
    home.record([Command::MergeParties(party_id("ARM"), party_id("TUR"))]);
    assert_eq!(spans(&["ARM-TUR"], Some("2025-01-01"), Cut::Head), []);
    assert_eq!(spans(&["ARM-AZE"], Some("2025-01-01"), Cut::Head), [whole("AZE-TUR")]);
    assert_eq!(spans(&["ARM-TUR"], Some("2025-01-01"), before), [whole("ARM-TUR")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_founding_dossier_says_what_it_lacks_and_its_pages_are_one_answer() {
    let mut demo = Demo::start().await;
    let question = v1::ListGapsRequest {
        filter: about("AZE-RUS", &[]),
        valid_at: "2026-08".into(),
        page_size: 1000,
        ..Default::default()
    };
    let whole = demo.client.list_gaps(question.clone()).await.unwrap().into_inner();
    assert_eq!(whole.context.as_ref().unwrap().valid_at, "2026-08");
    assert!(whole.gaps.is_sorted_by_key(|gap| gap.r#type));
    let of = |sort: v1::GapType| whole.gaps.iter().filter(move |gap| gap.r#type() == sort).collect::<Vec<_>>();
    let stale = of(v1::GapType::Stale);
    assert!(stale.iter().all(|gap| gap.age_days == Some(396)), "as of July 2025, asked to the end of August 2026");
    assert!(stale.iter().any(|gap| seed_id(gap.claim.as_ref().unwrap()) == "S01.1"));
    let disputes = of(v1::GapType::OpenDispute);
    assert_eq!(disputes.iter().map(|gap| seed_id(gap.claim.as_ref().unwrap())).collect::<Vec<_>>(), ["S03.2"]);
    let single = of(v1::GapType::SingleOrigin);
    assert!(single.iter().filter(|gap| gap.origin == "founding-explainer").count() > 50);

    let mut token = String::new();
    let mut gaps = Vec::new();
    loop {
        let page = v1::ListGapsRequest { page_size: 7, page_token: token, ..question.clone() };
        let page = demo.client.list_gaps(page).await.unwrap().into_inner();
        gaps.extend(page.gaps);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(gaps, whole.gaps);

    let lately = v1::ListGapsRequest { valid_at: "2025-08".into(), types: vec![v1::GapType::Stale.into()], ..question };
    let lately = demo.client.list_gaps(lately).await.unwrap().into_inner();
    assert!(lately.gaps.is_empty(), "a month after July 2025 nothing was stale: {:?}", lately.gaps);
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_question_is_reported_at_once() {
    let mut demo = Demo::start().await;
    let wrong = v1::ListGapsRequest {
        types: vec![1, 0, 99],
        from: "2025-02-30".into(),
        valid_at: "[2024..]".into(),
        ..Default::default()
    };
    let status = demo.client.list_gaps(wrong).await.unwrap_err();
    assert_eq!(violations(&status), ["types[1]", "types[2]", "from", "valid_at"]);
    demo.end().await;
}
