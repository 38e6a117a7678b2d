//! The configuration of a server: flags, the environment and a file, in this order; a setting that none of them has
//! gets its default.
//!
//! The command line reads flags and environment into [`Overrides`]. The file is TOML and strict: a name that is not known is
//! refused, so that a misspelt setting is not a setting that silently does nothing. `deploy/detente.toml` shows them all.

mod error;
mod file;
mod identity;
mod listen;
mod range;
mod tls;
mod web;

pub use error::ConfigError;
use file::FileConfig;
pub use identity::{IdentityFiles, IssuerFiles};
pub use listen::ListenAddress;
use range::{at_least_one, bytes, days, memory, percent, unread_time};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
pub use tls::{ClientCertificates, TlsFiles, TlsOverrides};

const MIB: u64 = 1 << 20;

/// The default address to listen on, which only the same machine reaches.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The settings of flags and the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The directory that holds the ledger.
    pub data: Option<PathBuf>,
    /// The address to listen on.
    pub listen: Option<ListenAddress>,
    /// The address of the listener for metrics.
    pub metrics_listen: Option<ListenAddress>,
    /// The settings of TLS.
    pub tls: TlsOverrides,
    /// The file of API keys.
    pub keys: Option<PathBuf>,
    /// True if others than this machine may reach it.
    pub insecure: bool,
    /// True if it serves the founding dossier.
    pub demo: bool,
    /// Serve existing records and write nothing.
    pub read_only: bool,
    /// Accept the clock as it is, however old the last record.
    pub accept_clock: bool,
    /// The form of the log.
    pub log_format: Option<LogFormat>,
    /// The file to read.
    pub file: Option<PathBuf>,
}

/// The settings of a server. A setting that is none has the default of the part that uses it (`crate::server`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The directory that holds the ledger.
    pub data: PathBuf,
    /// The addresses of the host to listen on. The first one that can be listened on is taken.
    pub listen: Vec<SocketAddr>,
    /// The addresses of a listener for metrics and probes alone; none: they are on the serving port, unless that has TLS.
    pub metrics_listen: Option<Vec<SocketAddr>>,
    /// The files of TLS; none: the server speaks none.
    pub tls: Option<TlsFiles>,
    /// The ways by which callers prove who they are, beside certificates.
    pub identity: IdentityFiles,
    /// True if it serves the founding dossier.
    pub demo: bool,
    /// Serve existing records and write nothing.
    pub read_only: bool,
    /// Accept the clock as it is, however old the last record.
    pub accept_clock: bool,
    /// Maximum lag of the clock behind the last record.
    pub max_clock_behind: Option<Duration>,
    /// Maximum jump of the clock while the server runs.
    pub max_clock_jump: Option<Duration>,
    /// The form of the log.
    pub log_format: LogFormat,
    /// The filter of the log in the syntax of `RUST_LOG`; that variable takes precedence.
    pub log_filter: Option<String>,
    /// The number of threads that serve; if none, one for each processor.
    pub workers: Option<usize>,
    /// Maximum bytes of memory for the blocks of the log.
    pub cache_bytes: Option<usize>,
    /// Maximum bytes of memory for requests, questions and replies in flight.
    pub memory_bytes: Option<usize>,
    /// Maximum bytes of a segment of the journal.
    pub segment_bytes: Option<u64>,
    /// Bytes of the disk that are kept free.
    pub reserve_bytes: Option<u64>,
    /// The largest request, in bytes.
    pub max_request_bytes: Option<usize>,
    /// The most streams at once.
    pub max_streams: Option<usize>,
    /// The most subscriptions at once.
    pub max_subscriptions: Option<usize>,
    /// The most connections at once.
    pub max_connections: Option<usize>,
    /// The most open stages.
    pub max_stages: Option<usize>,
    /// Maximum bytes of disk that one stage may take.
    pub max_stage_bytes: Option<u64>,
    /// The time that calls in flight may take to end.
    pub drain: Option<Duration>,
    /// Time that a reply may be left unread while others are refused for lack of memory.
    pub stalled: Option<Duration>,
    /// Age at which an untouched stage is dropped.
    pub stage_age: Option<Duration>,
    /// Age at which a cursor that nobody uses is deleted.
    pub cursor_age: Option<Duration>,
    /// Share of a peer in shared resources, in percent.
    pub peer_share_percent: Option<u8>,
    /// Host names that the server answers to, in addition to addresses and `localhost`; `*` means all.
    pub allowed_hosts: Vec<String>,
    /// The origins whose pages may ask; `*` is all. None: only the page served here.
    pub allowed_origins: Vec<String>,
    /// The address that traces are sent to; if none, there are no traces.
    pub otlp_endpoint: Option<String>,
}

impl Config {
    /// Combines flags, environment and file.
    ///
    /// # Errors
    /// If the file is malformed, or the settings contradict one another.
    pub fn of(asked: Overrides) -> Result<Self, ConfigError> {
        let file = asked.file.as_deref().map(FileConfig::read).transpose()?.unwrap_or_default();
        Self::merge(asked, file)
    }

    fn merge(asked: Overrides, mut file: FileConfig) -> Result<Self, ConfigError> {
        let listen = asked.listen.or(file.listen.take()).map(|listen| listen.resolve()).transpose()?;
        let listen = listen.unwrap_or_else(|| vec![DEFAULT_LISTEN]);
        let insecure = asked.insecure || file.insecure.unwrap_or(false);
        let is_reachable = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
        let tls = asked.tls.or(file.take_tls()).files()?;
        let identity = file.take_identity(asked.keys)?;
        // Keys and tokens without TLS are for everybody on the way.
        let asks_who =
            tls.as_ref().is_some_and(|tls| tls.clients == ClientCertificates::Required || identity.has_a_way());
        if let Some(reachable) = listen.iter().find(is_reachable).filter(|_| !insecure && !asks_who) {
            return Err(ConfigError::Reachable(*reachable));
        }
        let metrics_listen = file.take_metrics_listen(asked.metrics_listen)?;
        Ok(Self {
            data: asked.data.or(file.data).ok_or(ConfigError::NoData)?,
            listen,
            metrics_listen,
            tls,
            identity,
            demo: asked.demo || file.demo.unwrap_or(false),
            read_only: asked.read_only || file.read_only.unwrap_or(false),
            accept_clock: asked.accept_clock,
            max_clock_behind: file.max_clock_behind_seconds.map(Duration::from_secs),
            max_clock_jump: file.max_clock_jump_seconds.map(Duration::from_secs),
            log_format: asked.log_format.or(file.log_format).unwrap_or_default(),
            log_filter: file.log_filter,
            workers: at_least_one("workers", file.workers)?,
            cache_bytes: bytes("cache_mib", file.cache_mib)?,
            memory_bytes: memory(file.memory_mib)?,
            segment_bytes: bytes("segment_mib", file.segment_mib)?.map(|bytes| bytes as u64),
            reserve_bytes: file.reserve_mib.map(|mib| mib.saturating_mul(MIB)),
            max_request_bytes: bytes("max_request_mib", file.max_request_mib)?,
            max_streams: at_least_one("max_streams", file.max_streams)?,
            max_subscriptions: at_least_one("max_subscriptions", file.max_subscriptions)?,
            max_connections: at_least_one("max_connections", file.max_connections)?,
            max_stages: at_least_one("max_stages", file.max_stages)?,
            max_stage_bytes: bytes("max_stage_mib", file.max_stage_mib)?.map(|bytes| bytes as u64),
            drain: file.drain_seconds.map(Duration::from_secs),
            stalled: unread_time("unread_seconds", file.unread_seconds)?,
            stage_age: days("stage_days", file.stage_days)?,
            cursor_age: days("cursor_days", file.cursor_days)?,
            peer_share_percent: percent("peer_share_percent", file.peer_share_percent)?,
            allowed_hosts: web::hosts(file.allowed_hosts.unwrap_or_default())?,
            allowed_origins: web::origins(file.allowed_origins.unwrap_or_default())?,
            otlp_endpoint: file.otlp_endpoint.filter(|endpoint| !endpoint.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn of(asked: Overrides, file: &str) -> Result<Config, String> {
        let file = toml::from_str(file).map_err(|error| error.to_string())?;
        Config::merge(asked, file).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let asked = Overrides { listen: Some("127.0.0.1:1".parse().unwrap()), ..Overrides::default() };
        let config = of(asked, "data = '/d'\nlisten = '127.0.0.1:2'\nmax_streams = 7\ncache_mib = 2").unwrap();
        assert_eq!(config.listen, ["127.0.0.1:1".parse().unwrap()]);
        assert_eq!(config.data, Path::new("/d"));
        assert_eq!(config.max_streams, Some(7));
        assert_eq!(config.cache_bytes, Some(2 << 20));
        assert_eq!(config.max_connections, None);
    }

    #[test]
    fn an_address_that_others_reach_must_be_asked_for() {
        let file = "data = '/d'\nlisten = '0.0.0.0:7443'";
        assert!(of(Overrides::default(), file).unwrap_err().contains("--insecure"));
        assert!(of(Overrides { insecure: true, ..Overrides::default() }, file).is_ok());
        assert!(of(Overrides::default(), "data = '/d'\nlisten = '[::1]:7443'").is_ok());
        let tls = format!("{file}\ntls_cert = 'c'\ntls_key = 'k'");
        assert!(of(Overrides::default(), &tls).unwrap_err().contains("--tls-client-ca"), "nobody is asked yet");
        let asking = of(Overrides::default(), &format!("{tls}\ntls_client_ca = 'ca'")).unwrap();
        assert_eq!(asking.tls.unwrap().clients, ClientCertificates::Required);
        assert!(of(Overrides::default(), &format!("{tls}\nkeys = 'keys.toml'")).is_ok());
        let in_clear = of(Overrides::default(), &format!("{file}\nkeys = 'keys.toml'"));
        assert!(in_clear.unwrap_err().contains("--insecure"), "keys without TLS");
        assert!(of(Overrides::default(), "data = '/d'\nlisten = '[::ffff:127.0.0.1]:7443'").is_ok());
    }

    #[test]
    fn a_host_may_be_named_and_all_its_addresses_must_be_of_this_machine() {
        let listen = |said: &str| of(Overrides::default(), &format!("data = '/d'\nlisten = {said:?}"));
        let local = listen("localhost:7443").unwrap().listen;
        assert!(!local.is_empty() && local.iter().all(|at| at.ip().is_loopback() && at.port() == 7443), "{local:?}");
        let no_name = format!("{}:7443", "a".repeat(300));
        assert!(listen(&no_name).unwrap_err().contains("no address is known"));
        for wrong in ["localhost", ":7443", "localhost:", "localhost:70000", "http://localhost:7443", "::1:x", "a b:1"]
        {
            assert!(listen(wrong).unwrap_err().contains("is no address to listen on"), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_a_setting_is_refused_by_name() {
        assert!(of(Overrides::default(), "data = '/d'\nlisten_on = '127.0.0.1:1'").unwrap_err().contains("listen_on"));
        assert!(of(Overrides::default(), "data = '/d'\nworkers = 0").unwrap_err().contains("workers is 0"));
        assert!(of(Overrides::default(), "data = '/d'\nmemory_mib = 63").unwrap_err().contains("memory_mib is 63"));
        assert!(of(Overrides::default(), "").unwrap_err().contains("--data"));
    }

    #[test]
    fn a_host_is_a_name_and_shares_and_days_are_within_their_ranges() {
        let hosts = |list: &str| of(Overrides::default(), &format!("data = '/d'\nallowed_hosts = {list}"));
        assert_eq!(hosts("['ledger.example', '*']").unwrap().allowed_hosts, ["ledger.example", "*"]);
        for wrong in ["ledger.example:443", "https://ledger.example", "*.example", "", ".", "a b"] {
            assert!(hosts(&format!("[{wrong:?}]")).unwrap_err().contains("is no host"), "{wrong}");
        }
        for (line, said) in [
            ("peer_share_percent = 0", "from 1 to 100"),
            ("peer_share_percent = 101", "is 101"),
            ("stage_days = 0", "of days"),
            ("cursor_days = 0", "of days"),
            ("unread_seconds = 0", "of seconds"),
            ("unread_seconds = 601", "is 601"),
        ] {
            assert!(of(Overrides::default(), &format!("data = '/d'\n{line}")).unwrap_err().contains(said), "{line}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let origins = |list: &str| of(Overrides::default(), &format!("data = '/d'\nallowed_origins = {list}"));
        let said = ["https://desk.example", "http://localhost:3000", "http://[::1]:80", "*"];
        assert_eq!(origins(&format!("{said:?}")).unwrap().allowed_origins, said);
        for wrong in ["desk.example", "https://", "https://Desk.example", "https://desk.example/", "null"] {
            assert!(origins(&format!("[{wrong:?}]")).unwrap_err().contains("is no origin"), "{wrong}");
        }
    }
}
