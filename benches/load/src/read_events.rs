//! Reads the whole log as a stream and decodes it, as a follower would that has a lot to catch up with: one thread receives
//! messages as bytes, others make events of them, in turn.

use crate::Common;
use crate::codec::Prepared;
use crate::connect::{MAX_REPLY_BYTES, Target};
use crate::result::Outcome;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use detente_proto::v1::read_events_request::Start;
use prost::Message as _;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

/// The events to read.
#[derive(clap::Args)]
pub struct ReadEventsArgs {
    #[command(flatten)]
    target: Target,
    /// The most events to read; 0 reads all.
    #[arg(long, default_value_t = 0)]
    limit: u64,
    /// The number of passes.
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// The number of threads that decode messages.
    #[arg(long, default_value_t = 2)]
    decoders: usize,
}

/// Measures the reading of the log.
///
/// # Errors
/// If the stream ends early or an event is missing.
pub async fn run(args: ReadEventsArgs, common: Common) -> Result<()> {
    for _ in 0..args.times {
        let mut grpc = Grpc::new(args.target.connect().await?).max_decoding_message_size(MAX_REPLY_BYTES);
        grpc.ready().await?;
        let began = Instant::now();
        let request = v1::ReadEventsRequest { limit: args.limit, ..v1::ReadEventsRequest::default() };
        let request = Request::new(Bytes::from(request.encode_to_vec()));
        let mut batches = grpc.server_streaming(request, PathAndQuery::from_static(PATH), Prepared).await?.into_inner();
        let mut decoders: Vec<Decoder> = (0..args.decoders.max(1)).map(|_| Decoder::start()).collect();
        let (mut messages, mut bytes) = (0_u32, 0);
        while let Some(batch) = batches.message().await? {
            (messages, bytes) = (messages + 1, bytes + batch.len());
            let next = &decoders[(messages as usize - 1) % args.decoders.max(1)];
            if next.received.send(batch).await.is_err() {
                break;
            }
        }
        let mut decoded = Vec::new();
        for decoder in decoders.drain(..) {
            decoded.push(decoder.end().await?);
        }
        let events = in_turn(&decoded)?;
        let bytes_per_event = bytes as f64 / events.max(1) as f64;
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
/// The number of messages that may wait to be decoded.
const WAITING: usize = 8;

/// A thread that decodes messages.
struct Decoder {
    received: mpsc::Sender<Bytes>,
    decoding: JoinHandle<Result<Vec<Span>>>,
}

/// The positions of a message, from the first to the last.
type Span = (u64, u64);

impl Decoder {
    fn start() -> Self {
        let (received, receiver) = mpsc::channel(WAITING);
        Self { received, decoding: tokio::task::spawn_blocking(move || decode(receiver)) }
    }

    async fn end(self) -> Result<Vec<Span>> {
        drop(self.received);
        self.decoding.await?
    }
}

fn decode(mut received: mpsc::Receiver<Bytes>) -> Result<Vec<Span>> {
    let mut spans = Vec::new();
    while let Some(bytes) = received.blocking_recv() {
        let batch = v1::ReadEventsResponse::decode(&*bytes)?;
        let Some(first) = batch.events.first() else { continue };
        for (nth, event) in batch.events.iter().enumerate() {
            let expected = first.position + nth as u64;
            ensure!(event.position == expected, "position {} where {expected} was to come", event.position);
        }
        spans.push((first.position, first.position + batch.events.len() as u64 - 1));
    }
    Ok(spans)
}

/// Counts the events in messages that were decoded in turn, and checks that they are all from the first position on.
fn in_turn(decoded: &[Vec<Span>]) -> Result<u64> {
    let mut last = 0;
    let longest = decoded.iter().map(Vec::len).max().unwrap_or_default();
    for (first, until) in (0..longest).flat_map(|nth| decoded.iter().filter_map(move |spans| spans.get(nth))) {
        ensure!(*first == last + 1, "position {first} after {last}");
        last = *until;
    }
    Ok(last)
}

/// Returns the recorded time of the event in the middle of the log.
///
/// # Errors
/// If the log is empty or the server does not answer.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_were_decoded_in_turn_are_one_log() {
        assert_eq!(in_turn(&[vec![(1, 4), (8, 9)], vec![(5, 7)]]).expect("no error"), 9);
        assert!(in_turn(&[vec![(1, 4), (7, 9)], vec![(5, 5)]]).is_err());
        assert!(in_turn(&[vec![(2, 4)]]).is_err());
    }
}
