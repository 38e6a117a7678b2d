//! The surroundings of every request that is not gRPC itself (which has the same in `grpc::call`): its id, which the
//! answer carries, too, and the span in which it is answered.

use crate::telemetry::request::{HEADER, id, span};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument as _, Span};

/// Answers a request in its span, with its id.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let (id, span) = begin(&request);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HeaderName::from_static(HEADER), id);
    }
    response
}

fn begin(request: &Request) -> (String, Span) {
    let header = |name: &str| text(request.headers(), name);
    let id = id(header(HEADER));
    let span = span(&id, request.method().as_str(), request.uri().path(), header);
    (id, span)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
