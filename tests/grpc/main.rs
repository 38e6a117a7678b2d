//! The ledger as a client sees it: a server on a port of its own, and the generated client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bombs;
mod boundaries;
mod clock;
mod confirmations;
mod described;
mod diff;
mod ending;
mod errors;
mod failing;
mod feed;
mod growing;
#[path = "../support/hooked.rs"]
mod hooked;
mod late;
#[allow(dead_code, reason = "shared with the tests of HTTP")]
#[path = "../http/program.rs"]
mod program;
mod reads;
mod records;
mod refusals;
mod refused_reads;
mod replies;
mod running;
mod stage;
#[path = "../support/watched.rs"]
mod watched;
mod what_if;
mod wide;
