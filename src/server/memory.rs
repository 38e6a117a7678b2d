//! The memory that requests, questions and replies in flight may take where nobody says how much: a quarter of what there
//! is, by the machine and by the cgroups that the process is in, of version 1 and of version 2.

use std::fs;
use std::path::Path;

const MIB: u64 = 1 << 20;
/// Minimum: the largest request and a few questions fit.
const LEAST: u64 = 64 * MIB;
/// Maximum: the rest serves the log in memory, and other programs.
const MOST: u64 = 4096 * MIB;
/// Divisor of the machine's memory.
const PART: u64 = 4;

/// A budget that fits this machine and the cgroup of this process, in bytes.
#[must_use]
pub fn default_memory() -> usize {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let own = read("/proc/self/cgroup");
    let limits = cgroup_files(&own).into_iter().filter_map(|path| cgroup_limit(&read(&path)));
    let all = limits.chain(machine_memory(&read("/proc/meminfo"))).min();
    budget_of(all)
}

/// Returns a share of the machine's memory as the budget. If the memory is unknown, the budget is the least.
fn budget_of(all: Option<u64>) -> usize {
    let part = all.map_or(LEAST, |bytes| (bytes / PART).clamp(LEAST, MOST));
    usize::try_from(part / MIB * MIB).unwrap_or(usize::MAX)
}

/// The memory of the machine, from `/proc/meminfo`.
fn machine_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The files that can say a limit: of each cgroup of the process and of those that it lies in. In a container the path is
/// often that of the host, and the files are those at the root.
fn cgroup_files(own: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        for folder in Path::new(path).ancestors() {
            let folder = folder.to_string_lossy();
            files.push(format!("{root}{}/{file}", folder.trim_end_matches('/')));
        }
    }
    files
}

/// The limit that such a file says; none where it says that there is none.
fn cgroup_limit(said: &str) -> Option<u64> {
    /// Version 1 says "no limit" as a number near the largest there is.
    const NO_LIMIT: u64 = 1 << 60;
    said.trim().parse().ok().filter(|bytes| (1..NO_LIMIT).contains(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_quarter_of_what_there_is_within_bounds() {
        assert_eq!(budget_of(Some(4096 * MIB)), 1024 << 20);
        assert_eq!(budget_of(Some(100 * MIB)), 64 << 20);
        assert_eq!(budget_of(Some(1 << 50)), 4096 << 20);
        assert_eq!(budget_of(None), 64 << 20);
        assert!((LEAST..=MOST).contains(&(default_memory() as u64)));
    }

    #[test]
    fn the_machine_says_its_memory_in_kib() {
        assert_eq!(machine_memory("MemTotal:       16384256 kB\nMemFree: 1 kB\n"), Some(16_384_256 * 1024));
        assert_eq!(machine_memory("MemFree: 1 kB"), None);
    }

    #[test]
    fn the_limits_of_both_versions_of_cgroups_are_found_from_the_own_group_up() {
        let second = cgroup_files("0::/system.slice/detente.service\n");
        assert_eq!(
            second,
            [
                "/sys/fs/cgroup/system.slice/detente.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        let first = cgroup_files("5:cpu,cpuacct:/x\n4:memory:/docker/1\n");
        assert_eq!(first.first().map(String::as_str), Some("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes"));
        assert_eq!(first.last().map(String::as_str), Some("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    }

    #[test]
    fn what_says_no_limit_is_none() {
        assert_eq!(cgroup_limit("max\n"), None);
        assert_eq!(cgroup_limit("9223372036854771712\n"), None);
        assert_eq!(cgroup_limit(""), None);
        assert_eq!(cgroup_limit("536870912\n"), Some(512 * MIB));
    }
}
