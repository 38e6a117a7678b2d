//! Many at once: of two appends decided on the same state one wins, a request is recorded once, and readers that run
//! while others write see whole appends and answers that do not move.

use crate::support::ask;
use crate::support::home::{Home, named_request, request};
use crate::support::make::{assert, batch, batch_if, event, id, on, state, tick, with, word};
use detente_domain::command::{Command, Expectation, Precondition};
use detente_domain::cut::{Basis, Cut};
use detente_domain::filter::{Filter, FilterItem, Pattern};
use detente_domain::position::Position;
use detente_domain::rejection::{Conflict, Rejection};
use detente_domain::vocabulary::RevisionKind;
use detente_ledger::error::AppendError;
use detente_ledger::query::events::Start;
use detente_ledger::write::append::{AppendReceipt, AppendRequest};
use std::sync::atomic::{AtomicBool, Ordering};

const TASKS: usize = 64;

/// Sends all requests at once, each from a task of its own.
fn all_at_once(home: &Home, requests: Vec<AppendRequest>) -> Vec<Result<AppendReceipt, AppendError>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let barrier = tokio::sync::Barrier::new(requests.len());
    std::thread::scope(|scope| {
        let asked = requests.into_iter().map(|request| {
            let (handle, ledger, barrier) = (runtime.handle().clone(), &home.ledger, &barrier);
            scope.spawn(move || {
                handle.block_on(async {
                    barrier.wait().await;
                    ledger.append(request).await
                })
            })
        });
        let asked: Vec<_> = asked.collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn conflicts(error: &AppendError) -> &[Conflict] {
    match error {
        AppendError::Rejected(Rejection::Conflicts(conflicts)) => conflicts,
        other => panic!("{other:?}"),
    }
}

fn homes() -> [Home; 2] {
    [Home::in_memory().with_registrations(), Home::in_files(1 << 20).with_registrations()]
}

#[test]
fn of_many_that_expect_the_same_revision_exactly_one_wins_and_the_others_are_told_the_actual_one() {
    for home in homes() {
        home.record([assert(state(1, "2025/.."))]);
        let expected = Precondition::Revision(id(1), Expectation::Exact(1));
        let revision = |nth: usize| {
            let claim = with(state(1, "2025/.."), |claim| claim.place = nth.to_string().into());
            request(batch_if([Command::Revise(RevisionKind::Correction, Box::new(claim))], vec![expected.clone()]))
        };
        let answers = all_at_once(&home, (0..TASKS).map(revision).collect());
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().enumerate().partition(|(_, answer)| answer.is_ok());
        assert_eq!((won.len(), lost.len()), (1, TASKS - 1));
        for (_, answer) in lost {
            let conflict =
                Conflict::Revision { index: 0, claim: id(1), expected: "revision 1".to_owned(), actual: Some(2) };
            assert_eq!(conflicts(answer.as_ref().unwrap_err()), [conflict]);
        }
        let recorded = ask::claim(&home.ledger, id(1), Cut::Head).unwrap();
        assert_eq!((recorded.revision, recorded.place), (2, won[0].0.to_string()));
    }
}

#[test]
fn of_many_that_found_nothing_and_expect_that_still_exactly_one_records_something() {
    for home in homes() {
        let treaties = FilterItem { kinds: vec![Pattern::parse("treaty")], ..FilterItem::default() };
        let seen = home.ledger.head().position();
        let nothing_since = Precondition::Boundary(Filter { items: vec![treaties] }, seen);
        let treaty = |nth: usize| {
            let claim = with(event(1 + nth as u128, "2025"), |claim| claim.kind = word("treaty"));
            request(batch_if([assert(claim)], vec![nothing_since.clone()]))
        };
        let answers = all_at_once(&home, (0..TASKS).map(treaty).collect());
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(conflicts(error), [Conflict::Boundary { index: 0, after: seen, touched_at: seen.next() }]);
        }
        assert_eq!(home.ledger.head().position(), seen.next());
        let other = home.try_record(request(batch_if([assert(event(900, "2025"))], vec![nothing_since])));
        assert!(other.is_err(), "the boundary holds for whoever comes later, too");
    }
}

#[test]
fn a_boundary_is_crossed_by_what_leaves_the_filter_as_well() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(with(event(1, "2025"), |claim| claim.kind = word("treaty")))]);
    let seen = home.ledger.head().position();
    home.record([Command::Revise(RevisionKind::Recoded, Box::new(event(1, "2025")))]);
    let treaties = FilterItem { kinds: vec![Pattern::parse("treaty")], ..FilterItem::default() };
    let since = |after| Precondition::Boundary(Filter { items: vec![treaties.clone()] }, after);
    let error = home.try_record(request(batch_if([assert(event(2, "2025"))], vec![since(seen)]))).unwrap_err();
    assert_eq!(conflicts(&error), [Conflict::Boundary { index: 0, after: seen, touched_at: seen.next() }]);
    home.try_record(request(batch_if([assert(event(2, "2025"))], vec![since(seen.next())]))).unwrap();
}

#[test]
fn the_same_request_from_many_tasks_is_recorded_once_and_all_get_the_first_reply() {
    for home in homes() {
        let expected = Precondition::Revision(id(1), Expectation::Absent);
        let body = || batch_if([assert(event(1, "2025")), assert(event(2, "2025"))], vec![expected.clone()]);
        let before = home.ledger.head().position();
        let answers = all_at_once(&home, (0..TASKS).map(|_| named_request(7, 1, body())).collect());
        let answers: Vec<AppendReceipt> = answers.into_iter().map(Result::unwrap).collect();
        let (first, again): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer.replayed);
        assert_eq!((first.len(), again.len()), (1, TASKS - 1));
        assert!(again.iter().all(|answer| AppendReceipt { replayed: false, ..(*answer).clone() } == *first[0]));
        assert_eq!(home.ledger.head().position(), before.plus(2));
        let other = home.try_record(named_request(7, 2, batch([assert(event(3, "2025"))])));
        assert!(matches!(other, Err(AppendError::RequestIdReused)));
        assert_eq!(home.ledger.head().position(), before.plus(2));
    }
}

#[test]
fn different_requests_from_many_tasks_are_all_recorded_at_positions_of_their_own() {
    for home in homes() {
        let pair = |nth: usize| {
            let claims = [1, 2].map(|of| assert(event((nth * 2 + of) as u128, "2025")));
            named_request(1000 + nth as u128, 1, batch(claims))
        };
        let answers = all_at_once(&home, (0..TASKS).map(pair).collect());
        let mut seen: Vec<(Position, Basis)> =
            answers.iter().map(|a| a.as_ref().unwrap()).map(|a| (a.at.position(), a.at.basis)).collect();
        seen.sort_by_key(|(position, _)| *position);
        let first = home.ledger.head().position().0 - 2 * TASKS as u64;
        assert!(seen.iter().zip(1..).all(|((position, _), nth)| position.0 == first + 2 * nth));
        for (_, basis) in seen {
            assert_eq!(ask::state_at(&home.ledger, "2025", Cut::Basis(basis)).basis, basis);
        }
    }
}

/// With hardly any cache every reader loads blocks from sled while the writer fills it and the saver empties it.
#[test]
fn readers_beside_writers_see_whole_appends_and_answers_that_do_not_move() {
    const PAIRS: u128 = 400;
    let home = Home::in_files(1).with_registrations();
    home.at(on("2026-01-01"));
    let done = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(|| watch(&home, &done))).collect();
        for nth in 0..PAIRS {
            home.record([assert(event(2 * nth + 1, "2025")), assert(event(2 * nth + 2, "2025"))]);
        }
        done.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<usize>()
    });
    assert_eq!(ask::state_at(&home.ledger, "2025", Cut::Head).matches.len() as u128, 2 * PAIRS);
    println!("{reads} reads beside {PAIRS} appends");
}

fn watch(home: &Home, done: &AtomicBool) -> usize {
    let first = ask::state_at(&home.ledger, "2025", Cut::Head);
    let mut reads = 0;
    while !done.load(Ordering::SeqCst) {
        let now = ask::state_at(&home.ledger, "2025", Cut::Head);
        assert_eq!(now.matches.len() % 2, 0, "an append is seen whole or not at all");
        assert_eq!(ask::state_at(&home.ledger, "2025", Cut::Basis(first.basis)), first);
        let events = ask::events(&home.ledger, Start::After(Position::START), None, 1 << 16);
        assert!(events.iter().zip(1..).all(|(event, position)| event.position == position));
        assert!(events.len() as u64 >= now.basis.position.0);
        let listed = ask::claims(&home.ledger, &Filter::default(), Cut::Basis(now.basis), (false, true), 100);
        assert_eq!(listed.len(), now.matches.len());
        reads += 4;
    }
    assert!(tick(0) < home.ledger.head().recorded_at.unwrap());
    reads
}
