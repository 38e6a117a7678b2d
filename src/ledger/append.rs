//! Recording: one thread that decides, writes and answers; everything that waits is made durable together.
//!
//! ```text
//! clients ──> queue ──> decide ──> encode, hash, take in ──> journal: one write, one fdatasync ──> publish ──> replies
//!                       └────────── for everything that waits ──────────┘
//! ```
//!
//! Appends of one group are decided in order, each seeing the ones before, and taken into the view before they are
//! durable; no cut reaches them until they are published. If the journal fails, nothing more is recorded, ever: what the
//! view holds beyond the durable head stays unseen, and the process should end.

use super::cut::Resolved;
use super::error::{AppendError, Damaged};
use super::record::{EVERYTHING, Recorded};
use super::salt::Salts;
use super::stage::StageWork;
use super::{Ledger, Shared};
use crate::domain::command::{Batch, Command};
use crate::domain::decide::{Decision, decide};
use crate::domain::event::{Change, Event};
use crate::domain::position::{Position, RecordedAt};
use crate::journal::{self, Append, AppendHeader, Journal, Link, Record, Refusal, RequestMark, chain};
use crate::store::{AppendNo, Incoming};
use crate::wire::event::{Stamp, encode_event, read_event, registry_bytes};
use crossbeam_channel::Receiver;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;
use uuid::Uuid;

/// The most appends in one group.
const GROUP: usize = 1024;
/// The most events taken into the view without letting readers in between.
pub(super) const STRETCH: usize = 256;

/// An append that a client asks for.
#[derive(Clone, Debug)]
pub struct AppendRequest {
    /// What makes a retry recognisable.
    pub request: Option<RequestMark>,
    /// Who records.
    pub recorded_by: String,
    /// What to record.
    pub batch: Batch,
    /// Whether to check only.
    pub validate_only: bool,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The cut right after it; for a check, the head.
    pub at: Resolved,
    /// When it was recorded; none for a check.
    pub recorded_at: Option<RecordedAt>,
    /// One result a command.
    pub results: Vec<CommandResult>,
    /// Whether an earlier request with the same id recorded it.
    pub replayed: bool,
}

/// What one command recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandResult {
    /// The claim, where it is about one.
    pub claim: Option<Uuid>,
    /// The party, where it is about one.
    pub party: Option<Box<str>>,
    /// The source, where it is about one.
    pub source: Option<Box<str>>,
    /// The dispute, where it is about one.
    pub dispute: Option<Uuid>,
    /// The kind, where it is about one.
    pub kind: Option<Box<str>>,
    /// The code scheme, where it is about one.
    pub scheme: Option<Box<str>>,
    /// The revision it made.
    pub revision: u32,
    /// The position of its last event; none for a check.
    pub position: Option<Position>,
}

/// How the recorded time of an append is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recording {
    /// By the ledger's clock.
    Now,
    /// As it was recorded elsewhere.
    Backfill(RecordedAt),
}

/// An append on its way to the writer.
pub(super) struct Submission {
    pub(super) request: AppendRequest,
    pub(super) recording: Recording,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// What comes to the writer.
pub(super) enum Work {
    /// An append.
    Append(Submission),
    /// A stage that is to become one.
    Stage(Box<StageWork>),
}

impl Ledger {
    /// Records an append. When it returns, the append is on stable storage.
    ///
    /// # Errors
    /// [`AppendError`] says whether nothing happened or the outcome is unknown.
    pub async fn append(&self, request: AppendRequest) -> Result<Appended, AppendError> {
        self.submit(request, Recording::Now)?.await.unwrap_or_else(|_| Err(stopped("the writer has ended")))
    }

    /// Records an append that was recorded elsewhere, at its own recorded time. Waits for it.
    ///
    /// # Errors
    /// As [`Ledger::append`]; and when the recorded time goes back behind the head.
    pub fn backfill(&self, request: AppendRequest, recorded_at: RecordedAt) -> Result<Appended, AppendError> {
        let reply = self.submit(request, Recording::Backfill(recorded_at))?;
        reply.blocking_recv().unwrap_or_else(|_| Err(stopped("the writer has ended")))
    }

    fn submit(
        &self,
        request: AppendRequest,
        recording: Recording,
    ) -> Result<oneshot::Receiver<Result<Appended, AppendError>>, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Append(Submission { request, recording, reply }))?;
        Ok(answer)
    }

    /// Gives the writer something to do.
    pub(super) fn send(&self, work: Work) -> Result<(), AppendError> {
        let queue = self.queue.lock();
        let Some(queue) = queue.as_ref() else { return Err(stopped("it is shutting down")) };
        queue.try_send(work).map_err(|error| match error {
            crossbeam_channel::TrySendError::Full(_) => AppendError::Overloaded,
            crossbeam_channel::TrySendError::Disconnected(_) => stopped("the writer has ended"),
        })
    }
}

pub(super) fn stopped(why: &str) -> AppendError {
    AppendError::NotServing(why.to_owned())
}

/// The one writer.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Box<dyn Journal>,
    pub(super) salts: Box<dyn Salts>,
    /// The last recorded time given, and the link after the last event taken in.
    pub(super) recorded_at: RecordedAt,
    pub(super) link: Link,
    /// Why nothing is recorded any more.
    pub(super) stopped: Option<String>,
}

/// An append decided and taken in, waiting to be durable.
enum Pending {
    Recorded { append: AppendNo, results: Vec<CommandResult>, recorded_at: RecordedAt },
    Replayed { append: AppendNo, results: Vec<CommandResult> },
    Checked { results: Vec<CommandResult> },
}

impl Writer {
    /// Records what comes in until the queue closes.
    pub(super) fn run(mut self, queue: &Receiver<Work>) {
        while let Ok(first) = queue.recv() {
            let (mut waiting, mut next) = (Vec::new(), Some(first));
            // A stage is recorded after the group that waited before it.
            let stage = loop {
                match next {
                    Some(Work::Append(append)) => waiting.push(append),
                    Some(Work::Stage(stage)) => break Some(stage),
                    None => break None,
                }
                next = if waiting.len() < GROUP { queue.try_recv().ok() } else { None };
            };
            self.record_group(waiting);
            stage.into_iter().for_each(|stage| self.record_stage(*stage));
            if queue.is_empty() {
                self.checkpoint_if_due();
            }
        }
        self.checkpoint();
    }

    fn record_group(&mut self, waiting: Vec<Submission>) {
        let mut group = Vec::with_capacity(waiting.len());
        let mut pending = Vec::with_capacity(waiting.len());
        for Submission { request, recording, reply } in waiting {
            match self.decide_and_take_in(request, recording, &mut group) {
                Ok(outcome) => pending.push((reply, outcome)),
                // A refusal needs no disk: it is told at once. Nobody may be waiting any more.
                Err(error) => drop(reply.send(Err(error))),
            }
        }
        match self.make_durable(&group) {
            Ok(()) => self.publish(pending),
            Err(error) => pending.into_iter().for_each(|(reply, _)| drop(reply.send(Err(error.clone())))),
        }
    }

    fn decide_and_take_in(
        &mut self,
        request: AppendRequest,
        recording: Recording,
        group: &mut Vec<Append>,
    ) -> Result<Pending, AppendError> {
        if let Some(why) = &self.stopped {
            return Err(AppendError::NotServing(why.clone()));
        }
        if let Some(replayed) = self.replay(&request)? {
            return Ok(replayed);
        }
        self.hold_back_while_sled_lags();
        let view = self.shared.store.view();
        let decision = decide(&Recorded { store: &self.shared.store, view: &view, cut: EVERYTHING }, request.batch);
        let (first, append) = (view.head().next(), view.index.appends.len() + 1);
        drop(view);
        let decision = decision.map_err(AppendError::Rejected)?;
        let results = results_of(&decision, (!request.validate_only).then_some(first));
        if request.validate_only {
            return Ok(Pending::Checked { results });
        }
        let header = AppendHeader {
            first,
            count: decision.events.len() as u64,
            recorded_at: self.recorded_time(append, recording)?,
            recorded_by: request.recorded_by,
            request: request.request,
            backfilled: recording != Recording::Now,
        };
        self.take_in(header, decision.events, results, group).inspect_err(|_| self.shared.forget_stamp(append))
    }

    pub(super) fn recorded_time(&self, append: AppendNo, recording: Recording) -> Result<RecordedAt, AppendError> {
        let at = self.shared.horizon.stamp(append, |floor| match recording {
            Recording::Now => Some(self.shared.clock.now().max(self.recorded_at.next()).max(floor.next())),
            Recording::Backfill(at) => (at >= self.recorded_at && at > floor).then_some(at),
        });
        at.ok_or(AppendError::RecordedTimeGoesBack)
    }

    fn take_in(
        &mut self,
        header: AppendHeader,
        events: Vec<Event>,
        results: Vec<CommandResult>,
        group: &mut Vec<Append>,
    ) -> Result<Pending, AppendError> {
        let records = self.encode(&header, &events)?;
        let mut link = chain::open_append(self.link, &header);
        let mut view = self.shared.store.view_mut();
        view.begin(&header);
        for (nth, (event, record)) in events.iter().zip(&records).enumerate() {
            if nth % STRETCH == STRETCH - 1 {
                parking_lot::RwLockWriteGuard::bump(&mut view);
            }
            let entry = view.index.entry_of(&event.change, &header.recorded_by, || registry_bytes(&event.change));
            link = chain::extend(link, chain::commitment(&record.salt, &record.event));
            if view.take_in(Incoming { event: &record.event, salt: record.salt, entry, link }).is_err() {
                drop(view);
                return Err(self.stop_because("the index refused an event".to_owned()));
            }
        }
        view.end(&header);
        let append = view.index.appends.len();
        drop(view);
        self.link = link;
        self.recorded_at = header.recorded_at;
        let recorded_at = header.recorded_at;
        group.push(Append { header, records, link });
        Ok(Pending::Recorded { append, results, recorded_at })
    }

    /// The records of an append, with room for them on the disk.
    fn encode(&mut self, header: &AppendHeader, events: &[Event]) -> Result<Vec<Record>, AppendError> {
        const OVERHEAD: u64 = 64;
        let mut stamp = Stamp {
            position: header.first,
            recorded_at: header.recorded_at,
            recorded_by: &header.recorded_by,
            backfilled: header.backfilled,
        };
        let mut bytes = 4 * OVERHEAD;
        let mut records = Vec::with_capacity(events.len());
        for event in events {
            let mut encoded = Vec::with_capacity(512);
            encode_event(event, &stamp, &mut encoded);
            bytes += encoded.len() as u64 + OVERHEAD;
            records.push(Record { salt: self.salts.next(header, stamp.position), event: encoded.into() });
            stamp.position = stamp.position.next();
        }
        match self.journal.set_aside(bytes) {
            Ok(()) => Ok(records),
            Err(refusal @ Refusal::DiskFull { .. }) => Err(AppendError::DiskFull(refusal.to_string())),
            Err(refusal) => Err(AppendError::NotServing(refusal.to_string())),
        }
    }

    fn make_durable(&mut self, group: &[Append]) -> Result<(), AppendError> {
        if group.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        match self.shared.writing.under_way(|| self.journal.append(group)) {
            Ok(head) => {
                let events = group.iter().map(|append| append.header.count).sum();
                self.shared.metrics.wrote(group.len(), events, began.elapsed(), self.journal.last_sync());
                self.shared.store.set_durable(head.position);
                Ok(())
            }
            Err(error) => Err(self.stop(&error)),
        }
    }

    /// Nothing is recorded after a failure: what the view holds beyond the durable head must never be built upon.
    pub(super) fn stop(&mut self, error: &journal::AppendError) -> AppendError {
        match (error, self.stop_because(error.to_string())) {
            (journal::AppendError::OutcomeUnknown { .. }, AppendError::NotServing(why)) => {
                AppendError::OutcomeUnknown(why)
            }
            (_, stopped) => stopped,
        }
    }

    /// The same, where it is not the journal that failed.
    pub(super) fn stop_because(&mut self, why: String) -> AppendError {
        tracing::error!(error = %why, "nothing more will be recorded");
        self.stopped = Some(why.clone());
        self.shared.failed.send_replace(Some(why.clone()));
        AppendError::NotServing(why)
    }

    fn publish(&self, pending: Vec<(oneshot::Sender<Result<Appended, AppendError>>, Pending)>) {
        let view = self.shared.store.view();
        self.shared.publish(view.index.appends.len());
        for (reply, outcome) in pending {
            let (append, recorded_at, results, replayed) = match outcome {
                Pending::Recorded { append, results, recorded_at } => (append, Some(recorded_at), results, false),
                Pending::Replayed { append, results } => {
                    (append, view.index.appends.recorded_at(append), results, true)
                }
                Pending::Checked { results } => (view.index.appends.len(), None, results, false),
            };
            let at = self.shared.after_append(&view.index, append);
            // Nobody may be waiting any more.
            drop(reply.send(Ok(Appended { at, recorded_at, results, replayed })));
        }
        drop(view);
        if self.shared.store.has_batch() {
            self.shared.saver.wake();
        }
    }

    /// The first reply to an earlier request with the same id, made again from what it recorded.
    fn replay(&self, request: &AppendRequest) -> Result<Option<Pending>, AppendError> {
        let Some(mark) = request.request else { return Ok(None) };
        let view = self.shared.store.view();
        let Some((append, fingerprint)) = view.index.appends.by_request(mark.id) else { return Ok(None) };
        if fingerprint != mark.fingerprint {
            return Err(AppendError::RequestIdReused);
        }
        let first = view.index.appends.last(append - 1).next();
        let last = view.index.appends.last(append);
        let mut renderer = super::render::Renderer::new(&self.shared.store, &view);
        let mut events = Vec::new();
        for position in first.0..=last.0 {
            let read = read_event(renderer.event(Position(position))?);
            events.push(read.map_err(|error| Damaged(error.to_string()))?.4);
        }
        let made = request.batch.commands.iter().map(|noted| events_made(&noted.command)).collect();
        Ok(Some(Pending::Replayed { append, results: results_of(&Decision { events, made }, Some(first)) }))
    }

    /// Bounds the memory that a lagging sled may cost.
    pub(super) fn hold_back_while_sled_lags(&self) {
        const MOST_BLOCKS_BEHIND: usize = 1 << 16;
        while self.shared.store.is_saving() && self.shared.store.view().unsaved_len() > MOST_BLOCKS_BEHIND {
            self.shared.saver.wake();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    fn checkpoint_if_due(&mut self) {
        const EVENTS_BETWEEN: u64 = 1 << 16;
        let head = self.journal.head().position.0;
        if head.saturating_sub(self.shared.checkpointed.load(std::sync::atomic::Ordering::Relaxed)) >= EVENTS_BETWEEN {
            self.checkpoint();
        }
    }

    fn checkpoint(&mut self) {
        if self.stopped.is_some() {
            return;
        }
        if let Err(error) = self.journal.checkpoint() {
            tracing::error!(%error, "the head mark could not be synced");
            self.stopped = Some(error.to_string());
            self.shared.failed.send_replace(Some(error.to_string()));
        }
        let head = self.journal.head().position.0;
        self.shared.checkpointed.store(head, std::sync::atomic::Ordering::Relaxed);
    }
}

/// How many events a command makes.
const fn events_made(command: &Command) -> usize {
    match command {
        Command::Supersede(..) => 2,
        _ => 1,
    }
}

fn results_of(decision: &Decision, first: Option<Position>) -> Vec<CommandResult> {
    let mut until = 0;
    let results = decision.made.iter().map(|made| {
        until += made;
        let last = until.checked_sub(1).and_then(|at| decision.events.get(at));
        let position = first.map(|first| first.plus(until as u64).before());
        last.map_or_else(CommandResult::default, |event| result_of(event, position))
    });
    results.collect()
}

fn result_of(event: &Event, position: Option<Position>) -> CommandResult {
    let mut result = CommandResult { revision: event.revision, position, ..CommandResult::default() };
    result.claim = event.change.claim_id().map(|id| id.0);
    match &event.change {
        Change::ClaimDisputed(_, dispute) => result.dispute = Some(dispute.id.0),
        Change::DisputeResolved(_, dispute, _) => result.dispute = Some(dispute.0),
        Change::PartyRegistered(party) | Change::PartyRevised(party) => result.party = Some(party.id.as_str().into()),
        Change::SourceRegistered(source) | Change::SourceRevised(source) => {
            result.source = Some(source.id.as_str().into());
        }
        Change::SourceWithdrawn(id) => result.source = Some(id.as_str().into()),
        Change::KindRegistered(kind) | Change::KindRevised(kind) => result.kind = Some(kind.kind.as_str().into()),
        Change::SchemeRegistered(scheme) | Change::SchemeRevised(scheme) => {
            result.scheme = Some(scheme.scheme.clone());
        }
        Change::PartiesMerged(merged, _) | Change::PartiesUnmerged(merged) => {
            result.party = Some(merged.as_str().into());
        }
        _ => {}
    }
    result
}
