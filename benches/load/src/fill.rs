//! Puts claims into a ledger, in batches, to ask for later: `cases` says which.

use crate::Common;
use crate::append::PATH;
use crate::cases::Deal;
use crate::claims::{Id, Maker, Verb};
use crate::connect::{Caller, Target};
use crate::result::Outcome;
use crate::setup;
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The claims to fill a ledger with.
#[derive(clap::Args)]
pub struct FillArgs {
    #[command(flatten)]
    target: Target,
    /// The number of claims.
    #[arg(long, default_value_t = 10_000)]
    claims: u64,
    /// The number of relationships that they are spread over.
    #[arg(long, default_value_t = 100)]
    relationships: u64,
    /// All in one relationship.
    #[arg(long)]
    one_relationship: bool,
    /// The number of claims in one append.
    #[arg(long, default_value_t = 1_000)]
    batch: u64,
    /// The number of appends in flight.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Not to assert the claims, but to revise each that an earlier fill with the same numbers asserted.
    #[arg(long)]
    revise: bool,
}

/// Fills a ledger.
///
/// # Errors
/// If an append is refused, for example because the claims are there already.
pub async fn run(args: FillArgs, common: Common) -> Result<()> {
    let relationships = if args.one_relationship { 1 } else { args.relationships };
    let deal = Deal { claims: args.claims, relationships };
    let verb = if args.revise { Verb::Revise } else { Verb::Assert(Id::Given) };
    setup::register(&args.target, relationships).await?;
    let begun = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for channel in args.target.channels(args.clients).await? {
        let filling = Filling {
            caller: Caller::new(channel, PATH),
            maker: Maker::new(verb, running.len() as u64)?,
            begun: Arc::clone(&begun),
            done: Arc::clone(&done),
            batch: args.batch.max(1),
            deal,
        };
        running.spawn(filling.run());
    }
    finish(running, &done, args.claims).await?;
    let seconds = began.elapsed().as_secs_f64();
    let bench = if args.revise { "revise" } else { "fill" };
    Outcome::figure("detente", bench, args.claims as f64 / seconds, "events/s")
        .of_clients(args.clients)
        .with("claims", args.claims as f64)
        .with("seconds", seconds)
        .print(&common)
}

async fn finish(mut running: JoinSet<Result<()>>, done: &AtomicU64, of: u64) -> Result<()> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.tick().await;
    loop {
        tokio::select! {
            _ = tick.tick() => eprintln!("  {} of {of} claims", done.load(Relaxed)),
            ended = running.join_next() => match ended {
                Some(ended) => ended??,
                None => return Ok(()),
            },
        }
    }
}

struct Filling {
    caller: Caller,
    maker: Maker,
    begun: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
    batch: u64,
    deal: Deal,
}

impl Filling {
    async fn run(mut self) -> Result<()> {
        loop {
            let first = self.begun.fetch_add(self.batch, Relaxed);
            if first >= self.deal.claims {
                return Ok(());
            }
            let end = (first + self.batch).min(self.deal.claims);
            let deal = self.deal;
            let request = self.maker.request((first..end).map(|number| deal.place(number)), None);
            self.caller.call(request).await?;
            self.done.fetch_add(end - first, Relaxed);
        }
    }
}
