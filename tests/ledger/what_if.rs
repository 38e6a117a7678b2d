//! A supposition must answer as the record does that it becomes: for random histories, at every cut, the commands of
//! the next append are supposed, and every question is answered as at the cut after it, except for the time and name of
//! recording.

use crate::support::ask::{ALL, decode_claim};
use crate::support::home::{Home, request};
use crate::support::make::{batch, id, period, registrations};
use crate::support::random::{ASKED, Random, any_command, random_filter};
use detente_domain::certainty::{Certainty, Mode};
use detente_domain::command::{Command, Suppositions};
use detente_domain::cut::{Basis, Cut};
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::Filter;
use detente_domain::name::ClaimId;
use detente_ledger::Ledger;
use detente_ledger::error::{AppendError, QueryError};
use detente_ledger::query::claims::{ClaimsQuery, RevisionsQuery};
use detente_ledger::query::parties::PartiesQuery;
use detente_ledger::query::registry::{RegistryEntry, RegistryQuery};
use detente_ledger::query::state::StateQuery;
use detente_ledger::write::append::AppendRequest;
use detente_proto::v1;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// A claim without what recording adds: when and by whom.
fn bare(mut claim: v1::Claim) -> v1::Claim {
    (claim.recorded_at, claim.recorded_by) = (None, String::new());
    if let Some(retraction) = &mut claim.retraction {
        (retraction.recorded_at, retraction.recorded_by) = (None, String::new());
    }
    for dispute in &mut claim.disputes {
        (dispute.recorded_at, dispute.recorded_by) = (None, String::new());
        if let Some(resolution) = &mut dispute.resolution {
            (resolution.recorded_at, resolution.recorded_by) = (None, String::new());
        }
    }
    claim
}

type State = (Vec<(v1::Claim, Certainty, Option<i64>)>, Emptiness, Vec<uuid::Uuid>);

fn state(
    ledger: &Ledger,
    filter: &Filter,
    asked: &str,
    mode: Option<Mode>,
    cut: Cut,
    supposed: &Suppositions,
) -> State {
    let query = StateQuery {
        filter: filter.clone(),
        valid_at: period(asked),
        mode,
        cut,
        include_retracted: false,
        skip: 0,
        page: ALL,
        supposed: supposed.clone(),
    };
    let state = ledger.state(&query).unwrap();
    assert_eq!(state.at.supposed, !supposed.is_empty());
    let matches = state.claims.iter().zip(&state.matches);
    let matches = matches.map(|(claim, of)| (bare(decode_claim(claim)), of.certainty, of.as_of_age_days)).collect();
    (matches, state.emptiness, state.absences)
}

fn claims(ledger: &Ledger, filter: &Filter, cut: Cut, newest_first: bool, supposed: &Suppositions) -> Vec<v1::Claim> {
    let page = detente_ledger::query::page_size::PageSize { entries: 3, bytes: usize::MAX };
    let mut query = ClaimsQuery {
        filter: filter.clone(),
        cut,
        include_retracted: true,
        newest_first,
        after: None,
        page,
        supposed: supposed.clone(),
    };
    let mut all = Vec::new();
    loop {
        let found = ledger.claims(&query).unwrap();
        all.extend(found.claims.iter().map(|claim| bare(decode_claim(claim))));
        query.after = found.next;
        if found.next.is_none() {
            return all;
        }
    }
}

fn revisions(ledger: &Ledger, claim: ClaimId, cut: Cut, supposed: &Suppositions) -> Option<Vec<v1::Claim>> {
    let query = RevisionsQuery { claim, cut, newest_first: false, skip: 0, page: ALL, supposed: supposed.clone() };
    match ledger.revisions(&query) {
        Ok(page) => Some(page.claims.iter().map(|(after, _)| bare(decode_claim(after))).collect()),
        Err(QueryError::ClaimNotFound(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Every question, supposed before and recorded after. Returns how many answers were compared.
fn compare(ledger: &Ledger, before: Cut, supposed: &Suppositions, after: Cut, filters: &[Filter]) -> usize {
    let recorded = Suppositions::default();
    let mut compared = 0;
    for filter in filters {
        for asked in ASKED {
            for mode in [None, Some(Mode::HoldsAt), Some(Mode::OccurredIn)] {
                let expected = state(ledger, filter, asked, mode, after, &recorded);
                assert_eq!(state(ledger, filter, asked, mode, before, supposed), expected, "{filter:?} {asked}");
                compared += 1;
            }
        }
        for newest_first in [false, true] {
            let expected = claims(ledger, filter, after, newest_first, &recorded);
            assert_eq!(claims(ledger, filter, before, newest_first, supposed), expected, "{filter:?}");
            compared += 1;
        }
    }
    assert_eq!(registry(ledger, before, supposed), registry(ledger, after, &recorded));
    for number in 1..=20 {
        let expected = revisions(ledger, id(number), after, &recorded);
        assert_eq!(revisions(ledger, id(number), before, supposed), expected);
        let one = ledger.supposed_claim(id(number), before, supposed).ok().map(|(_, claim)| bare(decode_claim(&claim)));
        assert_eq!(one, expected.and_then(|history| history.last().cloned()));
        compared += 2;
    }
    compared
}

/// Returns the registered entities, and the relationships that have claims; page by page of two.
fn registry(ledger: &Ledger, cut: Cut, supposed: &Suppositions) -> Vec<String> {
    let mut query = RegistryQuery { cut, supposed: supposed.clone(), entries: 2, ..RegistryQuery::default() };
    let mut told = Vec::new();
    macro_rules! pages {
        ($ask:expr) => {
            query.after = String::new();
            loop {
                let page = $ask(&query);
                let entry = |of: &RegistryEntry<_>| {
                    format!("{:?} {} {} {}", of.message, of.revision, of.position, of.withdrawn)
                };
                told.extend(page.entries.iter().map(entry));
                let Some(next) = page.next else { break };
                query.after = next;
            }
        };
    }
    pages!(|query: &RegistryQuery| ledger.sources(query).unwrap());
    pages!(|query: &RegistryQuery| ledger.kinds(query).unwrap());
    pages!(|query: &RegistryQuery| ledger.schemes(query).unwrap());
    pages!(|registry: &RegistryQuery| {
        let query = PartiesQuery { registry: registry.clone(), ..PartiesQuery::default() };
        ledger.parties(&query).unwrap()
    });
    query = RegistryQuery { after: String::new(), entries: 100, ..query };
    for party in ["", "RUS"] {
        told.extend(ledger.relationships(&query, party).unwrap().entries.iter().map(|of| format!("{of:?}")));
    }
    told
}

fn suppositions(commands: &[Command]) -> Suppositions {
    Suppositions(batch(commands.to_vec()).commands)
}

/// Filters that do not ask when something was recorded: that differs by its nature.
fn filters(seed: u64) -> Vec<Filter> {
    let mut random = Random(seed);
    let mut filters: Vec<Filter> = (0..4).map(|nth| random_filter(&mut random, nth == 0)).collect();
    for item in filters.iter_mut().flat_map(|filter| &mut filter.items) {
        (item.recorded_from, item.recorded_before) = (None, None);
    }
    filters.push(Filter::default());
    filters
}

#[test]
fn what_is_supposed_is_answered_as_what_is_then_recorded() {
    let history = prop::collection::vec(prop::collection::vec(any::<u64>(), 1..4), 4..16);
    let mut runner =
        TestRunner::new(Config { cases: 12, failure_persistence: None, max_shrink_iters: 50, ..Config::default() });
    let totals = std::cell::Cell::new((0, 0, 0));
    let outcome = runner.run(&(history, any::<u64>()), |(moves, seed)| {
        let home = Home::in_memory();
        home.record(registrations());
        let mut appends: Vec<(Basis, Vec<Command>, Basis)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        let mut refused = 0;
        for seeds in &moves {
            let is_recorded = |number| known.contains(&number);
            let commands: Vec<Command> =
                seeds.iter().map(|seed| any_command(&mut Random(*seed), &is_recorded)).collect();
            let before = home.ledger.head().basis;
            match home.try_record(request(batch(commands.clone()))) {
                Ok(appended) => {
                    known.extend(appended.results.iter().filter_map(|result| result.claim).map(|id| id.as_u128()));
                    appends.push((before, commands, appended.at.basis));
                }
                Err(AppendError::Rejected(expected)) => {
                    refused += 1;
                    let refusal = home.ledger.supposed_claim(id(1), Cut::Basis(before), &suppositions(&commands));
                    let Err(QueryError::Unsupposable(got)) = refusal else { panic!("supposed: {refusal:?}") };
                    assert_eq!(got, expected);
                }
                Err(error) => panic!("{error}"),
            }
        }
        let filters = filters(seed);
        let mut compared = 0;
        for (before, commands, after) in &appends {
            let (before, after) = (Cut::Basis(*before), Cut::Basis(*after));
            compared += compare(&home.ledger, before, &suppositions(commands), after, &filters);
        }
        let (histories, refusals, answers) = totals.get();
        totals.set((histories + 1, refusals + refused, answers + compared));
        Ok(())
    });
    let (histories, refused, compared) = totals.get();
    println!("{histories} histories, {refused} suppositions refused as the append was, {compared} answers compared");
    outcome.unwrap();
    assert!(compared > 1000);
}

#[test]
fn what_is_supposed_is_seen_by_nobody_else_and_leaves_nothing_behind() {
    let home = Home::in_memory();
    home.record(registrations());
    let before = home.ledger.head();
    let commands = [crate::support::make::assert(crate::support::make::event(7, "2025-01-02"))];
    let (at, _) = home.ledger.supposed_claim(id(7), Cut::Head, &suppositions(&commands)).unwrap();
    assert_eq!(at.basis, before.basis);
    assert!(at.supposed);
    assert!(matches!(home.ledger.claim(id(7), Cut::Head), Err(QueryError::ClaimNotFound(_))));
    assert_eq!(home.ledger.head(), before);
    let check = AppendRequest { validate_only: true, ..request(batch(commands.to_vec())) };
    assert!(home.try_record(check).is_ok(), "the claim is still free to be recorded");
}
