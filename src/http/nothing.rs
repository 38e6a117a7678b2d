//! The answer where nothing is: a gRPC status for a client that speaks gRPC, a page for a browser, a failure as JSON for all others.

use super::failure::HttpFailure;
use crate::grpc::status::CallRefusal;
use crate::page;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Says that there is something, and not by this method. The router adds which methods there are.
pub(super) async fn by_this(request: Request) -> Response {
    if *request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let why = format!("{:?} is not asked for by {}; `allow` says by what", request.uri().path(), request.method());
    HttpFailure::unsupported_request(StatusCode::METHOD_NOT_ALLOWED, why).into_response()
}

/// Says that there is nothing.
pub(super) async fn here(request: Request) -> Response {
    let content = request.headers().get(header::CONTENT_TYPE).cloned();
    match content.filter(|content| content.as_bytes().starts_with(b"application/grpc")) {
        // A reply without a body has its status among its headers, with gRPC-Web too.
        Some(content) => {
            let why = format!("there is no rpc {:?}", request.uri().path());
            ([(header::CONTENT_TYPE, content)], CallRefusal::Unsupported(why).headers()).into_response()
        }
        None if page::nowhere::is_wanted(request.headers()) => {
            page::nowhere::page(request.uri().path(), request.headers())
        }
        None => {
            let why = format!("there is nothing at {:?}; see /api/v1/openapi.json", request.uri().path());
            HttpFailure::unsupported_request(StatusCode::NOT_FOUND, why).into_response()
        }
    }
}
