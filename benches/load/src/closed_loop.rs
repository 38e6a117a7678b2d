//! The closed loop: N clients, each of which sends, waits for the answer, and sends again.
//!
//! A client is a [`Client`] of its own, so that nothing is shared between them but the connection. Latencies go into a
//! histogram per client; the warm-up counts for nothing, and neither does what is in flight at the end.

use anyhow::{Result, anyhow};
use hdrhistogram::Histogram;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// One client.
pub trait Client: Send + 'static {
    /// Sends one request and waits for its answer.
    fn call(&mut self) -> impl Future<Output = Result<Answer>> + Send;
}

/// The outcome of one request.
#[derive(Clone, Copy, Default)]
pub struct Answer {
    /// The number of bytes that came back.
    pub bytes: u64,
    /// The number of claims or events that came back or were recorded.
    pub items: u64,
}

/// The number of clients, and the time to measure.
#[derive(clap::Args, Clone, Copy)]
pub struct Pace {
    /// The number of clients, each with one request in flight.
    #[arg(long, default_value_t = 64)]
    pub clients: usize,
    /// The seconds to measure.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// The seconds to run before the measurement.
    #[arg(long, default_value_t = 1.0)]
    pub warm_up: f64,
}

/// The measurement.
pub struct Measured {
    /// Calls answered.
    pub calls: u64,
    /// The sum of the answers.
    pub answers: Answer,
    /// The seconds measured.
    pub seconds: f64,
    /// Nanoseconds from request to answer.
    pub latency: Histogram<u64>,
}

struct Switches {
    counting: AtomicBool,
    stopping: AtomicBool,
    calls: AtomicU64,
}

/// Runs the clients.
///
/// # Errors
/// The first error of any client.
pub async fn run<C: Client>(pace: Pace, clients: impl IntoIterator<Item = C>) -> Result<Measured> {
    let switches = Arc::new(Switches { counting: false.into(), stopping: false.into(), calls: 0.into() });
    let mut running = JoinSet::new();
    for client in clients {
        running.spawn(one(client, Arc::clone(&switches)));
    }
    wait(&mut running, &switches, Duration::from_secs_f64(pace.warm_up)).await?;
    let began = Instant::now();
    switches.counting.store(true, Relaxed);
    wait(&mut running, &switches, Duration::from_secs_f64(pace.seconds)).await?;
    switches.stopping.store(true, Relaxed);
    let seconds = began.elapsed().as_secs_f64();
    let mut all = Measured { calls: 0, answers: Answer::default(), seconds, latency: histogram()? };
    while let Some(done) = running.join_next().await {
        let (answers, latency) = done??;
        all.calls += latency.len();
        all.answers.bytes += answers.bytes;
        all.answers.items += answers.items;
        all.latency.add(&latency)?;
    }
    Ok(all)
}

async fn one<C: Client>(mut client: C, switches: Arc<Switches>) -> Result<(Answer, Histogram<u64>)> {
    let (mut sum, mut latency) = (Answer::default(), histogram()?);
    while !switches.stopping.load(Relaxed) {
        let counted = switches.counting.load(Relaxed);
        let began = Instant::now();
        let answer = client.call().await?;
        if counted && !switches.stopping.load(Relaxed) {
            latency.record(u64::try_from(began.elapsed().as_nanos())?)?;
            sum.bytes += answer.bytes;
            sum.items += answer.items;
        }
        switches.calls.fetch_add(1, Relaxed);
    }
    Ok((sum, latency))
}

/// Lets the clients run, tells each second how they do, and ends early if one fails.
async fn wait(
    running: &mut JoinSet<Result<(Answer, Histogram<u64>)>>,
    switches: &Switches,
    how_long: Duration,
) -> Result<()> {
    let end = tokio::time::Instant::now() + how_long;
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.tick().await;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(end) => return Ok(()),
            _ = tick.tick() => eprintln!("  {} calls", switches.calls.load(Relaxed)),
            Some(early) = running.join_next() => {
                early??;
                return Err(anyhow!("a client ended before the time"));
            }
        }
    }
}

fn histogram() -> Result<Histogram<u64>> {
    const LONGEST_NANOS: u64 = 600_000_000_000;
    const DIGITS: u8 = 3;
    let mut histogram = Histogram::new_with_bounds(1, LONGEST_NANOS, DIGITS)?;
    histogram.auto(true);
    Ok(histogram)
}
