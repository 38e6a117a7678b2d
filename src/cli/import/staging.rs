//! Commands into a stage, and the stage into the record.
//!
//! The stage is opened with the first command: an import that changes nothing leaves nothing behind. Commands that an
//! earlier run staged are passed over by their number.

use crate::cli::Failure;
use crate::cli::export::{Ask, Client};
use crate::v1;
use prost_types::Timestamp;
use uuid::Uuid;

/// What a stage is opened with.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// Its id.
    pub(super) id: Uuid,
    /// Who records.
    pub(super) recorded_by: String,
    /// When it was recorded elsewhere.
    pub(super) recorded_at: Option<Timestamp>,
    /// What it is, in words.
    pub(super) title: String,
}

/// A stage, once there is one.
pub(super) struct Staging<'l, T> {
    ledger: &'l mut Client<T>,
    opening: Opening,
    opened: bool,
    /// The number of the next command that is made.
    made: u64,
    /// The number of the next command that the stage wants.
    wanted: u64,
}

impl<'l, T: Ask> Staging<'l, T> {
    pub(super) fn new(ledger: &'l mut Client<T>, opening: Opening) -> Self {
        Self { ledger, opening, opened: false, made: 0, wanted: 0 }
    }

    /// How many commands were there from an earlier run.
    pub(super) async fn open(&mut self) -> Result<u64, Failure> {
        let request = v1::OpenStageRequest {
            request_id: self.opening.id.to_string(),
            recorded_by: self.opening.recorded_by.clone(),
            recorded_at: self.opening.recorded_at,
            title: self.opening.title.clone(),
        };
        let stage = self.ledger.open_stage(request).await?.into_inner().stage.unwrap_or_default();
        if stage.state() == v1::StageState::Recorded {
            return Err(Failure::Rejected(format!(
                "this very import is recorded already, as request {}, and what it recorded is not there any more as it \
                 was: import another release",
                self.opening.id
            )));
        }
        self.opened = true;
        self.wanted = stage.next_command;
        Ok(stage.next_command)
    }

    /// Whether there is a stage.
    pub(super) const fn is_open(&self) -> bool {
        self.opened
    }

    /// Stages commands.
    pub(super) async fn add(&mut self, commands: Vec<v1::Command>) -> Result<(), Failure> {
        let first_command = self.made;
        self.made += commands.len() as u64;
        if self.made <= self.wanted {
            return Ok(());
        }
        let request = v1::StageCommandsRequest { stage_id: self.opening.id.to_string(), first_command, commands };
        let staged = self.ledger.stage_commands(request).await?.into_inner();
        self.wanted = staged.next_command;
        Ok(())
    }

    /// Records all of it.
    pub(super) async fn commit(&mut self) -> Result<v1::StagedAppend, Failure> {
        let request = v1::CommitStageRequest { stage_id: self.opening.id.to_string(), ..Default::default() };
        let committed = self.ledger.commit_stage(request).await?.into_inner();
        Ok(committed.append.unwrap_or_default())
    }

    /// Gives it up.
    pub(super) async fn drop_it(&mut self) -> Result<(), Failure> {
        let request = v1::DropStageRequest { stage_id: self.opening.id.to_string() };
        self.ledger.drop_stage(request).await?;
        Ok(())
    }
}
