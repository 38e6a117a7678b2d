//! Dates and valid time, compared with their definitions and with other implementations of EDTF.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod edtf_differential;
mod valid_time_gaps;
mod valid_time_worlds;
