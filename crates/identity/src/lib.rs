//! Callers of a server: what they show becomes a principal, or is refused with the reason.
//!
//! ```text
//!   dk_ID_SECRET                     key_file.rs   a key of the file         ──> key:NAME
//!   a signed token (JWT)             token.rs      by a key of its issuer    ──> oidc:ALIAS/SUBJECT
//!   the names of a certificate       principal.rs  its URI, else its DNS name ──> x509:NAME
//! ```
//!
//! Nothing here reads a clock, a file or a socket: texts and the time come from outside.
//!
//! Reasons: `docs/design/identity.md`.

mod credential;
mod issuer;
mod key;
mod key_file;
mod key_set;
mod principal;
mod token;

pub use credential::{Credential, CredentialFault};
pub use issuer::{Issuer, IssuerSettings};
pub use key::ApiKey;
pub use key_file::{KeyFile, KeyFileError, KeyRecord, KeyState};
pub use key_set::KeySetError;
pub use principal::{NameError, Principal};
pub use token::Algorithm;
