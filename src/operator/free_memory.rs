//! Memory that a burst of calls has left free, given back to the system when nobody calls any more.
//!
//! The allocator gives memory back in the course of later calls, and each thread only what it has freed itself. So a server
//! that nobody calls would keep the memory of its last burst. Every few seconds a round begins; each thread that serves takes
//! part in it before it goes to sleep, and a few empty tasks wake those that sleep already.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Interval between two rounds.
const BETWEEN: Duration = Duration::from_secs(5);

/// Number of rounds that have begun.
static ROUND: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The last round that this thread took part in.
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Takes part in the round, once. A thread of the runtime calls it before it goes to sleep.
pub(super) fn take_part() {
    let round = ROUND.load(Ordering::Relaxed);
    if LAST.replace(round) != round {
        detente_allocator::give_back();
    }
}

/// Begins one round after the other on a runtime with this number of threads.
pub(super) async fn rounds(workers: usize) -> Infallible {
    loop {
        tokio::time::sleep(BETWEEN).await;
        ROUND.fetch_add(1, Ordering::Relaxed);
        for _ in 0..workers {
            tokio::spawn(tokio::task::yield_now());
        }
    }
}
