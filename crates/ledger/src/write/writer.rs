//! Recording: one thread decides, another writes; everything that waits is made durable together.
//!
//! ```text
//! clients ──> queue ──> decide ──> encode, hash, take in ══> journal: one write, one fdatasync ──> publish ──> replies
//!                       └── the writer, in order ───────┘    └── the committer, a group at a time ───────────────────┘
//! ```
//!
//! Appends are decided in order, each seeing the ones before, and taken into the view before they are durable; no cut
//! reaches them until they are published. While one group is on its way to the disk the next is decided. If the journal
//! fails, nothing more is recorded, ever: what the view holds beyond the durable head stays unseen, and the process
//! should end.

use crate::error::{AppendError, ReadFailure};
use crate::read::cut::ResolvedCut;
use crate::read::horizon::AppendStamp;
use crate::read::record::{DecisionRecord, EVERYTHING};
use crate::store::AppendNo;
use crate::wire::event::read_event;
use crate::write::append::{AppendReceipt, AppendRequest, Recording, Submission, Work, events_made, results_of};
use crate::write::commit::{Committer, DecidedAppend, WriteOutcome};
use crate::write::queue::WorkQueue;
use crate::write::recorder::Recorder;
use crate::write::salt::Salts;
use crate::write::sequence;
use detente_domain::decide::{Decision, decide};
use detente_domain::event::Event;
use detente_domain::position::{Position, RecordedAt};
use detente_journal::{Append, AppendHeader, Promise, Room};
use std::sync::Arc;

/// The number of events that are decided, at the least, before they are handed over while more appends wait.
const ENOUGH: usize = 64;

/// The number of blocks that sled may lag before appends wait for it.
pub(crate) const MOST_BLOCKS_BEHIND: usize = 1 << 16;

/// The one writer.
pub(crate) struct Writer {
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) committer: Arc<Committer>,
    pub(crate) room: Arc<dyn Room>,
    pub(crate) salts: Box<dyn Salts>,
    /// The last recorded time given.
    pub(crate) recorded_at: RecordedAt,
}

impl Writer {
    /// Records what comes in until the queue closes.
    pub(crate) fn run(mut self, queue: &WorkQueue) {
        let _ending = QueueEnding(queue);
        while let Some(first) = queue.take() {
            self.decide_what_waits(first, queue);
        }
    }

    fn decide_what_waits(&mut self, first: Work, queue: &WorkQueue) {
        let (mut decided, mut events) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(work) = next {
            match work {
                Work::Append(append) => {
                    if let Some(append) = self.decide_one(append) {
                        events += append.events();
                        decided.push(append);
                    }
                }
                // A stage is recorded after what waited before it.
                Work::Stage(stage) => {
                    self.committer.hand_over(std::mem::take(&mut decided));
                    self.record_stage(*stage);
                }
            }
            if events >= ENOUGH {
                self.committer.hand_over(std::mem::take(&mut decided));
                events = 0;
            }
            next = queue.take_waiting();
        }
        self.committer.take_over(decided);
    }

    fn decide_one(&mut self, Submission { request, recording, reply }: Submission) -> Option<DecidedAppend> {
        if reply.is_closed() {
            // Its client has left, and nothing has been done for it.
            return None;
        }
        match self.decide_and_take_in(request, recording) {
            Ok((append, outcome)) => Some(DecidedAppend { append, outcome, reply }),
            Err(error) => {
                // A refusal needs no disk, so it is sent at once. Nobody may be waiting any more.
                drop(reply.send(Err(error)));
                None
            }
        }
    }

    fn decide_and_take_in(
        &mut self,
        request: AppendRequest,
        recording: Recording,
    ) -> Result<(Option<(Append, Promise)>, WriteOutcome), AppendError> {
        self.recorder.goes_on()?;
        if let Some(replayed) = self.replay(&request)? {
            return Ok((None, WriteOutcome::Known(replayed)));
        }
        self.recorder.hold_back_while_sled_lags(MOST_BLOCKS_BEHIND);
        let view = self.recorder.record.store.view();
        let decision =
            decide(&DecisionRecord { store: &self.recorder.record.store, view: &view, cut: EVERYTHING }, request.batch);
        let (first, append) = (view.head().next(), view.index.appends.last_number().next());
        drop(view);
        let decision = decision.map_err(AppendError::Rejected)?;
        let results = results_of(&decision, (!request.validate_only).then_some(first));
        if request.validate_only {
            return Ok((None, WriteOutcome::Checked(results)));
        }
        let AppendStamp { at, floor } = self.stamp(append, recording)?;
        let mut header = AppendHeader {
            first,
            count: decision.events.len() as u64,
            recorded_at: at,
            recorded_by: request.recorded_by,
            request: None,
            backfilled: recording != Recording::Now,
            floor,
        };
        header.request = request.request.map(|request| request.mark(self.salts.of_request(&header)));
        let taken = self.take_in(header, &decision.events).inspect_err(|_| self.recorder.record.forget_stamp(append));
        let (taken, promise, at) = taken?;
        let appended = AppendReceipt { at, recorded_at: at.recorded_at, results, replayed: false };
        Ok((Some((taken, promise)), WriteOutcome::Known(appended)))
    }

    /// Chooses when an append was recorded.
    pub(crate) fn stamp(&self, append: AppendNo, recording: Recording) -> Result<AppendStamp, AppendError> {
        let now = match recording {
            Recording::Now => self.recorder.clock_guard.now(&*self.recorder.record.clock, self.recorded_at),
            Recording::Backfill(at) => Ok(at),
        };
        let now = now.map_err(AppendError::ClockWrong)?;
        let at = self.recorder.record.horizon.stamp(append, |floor| match recording {
            Recording::Now => Some(now.max(self.recorded_at.next()).max(floor.next())),
            Recording::Backfill(at) => (at >= self.recorded_at && at > floor).then_some(at),
        });
        if recording == Recording::Now {
            self.recorder.surroundings.recorded_by_clock();
        }
        at.ok_or(AppendError::RecordedTimeGoesBack)
    }

    /// Takes events into the view; what is to be written, and the cut right after it.
    fn take_in(
        &mut self,
        header: AppendHeader,
        events: &[Event],
    ) -> Result<(Append, Promise, ResolvedCut), AppendError> {
        let records = sequence::records(events, &header, header.first, &mut *self.salts);
        let promise = Promise::of(&self.room, sequence::bytes_of(&records))?;
        let mut view = self.recorder.record.store.view_mut();
        view.begin(&header);
        if sequence::take_in(&mut view, &header, events, &records).is_err() {
            drop(view);
            return Err(self.recorder.stop_because("the index refused an event".to_owned()));
        }
        view.end(&header);
        let (link, at) =
            (view.link(), self.recorder.record.after_append(&view.index, view.index.appends.last_number()));
        drop(view);
        self.recorded_at = header.recorded_at;
        Ok((Append { header, records, link }, promise, at))
    }

    /// The first reply to an earlier request with the same id, made again from what it recorded. Given once what came before
    /// is durable, and so what it repeats.
    fn replay(&self, request: &AppendRequest) -> Result<Option<AppendReceipt>, AppendError> {
        let Some(request_key) = request.request else { return Ok(None) };
        let view = self.recorder.record.store.view();
        let Some((append, mark)) = view.requests.get(request_key.id) else { return Ok(None) };
        if !mark.is_of(&request_key) {
            return Err(AppendError::RequestIdReused);
        }
        let first = view.index.appends.last(append.before()).next();
        let last = view.index.appends.last(append);
        let mut renderer = crate::read::render::Renderer::new(&self.recorder.record.store, &view);
        let mut events = Vec::new();
        for position in first.0..=last.0 {
            let read = read_event(renderer.event(Position(position))?);
            events.push(read.map_err(|error| ReadFailure::Damaged(error.to_string()))?.4);
        }
        let made = request.batch.commands.iter().map(|noted| events_made(&noted.command)).collect();
        let results = results_of(&Decision { events, made }, Some(first));
        let at = self.recorder.record.after_append(&view.index, append);
        Ok(Some(AppendReceipt { at, recorded_at: at.recorded_at, results, replayed: true }))
    }
}

/// Ends the queue, however the writer ends.
struct QueueEnding<'q>(&'q WorkQueue);

impl Drop for QueueEnding<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Writes all that was handed over and drops the journal, however the writer ends.
impl Drop for Writer {
    fn drop(&mut self) {
        self.committer.close();
    }
}
