//! The program as its users run it: the command line, the demo, data sets, formats of former versions, and a server that is
//! killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod cli_offline;
mod export;
mod feed_kill;
mod formats;
mod founding;
mod free_memory;
mod mappings;
#[path = "../support/mod.rs"]
mod support;
mod transfer;
