//! The guarantees of the journal, tried against memory, real files, and a disk that loses power.
//!
//! `conformance` and `runs` (appends that are written piece by piece) run on every journal. `recovery`, `damage` and
//! `refusals` are about files. `errnos` are the refusals of the system, number by number. `full` is a disk that fills
//! up at any byte. `power` cuts the power and fails operations, and has controls that show that the simulation would
//! notice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod conformance;
mod damage;
mod errnos;
mod full;
mod power;
mod recovery;
mod refusals;
mod runs;
mod stretches;
mod support;
