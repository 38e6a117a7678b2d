//! A set of files that fit together: the settings of TLS as rustls has them.

use super::certificate::{next_update, not_after};
use crate::config::{ClientCertificates, TlsFiles};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The protocols that are spoken, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The reason why files do not make up a set.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file has not the thing that it should have.
    #[error("{path}: {why}")]
    Content {
        /// The file.
        path: PathBuf,
        /// The fault.
        why: String,
    },
    /// The key is that of another certificate.
    #[error("{key} is not the key of the certificate in {certificate}")]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Rustls takes them for no settings.
    #[error("the files of TLS do not fit together: {0}")]
    Unfit(String),
}

/// A set of files that fit together.
pub struct TlsSet {
    /// The settings of a connection.
    pub(super) config: Arc<ServerConfig>,
    /// The judge of clients' certificates, where they are asked for.
    pub(super) clients: Option<Arc<dyn ClientCertVerifier>>,
    /// The first second in which each sort of file counts no longer.
    pub(super) ends: Vec<(&'static str, u64)>,
}

/// The contents of the files.
pub(super) struct FileContents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Vec<u8>,
    crl: Vec<u8>,
}

impl FileContents {
    /// Reads all of them.
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source });
        let read_optional =
            |path: &Option<PathBuf>| path.as_deref().map(read).transpose().map(Option::unwrap_or_default);
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: read_optional(&files.client_ca)?,
            crl: read_optional(&files.crl)?,
        })
    }

    /// A digest by which changed contents are known.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for content in [&self.certificate, &self.key, &self.client_ca, &self.crl] {
            digest.update(content.len().to_le_bytes());
            digest.update(content);
        }
        digest.finalize().into()
    }
}

impl TlsSet {
    /// Reads the files of a set.
    ///
    /// # Errors
    /// If one cannot be read, or they do not fit together.
    pub fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        Self::of(files, &FileContents::read(files)?)
    }

    /// The set of some contents.
    pub(super) fn of(files: &TlsFiles, contents: &FileContents) -> Result<Self, TlsError> {
        let chain: Vec<CertificateDer<'static>> = all(&files.certificate, &contents.certificate, "certificate")?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|error| match error {
            pem::Error::NoItemsFound => unfit(&files.key, "there is no private key in it (an encrypted one is none)"),
            other => unfit(&files.key, &other.to_string()),
        })?;
        let mut ends = Vec::new();
        ends.extend(chain.iter().filter_map(not_after).min().map(|end| ("server", end)));
        let clients = match &files.client_ca {
            Some(path) if files.clients != ClientCertificates::Off => Some(judge(files, path, contents, &mut ends)?),
            _ => None,
        };
        let config = settings(clients.as_ref())?.with_single_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone() }
            }
            rustls::Error::InvalidCertificate(_) => unfit(&files.certificate, &error.to_string()),
            other => TlsError::Unfit(other.to_string()),
        })?;
        Ok(Self { config: Arc::new(finish(config, clients.is_some())), clients, ends })
    }
}

/// The one provider of cryptography. With two of them in a program the default one of rustls is a panic.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn settings(
    clients: Option<&Arc<dyn ClientCertVerifier>>,
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| TlsError::Unfit(error.to_string()))?;
    Ok(match clients {
        Some(judge) => builder.with_client_cert_verifier(Arc::clone(judge)),
        None => builder.with_no_client_auth(),
    })
}

/// A resumed session has the certificate of the client as it was judged once, so there is none where clients show one.
fn finish(mut config: ServerConfig, has_clients: bool) -> ServerConfig {
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    if has_clients {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    config
}

/// The judge of clients' certificates, by their authorities and the lists of revoked ones.
fn judge(
    files: &TlsFiles,
    authorities: &Path,
    contents: &FileContents,
    ends: &mut Vec<(&'static str, u64)>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let certificates: Vec<CertificateDer<'static>> = all(authorities, &contents.client_ca, "certificate")?;
    ends.extend(certificates.iter().filter_map(not_after).min().map(|end| ("client_ca", end)));
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| unfit(authorities, &error.to_string()))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    if let Some(path) = &files.crl {
        builder = builder.with_crls(lists(path, &contents.crl, ends)?).enforce_revocation_expiration();
    }
    if files.clients == ClientCertificates::Optional {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map_err(|error| unfit(files.crl.as_deref().unwrap_or(authorities), &error.to_string()))
}

/// The lists of revoked certificates of a file, none of them out of date.
fn lists(
    path: &Path,
    content: &[u8],
    ends: &mut Vec<(&'static str, u64)>,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let lists: Vec<CertificateRevocationListDer<'static>> = all(path, content, "list of revoked certificates")?;
    let Some(end) = lists.iter().filter_map(next_update).min() else {
        return Err(unfit(path, "a list of revoked certificates must say when the next one comes"));
    };
    if end <= UnixTime::now().as_secs() {
        return Err(unfit(path, "a list of revoked certificates is out of date"));
    }
    ends.push(("crl", end));
    Ok(lists)
}

/// All things of a sort in a file of PEM, at least one.
fn all<T: PemObject>(path: &Path, content: &[u8], sort: &str) -> Result<Vec<T>, TlsError> {
    let found: Result<Vec<T>, pem::Error> = T::pem_slice_iter(content).collect();
    let found = found.map_err(|error| unfit(path, &error.to_string()))?;
    if found.is_empty() { Err(unfit(path, &format!("there is no {sort} in it"))) } else { Ok(found) }
}

fn unfit(path: &Path, why: &str) -> TlsError {
    TlsError::Content { path: path.to_owned(), why: why.to_owned() }
}
