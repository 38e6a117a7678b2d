//! The resources of the machine that the process uses, from `/proc/self` of Linux. Values that cannot be read stay at 0.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bytes of a page of memory, and clock ticks of a second, as Linux has them on the machines this is built for.
const PAGE: u64 = 4096;
const TICKS: f64 = 100.0;

/// The resources that the process uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Process {
    memory: Gauge<u64, AtomicU64>,
    files: Gauge<u64, AtomicU64>,
    cpu: Counter<f64, AtomicU64>,
}

impl Process {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("process_resident_memory_bytes", "Memory the process holds", self.memory.clone());
        registry.register("process_open_fds", "Open files and connections", self.files.clone());
        registry.register("process_cpu_seconds", "Time on processors since the start", self.cpu.clone());
    }

    /// Looks again.
    pub(super) fn refresh(&self) {
        self.memory.set(resident().unwrap_or_default());
        self.files.set(fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64));
        let seconds = on_processors().unwrap_or_default().as_secs_f64();
        self.cpu.inner().store(seconds.to_bits(), Ordering::Relaxed);
    }
}

/// The second number of `statm`: pages in memory.
fn resident() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<u64>().ok()? * PAGE)
}

/// The 14th and 15th numbers of `stat`, of which the second may contain anything but ends with the last parenthesis.
fn on_processors() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let numbers = stat.get(stat.rfind(')')? + 2..)?;
    let ticks: f64 = numbers.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some(Duration::from_secs_f64(ticks / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something() {
        let process = Process::default();
        process.refresh();
        assert!(process.memory.get() > 1 << 20);
        assert!(process.files.get() > 2);
    }
}
