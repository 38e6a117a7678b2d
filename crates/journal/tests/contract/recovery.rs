//! Opening after a crash: what was acknowledged is there, what is torn is cut and kept aside.

use std::collections::BTreeMap;
use std::path::PathBuf;

use detente_domain::position::Position;
use detente_journal::file::{FileJournal, MarkState, TornTail};
use detente_journal::{Append, Journal};

use super::support::{
    FaultyDisk, Maker, append_all, assert_holds, create, dir, history, ledger_id, one_segment, open, read_all, verify,
};

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn grow(disk: &FaultyDisk, groups: &[Vec<Append>]) -> FileJournal {
    let mut journal = create(disk);
    append_all(&mut journal, groups);
    journal
}

/// A journal that keeps to one segment.
fn one_segment_of(disk: &FaultyDisk, groups: &[Vec<Append>]) -> FileJournal {
    let created = FileJournal::create(dir(), ledger_id(), one_segment(), disk.to_disk());
    let mut journal = created.unwrap();
    append_all(&mut journal, groups);
    journal
}

fn last_segment(files: &Files) -> PathBuf {
    files.keys().rfind(|path| path.extension().is_some_and(|ext| ext == "seg")).unwrap().clone()
}

#[test]
fn a_reopened_journal_goes_on_where_it_was() {
    let disk = FaultyDisk::new();
    let groups = history(1, 40);
    drop(create(&disk));
    for group in &groups {
        let (mut journal, recovery) = open(&disk).unwrap();
        assert_eq!((recovery.mark, recovery.torn), (MarkState::Used(journal.head().position), None));
        journal.append(group).unwrap();
    }
    assert_holds(&open(&disk).unwrap().0, &groups.concat());
    let report = verify(&disk).unwrap();
    let events = groups.concat().iter().map(|append| append.header.count).sum::<u64>();
    assert_eq!((report.events, report.appends), (events, groups.concat().len() as u64));
    assert!(disk.files().len() > 8, "the history should cover several segments");
}

#[test]
fn a_journal_that_was_checkpointed_is_opened_without_scanning() {
    let disk = FaultyDisk::new();
    let mut journal = grow(&disk, &history(2, 40));
    journal.checkpoint().unwrap();
    drop(journal);
    assert_eq!(open(&disk).unwrap().1.appends_scanned, 0);
}

/// Groups, the files before the last one was written, and the segment's bytes after it.
struct TornScene {
    acknowledged: Vec<Append>,
    last: Vec<Append>,
    before: Files,
    segment: PathBuf,
    written: Vec<u8>,
}

fn torn_scene(seed: u64) -> TornScene {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(seed);
    let first = vec![maker.append(&[20, 20]), maker.append(&[10])];
    let last = vec![maker.append(&[7]), maker.append(&[90; 9]), maker.append(&[3, 3])];
    let mut journal = one_segment_of(&disk, std::slice::from_ref(&first));
    let before = disk.files();
    journal.append(&last).unwrap();
    let files = disk.files();
    let segment = last_segment(&files);
    TornScene { acknowledged: first, last, before, written: files[&segment].clone(), segment }
}

/// The acknowledged appends are there, and those of the torn group that are whole, in order.
fn assert_recovers(scene: &TornScene, bytes: Vec<u8>, may_be_whole: bool) {
    let mut files = scene.before.clone();
    let len = bytes.len();
    files.insert(scene.segment.clone(), bytes);
    let disk = FaultyDisk::of(files);
    let (journal, recovery) = open(&disk).unwrap();
    let found = read_all(&*journal.reader()).unwrap();
    let all = [scene.acknowledged.clone(), scene.last.clone()].concat();
    assert!(found.len() >= scene.acknowledged.len());
    assert_eq!(found, all[..found.len()]);
    assert!(may_be_whole || found.len() < all.len());
    let end = disk.files()[&scene.segment].len();
    assert_eq!(recovery.torn.as_ref().map_or(0, |torn| torn.bytes), (len - end) as u64);
    drop(journal);
    assert_eq!(verify(&disk).unwrap().torn_bytes, 0);
}

#[test]
fn a_tail_torn_at_any_byte_leaves_exactly_the_whole_appends() {
    let scene = torn_scene(3);
    let start = scene.before[&scene.segment].len();
    let full = scene.written.len();
    for len in start..=full {
        let cut = scene.written[..len].to_vec();
        assert_recovers(&scene, cut.clone(), len == full);
        let mut zeros = cut.clone();
        zeros.resize(full, 0);
        assert_recovers(&scene, zeros, len == full);
        let mut garbage = cut;
        garbage.extend(scene.written[len..].iter().map(|byte| byte ^ 0xA5));
        assert_recovers(&scene, garbage, len == full);
    }
    println!("{} tails", 3 * (full - start + 1));
}

/// Frames of one group reach the disk in any order: a later one may be there without an earlier one.
#[test]
fn any_hole_in_the_last_group_is_torn_and_never_damage() {
    let scene = torn_scene(4);
    let start = scene.before[&scene.segment].len();
    for hole in start..scene.written.len() {
        let mut bytes = scene.written.clone();
        bytes[hole..(hole + 40).min(scene.written.len())].fill(0);
        assert_recovers(&scene, bytes, false);
    }
}

#[test]
fn a_run_without_its_end_is_cut_wholly() {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(5);
    let small_one = maker.append(&[10]);
    let mut journal = one_segment_of(&disk, &[vec![small_one.clone()]]);
    let before = disk.files();
    journal.append(&[maker.append(&[100; 12])]).unwrap();
    let mut files = disk.files();
    let segment = last_segment(&files);
    let cut = files[&segment].len() - 150;
    files.get_mut(&segment).unwrap().truncate(cut);
    files.insert(dir().join("HEAD"), before[&dir().join("HEAD")].clone());
    let disk = FaultyDisk::of(files);
    let (journal, recovery) = open(&disk).unwrap();
    assert_holds(&journal, &[small_one]);
    let kept_at = before[&segment].len() as u64;
    let TornTail { offset, bytes, kept_in, .. } = recovery.torn.unwrap();
    assert_eq!((offset, bytes), (kept_at, cut as u64 - kept_at));
    assert_eq!(disk.files()[&dir().join(kept_in.unwrap())].len() as u64, bytes);
}

#[test]
fn torn_bytes_are_kept_in_a_new_file_each_time() {
    let scene = torn_scene(6);
    let mut disk = FaultyDisk::of(scene.before.clone());
    for n in 1..=3 {
        let mut files = disk.files();
        files.get_mut(&scene.segment).unwrap().extend([0xEE; 33]);
        disk = FaultyDisk::of(files);
        let torn = open(&disk).unwrap().1.torn.unwrap();
        let kept_in = torn.kept_in.unwrap();
        assert!(kept_in.ends_with(&format!(".seg.torn-{n}")), "{kept_in}");
        assert_eq!(disk.files()[&dir().join(kept_in)], [0xEE; 33]);
    }
}

#[test]
fn a_segment_whose_creation_was_interrupted_is_made_again() {
    let disk = FaultyDisk::new();
    let groups = history(7, 40);
    let mut journal = create(&disk);
    let mut done = 0;
    while disk.files().len() < 6 {
        journal.append(&groups[done]).unwrap();
        done += 1;
    }
    drop(journal);
    let files = disk.files();
    let next = dir().join(format!("{:020}.seg", groups[..done].concat().last().unwrap().header.last().0 + 1));
    for stub in [vec![], vec![0; 50], vec![0xFF; 100]] {
        let mut files = files.clone();
        files.insert(next.clone(), stub.clone());
        let disk = FaultyDisk::of(files);
        let (mut journal, recovery) = open(&disk).unwrap();
        assert_eq!(recovery.torn.unwrap().bytes, stub.len() as u64);
        for group in &groups[done..] {
            journal.append(group).unwrap();
        }
        assert_holds(&journal, &groups.concat());
        drop(journal);
        verify(&disk).unwrap();
    }
}

#[test]
fn without_a_mark_everything_is_scanned_and_said_so() {
    let disk = FaultyDisk::new();
    let groups = history(8, 30);
    drop(grow(&disk, &groups));
    let head = dir().join("HEAD");
    let mut files = disk.files();
    files.remove(&head);
    let (journal, recovery) = open(&FaultyDisk::of(files.clone())).unwrap();
    assert_eq!(recovery.mark, MarkState::Missing);
    assert_eq!(recovery.appends_scanned, groups.concat().len() as u64);
    assert_holds(&journal, &groups.concat());
    files.insert(head, vec![0x55; 5000]);
    let (journal, recovery) = open(&FaultyDisk::of(files)).unwrap();
    assert_eq!(recovery.mark, MarkState::Unreadable);
    assert_holds(&journal, &groups.concat());
}

#[test]
fn an_old_mark_makes_the_scan_longer_and_nothing_else() {
    let disk = FaultyDisk::new();
    let groups = history(9, 30);
    let mut journal = create(&disk);
    let mut heads = Vec::new();
    for group in &groups {
        heads.push(disk.files()[&dir().join("HEAD")].clone());
        journal.append(group).unwrap();
    }
    drop(journal);
    for head in heads {
        let mut files = disk.files();
        files.insert(dir().join("HEAD"), head);
        let disk = FaultyDisk::of(files);
        assert_holds(&open(&disk).unwrap().0, &groups.concat());
        verify(&disk).unwrap();
    }
}

/// The page cache shows what the disk never got: only writing it again makes it safe.
#[test]
fn after_a_failed_fsync_a_reopened_journal_writes_again_what_it_found() {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(10);
    let (first, second) = (maker.append(&[10]), maker.append(&[10]));
    let mut journal = grow(&disk, &[vec![first.clone()]]);
    disk.fail_in(2);
    assert!(journal.append(std::slice::from_ref(&second)).is_err());
    let disk = disk.after_a_kill();
    assert_holds(&open(&disk).unwrap().0, &[first.clone(), second.clone()]);
    for seed in 0..50 {
        let disk = disk.after_a_power_cut(&mut super::support::Random(seed));
        assert_holds(&open(&disk).unwrap().0, &[first.clone(), second.clone()]);
    }
}

#[test]
fn verifying_tells_its_progress_and_changes_nothing() {
    let disk = FaultyDisk::new();
    drop(grow(&disk, &history(11, 30)));
    let files = disk.files();
    let mut steps = Vec::new();
    detente_journal::file::verify(dir(), &disk, &mut |done, total| steps.push((done, total))).unwrap();
    assert!(steps.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    let (done, total) = *steps.last().unwrap();
    assert!(done == total && total > 2_000);
    assert_eq!(disk.files(), files);
}

#[test]
fn positions_deep_in_a_large_segment_are_found() {
    let disk = FaultyDisk::new();
    let mut journal = one_segment_of(&disk, &[]);
    let mut maker = Maker::new(12);
    for _ in 0..40 {
        let group = (0..10).map(|_| maker.append(&[20_000])).collect::<Vec<_>>();
        journal.append(&group).unwrap();
    }
    drop(journal);
    let (journal, _) = open(&disk).unwrap();
    let reader = journal.reader();
    for from in [1, 399, 200, 400, 60, 399, 1] {
        let firsts = reader.read(Position(from)).unwrap().map(|chunk| chunk.unwrap().first.0).collect::<Vec<_>>();
        assert_eq!(firsts, (from..=400).collect::<Vec<_>>());
    }
}
