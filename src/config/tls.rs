//! The settings of TLS: files of the server's certificate, and whose certificates clients show.

use super::ConfigError;
use serde::Deserialize;
use std::path::PathBuf;

/// The certificates that clients must show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// None is asked for.
    #[default]
    Off,
    /// One is asked for; a client without one is served, one with a bad one is not.
    Optional,
    /// Only clients with one are served.
    Required,
}

/// The settings of TLS, each from a flag or the environment, or from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOverrides {
    /// The certificate of the server and those between it and its authority, as PEM.
    pub certificate: Option<PathBuf>,
    /// The private key of the server, as PEM.
    pub key: Option<PathBuf>,
    /// The authorities of the clients' certificates, as PEM.
    pub client_ca: Option<PathBuf>,
    /// The certificates that clients must show.
    pub clients: Option<ClientCertificates>,
    /// Lists of revoked certificates of the clients, as PEM.
    pub crl: Option<PathBuf>,
}

/// The files of TLS, and what is asked of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate of the server and those between it and its authority, as PEM.
    pub certificate: PathBuf,
    /// The private key of the server, as PEM.
    pub key: PathBuf,
    /// The authorities of the clients' certificates, as PEM; none where no certificate is asked for.
    pub client_ca: Option<PathBuf>,
    /// The certificates that clients must show.
    pub clients: ClientCertificates,
    /// Lists of revoked certificates of the clients, as PEM.
    pub crl: Option<PathBuf>,
}

impl TlsOverrides {
    /// The same, with what another has where this has nothing.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            certificate: self.certificate.or(other.certificate),
            key: self.key.or(other.key),
            client_ca: self.client_ca.or(other.client_ca),
            clients: self.clients.or(other.clients),
            crl: self.crl.or(other.crl),
        }
    }

    /// The files, if there is to be TLS. An authority of clients alone means that their certificates are required.
    pub(super) fn files(self) -> Result<Option<TlsFiles>, ConfigError> {
        let lacks = |name, of| Err(ConfigError::TlsLacks { name, of });
        let (certificate, key) = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => return lacks("tls_key", "tls_cert"),
            (None, Some(_)) => return lacks("tls_cert", "tls_key"),
            (None, None) if self.client_ca.is_some() => return lacks("tls_cert", "tls_client_ca"),
            (None, None) if self.crl.is_some() => return lacks("tls_cert", "tls_crl"),
            (None, None) if self.clients.is_some_and(|clients| clients != ClientCertificates::Off) => {
                return lacks("tls_cert", "tls_clients");
            }
            (None, None) => return Ok(None),
        };
        let usual = if self.client_ca.is_some() { ClientCertificates::Required } else { ClientCertificates::Off };
        let clients = self.clients.unwrap_or(usual);
        if clients != ClientCertificates::Off && self.client_ca.is_none() {
            return lacks("tls_client_ca", "tls_clients");
        }
        if self.crl.is_some() && self.client_ca.is_none() {
            return lacks("tls_client_ca", "tls_crl");
        }
        Ok(Some(TlsFiles { certificate, key, client_ca: self.client_ca, clients, crl: self.crl }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[&str], clients: Option<ClientCertificates>) -> Result<Option<TlsFiles>, String> {
        let path = |name: &str| of.contains(&name).then(|| PathBuf::from(name));
        let (certificate, key, client_ca, crl) = (path("cert"), path("key"), path("ca"), path("crl"));
        TlsOverrides { certificate, key, client_ca, clients, crl }.files().map_err(|error| error.to_string())
    }

    #[test]
    fn an_authority_of_clients_alone_requires_their_certificates() {
        assert_eq!(files(&[], None), Ok(None));
        let clients = |of: &[&str], said| files(of, said).unwrap().unwrap().clients;
        assert_eq!(clients(&["cert", "key"], None), ClientCertificates::Off);
        assert_eq!(clients(&["cert", "key", "ca"], None), ClientCertificates::Required);
        let optional = Some(ClientCertificates::Optional);
        assert_eq!(clients(&["cert", "key", "ca", "crl"], optional), ClientCertificates::Optional);
    }

    #[test]
    fn a_setting_without_those_that_it_needs_is_refused_by_name() {
        let required = Some(ClientCertificates::Required);
        for (of, clients, missing) in [
            (&["cert"][..], None, "tls_key"),
            (&["key"], None, "tls_cert"),
            (&["ca"], None, "tls_cert"),
            (&["crl"], None, "tls_cert"),
            (&[], required, "tls_cert"),
            (&["cert", "key"], required, "tls_client_ca"),
            (&["cert", "key", "crl"], None, "tls_client_ca"),
        ] {
            assert!(files(of, clients).unwrap_err().contains(&format!("needs {missing}")), "{of:?}");
        }
    }
}
