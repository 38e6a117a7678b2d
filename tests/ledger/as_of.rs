//! Two axes of time, and the traps that others fell into: one test each.

use crate::support::ask::{self, claim, revisions, state_at};
use crate::support::home::{Home, request};
use crate::support::make::{assert, batch, date, event, id, on, period, state, tick, with};
use detente_domain::bound::Bound;
use detente_domain::certainty::Certainty::{Definite, Possible};
use detente_domain::certainty::Mode;
use detente_domain::claim::Time;
use detente_domain::command::{Command, Suppositions};
use detente_domain::cut::{Basis, Cut};
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use detente_domain::vocabulary::{Modality, RetractionReason, RevisionKind};
use detente_ledger::error::{AppendError, QueryError};
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::state::StateQuery;
use std::time::Instant;

fn home() -> Home {
    let home = Home::in_memory().with_registrations();
    home.at(on("2025-08-01"));
    home
}

fn revise(claim: detente_domain::claim::Claim) -> Command {
    Command::Revise(RevisionKind::Correction, Box::new(claim))
}

#[test]
fn a_fact_recorded_later_about_an_earlier_day_is_absent_before_it_was_recorded() {
    let home = home();
    home.at(on("2025-10-10")).record([assert(event(1, "2025-07-03"))]);
    let known_in_august = state_at(&home.ledger, "2025-07", Cut::KnownAt(on("2025-08-02")));
    assert_eq!((known_in_august.certainties(), known_in_august.emptiness), (vec![], Emptiness::NothingRecorded));
    assert_eq!(state_at(&home.ledger, "2025-07", Cut::KnownAt(on("2025-10-10"))).certainties(), [(1, Definite)]);
    assert!(matches!(claim(&home.ledger, id(1), Cut::KnownAt(on("2025-10-09"))), Err(QueryError::ClaimNotFound(_))));
}

#[test]
fn a_backdated_claim_does_not_move_what_now_means_for_any_other() {
    let home = home();
    home.record([assert(state(1, "2020/..")), assert(event(2, "2025-07"))]);
    let before = state_at(&home.ledger, "2025-08-01", Cut::Head);
    home.at(on("2025-08-02")).record([assert(event(3, "1991-12-25")), assert(state(4, "1990/1991"))]);
    let after = state_at(&home.ledger, "2025-08-01", Cut::Head);
    assert_eq!(after.matches[..2], before.matches[..]);
    assert_eq!(after.certainties(), [(1, Definite), (2, Definite), (3, Definite)]);
    assert_eq!(home.ledger.head().recorded_at, Some(on("2025-08-02")));
}

#[test]
fn two_appends_in_one_microsecond_of_the_clock_are_two_revisions_in_order_and_neither_is_hidden() {
    let home = home();
    let first = home.record([assert(state(1, "2025/.."))]);
    let second = home.record([revise(state(1, "2024/.."))]);
    assert_eq!(second.recorded_at, first.recorded_at.map(|at| at.next()));
    for (at, revision) in [(first.recorded_at.unwrap(), 1), (second.recorded_at.unwrap(), 2)] {
        let seen = claim(&home.ledger, id(1), Cut::KnownAt(at)).unwrap();
        assert_eq!(seen.revision, revision, "the recorded time of an append can be asked with at once");
    }
    assert_eq!(revisions(&home.ledger, id(1), Cut::Head, false, 9).unwrap().len(), 2);
}

#[test]
fn recorded_times_grow_although_the_clock_goes_back() {
    let home = home();
    let first = home.record([assert(event(1, "2025"))]);
    let half_a_minute_before = detente_domain::position::RecordedAt(first.recorded_at.unwrap().0 - 30_000_000);
    let second = home.at(half_a_minute_before).record([assert(event(2, "2025"))]);
    assert_eq!(second.recorded_at, first.recorded_at.map(|at| at.next()));
    assert_eq!(state_at(&home.ledger, "2025", Cut::KnownAt(first.recorded_at.unwrap())).certainties(), [(1, Definite)]);
}

#[test]
fn to_assert_one_claim_never_closes_another() {
    let home = home();
    home.record([assert(state(1, "2020/.."))]);
    home.record([assert(state(2, "2025-01/.."))]);
    assert_eq!(state_at(&home.ledger, "2025-08", Cut::Head).certainties(), [(2, Definite), (1, Definite)]);
    assert_eq!(claim(&home.ledger, id(1), Cut::Head).unwrap().revision, 1);
    let successor = Box::new(state(3, "2025-09-01/.."));
    home.at(on("2025-09-01")).record([Command::Supersede(id(1), date("2025-08-31"), successor)]);
    assert_eq!(state_at(&home.ledger, "2025-09-01", Cut::Head).certainties(), [(3, Definite), (2, Definite)]);
    assert_eq!(
        state_at(&home.ledger, "2025-09-01", Cut::KnownAt(on("2025-08-31"))).certainties(),
        [(2, Definite), (1, Definite)]
    );
}

#[test]
fn a_year_is_one_value_however_it_is_written() {
    let home = home();
    home.record([assert(event(1, "1874")), assert(event(2, "1874-XX-XX")), assert(event(3, "1874-XX"))]);
    for asked in ["1873", "1874", "1874-01-01", "1874-06-15", "1874-12-31", "1875"] {
        for mode in [Mode::OccurredBy, Mode::OccurredIn] {
            let found =
                ask::state(&home.ledger, &Filter::default(), period(asked), Some(mode), Cut::Head, false).unwrap();
            let certainties: Vec<_> = found.matches.iter().map(|(_, certainty)| certainty).collect();
            assert!(
                certainties.is_empty() || certainties.len() == 3 && certainties.iter().all(|c| *c == certainties[0])
            );
        }
    }
    let text = |number| match claim(&home.ledger, id(number), Cut::Head).unwrap().valid_from.unwrap().bound.unwrap() {
        detente_proto::v1::bound::Bound::Known(date) => (date.edtf, date.earliest, date.latest),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(1), ("1874".to_owned(), "1874-01-01".to_owned(), "1874-12-31".to_owned()));
    assert_eq!(text(2), ("1874-XX-XX".to_owned(), "1874-01-01".to_owned(), "1874-12-31".to_owned()));
}

#[test]
fn open_and_unknown_ends_differ_and_survive_reopening_and_rebuilding() {
    let ends = [Bound::Open, Bound::Unknown, Bound::Known(date("2024"))];
    let pairs: Vec<(Bound, Bound)> =
        ends.iter().flat_map(|from| ends.iter().map(move |to| (from.clone(), to.clone()))).collect();
    let claims = pairs.iter().zip(1..).map(|((from, to), number)| {
        let time = Time::State(from.clone(), to.clone());
        assert(with(crate::support::make::claim(number, time), |claim| claim.as_of = Some(date("2025-01"))))
    });
    let home = Home::in_files(1 << 20).with_registrations();
    home.record(claims);
    let answers = |home: &Home| {
        let days = ["2023", "2024-06-15", "2025-01-31", "2025-02-01"].map(|day| state_at(&home.ledger, day, Cut::Head));
        let kept = (1..=9).map(|number| claim(&home.ledger, id(number), Cut::Head).unwrap());
        (days, kept.collect::<Vec<_>>())
    };
    let first = answers(&home);
    let before_all = &first.0[0].certainties();
    let sure = |number: u128| before_all.contains(&(number, Definite));
    assert!(
        sure(1) && !sure(2) && !sure(4),
        "open at both ends holds since always, an unknown end may be over: {before_all:?}"
    );
    assert!(first.0[3].certainties().contains(&(4, Definite)), "what was so in January 2025 had begun by then");
    let home = home.reopened_after(|_| {});
    assert_eq!(answers(&home), first);
    let home = home.reopened_after(|sled| std::fs::remove_dir_all(sled).unwrap());
    assert_eq!(answers(&home), first);
}

#[test]
fn extremes_do_not_overflow_and_survive_reopening() {
    let home = Home::in_files(1 << 20).with_registrations();
    let claims = [
        state(1, "Y-99999999999/Y99999999999"),
        event(2, "Y99999999999"),
        event(3, "Y-99999999999"),
        state(4, "../Y-99999999999"),
        state(5, "Y99999999999/.."),
        event(6, "9999-12-31T23:59:59Z"),
    ];
    home.record(claims.map(assert));
    let answers = |home: &Home| {
        let days = ["Y-99999999999", "-9999", "2025", "9999-12-31", "Y99999999999"];
        let modes = [None, Some(Mode::HoldsAt), Some(Mode::OccurredBy), Some(Mode::OccurredIn)];
        let points = days.iter().flat_map(|day| modes.map(|mode| (*day, mode)));
        let state =
            |(day, mode)| ask::state(&home.ledger, &Filter::default(), period(day), mode, Cut::Head, false).unwrap();
        points.map(state).collect::<Vec<_>>()
    };
    let first = answers(&home);
    let found: Vec<Vec<u128>> = first.iter().step_by(4).map(|state| sorted_numbers(state.certainties())).collect();
    assert_eq!(found, [vec![1, 3, 4], vec![1, 3], vec![1, 3], vec![1, 3, 6], vec![1, 2, 3, 5, 6]]);
    let home = home.reopened_after(|_| {});
    assert_eq!(answers(&home), first);
}

fn sorted_numbers(found: Vec<(u128, detente_domain::certainty::Certainty)>) -> Vec<u128> {
    let mut numbers: Vec<u128> = found.into_iter().map(|(number, _)| number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_historical_read_neither_uses_nor_changes_what_is_current() {
    let home = Home::in_files(1).with_registrations();
    let mut bases = Vec::new();
    for nth in 1..=60 {
        let claim = with(state(1, "2025/.."), |claim| claim.place = nth.to_string().into());
        bases.push(home.record([if nth == 1 { assert(claim) } else { revise(claim) }]).at.basis);
    }
    let place = |cut| claim(&home.ledger, id(1), cut).unwrap().place;
    let current = state_at(&home.ledger, "2025", Cut::Head);
    for (nth, basis) in bases.iter().enumerate() {
        assert_eq!(place(Cut::Basis(*basis)), (nth + 1).to_string());
        assert_eq!(place(Cut::Head), "60");
        assert_eq!(state_at(&home.ledger, "2025", Cut::Basis(*basis)).matches[0].0.place, (nth + 1).to_string());
        assert_eq!(state_at(&home.ledger, "2025", Cut::Head), current);
    }
}

#[test]
fn a_retracted_claim_is_not_in_the_default_state_is_flagged_by_id_and_kept_in_history() {
    let home = home();
    home.record([assert(event(1, "2025-07")), assert(event(2, "2025-07"))]);
    let before = home.ledger.head().basis;
    home.at(on("2025-08-02")).record([Command::Retract(id(1), RetractionReason::SourceWithdrawn)]);
    assert_eq!(state_at(&home.ledger, "2025", Cut::Head).certainties(), [(2, Definite)]);
    assert_eq!(ask::claims(&home.ledger, &Filter::default(), Cut::Head, (false, false), 9).len(), 1);
    let retraction = claim(&home.ledger, id(1), Cut::Head).unwrap().retraction.unwrap();
    assert_eq!(retraction.reason(), detente_proto::v1::RetractionReason::SourceWithdrawn);
    assert_eq!(retraction.note, "0");
    let everything = ask::state(&home.ledger, &Filter::default(), period("2025"), None, Cut::Head, true).unwrap();
    assert_eq!(everything.matches.iter().filter(|(claim, _)| claim.retraction.is_some()).count(), 1);
    let history = revisions(&home.ledger, id(1), Cut::Head, false, 9).unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[1].2, Some(history[0].1.clone()));
    assert_eq!(
        state_at(&home.ledger, "2025", Cut::Basis(before)).certainties().len(),
        2,
        "what was known does not change"
    );
    let only = ask::one(detente_domain::filter::FilterItem { claim_ids: vec![id(1)], ..Default::default() });
    let alone = ask::state(&home.ledger, &only, period("2025"), None, Cut::Head, false).unwrap();
    assert_eq!(alone.emptiness, Emptiness::OnlyRetracted);
    home.record([Command::Reinstate(id(1))]);
    assert_eq!(claim(&home.ledger, id(1), Cut::Head).unwrap().retraction, None);
}

#[test]
fn the_same_fact_at_two_times_is_a_succession_of_two_claims() {
    let home = home();
    home.record([assert(state(1, "2010/2012")), assert(state(2, "2020/2022"))]);
    let found = |day| state_at(&home.ledger, day, Cut::Head).certainties();
    assert_eq!((found("2011"), found("2021")), (vec![(1, Definite)], vec![(2, Definite)]));
    assert_eq!(state_at(&home.ledger, "2015", Cut::Head).emptiness, Emptiness::NothingCovers);
    assert_eq!(ask::claims(&home.ledger, &Filter::default(), Cut::Head, (false, false), 9).len(), 2);
}

#[test]
fn known_at_includes_the_very_instant_and_not_the_one_before() {
    let home = home();
    let at = home.at(on("2025-08-02")).record([assert(event(1, "2025"))]).recorded_at.unwrap();
    let before = detente_domain::position::RecordedAt(at.0 - 1);
    assert_eq!(state_at(&home.ledger, "2025", Cut::KnownAt(at)).certainties(), [(1, Definite)]);
    assert_eq!(state_at(&home.ledger, "2025", Cut::KnownAt(before)).certainties(), []);
}

#[test]
fn between_the_head_and_the_clock_is_the_head_and_later_is_the_future() {
    let home = home();
    home.record([assert(event(1, "2025"))]);
    home.at(on("2025-09-01"));
    let head = home.ledger.head();
    let asked = home.ledger.state(&question(Cut::KnownAt(on("2025-09-01")))).unwrap();
    assert_eq!(
        (asked.at.basis, asked.at.recorded_at, asked.at.known_at),
        (head.basis, head.recorded_at, Some(on("2025-09-01")))
    );
    let refused = |cut| home.ledger.state(&question(cut)).unwrap_err();
    let future = refused(Cut::KnownAt(on("2025-09-01").next()));
    assert!(matches!(future, QueryError::CutInFuture { head, now } if head == Position(7) && now == on("2025-09-01")));
    assert!(matches!(refused(Cut::At(Position(8))), QueryError::CutInFuture { .. }));
    assert!(matches!(refused(Cut::At(Position(u64::MAX))), QueryError::CutInFuture { .. }));
}

fn question(cut: Cut) -> StateQuery {
    let page = PageSize { entries: 100, bytes: 1 << 20 };
    StateQuery {
        filter: Filter::default(),
        valid_at: period("2025"),
        mode: None,
        cut,
        include_retracted: false,
        skip: 0,
        page,
        supposed: Suppositions::default(),
    }
}

#[test]
fn a_position_inside_an_append_is_refused_with_the_ones_around_it() {
    let home = home();
    home.record([assert(event(1, "2025")), assert(event(2, "2025")), assert(event(3, "2025"))]);
    for inside in [7, 8] {
        let error = home.ledger.state(&question(Cut::At(Position(inside)))).unwrap_err();
        assert!(matches!(error, QueryError::CutInsideAppend { before: Position(6), after: Position(9) }), "{error:?}");
    }
    for (end, claims) in [(0, 0), (6, 0), (9, 3)] {
        assert_eq!(state_at(&home.ledger, "2025", Cut::At(Position(end))).matches.len(), claims);
    }
}

#[test]
fn a_basis_of_another_history_is_refused() {
    let (home, other) = (home(), home());
    let ours = home.record([assert(event(1, "2025"))]).at.basis;
    let theirs = other.record([assert(event(2, "2025"))]).at.basis;
    assert_eq!(ours.position, theirs.position);
    let beyond = Basis { position: Position(99), ..ours };
    let inside = Basis { position: Position(3), ..ours };
    for basis in [theirs, beyond, inside, Basis { mark: [0; 8], ..ours }, Basis { position: Position::START, ..ours }] {
        let error = home.ledger.state(&question(Cut::Basis(basis))).unwrap_err();
        assert!(matches!(error, QueryError::BasisMismatch), "{basis}: {error:?}");
    }
    assert_eq!(state_at(&home.ledger, "2025", Cut::Basis(ours)).certainties(), [(1, Definite)]);
}

#[test]
fn an_answer_at_a_basis_never_changes_while_the_record_goes_on() {
    let home = Home::in_files(1 << 10).with_registrations();
    let mut answers: Vec<ask::State> = Vec::new();
    for nth in 1..=40_u128 {
        let change = match nth % 5 {
            0 => Command::Retract(id(nth - 4), RetractionReason::Wrong),
            1 => assert(state(nth, "2025/..")),
            2 => Command::Confirm(id(nth - 1), date("2025-06")),
            3 => Command::Dispute(id(nth - 2), crate::support::make::dispute(nth)),
            _ => revise(state(nth - 3, "2024/2026")),
        };
        home.record([change]);
        answers.push(state_at(&home.ledger, "2025-07", Cut::Head));
        for answer in &answers {
            assert_eq!(state_at(&home.ledger, "2025-07", Cut::Basis(answer.basis)), *answer);
        }
    }
}

#[test]
fn a_backfill_keeps_its_recorded_times_and_never_goes_back() {
    let home = Home::in_memory();
    let fill = |commands: Vec<Command>, at| home.ledger.backfill(request(batch(commands)), at);
    fill(crate::support::make::registrations(), on("2010-01-01")).unwrap();
    fill(vec![assert(event(1, "2010"))], on("2010-06-01")).unwrap();
    fill(vec![assert(event(2, "2010"))], on("2010-06-01")).unwrap();
    assert!(matches!(fill(vec![assert(event(3, "2010"))], on("2010-05-31")), Err(AppendError::RecordedTimeGoesBack)));
    home.at(on("2025-01-01")).record([assert(event(4, "2010"))]);
    let known = |day| state_at(&home.ledger, "2010", Cut::KnownAt(on(day))).certainties().len();
    assert_eq!((known("2010-05-31"), known("2010-06-01"), known("2025-01-01")), (0, 2, 3));
}

#[test]
fn an_old_still_true_shows_its_age() {
    let home = home();
    home.record([
        assert(with(state(1, "2020/.."), |claim| claim.as_of = Some(date("2025-05")))),
        assert(state(2, "2020/2030")),
    ]);
    let ages = |day| state_at(&home.ledger, day, Cut::Head).ages;
    assert_eq!(ages("2025-06-30"), [Some(30), None]);
    assert_eq!(ages("2025-05-31"), [Some(0), None]);
    assert_eq!(ages("2025-04-30"), [Some(-31), None]);
    home.record([Command::Confirm(id(1), date("2025-06-29"))]);
    assert_eq!(ages("2025-06-30"), [Some(1), None]);
}

#[test]
fn a_confirmation_as_of_an_earlier_day_than_was_ever_said_brings_the_unknown_start_forward() {
    let home = home();
    let sometime = |as_of: Option<&str>| {
        let time = Time::State(Bound::Unknown, Bound::Open);
        with(crate::support::make::claim(1, time), |claim| claim.as_of = as_of.map(date))
    };
    home.record([assert(sometime(Some("2025-05-01")))]);
    assert_eq!(state_at(&home.ledger, "2025-04-01", Cut::Head).certainties(), [(1, Possible)]);
    home.record([revise(sometime(None))]);
    home.record([Command::Confirm(id(1), date("2025-03-01"))]);
    assert_eq!(state_at(&home.ledger, "2025-04-01", Cut::Head).certainties(), [(1, Definite)]);
    assert_eq!(state_at(&home.ledger, "2025-02-28", Cut::Head).certainties(), [(1, Possible)]);
}

#[test]
fn which_nothing_it_is_follows_the_record() {
    let home = home();
    let nothing = |day| state_at(&home.ledger, day, Cut::Head).emptiness;
    assert_eq!(nothing("2025"), Emptiness::NothingRecorded);
    home.record([assert(with(state(1, "2025-06/2025-07"), |claim| claim.modality = Modality::Absent))]);
    assert_eq!(nothing("2025-06-30"), Emptiness::RecordedAbsence(Definite));
    assert_eq!(nothing("2025-06-29"), Emptiness::RecordedAbsence(Possible));
    assert_eq!(nothing("2026"), Emptiness::NothingCovers);
    home.record([Command::Retract(id(1), RetractionReason::Wrong)]);
    assert_eq!(nothing("2025-06-30"), Emptiness::OnlyRetracted);
    home.record([assert(event(2, "2025-06-01"))]);
    assert_eq!(nothing("2025-06-30"), Emptiness::NotEmpty);
    assert_eq!(nothing("2025-05-31"), Emptiness::NothingCovers);
}

#[test]
fn the_state_of_very_many_claims_comes_in_pages_of_bounded_size() {
    const CLAIMS: u128 = 200_000;
    const BYTES: usize = 3 << 20;
    let began = Instant::now();
    let home = home();
    for first in (1..=CLAIMS).step_by(10_000) {
        home.record((first..first + 10_000).map(|number| assert(event(number, "2025"))));
    }
    let recorded = began.elapsed();
    let (mut query, mut seen, mut pages) = (question(Cut::Basis(home.ledger.head().basis)), 0, 0);
    query.page = PageSize { entries: usize::MAX, bytes: BYTES };
    home.record([assert(event(CLAIMS + 1, "2025"))]);
    loop {
        let page = home.ledger.state(&query).unwrap();
        assert!(page.claims.byte_len() < BYTES + 1000);
        assert_eq!(page.claims.len(), page.matches.len());
        let numbers = page.claims.iter().map(|bytes| ask::number(&ask::decode_claim(bytes)));
        assert!(numbers.zip(0..).all(|(number, nth)| number == CLAIMS - seen - nth), "newest first, each once");
        (seen, pages) = (seen + page.claims.len() as u128, pages + 1);
        let Some(next) = page.next else { break };
        query.skip = next;
    }
    assert_eq!(seen, CLAIMS);
    assert!(tick(0) < on("2026-01-01"));
    println!("{CLAIMS} claims recorded in {recorded:?}, read in {pages} pages, {:?} in all", began.elapsed());
}

#[test]
fn the_pages_of_a_large_state_are_the_whole_whatever_is_recorded_between_them() {
    const CLAIMS: u128 = 2_500;
    let home = home();
    let certain = |number: u128| if number.is_multiple_of(3) { "2024-12/2025-02" } else { "2025-01-15" };
    home.record((1..=CLAIMS).map(|number| assert(event(number, certain(number)))));
    let page = |skip, entries, cut| {
        let page = PageSize { entries, bytes: 64 << 20 };
        let query = StateQuery { skip, page, valid_at: period("2025-01"), ..question(cut) };
        let state = home.ledger.state(&query).unwrap();
        let claims: Vec<Vec<u8>> = state.claims.iter().map(<[u8]>::to_vec).collect();
        let certainties: Vec<_> = state.matches.iter().map(|found| found.certainty).collect();
        (claims.into_iter().zip(certainties).collect::<Vec<_>>(), state.emptiness, state.next, state.at.basis)
    };
    let (whole, emptiness, next, basis) = page(0, 10_000, Cut::Head);
    assert_eq!((whole.len() as u128, next), (CLAIMS, None));
    // Each page is found again from nothing: no question began at the beginning.
    let anew: Vec<_> = (0..5).rev().map(|nth| page(nth * 600, 600, Cut::Basis(basis)).0).collect();
    assert_eq!(anew.into_iter().rev().flatten().collect::<Vec<_>>(), whole);
    // Each page where the one before ended, while the record goes on and another reads the same.
    let (mut read, mut skip) = (Vec::new(), Some(0));
    while let Some(from) = skip {
        let (rows, found, next, at) = page(from, 700, Cut::Basis(basis));
        assert_eq!((found, at), (emptiness, basis));
        read.extend(rows);
        home.record([assert(event(CLAIMS + 1 + u128::from(from), "2025-01-20"))]);
        assert_eq!(page(0, 900, Cut::Basis(basis)).0, whole[..900]);
        skip = next;
    }
    assert_eq!(read, whole);
}
