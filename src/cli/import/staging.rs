//! Commands into a stage, and the stage into the record.
//!
//! The stage is opened with the first command: an import that changes nothing leaves nothing behind. Commands that an
//! earlier run staged are passed over by their number. It is recorded only if the data set is still as it was when the
//! commands were made.

use super::known_claims::{self, KnownCut};
use super::patient::PatientLedger;
use crate::cli::CommandFailure;
use crate::cli::export::Ask;
use detente_ingest::release::RecordedDataSet;
use detente_proto::v1::{self, ErrorReason};
use prost::Message as _;
use prost_types::Timestamp;
use tonic::Status;
use uuid::Uuid;

/// The number of violations to request at once.
const MANY: u32 = 10_000;

/// The fields that a stage is opened with.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// Its id.
    pub(super) id: Uuid,
    /// The name to record under.
    pub(super) recorded_by: String,
    /// The time at which it was recorded elsewhere.
    pub(super) recorded_at: Option<Timestamp>,
    /// A title in words.
    pub(super) title: String,
}

/// The state of the record that the commands were made against.
#[derive(Clone, Debug)]
pub(super) struct StageBasis {
    /// The data set.
    pub(super) dataset: String,
    /// The cut at which it was compared.
    pub(super) cut: KnownCut,
    /// True if claims that the file lacks are retracted, so that no others may have come.
    pub(super) complete: bool,
}

/// A stage, once there is one.
pub(super) struct StageUpload<'l, T> {
    ledger: PatientLedger<'l, T>,
    opening: Opening,
    ground: StageBasis,
    opened: bool,
    /// The number of the next command that is made.
    made: u64,
    /// The number of the next command that the stage wants.
    wanted: u64,
}

impl<'l, T: Ask> StageUpload<'l, T> {
    pub(super) const fn new(ledger: PatientLedger<'l, T>, opening: Opening, ground: StageBasis) -> Self {
        Self { ledger, opening, ground, opened: false, made: 0, wanted: 0 }
    }

    /// Opens the stage and returns the number of commands it has from an earlier run.
    pub(super) async fn open(&mut self) -> Result<u64, CommandFailure> {
        let request = v1::OpenStageRequest {
            request_id: self.opening.id.to_string(),
            recorded_by: self.opening.recorded_by.clone(),
            recorded_at: self.opening.recorded_at,
            title: self.opening.title.clone(),
        };
        let opened = self.ledger.call(async |ledger| ledger.open_stage(request.clone()).await).await?;
        let stage = opened.stage.unwrap_or_default();
        if stage.state() == v1::StageState::Recorded {
            return Err(changed_meanwhile());
        }
        self.opened = true;
        self.wanted = stage.next_command;
        Ok(stage.next_command)
    }

    /// Returns true if there is a stage.
    pub(super) const fn is_open(&self) -> bool {
        self.opened
    }

    /// Stages commands.
    pub(super) async fn add(&mut self, commands: Vec<v1::Command>) -> Result<(), CommandFailure> {
        let first_command = self.made;
        self.made += commands.len() as u64;
        if self.made <= self.wanted {
            return Ok(());
        }
        let request = v1::StageCommandsRequest { stage_id: self.opening.id.to_string(), first_command, commands };
        // For another attempt it is kept as bytes: a copy of all its messages would cost as much as making them.
        let kept = request.encode_to_vec();
        let mut request = Some(request);
        let staged = self.ledger.call(async |ledger| {
            let again = || v1::StageCommandsRequest::decode(kept.as_slice());
            let request = request.take().map_or_else(again, Ok);
            ledger.stage_commands(request.map_err(|error| Status::internal(error.to_string()))?).await
        });
        let staged = staged.await;
        self.wanted = staged.map_err(stage_failure)?.next_command;
        Ok(())
    }

    /// Returns the misfits, and the append that would be recorded if nothing else were wrong.
    pub(super) async fn misfits(&mut self, leave_out: &[u64]) -> Result<v1::CommitStageResponse, CommandFailure> {
        let request = v1::CommitStageRequest {
            stage_id: self.opening.id.to_string(),
            validate_only: true,
            leave_out: leave_out.to_vec(),
            max_violations: MANY,
            ..v1::CommitStageRequest::default()
        };
        self.ledger.call(async |ledger| ledger.commit_stage(request.clone()).await).await.map_err(stage_failure)
    }

    /// Records it, without some of its commands; nothing where what is left does not fit the record.
    pub(super) async fn commit(
        &mut self,
        leave_out: &[u64],
        named: &RecordedDataSet,
    ) -> Result<Option<v1::StagedAppend>, CommandFailure> {
        let mut after_position = self.ground.cut.position;
        loop {
            let filter = Some(known_claims::filter(&self.ground.dataset));
            let boundary = v1::QueryBoundary { filter, after_position };
            let precondition = Some(v1::precondition::Precondition::QueryBoundary(boundary));
            let request = v1::CommitStageRequest {
                stage_id: self.opening.id.to_string(),
                preconditions: vec![v1::Precondition { precondition }],
                leave_out: leave_out.to_vec(),
                ..v1::CommitStageRequest::default()
            };
            let committed = self.ledger.call(async |ledger| ledger.commit_stage(request.clone()).await).await;
            match committed.map_err(|failure| (reason(&failure), failure)) {
                Ok(committed) => return Ok(Some(committed.append.unwrap_or_default())),
                Err((Some(ErrorReason::CommandRejected), _)) => return Ok(None),
                Err((Some(ErrorReason::PreconditionFailed), _)) => {
                    after_position = self.unchanged_until(after_position, named).await?;
                }
                Err((_, failure)) => return Err(stage_failure(failure)),
            }
        }
    }

    /// The position up to which nothing happened to the data set that matters to this import.
    async fn unchanged_until(&mut self, after: u64, named: &RecordedDataSet) -> Result<u64, CommandFailure> {
        let complete = self.ground.complete;
        let matters = |claim: &str| complete || named.is_named(claim);
        let unchanged = known_claims::unchanged_since(&mut self.ledger, &self.ground.dataset, after, matters).await?;
        unchanged.filter(|through| *through > after).ok_or_else(changed_meanwhile)
    }

    /// Gives it up.
    pub(super) async fn drop_it(&mut self) -> Result<(), CommandFailure> {
        drop_stage(&mut self.ledger, &self.opening.id.to_string()).await
    }

    /// Drops what other imports of the data set left, where a whole release is recorded: it was made against a record that is
    /// no more.
    pub(super) async fn drop_outdated(&mut self) -> Result<(), CommandFailure> {
        if !self.ground.complete {
            return Ok(());
        }
        let left = super::earlier_stages::of(&mut self.ledger, &self.ground.dataset).await?;
        for stage in left {
            drop_stage(&mut self.ledger, &stage.stage_id).await?;
        }
        Ok(())
    }
}

/// Drops a stage.
pub(super) async fn drop_stage(ledger: &mut PatientLedger<'_, impl Ask>, stage_id: &str) -> Result<(), CommandFailure> {
    let request = v1::DropStageRequest { stage_id: stage_id.to_owned() };
    ledger.call(async |ledger| ledger.drop_stage(request.clone()).await).await?;
    Ok(())
}

fn reason(failure: &CommandFailure) -> Option<ErrorReason> {
    match failure {
        CommandFailure::Refused(refusal) => refusal.told.reason,
        _ => None,
    }
}

/// Translates the failure of a stage that somebody dropped.
fn stage_failure(failure: CommandFailure) -> CommandFailure {
    match reason(&failure) {
        Some(ErrorReason::StageNotFound) => changed_meanwhile(),
        _ => failure,
    }
}

fn changed_meanwhile() -> CommandFailure {
    CommandFailure::Rejected(
        "somebody else changed claims of the data set while it was imported; nothing was recorded: start it again, and \
         it is compared anew"
            .to_owned(),
    )
}
