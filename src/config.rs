//! What a server is told: by flags, by the environment, by a file, in this order; what none of them says has a default.
//!
//! The command line reads flags and environment into [`Asked`]. The file is TOML and strict: a name that is not known is
//! refused, so that a misspelt setting is not a setting that silently does nothing. `deploy/detente.toml` shows them all.

use crate::grpc::limits::Limits;
use crate::journal::file::Options;
use crate::ledger::open::LedgerOptions;
use crate::server::ServerOptions;
use crate::telemetry::LogFormat;
use serde::Deserialize;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// Where a server listens unless told otherwise: where only the same machine reaches it.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// What flags and the environment say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The directory that holds the ledger.
    pub data: Option<PathBuf>,
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Whether others than this machine may reach it.
    pub insecure: bool,
    /// Whether to serve the founding dossier.
    pub demo: bool,
    /// The form of the log.
    pub log_format: Option<LogFormat>,
    /// The file to read.
    pub file: Option<PathBuf>,
}

/// What a file says. Sizes are in MiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileConfig {
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    insecure: Option<bool>,
    demo: Option<bool>,
    log_format: Option<LogFormat>,
    log_filter: Option<String>,
    workers: Option<usize>,
    cache_mib: Option<u64>,
    segment_mib: Option<u64>,
    reserve_mib: Option<u64>,
    max_request_mib: Option<u64>,
    max_streams: Option<usize>,
    max_connections: Option<usize>,
    drain_seconds: Option<u64>,
}

/// What a server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The directory that holds the ledger.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether to serve the founding dossier.
    pub demo: bool,
    /// The form of the log.
    pub log_format: LogFormat,
    /// What is logged, as `RUST_LOG` says it; that variable goes before it.
    pub log_filter: Option<String>,
    /// How many threads serve; none: one for each processor.
    pub workers: Option<usize>,
    /// How much memory the blocks of the log may take, in bytes.
    pub cache_bytes: Option<usize>,
    /// How large a segment of the journal grows, in bytes.
    pub segment_bytes: Option<u64>,
    /// How much of the disk is kept free, in bytes.
    pub reserve_bytes: Option<u64>,
    /// How the server behaves.
    pub server: ServerOptions,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what is expected; says where and what.
    #[error("{path}: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// Nobody says where the ledger is.
    #[error("say where the ledger is: --data DIR, DETENTE_DATA, or `data` in the file")]
    NoData,
    /// Others could reach the server, and nobody said that they may.
    #[error(
        "{0} can be reached from other machines, and nobody is asked who they are; \
         listen on 127.0.0.1, or say --insecure if the network is trusted"
    )]
    Reachable(SocketAddr),
    /// A number that cannot be.
    #[error("{name} is {value}; expected {expected}")]
    OutOfRange {
        /// Of the setting.
        name: &'static str,
        /// What it is.
        value: u64,
        /// What it may be.
        expected: &'static str,
    },
}

impl Config {
    /// Puts together what flags, environment and file say.
    ///
    /// # Errors
    /// When the file is not understood, or what they say together cannot be.
    pub fn of(asked: Asked) -> Result<Self, ConfigError> {
        let file = asked.file.as_deref().map(read).transpose()?.unwrap_or_default();
        Self::merged(asked, file)
    }

    fn merged(asked: Asked, file: FileConfig) -> Result<Self, ConfigError> {
        let listen = asked.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN);
        let insecure = asked.insecure || file.insecure.unwrap_or(false);
        if !insecure && !listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError::Reachable(listen));
        }
        Ok(Self {
            data: asked.data.or(file.data.clone()).ok_or(ConfigError::NoData)?,
            listen,
            demo: asked.demo || file.demo.unwrap_or(false),
            log_format: asked.log_format.or(file.log_format).unwrap_or_default(),
            log_filter: file.log_filter.clone(),
            workers: at_least_one("workers", file.workers)?,
            cache_bytes: bytes("cache_mib", file.cache_mib)?,
            segment_bytes: bytes("segment_mib", file.segment_mib)?.map(|bytes| bytes as u64),
            reserve_bytes: file.reserve_mib.map(|mib| mib.saturating_mul(MIB)),
            server: server_options(&file)?,
        })
    }

    /// How the ledger is opened.
    #[must_use]
    pub fn ledger_options(&self) -> LedgerOptions {
        let defaults = LedgerOptions::default();
        let journal = Options {
            segment_bytes: self.segment_bytes.unwrap_or(defaults.journal.segment_bytes),
            reserve_bytes: self.reserve_bytes.unwrap_or(defaults.journal.reserve_bytes),
            ..defaults.journal
        };
        LedgerOptions { cache_bytes: self.cache_bytes.unwrap_or(defaults.cache_bytes), journal, ..defaults }
    }
}

fn read(path: &Path) -> Result<FileConfig, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    toml::from_str(&text).map_err(|source| ConfigError::Malformed { path: path.to_owned(), source: Box::new(source) })
}

fn server_options(file: &FileConfig) -> Result<ServerOptions, ConfigError> {
    let defaults = ServerOptions::default();
    let limits = Limits {
        request_bytes: bytes("max_request_mib", file.max_request_mib)?.unwrap_or(defaults.limits.request_bytes),
        streams: at_least_one("max_streams", file.max_streams)?.unwrap_or(defaults.limits.streams),
    };
    Ok(ServerOptions {
        limits,
        connections: at_least_one("max_connections", file.max_connections)?.unwrap_or(defaults.connections),
        drain: file.drain_seconds.map_or(defaults.drain, Duration::from_secs),
        ..defaults
    })
}

fn bytes(name: &'static str, mib: Option<u64>) -> Result<Option<usize>, ConfigError> {
    const EXPECTED: &str = "a number of MiB from 1 to 1048576";
    let within = |mib: &u64| (1..=MIB).contains(mib);
    let checked = mib.map(|value| {
        let bytes = Some(value).filter(within).and_then(|mib| usize::try_from(mib * MIB).ok());
        bytes.ok_or(ConfigError::OutOfRange { name, value, expected: EXPECTED })
    });
    checked.transpose()
}

fn at_least_one(name: &'static str, count: Option<usize>) -> Result<Option<usize>, ConfigError> {
    const MOST: usize = 1 << 20;
    match count {
        Some(value) if !(1..=MOST).contains(&value) => {
            Err(ConfigError::OutOfRange { name, value: value as u64, expected: "a number from 1 to 1048576" })
        }
        _ => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(asked: Asked, file: &str) -> Result<Config, String> {
        let file = toml::from_str(file).map_err(|error| error.to_string())?;
        Config::merged(asked, file).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let asked = Asked { listen: Some("127.0.0.1:1".parse().unwrap()), ..Asked::default() };
        let config = of(asked, "data = '/d'\nlisten = '127.0.0.1:2'\nmax_streams = 7\ncache_mib = 2").unwrap();
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.data, Path::new("/d"));
        assert_eq!(config.server.limits.streams, 7);
        assert_eq!(config.ledger_options().cache_bytes, 2 << 20);
        assert_eq!(config.server.connections, ServerOptions::default().connections);
    }

    #[test]
    fn an_address_that_others_reach_must_be_asked_for() {
        let file = "data = '/d'\nlisten = '0.0.0.0:7443'";
        assert!(of(Asked::default(), file).unwrap_err().contains("--insecure"));
        assert!(of(Asked { insecure: true, ..Asked::default() }, file).is_ok());
        assert!(of(Asked::default(), "data = '/d'\nlisten = '[::1]:7443'").is_ok());
        assert!(of(Asked::default(), "data = '/d'\nlisten = '[::ffff:127.0.0.1]:7443'").is_ok());
    }

    #[test]
    fn what_is_not_a_setting_is_refused_by_name() {
        assert!(of(Asked::default(), "data = '/d'\nlisten_on = '127.0.0.1:1'").unwrap_err().contains("listen_on"));
        assert!(of(Asked::default(), "data = '/d'\nworkers = 0").unwrap_err().contains("workers is 0"));
        assert!(of(Asked::default(), "").unwrap_err().contains("--data"));
    }

    #[test]
    fn the_example_file_says_the_defaults_of_every_setting() {
        let example = include_str!("../deploy/detente.toml");
        let set: String = example.lines().filter_map(|line| line.strip_prefix("#: ")).flat_map(|l| [l, "\n"]).collect();
        let said: FileConfig = toml::from_str(&set).unwrap();
        let FileConfig { data, log_filter, workers, .. } = said.clone();
        assert!(data.is_some() && log_filter.is_some() && workers.is_some());
        let defaults = of(Asked { data: Some("/d".into()), ..Asked::default() }, "").unwrap();
        let written = Config::merged(Asked { data: Some("/d".into()), ..Asked::default() }, said).unwrap();
        assert_eq!(written.server, defaults.server);
        assert_eq!(written.listen, defaults.listen);
        assert_eq!(written.ledger_options().cache_bytes, defaults.ledger_options().cache_bytes);
        assert_eq!(written.ledger_options().journal.segment_bytes, defaults.ledger_options().journal.segment_bytes);
        assert_eq!(written.ledger_options().journal.reserve_bytes, defaults.ledger_options().journal.reserve_bytes);
    }
}
