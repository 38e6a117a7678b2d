//! Making durable: one thread that writes what has been decided, all that waits with one fdatasync, and then answers.
//!
//! ```text
//!   writer ──> line: decided, in order ──> commit ──> publish ──> replies
//!                                          ^ the journal is behind a lock: a stage takes it once the line is quiet
//! ```
//!
//! A lone append is written by the thread that decided it, if nothing else is on its way: to wake another one would cost
//! more than it saves.

use crate::error::AppendError;
use crate::write::append::{AppendReceipt, CommandResult};
use crate::write::recorder::Recorder;
use detente_journal::{self, Append, Journal, Promise};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// The number of appends that may wait for the journal; the writer waits then.
const LINE: usize = 1024;

/// An append, decided and taken in: it is answered once all that was taken in before is durable.
pub(crate) struct DecidedAppend {
    /// The data to write; none for a check, or for an append that was recorded before.
    pub(crate) append: Option<(Append, Promise)>,
    pub(crate) outcome: WriteOutcome,
    pub(crate) reply: oneshot::Sender<Result<AppendReceipt, AppendError>>,
}

/// Appends that one sync made durable.
pub(crate) struct DurableGroup {
    /// Number of appends.
    pub(crate) appends: usize,
    /// Number of their events.
    pub(crate) events: u64,
    /// Start of the write.
    pub(crate) began: Instant,
}

/// The outcome that is answered.
pub(crate) enum WriteOutcome {
    /// The append, recorded now or by an earlier request with the same id.
    Known(AppendReceipt),
    /// The result that it would have.
    Checked(Vec<CommandResult>),
}

impl DecidedAppend {
    /// The number of events that it has for the journal.
    pub(crate) fn events(&self) -> usize {
        self.append.as_ref().map_or(0, |(append, _)| append.records.len())
    }
}

/// Makes durable what the writer decided.
pub(crate) struct Committer {
    recorder: Arc<Recorder>,
    journal: Mutex<Box<dyn Journal>>,
    line: Mutex<CommitQueue>,
    /// Notified when the line has changed.
    moved: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct CommitQueue {
    waiting: Vec<DecidedAppend>,
    /// True while the appends that were taken out of the line last are being written.
    writing: bool,
    /// True if no more appends come.
    closed: bool,
}

impl CommitQueue {
    const fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && !self.writing
    }
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives none.
    pub(crate) fn start(recorder: Arc<Recorder>, journal: Box<dyn Journal>) -> std::io::Result<Arc<Self>> {
        let committer = Arc::new(Self {
            recorder,
            journal: Mutex::new(journal),
            line: Mutex::default(),
            moved: Condvar::new(),
            thread: Mutex::default(),
        });
        let running = Arc::clone(&committer);
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(move || running.run())?;
        *committer.thread.lock() = Some(thread);
        Ok(committer)
    }

    fn run(&self) {
        let _ending = QueueCloser(self);
        loop {
            let mut line = self.line.lock();
            line.writing = false;
            self.moved.notify_all();
            self.moved.wait_while(&mut line, |line| line.waiting.is_empty() && !line.closed);
            if line.waiting.is_empty() {
                return;
            }
            let group = std::mem::take(&mut line.waiting);
            line.writing = true;
            drop(line);
            self.commit(group);
        }
    }

    /// Hands over what was decided. Waits while too much waits already.
    pub(crate) fn hand_over(&self, mut decided: Vec<DecidedAppend>) {
        if decided.is_empty() {
            return;
        }
        let mut line = self.line.lock();
        self.moved.wait_while(&mut line, |line| line.waiting.len() >= LINE && !line.closed);
        if line.closed {
            // The thread has ended with a panic: nobody is answered, which tells them so.
            return;
        }
        line.waiting.append(&mut decided);
        drop(line);
        self.moved.notify_all();
    }

    /// The same, when nothing else has been asked for: if it is one append, and nothing is on its way, the caller writes it.
    pub(crate) fn take_over(&self, decided: Vec<DecidedAppend>) {
        let alone = decided.len() == 1 && self.line.lock().is_quiet();
        if alone { self.commit(decided) } else { self.hand_over(decided) }
    }

    /// The journal, once all that was handed over has been written.
    pub(crate) fn journal_when_quiet(&self) -> MutexGuard<'_, Box<dyn Journal>> {
        let mut line = self.line.lock();
        self.moved.wait_while(&mut line, |line| !line.is_quiet());
        drop(line);
        self.journal.lock()
    }

    /// Writes what is left, and ends the thread.
    pub(crate) fn close(&self) {
        self.line.lock().closed = true;
        self.moved.notify_all();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes the journal panicked");
        }
        self.recorder.checkpoint(&mut **self.journal.lock());
    }

    fn commit(&self, mut decided: Vec<DecidedAppend>) {
        let (group, promises): (Vec<Append>, Vec<Promise>) =
            decided.iter_mut().filter_map(|decided| decided.append.take()).unzip();
        let mut journal = self.journal.lock();
        let durable = self.recorder.make_durable(&mut **journal, &group);
        drop(promises);
        match durable {
            Ok(()) => self.recorder.answer(decided),
            Err(error) => decided.into_iter().for_each(|decided| drop(decided.reply.send(Err(error.clone())))),
        }
        if self.line.lock().waiting.is_empty() {
            self.recorder.checkpoint_if_due(&mut **journal);
        }
    }
}

/// Lets the writer go on, to refuse, when the thread has ended with a panic.
struct QueueCloser<'c>(&'c Committer);

impl Drop for QueueCloser<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.recorder.stop_because("the thread that writes the journal panicked".to_owned());
        }
        let mut line = self.0.line.lock();
        (line.closed, line.writing) = (true, false);
        line.waiting.clear();
        self.0.moved.notify_all();
    }
}

impl Recorder {
    /// Returns an error if nothing can be recorded any more.
    pub(crate) fn goes_on(&self) -> Result<(), AppendError> {
        self.failed.borrow().as_ref().map_or(Ok(()), |why| Err(AppendError::NotServing(why.clone())))
    }

    fn make_durable(&self, journal: &mut dyn Journal, group: &[Append]) -> Result<(), AppendError> {
        // An append that is repeated, or a check that was made after one, fails with it.
        self.goes_on()?;
        let Some(last) = group.last() else { return Ok(()) };
        let began = Instant::now();
        match self.writing.under_way(|| journal.append(group)) {
            Ok(head) => {
                debug_assert_eq!(head.position, last.header.last());
                let events = group.iter().map(|append| append.header.count).sum();
                self.publish_durable(&DurableGroup { appends: group.len(), events, began }, journal);
                Ok(())
            }
            Err(error) => Err(self.stop(&error)),
        }
    }

    /// Publishes appends that the journal has just made durable: from here on cuts reach them.
    pub(crate) fn publish_durable(&self, group: &DurableGroup, journal: &dyn Journal) {
        self.metrics.count_write(group.appends, group.events, group.began.elapsed(), journal.last_sync());
        self.record.store.set_durable(journal.head().position);
        self.record.publish(self.record.last_published().plus(group.appends));
    }

    fn answer(&self, decided: Vec<DecidedAppend>) {
        for DecidedAppend { outcome, reply, .. } in decided {
            let appended = match outcome {
                WriteOutcome::Known(appended) => appended,
                WriteOutcome::Checked(results) => {
                    AppendReceipt { at: self.record.head(), recorded_at: None, results, replayed: false }
                }
            };
            // Nobody may be waiting any more.
            drop(reply.send(Ok(appended)));
        }
        if self.record.store.has_batch() {
            self.saver.wake();
        }
    }

    /// Nothing is recorded after a failure: what the view holds beyond the durable head must never be built upon.
    pub(crate) fn stop(&self, error: &detente_journal::AppendError) -> AppendError {
        match (error, self.stop_because(error.to_string())) {
            (detente_journal::AppendError::OutcomeUnknown { .. }, AppendError::NotServing(why)) => {
                AppendError::OutcomeUnknown(why)
            }
            (_, stopped) => stopped,
        }
    }

    /// The same, where it is not the journal that failed.
    pub(crate) fn stop_because(&self, why: String) -> AppendError {
        tracing::error!(error = %why, "nothing more will be recorded");
        // The first reason is the one that counts.
        self.failed.send_if_modified(|failed| {
            let is_first = failed.is_none();
            failed.get_or_insert_with(|| why.clone());
            is_first
        });
        AppendError::NotServing(why)
    }

    /// Makes the head mark durable, if much was recorded since it last was.
    pub(crate) fn checkpoint_if_due(&self, journal: &mut dyn Journal) {
        const EVENTS_BETWEEN: u64 = 1 << 16;
        let head = journal.head().position.0;
        if head.saturating_sub(self.checkpointed.load(Ordering::Relaxed)) >= EVENTS_BETWEEN {
            self.checkpoint(journal);
        }
    }

    fn checkpoint(&self, journal: &mut dyn Journal) {
        if self.goes_on().is_err() {
            return;
        }
        if let Err(error) = journal.checkpoint() {
            tracing::error!(%error, "the head mark could not be synced");
            self.stop_because(error.to_string());
        }
        self.checkpointed.store(journal.head().position.0, Ordering::Relaxed);
    }
}
