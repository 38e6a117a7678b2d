//! A peer: UmaDB, through its own client, with events of the same size.

use crate::Common;
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::Target;
use crate::result::Outcome;
use crate::words::{Chance, sentence};
use anyhow::{Result, anyhow};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Instant;
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbEvent, DcbEventStoreAsync as _};
use uuid::Uuid;

/// The number of events that UmaDB puts into one message of a stream.
const BATCH: u32 = 1_000;
const DATA_BYTES: usize = 300;
/// The number of different payloads.
const PAYLOADS: u64 = 512;

/// The appends to measure.
#[derive(clap::Args)]
pub struct AppendArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// The number of events in one append.
    #[arg(long, default_value_t = 1)]
    events_per_append: u64,
    /// The number of tags that the events spread over.
    #[arg(long, default_value_t = 10_000)]
    relationships: u64,
}

async fn connect(target: &Target) -> Result<AsyncUmaDbClient> {
    let client = UmaDbClient::new(target.server.clone()).batch_size(BATCH);
    client.connect_async().await.map_err(|error| anyhow!("{error:?}"))
}

/// Measures appends, without a condition, as ours have no precondition.
///
/// # Errors
/// If an append is refused.
pub async fn append(args: AppendArgs, common: Common) -> Result<()> {
    let mut connections = Vec::new();
    for _ in 0..args.pace.clients.min(args.target.connections).max(1) {
        connections.push(Arc::new(connect(&args.target).await?));
    }
    let mut words = Chance::from_seed(0);
    let payloads: Arc<[Vec<u8>]> = (0..PAYLOADS).map(|_| sentence(&mut words, DATA_BYTES).into_bytes()).collect();
    let clients = connections.iter().cycle().take(args.pace.clients).enumerate().map(|(number, client)| Appending {
        client: Arc::clone(client),
        payloads: Arc::clone(&payloads),
        chance: Chance::from_seed(number as u64),
        events: args.events_per_append,
        relationships: args.relationships,
    });
    let measured = closed_loop::run(args.pace, clients.collect::<Vec<_>>()).await?;
    Outcome::of_loop("umadb", "append", &measured, args.pace.clients, args.events_per_append, "events/s")
        .with("events_per_append", args.events_per_append as f64)
        .print(&common)
}

struct Appending {
    client: Arc<AsyncUmaDbClient>,
    payloads: Arc<[Vec<u8>]>,
    chance: Chance,
    events: u64,
    relationships: u64,
}

impl Appending {
    fn event(&mut self) -> DcbEvent {
        let payload = self.payloads[self.chance.below(PAYLOADS) as usize].clone();
        let tag = format!("rel:{}", self.chance.below(self.relationships));
        DcbEvent::default().event_type("claim").tags([tag]).data(payload).uuid(Uuid::new_v4())
    }
}

impl Client for Appending {
    async fn call(&mut self) -> Result<Answer> {
        let events = (0..self.events).map(|_| self.event()).collect();
        self.client.append(events, None, None).await.map_err(|error| anyhow!("{error:?}"))?;
        Ok(Answer { bytes: 0, items: self.events })
    }
}

/// The reads to measure.
#[derive(clap::Args)]
pub struct ReadArgs {
    #[command(flatten)]
    target: Target,
    /// The number of passes.
    #[arg(long, default_value_t = 1)]
    times: u32,
}

/// Measures the reading of the whole log.
///
/// # Errors
/// If the stream breaks.
pub async fn read(args: ReadArgs, common: Common) -> Result<()> {
    let client = connect(&args.target).await?;
    for _ in 0..args.times {
        let (began, mut events) = (Instant::now(), 0.0);
        let stream = client.read(None, None, false, None).await;
        let mut stream = stream.map_err(|error| anyhow!("{error:?}"))?;
        while let Some(event) = stream.next().await {
            event.map_err(|error| anyhow!("{error:?}"))?;
            events += 1.0;
        }
        let rate = events / began.elapsed().as_secs_f64();
        Outcome::figure("umadb", "read", rate, "events/s").with("events", events).print(&common)?;
    }
    Ok(())
}
