//! The client for Rust against real servers, over connections that break when it hurts: between a write and its reply,
//! in the middle of a feed, during a restart of the server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod append;
mod follow;
mod proxy;
mod read;
#[path = "../grpc/running.rs"]
#[allow(dead_code, reason = "every test crate uses its own part of this")]
mod running;
mod site;
