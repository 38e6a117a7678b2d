//! Threads of low priority for what takes the processor for long: as many as there are processors, so that whatever waits for
//! them, the threads that serve small calls find one free.

use super::status::Refusal;
use crossbeam_channel::{Sender, unbounded};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Pool {
    /// A place for each thread. A job holds its place until it has ended.
    pub(super) places: Arc<Semaphore>,
    jobs: Sender<Job>,
}

impl Pool {
    /// Threads of this name.
    pub(super) fn new(name: &str) -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let (sender, jobs) = unbounded::<Job>();
        let mut running = 0;
        for nth in 0..count {
            let jobs = jobs.clone();
            let work = move || {
                step_back();
                jobs.iter().for_each(|job| job());
            };
            match std::thread::Builder::new().name(format!("{name}-{nth}")).spawn(work) {
                Ok(_) => running += 1,
                Err(error) => tracing::error!(%error, name, "a thread could not be started"),
            }
        }
        Self { places: Arc::new(Semaphore::new(running)), jobs: sender }
    }

    /// The number of threads.
    pub(super) fn len(&self) -> usize {
        self.places.available_permits()
    }

    /// Hands a job to a thread; its place is free again when it has ended, whoever still waits for it.
    ///
    /// # Errors
    /// When the server stops.
    pub(super) fn begin(
        &self,
        place: OwnedSemaphorePermit,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refusal> {
        let job = move || {
            job();
            drop(place);
        };
        self.jobs.send(Box::new(job)).map_err(|_| Refusal::Stopping)
    }
}

/// Lets the threads that serve and record go first.
fn step_back() {
    const LESS: i32 = 5;
    if let Err(error) = rustix::process::nice(LESS) {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}
