//! The rpcs of `detente.v1.LedgerService`, a line each.

use super::encoded_reply::EncodedReply;
use super::events::EventStream;
use super::feed::SubscribeStream;
use super::generated::ledger_service_server::LedgerService;
use super::limits::{Limits, admit_reply};
use super::share::Owners;
use super::status::CallRefusal;
use super::watch::ClockStream;
use super::work::Threads;
use super::{
    append, claims, clock, commitments, conflicts, corroboration, cursors, diff, events, feed, gaps, info,
    perspectives, registry, sending, series, stage, state, timeline, watch,
};
use detente_ledger::Ledger;
use detente_ledger::budget::{MemoryBudget, PeerShares};
use detente_proto::v1;
use prost::Message;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// The parts that every call uses.
#[derive(Clone)]
pub(super) struct Service {
    /// The ledger.
    pub(super) ledger: Arc<Ledger>,
    /// The limits in force.
    pub(super) limits: Limits,
    /// Memory shared by requests, questions and replies in flight.
    pub(super) memory: Arc<MemoryBudget>,
    /// Cancelled when the server stops: every stream ends with it. The server holds the other end.
    pub(super) stopping: CancellationToken,
    /// A place for each stream there may be; a stream holds its own until it ends.
    pub(super) streams: PeerShares,
    /// A place for each subscription there may be, likewise.
    pub(super) feeds: PeerShares,
    /// Owners of the things that outlive a call.
    pub(super) owners: Arc<Owners>,
    /// The threads for questions that may take long.
    pub(super) threads: Arc<Threads>,
}

impl Service {
    pub(super) fn new(
        ledger: Arc<Ledger>,
        limits: Limits,
        memory: Arc<MemoryBudget>,
        stopping: CancellationToken,
    ) -> Self {
        let streams = PeerShares::new(limits.streams, limits.peer_share_percent);
        let feeds = PeerShares::new(limits.subscriptions, limits.peer_share_percent);
        let owners = Arc::default();
        let threads = Arc::new(Threads::new(Arc::clone(&memory), limits.peer_share_percent));
        Self { ledger, limits, memory, stopping, streams, feeds, owners, threads }
    }
}

type CallResult<T> = Result<Response<T>, Status>;

async fn answer<T: Message>(reply: Result<T, CallRefusal>) -> CallResult<T> {
    let reply = reply?;
    let bytes = reply.encoded_len();
    admit_reply(bytes)?;
    sending::reserve_reply(bytes).await?;
    Ok(Response::new(reply))
}

fn stream<T>(replies: Result<T, CallRefusal>) -> CallResult<T> {
    sending::reserve_frames();
    Ok(Response::new(replies?))
}

#[tonic::async_trait]
impl LedgerService for Service {
    type ReadEventsStream = EventStream;
    type SubscribeStream = SubscribeStream;
    type WatchClockStream = ClockStream;

    async fn append(&self, request: Request<v1::AppendRequest>) -> CallResult<v1::AppendResponse> {
        answer(append::append(self, request.into_inner()).await).await
    }

    async fn get_state(&self, request: Request<v1::GetStateRequest>) -> CallResult<EncodedReply> {
        answer(state::get_state(self, request.into_inner()).await).await
    }

    async fn get_claim(&self, request: Request<v1::GetClaimRequest>) -> CallResult<EncodedReply> {
        answer(claims::get_claim(self, request.into_inner()).await).await
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> CallResult<v1::ListRevisionsResponse> {
        answer(claims::list_revisions(self, request.into_inner()).await).await
    }

    async fn list_claims(&self, request: Request<v1::ListClaimsRequest>) -> CallResult<EncodedReply> {
        answer(claims::list_claims(self, request.into_inner()).await).await
    }

    async fn list_parties(&self, request: Request<v1::ListPartiesRequest>) -> CallResult<v1::ListPartiesResponse> {
        answer(registry::list_parties(self, request.into_inner()).await).await
    }

    async fn list_sources(&self, request: Request<v1::ListSourcesRequest>) -> CallResult<v1::ListSourcesResponse> {
        answer(registry::list_sources(self, request.into_inner()).await).await
    }

    async fn list_relationships(
        &self,
        request: Request<v1::ListRelationshipsRequest>,
    ) -> CallResult<v1::ListRelationshipsResponse> {
        answer(registry::list_relationships(self, request.into_inner()).await).await
    }

    async fn read_events(&self, request: Request<v1::ReadEventsRequest>) -> CallResult<EventStream> {
        stream(events::read_events(self, request.into_inner()).await)
    }

    async fn get_server_info(&self, _: Request<v1::GetServerInfoRequest>) -> CallResult<v1::GetServerInfoResponse> {
        answer(info::get_server_info(self)).await
    }

    async fn list_kinds(&self, request: Request<v1::ListKindsRequest>) -> CallResult<v1::ListKindsResponse> {
        answer(registry::list_kinds(self, request.into_inner()).await).await
    }

    async fn list_schemes(&self, request: Request<v1::ListSchemesRequest>) -> CallResult<v1::ListSchemesResponse> {
        answer(registry::list_schemes(self, request.into_inner()).await).await
    }

    async fn diff(&self, request: Request<v1::DiffRequest>) -> CallResult<v1::DiffResponse> {
        answer(diff::diff(self, request.into_inner()).await).await
    }

    async fn create_cursor(&self, request: Request<v1::CreateCursorRequest>) -> CallResult<v1::CreateCursorResponse> {
        answer(cursors::create_cursor(self, request.into_inner()).await).await
    }

    async fn acknowledge_cursor(
        &self,
        request: Request<v1::AcknowledgeCursorRequest>,
    ) -> CallResult<v1::AcknowledgeCursorResponse> {
        answer(cursors::acknowledge_cursor(self, request.into_inner()).await).await
    }

    async fn list_cursors(&self, request: Request<v1::ListCursorsRequest>) -> CallResult<v1::ListCursorsResponse> {
        answer(cursors::list_cursors(self, request.into_inner()).await).await
    }

    async fn delete_cursor(&self, request: Request<v1::DeleteCursorRequest>) -> CallResult<v1::DeleteCursorResponse> {
        answer(cursors::delete_cursor(self, request.into_inner()).await).await
    }

    async fn list_upcoming(&self, request: Request<v1::ListUpcomingRequest>) -> CallResult<v1::ListUpcomingResponse> {
        answer(clock::list_upcoming(self, request.into_inner()).await).await
    }

    async fn get_timeline(&self, request: Request<v1::GetTimelineRequest>) -> CallResult<v1::GetTimelineResponse> {
        answer(timeline::get_timeline(self, request.into_inner()).await).await
    }

    async fn get_series(&self, request: Request<v1::GetSeriesRequest>) -> CallResult<v1::GetSeriesResponse> {
        answer(series::get_series(self, request.into_inner()).await).await
    }

    async fn compare_perspectives(
        &self,
        request: Request<v1::ComparePerspectivesRequest>,
    ) -> CallResult<v1::ComparePerspectivesResponse> {
        answer(perspectives::compare_perspectives(self, request.into_inner()).await).await
    }

    async fn list_conflicts(
        &self,
        request: Request<v1::ListConflictsRequest>,
    ) -> CallResult<v1::ListConflictsResponse> {
        answer(conflicts::list_conflicts(self, request.into_inner()).await).await
    }

    async fn list_corroboration(
        &self,
        request: Request<v1::ListCorroborationRequest>,
    ) -> CallResult<v1::ListCorroborationResponse> {
        answer(corroboration::list_corroboration(self, request.into_inner()).await).await
    }

    async fn list_commitments(
        &self,
        request: Request<v1::ListCommitmentsRequest>,
    ) -> CallResult<v1::ListCommitmentsResponse> {
        answer(commitments::list_commitments(self, request.into_inner()).await).await
    }

    async fn list_gaps(&self, request: Request<v1::ListGapsRequest>) -> CallResult<v1::ListGapsResponse> {
        answer(gaps::list_gaps(self, request.into_inner()).await).await
    }

    async fn open_stage(&self, request: Request<v1::OpenStageRequest>) -> CallResult<v1::OpenStageResponse> {
        answer(stage::open_stage(self, request.into_inner()).await).await
    }

    async fn stage_commands(
        &self,
        request: Request<v1::StageCommandsRequest>,
    ) -> CallResult<v1::StageCommandsResponse> {
        answer(stage::stage_commands(self, request.into_inner()).await).await
    }

    async fn commit_stage(&self, request: Request<v1::CommitStageRequest>) -> CallResult<v1::CommitStageResponse> {
        answer(stage::commit_stage(self, request.into_inner()).await).await
    }

    async fn get_stage(&self, request: Request<v1::GetStageRequest>) -> CallResult<v1::GetStageResponse> {
        answer(stage::get_stage(self, request.into_inner()).await).await
    }

    async fn list_stages(&self, request: Request<v1::ListStagesRequest>) -> CallResult<v1::ListStagesResponse> {
        answer(stage::list_stages(self, request.into_inner()).await).await
    }

    async fn drop_stage(&self, request: Request<v1::DropStageRequest>) -> CallResult<v1::DropStageResponse> {
        answer(stage::drop_stage(self, request.into_inner()).await).await
    }

    async fn subscribe(&self, request: Request<v1::SubscribeRequest>) -> CallResult<SubscribeStream> {
        stream(feed::subscribe(self, request.into_inner()).await)
    }

    async fn watch_clock(&self, request: Request<v1::WatchClockRequest>) -> CallResult<ClockStream> {
        stream(watch::watch_clock(self, request.into_inner()).await)
    }
}
