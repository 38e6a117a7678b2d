//! The program and its disk: descriptors that run out, directories that may not be written, rights, full disks, and a clock
//! that is wrong. With real files, real mounts and the program itself; what this machine does not permit is skipped, and
//! says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod clock;
mod descriptors;
mod full;
mod mounts;
mod program;
mod read_only;
mod rights;
mod wire;
