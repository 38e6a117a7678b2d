//! The pages of other origins that may call: none, unless the configuration names them.
//!
//! A browser lets a page talk to where it came from, so the page served here needs no permission. A page from elsewhere may
//! only read an answer that carries one, and must ask before it sends JSON, gRPC-Web or Connect (a preflight). Without
//! `allowed_origins` no answer carries a permission and no preflight is granted. No credentials that a browser adds by
//! itself are ever allowed; a page sends its own (`authorization`).

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Headers that a page may send.
const ASKED: [&str; 15] = [
    "authorization",
    "content-type",
    "content-encoding",
    "connect-protocol-version",
    "connect-timeout-ms",
    "connect-content-encoding",
    "connect-accept-encoding",
    "grpc-timeout",
    "if-none-match",
    "last-event-id",
    "traceparent",
    "x-grpc-web",
    "x-request-id",
    "x-user-agent",
    "grpc-accept-encoding",
];

/// Headers of an answer that a page may read.
const TOLD: [&str; 14] = [
    "etag",
    "link",
    "detente-basis",
    "content-encoding",
    "allow",
    "accept-post",
    "accept-encoding",
    "connect-content-encoding",
    "connect-accept-encoding",
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "grpc-encoding",
    "x-request-id",
];

/// The time for which a browser need not ask again.
const REMEMBERED: Duration = Duration::from_secs(7200);

/// Lets pages of these origins ask; `*` is all.
pub(super) fn allow(router: Router, origins: &[String]) -> Router {
    if origins.is_empty() {
        return router;
    }
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let cors = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(ASKED.map(HeaderName::from_static))
        .expose_headers(TOLD.map(HeaderName::from_static))
        .vary([header::ORIGIN])
        .max_age(REMEMBERED);
    router.layer(cors)
}
