//! The questions over spans of valid time: how the state moved, what can be plotted of it, and what is missing. Each is
//! held against the model at every cut of random histories, and asked of the founding dossier over a socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod demo;
mod gaps;
mod history;
mod series;
#[path = "../support/mod.rs"]
mod support;
mod timeline;
