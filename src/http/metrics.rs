//! `/metrics`: what is measured, for Prometheus: as OpenMetrics text to a scraper that asks for it, in the text format that every
//! other tool reads (`promtool`, exporters, curl) without that.

use super::Web;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use detente_ledger::metrics::plain::{OPEN_METRICS, PROMETHEUS, prefers_open_metrics, to_prometheus};

/// Everything that is measured, as it is now.
pub(super) async fn metrics(State(web): State<Web>, headers: HeaderMap) -> impl IntoResponse {
    let text = web.ledger.metrics().text(web.standing());
    let accepted: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok()).collect();
    let (media_type, text) = if prefers_open_metrics(&accepted.join(",")) {
        (OPEN_METRICS, text)
    } else {
        (PROMETHEUS, to_prometheus(&text))
    };
    ([(header::CONTENT_TYPE, media_type), (header::VARY, "accept")], text)
}
