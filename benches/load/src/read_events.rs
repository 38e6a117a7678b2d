//! Reads the whole log as a stream and decodes it, as a follower would that has a lot to catch up with: one thread receives
//! messages as bytes, another makes events of them.

use crate::Common;
use crate::codec::Prepared;
use crate::connect::{MAX_REPLY_BYTES, Target};
use crate::result::Outcome;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use detente::v1;
use detente::v1::ledger_service_client::LedgerServiceClient;
use detente::v1::read_events_request::Start;
use prost::Message as _;
use std::time::Instant;
use tokio::sync::mpsc;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

/// What to read.
#[derive(clap::Args)]
pub struct ReadEventsArgs {
    #[command(flatten)]
    target: Target,
    /// How many events at most; 0: all there are.
    #[arg(long, default_value_t = 0)]
    limit: u64,
    /// How often.
    #[arg(long, default_value_t = 1)]
    times: u32,
}

/// Measures the reading of the log.
///
/// # Errors
/// When the stream ends early or an event is missing.
pub async fn run(args: ReadEventsArgs, common: Common) -> Result<()> {
    for _ in 0..args.times {
        let mut grpc = Grpc::new(args.target.connect().await?).max_decoding_message_size(MAX_REPLY_BYTES);
        grpc.ready().await?;
        let began = Instant::now();
        let request = v1::ReadEventsRequest { limit: args.limit, ..v1::ReadEventsRequest::default() };
        let request = Request::new(Bytes::from(request.encode_to_vec()));
        let mut batches = grpc.server_streaming(request, PathAndQuery::from_static(PATH), Prepared).await?.into_inner();
        let (received, receiver) = mpsc::channel(WAITING);
        let decoding = tokio::task::spawn_blocking(move || decode(receiver));
        while let Some(batch) = batches.message().await? {
            if received.send(batch).await.is_err() {
                break;
            }
        }
        drop(received);
        let Read { events, messages, bytes_per_event } = decoding.await??;
        let seconds = began.elapsed().as_secs_f64();
        let events = events as f64;
        Outcome::figure("detente", "read", events / seconds, "events/s")
            .with("events", events)
            .with("bytes_per_event", bytes_per_event)
            .with("events_per_message", events / f64::from(messages).max(1.0))
            .print(&common)?;
    }
    Ok(())
}

const PATH: &str = "/detente.v1.LedgerService/ReadEvents";
/// How many messages may wait to be decoded.
const WAITING: usize = 8;

#[derive(Default)]
struct Read {
    events: u64,
    messages: u32,
    bytes_per_event: f64,
}

fn decode(mut received: mpsc::Receiver<Bytes>) -> Result<Read> {
    let mut read = Read::default();
    while let Some(bytes) = received.blocking_recv() {
        let batch = v1::ReadEventsResponse::decode(&*bytes)?;
        for event in &batch.events {
            read.events += 1;
            ensure!(event.position == read.events, "position {} where {} was to come", event.position, read.events);
        }
        if read.messages == 0 {
            read.bytes_per_event = bytes.len() as f64 / batch.events.len().max(1) as f64;
        }
        read.messages += 1;
    }
    Ok(read)
}

/// When the event in the middle of the log was recorded.
///
/// # Errors
/// When the log is empty or the server does not answer.
pub async fn middle(target: &Target) -> Result<prost_types::Timestamp> {
    let mut ledger = LedgerServiceClient::new(target.connect().await?);
    let head = ledger.get_server_info(v1::GetServerInfoRequest {}).await?.into_inner().head.context("no head")?;
    let start = Some(Start::AfterPosition(head.position / 2));
    let request = v1::ReadEventsRequest { start, limit: 1, ..v1::ReadEventsRequest::default() };
    let mut batches = ledger.read_events(request).await?.into_inner();
    while let Some(batch) = batches.message().await? {
        if let Some(event) = batch.events.first() {
            return event.recorded_at.context("an event without a recorded time");
        }
    }
    Err(anyhow::anyhow!("the log is empty"))
}
