//! `detente import --mapping`: rows of any data set into a directory or a server, and their next release; what is bad in them;
//! what a killed import leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod desk;
mod documented;
mod forms;
mod killed;
mod malformed;
mod memory;
mod records;
mod refused;
mod releases;
mod restarted;
mod served;
mod shapes;
mod snapshots;
mod snapshots_again;
mod snapshots_own;
mod snapshots_rejected;
mod versions;
