//! Everything on the serving port that is not gRPC: JSON for programs, flat queries for dashboards, probes and metrics.
//!
//! ```text
//!   POST /detente.v1.LedgerService/GetState   {"filter": ...}     connect/     every rpc as JSON or protobuf (Connect)
//!   GET  /api/v1/state?relationship=AZE-RUS&valid_at=2025-07      api/         flat queries; json, ndjson, csv; ETag
//!   GET  /api/v1/feed                                             feed.rs      the feed as server-sent events
//!   GET  /healthz /readyz /metrics                                probe.rs  metrics.rs
//! ```
//!
//! Nothing here answers a question. A request is turned into the bytes of an rpc's request, the rpc is called in process
//! ([`crate::grpc::local`]), and the bytes of its reply are turned into JSON by the descriptors of the contract: so every way
//! in has the same limits, the same errors and the same answers.
//!
//! Reasons: `docs/design/http-and-page.md`.

mod api;
mod connect;
mod cors;
mod failure;
mod feed;
mod guard;
mod json;
mod metrics;
mod nothing;
mod prescan;
mod probe;
mod reply_memory;
mod size_bound;
mod trace;
mod transcode;

use crate::grpc::OpenStreams;
use crate::grpc::local::Local;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use detente_ledger::Ledger;
use detente_ledger::budget::MemoryBudget;
use detente_ledger::metrics::Standing;
use detente_ledger::write::hindrance::Hindrance;
pub use failure::problem_json;
pub use probe::Ready;
use std::sync::Arc;
pub use transcode::{RpcKind, rpc_kind};

/// The parts that the handlers use.
#[derive(Clone)]
pub struct Web {
    /// The services.
    pub local: Local,
    /// The readiness of the server for calls.
    pub ready: Ready,
    /// The ledger, for where it stands.
    pub ledger: Arc<Ledger>,
    /// The open streams.
    pub streams: OpenStreams,
    /// The open subscriptions.
    pub subscriptions: OpenStreams,
    /// Memory shared by requests, questions and replies in flight.
    pub memory: Arc<MemoryBudget>,
    /// The largest request, in bytes.
    pub request_bytes: usize,
    /// True if the metrics are served here.
    pub serves_metrics: bool,
}

impl Web {
    fn standing(&self) -> Standing {
        let outlook = self.ledger.outlook();
        let space = outlook.space.map(|space| (space.available, space.reserve));
        Standing {
            space: space.unwrap_or_default(),
            disk_full: matches!(outlook.hindrance, Some(Hindrance::DiskFull(_))),
            clock_wrong: matches!(outlook.hindrance, Some(Hindrance::Clock(_))),
            clock_behind: self.ledger.clock_behind().as_secs(),
            read_only: self.ledger.is_read_only(),
            appends_refused: outlook.hindrance.is_some(),
            serving: self.ready.is_ready(),
            position: self.ledger.head().position().0,
            store_position: self.ledger.store_position().0,
            streams: self.streams.standing(),
            subscriptions: self.subscriptions.standing(),
            followers: self.ledger.followers(),
            memory: (self.memory.used_bytes() as u64, self.memory.limit() as u64),
            memory_refusals: self.memory.refusals(),
        }
    }
}

fn probe_routes() -> Router<Web> {
    Router::new().route("/healthz", get(probe::healthz)).route("/readyz", get(probe::readyz))
}

fn metric_routes() -> Router<Web> {
    probe_routes().route("/metrics", get(metrics::metrics))
}

/// Metrics and probes, for a port of their own.
pub fn probes(web: Web) -> Router {
    let routes = metric_routes().with_state(web).method_not_allowed_fallback(nothing::by_this);
    routes.layer(axum::middleware::map_response(guard::guard))
}

/// The gRPC services of `grpc`, with everything else around them. Pages of the allowed origins may ask what is no page.
pub fn around(grpc: Router, web: Web, allowed_origins: &[String]) -> Router {
    let body_limit = DefaultBodyLimit::max(web.request_bytes);
    let grpc = grpc.layer(axum::middleware::from_fn_with_state(web.clone(), connect::answer));
    let page = crate::page::routes(web.local.clone());
    let rest = Router::new().merge(api::routes()).route("/api/v1/feed", get(feed::feed));
    let rest = if web.serves_metrics { rest.merge(metric_routes()) } else { rest.merge(probe_routes()) };
    let rest = rest.with_state(web).layer(body_limit);
    let (rest, page) =
        (rest.method_not_allowed_fallback(nothing::by_this), page.method_not_allowed_fallback(nothing::by_this));
    let all = cors::allow(grpc.merge(rest), allowed_origins).merge(page).fallback(nothing::here);
    all.layer(axum::middleware::map_response(guard::guard)).layer(axum::middleware::from_fn(trace::trace))
}
