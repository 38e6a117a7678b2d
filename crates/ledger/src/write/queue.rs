//! The queue before the writer. It puts the writer to sleep at once when nothing waits: looking again for a while, as a
//! channel does, takes the processor from the thread that has the next append.

use crate::write::append::Work;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;

/// The reason why the queue takes no more work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueRefusal {
    /// As much waits as may wait.
    Full,
    /// The ledger is shutting down.
    Closed,
    /// The writer has ended.
    Ended,
}

/// Work that waits for the writer, in order.
pub(crate) struct WorkQueue {
    most: usize,
    state: Mutex<QueueState>,
    /// Notified when work comes or the queue is closed.
    moved: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<Work>,
    /// True once no more work is taken. Work that waits is still done.
    is_closed: bool,
    /// True once nobody takes work out any more.
    has_ended: bool,
}

impl WorkQueue {
    /// An empty queue in which so many pieces of work may wait.
    pub(crate) fn of(most: usize) -> Self {
        Self { most, state: Mutex::default(), moved: Condvar::new() }
    }

    /// Adds a piece of work.
    pub(crate) fn push(&self, work: Work) -> Result<(), QueueRefusal> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(QueueRefusal::Closed);
        }
        if state.has_ended {
            return Err(QueueRefusal::Ended);
        }
        if state.waiting.len() >= self.most {
            return Err(QueueRefusal::Full);
        }
        state.waiting.push_back(work);
        drop(state);
        self.moved.notify_one();
        Ok(())
    }

    /// The next piece of work, if one waits.
    pub(crate) fn take_waiting(&self) -> Option<Work> {
        self.state.lock().waiting.pop_front()
    }

    /// Waits for the next piece of work; none once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Work> {
        let mut state = self.state.lock();
        self.moved.wait_while(&mut state, |state| state.waiting.is_empty() && !state.is_closed);
        state.waiting.pop_front()
    }

    /// Takes no more work.
    pub(crate) fn close(&self) {
        self.state.lock().is_closed = true;
        self.moved.notify_all();
    }

    /// Drops what waits, so that nobody waits for an answer, and takes no more.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.has_ended = true;
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        drop(left);
    }
}
