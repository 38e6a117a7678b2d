//! The ten rpcs of `detente.v1.LedgerService`, a line each.

use super::encoded::Reply;
use super::events::EventStream;
use super::generated::ledger_service_server::LedgerService;
use super::limits::Limits;
use super::status::Refusal;
use super::work::Threads;
use super::{append, claims, events, info, registry, state};
use crate::ledger::Ledger;
use crate::v1;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// What every call has at hand.
#[derive(Clone)]
pub(super) struct Service {
    /// The ledger.
    pub(super) ledger: Arc<Ledger>,
    /// The limits in force.
    pub(super) limits: Limits,
    /// Cancelled when the server stops: every stream ends with it. The server holds the other end.
    pub(super) stopping: CancellationToken,
    /// One permit for each stream there may be; a stream holds its own until it ends.
    pub(super) streams: Arc<Semaphore>,
    /// For questions that may take long.
    pub(super) threads: Arc<Threads>,
}

impl Service {
    pub(super) fn new(ledger: Arc<Ledger>, limits: Limits, stopping: CancellationToken) -> Self {
        let streams = Arc::new(Semaphore::new(limits.streams));
        Self { ledger, limits, stopping, streams, threads: Arc::default() }
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(reply: Result<T, Refusal>) -> Answer<T> {
    reply.map(Response::new).map_err(Status::from)
}

#[tonic::async_trait]
impl LedgerService for Service {
    type ReadEventsStream = EventStream;

    async fn append(&self, request: Request<v1::AppendRequest>) -> Answer<v1::AppendResponse> {
        answer(append::append(self, request.into_inner()).await)
    }

    async fn get_state(&self, request: Request<v1::GetStateRequest>) -> Answer<Reply> {
        answer(state::get_state(self, request.into_inner()).await)
    }

    async fn get_claim(&self, request: Request<v1::GetClaimRequest>) -> Answer<Reply> {
        answer(claims::get_claim(self, request.into_inner()))
    }

    async fn list_revisions(&self, request: Request<v1::ListRevisionsRequest>) -> Answer<v1::ListRevisionsResponse> {
        answer(claims::list_revisions(self, request.into_inner()).await)
    }

    async fn list_claims(&self, request: Request<v1::ListClaimsRequest>) -> Answer<Reply> {
        answer(claims::list_claims(self, request.into_inner()).await)
    }

    async fn list_parties(&self, request: Request<v1::ListPartiesRequest>) -> Answer<v1::ListPartiesResponse> {
        answer(registry::list_parties(self, request.into_inner()).await)
    }

    async fn list_sources(&self, request: Request<v1::ListSourcesRequest>) -> Answer<v1::ListSourcesResponse> {
        answer(registry::list_sources(self, request.into_inner()).await)
    }

    async fn list_relationships(
        &self,
        request: Request<v1::ListRelationshipsRequest>,
    ) -> Answer<v1::ListRelationshipsResponse> {
        answer(registry::list_relationships(self, request.into_inner()).await)
    }

    async fn read_events(&self, request: Request<v1::ReadEventsRequest>) -> Answer<EventStream> {
        answer(events::read_events(self, request.into_inner()).await)
    }

    async fn get_server_info(&self, _: Request<v1::GetServerInfoRequest>) -> Answer<v1::GetServerInfoResponse> {
        answer(info::get_server_info(self))
    }
}
