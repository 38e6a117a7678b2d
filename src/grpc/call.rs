//! The surroundings of every call of the ledger's service: its span, a line in the log when it is debugged, its duration, the
//! memory of its request and its reply, and the reasons of refusals that the transport makes before our code is reached.

use super::deadline::{Deadline, Timer, late, limit_body};
use super::intake::{CallMarks, Intake, rpc_named};
use super::reasons::with_reason;
use super::sending::ReplyBody;
use crate::telemetry::request;
use detente_ledger::Ledger;
use detente_ledger::budget::MemoryBudget;
use detente_proto::code_name;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;
use tracing::Span;
use tracing::field::Empty;

/// A service with its surroundings.
#[derive(Clone)]
pub(super) struct Call<S> {
    /// The service.
    pub(super) service: S,
    /// The ledger, whose metrics count calls.
    pub(super) ledger: Arc<Ledger>,
    /// The budget of the memory of requests and replies.
    pub(super) memory: Arc<MemoryBudget>,
    /// Maximum bytes of a request.
    pub(super) request_bytes: usize,
}

impl<S: NamedService> NamedService for Call<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Call<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Unpin,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = CallAnswer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let rpc = rpc_named(request.uri().path());
        let (id, span) = begin_span(&request, rpc);
        let deadline = Deadline::of(request.headers());
        let marks = CallMarks::of(&request);
        let request = Intake::meter(request, self.request_bytes);
        let answer = span.in_scope(|| self.service.call(request));
        let intake = Some(Intake::new(rpc, &self.memory, marks));
        let (timer, call) = (Timer::new(deadline), Some((Instant::now(), Arc::clone(&self.ledger))));
        CallAnswer { answer, intake, timer, is_begun: false, span, id, call }
    }
}

/// Returns the id and the span of a call. Calls over HTTP have both already. A call straight over gRPC gets them if
/// they are of use: its client names one or a trace, or calls are logged or traced. The other calls cost nothing.
fn begin_span(request: &Request<Body>, rpc: &'static str) -> (Option<HeaderValue>, Span) {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_asked = header(request::HEADER).is_some() || header(request::PARENT).is_some();
    let is_wanted = (is_asked || tracing::span_enabled!(tracing::Level::DEBUG)) && Span::current().is_none();
    let id = is_wanted.then(|| request::id(header(request::HEADER)));
    let outer = id.as_deref().map_or_else(Span::current, |id| request::span(id, "gRPC", request.uri().path(), header));
    let inner = outer.in_scope(|| tracing::debug_span!("rpc", otel.name = rpc, code = Empty));
    (id.and_then(|id| id.try_into().ok()), if inner.is_disabled() { outer } else { inner })
}

/// The answer to a call.
pub(super) struct CallAnswer<F> {
    answer: F,
    intake: Option<Intake>,
    timer: Timer,
    /// False until it is polled for the first time.
    is_begun: bool,
    span: Span,
    /// The id that the answer tells, where it has one.
    id: Option<HeaderValue>,
    /// Its beginning and the ledger that counts it; none once it has been counted.
    call: Option<(Instant, Arc<Ledger>)>,
}

impl<F, E> Future for CallAnswer<F>
where
    F: Future<Output = Result<Response<Body>, E>> + Unpin,
{
    type Output = Result<Response<Body>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let span = self.span.clone();
        let _in_span = span.enter();
        self.poll_until_deadline(context).map_ok(|response| {
            let status = Status::from_header_map(response.headers());
            if let Some((since, ledger)) = self.call.take() {
                let rpc = self.rpc();
                let code = status.as_ref().map_or(Code::Ok, Status::code);
                let took = since.elapsed();
                span.record("code", code_name(code));
                tracing::debug!(rpc = ?rpc, ?code, micros = took.as_micros(), "answered");
                ledger.metrics().count_call(rpc, code_name(code), took);
            }
            let mut response = if status.is_some() { with_reason(response) } else { response };
            if let Some(reserved) = self.intake.as_mut().and_then(Intake::take_reply) {
                let (rpc, deadline) = (self.rpc(), self.timer.deadline());
                response = response.map(|body| limit_body(Body::new(ReplyBody::new(body, reserved)), deadline, rpc));
            }
            if let Some(id) = self.id.take() {
                response.headers_mut().insert(request::HEADER, id);
            }
            response
        })
    }
}

impl<F> CallAnswer<F> {
    fn rpc(&self) -> &'static str {
        self.intake.as_ref().map_or("", Intake::rpc)
    }
}

impl<F, E> CallAnswer<F>
where
    F: Future<Output = Result<Response<Body>, E>> + Unpin,
{
    /// Polls the answer, which is a refusal once the deadline has passed.
    fn poll_until_deadline(&mut self, context: &mut Context<'_>) -> Poll<Result<Response<Body>, E>> {
        let (deadline, is_begun) = (self.timer.deadline(), std::mem::replace(&mut self.is_begun, true));
        let answer = &mut self.answer;
        let polled = if is_begun || !self.timer.is_over() {
            Intake::poll(&mut self.intake, || deadline.poll(answer, context))
        } else {
            Poll::Pending
        };
        if polled.is_pending() && self.timer.poll(context).is_ready() {
            return Poll::Ready(Ok(Status::from(late(self.rpc(), is_begun)).into_http()));
        }
        polled
    }
}
