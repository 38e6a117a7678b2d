//! Damage is found, named, and never served.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use detente_journal::file::{FileJournal, OpenError};
use detente_journal::{Append, Fault, Journal, ReadError};

use super::support::{
    FaultyDisk, Maker, append_all, assert_holds, create, dir, head_of, history, ledger_id, open, read_all,
    read_while_sound, verify, with_zeros,
};

/// The length of a segment's header.
const SEGMENT_HEADER: usize = 112;

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A checkpointed journal of several segments.
fn scene(seed: u64, groups: usize) -> (Files, Vec<Append>) {
    let disk = FaultyDisk::new();
    let groups = history(seed, groups);
    let mut journal = create(&disk);
    append_all(&mut journal, &groups);
    journal.checkpoint().unwrap();
    drop(journal);
    (disk.files(), groups.concat())
}

fn segments(files: &Files) -> Vec<PathBuf> {
    files.keys().filter(|path| path.extension().is_some_and(|ext| ext == "seg")).cloned().collect()
}

/// The outcome for a journal with changed bytes.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy, PartialOrd, Ord)]
enum Verdict {
    Refused,
    FoundByVerify,
    Harmless,
}

/// Verifies, opens and reads. Nothing wrong may be read, whatever the first two say.
fn judge(files: &Files, all: &[Append]) -> Verdict {
    let verified = verify(&FaultyDisk::of(files.clone()));
    let disk = FaultyDisk::of(files.clone());
    let Ok((journal, _)) = open(&disk) else {
        assert!(verified.is_err(), "verify must find what open finds");
        return Verdict::Refused;
    };
    let (read, error) = read_while_sound(&*journal.reader());
    assert_eq!(read, all[..read.len()], "something wrong was served");
    assert_eq!(journal.head(), head_of(all), "acknowledged events were dropped");
    if verified.is_err() {
        assert!(matches!(error, Some(ReadError::Damaged(_))), "reading found nothing: {error:?}");
        return Verdict::FoundByVerify;
    }
    assert!(error.is_none() && read.len() == all.len());
    Verdict::Harmless
}

/// The file HEAD is the only don't-care: the other slot, or a full scan, stands in. (LOCK is not on this disk.)
#[test]
fn a_flip_in_any_byte_of_any_file_is_found_or_harmless_in_the_head_mark_only() {
    let (files, all) = scene(1, 9);
    assert!(segments(&files).len() >= 3);
    let mut counts = BTreeMap::new();
    for (path, bytes) in &files {
        for index in 0..bytes.len() {
            for pattern in [0x01, 0x80, 0xFF] {
                let mut files = files.clone();
                files.get_mut(path).unwrap()[index] ^= pattern;
                let verdict = judge(&files, &all);
                let is_mark = path.ends_with("HEAD");
                assert_eq!(verdict == Verdict::Harmless, is_mark, "{} byte {index} ^ {pattern:#x}", path.display());
                *counts.entry(verdict).or_insert(0) += 1;
            }
        }
    }
    println!("flips: {counts:?}");
}

/// A bit that flips among the zeros makes them torn bytes, which are cut; everything recorded is there.
#[test]
fn a_flip_among_the_zeros_behind_the_last_frame_loses_nothing() {
    let disk = FaultyDisk::new();
    let groups = vec![vec![Maker::new(1).append(&[20, 30])]];
    let mut journal = FileJournal::create(dir(), ledger_id(), with_zeros(), disk.to_disk()).unwrap();
    append_all(&mut journal, &groups);
    journal.checkpoint().unwrap();
    drop(journal);
    let segment = segments(&disk.files()).pop().unwrap();
    let bytes = disk.files()[&segment].clone();
    let end = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    assert!(bytes.len() - end > 100, "there are zeros");
    for index in (end + 8..bytes.len()).step_by(7) {
        let mut files = disk.files();
        files.get_mut(&segment).unwrap()[index] ^= 0x10;
        assert_eq!(judge(&files, &groups.concat()), Verdict::Harmless, "byte {index}");
        let (journal, recovery) = open(&FaultyDisk::of(files)).unwrap();
        assert!(recovery.torn.is_some());
        assert_holds(&journal, &groups.concat());
    }
}

#[test]
fn zeros_behind_the_last_frame_are_no_torn_write_and_are_used_after_a_start() {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(3);
    let mut journal = FileJournal::create(dir(), ledger_id(), with_zeros(), disk.to_disk()).unwrap();
    let first = maker.append(&[9]);
    journal.append(std::slice::from_ref(&first)).unwrap();
    drop(journal);
    assert_eq!(verify(&disk).unwrap().torn_bytes, 0);
    let len = disk.files()[&segments(&disk.files())[0]].len();
    let (mut journal, recovery) = FileJournal::open(dir(), with_zeros(), disk.to_disk()).unwrap();
    assert_eq!(recovery.torn, None);
    let second = maker.append(&[9]);
    journal.append(std::slice::from_ref(&second)).unwrap();
    assert_eq!(disk.files()[&segments(&disk.files())[0]].len(), len, "the file did not grow");
    assert_holds(&journal, &[first, second]);
}

#[test]
fn a_file_cut_at_any_length_is_found_or_harmless_in_the_head_mark_only() {
    let (files, all) = scene(2, 12);
    for (path, bytes) in &files {
        for len in 0..bytes.len() {
            let mut files = files.clone();
            files.get_mut(path).unwrap().truncate(len);
            let verdict = judge(&files, &all);
            assert_eq!(verdict == Verdict::Harmless, path.ends_with("HEAD"), "{} cut to {len}", path.display());
        }
    }
}

fn refusal(files: Files) -> OpenError {
    let disk = FaultyDisk::of(files.clone());
    let error = open(&disk).err().expect("it should be refused");
    assert_eq!(disk.files(), files, "a refused journal is not touched");
    assert!(verify(&disk).is_err());
    error
}

fn fault(files: Files) -> Fault {
    match refusal(files) {
        OpenError::Damaged(damage) => damage.fault,
        other => panic!("{other}"),
    }
}

#[test]
fn a_missing_segment_is_refused_whichever_it_is() {
    let (files, _) = scene(3, 30);
    let segments = segments(&files);
    assert!(segments.len() >= 4);
    for (index, segment) in segments.iter().enumerate() {
        let mut files = files.clone();
        files.remove(segment);
        let expected = if index + 1 == segments.len() { "ahead" } else { "segment" };
        let found = fault(files);
        assert!(found.to_string().contains(expected), "{found}");
    }
}

#[test]
fn swapped_and_repeated_segments_are_refused() {
    let (files, _) = scene(4, 30);
    let segments = segments(&files);
    for (a, b) in segments.iter().zip(&segments[1..]) {
        let mut swapped = files.clone();
        swapped.insert(a.clone(), files[b].clone());
        swapped.insert(b.clone(), files[a].clone());
        assert_eq!(fault(swapped), Fault::SegmentIdentity);
        let mut repeated = files.clone();
        repeated.insert(b.clone(), files[a].clone());
        assert_eq!(fault(repeated), Fault::SegmentIdentity);
    }
    let mut again = files.clone();
    again.insert(dir().join(format!("{:020}.seg", 1_000_000)), files[&segments[0]].clone());
    assert_eq!(fault(again), Fault::SegmentIdentity);
    let mut misnamed = files.clone();
    misnamed.insert(dir().join("copy of 1.seg"), files[&segments[0]].clone());
    assert_eq!(fault(misnamed), Fault::SegmentIdentity);
}

/// Every state the last segment ever had, put in place of the present one; and the same for a closed one.
#[test]
fn a_rolled_back_segment_is_refused() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let mut states = Vec::new();
    for group in history(5, 30) {
        journal.append(&group).unwrap();
        states.push(disk.files());
    }
    drop(journal);
    let files = states.pop().unwrap();
    let mut tried = 0;
    for old in &states {
        for segment in segments(old).iter().filter(|segment| old[*segment] != files[*segment]) {
            let mut files = files.clone();
            files.insert(segment.clone(), old[segment].clone());
            assert!(matches!(fault(files), Fault::MarkAhead(_) | Fault::SegmentLength));
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn a_mark_ahead_of_the_log_is_refused() {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(6);
    let mut journal = create(&disk);
    journal.append(&[maker.append(&[10])]).unwrap();
    let mut files = disk.files();
    journal.append(&[maker.append(&[10])]).unwrap();
    files.insert(dir().join("HEAD"), disk.files()[&dir().join("HEAD")].clone());
    assert!(matches!(fault(files), Fault::MarkAhead(_)));
}

#[test]
fn a_mark_of_another_history_is_refused() {
    let journal_of = |seed| {
        let disk = FaultyDisk::new();
        let mut journal = create(&disk);
        journal.append(&[Maker::new(seed).append(&[10; 3])]).unwrap();
        drop(journal);
        disk.files()
    };
    let mut files = journal_of(7);
    files.insert(dir().join("HEAD"), journal_of(8)[&dir().join("HEAD")].clone());
    assert!(refusal(files).to_string().contains("position 3"));
}

#[test]
fn a_segment_of_another_ledger_is_refused() {
    let (files, _) = scene(9, 3);
    let disk = FaultyDisk::new();
    let other = detente_journal::LedgerId(uuid::Uuid::from_u128(99));
    drop(FileJournal::create(dir(), other, super::support::small(), disk.to_disk()).unwrap());
    let mut files = files;
    files.insert(dir().join("MANIFEST"), disk.files()[&dir().join("MANIFEST")].clone());
    assert_eq!(fault(files), Fault::SegmentIdentity);
}

/// Without the mark, only what later frames state as synced can tell damage from a torn write.
#[test]
fn without_a_mark_a_bad_frame_before_a_later_group_is_damage() {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(10);
    let mut journal = create(&disk);
    let mut ends = Vec::new();
    for _ in 0..3 {
        journal.append(&[maker.append(&[30])]).unwrap();
        ends.push(disk.files()[&segments(&disk.files())[0]].len());
    }
    drop(journal);
    let mut files = disk.files();
    files.remove(&dir().join("HEAD"));
    let segment = segments(&files)[0].clone();
    for index in 0..ends[1] {
        let mut files = files.clone();
        files.get_mut(&segment).unwrap()[index] ^= 0x40;
        refusal(files);
    }
    files.get_mut(&segment).unwrap()[ends[1] + 5] ^= 0x40;
    let disk = FaultyDisk::of(files);
    assert_eq!(open(&disk).unwrap().0.head().position.0, 2, "the last group cannot be told from a torn one");
}

/// A copied frame is sound by itself, and does not belong where it stands.
#[test]
fn a_repeated_frame_at_the_end_is_damage_and_not_a_torn_write() {
    let disk = FaultyDisk::new();
    let mut maker = Maker::new(11);
    let mut journal = create(&disk);
    let start = disk.files()[&segments(&disk.files())[0]].len();
    journal.append(&[maker.append(&[30])]).unwrap();
    drop(journal);
    let mut files = disk.files();
    let bytes = files.get_mut(&segments(&disk.files())[0]).unwrap();
    let frame = bytes[start..].to_vec();
    bytes.extend(frame);
    assert!(matches!(fault(files), Fault::OutOfPlace(_)));
}

#[test]
fn damage_names_the_position_the_file_and_the_byte() {
    let (mut files, _) = scene(12, 3);
    let segment = segments(&files)[0].clone();
    files.get_mut(&segment).unwrap()[SEGMENT_HEADER + 124 + 3] ^= 1;
    let error = verify(&FaultyDisk::of(files)).unwrap_err().to_string();
    assert_eq!(
        error,
        "the journal is damaged: position 1, 00000000000000000001.seg at byte 112: \
         the frame's payload fails its checksum"
    );
}

/// An event that carries the bytes of a frame is an event: the segment's nonce never leaves the directory.
#[test]
fn an_event_that_looks_like_a_frame_does_not_turn_a_torn_write_into_damage() {
    let (files, _) = scene(13, 2);
    let stolen = files[&segments(&files)[0]][SEGMENT_HEADER..].to_vec();
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let mut maker = Maker::new(14);
    let first = maker.append(&[5]);
    journal.append(std::slice::from_ref(&first)).unwrap();
    let head = disk.files()[&dir().join("HEAD")].clone();
    let before = maker.head;
    let mut evil = maker.append(&[1, 1]);
    evil.records[1].event = stolen.into();
    evil.link = detente_journal::chain::seal(before.link, &evil.header, &evil.records);
    journal.append(&[evil]).unwrap();
    drop(journal);
    let mut files = disk.files();
    files.insert(dir().join("HEAD"), head);
    files.get_mut(Path::new(&segments(&disk.files())[0])).unwrap().pop();
    let disk = FaultyDisk::of(files);
    assert_eq!(read_all(&*open(&disk).unwrap().0.reader()).unwrap(), [first]);
}
