//! What surrounds every call of the ledger's service: a line in the log when it is debugged, and the details of errors that
//! the transport makes before our code is reached.
//!
//! Tonic refuses a message that is too large, cannot be decompressed, or is missing, with a bare status. The contract says
//! that every error has a reason, so those are given theirs here.

use super::status::Refusal;
use crate::domain::rejection::Violation;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;

/// A service with its surroundings.
#[derive(Clone, Debug)]
pub(super) struct Call<S>(pub(super) S);

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
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let log = tracing::enabled!(tracing::Level::DEBUG);
        let log = log.then(|| (request.uri().path().to_owned(), Instant::now()));
        Answer { answer: self.0.call(request), log }
    }
}

/// The answer to a call.
#[derive(Debug)]
pub(super) struct Answer<F> {
    answer: F,
    /// The rpc and when it began, if that is logged.
    log: Option<(String, Instant)>,
}

impl<F, E> Future for Answer<F>
where
    F: Future<Output = Result<Response<Body>, E>> + Unpin,
{
    type Output = Result<Response<Body>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map_ok(|response| {
            let status = Status::from_header_map(response.headers());
            if let Some((rpc, since)) = self.log.take() {
                let code = status.as_ref().map_or(Code::Ok, Status::code);
                tracing::debug!(rpc = ?rpc, ?code, micros = since.elapsed().as_micros(), "answered");
            }
            match status.as_ref().and_then(reason_of_bare) {
                Some(refusal) => Status::from(refusal).into_http(),
                None => response,
            }
        })
    }
}

/// Why the transport refused a request, if it did.
fn reason_of_bare(status: &Status) -> Option<Refusal> {
    if !status.details().is_empty() {
        return None;
    }
    let what = || Violation::new("", status.message());
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Some(Refusal::TooLarge(what())),
        Code::Internal => Some(Refusal::Invalid(vec![what()])),
        _ => None,
    }
}
