//! Probes: `/healthz` says that the process runs, `/readyz` that it serves, over the same state as `grpc.health.v1.Health`.

use super::Web;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the server is ready for calls.
#[derive(Clone, Debug, Default)]
pub struct Ready(Arc<AtomicBool>);

impl Ready {
    /// Says whether it is.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The process runs.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The server serves, or it is starting or stopping.
pub(super) async fn readyz(State(web): State<Web>) -> (StatusCode, &'static str) {
    if web.ready.is_ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
}
