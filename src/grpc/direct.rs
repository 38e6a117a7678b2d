//! The straight way to the ledger's service: a gRPC call of it does not go through the router and what stands around it.
//!
//! ```text
//!   POST /detente.v1.LedgerService/...  content-type: application/grpc  ───────────────────────────> the ledger's service
//!   anything else ───> router: gRPC-Web, JSON, pages, health, reflection ───> (some of it) ────────> the same service
//! ```
//!
//! The router serves many protocols, and each of its layers allocates and copies for every call. For a call that takes
//! a few microseconds that is a good part of them. The service and its surroundings are the same either way.

use super::call::Call;
use super::generated::ledger_service_server::LedgerServiceServer;
use super::service::Service as Rpcs;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response, header};
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::{Layer, Service};

type Ledger = Call<LedgerServiceServer<Rpcs>>;

/// A router with the straight way in front of it.
#[derive(Clone)]
pub struct Direct(pub(super) Ledger);

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

impl Layer<Routes> for Direct {
    type Service = Ways;

    fn layer(&self, router: Routes) -> Ways {
        Ways { ledger: self.0.clone(), router }
    }
}

/// Both ways.
#[derive(Clone)]
pub struct Ways {
    ledger: Ledger,
    router: Routes,
}

impl std::fmt::Debug for Ways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ways").finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for Ways {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = DirectAnswer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match ready!(Service::<Request<Body>>::poll_ready(&mut self.ledger, context)) {
            Ok(()) => Service::<Request<Body>>::poll_ready(&mut self.router, context),
            Err(never) => match never {},
        }
    }

    fn call(&mut self, request: Request<Body>) -> DirectAnswer {
        if is_of_the_ledger(request.uri().path()) && is_grpc(request.headers()) {
            DirectAnswer(CallWay::Ledger(self.ledger.call(request)))
        } else {
            DirectAnswer(CallWay::Router(Box::pin(self.router.call(request))))
        }
    }
}

fn is_of_the_ledger(path: &str) -> bool {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(<Ledger as NamedService>::NAME));
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Returns true if it is gRPC itself: `application/grpc`, alone or with a form after `+`. gRPC-Web is another.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
    let form = kind.and_then(|kind| kind.strip_prefix(b"application/grpc"));
    form.is_some_and(|form| form.first().is_none_or(|next| *next == b'+'))
}

/// The future answer of a call, by either way.
pub struct DirectAnswer(CallWay);

#[expect(clippy::large_enum_variant, reason = "nearly every call goes straight, and would need an allocation more")]
enum CallWay {
    Ledger(<Ledger as Service<Request<Body>>>::Future),
    Router(Pin<Box<<Routes as Service<Request<Body>>>::Future>>),
}

impl std::fmt::Debug for DirectAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl Future for DirectAnswer {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            CallWay::Ledger(answer) => Pin::new(answer).poll(context),
            CallWay::Router(answer) => answer.as_mut().poll(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::codegen::http::HeaderValue;

    #[test]
    fn only_grpc_itself_goes_straight() {
        let is = |kind: &'static str| {
            is_grpc(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]))
        };
        assert!(is("application/grpc") && is("application/grpc+proto"));
        assert!(!is("application/grpc-web") && !is("application/grpc-web-text+proto") && !is("application/json"));
        assert!(!is_grpc(&HeaderMap::new()));
    }

    #[test]
    fn only_the_ledgers_own_rpcs_go_straight() {
        assert!(is_of_the_ledger("/detente.v1.LedgerService/Append"));
        assert!(!is_of_the_ledger("/detente.v1.LedgerServices/Append"));
        assert!(!is_of_the_ledger("/grpc.health.v1.Health/Check") && !is_of_the_ledger("/"));
    }
}
