//! Probes: `/healthz` says that the process runs, `/readyz` that it serves, over the same state as `grpc.health.v1.Health`.
//! A server that answers and records nothing is ready, and says why it records nothing: to take it out of a balance would
//! take the reads away too.

use super::Web;
use axum::extract::State;
use axum::http::StatusCode;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The readiness of the server for calls.
#[derive(Clone, Debug, Default)]
pub struct Ready(Arc<Readiness>);

#[derive(Debug, Default)]
struct Readiness {
    is_ready: AtomicBool,
    /// The reason that appends are refused while questions are answered.
    hindered: Mutex<Option<String>>,
}

impl Ready {
    /// Says whether it is.
    pub fn set(&self, ready: bool) {
        self.0.is_ready.store(ready, Ordering::Release);
    }

    /// Says why nothing is recorded, if that is so.
    pub fn hinder(&self, why: Option<String>) {
        *self.0.hindered.lock() = why;
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.is_ready.load(Ordering::Acquire)
    }
}

/// The process runs.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The server serves, all or reads alone; or it is starting or stopping.
pub(super) async fn readyz(State(web): State<Web>) -> (StatusCode, String) {
    if !web.ready.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned());
    }
    let hindered = web.ready.0.hindered.lock().clone();
    (StatusCode::OK, hindered.map_or_else(|| "ready\n".to_owned(), |why| format!("ready for reads only: {why}\n")))
}
