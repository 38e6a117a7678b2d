//! Writes what sled does not have yet, behind the writer, in large batches: one thread, woken when there is something.
//! After a start, when nothing is to be written, it first brings the log into memory.
//!
//! Only what the journal holds durably is written, and of a long append that is on its way what the journal was given. If
//! sled fails, it is left alone from then on: the journal has everything, answers come from memory and from there, and the
//! next start rebuilds.

use super::block::{Block, first_of};
use super::checkpoint;
use super::db::Db;
use super::stored_value::{seal, seal_rows};
use super::view::{UnsavedBlock, View};
use super::{SPAN, Store};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use detente_domain::position::Position;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

/// The most blocks in one batch.
const BATCH: usize = 512;
/// The time without a new append after which less than a batch is written too, the unfinished end with it.
const IDLE: Duration = Duration::from_millis(200);

/// The thread that writes to sled.
pub(crate) struct Saver {
    wake: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Saver {
    /// Starts it.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(store: Arc<Store>) -> std::io::Result<Self> {
        let (wake, woken) = bounded(1);
        let thread = std::thread::Builder::new().name("saver".to_owned()).spawn(move || run(&store, &woken))?;
        Ok(Self { wake: Mutex::new(Some(wake)), thread: Mutex::new(Some(thread)) })
    }

    /// Says that there is a batch to write.
    pub(crate) fn wake(&self) {
        if let Some(wake) = self.wake.lock().as_ref() {
            // A full channel means that it has been woken already.
            let _woken = wake.try_send(());
        }
    }

    /// Writes the rest, notes that the stop was clean, and ends.
    pub(crate) fn stop(&self) {
        drop(self.wake.lock().take());
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes to sled panicked; sled will be checked at the next start");
        }
    }
}

fn run(store: &Store, woken: &Receiver<()>) {
    let mut end_saved = store.saved_position();
    let mut durable = end_saved;
    // Only what sled has had since before the start: what was replayed from the journal is in memory, and not there yet.
    let mut cold = usize::try_from(end_saved.0 / SPAN).unwrap_or(usize::MAX);
    if cold > 0 {
        // The start may have read all rows.
        store.renew_sled();
    }
    let mut renewed = end_saved;
    loop {
        match woken.recv_timeout(if cold > 0 { Duration::ZERO } else { IDLE }) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) if cold > 0 => {
                store.warm(&mut cold);
                if cold == 0 {
                    store.renew_sled();
                }
                continue;
            }
            Err(RecvTimeoutError::Timeout) if store.durable() == end_saved => continue,
            // More is coming in, which makes a batch: many small ones cost sled several times as much.
            Err(RecvTimeoutError::Timeout) if store.durable() != durable => durable = store.durable(),
            Err(RecvTimeoutError::Timeout) => {
                store.save_end();
                end_saved = store.saved_position();
            }
            Err(RecvTimeoutError::Disconnected) => return store.finish(),
        }
        while store.has_batch() && store.save_batch() {
            if is_worth_renewing(renewed, store.saved_position()) {
                store.renew_sled();
                renewed = store.saved_position();
            }
        }
    }
}

/// Returns true if so much was written that what sled holds of it in memory is worth the time of opening it, which grows
/// with all there is.
fn is_worth_renewing(renewed: Position, saved: Position) -> bool {
    const LEAST: u64 = 1 << 18;
    saved.0 - renewed.0.min(saved.0) >= LEAST.max(renewed.0 / 4)
}

impl Store {
    fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    /// Returns true if enough blocks wait to be worth writing. Without a sled, none waits for others.
    pub(crate) fn has_batch(&self) -> bool {
        let waiting = self.view.read().unsaved_len();
        waiting > BATCH || (waiting > 1 && !self.is_saving())
    }

    /// Writes full blocks that the journal was given. False when there are no more.
    pub(super) fn save_batch(&self) -> bool {
        let durable = self.durable();
        if !self.is_saving() {
            self.view_mut_when_free().forgo(durable);
            return false;
        }
        let given = durable.max(Position(self.handed_over.load(Ordering::Acquire)));
        let mut batch = self.view.read().to_save(BATCH);
        batch.retain(|(number, _)| first_of(*number).plus(SPAN - 1) <= given);
        let count = batch.len();
        if count == 0 || !self.save(batch) {
            return false;
        }
        self.view_mut_when_free().note_saved(count);
        count == BATCH
    }

    /// Writes everything, the unfinished end too, if all of it is durable.
    fn save_end(&self) {
        while self.save_batch() {}
        let view = self.view.read();
        if !self.is_saving() || view.head() != self.durable() {
            return;
        }
        let end = view.end_to_save();
        drop(view);
        self.save(end);
        if let Some(db) = self.db.read().as_ref()
            && let Err(error) = db.flush()
        {
            self.suspect(&error);
        }
    }

    /// Lets go of what sled holds in memory. Blocks that are asked for meanwhile come from the journal.
    fn renew_sled(&self) {
        if !self.is_saving() {
            return;
        }
        let Some(db) = self.db.write().take_if(|db| db.obstacle().is_none()) else { return };
        match db.open_anew() {
            Ok(db) => *self.db.write() = Some(db),
            Err(error) => {
                self.suspect.store(true, Ordering::Release);
                tracing::error!(%error, "sled cannot be opened again; answering from the journal until the next start");
            }
        }
    }

    fn finish(&self) {
        self.save_end();
        let complete = self.saved_position() == self.view.read().head() && self.is_saving();
        let Some(db) = self.db.write().take() else { return };
        if !complete {
            return db.discard();
        }
        if let Err(error) = db.note_clean() {
            tracing::error!(%error, "sled was not closed; it will be checked at the next start");
            return db.discard();
        }
        if let Err(error) = checkpoint::write(&db, &self.view.read(), &*self.journal) {
            tracing::warn!(%error, "the index was not written; the next start makes it from its rows");
        }
        db.discard();
    }

    /// Writes blocks; false if sled cannot be written to. The data are collected before sled is locked: readers of the
    /// view wait for sled, so a thread that holds sled must never wait for the view.
    fn save(&self, batch: Vec<(usize, Arc<UnsavedBlock>)>) -> bool {
        let Some(known_terms) = self.db.read().as_ref().map(Db::term_count) else { return false };
        let view = self.view.read();
        let terms_needed = batch.iter().map(|(_, unsaved)| unsaved.rows.terms).max().unwrap_or(0);
        let terms_needed = usize::try_from(terms_needed).unwrap_or(usize::MAX);
        let terms: Vec<Vec<u8>> =
            (known_terms..terms_needed).map(|term| view.index.term_bytes(term).to_vec()).collect();
        let with_block = |(number, unsaved)| {
            let block = view.blocks.shared_block(number)?;
            Some(ToSave { number, unsaved, block, place: self.journal.place_of(number) })
        };
        let batch: Vec<_> = batch.into_iter().filter_map(with_block).collect();
        drop(view);
        let end_of = |save: &ToSave| first_of(save.number).plus(save.unsaved.rows.entries.len() as u64).before();
        let last = batch.last().map(end_of);
        let blocks: Vec<_> = batch.iter().map(ToSave::seal).collect();
        let db = self.db.read();
        let Some(open) = db.as_ref().filter(|_| self.is_saving()) else { return false };
        let result = open.save(&blocks, &terms);
        drop(db);
        match result {
            Ok(()) => {
                self.saved.fetch_max(last.unwrap_or_default().0, Ordering::AcqRel);
                true
            }
            Err(error) => {
                self.suspect(&error);
                false
            }
        }
    }
}

/// A block on its way to sled.
struct ToSave {
    number: usize,
    unsaved: Arc<UnsavedBlock>,
    block: Arc<Block>,
    /// Its place in the journal.
    place: Option<u64>,
}

impl ToSave {
    /// The number, and the sealed values of the block and of its rows.
    fn seal(&self) -> (usize, Vec<u8>, Vec<u8>) {
        let Self { number, unsaved, block, place } = self;
        (*number, seal(*number, &View::stored_form(unsaved, block)), seal_rows(*number, &unsaved.rows, *place))
    }
}
