//! The place where a question is computed, and for how long.
//!
//! Most answers take microseconds, and handing them to another thread would cost more than computing them. So every question
//! is first tried where it arrived, within a small number of steps ([`BRIEF_STEPS`]): it looks at the view of the store
//! itself, which the writer would wait for, and is over before that matters. A question that needs more, or would have to
//! read a disk, begins again on a thread for wide questions, which looks at a snapshot that nobody waits for:
//!
//! ```text
//!   request ──> tried here, a few thousand steps ──> answer
//!                   │ needs more
//!                   ▼
//!               waits for a place, peers in turn, PATIENCE at most ──> OVERLOADED
//!                   ▼
//!               a thread of low priority ──> answer, DEADLINE_EXCEEDED, or QUESTION_TOO_WIDE
//! ```
//!
//! There are as many places as processors, and a place is held until the work itself has ended, not until its client has
//! left. Work ends within a fraction of a millisecond once its client has left or its deadline has passed, because every
//! loop looks ([`detente_ledger::budget::step`]). So small questions never wait behind wide ones, and abandoned work costs nothing.
//!
//! A panic anywhere in there is a defect, told as `INTERNAL`, and ends that call alone.

use super::deadline::Deadline;
use super::limits::BLOCKING_JOBS;
use super::status::CallRefusal;
use detente_ledger::budget::{CallBudget, CancelOnDrop, MemoryBudget, Overrun, PATIENCE, Peer, PeerShares, WorkerPool};
use detente_ledger::error::{QueryError, ReadFailure};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout_at;

/// The steps of a question that is answered where it arrives: some milliseconds at most.
const BRIEF_STEPS: u64 = 8_192;
/// The memory of a question that is answered where it arrives, in bytes.
const BRIEF_MEMORY: usize = 2 << 20;
/// The steps of a wide question: the better part of a minute of one processor.
const WIDE_STEPS: u64 = 1 << 29;
/// The longest that a wide question is worked on where its client names no deadline.
const LONGEST: Duration = Duration::from_secs(30);
/// Wide questions that may wait or be answered, for each place.
const QUEUED_FOR_EACH: usize = 64;
/// One question may take this part of all memory for questions.
const SHARE_OF_MEMORY: usize = 4;

/// Computes here what has nothing to do with the size of the record.
pub(super) fn here<T>(work: impl FnOnce() -> Result<T, CallRefusal>) -> Result<T, CallRefusal> {
    contain_panic(work)
}

/// Looks at the record here, where it is known that few claims are concerned.
pub(super) fn briefly<T>(work: impl FnOnce() -> Result<T, CallRefusal>) -> Result<T, CallRefusal> {
    let bounds = CallBudget {
        signal: None,
        deadline: None,
        steps: u64::MAX,
        is_brief: true,
        memory: usize::MAX,
        shared: MemoryBudget::new(usize::MAX),
    };
    within(bounds, work)
}

/// The threads that may wait.
#[derive(Debug)]
pub(super) struct Threads {
    /// Places for work that waits for a disk.
    blocking: Arc<Semaphore>,
    /// Wide questions.
    questions: WorkerPool,
    /// Large appends, before the writer has them.
    appends: WorkerPool,
    /// Places for the wide questions that wait or are being answered, in shares of peers.
    queue: PeerShares,
    memory: Arc<MemoryBudget>,
}

impl Threads {
    /// Threads whose questions take their memory from a budget.
    pub(super) fn new(memory: Arc<MemoryBudget>, peer_share_percent: u8) -> Self {
        let (questions, appends) = (WorkerPool::new("question"), WorkerPool::new("append"));
        let queue = PeerShares::new(questions.idle() * QUEUED_FOR_EACH, peer_share_percent);
        Self { blocking: Arc::new(Semaphore::new(BLOCKING_JOBS)), questions, appends, queue, memory }
    }

    /// Prepares what is to be recorded, where that takes the processor for long.
    pub(super) async fn prepare<T, F>(&self, work: F) -> Result<T, CallRefusal>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, CallRefusal> + Send + 'static,
    {
        let place = self.appends.place(Peer::current()).await.map_err(|_| no_thread())?;
        let (reply, prepared) = oneshot::channel();
        let span = tracing::Span::current();
        // Nobody may be waiting any more.
        self.appends
            .begin(place, move || drop(reply.send(span.in_scope(|| contain_panic(work)))))
            .map_err(|_| no_thread())?;
        prepared.await.unwrap_or(Err(CallRefusal::Stopping))
    }

    /// Does what may wait for a disk. It is not ended before it has ended by itself.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, CallRefusal>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, CallRefusal> + Send + 'static,
    {
        let place = Arc::clone(&self.blocking).acquire_owned().await.map_err(|_| CallRefusal::Stopping)?;
        let span = tracing::Span::current();
        let work = move || {
            let done = span.in_scope(|| contain_panic(work));
            drop(place);
            done
        };
        // The runtime drops work that has not begun only when it ends itself.
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(CallRefusal::Stopping))
    }

    /// Answers a question: here if it is brief, else on a thread for wide ones.
    pub(super) async fn ask<T, F>(&self, question: F) -> Result<T, CallRefusal>
    where
        T: Send + 'static,
        F: Fn() -> Result<T, CallRefusal> + Send + 'static,
    {
        let deadline = Deadline::current();
        let bounds = CallBudget {
            signal: None,
            deadline,
            steps: BRIEF_STEPS,
            is_brief: true,
            memory: BRIEF_MEMORY,
            shared: Arc::clone(&self.memory),
        };
        match within(bounds, &question) {
            Err(CallRefusal::Overrun(
                Overrun::Steps | Overrun::TooLarge | Overrun::MemoryFull | Overrun::WouldWait,
            )) => {}
            answer => return answer,
        }
        self.work(question).await
    }

    /// Answers what is known to be wide.
    pub(super) async fn work<T, F>(&self, question: F) -> Result<T, CallRefusal>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, CallRefusal> + Send + 'static,
    {
        let begun = Instant::now();
        let deadline = Deadline::current().unwrap_or(begun + LONGEST);
        let queued = self.queue.try_enter(Peer::current()).map_err(|_| CallRefusal::Overloaded("wide questions"))?;
        let place = self.place(begun, deadline).await?;
        // Dropped with the call when its client has left or its connection was cut.
        let departure = CancelOnDrop::default();
        let bounds = CallBudget {
            signal: Some(departure.signal()),
            deadline: Some(deadline),
            steps: WIDE_STEPS,
            is_brief: false,
            memory: self.memory.limit() / SHARE_OF_MEMORY,
            shared: Arc::clone(&self.memory),
        };
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        let job = move || {
            let answer = span.in_scope(|| within(bounds, question));
            drop(queued);
            // Nobody may be waiting any more.
            drop(reply.send(answer));
        };
        self.questions.begin(place, job).map_err(|_| no_thread())?;
        match timeout_at(deadline.into(), answer).await {
            Ok(answer) => answer.unwrap_or(Err(CallRefusal::Stopping)),
            Err(_) => Err(Overrun::DeadlineExceeded.into()),
        }
    }

    /// Waits for a place among the wide questions.
    async fn place(&self, begun: Instant, deadline: Instant) -> Result<OwnedSemaphorePermit, CallRefusal> {
        let patience = begun + PATIENCE;
        match timeout_at(deadline.min(patience).into(), self.questions.place(Peer::current())).await {
            Ok(place) => place.map_err(|_| no_thread()),
            Err(_) if deadline <= patience => Err(Overrun::DeadlineExceeded.into()),
            Err(_) => Err(CallRefusal::Overloaded("wide questions")),
        }
    }
}

/// The refusal where a pool could start no thread.
fn no_thread() -> CallRefusal {
    QueryError::from(ReadFailure::NoThread("the call could not be answered")).into()
}

fn within<T>(bounds: CallBudget, work: impl FnOnce() -> Result<T, CallRefusal>) -> Result<T, CallRefusal> {
    contain_panic(|| bounds.run(work).unwrap_or_else(|overrun| Err(overrun.into())))
}

fn contain_panic<T>(work: impl FnOnce() -> Result<T, CallRefusal>) -> Result<T, CallRefusal> {
    // The closure borrows a ledger behind shared references, whose locks do not poison.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(defect(&*panic)))
}

fn defect(panic: &(dyn std::any::Any + Send)) -> CallRefusal {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = ?said.unwrap_or("no message"), "a call failed by a defect of the service");
    CallRefusal::Defect
}
