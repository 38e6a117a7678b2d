//! The public contract of Detente in Rust: its messages, its client stub (feature `client`) and its descriptor.
//!
//! The contract itself, with the manual of every message and field, is `proto/detente/v1`. A claim says something about
//! relationships; a read names a [`v1::Cut`], the part of the record that its answer may use:
//!
//! ```
//! use detente_proto::v1::{Cut, Filter, FilterItem, GetStateRequest, StateMode};
//!
//! let about = FilterItem { relationships: vec!["AZE-RUS".into()], ..Default::default() };
//! let question = GetStateRequest {
//!     filter: Some(Filter { items: vec![about] }),
//!     valid_at: "2025-07".into(),
//!     mode: StateMode::HoldsAt.into(),
//!     cut: Some(Cut::position(113)),
//!     ..Default::default()
//! };
//! assert!(question.page_token.is_empty());
//! ```
//!
//! | module | contents |
//! |---|---|
//! | [`v1`] | messages, enums, and with the feature `client` `ledger_service_client` |
//! | [`DESCRIPTOR`] | the files of the contract with their comments, for reflection and JSON |
//! | `code_name` | the name of a gRPC status code, with the feature `client` |
//! | [`message_sizes`] | the size in memory of each message |

use std::any::TypeId;

#[cfg(feature = "client")]
mod code;
pub mod v1;

#[cfg(feature = "client")]
pub use code::code_name;

/// The public contract and all that it imports, with comments, as an encoded `FileDescriptorSet`.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The messages of the contract: of each its type, its full name and its size in memory, in bytes.
#[must_use]
pub fn message_sizes() -> Vec<(TypeId, &'static str, usize)> {
    include!(concat!(env!("OUT_DIR"), "/sizes.rs"))
}
