//! The metrics of a served ledger, in the words of Prometheus.
//!
//! Code whose work is measured holds these and counts at once. Values that merely *are* (positions, lag) are read when the
//! metrics are collected. Times are in seconds, as Prometheus has them.

pub mod plain;
mod process;
mod tls;

use process::Process;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
pub use tls::TlsMetrics;

/// Latencies from 50 µs to 10 s.
const LATENCIES: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];
/// Sizes of groups.
const SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0, 8192.0, 65_536.0];

/// A call, as it is counted.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    rpc: Rpc,
    code: &'static str,
}

/// A request that was refused before it became a call, or a call before it was answered.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusalCount {
    why: &'static str,
}

/// The name of an rpc of the contract.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Rpc(Box<str>);

impl EncodeLabelValue for Rpc {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        encoder.write_str(&self.0)
    }
}

/// The metrics of a ledger and its server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    calls: Family<Call, Histogram>,
    refusals: Family<RefusalCount, Counter>,
    groups: Histogram,
    group_appends: Histogram,
    writes: Histogram,
    syncs: Histogram,
    events: Counter,
    now: Now,
    process: Process,
    /// Those of TLS.
    pub tls: TlsMetrics,
}

/// Values that are read when the metrics are collected.
#[derive(Clone, Debug, Default)]
struct Now {
    serving: Gauge<u64, AtomicU64>,
    position: Gauge<u64, AtomicU64>,
    store_position: Gauge<u64, AtomicU64>,
    store_lag: Gauge<u64, AtomicU64>,
    streams: Gauge<u64, AtomicU64>,
    streams_limit: Gauge<u64, AtomicU64>,
    subscriptions: Gauge<u64, AtomicU64>,
    subscriptions_limit: Gauge<u64, AtomicU64>,
    feed_subscribers: Gauge<u64, AtomicU64>,
    feed_lag: Gauge<u64, AtomicU64>,
    disk_free: Gauge<u64, AtomicU64>,
    disk_reserve: Gauge<u64, AtomicU64>,
    disk_full: Gauge<u64, AtomicU64>,
    clock_behind: Gauge<u64, AtomicU64>,
    clock_wrong: Gauge<u64, AtomicU64>,
    read_only: Gauge<u64, AtomicU64>,
    appends_refused: Gauge<u64, AtomicU64>,
    memory_reserved: Gauge<u64, AtomicU64>,
    memory_budget: Gauge<u64, AtomicU64>,
}

/// The state of the ledger and its server when the metrics are collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// True if the server says that it serves.
    pub serving: bool,
    /// The head.
    pub position: u64,
    /// The last position that sled has.
    pub store_position: u64,
    /// The number of open streams, and the limit.
    pub streams: (u64, u64),
    /// The number of open subscriptions, those of the clock included, and the limit.
    pub subscriptions: (u64, u64),
    /// The number of followers of the log, and the events that the last of them is behind.
    pub followers: (u64, u64),
    /// Free bytes of the disk, and the number of these that are kept free.
    pub space: (u64, u64),
    /// Set if the disk is full but for the bytes that are kept free.
    pub disk_full: bool,
    /// Seconds that the clock is behind the last record.
    pub clock_behind: u64,
    /// Set if the clock is not believed.
    pub clock_wrong: bool,
    /// Set if the ledger was opened read-only.
    pub read_only: bool,
    /// Set if appends are refused while questions are answered, whatever the reason.
    pub appends_refused: bool,
    /// The bytes reserved for calls in flight, and the limit.
    pub memory: (u64, u64),
    /// The number of reservations that were refused since the start.
    pub memory_refusals: u64,
}

impl Now {
    fn register(&self, registry: &mut Registry) {
        let numbers = [
            ("serving", "1 while the server says that it serves, else 0", &self.serving),
            ("position", "The head", &self.position),
            ("store_position", "The last position that sled has", &self.store_position),
            ("store_lag_events", "Events that sled is behind", &self.store_lag),
            ("streams", "Open streams (ReadEvents)", &self.streams),
            ("streams_limit", "Maximum number of open streams", &self.streams_limit),
            ("subscriptions", "Open subscriptions (Subscribe, WatchClock)", &self.subscriptions),
            ("subscriptions_limit", "Maximum number of open subscriptions", &self.subscriptions_limit),
            ("feed_subscribers", "Followers of the log", &self.feed_subscribers),
            ("feed_lag_events", "Events that the last follower of the log is behind", &self.feed_lag),
            ("disk_free_bytes", "Free bytes of the disk", &self.disk_free),
            ("disk_reserve_bytes", "Bytes of the disk that are kept free", &self.disk_reserve),
            ("disk_full", "1 while the disk is full except for what is kept free, else 0", &self.disk_full),
            ("clock_behind_seconds", "Seconds that the clock is behind the last record", &self.clock_behind),
            ("clock_wrong", "1 while the clock is not believed and appends are refused, else 0", &self.clock_wrong),
            ("read_only", "1 if the ledger was opened read-only, else 0", &self.read_only),
            ("appends_refused", "1 while appends are refused and reads go on, else 0", &self.appends_refused),
            ("memory_reserved_bytes", "Bytes that are reserved for calls in flight", &self.memory_reserved),
            ("memory_budget_bytes", "Maximum bytes for calls in flight (memory_mib)", &self.memory_budget),
        ];
        for (name, help, number) in numbers {
            registry.register(name, help, number.clone());
        }
    }

    fn set(&self, standing: Standing) {
        self.serving.set(standing.serving.into());
        self.position.set(standing.position);
        self.store_position.set(standing.store_position);
        self.store_lag.set(standing.position.saturating_sub(standing.store_position));
        self.streams.set(standing.streams.0);
        self.streams_limit.set(standing.streams.1);
        self.subscriptions.set(standing.subscriptions.0);
        self.subscriptions_limit.set(standing.subscriptions.1);
        self.feed_subscribers.set(standing.followers.0);
        self.feed_lag.set(standing.followers.1);
        self.disk_free.set(standing.space.0);
        self.disk_reserve.set(standing.space.1);
        self.disk_full.set(standing.disk_full.into());
        self.clock_behind.set(standing.clock_behind);
        self.clock_wrong.set(standing.clock_wrong.into());
        self.read_only.set(standing.read_only.into());
        self.appends_refused.set(standing.appends_refused.into());
        self.memory_reserved.set(standing.memory.0);
        self.memory_budget.set(standing.memory.1);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let latencies: fn() -> Histogram = || Histogram::new(LATENCIES);
        let calls = Family::new_with_constructor(latencies);
        let [groups, group_appends] = [(); 2].map(|()| Histogram::new(SIZES));
        let [writes, syncs] = [(); 2].map(|()| Histogram::new(LATENCIES));
        let (events, now, process) = (Counter::default(), Now::default(), Process::default());
        let mut whole = Registry::default();
        process.register(&mut whole);
        let registry = whole.sub_registry_with_prefix("detente");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of the server", build);
        registry.register("rpc_seconds", "Duration of calls, by rpc and code", calls.clone());
        let refusals = Family::<RefusalCount, Counter>::default();
        let about = "Requests refused at the door, for the share of their client or for lack of memory, by reason";
        registry.register("refusals", about, refusals.clone());
        registry.register("journal_group_events", "Events that one write made durable", groups.clone());
        registry.register("journal_group_appends", "Appends that one write made durable", group_appends.clone());
        let about = "Duration of a write to the journal, fsync included";
        registry.register("journal_write_seconds", about, writes.clone());
        registry.register("journal_sync_seconds", "Duration of the fsync of a write", syncs.clone());
        registry.register("events", "Events recorded since the start", events.clone());
        now.register(registry);
        let tls = TlsMetrics::default();
        tls.register(registry);
        Self { registry: whole, calls, refusals, groups, group_appends, writes, syncs, events, now, process, tls }
    }
}

impl Metrics {
    /// Counts a call that was answered with a code.
    pub fn count_call(&self, rpc: &str, code: &'static str, took: Duration) {
        self.calls.get_or_create(&Call { rpc: Rpc(rpc.into()), code }).observe(took.as_secs_f64());
    }

    /// Counts a request that was refused at the door, or for the share of its client.
    pub fn count_refusal(&self, why: &'static str) {
        self.refusals.get_or_create(&RefusalCount { why }).inc();
    }

    /// Counts a group of appends that became durable with one write, and with one fsync where there is a disk.
    pub fn count_write(&self, appends: usize, events: u64, took: Duration, sync: Option<Duration>) {
        self.groups.observe(events as f64);
        self.group_appends.observe(appends as f64);
        self.writes.observe(took.as_secs_f64());
        if let Some(sync) = sync {
            self.syncs.observe(sync.as_secs_f64());
        }
        self.events.inc_by(events);
    }

    /// All numbers, as a scrape reads them.
    #[must_use]
    pub fn text(&self, standing: Standing) -> String {
        self.now.set(standing);
        let for_memory = self.refusals.get_or_create(&RefusalCount { why: "memory" });
        for_memory.inner().fetch_max(standing.memory_refusals, Ordering::Relaxed);
        drop(for_memory);
        self.process.refresh();
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_has_every_number_that_was_counted() {
        let metrics = Metrics::default();
        metrics.count_call("GetState", "OK", Duration::from_micros(80));
        metrics.count_refusal("host");
        metrics.tls.count_handshake("done");
        metrics.tls.set_ends(&[("server", 5)]);
        metrics.count_write(3, 7, Duration::from_millis(2), Some(Duration::from_millis(1)));
        let (streams, followers) = ((1, 256), (2, 5));
        let standing = Standing {
            serving: true,
            position: 9,
            store_position: 4,
            streams,
            followers,
            space: (7000, 5000),
            disk_full: true,
            clock_behind: 61,
            memory: (3, 64),
            memory_refusals: 2,
            ..Standing::default()
        };
        let text = metrics.text(standing);
        for line in [
            "detente_rpc_seconds_count{rpc=\"GetState\",code=\"OK\"} 1",
            "detente_rpc_seconds_bucket{le=\"0.0001\",rpc=\"GetState\",code=\"OK\"} 1",
            "detente_journal_group_events_sum 7.0",
            "detente_journal_write_seconds_count 1",
            "detente_journal_sync_seconds_sum 0.001",
            "detente_refusals_total{why=\"host\"} 1",
            "detente_refusals_total{why=\"memory\"} 2",
            "detente_memory_reserved_bytes 3",
            "detente_memory_budget_bytes 64",
            "detente_serving 1",
            "detente_streams_limit 256",
            "detente_feed_subscribers 2",
            "detente_feed_lag_events 5",
            "detente_disk_free_bytes 7000",
            "detente_disk_reserve_bytes 5000",
            "detente_disk_full 1",
            "detente_clock_behind_seconds 61",
            "detente_clock_wrong 0",
            "detente_tls_handshakes_total{outcome=\"done\"} 1",
            "detente_tls_not_after_seconds{of=\"server\"} 5",
            "detente_tls_files_refused 0",
            "detente_build_info{version=",
            "# TYPE process_resident_memory_bytes gauge",
            "detente_events_total 7",
            "detente_position 9",
            "detente_store_lag_events 5",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
    }

    #[test]
    fn no_help_of_a_number_opens_as_a_question_does() {
        let text = Metrics::default().text(Standing::default());
        let help: Vec<&str> = text.lines().filter(|line| line.starts_with("# HELP ")).collect();
        assert!(help.len() > 20, "{text}");
        for line in help {
            let opening = line.split(' ').nth(3).unwrap();
            assert!(!["How", "What", "When", "Where", "Whether", "Which", "Who", "Why"].contains(&opening), "{line}");
        }
    }
}
