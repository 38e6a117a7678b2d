//! The HTTP interface other than the page: the rpcs as JSON, the flat queries, the feed, probes, metrics, and
//! permissions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod calls;
mod connect;
mod cors;
mod dates;
mod deadline;
mod door;
mod early;
mod feed;
mod flat;
mod hostile;
mod malformed;
mod memory;
mod openapi;
mod params;
#[allow(dead_code, reason = "shared with the tests of gRPC")]
mod program;
mod schema;
#[allow(dead_code, reason = "shared with the tests of the page")]
#[path = "../page/served.rs"]
mod served;
mod shares;
mod standing;
mod tables;
mod traces;
mod unread;
