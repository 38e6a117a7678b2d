//! TLS on the serving port, for gRPC and everything else on it.
//!
//! ```text
//!   files ──> set.rs          certificate, key, authorities and revoked certificates, all of them fitting, or none is taken
//!         ──> keeper.rs       the set that counts; read again when a file changes or somebody asks
//!   connection ──> handshake.rs   in a task of its own, in a limited time ──> socket.rs
//!              ──> guests.rs      clients with a certificate; cut when that counts no longer
//! ```
//!
//! Tonic's own TLS fixes the certificate at the start, speaks HTTP/2 alone and knows no list of revoked certificates.
//!
//! Reasons: `docs/design/identity.md`.

mod certificate;
mod guests;
mod handshake;
mod keeper;
mod set;
mod socket;

pub(super) use certificate::CertificateNames;
pub(super) use guests::GuestPlace;
pub(super) use handshake::{Handshake, HandshakeFault};
pub use keeper::Reload;
pub(super) use keeper::TlsKeeper;
pub use set::{TlsError, TlsSet};
pub(super) use socket::Socket;
