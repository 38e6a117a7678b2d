//! Many follow what is being recorded: how soon an event reaches each of them, and the last of them.

use crate::Common;
use crate::cases::Deal;
use crate::claims::{Id, Maker, Verb};
use crate::connect::{Caller, Target};
use crate::result::Outcome;
use crate::setup;
use crate::subscribe::{Frames, follow};
use anyhow::{Context as _, Result, ensure};
use detente_proto::v1;
use detente_proto::v1::subscribe_request::Start;
use detente_proto::v1::subscribe_response::Frame;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The followers of what is recorded, and the appends that they follow.
#[derive(clap::Args)]
pub struct FanOutArgs {
    #[command(flatten)]
    target: Target,
    /// The number of subscriptions.
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// The number of appends, one after the other.
    #[arg(long, default_value_t = 200)]
    appends: u64,
    /// The milliseconds to wait between two appends.
    #[arg(long, default_value_t = 20)]
    pause_millis: u64,
}

/// Measures how long after its acknowledgement an event has reached each of many followers, and the last of them.
///
/// # Errors
/// If a follower does not get everything.
pub async fn run(args: FanOutArgs, common: Common) -> Result<()> {
    setup::register(&args.target, 1).await?;
    let began = Instant::now();
    let mut followers = JoinSet::new();
    for channel in args.target.channels(args.subscribers).await? {
        let mut frames = follow(channel, Some(Start::FromHead(v1::FromHead {}))).await?;
        let confirmed = frames.message().await?.context("no confirmation")?;
        followers.spawn(arrivals(frames, confirmed.position + args.appends, args.appends, began));
    }
    let acknowledged = Arc::new(append(&args, began).await?);
    let (mut each, mut last) = (Histogram::<u64>::new(3)?, vec![0; acknowledged.len()]);
    while let Some(arrived) = followers.join_next().await {
        for ((arrived, acknowledged), last) in arrived??.into_iter().zip(acknowledged.iter()).zip(&mut last) {
            let nanos = u64::try_from(arrived.saturating_sub(*acknowledged).as_nanos())?;
            each.record(nanos)?;
            *last = nanos.max(*last);
        }
    }
    last.sort_unstable();
    let micros = |nanos: u64| nanos as f64 / 1e3;
    let of_last = |share: usize| micros(last.get((last.len() * share / 100).min(last.len() - 1)).copied().unwrap_or(0));
    Outcome::figure("detente", "fan-out", each.len() as f64, "deliveries")
        .of_clients(args.subscribers)
        .with_latencies(micros(each.value_at_quantile(0.5)), micros(each.value_at_quantile(0.99)))
        .with("last_p50_us", of_last(50))
        .with("last_p99_us", of_last(99))
        .print(&common)
}

/// Returns the arrival times of the next events.
async fn arrivals(mut frames: Frames, until: u64, count: u64, began: Instant) -> Result<Vec<Duration>> {
    let mut arrived = Vec::new();
    let mut next = until - count + 1;
    while next <= until {
        let frame = frames.message().await?.context("the feed has ended")?;
        if let Some(Frame::Events(batch)) = frame.frame {
            for event in batch.events {
                ensure!(event.position == next, "position {} where {next} was to come", event.position);
                arrived.push(began.elapsed());
                next += 1;
            }
        }
    }
    Ok(arrived)
}

/// Returns the times at which the appends were acknowledged.
async fn append(args: &FanOutArgs, began: Instant) -> Result<Vec<Duration>> {
    let mut caller = Caller::new(args.target.connect().await?, crate::append::PATH);
    let mut maker = Maker::new(Verb::Assert(Id::Made), 0)?;
    let mut acknowledged = Vec::new();
    for number in 0..args.appends {
        let place = Deal { claims: 1, relationships: 1 }.place(0);
        let place = crate::cases::Place { number, ..place };
        caller.call(maker.request(std::iter::once(place), None)).await?;
        acknowledged.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(args.pause_millis)).await;
    }
    Ok(acknowledged)
}
