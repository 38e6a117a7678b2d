//! The page: the record, for people who look. Rendered here, without scripts, read only.
//!
//! A view is a file. It reads the address ([`request`]), calls the services in process ([`call`]), and writes the answer
//! with templates that escape every value. The drawings are in [`chart`]; the two languages of the interface stand side
//! by side at every use. `assets/page.js` adds sliders and the live feed, and nothing depends on it.
//!
//! Reasons: `docs/design/http-and-page.md`.

mod call;
mod chart;
mod check;
mod claim;
mod claim_parts;
mod conflicts;
mod coordinates;
mod day;
mod diff;
mod feed;
mod gaps;
mod home;
mod lang;
mod layout;
mod list_frame;
mod names;
pub mod nowhere;
mod overview;
mod party;
mod relationship;
mod request;
mod series;
mod text;
mod upcoming;
mod what_if;
mod words;

use crate::grpc::local::Local;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

/// Nothing from another host, nothing inline, no frame around it, and forms lead nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The largest form; it reserves no memory.
const FORM_BYTES: usize = 64 << 10;

const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");
const ICON: &str = include_str!("assets/icon.svg");
/// Every view is computed for each request, and links lead to ever more of them.
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

/// The views, over the services of a server.
pub fn routes(local: Local) -> Router {
    Router::new()
        .route("/", get(home::view))
        .route("/relationship/{id}", get(relationship::view))
        .route("/claim/{id}", get(claim::view))
        .route("/party/{id}", get(party::view))
        .route("/conflicts", get(conflicts::view))
        .route("/diff", get(diff::view))
        .route("/feed", get(feed::view))
        .route("/gaps", get(gaps::view))
        .route("/series", get(series::view))
        .route("/upcoming", get(upcoming::view))
        .route("/what-if", get(what_if::view).post(what_if::post))
        .route("/page/page.css", get(async || asset("text/css; charset=utf-8", STYLE)))
        .route("/page/page.js", get(async || asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/page/icon.svg", get(async || asset("image/svg+xml", ICON)))
        // Browsers and crawlers ask for these of every host.
        .route("/favicon.ico", get(async || asset("image/svg+xml", ICON)))
        .route("/robots.txt", get(async || asset("text/plain; charset=utf-8", ROBOTS)))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(axum::middleware::map_response(add_headers))
        .layer(CompressionLayer::new())
        .with_state(local)
}

fn asset(kind: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 2], &'static str) {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], text)
}

/// Adds the headers that every answer needs in a browser.
async fn add_headers(response: Response) -> Response {
    with_policy(response)
}

fn with_policy(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}
