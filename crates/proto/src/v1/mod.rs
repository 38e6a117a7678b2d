//! The generated messages and client of the public contract `detente.v1`.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated; documented in the proto")]

include!(concat!(env!("OUT_DIR"), "/detente.v1.rs"));

mod cuts;
