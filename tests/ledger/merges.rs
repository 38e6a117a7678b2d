//! Parties that are merged and unmerged: what every question means by them, at every cut.

use crate::support::ask::{self, one, state};
use crate::support::compare::everywhere;
use crate::support::home::Home;
use crate::support::make::{
    assert, batch, batch_if, id, on, party, party_id, period, registrations, relationship, state as holds, tick, with,
    word,
};
use crate::support::oracle::Oracle;
use crate::support::random::{Random, random_claim, random_filter};
use detente_domain::certainty::Certainty::Definite;
use detente_domain::claim::{Attribution, Claim, ClaimParty};
use detente_domain::command::{Command, Precondition, Suppositions};
use detente_domain::cut::Cut;
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::name::PartyId;
use detente_domain::party::PartyName;
use detente_domain::position::Position;
use detente_domain::rejection::{Conflict, Rejection};
use detente_domain::vocabulary::AttributionRole;
use detente_ledger::Ledger;
use detente_ledger::query::claims::ClaimsQuery;
use detente_ledger::query::events::Start;
use detente_ledger::query::parties::PartiesQuery;
use detente_ledger::query::registry::RegistryQuery;
use detente_proto::v1;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const ALL: [&str; 6] = ["ARM", "AZE", "GEO", "IRN", "RUS", "TUR"];

fn merge(merged: &str, survivor: &str) -> Command {
    Command::MergeParties(party_id(merged), party_id(survivor))
}

fn unmerge(merged: &str) -> Command {
    Command::UnmergeParties(party_id(merged))
}

fn on_relationship(number: u128, id: &str) -> Command {
    let claim = with(holds(number, "2025/.."), |claim| {
        claim.relationships = vec![relationship(id)];
        claim.parties = Vec::new();
    });
    assert(claim)
}

/// Returns the answers to a question with suppositions at a cut: the claims that hold on a day, in every list of
/// relationships and parties.
fn answers(ledger: &Ledger, filters: &[Filter], cut: Cut, supposed: &[Command]) -> Vec<String> {
    let supposing = Suppositions(batch(supposed.to_vec()).commands);
    let mut told = Vec::new();
    for filter in filters {
        let (page, supposed) = (ask::ALL, supposing.clone());
        let query = ClaimsQuery {
            filter: filter.clone(),
            cut,
            include_retracted: true,
            newest_first: false,
            after: None,
            supposed,
            page,
        };
        let claims = ledger.claims(&query).unwrap().claims;
        told.push(format!(
            "{:?}",
            claims.iter().map(|claim| ask::number(&ask::decode_claim(claim))).collect::<Vec<_>>()
        ));
    }
    told.extend(ALL.map(|party| format!("{:?}", supposed_relationships(ledger, party, cut, supposed))));
    for ids in [&[][..], &ALL] {
        let ids = ids.iter().map(|id| (*id).into()).collect();
        let registry =
            RegistryQuery { ids, cut, supposed: supposing.clone(), entries: 100, ..RegistryQuery::default() };
        let page = ledger.parties(&PartiesQuery { registry, ..PartiesQuery::default() }).unwrap();
        told.extend(page.entries.iter().map(|of| format!("{:?} {} {}", of.message, of.revision, of.position)));
    }
    told
}

fn about(ids: &[&str]) -> Filter {
    one(FilterItem { relationships: ids.iter().map(|id| relationship(id)).collect(), ..FilterItem::default() })
}

/// The numbers of the claims that hold on a day.
fn numbers(ledger: &Ledger, filter: &Filter, cut: Cut) -> Vec<u128> {
    let state = state(ledger, filter, period("2025-07-15"), None, cut, false).unwrap();
    let mut numbers: Vec<_> = state.certainties().into_iter().map(|(number, _)| number).collect();
    numbers.sort_unstable();
    numbers
}

fn relationships(ledger: &Ledger, party: &str, cut: Cut) -> Vec<(String, u64)> {
    supposed_relationships(ledger, party, cut, &[])
}

fn supposed_relationships(ledger: &Ledger, party: &str, cut: Cut, supposed: &[Command]) -> Vec<(String, u64)> {
    let supposed = Suppositions(batch(supposed.to_vec()).commands);
    let query = RegistryQuery { cut, supposed, entries: 100, ..RegistryQuery::default() };
    let page = ledger.relationships(&query, party).unwrap();
    page.entries.into_iter().map(|entry| (entry.id, entry.claims)).collect()
}

/// AZE-RUS has claims 1 and 3, ARM-AZE claim 2, AZE-RUF (a record of the same state under another id) claims 3 and 4.
/// RUS is merged into RUF on 1 September and unmerged on 1 October.
fn home() -> Home {
    let home = Home::in_memory().with_registrations();
    let both = with(holds(3, "2025/.."), |claim| {
        claim.relationships = ["AZE-RUS", "AZE-RUF"].map(relationship).into();
    });
    home.at(on("2025-08-01")).record([
        Command::RegisterParty(party("RUF")),
        on_relationship(1, "AZE-RUS"),
        on_relationship(2, "ARM-AZE"),
        assert(both),
        on_relationship(4, "AZE-RUF"),
    ]);
    home.at(on("2025-09-01")).record([merge("RUS", "RUF")]);
    home.at(on("2025-10-01")).record([unmerge("RUS")]);
    home
}

const BEFORE: &str = "2025-08-15";
const MERGED: &str = "2025-09-15";
const AFTER: &str = "2025-10-01";

fn known_at(day: &str) -> Cut {
    Cut::KnownAt(on(day))
}

#[test]
fn from_its_recorded_time_on_the_merged_id_answers_as_the_survivor_and_before_as_itself() {
    let home = home();
    for (day, rus, ruf) in
        [(BEFORE, vec![1, 3], vec![3, 4]), (MERGED, vec![1, 3, 4], vec![1, 3, 4]), (AFTER, vec![1, 3], vec![3, 4])]
    {
        assert_eq!(numbers(&home.ledger, &about(&["AZE-RUS"]), known_at(day)), rus, "{day}");
        assert_eq!(numbers(&home.ledger, &about(&["AZE-RUF"]), known_at(day)), ruf, "{day}");
        assert_eq!(numbers(&home.ledger, &about(&["ARM-AZE"]), known_at(day)), [2], "{day}");
    }
}

#[test]
fn what_was_recorded_is_answered_as_it_was_recorded() {
    let home = home();
    let before = ask::claim(&home.ledger, id(1), known_at(BEFORE)).unwrap();
    let merged = ask::claims(&home.ledger, &about(&["AZE-RUF"]), known_at(MERGED), (false, false), 10);
    assert_eq!(merged[0], before);
    assert_eq!(before.relationships, ["AZE-RUS"]);
}

#[test]
fn relationships_that_become_one_are_listed_once_with_each_claim_counted_once() {
    let home = home();
    let listed = |party, day| relationships(&home.ledger, party, known_at(day));
    let own = |id: &str, claims| (id.to_owned(), claims);
    assert_eq!(listed("", BEFORE), [own("ARM-AZE", 1), own("AZE-RUF", 2), own("AZE-RUS", 2)]);
    assert_eq!(listed("", MERGED), [own("ARM-AZE", 1), own("AZE-RUF", 3)]);
    assert_eq!(listed("RUS", MERGED), listed("RUF", MERGED));
    assert_eq!(listed("RUS", AFTER), [own("AZE-RUS", 2)]);
}

#[test]
fn a_relationship_whose_parties_become_one_is_left_out_and_still_found_by_its_own_id() {
    let home = home();
    home.at(on("2025-11-01")).record([on_relationship(5, "RUF-RUS"), on_relationship(6, "AZE-RUF-RUS")]);
    home.at(on("2025-11-02")).record([merge("RUS", "RUF")]);
    assert_eq!(relationships(&home.ledger, "RUF", Cut::Head), [("AZE-RUF".to_owned(), 4)]);
    assert_eq!(numbers(&home.ledger, &about(&["RUS-RUF"]), Cut::Head), [5]);
    assert_eq!(numbers(&home.ledger, &about(&["AZE-RUS"]), Cut::Head), [1, 3, 4, 6]);
}

#[test]
fn a_claim_that_names_a_merged_party_is_recorded_as_it_is_and_answers_as_the_survivor() {
    let home = home();
    home.at(on("2025-11-01")).record([merge("RUS", "RUF")]);
    let spoken = |claim: &mut Claim| {
        claim.parties = vec![ClaimParty { party: party_id("RUS"), role: word("actor"), as_text: "".into() }];
        claim.attribution = vec![Attribution {
            party: Some(party_id("RUS")),
            name: "".into(),
            role: AttributionRole::Speaker,
            said_at: None,
        }];
        claim.relationships = Vec::new();
    };
    home.record([assert(with(holds(7, "2025/.."), spoken))]);
    for asked in ["RUS", "RUF"].map(party_id) {
        let parties = one(FilterItem { parties: vec![asked.clone()], ..FilterItem::default() });
        assert!(numbers(&home.ledger, &parties, Cut::Head).contains(&7));
        let role = FilterItem { party_roles: vec![(asked.clone(), word("actor"))], ..FilterItem::default() };
        assert_eq!(numbers(&home.ledger, &one(role), Cut::Head), [7]);
        let by = one(FilterItem { asserted_by: vec![asked], ..FilterItem::default() });
        assert_eq!(numbers(&home.ledger, &by, Cut::Head), [7]);
    }
    assert_eq!(ask::claim(&home.ledger, id(7), Cut::Head).unwrap().parties[0].party_id, "RUS");
}

#[test]
fn an_event_belongs_to_a_reading_as_the_parties_answered_when_it_was_recorded() {
    let home = home();
    let (ruf, about_rus) = (about(&["AZE-RUF"]), about(&["AZE-RUS"]));
    let positions = |filter| {
        let events = ask::events(&home.ledger, Start::After(Position(0)), Some(filter), 1 << 20);
        events.iter().map(|event| event.position).collect::<Vec<_>>()
    };
    assert_eq!(positions(&ruf), [10, 11, 12, 13], "the merge and its undoing are told");
    home.at(on("2025-11-01")).record([merge("RUS", "RUF")]);
    assert_eq!(
        positions(&ruf),
        [10, 11, 12, 13, 14],
        "what it asked for then, and the merge with which it asks for more"
    );
    home.at(on("2025-11-02")).record([on_relationship(40, "AZE-RUS")]);
    assert_eq!(positions(&ruf), [10, 11, 12, 13, 14, 15]);
    assert_eq!(positions(&about_rus), [8, 10, 12, 13, 14, 15]);
}

#[test]
fn a_merge_after_the_answer_one_decided_on_is_a_conflict_where_it_changes_what_was_asked() {
    let home = home();
    let touched = |filter: Filter, after| {
        let batch = batch_if([unmerge("nobody")], vec![Precondition::Boundary(filter, Position(after))]);
        match home.refusal(batch) {
            Rejection::Conflicts(conflicts) => match conflicts.as_slice() {
                [Conflict::Boundary { touched_at, .. }] => Some(touched_at.0),
                other => panic!("{other:?}"),
            },
            Rejection::Violations(_) => None,
        }
    };
    assert_eq!(touched(about(&["AZE-RUF"]), 11), Some(12));
    assert_eq!(touched(about(&["AZE-RUF"]), 12), Some(13));
    assert_eq!(touched(about(&["AZE-RUF"]), 13), None);
    assert_eq!(touched(about(&["ARM-AZE"]), 11), None);
}

#[test]
fn emptiness_is_told_of_all_that_answers_as_one() {
    let home = Home::in_memory().with_registrations();
    home.at(on("2025-08-01")).record([Command::RegisterParty(party("RUF")), on_relationship(1, "AZE-RUS")]);
    let about_ruf = about(&["AZE-RUF"]);
    let ask = |cut| state(&home.ledger, &about_ruf, period("2026-07"), None, cut, false).unwrap();
    assert_eq!(ask(Cut::Head).emptiness, Emptiness::NothingRecorded);
    home.at(on("2025-09-01")).record([merge("RUS", "RUF")]);
    assert_eq!((ask(Cut::Head).emptiness, ask(Cut::Head).certainties()), (Emptiness::NotEmpty, vec![(1, Definite)]));
    assert_eq!(ask(known_at(BEFORE)).emptiness, Emptiness::NothingRecorded);
}

fn parties(ledger: &Ledger, words: &str, ids: &[&str], valid_at: Option<&str>, cut: Cut) -> Vec<v1::Party> {
    let ids = ids.iter().map(|id| (*id).into()).collect();
    let registry = RegistryQuery { ids, cut, entries: 100, ..RegistryQuery::default() };
    let (types, merged_into) = Default::default();
    let query = PartiesQuery { registry, words: words.into(), valid_at: valid_at.map(period), types, merged_into };
    ledger.parties(&query).unwrap().entries.into_iter().map(|entry| entry.message).collect()
}

fn ids(parties: &[v1::Party]) -> Vec<&str> {
    parties.iter().map(|party| party.party_id.as_str()).collect()
}

#[test]
fn a_merged_party_leaves_the_lists_is_told_by_id_and_its_names_lead_to_the_survivor() {
    let home = home();
    let merged = |words, ids: &[&str]| parties(&home.ledger, words, ids, None, known_at(MERGED));
    assert_eq!(ids(&merged("", &[])), ["ARM", "AZE", "RUF", "TUR"]);
    let by_id = merged("", &["RUS", "RUF"]);
    assert_eq!(ids(&by_id), ["RUF", "RUS"]);
    assert_eq!((by_id[0].merged_party_ids.as_slice(), by_id[0].merged_into.as_str()), (&["RUS".to_owned()][..], ""));
    assert_eq!((by_id[1].merged_party_ids.as_slice(), by_id[1].merged_into.as_str()), (&[][..], "RUF"));
    assert_eq!(ids(&merged("party rus", &[])), ["RUF"]);
    let before = parties(&home.ledger, "party rus", &[], None, known_at(BEFORE));
    assert_eq!((ids(&before), before[0].merged_into.as_str()), (vec!["RUS"], ""));
}

#[test]
fn a_chain_of_merges_answers_as_the_last_survivor_and_any_link_of_it_can_be_undone() {
    let home = Home::in_memory().with_registrations();
    home.at(on("2025-08-01")).record([on_relationship(1, "AZE-RUS")]);
    home.record([merge("RUS", "TUR"), merge("TUR", "ARM")]);
    assert_eq!(numbers(&home.ledger, &about(&["ARM-AZE"]), Cut::Head), [1]);
    let told = parties(&home.ledger, "", &["ARM", "RUS", "TUR"], None, Cut::Head);
    assert_eq!(told[0].merged_party_ids, ["RUS", "TUR"]);
    assert_eq!((told[1].merged_into.as_str(), told[2].merged_into.as_str()), ("ARM", "ARM"));
    home.record([unmerge("RUS")]);
    assert_eq!(numbers(&home.ledger, &about(&["ARM-AZE"]), Cut::Head), [] as [u128; 0]);
    assert_eq!(numbers(&home.ledger, &about(&["AZE-RUS"]), Cut::Head), [1]);
    home.record([merge("RUS", "ARM")]);
    assert_eq!(relationships(&home.ledger, "TUR", Cut::Head), [("ARM-AZE".to_owned(), 1)]);
}

#[test]
fn a_merge_that_is_supposed_at_an_earlier_cut_knows_nothing_of_later_ones() {
    let home = home();
    let supposing = [merge("TUR", "RUS")];
    let supposed = |party, day| supposed_relationships(&home.ledger, party, known_at(day), &supposing);
    assert_eq!(supposed("TUR", BEFORE), relationships(&home.ledger, "RUS", known_at(BEFORE)));
    let undone = supposed_relationships(&home.ledger, "RUS", known_at(MERGED), &[unmerge("RUS")]);
    assert_eq!(undone, relationships(&home.ledger, "RUS", known_at(BEFORE)));
}

#[test]
fn only_names_of_the_asked_time_are_searched_and_told_and_an_id_is_always_found() {
    let home = Home::in_memory().with_registrations();
    let name = |text: &str, valid: &str| {
        let valid = detente_domain::party::NameValid::parse(valid).unwrap();
        PartyName { valid: Some(valid), ..PartyName::new("en", text) }
    };
    let mut city = party("VOLGOGRAD");
    city.names =
        vec![name("Tsaritsyn", "../1925-04-10"), name("Stalingrad", "1925-04-10/1961"), name("Wolgograd", "1961/..")];
    home.at(on("2025-08-01")).record([Command::RegisterParty(city)]);
    let named = |words, at| -> Vec<String> {
        let found = parties(&home.ledger, words, &[], Some(at), Cut::Head);
        found.iter().flat_map(|party| party.names.iter().map(|name| name.name.clone())).collect()
    };
    assert_eq!(named("stalin", "1943"), ["Stalingrad"]);
    assert_eq!(named("stalin", "1970"), [] as [&str; 0]);
    assert_eq!(named("volgo", "1961-06"), ["Stalingrad", "Wolgograd"]);
    assert_eq!(parties(&home.ledger, "stalin", &[], None, Cut::Head)[0].names.len(), 3);
    let mut nameless = party("NAMELESS");
    nameless.names = vec![name("Soon so called", "2030/..")];
    home.record([Command::RegisterParty(nameless)]);
    let told = parties(&home.ledger, "", &["NAMELESS"], Some("2025"), Cut::Head);
    assert_eq!((ids(&told), told[0].names.len()), (vec!["NAMELESS"], 0));
    assert_eq!(ids(&parties(&home.ledger, "nameless", &[], Some("2025"), Cut::Head)), ["NAMELESS"]);
}

#[test]
fn a_party_is_found_by_any_of_its_names_however_its_letters_are_written() {
    let home = Home::in_memory();
    let mut city = party("YEREVAN");
    city.names
        .extend(["Երևան", "يريفان", "Erevan", "İrəvan", "إيرِوَان القديـمة"].map(|name| PartyName::new("ar", name)));
    home.at(on("2025-08-01")).record([Command::RegisterParty(city)]);
    for words in ["erevan", "IREVAN", "irəvan", "ایریوان", "يريفا", "ايروان القديمه", "the yer"]
    {
        let expected: &[&str] = if words == "ایریوان" { &[] } else { &["YEREVAN"] };
        assert_eq!(ids(&parties(&home.ledger, words, &[], None, Cut::Head)), expected, "{words}");
    }
}

#[test]
fn an_asked_party_that_nobody_registered_is_an_answer_beside_merges_too() {
    let home = home();
    home.record([merge("RUS", "RUF")]);
    assert_eq!(numbers(&home.ledger, &about(&["GEO-RUS"]), Cut::Head), [] as [u128; 0]);
    assert!(relationships(&home.ledger, "GEO", Cut::Head).is_empty());
}

/// A command of a history in which parties are merged again and again.
fn random_command(random: &mut Random, number: u128) -> Command {
    let any = |random: &mut Random| -> PartyId { party_id(random.of(&ALL)) };
    match random.below(10) {
        0..=4 => Command::MergeParties(any(random), any(random)),
        5 => Command::UnmergeParties(any(random)),
        6 => Command::ReviseParty(party(random.of(&ALL))),
        _ => {
            let mut claim = random_claim(random, number);
            let pair = [any(random), any(random), any(random)].map(|id| id.to_string());
            let id = detente_domain::relationship::RelationshipId::parse(&pair.join("-"));
            claim
                .relationships
                .extend(id.or(detente_domain::relationship::RelationshipId::parse(&pair[1..].join("-"))));
            claim.relationships.dedup();
            assert(claim)
        }
    }
}

#[test]
fn every_answer_at_every_cut_is_that_of_a_record_whose_ids_were_rewritten() {
    let totals = std::cell::Cell::new((0, 0, 0));
    let mut runner =
        TestRunner::new(Config { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..Config::default() });
    let outcome = runner.run(&(any::<u64>(), 5_usize..30, any::<u64>()), |(seed, moves, asked)| {
        let (home, mut oracle, mut random) = (Home::in_memory(), Oracle::default(), Random(seed));
        let registered = registrations().into_iter().chain(["GEO", "IRN"].map(|id| Command::RegisterParty(party(id))));
        for (nth, commands) in std::iter::once(registered.collect())
            .chain((0..moves).map(|nth| vec![random_command(&mut random, 1 + nth as u128)]))
            .enumerate()
        {
            let at = tick(nth as i64);
            if oracle.decide(batch(commands.clone())).is_ok() {
                let before = Cut::Basis(home.ledger.head().basis);
                let appended = home.at(at).record(commands.clone());
                let after = Cut::Basis(appended.at.basis);
                let supposed = answers(&home.ledger, &by_party(asked), before, &commands);
                assert_eq!(supposed, answers(&home.ledger, &by_party(asked), after, &[]), "{commands:?}");
                oracle.must_record(commands, at, false, appended.at.basis);
            } else {
                home.refusal(batch(commands));
            }
        }
        let filters: Vec<Filter> =
            (0..4).map(|_| random_filter(&mut Random(asked), false)).chain(by_party(asked)).collect();
        let compared = everywhere(&home.ledger, &oracle, &filters);
        let merges = oracle.log(oracle.head()).iter().filter(|(_, event)| event.change.registry_id().is_some()).count();
        let (histories, merged, answers) = totals.get();
        totals.set((histories + 1, merged + merges - 8, answers + compared));
        Ok(())
    });
    let (histories, merges, answers) = totals.get();
    println!("{histories} histories, {merges} events about parties, {answers} answers compared");
    outcome.unwrap();
}

/// Filters that ask by party in each way there is.
fn by_party(seed: u64) -> Vec<Filter> {
    let mut random = Random(seed);
    let mut any = || random.of(&ALL);
    let pair = |a: &str, b: &str| detente_domain::relationship::RelationshipId::parse(&format!("{a}-{b}")).ok();
    let relationships = pair(any(), any()).into_iter().chain(pair("AZE", "RUS")).collect();
    vec![
        one(FilterItem { relationships, ..FilterItem::default() }),
        one(FilterItem { parties: vec![party_id(any())], ..FilterItem::default() }),
        one(FilterItem { party_roles: vec![(party_id(any()), word("party"))], ..FilterItem::default() }),
        one(FilterItem { asserted_by: vec![party_id(any())], ..FilterItem::default() }),
    ]
}
