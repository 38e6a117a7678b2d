//! Callers over real sockets: keys, signed tokens and certificates in every protocol, who the recorder is, files that change
//! while the server runs, and the program with its flags.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../tls/authority.rs"]
#[allow(dead_code, reason = "every test crate uses its own part of this")]
mod authority;
mod certificates;
mod keys;
mod program;
mod protocols;
mod recorder;
#[path = "../tls/secured.rs"]
#[allow(dead_code, reason = "every test crate uses its own part of this")]
mod secured;
mod site;
mod tokens;
