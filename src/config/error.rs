//! The reasons why there is no configuration, each with what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The reason why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is not what is expected; says where and what.
    #[error("{path}: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The place and the fault.
        source: Box<toml::de::Error>,
    },
    /// Nobody says where the ledger is.
    #[error("say where the ledger is: --data DIR, DETENTE_DATA, or `data` in the file")]
    NoData,
    /// Others could reach the server, and nobody said that they may.
    #[error(
        "{0} can be reached from other machines, and nobody is asked who they are; listen on 127.0.0.1, \
         have TLS with certificates of clients or with keys (--tls-cert, --tls-key, --tls-client-ca, --keys), \
         or say --insecure if the network is trusted"
    )]
    Reachable(SocketAddr),
    /// An issuer of tokens is not what it should be.
    #[error("issuers: {alias:?}: {why}")]
    Issuer {
        /// Its alias.
        alias: String,
        /// The fault.
        why: String,
    },
    /// A text that is no principal.
    #[error("record_as: {name:?}: {why}")]
    RecordAs {
        /// The text.
        name: String,
        /// The fault.
        why: String,
    },
    /// No address of the listener for metrics.
    #[error("metrics_listen: {0}")]
    MetricsListen(String),
    /// A setting of TLS without another one.
    #[error("{of} needs {name}")]
    TlsLacks {
        /// The setting that is missing.
        name: &'static str,
        /// The setting that needs it.
        of: &'static str,
    },
    /// The host to listen on is not known.
    #[error("listen: no address is known of {listen:?}: {why}; say the address itself, for example 127.0.0.1:7443")]
    Unresolved {
        /// The address as it is written.
        listen: String,
        /// The reason.
        why: String,
    },
    /// The text is no origin.
    #[error(
        "allowed_origins: {0:?} is no origin; expected one such as \"https://desk.example\" or \"http://localhost:3000\", or \"*\""
    )]
    NoOrigin(String),
    /// A text that is no host name.
    #[error(
        "allowed_hosts: {0:?} is no host; expected a name such as \"ledger.example\", without scheme and port, or \"*\""
    )]
    NoHost(String),
    /// A number that cannot be.
    #[error("{name} is {value}; expected {expected}")]
    OutOfRange {
        /// The name of the setting.
        name: &'static str,
        /// The value that it has.
        value: u64,
        /// The values that it may have.
        expected: &'static str,
    },
}
