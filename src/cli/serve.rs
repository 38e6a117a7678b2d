//! The arguments of `detente serve`.

use crate::config::{ClientCertificates, ListenAddress, TlsOverrides};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Directory of the ledger. It is created if it does not exist.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Address to listen on, or a host and a port. Default: 127.0.0.1:7443. Port 0 takes a free port.
    #[arg(long, env = "DETENTE_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<ListenAddress>,
    /// Address of a listener for metrics and probes alone, without TLS. Default: they are on the serving port, unless that
    /// has TLS.
    #[arg(long, env = "DETENTE_METRICS_LISTEN", value_name = "ADDR")]
    pub(crate) metrics_listen: Option<ListenAddress>,
    /// Certificate of the server, followed by those between it and its authority, as PEM. The port then speaks TLS alone.
    #[arg(long, env = "DETENTE_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the server, as PEM.
    #[arg(long, env = "DETENTE_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Authorities of the certificates of clients, as PEM.
    #[arg(long, env = "DETENTE_TLS_CLIENT_CA", value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Certificates that clients must show. Default: required with --tls-client-ca, otherwise off.
    #[arg(long, env = "DETENTE_TLS_CLIENTS", value_enum, value_name = "RULE")]
    pub(crate) tls_clients: Option<ClientRule>,
    /// Lists of revoked certificates of clients, as PEM: one of each authority, none out of date.
    #[arg(long, env = "DETENTE_TLS_CRL", value_name = "FILE")]
    pub(crate) tls_crl: Option<PathBuf>,
    /// File of API keys, made by `detente key`. Every call then needs a key, or another proof of who calls.
    #[arg(long, env = "DETENTE_KEYS", value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Serve the founding dossier. A new ledger is created with it, and a ledger that was created so is opened again.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Serve the directory and write nothing: appends are refused. For a backup, a snapshot or a disk that is mounted
    /// read-only.
    #[arg(long, env = "DETENTE_READ_ONLY")]
    pub(crate) read_only: bool,
    /// Accept the clock of this machine, however long ago the last event of the directory was recorded.
    #[arg(long, env = "DETENTE_ACCEPT_CLOCK")]
    pub(crate) accept_clock: bool,
    /// TOML file with settings. Flags take precedence over it.
    #[arg(long, env = "DETENTE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Allow an address that other machines can reach, although nobody is authenticated.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Format of the log on standard error. Default: text.
    #[arg(long, env = "DETENTE_LOG_FORMAT", value_enum, value_name = "FORM")]
    pub(crate) log_format: Option<LogFormat>,
}

/// The certificates that clients must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientRule {
    /// None.
    Off,
    /// None or a good one.
    Optional,
    /// A good one.
    Required,
}

impl ServeArgs {
    /// The settings of TLS among them.
    pub(crate) fn tls(&self) -> TlsOverrides {
        TlsOverrides {
            certificate: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            client_ca: self.tls_client_ca.clone(),
            clients: self.tls_clients.map(|rule| match rule {
                ClientRule::Off => ClientCertificates::Off,
                ClientRule::Optional => ClientCertificates::Optional,
                ClientRule::Required => ClientCertificates::Required,
            }),
            crl: self.tls_crl.clone(),
        }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for reading.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}
