//! The ceiling that the disk sets: a bare file, appended to by one writer, with one fdatasync for all who wait.
//!
//! It does what any durable log must do and nothing else: no checks, no hashes, no network, no index. Clients are
//! tasks; each hands its bytes to the writer's thread and waits until they are on the disk.

use crate::Common;
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::result::Outcome;
use anyhow::{Context as _, Result};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The records to write, and the file.
#[derive(clap::Args)]
pub struct RawArgs {
    #[command(flatten)]
    pace: Pace,
    /// A file on the disk to be measured. It is made, and removed.
    #[arg(long)]
    file: PathBuf,
    /// The size of a record.
    #[arg(long, default_value_t = 330)]
    record_bytes: usize,
    /// The number of records in one append.
    #[arg(long, default_value_t = 1)]
    events_per_append: usize,
}

struct Waiting {
    bytes: Vec<u8>,
    done: oneshot::Sender<()>,
}

/// Measures group commit.
///
/// # Errors
/// If the file cannot be written.
pub async fn run(args: RawArgs, common: Common) -> Result<()> {
    let file = open(&args.file)?;
    let (queue, waiting) = mpsc::channel();
    let writer = thread::spawn(move || write(file, &waiting));
    let bytes = args.record_bytes * args.events_per_append;
    let clients = (0..args.pace.clients).map(|_| Appending { queue: queue.clone(), bytes });
    let measured = closed_loop::run(args.pace, clients.collect::<Vec<_>>()).await;
    drop(queue);
    let groups = writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))?;
    std::fs::remove_file(&args.file)?;
    let (measured, groups) = (measured?, groups?);
    Outcome::of_loop("raw", "append", &measured, args.pace.clients, args.events_per_append as u64, "events/s")
        .with("fdatasync_us", groups.seconds * 1e6 / groups.count.max(1) as f64)
        .print(&common)
}

fn open(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().append(true).create_new(true).open(path);
    opened.with_context(|| path.display().to_string())
}

#[derive(Default)]
struct Groups {
    count: u64,
    seconds: f64,
}

fn write(mut file: File, waiting: &mpsc::Receiver<Waiting>) -> io::Result<Groups> {
    let (mut groups, mut buffer) = (Groups::default(), Vec::new());
    while let Ok(first) = waiting.recv() {
        let group: Vec<Waiting> = std::iter::once(first).chain(waiting.try_iter()).collect();
        buffer.clear();
        group.iter().for_each(|one| buffer.extend_from_slice(&one.bytes));
        file.write_all(&buffer)?;
        let began = Instant::now();
        file.sync_data()?;
        groups.seconds += began.elapsed().as_secs_f64();
        groups.count += 1;
        for one in group {
            // A client that is gone at the end of the measurement waits no more.
            let _ = one.done.send(());
        }
    }
    Ok(groups)
}

struct Appending {
    queue: mpsc::Sender<Waiting>,
    bytes: usize,
}

impl Client for Appending {
    async fn call(&mut self) -> Result<Answer> {
        let (done, durable) = oneshot::channel();
        self.queue.send(Waiting { bytes: vec![b'r'; self.bytes], done })?;
        durable.await?;
        Ok(Answer { bytes: 0, items: 1 })
    }
}

/// The file to probe.
#[derive(clap::Args)]
pub struct ProbeArgs {
    /// A file on the disk to be measured. It is made, and removed.
    #[arg(long)]
    file: PathBuf,
    /// The seconds to measure.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

/// Measures a lone writer.
///
/// # Errors
/// If the file cannot be written.
pub fn probe(args: &ProbeArgs, common: &Common) -> Result<()> {
    const RECORD: [u8; 300] = [b'p'; 300];
    let mut file = open(&args.file)?;
    let (began, mut micros) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_secs_f64(args.seconds) {
        let one = Instant::now();
        file.write_all(&RECORD)?;
        file.sync_data()?;
        micros.push(one.elapsed().as_secs_f64() * 1e6);
    }
    let rate = micros.len() as f64 / began.elapsed().as_secs_f64();
    std::fs::remove_file(&args.file)?;
    micros.sort_by(f64::total_cmp);
    let at = |percent: usize| micros.get(micros.len() * percent / 100).copied().unwrap_or_default();
    Outcome::figure("raw", "probe", rate, "fdatasync/s").of_clients(1).with_latencies(at(50), at(99)).print(common)
}
