//! TLS over real sockets: the handshake and what either side refuses, files that change while the server runs, the port for
//! metrics, and the program with its flags.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod authority;
mod clients;
mod handshake;
mod metrics;
mod program;
mod reload;
mod secured;
