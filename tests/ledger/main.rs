//! Behaviour of the ledger as a library: recording, answers at each cut, following and recovery. If there is an oracle,
//! every answer is compared with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod as_of;
mod clock;
mod commitments;
mod concurrency;
mod conflicts;
mod corroboration;
mod cursors;
mod diff;
mod durability;
mod feed;
mod kinds;
mod merges;
mod model;
mod over_time;
mod perspectives;
mod pipeline;
mod small_scope;
mod staged;
mod store_healing;
#[path = "../support/mod.rs"]
mod support;
mod what_if;
