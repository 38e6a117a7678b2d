//! A stage's file is believed as far as it is sound: what is torn or damaged is sent again.

use super::commands::{add_all, assertions, commit, commit_whole, new, progress, uuid};
use crate::support::home::Home;
use detente_ledger::open::stages_dir;
use detente_ledger::write::stage::{StageError, StageState};
use std::path::PathBuf;

fn file(home: &Home) -> PathBuf {
    stages_dir(&home.data()).join(format!("{}.stage", uuid(7)))
}

/// A home with a stage of five frames, one command each, and where each frame ends.
fn home_with_stage() -> (Home, Vec<u64>) {
    let home = Home::in_files(1 << 20).with_registrations();
    home.ledger.open_stage(&new(7)).unwrap();
    let mut ends = vec![std::fs::metadata(file(&home)).unwrap().len()];
    for nth in 0..5 {
        let added =
            home.ledger.add_to_stage(uuid(7), nth, &assertions(1 + u128::from(nth)..2 + u128::from(nth))).unwrap();
        ends.push(added.bytes);
    }
    (home, ends)
}

#[test]
fn a_stage_that_is_cut_anywhere_keeps_its_whole_frames_and_can_be_finished() {
    let (mut home, ends) = home_with_stage();
    let path = file(&home);
    let whole = std::fs::read(&path).unwrap();
    for cut in (ends[0]..whole.len() as u64).step_by(23) {
        home = home.reopened_after(|_| std::fs::write(&path, &whole[..cut as usize]).unwrap());
        let kept = progress(&home.ledger.stage(uuid(7)).unwrap());
        let expected = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
        assert_eq!(kept.next, expected, "cut at {cut}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), ends[expected as usize]);
    }
    assert_eq!(add_all(&home.ledger, 7, &assertions(1..6), 5).next, 5);
    assert_eq!(commit_whole(&home, 7).append.tally.total(), 5);
}

#[test]
fn a_flipped_bit_costs_the_frames_from_there_on_and_nothing_else() {
    let (mut home, ends) = home_with_stage();
    let path = file(&home);
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(31) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        home = home.reopened_after(|_| std::fs::write(&path, &damaged).unwrap());
        let stage = home.ledger.stage(uuid(7)).unwrap();
        if (at as u64) < ends[0] {
            assert_eq!(stage.state, StageState::Damaged, "byte {at}");
            assert_eq!(home.ledger.list_stages(), [stage]);
            assert!(matches!(home.ledger.open_stage(&new(7)), Err(StageError::Damaged { .. })));
            assert!(matches!(home.ledger.commit_stage(&commit(7)), Err(StageError::Damaged { .. })));
        } else {
            let expected = ends.iter().filter(|end| **end <= at as u64).count() as u64 - 1;
            assert_eq!(progress(&stage).next, expected, "byte {at}");
        }
    }
    home = home.reopened_after(|_| std::fs::write(&path, b"DTNSTAG1 and then nothing of it").unwrap());
    assert!(home.ledger.drop_stage(uuid(7)).unwrap(), "what is damaged can be dropped");
    assert!(!path.exists());
}

#[test]
fn frames_of_another_order_or_another_stage_do_not_count() {
    let (home, ends) = home_with_stage();
    let path = file(&home);
    let whole = std::fs::read(&path).unwrap();
    let frame = |nth: usize| &whole[ends[nth] as usize..ends[nth + 1] as usize];
    let swapped = [&whole[..ends[0] as usize], frame(0), frame(2), frame(1)].concat();
    let home = home.reopened_after(|_| std::fs::write(&path, &swapped).unwrap());
    assert_eq!(progress(&home.ledger.stage(uuid(7)).unwrap()).next, 1);
    let other = stages_dir(&home.data()).join(format!("{}.stage", uuid(8)));
    let home = home.reopened_after(|_| std::fs::write(&other, &whole).unwrap());
    assert_eq!(home.ledger.stage(uuid(8)).unwrap().state, StageState::Damaged);
    std::fs::write(stages_dir(&home.data()).join(format!("{}.stage.new", uuid(9))), b"half").unwrap();
    let home = home.reopened_after(|_| {});
    assert!(!stages_dir(&home.data()).join(format!("{}.stage.new", uuid(9))).exists());
}
