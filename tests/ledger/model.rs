//! The ledger against a model of it that keeps a list and folds it: random histories, every question, at every point of
//! the grid; in memory, in files, opened again, and with sled rebuilt from the journal.

use crate::support::compare::everywhere;
use crate::support::home::{Home, request};
use crate::support::make::{batch, registrations, tick};
use crate::support::oracle::Oracle;
use crate::support::random::{Random, any_command, random_filter};
use detente_domain::command::Command;
use detente_domain::filter::Filter;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// An append as seeds: of its recorded time, and of each of its commands.
type Move = (u64, Vec<u64>);

/// Plays a history on the ledgers and the model. Returns the model, and how many appends were refused by all.
fn play(homes: &[&Home], moves: &[Move]) -> (Oracle, usize) {
    let mut oracle = Oracle::default();
    let mut refused = 0;
    append(homes, &mut oracle, registrations(), 0);
    for (time, seeds) in moves {
        let known = oracle.claims(oracle.head());
        let is_recorded = |number| known.iter().any(|known| known.content.id == crate::support::make::id(number));
        let commands: Vec<Command> = seeds.iter().map(|seed| any_command(&mut Random(*seed), &is_recorded)).collect();
        refused += usize::from(!append(homes, &mut oracle, commands, *time));
    }
    (oracle, refused)
}

/// Records by the clock or as a backfill, at the same instant or a little later. False if everyone refused alike.
fn append(homes: &[&Home], oracle: &mut Oracle, commands: Vec<Command>, time: u64) -> bool {
    let last = oracle.appends.last().map_or(tick(0), |append| append.recorded_at);
    let backfilled = !time.is_multiple_of(4);
    let earliest = last.0 + i64::from(!backfilled && !oracle.appends.is_empty());
    let at = detente_domain::position::RecordedAt(earliest + (time / 4 % 3) as i64);
    let decided = oracle.decide(batch(commands.clone()));
    let mut bases = Vec::new();
    for home in homes {
        let request = request(batch(commands.clone()));
        home.at(at);
        let got = if backfilled { home.ledger.backfill(request, at) } else { home.try_record(request) };
        match (&decided, got) {
            (Ok(events), Ok(appended)) => {
                assert_eq!(appended.recorded_at, Some(at));
                assert_eq!(appended.at.position().0, oracle.head().0 + events.len() as u64);
                assert_eq!(appended.results.len(), commands.len());
                bases.push(appended.at.basis);
            }
            (Err(expected), Err(detente_ledger::error::AppendError::Rejected(got))) => assert_eq!(got, *expected),
            (decided, got) => panic!("the model says {decided:?}, the ledger {got:?}"),
        }
    }
    if decided.is_ok() {
        assert!(bases.windows(2).all(|pair| pair[0] == pair[1]), "one history has one basis wherever it is kept");
        oracle.must_record(commands, at, backfilled, bases[0]);
    }
    decided.is_ok()
}

fn filters(seed: u64) -> Vec<Filter> {
    let mut random = Random(seed);
    let plain = (0..4).map(|_| random_filter(&mut random, false)).collect::<Vec<_>>();
    let searching = random_filter(&mut random, true);
    [Filter::default(), searching].into_iter().chain(plain).collect()
}

fn check(cases: u32, moves: std::ops::Range<usize>, with_files: bool) {
    let totals = std::cell::Cell::new((0, 0, 0, 0));
    let history = prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u64>(), 1..4)), moves);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 100, ..Config::default() });
    let outcome = runner.run(&(history, any::<u64>()), |(moves, seed)| {
        let memory = Home::in_memory();
        let files = with_files.then(|| Home::in_files(1 << 10));
        let homes: Vec<&Home> = std::iter::once(&memory).chain(&files).collect();
        let (oracle, refused) = play(&homes, &moves);
        let filters = filters(seed);
        let mut compared = everywhere(&memory.ledger, &oracle, &filters);
        if let Some(files) = files {
            compared += everywhere(&files.ledger, &oracle, &filters);
            let again = files.reopened_after(|_| {});
            compared += everywhere(&again.ledger, &oracle, &filters);
            let rebuilt = again.reopened_after(|sled| std::fs::remove_dir_all(sled).unwrap());
            compared += everywhere(&rebuilt.ledger, &oracle, &filters);
        }
        let (histories, events, refusals, answers) = totals.get();
        totals.set((histories + 1, events + oracle.head().0, refusals + refused, answers + compared));
        Ok(())
    });
    let (histories, events, refused, compared) = totals.get();
    println!("{histories} histories, {events} events, {refused} appends refused alike, {compared} answers compared");
    outcome.unwrap();
}

#[test]
fn a_ledger_in_memory_answers_every_question_as_the_model_does() {
    check(24, 5..60, false);
}

#[test]
fn a_ledger_in_files_answers_the_same_as_it_is_and_opened_again_and_rebuilt() {
    check(6, 10..40, true);
}
