//! The page as a browser without scripts sees it: over a real socket, each view of the demo, held against the record.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod hostile;
mod large;
mod links;
mod served;
mod views;
