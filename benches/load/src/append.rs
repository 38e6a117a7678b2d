//! Appends, durably acknowledged, each of the given number of claims.

use crate::Common;
use crate::cases::{Deal, Place};
use crate::claims::{Id, Maker, Verb};
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::{Caller, Target};
use crate::result::Outcome;
use crate::setup;
use crate::subscribe::{Frames, follow};
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// The path of the rpc.
pub const PATH: &str = "/detente.v1.LedgerService/Append";

/// The appends to measure.
#[derive(clap::Args)]
pub struct AppendArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// The number of claims in one append.
    #[arg(long, default_value_t = 1)]
    events_per_append: u64,
    /// Over how many relationships the claims spread, at most 499,500.
    #[arg(long, default_value_t = 10_000)]
    relationships: u64,
    /// Give every append a request id of its own.
    #[arg(long)]
    request_ids: bool,
    /// The number of subscriptions, from the first event on, that take what the transport has room for and read
    /// nothing.
    #[arg(long, default_value_t = 0)]
    stopped_subscribers: usize,
}

/// Measures appends.
///
/// # Errors
/// If an append is refused.
pub async fn run(args: AppendArgs, common: Common) -> Result<()> {
    setup::register(&args.target, args.relationships).await?;
    let stopped = stopped_subscriptions(&args).await?;
    let next = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for channel in args.target.channels(args.pace.clients).await? {
        clients.push(Appending {
            caller: Caller::new(channel, PATH),
            maker: Maker::new(Verb::Assert(Id::Made), clients.len() as u64)?,
            next: Arc::clone(&next),
            events: args.events_per_append,
            deal: Deal { claims: args.relationships * 100, relationships: args.relationships },
            request_ids: args.request_ids.then(run_number).transpose()?,
        });
    }
    let sample = Deal { claims: 1, relationships: 1 }.place(0);
    let request_bytes = Maker::new(Verb::Assert(Id::Made), 0)?
        .request(std::iter::repeat_n(sample, usize::try_from(args.events_per_append)?), None)
        .len();
    let measured = closed_loop::run(args.pace, clients).await?;
    drop(stopped);
    let events = args.events_per_append;
    Outcome::of_loop("detente", "append", &measured, args.pace.clients, events, "events/s")
        .with("events_per_append", events as f64)
        .with("bytes_per_request", request_bytes as f64)
        .print(&common)
}

/// Subscriptions that are held and not read, each on a connection of its own.
async fn stopped_subscriptions(args: &AppendArgs) -> Result<Vec<Frames>> {
    let mut stopped = Vec::new();
    for _ in 0..args.stopped_subscribers {
        stopped.push(follow(args.target.connect().await?, None).await?);
    }
    Ok(stopped)
}

/// Tells the requests of one run from those of another.
fn run_number() -> Result<u64> {
    #[expect(clippy::disallowed_methods, reason = "not of the service: a number that no other run has")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(now.as_micros())?)
}

struct Appending {
    caller: Caller,
    maker: Maker,
    next: Arc<AtomicU64>,
    events: u64,
    deal: Deal,
    request_ids: Option<u64>,
}

impl Client for Appending {
    async fn call(&mut self) -> Result<Answer> {
        let first = self.next.fetch_add(self.events, Relaxed);
        let deal = self.deal;
        let places = (first..first + self.events).map(|number| Place { number, ..deal.place(number % deal.claims) });
        let request_id = self.request_ids.map(|run| {
            let (high, low) = (run >> 16 & 0xffff_ffff, run & 0xffff);
            format!("{high:08x}-{low:04x}-7000-8000-{first:012x}")
        });
        let reply = self.caller.call(self.maker.request(places, request_id.as_deref())).await?;
        Ok(Answer { bytes: reply.len() as u64, items: self.events })
    }
}
