//! The limits of staging.

use super::commands::{assertions, commit, new, new_at, uuid};
use crate::support::home::{LEDGER, options};
use crate::support::make::{registrations, tick};
use detente_ledger::Ledger;
use detente_ledger::clock::ManualClock;
use detente_ledger::open::LedgerOptions;
use detente_ledger::write::stage::{StageError, StageLimits};
use std::sync::Arc;

fn limited_ledger(stages: usize, bytes: u64) -> Ledger {
    let clock = Arc::new(ManualClock::at(tick(0)));
    let options = LedgerOptions { stages: StageLimits { stages, bytes }, ..options(&clock, 1 << 20) };
    let ledger = Ledger::in_memory(LEDGER, &options).unwrap();
    let registered = ledger.append(crate::support::home::request(crate::support::make::batch(registrations())));
    crate::support::home::block_on(registered).unwrap();
    ledger
}

#[test]
fn one_stage_too_many_is_refused_until_another_is_recorded_or_dropped() {
    let ledger = limited_ledger(2, 1 << 20);
    ledger.open_stage(&new(1)).unwrap();
    ledger.open_stage(&new(2)).unwrap();
    assert!(matches!(ledger.open_stage(&new(3)), Err(StageError::TooMany(2))));
    ledger.open_stage(&new(2)).unwrap();
    ledger.drop_stage(uuid(1)).unwrap();
    ledger.open_stage(&new(3)).unwrap();
    ledger.add_to_stage(uuid(2), 0, &assertions(1..2)).unwrap();
    ledger.commit_stage(&commit(2)).unwrap();
    ledger.open_stage(&new(4)).unwrap();
}

#[test]
fn what_would_make_a_stage_too_large_is_refused_and_the_stage_can_be_committed_without_it() {
    let ledger = limited_ledger(2, 2_000);
    ledger.open_stage(&new(7)).unwrap();
    let mut next = 0;
    let refused = loop {
        match ledger.add_to_stage(uuid(7), next, &assertions(u128::from(next) + 1..u128::from(next) + 2)) {
            Ok(progress) => {
                assert!(progress.bytes <= 2_000, "{progress:?}");
                next = progress.next;
            }
            Err(error) => break error,
        }
    };
    assert!(next > 3 && matches!(refused, StageError::TooLarge(2_000)), "{next} {refused:?}");
    assert_eq!(ledger.commit_stage(&commit(7)).unwrap().append.tally.total(), next);
}

#[test]
fn a_full_disk_refuses_commands_and_the_stage_stays() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(tick(0)));
    let open = |reserve_bytes| {
        let mut options = options(&clock, 1 << 20);
        options.journal.reserve_bytes = reserve_bytes;
        match Ledger::exists(dir.path()).unwrap() {
            true => Ledger::open(dir.path(), &options, &|_, _| {}).unwrap().0,
            false => Ledger::create(dir.path(), LEDGER, &options).unwrap(),
        }
    };
    let ledger = open(0);
    ledger.open_stage(&new(7)).unwrap();
    ledger.add_to_stage(uuid(7), 0, &assertions(1..3)).unwrap();
    ledger.close();
    drop(ledger);
    let full = open(u64::MAX);
    let refused = full.add_to_stage(uuid(7), 2, &assertions(3..4));
    assert!(matches!(refused, Err(StageError::DiskFull(_))), "{refused:?}");
    assert!(matches!(full.open_stage(&new(8)), Err(StageError::DiskFull(_))));
    full.close();
    drop(full);
    assert_eq!(open(0).add_to_stage(uuid(7), 2, &assertions(3..4)).unwrap().next, 3);
}

#[test]
fn a_recorded_time_behind_the_head_or_in_the_future_is_refused_when_the_stage_is_opened() {
    let ledger = limited_ledger(9, 1 << 20);
    let refused = ledger.open_stage(&new_at(1, tick(-1)));
    assert!(format!("{refused:?}").contains("RecordedTimeGoesBack"), "{refused:?}");
    let refused = ledger.open_stage(&new_at(1, tick(1)));
    assert!(matches!(&refused, Err(StageError::Invalid(v)) if v[0].field == "recorded_at"), "{refused:?}");
    ledger.open_stage(&new_at(1, tick(0))).unwrap();
}
