//! Follows the log: how fast what was recorded comes, and how soon what is being recorded reaches many at once.

use crate::Common;
use crate::cases::Deal;
use crate::claims::{Id, Maker, Verb};
use crate::connect::{Caller, MAX_REPLY_BYTES, Target};
use crate::result::Outcome;
use crate::setup;
use anyhow::{Context as _, Result, ensure};
use detente::v1;
use detente::v1::ledger_service_client::LedgerServiceClient;
use detente::v1::subscribe_request::Start;
use detente::v1::subscribe_response::Frame;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Streaming;
use tonic::transport::Channel;

/// What to follow.
#[derive(clap::Args)]
pub struct SubscribeArgs {
    #[command(flatten)]
    target: Target,
    /// How often.
    #[arg(long, default_value_t = 1)]
    times: u32,
}

/// How many follow what is recorded.
#[derive(clap::Args)]
pub struct FanOutArgs {
    #[command(flatten)]
    target: Target,
    /// How many subscriptions.
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// How many appends, one after the other.
    #[arg(long, default_value_t = 200)]
    appends: u64,
    /// How long to wait between two appends, in milliseconds.
    #[arg(long, default_value_t = 20)]
    pause_millis: u64,
}

type Frames = Streaming<v1::SubscribeResponse>;

async fn follow(channel: Channel, start: Option<Start>) -> Result<Frames> {
    let mut ledger = LedgerServiceClient::new(channel).max_decoding_message_size(MAX_REPLY_BYTES);
    let request = v1::SubscribeRequest { start, ..v1::SubscribeRequest::default() };
    Ok(ledger.subscribe(request).await?.into_inner())
}

/// Measures how fast a follower from the first event on catches up.
///
/// # Errors
/// When an event is missing.
pub async fn catch_up(args: SubscribeArgs, common: Common) -> Result<()> {
    for _ in 0..args.times {
        let mut frames = follow(args.target.connect().await?, None).await?;
        let began = Instant::now();
        let (mut events, mut messages) = (0, 0);
        loop {
            match frames.message().await?.and_then(|frame| frame.frame).context("the feed has ended")? {
                Frame::Events(batch) => {
                    for event in &batch.events {
                        events += 1;
                        ensure!(event.position == events, "position {} where {events} was to come", event.position);
                    }
                    messages += 1;
                }
                Frame::CaughtUp(_) => break,
                _ => {}
            }
        }
        let events = events as f64;
        Outcome::figure("detente", "subscribe", events / began.elapsed().as_secs_f64(), "events/s")
            .with("events", events)
            .with("events_per_message", events / f64::from(messages).max(1.0))
            .print(&common)?;
    }
    Ok(())
}

/// Measures how long after its acknowledgement an event has reached each of many followers, and the last of them.
///
/// # Errors
/// When one of them is not given everything.
pub async fn fan_out(args: FanOutArgs, common: Common) -> Result<()> {
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
    let outcome = Outcome {
        clients: args.subscribers as u64,
        p50_us: micros(each.value_at_quantile(0.5)),
        p99_us: micros(each.value_at_quantile(0.99)),
        ..Outcome::figure("detente", "fan-out", each.len() as f64, "deliveries")
    };
    outcome.with("last_p50_us", of_last(50)).with("last_p99_us", of_last(99)).print(&common)
}

/// When each of the next events came.
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

/// When each append was acknowledged.
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
