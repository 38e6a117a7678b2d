//! Staged appends: every step may be sent again, so each is tried again if that may help.

use super::Client;
use super::connect::Stub;
use super::error::Error;
use super::retry::Repeat;
use detente_proto::v1::{
    CommitStageRequest, CommitStageResponse, DropStageRequest, OpenStageRequest, Stage, StageCommandsRequest,
    StageCommandsResponse,
};

impl Client {
    /// Opens a stage; one that was opened in the same words is returned as it stands: how far it is, or what it became.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn open_stage(&self, request: OpenStageRequest) -> Result<Stage, Error> {
        let call = async |mut stub: Stub, request| stub.open_stage(request).await;
        Ok(self.call(Repeat::Safe, &request, call).await?.stage.unwrap_or_default())
    }

    /// Adds commands to a stage; they are on stable storage at the return. Commands that are staged already are passed
    /// over.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn stage_commands(&self, request: StageCommandsRequest) -> Result<StageCommandsResponse, Error> {
        let call = async |mut stub: Stub, request| stub.stage_commands(request).await;
        Ok(self.call(Repeat::Safe, &request, call).await?)
    }

    /// Records a stage, or checks it. Takes as long as it takes: a large one some seconds. Tried again it is recorded once.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn commit_stage(&self, request: CommitStageRequest) -> Result<CommitStageResponse, Error> {
        let call = async |mut stub: Stub, request| stub.commit_stage(request).await;
        let reply = self.call_within(None, Repeat::Safe, &request, call).await?;
        let recorded = reply.append.as_ref().filter(|append| append.recorded_at.is_some());
        self.cut.notice(recorded.and_then(|append| append.context.as_ref()));
        Ok(reply)
    }

    /// Drops an open stage; false if there is none. Not tried again if the first attempt may have succeeded: somebody
    /// may have opened it again.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn drop_stage(&self, stage_id: &str) -> Result<bool, Error> {
        let request = DropStageRequest { stage_id: stage_id.to_owned() };
        let call = async |mut stub: Stub, request| stub.drop_stage(request).await;
        Ok(self.call(Repeat::Unsafe, &request, call).await?.dropped)
    }
}
