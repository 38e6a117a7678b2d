//! Kinds of claims and code schemes as records of their own: told as of any cut, carried over, kept through every restart.

use crate::support::home::{Home, LEDGER, named_request};
use crate::support::make::{assert, batch, on, party, party_id, state, with, word};
use detente_domain::command::Command;
use detente_domain::cut::Cut;
use detente_domain::kind::{Kind, KindValue, ScaleEntry};
use detente_domain::scheme::Scheme;
use detente_journal::Journal;
use detente_journal::memory::MemoryJournal;
use detente_ledger::Ledger;
use detente_ledger::open::LedgerOptions;
use detente_ledger::query::registry::RegistryQuery;
use detente_ledger::transfer::{export, import};
use detente_ledger::verify::verify;
use detente_proto::v1;

fn border(description: &str) -> Kind {
    Kind {
        kind: word("border_status"),
        description: description.into(),
        single_valued: true,
        value: Some(KindValue::Status),
        scale: vec![ScaleEntry { value: "SIGNED".into(), score: 2.5 }],
        promise: false,
    }
}

fn cameo(entries: usize) -> Scheme {
    let entry = |nth: usize| ScaleEntry { value: format!("{nth:04}").into(), score: nth as f64 / 10.0 - 10.0 };
    Scheme { scheme: "CAMEO".into(), title: "The Goldstein scale".into(), scale: (0..entries).map(entry).collect() }
}

fn query(ids: &[&str], cut: Cut) -> RegistryQuery {
    let ids = ids.iter().map(|id| (*id).into()).collect();
    RegistryQuery { ids, cut, entries: 100, ..RegistryQuery::default() }
}

fn kinds(ledger: &Ledger, ids: &[&str], cut: Cut) -> Vec<(v1::Kind, u32, u64)> {
    let page = ledger.kinds(&query(ids, cut)).unwrap();
    page.entries.into_iter().map(|entry| (entry.message, entry.revision, entry.position.0)).collect()
}

fn schemes(ledger: &Ledger, ids: &[&str], cut: Cut) -> Vec<(v1::Scheme, u32, u64)> {
    let page = ledger.schemes(&query(ids, cut)).unwrap();
    page.entries.into_iter().map(|entry| (entry.message, entry.revision, entry.position.0)).collect()
}

/// One kind with two revisions, one with one, a scheme with two; on the first and the second of August.
fn record(home: &Home) {
    let trade = Kind { kind: word("trade"), value: Some(KindValue::Role(word("seller"))), ..border("") };
    home.at(on("2025-08-01")).record([
        Command::RegisterKind(border("open or shut")),
        Command::RegisterScheme(cameo(20)),
        Command::RegisterKind(trade),
    ]);
    home.at(on("2025-08-02"))
        .record([Command::ReviseKind(border("how far the border is settled")), Command::ReviseScheme(cameo(30))]);
}

#[test]
fn a_kind_and_a_scheme_are_told_as_they_were_at_the_cut() {
    let home = Home::in_memory();
    record(&home);
    let first = kinds(&home.ledger, &["border_status"], Cut::KnownAt(on("2025-08-01")));
    let (kind, revision, position) = &first[0];
    assert_eq!((kind.description.as_str(), *revision, *position), ("open or shut", 1, 1));
    assert_eq!(kind.value.as_ref().unwrap().part, Some(v1::kind_value::Part::Status(v1::StatusValue {})));
    let all = kinds(&home.ledger, &[], Cut::Head);
    let told: Vec<_> = all.iter().map(|(kind, revision, at)| (kind.kind.as_str(), *revision, *at)).collect();
    assert_eq!(told, [("border_status", 2, 4), ("trade", 1, 3)]);
    assert_eq!(schemes(&home.ledger, &["CAMEO"], Cut::KnownAt(on("2025-08-01")))[0].0.scale.len(), 20);
    assert_eq!(schemes(&home.ledger, &["CAMEO", "CAMEO"], Cut::Head)[0].0.scale[29].score, -7.1);
    assert!(kinds(&home.ledger, &["unheard_of"], Cut::Head).is_empty());
    assert!(schemes(&home.ledger, &["PLOVER"], Cut::Head).is_empty());
    assert!(kinds(&home.ledger, &[], Cut::At(detente_domain::position::Position::START)).is_empty());
}

#[test]
fn a_kind_that_nobody_registered_stays_free_to_use() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(with(state(1, "2025/.."), |claim| claim.kind = word("anything")))]);
    assert!(kinds(&home.ledger, &[], Cut::Head).is_empty());
}

#[test]
fn a_retry_is_answered_with_the_kind_and_scheme_it_recorded() {
    let home = Home::in_memory();
    let commands = || [Command::RegisterKind(border("")), Command::RegisterScheme(cameo(1))];
    let first = home.try_record(named_request(1, 1, batch(commands()))).unwrap();
    let again = home.try_record(named_request(1, 1, batch(commands()))).unwrap();
    assert!(again.replayed && again.results == first.results);
    let about: Vec<_> =
        first.results.iter().map(|of| (of.kind.as_deref(), of.scheme.as_deref(), of.revision)).collect();
    assert_eq!(about, [(Some("border_status"), None, 1), (None, Some("CAMEO"), 1)]);
}

#[test]
fn kinds_schemes_names_and_merges_are_carried_over_with_the_record() {
    let home = Home::in_memory().with_registrations();
    record(&home);
    home.record([Command::MergeParties(party_id("RUS"), party_id("TUR"))]);
    home.record([Command::UnmergeParties(party_id("RUS"))]);
    let mut out = Vec::new();
    export::export(home.ledger.ledger_id(), home.ledger.journal(), &mut out, &|_, _| {}).unwrap();
    let mut journal = MemoryJournal::new(LEDGER);
    import::import(&mut out.as_slice(), &mut journal, &|_| {}).unwrap();
    assert_eq!(journal.head(), home.ledger.journal().head());
    let copy = Ledger::start(Box::new(journal), None, &LedgerOptions::default(), &|_, _| {}).unwrap();
    let at = Cut::At(home.ledger.head().position());
    assert_eq!(kinds(&copy, &[], at), kinds(&home.ledger, &[], at));
    assert_eq!(schemes(&copy, &[], at), schemes(&home.ledger, &[], at));
}

#[test]
fn sixteen_of_the_largest_scales_in_one_block_survive_a_restart_and_sled_holds_them_rightly() {
    let home = Home::in_files(1 << 10);
    for nth in 0..20 {
        home.record([Command::RegisterScheme(Scheme { scheme: format!("S{nth:02}").into(), ..cameo(10_000) })]);
    }
    home.record([Command::RegisterParty(party("AZE"))]);
    let data = home.data();
    let before = schemes(&home.ledger, &[], Cut::Head);
    let again = home.reopened_after(|_| {
        let verified = verify(&data, &mut |_, _| {}, &|_, _| {}).unwrap();
        assert_eq!((verified.store.wrong, verified.store.events), (None, 21));
    });
    assert_eq!(schemes(&again.ledger, &[], Cut::Head), before);
    assert_eq!(before.len(), 20);
}
