//! sled is never trusted: deleted, cut, flipped, exchanged, while nobody has it open and while somebody does, the answers
//! stay the same, because the journal has everything.

use crate::support::ask;
use crate::support::home::{Home, open, request};
use crate::support::make::{assert, batch, event, period, tick, with};
use crate::support::random::{Random, random_command, random_filter};
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use detente_ledger::Ledger;
use detente_ledger::clock::ManualClock;
use detente_ledger::open::store_dir;
use detente_ledger::query::events::Start;
use detente_ledger::query::parties::PartiesQuery;
use detente_ledger::query::registry::RegistryQuery;
use detente_ledger::verify::verify;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use tempfile::TempDir;

/// So little memory that nearly every read comes from sled, and from its file.
const TINY: usize = 1;
/// No opening and asking takes that long; what does hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing besides.
const NOTHING: (u128, usize) = (0, 0);

/// Returns a ledger at rest: random commands of all kinds, and some claims so long that sled keeps them in several
/// parts. `bulk` more claims, each with `repeats` random numbers, let sled fill several segments of its file, packed as they are.
fn at_rest(seed: u64, appends: usize, (bulk, repeats): (u128, usize)) -> Home {
    let home = Home::in_files(TINY).with_registrations();
    let mut random = Random(seed);
    for nth in 0..appends {
        let seen = ask::claims(&home.ledger, &Filter::default(), Cut::Head, (true, false), usize::MAX);
        let is_recorded = |number| seen.iter().any(|claim| ask::number(claim) == number);
        let commands: Vec<_> = (0..=random.below(3)).map(|_| random_command(&mut random, &is_recorded)).collect();
        home.at(tick(2 * nth as i64));
        // Some do not fit the record; the others make the history.
        let _outcome = home.try_record(request(batch(commands)));
        if nth % 20 == 0 {
            let long = |claim: &mut detente_domain::claim::Claim| claim.place = numbers(&mut random, 1500).into();
            home.record([assert(with(event(5000 + nth as u128, "2025"), long))]);
        }
    }
    for first in (10_000..10_000 + bulk).step_by(20) {
        let mut worded = |claim: &mut detente_domain::claim::Claim| {
            claim.place = numbers(&mut random, repeats).into();
        };
        home.record((first..first + 20).map(|number| assert(with(event(number, "2024"), &mut worded))));
    }
    home.ledger.close();
    home
}

/// Random numbers in a row, which sled's values do not become much smaller by packing.
fn numbers(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| random.next().to_string()).collect()
}

/// The answers to many questions, each as a hash.
fn answers(ledger: &Ledger) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    let mut note = |question: String, answer: &dyn std::fmt::Debug| {
        let mut hasher = DefaultHasher::new();
        format!("{answer:?}").hash(&mut hasher);
        all.push((question, hasher.finish()));
    };
    let head = ledger.head();
    note("head".to_owned(), &head.basis);
    let cuts = [head.position().0 / 3, head.position().0 / 2, head.position().0];
    let cuts = cuts
        .map(|near| (near..).find_map(|at| ledger.sources(&registry(Cut::At(Position(at)))).ok()).unwrap().at.basis);
    for cut in cuts.map(Cut::Basis) {
        let mut random = Random(7);
        for _ in 0..6 {
            let filter = random_filter(&mut random, false);
            let state = ask::state(ledger, &filter, period("2025-01-03"), None, cut, true).unwrap();
            note(format!("state {cut:?} {filter:?}"), &state);
            let filter = random_filter(&mut random, true);
            note(format!("claims {cut:?} {filter:?}"), &ask::claims(ledger, &filter, cut, (true, false), usize::MAX));
        }
        for claim in ask::claims(ledger, &Filter::default(), cut, (true, false), usize::MAX).iter().take(40) {
            let id = detente_domain::name::ClaimId(claim.claim_id.parse().unwrap());
            note(format!("history {cut:?} {id:?}"), &ask::revisions(ledger, id, cut, false, 100).unwrap());
        }
        note(
            format!("parties {cut:?}"),
            &ledger.parties(&PartiesQuery { registry: registry(cut), ..Default::default() }).unwrap().entries,
        );
        note(format!("sources {cut:?}"), &ledger.sources(&registry(cut)).unwrap().entries);
        note(format!("kinds {cut:?}"), &ledger.kinds(&registry(cut)).unwrap().entries);
        note(format!("schemes {cut:?}"), &ledger.schemes(&registry(cut)).unwrap().entries);
        note(format!("relationships {cut:?}"), &ledger.relationships(&registry(cut), "").unwrap().entries);
    }
    note("events".to_owned(), &ask::events(ledger, Start::After(Position::START), None, 1 << 20));
    all
}

fn registry(cut: Cut) -> RegistryQuery {
    RegistryQuery { cut, entries: 100, ..RegistryQuery::default() }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            _ = fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a directory, by its path in there.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|file| Path::new(path.file_name().unwrap()).join(file)));
        } else {
            found.push(path.file_name().unwrap().into());
        }
    }
    found.sort();
    found
}

/// Does something on a thread of its own and waits for it, but not for ever.
fn within_patience<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, outcome) = channel();
    let thread = std::thread::spawn(move || drop(done.send(work())));
    outcome
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| panic!("{what}: {}", if thread.is_finished() { "failed" } else { "hangs" }))
}

/// Opens a damaged ledger, twice, and expects the answers of the sound one each time and a sound sled in the end.
fn assert_heals(what: &str, data: &Path, expected: &[(String, u64)]) {
    for time in ["at first", "again"] {
        let dir = data.to_owned();
        let got = within_patience(what, move || {
            let ledger = open(&dir, &Arc::new(ManualClock::at(tick(1_000_000))), TINY);
            answers(&ledger)
        });
        assert_same(&format!("{what}, {time}"), &got, expected);
    }
    let report = verify(data, &mut |_, _| (), &|_, _| ()).unwrap();
    assert_eq!((report.store.wrong, report.store.behind), (None, 0), "{what}");
}

fn assert_same(what: &str, got: &[(String, u64)], expected: &[(String, u64)]) {
    let differing = got.iter().zip(expected).find(|(got, expected)| got != expected);
    assert!(differing.is_none() && got.len() == expected.len(), "{what}: {differing:?}");
}

/// A copy of a ledger at rest, sled damaged by `damage`; heals.
fn try_damage(what: &str, data: &Path, expected: &[(String, u64)], damage: impl FnOnce(&Path)) {
    let dir = TempDir::new().unwrap();
    copy(data, dir.path());
    damage(&store_dir(dir.path()));
    assert_heals(what, dir.path(), expected);
}

fn sound(data: &Path) -> Vec<(String, u64)> {
    let dir = TempDir::new().unwrap();
    copy(data, dir.path());
    answers(&open(dir.path(), &Arc::new(ManualClock::at(tick(1_000_000))), 1 << 20))
}

#[test]
fn sled_deleted_whole_or_in_part_is_made_anew() {
    let home = at_rest(1, 60, NOTHING);
    let (data, expected) = (home.data(), sound(&home.data()));
    try_damage("no damage", &data, &expected, |_| {});
    try_damage("deleted", &data, &expected, |sled| fs::remove_dir_all(sled).unwrap());
    try_damage("emptied", &data, &expected, |sled| {
        fs::remove_dir_all(sled).unwrap();
        fs::create_dir(sled).unwrap();
    });
    try_damage("a file in its place", &data, &expected, |sled| {
        fs::remove_dir_all(sled).unwrap();
        fs::write(sled, "not sled").unwrap();
    });
    let files = files(&store_dir(&data));
    assert!(files.contains(&PathBuf::from("index")), "a clean stop leaves the index in a file");
    for file in &files {
        try_damage(&format!("{file:?} deleted"), &data, &expected, |sled| fs::remove_file(sled.join(file)).unwrap());
    }
    println!("{} questions; deleted whole, and {} files one by one", expected.len(), files.len());
}

/// The version of the folding that sled keeps, after something was done with it.
fn folding(data: &Path, change: impl FnOnce(&sled::Tree)) -> Vec<u8> {
    let db = sled::open(store_dir(data)).unwrap();
    let meta = db.open_tree("meta").unwrap();
    change(&meta);
    db.flush().unwrap();
    meta.get("folding").unwrap().unwrap().to_vec()
}

#[test]
fn sled_whose_words_were_folded_by_another_version_is_made_anew() {
    let home = at_rest(2, 20, NOTHING);
    let (data, expected) = (home.data(), sound(&home.data()));
    let ours = folding(&data, |_| ());
    let theirs = folding(&data, |meta| drop(meta.insert("folding", &[0_u8; 8]).unwrap()));
    assert_ne!(ours, theirs);
    assert_heals("folded by another version", &data, &expected);
    assert_eq!(folding(&data, |_| ()), ours);
}

#[test]
fn sled_cut_to_any_length_is_made_anew() {
    let home = at_rest(2, 60, (1000, 10));
    let (data, expected) = (home.data(), sound(&home.data()));
    let (mut random, mut tried) = (Random(3), 0);
    for file in files(&store_dir(&data)) {
        let length = fs::metadata(store_dir(&data).join(&file)).unwrap().len();
        let mut lengths = vec![0, 1, length / 2, length.saturating_sub(1)];
        lengths.extend((0..12).map(|_| random.below(length.max(1))));
        for cut in lengths {
            try_damage(&format!("{file:?} of {length} bytes cut to {cut}"), &data, &expected, |sled| {
                fs::OpenOptions::new().write(true).open(sled.join(&file)).unwrap().set_len(cut).unwrap();
            });
            tried += 1;
        }
    }
    println!("{} questions; cut to {tried} lengths", expected.len());
}

#[test]
fn sled_with_a_flipped_bit_anywhere_answers_the_same() {
    let home = at_rest(4, 60, (2000, 10));
    let (data, expected) = (home.data(), sound(&home.data()));
    let (mut random, mut flips) = (Random(5), Vec::new());
    for file in files(&store_dir(&data)) {
        let bytes = fs::read(store_dir(&data).join(&file)).unwrap();
        // Sled leaves much of its files empty, where nothing is to be damaged.
        let is_index = file == Path::new("index");
        let written: Vec<usize> = (0..bytes.len()).filter(|at| is_index || bytes[*at] != 0).collect();
        for _ in 0..if written.len() > 10_000 { 100 } else { 12 } {
            let Some(at) = (!written.is_empty()).then(|| random.of(&written)) else { continue };
            flips.push((file.clone(), at, random.below(8)));
        }
    }
    let flip = |(file, at, bit): &(PathBuf, usize, u64)| {
        try_damage(&format!("{file:?} with bit {bit} of byte {at} flipped"), &data, &expected, |sled| {
            let mut bytes = fs::read(sled.join(file)).unwrap();
            bytes[*at] ^= 1 << bit;
            fs::write(sled.join(file), bytes).unwrap();
        });
    };
    // Each is a ledger of its own: as many at once as there are cores.
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                while let Some(one) = flips.get(next.fetch_add(1, Ordering::Relaxed)) {
                    flip(one);
                }
            });
        }
    });
    println!("{} questions; {} bits flipped", expected.len(), flips.len());
}

#[test]
fn the_sled_of_another_history_or_of_an_earlier_day_is_not_believed() {
    let (home, other) = (at_rest(6, 60, NOTHING), at_rest(7, 60, NOTHING));
    let (data, expected) = (home.data(), sound(&home.data()));
    let exchange = |sled: &Path, with: &Path| {
        fs::remove_dir_all(sled).unwrap();
        copy(&store_dir(with), sled);
    };
    try_damage("of another history", &data, &expected, |sled| exchange(sled, &other.data()));
    let longer = at_rest(7, 90, NOTHING);
    try_damage("of a longer history", &data, &expected, |sled| exchange(sled, &longer.data()));
    let earlier = at_rest(6, 30, NOTHING);
    try_damage("of an earlier day", &data, &expected, |sled| exchange(sled, &earlier.data()));
}

/// Damage to the files of sled while the ledger has them open.
type Harm = fn(&Path);

#[test]
fn damage_while_the_ledger_is_open_is_healed_from_the_journal() {
    let home = at_rest(8, 60, (1200, 2500));
    let (data, expected) = (home.data(), sound(&home.data()));
    let harms: [(&str, Harm); 4] = [
        ("deleted", |sled| fs::remove_dir_all(sled).unwrap()),
        ("cut to nothing", |sled| each_file(sled, |file| file.set_len(0).unwrap())),
        ("filled with ones", |sled| overwrite(sled, |byte| *byte = 0xff)),
        ("flipped", |sled| overwrite(sled, |byte| *byte ^= 0x10)),
    ];
    for (what, harm) in harms {
        let dir = TempDir::new().unwrap();
        copy(&data, dir.path());
        let path = dir.path().to_owned();
        let (got, later, caught) = within_patience(what, move || {
            let ledger = open(&path, &Arc::new(ManualClock::at(tick(1_000_000))), TINY);
            (0..20).for_each(|_| read_all(&ledger));
            harm(&store_dir(&path));
            let got = answers(&ledger);
            crate::support::home::block_on(ledger.append(request(batch([assert(event(9000, "2025"))])))).unwrap();
            let later = answers(&ledger);
            ledger.close();
            (got, later, ledger.store_position() < ledger.head().position())
        });
        assert_same(what, &got, &expected);
        assert!(caught || what == "deleted", "{what}: nothing was read from the files of sled, so nothing was tried");
        assert_heals(&format!("{what}, after a restart"), dir.path(), &later);
    }
    println!("{} questions while sled was harmed in {} ways", expected.len(), harms.len());
}

/// Reads the whole log: often enough, and sled has everything else out of its cache.
fn read_all(ledger: &Ledger) {
    let mut reading = ledger.begin_reading(Start::After(Position::START), None, 0).unwrap();
    while !ledger.read_on(&mut reading, 1 << 20).unwrap().done {}
}

fn each_file(sled: &Path, harm: impl Fn(&fs::File)) {
    for file in files(sled) {
        harm(&fs::OpenOptions::new().read(true).write(true).open(sled.join(file)).unwrap());
    }
}

/// Changes what is written in the files of sled, in place.
fn overwrite(sled: &Path, harm: fn(&mut u8)) {
    use std::os::unix::fs::FileExt;
    for file in files(sled) {
        let mut bytes = fs::read(sled.join(&file)).unwrap();
        bytes.iter_mut().filter(|byte| **byte != 0).for_each(harm);
        let file = fs::OpenOptions::new().write(true).open(sled.join(file)).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
    }
}
