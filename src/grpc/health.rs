//! Health (`grpc.health.v1`): a watch gets every change, and ends at the server's stop.
//!
//! All services of a server serve or none does, so there is one state. A check of a name that is no service is `NOT_FOUND`; a
//! watch of one says `SERVICE_UNKNOWN` and stays, as the protocol has it.

use super::status::CallRefusal;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health as Rpcs;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// The state that a server says of itself.
#[derive(Clone, Debug)]
pub struct Health(Arc<Sender<ServingStatus>>);

impl Health {
    /// A server that does not serve yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(channel(ServingStatus::NotServing).0))
    }

    /// Says that it serves.
    pub fn serving(&self) {
        self.0.send_replace(ServingStatus::Serving);
    }

    /// Says that it does not serve.
    pub fn not_serving(&self) {
        self.0.send_replace(ServingStatus::NotServing);
    }

    /// The service that tells it, of the services with these names.
    pub(super) fn service(&self, services: Vec<String>, stopping: CancellationToken) -> HealthService {
        HealthService { state: self.0.subscribe(), services: services.into(), stopping }
    }
}

/// The rpcs of health.
pub(super) struct HealthService {
    state: Receiver<ServingStatus>,
    services: Arc<[String]>,
    stopping: CancellationToken,
}

impl HealthService {
    /// Returns true for the name of a service, and for that of the server as a whole, which is empty.
    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.services.iter().any(|known| known == service)
    }
}

#[tonic::async_trait]
impl Rpcs for HealthService {
    type WatchStream = HealthStream;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        if !self.knows(&service) {
            return Err(CallRefusal::NoService(service).into());
        }
        Ok(Response::new(reply(*self.state.borrow())))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthStream>, Status> {
        let states: States = if self.knows(&request.into_inner().service) {
            Box::pin(WatchStream::new(self.state.clone()))
        } else {
            Box::pin(tokio_stream::once(ServingStatus::ServiceUnknown).chain(tokio_stream::pending()))
        };
        let stopping = Some(Box::pin(self.stopping.clone().cancelled_owned()));
        Ok(Response::new(HealthStream { states, last: None, stopping }))
    }
}

fn reply(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: state.into() }
}

type States = Pin<Box<dyn Stream<Item = ServingStatus> + Send>>;

/// The stream of states of a watch.
pub(super) struct HealthStream {
    states: States,
    last: Option<ServingStatus>,
    /// Fires when the server stops; none once the stream has ended.
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl HealthStream {
    fn report(&mut self, state: ServingStatus) -> Poll<Option<Result<HealthCheckResponse, Status>>> {
        self.last = Some(state);
        Poll::Ready(Some(Ok(reply(state))))
    }
}

impl Stream for HealthStream {
    type Item = Result<HealthCheckResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stopping) = &mut self.stopping else { return Poll::Ready(None) };
        let is_stopping = stopping.as_mut().poll(context).is_ready();
        while let Poll::Ready(Some(state)) = self.states.as_mut().poll_next(context) {
            if self.last != Some(state) {
                return self.report(state);
            }
        }
        if !is_stopping {
            return Poll::Pending;
        }
        self.stopping = None;
        if self.last == Some(ServingStatus::NotServing) {
            Poll::Ready(None)
        } else {
            self.report(ServingStatus::NotServing)
        }
    }
}
