//! File descriptors: as many as the system gives, and no more connections than they allow.
//!
//! Everything that is open takes one: connections, segments that are read, stages. Connections are the only ones that
//! strangers open, so it is they that are bounded; what is left is enough for the rest. Of what the process has, the journal
//! needs none while it writes (`journal::file::spare`).

use super::ServerOptions;
use detente_ledger::open::LedgerOptions;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but connections, streams and stages: sled, the journal, the log, the runtime, short-lived
/// files.
const BESIDE: usize = 64;
/// More than this is not asked for, where the system sets no bound.
const MOST: u64 = 1 << 20;

/// Raises the number of files that may be open as far as the system allows; says how many that are.
pub fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(MOST).min(MOST);
    let before = current.unwrap_or(MOST);
    if before >= most {
        return count(before);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum }) {
        Ok(()) => {
            tracing::debug!(before, now = most, "raised the number of files that may be open");
            count(most)
        }
        Err(error) => {
            tracing::warn!(%error, files = before, "the number of files that may be open cannot be raised");
            count(before)
        }
    }
}

fn count(files: u64) -> usize {
    usize::try_from(files).unwrap_or(usize::MAX)
}

/// Lowers the connections of a server to the number that the open files allow, and logs it.
#[must_use]
pub fn within(files: usize, options: ServerOptions, ledger: &LedgerOptions) -> ServerOptions {
    let kept = BESIDE.saturating_add(ledger.stages.stages).saturating_add(options.limits.streams);
    // With few files, half of them are for connections all the same: not all streams and stages are open at once.
    let most = files.saturating_sub(kept).max(files.saturating_sub(BESIDE) / 2).max(1);
    if options.connections <= most {
        tracing::info!(files, connections = options.connections, "files that may be open, connections of these");
        return options;
    }
    tracing::warn!(
        files,
        max_connections = options.connections,
        connections = most,
        "fewer connections than max_connections: there are not enough files that may be open (`ulimit -Hn`, LimitNOFILE)"
    );
    ServerOptions { connections: most, ..options }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        let connections = |files, asked| {
            let options = ServerOptions { connections: asked, ..ServerOptions::default() };
            within(files, options, &LedgerOptions::default()).connections
        };
        assert_eq!(connections(20_000, 4096), 4096);
        assert_eq!(connections(20_000, 100_000), 20_000 - 64 - 16 - 256);
        assert_eq!(connections(1024, 4096), 688);
        assert_eq!(connections(1024, 100), 100);
        assert_eq!(connections(256, 4096), 96);
        assert_eq!(connections(10, 4096), 1);
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let limit = getrlimit(Resource::Nofile);
        let lower = limit.current.unwrap_or(MOST).min(512);
        setrlimit(Resource::Nofile, Rlimit { current: Some(lower), ..limit }).unwrap();
        let files = raise();
        assert_eq!(files as u64, limit.maximum.unwrap_or(MOST).min(MOST));
        assert_eq!(getrlimit(Resource::Nofile).current, Some(files as u64));
    }
}
