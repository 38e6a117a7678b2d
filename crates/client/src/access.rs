//! The trust of a client in its server, and the proof of who calls.

use std::fmt;

/// The trust of a client in its server, and the proof of who calls. The default trusts the authorities of the system and proves
/// nothing.
///
/// A server is asked over TLS if its URL says `https`; that needs the feature `tls`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) certificate: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) token: Option<String>,
}

impl Access {
    /// Trusts these authorities, as PEM, and not those of the system.
    #[must_use]
    pub fn trust(self, authorities: impl Into<Vec<u8>>) -> Self {
        Self { authorities: Some(authorities.into()), ..self }
    }

    /// Shows a certificate to a server that asks for one: itself with those between it and its authority, and its private key,
    /// as PEM.
    #[must_use]
    pub fn show(self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self { certificate: Some((certificate.into(), key.into())), ..self }
    }

    /// Sends an API key or a signed token with each call. To another machine it is sent over TLS alone.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self }
    }
}

/// Secrets are left out.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (authorities, certificate) = (self.authorities.is_some(), self.certificate.is_some());
        let token = self.token.is_some();
        f.debug_struct("Access")
            .field("authorities", &authorities)
            .field("certificate", &certificate)
            .field("token", &token)
            .finish()
    }
}
