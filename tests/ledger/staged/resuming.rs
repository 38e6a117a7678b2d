//! Every step can be tried again, in this run of the ledger and in the next.

use super::commands::{add_all, assertions, commit, commit_whole, lay_out, new, progress, uuid};
use crate::support::home::{Home, open};
use crate::support::make::tick;
use detente_domain::position::Position;
use detente_journal::memory::MemoryJournal;
use detente_ledger::Ledger;
use detente_ledger::open::{LedgerOptions, stages_dir, store_dir};
use detente_ledger::transfer::{export, import};
use detente_ledger::write::stage::{NewStage, StageError, StageState};

#[test]
fn opening_again_in_the_same_words_returns_the_stage_as_far_as_it_is_also_after_a_restart() {
    let mut home = Home::in_files(1 << 20).with_registrations();
    let commands = assertions(1..8);
    let first = home.ledger.open_stage(&new(7)).unwrap();
    assert_eq!(progress(&first).next, 0);
    for so_far in [3, 3, 7] {
        add_all(&home.ledger, 7, &commands[..so_far], 2);
        home = home.reopened_after(|_| {});
        let again = home.at(tick(9)).ledger.open_stage(&new(7)).unwrap();
        assert_eq!(progress(&again).next, so_far as u64);
        assert_eq!(home.ledger.stage(uuid(7)).unwrap(), again);
        assert_eq!(home.ledger.list_stages(), [again]);
    }
    let append = commit_whole(&home, 7).append;
    assert_eq!(append.span, Some((Position(7), Position(13))));
}

#[test]
fn an_id_that_was_used_in_other_words_or_for_an_append_is_refused() {
    let home = Home::in_files(1 << 20).with_registrations();
    home.ledger.open_stage(&new(7)).unwrap();
    let others: [fn(&mut NewStage); 3] = [
        |new| new.recorded_by = "another".to_owned(),
        |new| new.title = "another".to_owned(),
        |new| new.recorded_at = Some(tick(0)),
    ];
    let refused = |home: &Home| {
        for change in others {
            let mut other = new(7);
            change(&mut other);
            assert!(matches!(home.ledger.open_stage(&other), Err(StageError::IdReused)), "{other:?}");
        }
    };
    refused(&home);
    lay_out(&home.ledger, 7, &assertions(1..2), 1);
    commit_whole(&home, 7);
    refused(&home);
    let appended = crate::support::home::named_request(
        8,
        1,
        crate::support::make::batch([crate::support::make::assert(crate::support::make::event(9, "2025"))]),
    );
    home.try_record(appended).unwrap();
    assert!(matches!(home.ledger.open_stage(&new(8)), Err(StageError::IdReused)));
    assert!(matches!(home.ledger.commit_stage(&commit(8)), Err(StageError::IdReused)));
    assert!(matches!(home.ledger.stage(uuid(8)), Err(StageError::NotFound(_))));
}

#[test]
fn commands_that_are_staged_already_are_passed_over_and_a_gap_is_refused() {
    let home = Home::in_memory().with_registrations();
    let commands = assertions(1..8);
    lay_out(&home.ledger, 7, &commands[..3], 3);
    let before = home.ledger.add_to_stage(uuid(7), 0, &commands[..3]).unwrap();
    assert_eq!(before.next, 3);
    assert_eq!(home.ledger.add_to_stage(uuid(7), 1, &commands[1..5]).unwrap().next, 5);
    assert_eq!(home.ledger.add_to_stage(uuid(7), 5, &[]).unwrap().next, 5);
    let gap = home.ledger.add_to_stage(uuid(7), 6, &commands[6..]);
    assert!(matches!(gap, Err(StageError::Gap { next: 5, .. })), "{gap:?}");
    assert_eq!(home.ledger.add_to_stage(uuid(7), 5, &commands[5..]).unwrap().next, 7);
    assert_eq!(commit_whole(&home, 7).append.tally.total(), 7);
}

#[test]
fn a_recorded_stage_is_committed_once_for_ever_after_restart_rebuild_and_in_a_copy() {
    let home = Home::in_files(1 << 20).with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..40), 7);
    let first = commit_whole(&home, 7);
    let again = |ledger: &Ledger| {
        let again = ledger.commit_stage(&commit(7)).unwrap();
        assert!(again.replayed);
        assert_eq!(
            (again.append.at.basis, again.append.span, again.append.recorded_at, &again.append.tally),
            (first.append.at.basis, first.append.span, first.append.recorded_at, &first.append.tally)
        );
        assert_eq!(ledger.head().basis, first.append.at.basis, "asking again records nothing");
        let opened = ledger.open_stage(&new(7)).unwrap();
        assert!(matches!(&opened.state, StageState::Recorded(append) if append.tally == first.append.tally));
        assert_eq!(ledger.stage(uuid(7)).unwrap(), opened);
        let more = ledger.add_to_stage(uuid(7), 39, &assertions(50..51));
        assert!(matches!(more, Err(StageError::Recorded(_))), "{more:?}");
        assert!(!ledger.drop_stage(uuid(7)).unwrap());
        assert_eq!(ledger.list_stages(), []);
    };
    again(&home.ledger);
    let mut out = Vec::new();
    export::export(home.ledger.ledger_id(), home.ledger.journal(), &mut out, &|_, _| {}).unwrap();
    let home = home.reopened_after(|_| {});
    again(&home.ledger);
    let home = home.reopened_after(|sled| std::fs::remove_dir_all(sled).unwrap());
    again(&home.ledger);
    let mut journal = MemoryJournal::new(home.ledger.ledger_id());
    import::import(&mut out.as_slice(), &mut journal, &|_| {}).unwrap();
    let copy = Ledger::start(Box::new(journal), None, &LedgerOptions::default(), &|_, _| {}).unwrap();
    let replayed = copy.commit_stage(&commit(7)).unwrap();
    assert!(replayed.replayed && replayed.append.at.basis == first.append.at.basis);
}

#[test]
fn a_stage_of_a_recorded_append_that_was_left_behind_is_removed_by_the_next_start() {
    let home = Home::in_files(1 << 20).with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..4), 2);
    let file = stages_dir(&home.data()).join(format!("{}.stage", uuid(7)));
    let staged = std::fs::read(&file).unwrap();
    commit_whole(&home, 7);
    assert!(!file.exists());
    let data = home.data();
    let home = home.reopened_after(|_| std::fs::write(&file, &staged).unwrap());
    assert!(!file.exists());
    assert!(home.ledger.commit_stage(&commit(7)).unwrap().replayed);
    home.ledger.close();
    assert!(store_dir(&data).exists());
}

#[test]
fn a_stage_is_dropped_once_with_its_file_and_its_id_is_free_again() {
    let home = Home::in_files(1 << 20).with_registrations();
    assert!(!home.ledger.drop_stage(uuid(7)).unwrap());
    lay_out(&home.ledger, 7, &assertions(1..4), 2);
    assert!(home.ledger.drop_stage(uuid(7)).unwrap());
    assert!(!home.ledger.drop_stage(uuid(7)).unwrap());
    assert_eq!(std::fs::read_dir(stages_dir(&home.data())).unwrap().count(), 0);
    for gone in [
        home.ledger.stage(uuid(7)).map(drop),
        home.ledger.commit_stage(&commit(7)).map(drop),
        home.ledger.add_to_stage(uuid(7), 0, &assertions(1..2)).map(drop),
    ] {
        assert!(matches!(gone, Err(StageError::NotFound(_))), "{gone:?}");
    }
    assert_eq!(progress(&home.ledger.open_stage(&new(7)).unwrap()).next, 0);
}

#[test]
fn exports_and_copies_have_no_open_stages() {
    let home = Home::in_files(1 << 20).with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..4), 2);
    let mut out = Vec::new();
    export::export(home.ledger.ledger_id(), home.ledger.journal(), &mut out, &|_, _| {}).unwrap();
    assert!(!String::from_utf8(out).unwrap().contains("claim number 1"));
    home.ledger.close();
    let clock = std::sync::Arc::clone(&home.clock);
    let data = home.data();
    detente_ledger::verify::verify(&data, &mut |_, _| {}, &|_, _| {}).unwrap();
    drop(home.ledger);
    assert_eq!(open(&data, &clock, 1 << 20).list_stages().len(), 1);
}
