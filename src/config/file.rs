//! The settings of a file, as they are written: TOML in which a name that is not known is refused.

use super::identity::{IdentityFiles, IssuerTable};
use super::tls::{ClientCertificates, TlsOverrides};
use super::{ConfigError, ListenAddress, LogFormat};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The settings of a file. Sizes are in MiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileConfig {
    pub(super) data: Option<PathBuf>,
    pub(super) listen: Option<ListenAddress>,
    pub(super) metrics_listen: Option<String>,
    pub(super) tls_cert: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) tls_client_ca: Option<PathBuf>,
    pub(super) tls_clients: Option<ClientCertificates>,
    pub(super) tls_crl: Option<PathBuf>,
    pub(super) keys: Option<PathBuf>,
    pub(super) issuers: Option<Vec<IssuerTable>>,
    pub(super) record_as: Option<Vec<String>>,
    pub(super) insecure: Option<bool>,
    pub(super) demo: Option<bool>,
    pub(super) read_only: Option<bool>,
    pub(super) max_clock_behind_seconds: Option<u64>,
    pub(super) max_clock_jump_seconds: Option<u64>,
    pub(super) log_format: Option<LogFormat>,
    pub(super) log_filter: Option<String>,
    pub(super) workers: Option<usize>,
    pub(super) cache_mib: Option<u64>,
    pub(super) memory_mib: Option<u64>,
    pub(super) segment_mib: Option<u64>,
    pub(super) reserve_mib: Option<u64>,
    pub(super) max_request_mib: Option<u64>,
    pub(super) max_streams: Option<usize>,
    pub(super) max_subscriptions: Option<usize>,
    pub(super) max_connections: Option<usize>,
    pub(super) max_stages: Option<usize>,
    pub(super) max_stage_mib: Option<u64>,
    pub(super) drain_seconds: Option<u64>,
    pub(super) unread_seconds: Option<u64>,
    pub(super) stage_days: Option<u64>,
    pub(super) cursor_days: Option<u64>,
    pub(super) peer_share_percent: Option<u8>,
    pub(super) allowed_hosts: Option<Vec<String>>,
    pub(super) allowed_origins: Option<Vec<String>>,
    pub(super) otlp_endpoint: Option<String>,
}

impl FileConfig {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Malformed { path: path.to_owned(), source: Box::new(source) })
    }

    /// The settings of TLS.
    pub(super) fn take_tls(&mut self) -> TlsOverrides {
        TlsOverrides {
            certificate: non_empty(self.tls_cert.take()),
            key: non_empty(self.tls_key.take()),
            client_ca: non_empty(self.tls_client_ca.take()),
            clients: self.tls_clients.take(),
            crl: non_empty(self.tls_crl.take()),
        }
    }

    /// The ways by which callers prove who they are, with the file of keys that a flag names.
    pub(super) fn take_identity(&mut self, keys: Option<PathBuf>) -> Result<IdentityFiles, ConfigError> {
        let keys = keys.or(non_empty(self.keys.take()));
        let (issuers, record_as) = (self.issuers.take(), self.record_as.take());
        IdentityFiles::of(keys, issuers.unwrap_or_default(), record_as.unwrap_or_default())
    }

    /// The addresses of the listener for metrics, with the one that a flag names.
    pub(super) fn take_metrics_listen(
        &mut self,
        asked: Option<ListenAddress>,
    ) -> Result<Option<Vec<SocketAddr>>, ConfigError> {
        let listen = match self.metrics_listen.take().filter(|listen| !listen.is_empty()) {
            Some(listen) if asked.is_none() => Some(listen.parse().map_err(ConfigError::MetricsListen)?),
            _ => asked,
        };
        listen.map(|listen: ListenAddress| listen.resolve()).transpose()
    }
}

/// A path that is written; an empty one is none.
fn non_empty(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}
