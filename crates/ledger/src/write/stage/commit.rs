//! The recording of a stage: it is checked outside of the writer, recorded by it, and then removed.

use super::check::StagedSource;
use super::error::{StageError, Unfit};
use super::file::StageFile;
use super::opening::StageOpening;
use super::record::{StageVerdict, StageWork};
use super::staged_append::StagedAppend;
use crate::Ledger;
use crate::error::AppendError;
use crate::read::record::DecisionRecord;
use crate::write::append::{Recording, Work, not_serving};
use detente_domain::command::Precondition;
use detente_domain::decide::conflicts;
use detente_domain::position::Position;
use detente_domain::rejection::{Rejection, Violation};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

/// A request to record a stage.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The stage.
    pub id: Uuid,
    /// The conditions that the record before it must meet.
    pub preconditions: Vec<Precondition>,
    /// True to check only.
    pub validate_only: bool,
    /// The numbers of commands that are left out.
    pub leave_out: Vec<u64>,
    /// The number of violations that are returned.
    pub told: usize,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOutcome {
    /// The append.
    pub append: StagedAppend,
    /// True if an earlier request recorded it.
    pub replayed: bool,
    /// The violations, for a check.
    pub unfit: Unfit,
}

impl Ledger {
    /// Records a stage, or checks if it could be recorded. Waits; the append is on stable storage when this returns.
    ///
    /// # Errors
    /// [`StageError`]; an [`AppendError`] in it says whether nothing happened or the outcome is unknown.
    pub fn commit_stage(&self, commit: &Commit) -> Result<CommitOutcome, StageError> {
        let Some(staging) = self.stages.find(commit.id)? else { return self.replay_stage(commit.id) };
        let mut file = staging.file.lock();
        match &*file {
            Some(open) if self.record.append_under(commit.id).is_none() => {
                let committed = self.commit(&staging.opening, open, commit)?;
                if !commit.validate_only {
                    self.finish_stage(commit.id, &mut file);
                }
                Ok(committed)
            }
            // It was recorded or dropped while we waited.
            _ => self.replay_stage(commit.id),
        }
    }

    /// The first reply to an earlier request, made again from what it recorded.
    fn replay_stage(&self, id: Uuid) -> Result<CommitOutcome, StageError> {
        match self.record.append_under(id) {
            Some((append, mark)) if mark.is_staged() => Ok(CommitOutcome {
                append: self.record.load_staged_append(append)?,
                replayed: true,
                unfit: Unfit::default(),
            }),
            Some(_) => Err(StageError::IdReused),
            None => Err(StageError::NotFound(id)),
        }
    }

    fn commit(&self, opening: &StageOpening, file: &StageFile, commit: &Commit) -> Result<CommitOutcome, StageError> {
        let leave_out = left_out(commit, file.end().next)?;
        let source = StagedSource {
            stage: commit.id,
            reader: file.reader(),
            leave_out: Arc::new(leave_out),
            recorded_by: opening.recorded_by.as_str().into(),
        };
        let head = self.head();
        let preconditions = self.judge_boundaries(&commit.preconditions, None)?;
        self.judge(&preconditions, head.position())?;
        let checked = self.record.check(&source, head.position(), commit.told)?;
        let tally = checked.tally.clone();
        if commit.validate_only {
            let append = StagedAppend { at: head, span: None, recorded_at: None, tally };
            return Ok(CommitOutcome { append, replayed: false, unfit: checked.unfit });
        }
        if !checked.unfit.is_empty() {
            return Err(StageError::Unfit(checked.unfit));
        }
        let (reply, answer) = oneshot::channel();
        let work = StageWork {
            source,
            request: opening.key(commit.id),
            recording: opening.asked_at().map_or(Recording::Now, Recording::Backfill),
            preconditions,
            checked,
            reply,
        };
        self.send(Work::Stage(Box::new(work)))?;
        let outcome = answer.blocking_recv().unwrap_or_else(|_| Err(not_serving("the writer has ended").into()))?;
        match outcome {
            StageVerdict::Recorded(append, tally) => {
                let append = self.record.staged_append_with(append, tally);
                Ok(CommitOutcome { append, replayed: false, unfit: Unfit::default() })
            }
            StageVerdict::Replayed => self.replay_stage(commit.id),
        }
    }

    /// Checks preconditions at the head, so that a client that decided on an outdated answer gets its error before all
    /// commands are tried.
    fn judge(&self, preconditions: &[Precondition], head: Position) -> Result<(), AppendError> {
        let view = self.record.store.question_view();
        let record = DecisionRecord { store: &self.record.store, view: &view, cut: head };
        let conflicts = conflicts(&record, preconditions);
        if conflicts.is_empty() { Ok(()) } else { Err(AppendError::Rejected(Rejection::Conflicts(conflicts))) }
    }

    /// Forgets a stage that is recorded. A file that cannot be removed stays; the record says what became of the stage.
    fn finish_stage(&self, id: Uuid, file: &mut Option<StageFile>) {
        *file = None;
        if let Err(error) = self.stages.forget(id) {
            tracing::warn!(stage = %id, %error, "the file of a recorded stage stays; the next start removes it");
        }
    }
}

fn left_out(commit: &Commit, next: u64) -> Result<HashSet<u64>, StageError> {
    let beyond = commit.leave_out.iter().enumerate().filter(|(_, number)| **number >= next);
    let what = || format!("no such command is staged; there are {next}, numbered from 0");
    let violations: Vec<_> = beyond.map(|(at, _)| Violation::new(format!("leave_out[{at}]"), what())).collect();
    if violations.is_empty() {
        Ok(commit.leave_out.iter().copied().collect())
    } else {
        Err(StageError::Invalid(violations))
    }
}
