//! The standard services, health and reflection. Each of their streams is one of the subscriptions, in the share of its
//! peer, and every refusal of the transport for them has a reason.

use super::deadline::{Deadline, Timer, late, limit_body};
use super::reasons::{with_reason, with_reason_in_trailers};
use super::sending::ReplyBody;
use super::share::refusal;
use detente_ledger::Ledger;
use detente_ledger::budget::{MemoryBudget, Peer, PeerShares};
use http_body_util::BodyExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tower::Service;

/// The rpcs whose replies are streams.
const STREAMS: [&str; 2] = ["/Watch", "/ServerReflectionInfo"];

/// The rpcs here, which record nothing, by the name that a refusal goes by.
const NAME_OF_NO_WRITE: &str = "";

/// A standard service with its bounds.
#[derive(Clone)]
pub(super) struct Standard<S> {
    /// The service.
    pub(super) service: S,
    /// A place for each subscription there may be.
    pub(super) streams: PeerShares,
    /// The ledger, which counts the refusals.
    pub(super) ledger: Arc<Ledger>,
    /// The memory of the replies.
    pub(super) memory: Arc<MemoryBudget>,
}

impl<S: NamedService> NamedService for Standard<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Standard<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let is_stream = STREAMS.iter().any(|name| path.ends_with(name));
        let place = match is_stream.then(|| self.streams.try_enter(Peer::current())).transpose() {
            Ok(place) => place,
            Err(none) => {
                let refused = Status::from(refusal(&self.ledger, none, "subscriptions")).into_http();
                return Box::pin(std::future::ready(Ok(refused)));
            }
        };
        let timer = Timer::new(Deadline::of(request.headers()));
        let answer = self.service.call(request);
        let reserved = self.memory.nothing();
        Box::pin(async move {
            let deadline = timer.deadline();
            let response = with_reason(match timer.run(answer).await {
                Some(response) => response?,
                None => Status::from(late(NAME_OF_NO_WRITE, false)).into_http(),
            });
            Ok(response.map(|body| {
                let body = Body::new(ReplyBody::new(body, reserved));
                let held = move |frame| {
                    let _place = &place;
                    with_reason_in_trailers(frame)
                };
                if is_stream { limit_body(Body::new(body.map_frame(held)), deadline, NAME_OF_NO_WRITE) } else { body }
            }))
        })
    }
}
