//! The check of a stage against the record, before the writer has any work with it.
//!
//! ```text
//!   survey    all commands once: the parties and sources they register, and the claims whose contents are needed again
//!   trial     all commands again, on the record at a cut: the violations, the number of events of each kind and of bytes
//! ```
//!
//! Both read the stage frame by frame, and keep the standing of a claim, not its content. Between frames the view is
//! unlocked, so that the writer can work meanwhile.

use super::error::{StageError, Unfit};
use super::file::StageReader;
use crate::read::reader::RecordReader;
use crate::read::record::DecisionRecord;
use crate::wire::event::{Stamp, encode_event};
use crate::wire::sink::Sink;
use crate::wire::staged_commands::StagedCommands;
use crate::wire::tally::Tally;
use crate::write::sequence::AROUND;
use detente_domain::decide::{BatchRegistry, NumberedCommand, Survey, Trial};
use detente_domain::position::{Position, RecordedAt};
use detente_domain::rejection::Violation;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// The commands of a stage that are to be recorded.
#[derive(Clone)]
pub(super) struct StagedSource {
    pub(super) stage: Uuid,
    pub(super) reader: StageReader,
    pub(super) leave_out: Arc<HashSet<u64>>,
    pub(super) recorded_by: Arc<str>,
}

impl StagedSource {
    /// Calls `each` with the commands of one frame after the other, parsed; what this version finds malformed goes to `unfit`.
    pub(super) fn read(
        &self,
        staged: &mut StagedCommands,
        unfit: &mut Unfit,
        mut each: impl FnMut(Vec<NumberedCommand>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        for frame in self.reader.frames() {
            let (first, commands) = frame.map_err(|error| self.damaged_error(&error.to_string()))?;
            let mut sink = Sink::input();
            let mut parsed = Vec::with_capacity(commands.len());
            for (number, command) in (first..).zip(commands) {
                if self.leave_out.contains(&number) {
                    continue;
                }
                let number = usize::try_from(number).map_err(|error| self.damaged_error(&error.to_string()))?;
                parsed.extend(staged.parse(number, number, command, &mut sink).map(|noted| (number, noted)));
            }
            unfit.note(sink.finish().err().unwrap_or_default());
            each(parsed)?;
        }
        Ok(())
    }

    fn damaged_error(&self, why: &str) -> StageError {
        StageError::Damaged { id: self.stage, why: why.to_owned() }
    }
}

/// A stage that was tried.
pub(super) struct StageTrial {
    /// The position up to which the record was used.
    pub(super) at: Position,
    pub(super) registered: BatchRegistry,
    pub(super) trial: Trial,
    /// The events it would make.
    pub(super) tally: Tally,
    /// The number of bytes that they take in the journal, at most.
    pub(super) bytes: u64,
    /// The violations.
    pub(super) unfit: Unfit,
}

/// The part of a trial that recording needs. The standings of the claims are not among it, a hundred bytes each.
pub(super) struct CheckedStage {
    pub(super) registered: BatchRegistry,
    pub(super) tally: Tally,
    pub(super) bytes: u64,
}

impl StageTrial {
    /// Drops everything but the part that recording needs.
    pub(super) fn into_checked(self) -> CheckedStage {
        CheckedStage { registered: self.registered, tally: self.tally, bytes: self.bytes }
    }
}

impl RecordReader {
    /// Tries a stage on the record at a cut, and keeps the first `told` violations.
    pub(super) fn check(&self, source: &StagedSource, at: Position, told: usize) -> Result<StageTrial, StageError> {
        let mut survey = Survey::default();
        source.read(&mut StagedCommands::of(source.stage), &mut Unfit::default(), |commands| {
            commands.iter().for_each(|(_, noted)| survey.note(&noted.command));
            Ok(())
        })?;
        let (registered, mut trial) = survey.finish();
        let (mut tally, mut bytes, mut misfits) = (Tally::default(), 0, Unfit::telling(told));
        let (mut staged, mut unfit) = (StagedCommands::of(source.stage), Unfit::telling(told));
        let mut encoded = Vec::new();
        source.read(&mut staged, &mut unfit, |commands| {
            let view = self.store.question_view();
            let record = DecisionRecord { store: &self.store, view: &view, cut: at };
            let (events, violations) = trial.decide(&record, &registered, commands);
            drop(view);
            misfits.note(violations);
            for event in &events {
                tally.count(&event.change);
                encoded.clear();
                encode_event(event, &longest(&source.recorded_by), &mut encoded);
                bytes += encoded.len() as u64 + AROUND;
            }
            Ok(())
        })?;
        unfit.add(misfits);
        unfit.note(staged.names_without_claim().into_iter().map(|(_, violation)| violation).collect());
        if unfit.is_empty() && tally.total() == 0 {
            unfit.note(vec![Violation::new("commands", "expected at least one command")]);
        }
        Ok(StageTrial { at, registered, trial, tally, bytes, unfit })
    }
}

/// A stamp that takes at least as many bytes as any.
const fn longest(recorded_by: &str) -> Stamp<'_> {
    Stamp { position: Position(u64::MAX), recorded_at: RecordedAt(-1), recorded_by, backfilled: true }
}
