//! The authentication of callers: every request but those of probes and preflights comes from a principal, once there is a way to
//! prove one.
//!
//! ```text
//!   files ──> set.rs       keys and issuers, read as a whole or not at all
//!         ──> keeper.rs    the set that counts; read again when a file changes or somebody asks
//!   request, certificate of its connection ──> keeper.rs ──> Caller, or the reason why there is none
//! ```
//!
//! The header `authorization` decides; a certificate counts where there is none. A credential that does not count is never
//! rescued by another one that does.
//!
//! Reasons: `docs/design/identity.md`.

mod keeper;
mod set;

pub(super) use keeper::IdentityKeeper;
pub use set::{IdentityError, IdentitySet};
