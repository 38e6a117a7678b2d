//! Everything on the serving port that is not gRPC: JSON for programs, flat queries for dashboards, probes and metrics.
//!
//! ```text
//!   POST /detente.v1.LedgerService/GetState   {"filter": ...}     connect.rs   every rpc with one reply, as JSON (Connect)
//!   GET  /api/v1/state?relationship=AZE-RUS&valid_at=2025-07      api/         flat queries; json, ndjson, csv; ETag
//!   GET  /api/v1/feed                                             feed.rs      the feed as server-sent events
//!   GET  /healthz /readyz /metrics                                probe.rs  metrics.rs
//! ```
//!
//! Nothing here answers a question. A request is turned into the bytes of an rpc's request, the rpc is called in process
//! ([`crate::grpc::local`]), and the bytes of its reply are turned into JSON by the descriptors of the contract: so every way
//! in has the same limits, the same errors and the same answers.

mod api;
mod connect;
mod failure;
mod feed;
mod metrics;
mod probe;
mod transcode;

use crate::grpc::OpenStreams;
use crate::grpc::local::Local;
use crate::ledger::Ledger;
use crate::metrics::Standing;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
pub use probe::Ready;
use std::sync::Arc;

/// What the handlers have at hand.
#[derive(Clone)]
pub struct Web {
    /// The services.
    pub local: Local,
    /// Whether the server is ready for calls.
    pub ready: Ready,
    /// The ledger, for where it stands.
    pub ledger: Arc<Ledger>,
    /// How many streams are open.
    pub streams: OpenStreams,
    /// The largest request, in bytes.
    pub request_bytes: usize,
}

impl Web {
    fn standing(&self) -> Standing {
        Standing {
            position: self.ledger.head().position().0,
            store_position: self.ledger.store_position().0,
            streams: self.streams.count(),
        }
    }
}

/// The gRPC services of `grpc`, with everything else around them.
pub fn around(grpc: Router, web: Web) -> Router {
    let body_limit = DefaultBodyLimit::max(web.request_bytes);
    let grpc = grpc.layer(axum::middleware::from_fn_with_state(web.clone(), connect::json));
    let page = crate::page::routes(web.local.clone());
    let rest = Router::new()
        .merge(api::routes())
        .route("/api/v1/feed", get(feed::feed))
        .route("/healthz", get(probe::healthz))
        .route("/readyz", get(probe::readyz))
        .route("/metrics", get(metrics::metrics))
        .with_state(web)
        .layer(body_limit);
    grpc.merge(rest).merge(page)
}
