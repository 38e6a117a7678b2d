//! Detente.
#![allow(missing_docs)]
/// x
#[allow(missing_docs, clippy::all)]
pub mod v1 { tonic::include_proto!("detente.v1"); }
