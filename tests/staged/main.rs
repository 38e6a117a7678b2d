//! Staged appends: laid out piece by piece, recorded whole. What is recorded is what one append of the same commands would
//! have recorded; every step can be tried again, after a kill too; and what goes wrong leaves the record as it was.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod commands;
mod damage;
mod equality;
mod kill;
mod limits;
mod recording;
mod refusals;
mod resuming;
#[path = "../support/mod.rs"]
mod support;
