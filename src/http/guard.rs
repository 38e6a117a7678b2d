//! The header that keeps a browser from taking an answer for another media type than it says: what is recorded may hold any
//! text, and a table or a JSON object is no page, whatever is in it.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Guards an answer. One over gRPC or gRPC-Web is none that a browser shows, and its headers are few (see `grpc::status`).
pub(super) async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let is_grpc =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    if !is_grpc {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}
