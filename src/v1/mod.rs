//! The generated messages and client of the public contract `detente.v1`.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated; documented in the proto")]

tonic::include_proto!("detente.v1");

#[path = "cut.rs"]
mod cuts;
