//! The writer's part: a stage that was checked becomes one append, written as it is decided.
//!
//! ```text
//!   events since the check ── touch nothing of the stage ──> once through the stage, a frame at a time:
//!         │ touch something of it: check again, here           decide ─> encode, hash ─> into the view ─> journal ─> sled
//!         └─> refuse, or record                                seal: one fdatasync; publish; reply
//! ```
//!
//! Other appends wait meanwhile. Nothing of it can be seen before it is published, since no cut reaches it. A failure on
//! the way (a frame that can no longer be read, a disk that does not take a piece) stops the ledger: the view holds a part
//! of an append that will never be. The next start cuts that part off, and the stage is still there.

use super::check::{CheckedStage, StageTrial, StagedSource};
use super::error::{StageError, TOLD, Unfit};
use crate::error::{AppendError, ReadFailure};
use crate::read::horizon::AppendStamp;
use crate::read::record::{DecisionRecord, EVERYTHING};
use crate::read::render::Renderer;
use crate::store::AppendNo;
use crate::wire::event::read_event;
use crate::wire::staged_commands::StagedCommands;
use crate::wire::tally::Tally;
use crate::write::append::Recording;
use crate::write::commit::DurableGroup;
use crate::write::recorder::Recorder;
use crate::write::salt::Salts;
use crate::write::sequence::{self, AROUND};
use crate::write::writer::{MOST_BLOCKS_BEHIND, Writer};
use detente_domain::command::Precondition;
use detente_domain::decide::{BatchRegistry, NumberedCommand, conflicts, decide_piece};
use detente_domain::name::ClaimId;
use detente_domain::position::Position;
use detente_domain::rejection::Rejection;
use detente_journal::{self, AppendHeader, Journal, Piece, Refusal, RequestKey, Run};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// The number of blocks of a stage that wait for sled while it is recorded: four of its batches, about 30 MiB of claims.
const MOST_BLOCKS_OF_STAGE: usize = 1 << 11;

/// A stage on its way to the writer.
pub(crate) struct StageWork {
    pub(super) source: StagedSource,
    pub(super) request: RequestKey,
    pub(super) recording: Recording,
    pub(super) preconditions: Vec<Precondition>,
    pub(super) checked: StageTrial,
    pub(super) reply: oneshot::Sender<Result<StageVerdict, StageError>>,
}

/// The writer's answer to a stage.
pub(crate) enum StageVerdict {
    /// The append that it became, and its events.
    Recorded(AppendNo, Tally),
    /// An earlier request with its id recorded it.
    Replayed,
}

impl Writer {
    /// Records a stage. All that was decided before it is durable by then, and answered.
    pub(crate) fn record_stage(&mut self, work: StageWork) {
        let StageWork { source, request, recording, preconditions, checked, reply } = work;
        let committer = Arc::clone(&self.committer);
        let mut journal = committer.journal_when_quiet();
        let outcome = self.stage_refused(request, &preconditions).and_then(|replayed| match replayed {
            true => Ok(StageVerdict::Replayed),
            false => {
                let checked = self.still_fits(&source, checked)?.into_checked();
                self.stage(&mut **journal, &source, request, recording, &checked)
            }
        });
        // Nobody may be waiting any more.
        drop(reply.send(outcome));
    }

    /// Returns true if it was recorded before, or the reason why it is not recorded.
    fn stage_refused(&self, request: RequestKey, preconditions: &[Precondition]) -> Result<bool, StageError> {
        self.recorder.goes_on()?;
        let view = self.recorder.record.store.view();
        match view.requests.get(request.id) {
            Some((_, mark)) if mark.is_of(&request) => return Ok(true),
            Some(_) => return Err(StageError::IdReused),
            None => {}
        }
        let conflicts = conflicts(
            &DecisionRecord { store: &self.recorder.record.store, view: &view, cut: EVERYTHING },
            preconditions,
        );
        if conflicts.is_empty() {
            Ok(false)
        } else {
            Err(AppendError::Rejected(Rejection::Conflicts(conflicts)).into())
        }
    }

    /// The result of the check, still valid: the stage is checked again if a change recorded since then matters to it.
    fn still_fits(&self, source: &StagedSource, checked: StageTrial) -> Result<StageTrial, StageError> {
        if !self.is_outdated(&checked)? {
            return Ok(checked);
        }
        tracing::info!(stage = %source.stage, "what it touches was touched since it was checked; checking it again");
        let checked = self.recorder.record.check(source, EVERYTHING, TOLD)?;
        if checked.unfit.is_empty() { Ok(checked) } else { Err(StageError::Unfit(checked.unfit)) }
    }

    fn is_outdated(&self, checked: &StageTrial) -> Result<bool, AppendError> {
        let view = self.recorder.record.store.view();
        let mut renderer = Renderer::new(&self.recorder.record.store, &view);
        for position in (checked.at.next().0..=view.head().0).map(Position) {
            let claim = view.index.by_position.claim(position).and_then(|claim| view.index.claims().id(claim));
            let matters = match claim {
                Some(id) => checked.trial.touches(ClaimId(id)),
                None => {
                    let read = read_event(renderer.event(position)?)
                        .map_err(|error| ReadFailure::Damaged(error.to_string()))?;
                    checked.trial.depends_on(&read.4.change)
                }
            };
            if matters {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn stage(
        &mut self,
        journal: &mut dyn Journal,
        source: &StagedSource,
        request: RequestKey,
        recording: Recording,
        checked: &CheckedStage,
    ) -> Result<StageVerdict, StageError> {
        self.recorder.hold_back_while_sled_lags(MOST_BLOCKS_BEHIND);
        let view = self.recorder.record.store.view();
        let (first, append) = (view.head().next(), view.index.appends.last_number().next());
        drop(view);
        let AppendStamp { at, floor } = self.stamp(append, recording)?;
        let mut header = AppendHeader {
            first,
            count: checked.tally.total(),
            recorded_at: at,
            recorded_by: source.recorded_by.as_ref().to_owned(),
            request: None,
            backfilled: recording != Recording::Now,
            floor,
        };
        header.request = Some(request.mark(self.salts.of_request(&header)));
        let began = Instant::now();
        match self.write_stage(journal, source, &header, checked) {
            Ok(()) => {}
            Err(StageFailure::Refused(error)) => {
                self.recorder.record.forget_stamp(append);
                return Err(error.into());
            }
            Err(StageFailure::Broken(error)) => return Err(self.recorder.stop(&error).into()),
            Err(StageFailure::Defect(why)) => return Err(self.recorder.stop_because(why).into()),
        };
        self.recorded_at = header.recorded_at;
        self.recorder.publish_durable(&DurableGroup { appends: 1, events: header.count, began }, journal);
        self.recorder.checkpoint_if_due(journal);
        self.recorder.saver.wake();
        Ok(StageVerdict::Recorded(append, checked.tally.clone()))
    }

    fn write_stage(
        &mut self,
        journal: &mut dyn Journal,
        source: &StagedSource,
        header: &AppendHeader,
        checked: &CheckedStage,
    ) -> Result<(), StageFailure> {
        let run = journal.begin(header, checked.bytes + 4 * AROUND).map_err(failure_to_begin)?;
        let mut pass = Pass { recorder: &self.recorder, salts: &mut *self.salts, run, header, next: header.first };
        self.recorder.record.store.view_mut().begin(header);
        let mut broken = None;
        let mut unfit = Unfit::default();
        let read = source.read(&mut StagedCommands::of(source.stage), &mut unfit, |commands| {
            pass.piece(&checked.registered, commands).map_err(|failure| {
                broken = Some(failure);
                AppendError::NotServing(String::new()).into()
            })
        });
        match (broken, read) {
            (Some(failure), _) => Err(failure),
            (None, Err(error)) => Err(StageFailure::Defect(error.to_string())),
            (None, Ok(())) if !unfit.is_empty() => Err(StageFailure::Defect("the stage has changed".to_owned())),
            (None, Ok(())) => pass.seal(),
        }
    }
}

/// The reason why a stage is not recorded.
enum StageFailure {
    /// Nothing was written.
    Refused(AppendError),
    /// The journal failed.
    Broken(detente_journal::AppendError),
    /// Something else is not as it was when it was checked.
    Defect(String),
}

/// The reason why the journal did not begin.
fn failure_to_begin(error: detente_journal::AppendError) -> StageFailure {
    match error {
        detente_journal::AppendError::NothingWritten(
            refusal @ (Refusal::DiskFull { .. } | Refusal::SpaceUnknown(_) | Refusal::NoSegment(_) | Refusal::ReadOnly),
        ) => StageFailure::Refused(refusal.into()),
        other => StageFailure::Broken(other),
    }
}

/// The way of a stage through the writer.
struct Pass<'w> {
    recorder: &'w Recorder,
    salts: &'w mut dyn Salts,
    run: Box<dyn Run + 'w>,
    header: &'w AppendHeader,
    next: Position,
}

impl Pass<'_> {
    fn piece(&mut self, registered: &BatchRegistry, commands: Vec<NumberedCommand>) -> Result<(), StageFailure> {
        let view = self.recorder.record.store.view();
        let record = DecisionRecord { store: &self.recorder.record.store, view: &view, cut: EVERYTHING };
        let decided = decide_piece(&record, registered, commands);
        drop(view);
        let events = decided.map_err(|_| StageFailure::Defect("the stage no longer fits the record".to_owned()))?;
        if events.is_empty() {
            return Ok(());
        }
        let records = sequence::records(&events, self.header, self.next, self.salts);
        self.next = self.next.plus(events.len() as u64);
        let mut view = self.recorder.record.store.view_mut();
        sequence::take_in(&mut view, self.header, &events, &records)
            .map_err(|_| StageFailure::Defect("the index refused an event".to_owned()))?;
        let piece = Piece { records, link: view.link() };
        drop(view);
        self.recorder.writing.under_way(|| self.run.extend(&piece)).map_err(StageFailure::Broken)?;
        self.have_sled_follow();
        Ok(())
    }

    /// Lets sled have what the journal was given, so that the memory does not grow with the stage.
    fn have_sled_follow(&self) {
        let store = &self.recorder.record.store;
        store.set_handed_over(self.next.before());
        if store.has_batch() {
            self.recorder.saver.wake();
        }
        self.recorder.hold_back_while_sled_lags(MOST_BLOCKS_OF_STAGE);
    }

    fn seal(self) -> Result<(), StageFailure> {
        if self.next != self.header.last().next() {
            return Err(StageFailure::Defect("the stage made other events than when it was checked".to_owned()));
        }
        self.recorder.record.store.view_mut().end(self.header);
        let run = self.run;
        self.recorder.writing.under_way(|| run.seal()).map(drop).map_err(StageFailure::Broken)
    }
}
