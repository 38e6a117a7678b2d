//! The ledger over gRPC: the only module that says tonic, apart from the client in the command line.
//!
//! An rpc is three steps, a file for each group of them: the request becomes a question of the ledger (all its faults
//! are reported at once), the ledger answers, the answer becomes a reply.
//!
//! ```text
//!   service.rs     the rpcs, a line each
//!   append.rs  state.rs  claims.rs  registry.rs  events.rs  info.rs      request -> question -> reply
//!     parse.rs     what every request has: a filter, a cut          page.rs      pages and their tokens
//!     context.rs   the coordinates of a reply                       encoded_reply.rs   replies made of recorded bytes
//!     work.rs      where a question is computed, and for how long     deadline.rs   when its client stops waiting
//!   status.rs      the one way from an error to a status, with the table of reasons in status/reason.rs
//!   share.rs       what of all that is shared a peer may hold
//!   codec.rs       bytes on the wire               call.rs   what surrounds every call
//!   caller.rs    who calls, and who therefore records
//!   intake/        the memory that a request takes     inflate.rs   compressed requests, within limits
//!   sending.rs     the memory that a reply takes
//!   routes.rs      the services of a server: the ledger, health, reflection     direct.rs     the straight way to the ledger
//!   health.rs  reflection/   the standard services       standard.rs    their bounds
//!   reasons.rs     reasons for what the transport refuses           requests.rs    the rpc and the reply of each request
//! ```
//!
//! **To add an rpc:** add it to `ledger.proto`, a line to `service.rs`, a file (or a function in one of the group) that
//! converts, and a use case in `detente_ledger`. **To add a reason to refuse:** add it to `error.proto`, to the table in
//! `status/reason.rs` and to `tests/grpc/errors.rs`; the compiler and that test ask for the rest.
//!
//! Not here: the meaning of claims, cuts and filters. Nothing here decides anything about the record.
//!
//! Reasons: `docs/design/contract.md`.

mod append;
mod call;
pub mod caller;
mod claims;
mod clock;
pub mod codec;
mod commitments;
mod conflicts;
mod context;
mod corroboration;
mod cursors;
pub(crate) mod deadline;
mod diff;
mod direct;
pub mod encoded_reply;
mod events;
mod feed;
mod gaps;
mod health;
mod heartbeat;
pub(crate) mod inflate;
mod info;
mod intake;
pub mod limits;
pub mod local;
mod page;
mod parse;
mod perspectives;
mod reasons;
mod reflection;
mod registry;
pub(crate) mod requests;
mod routes;
pub(crate) mod sending;
mod series;
mod service;
mod share;
mod span;
mod stage;
mod standard;
mod state;
pub mod status;
mod timeline;
mod watch;
mod work;

pub use direct::Direct;
pub use health::Health;
pub use reflection::DescriptorError;
pub use routes::{OpenStreams, Services, services};

/// The generated server of the contract, over the messages of [`detente_proto::v1`].
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated; documented in the proto")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/server/detente.v1.rs"));
}
