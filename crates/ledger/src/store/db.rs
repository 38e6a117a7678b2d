//! The only file that says sled.
//!
//! Four trees: `log` (blocks of events), `rows` (the index entries of each block), `terms` (the dictionary), `meta` (format,
//! ledger, version of the folding of words, how the last stop went, and which file of the index fits). Values are cut into parts of at most 8 KB under keys of number and part. Sled is
//! never trusted: everything read is checked, and a panic or an error in it makes the store suspect, not an answer wrong.

use super::block::{Block, first_of, number_of};
use super::checkpoint::CheckpointName;
use super::footing;
use super::parts::{key, number_in, part_mark, take_part_mark};
use super::stored_value::{MAX_VALUE, StoredBlock, StoredRows, StoredTerms, seal, unseal};
use super::view::RestoredBlock;
use crossbeam_channel::Sender;
use detente_domain::position::Position;
use detente_domain::text::FOLDING;
use detente_journal::{LedgerId, Obstacle};
use std::io::ErrorKind;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The form of everything in the directory, the file of the index ([`super::checkpoint`]) among it.
const FORMAT: &[u8] = b"detente store 7";
/// The memory that sled's own cache may take, at least and at most. Blocks have a cache of their own, so it need not be
/// much.
const CACHE_BYTES: (u64, u64) = (256 << 10, 8 << 20);
/// The number of terms that a value has.
const TERMS: usize = 64;
/// The number of blocks that are read ahead at once while loading.
const AHEAD: usize = 64;

/// The database.
pub(super) struct Db {
    db: sled::Db,
    log: sled::Tree,
    rows: sled::Tree,
    terms: sled::Tree,
    meta: sled::Tree,
    place: DbPlace,
    /// The number of terms that it has.
    term_count: AtomicUsize,
}

/// The directory and the ledger of a database, and the bytes that sled caches, by which it is opened once more.
#[derive(Clone, Debug)]
struct DbPlace {
    dir: PathBuf,
    ledger: LedgerId,
    cache_bytes: usize,
}

/// Sled failed, or holds something else than this ledger. It is to be rebuilt.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// Sled said so.
    #[error("sled: {0}")]
    Sled(#[from] sled::Error),
    /// A file beside it could not be written.
    #[error("{0}")]
    Beside(#[from] std::io::Error),
    /// Sled panicked.
    #[error("sled panicked")]
    Panicked,
    /// It holds another ledger or another format.
    #[error("it holds another ledger or another format")]
    Foreign,
    /// Its words were folded by another version, and would not be found.
    #[error("its words were folded by another version of this program")]
    OtherFolding,
    /// A part is missing or damaged.
    #[error("{0} is missing or damaged")]
    Damaged(String),
}

impl Unusable {
    /// The error of the system behind it, where sled names one.
    pub(super) const fn io(&self) -> Option<&std::io::Error> {
        match self {
            Self::Sled(sled::Error::Io(error)) | Self::Beside(error) => Some(error),
            _ => None,
        }
    }
}

impl Db {
    /// Opens the database of a ledger, or makes it; sled caches up to `cache_bytes`, within bounds. Says whether the last
    /// stop was clean.
    pub(super) fn open(dir: &Path, ledger: LedgerId, cache_bytes: usize) -> Result<(Self, bool), Unusable> {
        contain_panics(|| {
            let cache = (cache_bytes as u64).clamp(CACHE_BYTES.0, CACHE_BYTES.1);
            let db = open_once_free(&sled::Config::new().path(dir).cache_capacity(cache).flush_every_ms(None))?;
            let trees = [db.open_tree("log")?, db.open_tree("rows")?, db.open_tree("terms")?, db.open_tree("meta")?];
            let [log, rows, terms, meta] = trees;
            let place = DbPlace { dir: dir.to_owned(), ledger, cache_bytes };
            let opened = Self { db, log, rows, terms, meta, place, term_count: AtomicUsize::new(0) };
            let clean = opened.claim(ledger)?;
            Ok((opened, clean))
        })
    }

    /// The obstacle to opening it once more now, if there is one.
    pub(super) fn obstacle(&self) -> Option<String> {
        footing::obstacle(&self.place.dir)
    }

    /// Closes it and opens it again. Sled's cache lets go of a page only when 64 others of the same part of it were asked
    /// for, so that it comes to hold 16,384 pages whatever its capacity; a new handle holds none.
    pub(super) fn open_anew(self) -> Result<Self, Unusable> {
        let (place, term_count) = (self.place.clone(), self.term_count());
        contain_panics(move || {
            self.db.flush()?;
            drop(self);
            Ok(())
        })?;
        let opened = Self::open_where_possible(&place)?;
        opened.term_count.store(term_count, Ordering::Release);
        Ok(opened)
    }

    /// Opens it, and tries again for a while where the system lacks something that comes back, such as descriptors.
    fn open_where_possible(place: &DbPlace) -> Result<Self, Unusable> {
        const TRIES: u32 = 50;
        const PAUSE: Duration = Duration::from_millis(100);
        let passes = |error: &Unusable| error.io().and_then(Obstacle::of).is_some_and(Obstacle::is_passing);
        for _ in 1..TRIES {
            match Self::open(&place.dir, place.ledger, place.cache_bytes) {
                Err(error) if passes(&error) => std::thread::sleep(PAUSE),
                opened => return opened.map(|(opened, _)| opened),
            }
        }
        Self::open(&place.dir, place.ledger, place.cache_bytes).map(|(opened, _)| opened)
    }

    fn claim(&self, ledger: LedgerId) -> Result<bool, Unusable> {
        let id = ledger.0.as_bytes().as_slice();
        match (self.meta.get("format")?, self.meta.get("ledger")?) {
            (None, None) if self.log.is_empty() => {
                self.meta.insert("format", FORMAT)?;
                self.meta.insert("ledger", id)?;
                self.meta.insert("folding", FOLDING.to_be_bytes().as_slice())?;
            }
            (Some(format), Some(known)) if format == FORMAT && known == id => {}
            _ => return Err(Unusable::Foreign),
        }
        if self.meta.get("folding")?.as_deref() != Some(FOLDING.to_be_bytes().as_slice()) {
            return Err(Unusable::OtherFolding);
        }
        let clean = self.meta.remove("clean")?.is_some();
        self.db.flush()?;
        Ok(clean)
    }

    /// Cuts off what lies beyond the head of the journal: the beginning of an append that never ended, and terms that
    /// only it had. Damage in the rest is found when it is loaded.
    pub(super) fn cut_to(&self, head: Position) -> Result<(), Unusable> {
        let within = number_of(head.next());
        let count = self.block_count()?;
        let mut kept = count.min(within);
        if count == within + 1 {
            let rows = self.stored_rows(within)?;
            let last = rows.map(|rows| first_of(within).plus(rows.entries.len() as u64).before());
            kept += usize::from(last.is_none_or(|last| last <= head));
        }
        let terms = match kept.checked_sub(1) {
            Some(last) => self.stored_rows(last)?.map(|rows| rows.terms),
            None => Some(0),
        };
        contain_panics(|| {
            let mut removed = 0;
            for tree in [&self.log, &self.rows] {
                removed += remove_from(tree, kept)?;
            }
            if let Some(terms) = terms.and_then(|terms| usize::try_from(terms).ok()) {
                removed += self.cut_terms(terms)?;
            }
            if removed > 0 {
                self.db.flush()?;
                tracing::info!(%head, "what sled had beyond the journal is cut off");
            }
            Ok(())
        })
    }

    /// Removes the terms from a number on. Returns the number of values that changed.
    fn cut_terms(&self, count: usize) -> Result<usize, Unusable> {
        // A value may begin before the cut and end behind it.
        let mut removed = remove_from(&self.terms, count)?;
        let Some((last, _)) = self.terms.last()? else { return Ok(removed) };
        let first = number_in(&last);
        let stored = value(&self.terms, first)?.and_then(|bytes| unseal::<StoredTerms>(first, &bytes));
        let Some(mut stored) = stored.filter(|stored| first + stored.terms.len() > count) else { return Ok(removed) };
        stored.terms.truncate(count - first);
        let mut batch = sled::Batch::default();
        put(&mut batch, first, &seal(first, &stored));
        self.terms.apply_batch(batch)?;
        removed += 1;
        Ok(removed)
    }

    /// Writes sealed blocks with their sealed rows, and the terms up to those that the rows need.
    pub(super) fn save(&self, blocks: &[(usize, Vec<u8>, Vec<u8>)], terms: &[Vec<u8>]) -> Result<(), Unusable> {
        contain_panics(|| {
            self.save_terms(terms)?;
            let (mut log, mut rows) = (sled::Batch::default(), sled::Batch::default());
            for (number, block, block_rows) in blocks {
                put(&mut log, *number, block);
                put(&mut rows, *number, block_rows);
            }
            self.log.apply_batch(log)?;
            self.rows.apply_batch(rows)?;
            Ok(())
        })
    }

    fn save_terms(&self, terms: &[Vec<u8>]) -> Result<(), Unusable> {
        let mut batch = sled::Batch::default();
        for chunk in terms.chunks(TERMS) {
            let first = self.term_count.fetch_add(chunk.len(), Ordering::AcqRel);
            put(&mut batch, first, &seal(first, &StoredTerms { terms: chunk.to_vec() }));
        }
        self.terms.apply_batch(batch)?;
        Ok(())
    }

    /// The number of terms that it has.
    pub(super) fn term_count(&self) -> usize {
        self.term_count.load(Ordering::Acquire)
    }

    /// Notes that the terms up to a number are known.
    pub(super) fn set_term_count(&self, count: usize) {
        self.term_count.store(count, Ordering::Release);
    }

    /// The file of the index that fits it, if there is one.
    pub(super) fn checkpoint(&self) -> Result<Option<CheckpointName>, Unusable> {
        let named = contain_panics(|| Ok(self.meta.get("index")?))?;
        Ok(named.and_then(|bytes| {
            let (position, sum) = bytes.split_first_chunk()?;
            let position = Position(u64::from_be_bytes(*position));
            Some(CheckpointName { position, sum: u32::from_be_bytes(sum.try_into().ok()?) })
        }))
    }

    /// Notes which file of the index fits it.
    pub(super) fn name_checkpoint(&self, name: CheckpointName) -> Result<(), Unusable> {
        contain_panics(|| {
            let bytes = [name.position.0.to_be_bytes().as_slice(), &name.sum.to_be_bytes()].concat();
            self.meta.insert("index", bytes)?;
            self.db.flush()?;
            Ok(())
        })
    }

    /// Notes that no file of the index fits it.
    pub(super) fn forget_checkpoint(&self) -> Result<(), Unusable> {
        contain_panics(|| Ok(self.meta.remove("index").map(drop)?))
    }

    /// Its directory.
    pub(super) fn dir(&self) -> &Path {
        &self.place.dir
    }

    /// Calls `found` with every term that is not known, in order.
    pub(super) fn load_terms(&self, mut found: impl FnMut(&[u8]) -> bool) -> Result<(), Unusable> {
        contain_panics(|| {
            let mut reading = DbParts::from(&self.terms, self.term_count());
            while let Some((number, bytes)) = reading.next_value()? {
                let damaged = || Unusable::Damaged(format!("the dictionary at {number}"));
                let stored: StoredTerms =
                    unseal(number, &bytes).filter(|_| number == self.term_count()).ok_or_else(damaged)?;
                if !stored.terms.iter().all(|term| found(term)) {
                    return Err(damaged());
                }
                self.term_count.fetch_add(stored.terms.len(), Ordering::AcqRel);
            }
            Ok(())
        })
    }

    /// Calls `found` with every block from a number on and its rows, in order, until it says to stop. With `check_all` the
    /// events of every block are checked against the hash chain, otherwise only those of the last, if it is not full.
    /// Reading and checking goes ahead in a thread of its own.
    pub(super) fn load_blocks(
        &self,
        first: usize,
        check_all: bool,
        mut found: impl FnMut(usize, RestoredBlock) -> Result<(), Unusable>,
    ) -> Result<(), Unusable> {
        std::thread::scope(|scope| {
            let (sender, receiver) = crossbeam_channel::bounded(4);
            let reader = scope.spawn(move || contain_panics(|| self.read_blocks(first, check_all, &sender)));
            for (number, block) in receiver.iter().flatten() {
                // The reader ends when nobody receives any more.
                found(number, block)?;
            }
            reader.join().unwrap_or(Err(Unusable::Panicked))
        })
    }

    fn read_blocks(
        &self,
        first: usize,
        check_all: bool,
        to: &Sender<Vec<(usize, RestoredBlock)>>,
    ) -> Result<(), Unusable> {
        let mut reading = DbParts::from(&self.rows, first);
        let (mut expected, mut ahead) = (first, Vec::with_capacity(AHEAD));
        while let Some((number, bytes)) = reading.next_value()? {
            let damaged = || Unusable::Damaged(format!("row {number}"));
            let rows: StoredRows = unseal(number, &bytes).filter(|_| number == expected).ok_or_else(damaged)?;
            ahead.push((number, self.restore(number, rows, check_all)?));
            expected += 1;
            if ahead.len() == AHEAD && to.send(std::mem::take(&mut ahead)).is_err() {
                return Ok(());
            }
        }
        let beyond = DbParts::from(&self.log, expected).next_value()?;
        if beyond.is_some() {
            return Err(Unusable::Damaged(format!("row {expected}")));
        }
        // A receiver that is gone has reported its reason already.
        let _received = to.send(ahead);
        Ok(())
    }

    fn restore(&self, number: usize, rows: StoredRows, check: bool) -> Result<RestoredBlock, Unusable> {
        let is_full = rows.entries.len() as u64 >= super::block::SPAN;
        if is_full && !check {
            return Ok(RestoredBlock { rows, stored: None });
        }
        let damaged = || Unusable::Damaged(format!("block {number}"));
        let mut stored: StoredBlock = self.stored_block(number)?.ok_or_else(damaged)?;
        if stored.count() != rows.entries.len() || stored.check(first_of(number)).is_none() {
            return Err(damaged());
        }
        if is_full {
            stored.frames.clear();
        }
        Ok(RestoredBlock { rows, stored: Some(stored) })
    }

    /// The events of a block. Its checksum is checked, which covers its number.
    pub(super) fn block(&self, number: usize) -> Result<Block, Unusable> {
        let block = self.stored_block(number)?.and_then(|stored| stored.block());
        block.ok_or_else(|| Unusable::Damaged(format!("block {number}")))
    }

    /// The events of consecutive blocks, with the number of each.
    pub(super) fn blocks(&self, numbers: Range<usize>) -> Result<Vec<(usize, Block)>, Unusable> {
        contain_panics(|| {
            let mut reading = DbParts::from(&self.log, numbers.start);
            let mut blocks = Vec::with_capacity(numbers.len());
            for expected in numbers {
                let found = reading.next_value()?.filter(|(number, _)| *number == expected);
                let stored: Option<StoredBlock> = found.and_then(|(number, bytes)| unseal(number, &bytes));
                let block = stored.and_then(|stored| stored.block());
                blocks.push((expected, block.ok_or_else(|| Unusable::Damaged(format!("block {expected}")))?));
            }
            Ok(blocks)
        })
    }

    /// A block as it is stored; none if it is not there or its checksum is wrong.
    pub(super) fn stored_block(&self, number: usize) -> Result<Option<StoredBlock>, Unusable> {
        contain_panics(|| Ok(value(&self.log, number)?.and_then(|bytes| unseal(number, &bytes))))
    }

    /// The rows of a block; none if they are not there or the checksum is wrong.
    pub(super) fn stored_rows(&self, number: usize) -> Result<Option<StoredRows>, Unusable> {
        contain_panics(|| Ok(value(&self.rows, number)?.and_then(|bytes| unseal(number, &bytes))))
    }

    /// Returns true if anything is stored under a number, even if it is damaged.
    pub(super) fn has(&self, number: usize) -> Result<bool, Unusable> {
        contain_panics(|| Ok(self.log.contains_key(key(number, 0))? || self.rows.contains_key(key(number, 0))?))
    }

    /// The number of blocks, counted by the last.
    pub(super) fn block_count(&self) -> Result<usize, Unusable> {
        contain_panics(|| Ok(after_last(&self.log)?.max(after_last(&self.rows)?)))
    }

    /// Hands all written data to the operating system.
    pub(super) fn flush(&self) -> Result<(), Unusable> {
        contain_panics(|| Ok(self.db.flush().map(|_| ())?))
    }

    /// Notes that everything is in it and that nothing more will be written.
    pub(super) fn note_clean(&self) -> Result<(), Unusable> {
        contain_panics(|| {
            self.db.flush()?;
            self.meta.insert("clean", &[1_u8])?;
            self.db.flush()?;
            Ok(())
        })
    }

    /// Lets go of it as it is. Sled writes when it is dropped, and may panic then too.
    pub(super) fn discard(self) {
        let dropped = contain_panics(move || {
            drop(self);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::warn!(%error, "sled did not let go cleanly");
        }
    }
}

/// Opens sled. One that was let go a moment ago may hold its file a little longer, in threads of its own; another process
/// cannot have it, the journal's lock sees to that.
fn open_once_free(config: &sled::Config) -> Result<sled::Db, sled::Error> {
    const TRIES: u32 = 200;
    const PAUSE: Duration = Duration::from_millis(25);
    let is_held = |error: &sled::Error| matches!(error, sled::Error::Io(io) if io.kind() == ErrorKind::WouldBlock || io.to_string().contains("acquire lock"));
    for _ in 1..TRIES {
        match config.open() {
            Err(error) if is_held(&error) => std::thread::sleep(PAUSE),
            opened => return opened,
        }
    }
    config.open()
}

/// Runs what sled does where a panic of it ends.
fn contain_panics<T>(work: impl FnOnce() -> Result<T, Unusable>) -> Result<T, Unusable> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Unusable::Panicked))
}

/// Removes every value from a number on. Returns the number of parts.
fn remove_from(tree: &sled::Tree, number: usize) -> Result<usize, Unusable> {
    let mut removed = 0;
    for found in tree.range(key(number, 0)..).keys() {
        tree.remove(found?)?;
        removed += 1;
    }
    Ok(removed)
}

fn after_last(tree: &sled::Tree) -> Result<usize, Unusable> {
    Ok(tree.last()?.map_or(0, |(key, _)| number_in(&key).saturating_add(1)))
}

/// Puts a value in parts. A shorter value than before leaves old parts behind; the first part says how many count.
fn put(batch: &mut sled::Batch, number: usize, value: &[u8]) {
    let count = value.chunks(MAX_VALUE).count();
    for (part, bytes) in value.chunks(MAX_VALUE).enumerate() {
        batch.insert(&key(number, part), [part_mark(count).as_slice(), bytes].concat());
    }
}

fn value(tree: &sled::Tree, number: usize) -> Result<Option<Vec<u8>>, Unusable> {
    let Some(first) = tree.get(key(number, 0))? else { return Ok(None) };
    let Some((count, bytes)) = take_part_mark(&first) else { return Ok(None) };
    let mut whole = bytes.to_vec();
    for part in 1..count {
        let next = tree.get(key(number, part))?;
        let Some((_, bytes)) = next.as_deref().and_then(take_part_mark) else { return Ok(None) };
        whole.extend_from_slice(bytes);
    }
    Ok(Some(whole))
}

/// Values in the order of their numbers, their parts joined.
struct DbParts {
    scan: std::iter::Peekable<sled::Iter>,
}

impl DbParts {
    fn from(tree: &sled::Tree, number: usize) -> Self {
        Self { scan: tree.range(key(number, 0)..).peekable() }
    }

    fn next_value(&mut self) -> Result<Option<(usize, Vec<u8>)>, Unusable> {
        let Some(first) = self.scan.next() else { return Ok(None) };
        let (first_key, first) = first?;
        let number = number_in(&first_key);
        let Some((count, bytes)) = take_part_mark(&first) else {
            return Err(Unusable::Damaged(format!("value {number}")));
        };
        let mut whole = bytes.to_vec();
        let mut part = 1;
        while let Some(Ok((next_key, next))) = self.scan.peek() {
            if number_in(next_key) != number {
                break;
            }
            if part < count {
                whole.extend_from_slice(take_part_mark(next).map_or(&[], |(_, bytes)| bytes));
            }
            part += 1;
            self.scan.next();
        }
        Ok(Some((number, whole)))
    }
}
