//! The settings of each part of a server, made of a configuration; a setting left open has the default of that part.

use super::door::Pace;
use super::memory::default_memory;
use crate::config::{Config, IdentityFiles, TlsFiles};
use crate::grpc::limits::Limits;
use detente_journal::file::Options;
use detente_ledger::open::LedgerOptions;
use detente_ledger::write::clock_guard::ClockLimits;
use detente_ledger::write::stage::StageLimits;
use std::time::Duration;

/// The settings of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// The limits of the work at once.
    pub limits: Limits,
    /// Maximum bytes of memory for requests, questions and replies in flight.
    pub memory: usize,
    /// The most connections at once; more wait to be accepted.
    pub connections: usize,
    /// The time in which a new connection must show that it speaks HTTP/2.
    pub preface: Duration,
    /// The time that a TLS handshake may take.
    pub handshake: Duration,
    /// The files of TLS; none: the server speaks none.
    pub tls: Option<TlsFiles>,
    /// The ways by which callers prove who they are.
    pub identity: IdentityFiles,
    /// The time that a write to the journal may take before the server reports that it does not serve.
    pub slow_write: Duration,
    /// The time that calls in flight may take to end once the server stops.
    pub drain: Duration,
    /// Host names that the server answers to, in addition to addresses and `localhost`; `*` means all.
    pub allowed_hosts: Vec<String>,
    /// The origins whose pages may ask; `*` is all.
    pub allowed_origins: Vec<String>,
    /// Minimum pace of a request body.
    pub pace: Pace,
    /// Time that a client may leave a reply unread before its connection is closed.
    pub unread: Duration,
    /// The same while others are refused for lack of memory.
    pub stalled: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            memory: default_memory(),
            connections: 4096,
            preface: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            tls: None,
            identity: IdentityFiles::default(),
            slow_write: Duration::from_secs(5),
            drain: Duration::from_secs(3),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            pace: Pace::default(),
            unread: Duration::from_secs(600),
            stalled: Duration::from_secs(60),
        }
    }
}

impl ServerOptions {
    /// Returns the settings of the server in a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let defaults = Self::default();
        let limits = Limits {
            request_bytes: config.max_request_bytes.unwrap_or(defaults.limits.request_bytes),
            streams: config.max_streams.unwrap_or(defaults.limits.streams),
            subscriptions: config.max_subscriptions.unwrap_or(defaults.limits.subscriptions),
            peer_share_percent: config.peer_share_percent.unwrap_or(defaults.limits.peer_share_percent),
            stage_age: config.stage_age.unwrap_or(defaults.limits.stage_age),
            cursor_age: config.cursor_age.unwrap_or(defaults.limits.cursor_age),
            ..defaults.limits
        };
        Self {
            limits,
            memory: config.memory_bytes.unwrap_or(defaults.memory),
            connections: config.max_connections.unwrap_or(defaults.connections),
            tls: config.tls.clone(),
            identity: config.identity.clone(),
            drain: config.drain.unwrap_or(defaults.drain),
            stalled: config.stalled.unwrap_or(defaults.stalled),
            allowed_hosts: config.allowed_hosts.clone(),
            allowed_origins: config.allowed_origins.clone(),
            ..defaults
        }
    }
}

/// Returns the settings of the ledger in a configuration.
#[must_use]
pub fn ledger_options(config: &Config) -> LedgerOptions {
    let defaults = LedgerOptions::default();
    let journal = Options {
        segment_bytes: config.segment_bytes.unwrap_or(defaults.journal.segment_bytes),
        reserve_bytes: config.reserve_bytes.unwrap_or(defaults.journal.reserve_bytes),
        ..defaults.journal
    };
    let stages = StageLimits {
        stages: config.max_stages.unwrap_or(defaults.stages.stages),
        bytes: config.max_stage_bytes.unwrap_or(defaults.stages.bytes),
    };
    let clock_limits = ClockLimits {
        behind: config.max_clock_behind.unwrap_or(defaults.clock_limits.behind),
        jump: config.max_clock_jump.unwrap_or(defaults.clock_limits.jump),
        ..defaults.clock_limits
    };
    let accept_clock = config.accept_clock;
    let cache_bytes = config.cache_bytes.unwrap_or(defaults.cache_bytes);
    LedgerOptions { cache_bytes, journal, stages, clock_limits, accept_clock, ..defaults }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use std::path::Path;

    fn config(file: Option<&Path>) -> Config {
        Config::of(Overrides { data: Some("/d".into()), file: file.map(Path::to_owned), ..Overrides::default() })
            .unwrap()
    }

    #[test]
    fn the_example_file_says_the_defaults_of_every_setting() {
        let example = include_str!("../../deploy/detente.toml");
        let set: String = example.lines().filter_map(|line| line.strip_prefix("#: ")).flat_map(|l| [l, "\n"]).collect();
        assert_eq!(set.lines().count(), 37, "a setting is missing in deploy/detente.toml, or here");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("detente.toml");
        std::fs::write(&file, set).unwrap();
        let (said, default) = (config(Some(&file)), config(None));
        // The amount of memory is the machine's.
        let memory = default_memory();
        assert_eq!(ServerOptions { memory, ..ServerOptions::of(&said) }, ServerOptions::of(&default));
        assert_eq!(ServerOptions::of(&said).memory, 1024 << 20);
        assert_eq!((&said.listen, said.demo, said.log_format), (&default.listen, default.demo, default.log_format));
        assert_eq!((said.read_only, &said.metrics_listen), (default.read_only, &default.metrics_listen));
        assert_eq!(said.otlp_endpoint, default.otlp_endpoint);
        let (said, default) = (ledger_options(&said), ledger_options(&default));
        assert_eq!(said.cache_bytes, default.cache_bytes);
        assert_eq!(said.journal.segment_bytes, default.journal.segment_bytes);
        assert_eq!(said.journal.reserve_bytes, default.journal.reserve_bytes);
        assert_eq!((said.stages, said.clock_limits), (default.stages, default.clock_limits));
    }
}
