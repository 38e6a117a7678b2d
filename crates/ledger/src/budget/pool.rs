//! Threads of low priority for what takes the processor for long: as many as there are processors, so that whatever waits for
//! them, the threads that serve small calls find one free.

use super::peer::Peer;
use super::turns::PeerTurns;
use crossbeam_channel::{Sender, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Job = Box<dyn FnOnce() + Send>;

/// Threads for long work. They end when this is dropped.
#[derive(Debug)]
pub struct WorkerPool {
    /// A place for each thread. Closed if there is no thread.
    places: Arc<Semaphore>,
    turns: PeerTurns,
    jobs: Sender<Job>,
}

impl WorkerPool {
    /// Starts threads of this name, numbered.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let (sender, jobs) = unbounded::<Job>();
        let mut running = 0;
        for nth in 0..count {
            let jobs = jobs.clone();
            let work = move || {
                step_back();
                jobs.iter().for_each(run);
            };
            match std::thread::Builder::new().name(format!("{name}-{nth}")).spawn(work) {
                Ok(_) => running += 1,
                Err(error) => tracing::error!(%error, name, "a thread could not be started"),
            }
        }
        let places = Arc::new(Semaphore::new(running));
        if running == 0 {
            // A caller that wants a place gets an error, instead of waiting for ever.
            places.close();
        }
        Self { turns: PeerTurns::new(Arc::clone(&places)), places, jobs: sender }
    }

    /// The number of threads that have no job.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.places.available_permits()
    }

    /// Waits for a thread, in turn with other peers. The job that is given the place holds it until it has ended.
    ///
    /// # Errors
    /// If no thread could be started.
    pub async fn place(&self, peer: Option<Peer>) -> Result<OwnedSemaphorePermit, NoWorkers> {
        self.turns.place(peer).await.map_err(|_| NoWorkers)
    }

    /// Hands a job to a thread; its place is free again when it has ended, even if nobody waits for it any more.
    ///
    /// # Errors
    /// [`NoWorkers`] if no thread could be started.
    pub fn begin(&self, place: OwnedSemaphorePermit, job: impl FnOnce() + Send + 'static) -> Result<(), NoWorkers> {
        let job = move || {
            job();
            drop(place);
        };
        self.jobs.send(Box::new(job)).map_err(|_| NoWorkers)
    }
}

/// No thread of a pool is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWorkers;

/// Runs a job. One that panics is a defect; the thread takes the next one.
fn run(job: Job) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        tracing::error!("a job failed by a defect of the service");
    }
}

/// Lets the threads that serve and record go first.
fn step_back() {
    const LESS: i32 = 5;
    if let Err(error) = rustix::process::nice(LESS) {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}
