//! `/metrics`: what is measured, for Prometheus.

use super::Web;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

/// Everything that is measured, as it is now.
pub(super) async fn metrics(State(web): State<Web>) -> impl IntoResponse {
    let text = web.ledger.metrics().text(web.standing());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}
