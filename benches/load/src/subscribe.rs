//! Follows the log from its beginning until it has caught up.
//!
//! By default events are told apart and their positions read, as the records of the echo's stream are told apart. With
//! `--decode` a thread of its own makes messages of them. With a filter the server judges every event.

use crate::Common;
use crate::codec::Prepared;
use crate::connect::{MAX_REPLY_BYTES, Target};
use crate::result::Outcome;
use crate::wire::{fields, number_in};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use detente_proto::v1::subscribe_request::Start;
use detente_proto::v1::subscribe_response::Frame;
use prost::Message as _;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Streaming};

/// The subscription to measure.
#[derive(clap::Args)]
pub struct SubscribeArgs {
    #[command(flatten)]
    target: Target,
    /// The number of passes.
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// Decode the events.
    #[arg(long)]
    decode: bool,
    /// Ask for the claims with the label that all of them have, so that each event is judged and nearly each is wanted.
    #[arg(long)]
    labelled: bool,
    /// Ask for what is recorded in a thousand years, so that each event is judged and none is wanted.
    #[arg(long)]
    nothing: bool,
}

/// Frames as they come.
pub type Frames = Streaming<v1::SubscribeResponse>;

/// Follows the log from a place on.
///
/// # Errors
/// If the server refuses.
pub async fn follow(channel: Channel, start: Option<Start>) -> Result<Frames> {
    let mut ledger = LedgerServiceClient::new(channel).max_decoding_message_size(MAX_REPLY_BYTES);
    let request = v1::SubscribeRequest { start, ..v1::SubscribeRequest::default() };
    Ok(ledger.subscribe(request).await?.into_inner())
}

const PATH: &str = "/detente.v1.LedgerService/Subscribe";
/// The number of frames that may wait to be decoded.
const WAITING: usize = 8;

/// Measures how fast a follower from the first event on catches up.
///
/// # Errors
/// If an event is missing or comes twice.
pub async fn catch_up(args: SubscribeArgs, common: Common) -> Result<()> {
    for _ in 0..args.times {
        let mut grpc = Grpc::new(args.target.connect().await?).max_decoding_message_size(MAX_REPLY_BYTES);
        grpc.ready().await?;
        let filter = filter(&args);
        let mut seen = Seen { dense: filter.is_none(), ..Seen::default() };
        let request = v1::SubscribeRequest { filter, ..v1::SubscribeRequest::default() };
        let request = Request::new(Bytes::from(request.encode_to_vec()));
        let began = Instant::now();
        let mut frames = grpc.server_streaming(request, PathAndQuery::from_static(PATH), Prepared).await?.into_inner();
        if args.decode {
            seen = decode_frames(frames, seen).await?;
        } else {
            while !seen.look(&frames.message().await?.context("the feed has ended")?)? {}
        }
        seen.print(began.elapsed(), &args, &common)?;
    }
    Ok(())
}

fn filter(args: &SubscribeArgs) -> Option<v1::Filter> {
    let labelled = args.labelled.then(|| v1::FilterItem { labels: vec!["measured".to_owned()], ..Default::default() });
    let never = prost_types::Timestamp { seconds: 32_503_680_000, nanos: 0 };
    let nothing = args.nothing.then(|| v1::FilterItem { recorded_from: Some(never), ..Default::default() });
    labelled.or(nothing).map(|item| v1::Filter { items: vec![item] })
}

/// One thread receives frames as bytes, another makes events of them.
async fn decode_frames(mut frames: Streaming<Bytes>, mut seen: Seen) -> Result<Seen> {
    let (received, mut receiver) = mpsc::channel::<Bytes>(WAITING);
    let decoding = tokio::task::spawn_blocking(move || {
        while let Some(frame) = receiver.blocking_recv() {
            if seen.decode(&frame)? {
                break;
            }
        }
        Ok(seen)
    });
    while !received.is_closed() {
        let frame = tokio::select! {
            frame = frames.message() => frame?.context("the feed has ended")?,
            () = received.closed() => break,
        };
        if received.send(frame).await.is_err() {
            break;
        }
    }
    decoding.await?
}

/// The events that have arrived.
#[derive(Default)]
struct Seen {
    /// True if every event is wanted.
    dense: bool,
    /// The position of the last event.
    last: u64,
    /// The position of the last frame.
    position: u64,
    events: u64,
    bytes: u64,
    messages: u64,
}

impl Seen {
    /// Takes in a frame; says whether it is the one that says that what follows is live.
    fn look(&mut self, frame: &Bytes) -> Result<bool> {
        const EVENTS: u32 = 3;
        const CAUGHT_UP: u32 = 5;
        const EVENT: u32 = 1;
        const POSITION: u32 = 5;
        const FRAME_POSITION: u32 = 1;
        self.position = number_in(frame, FRAME_POSITION).unwrap_or_default();
        let mut caught_up = false;
        for (field, content) in fields(frame) {
            caught_up |= field == CAUGHT_UP;
            if field == EVENTS {
                self.messages += 1;
                self.bytes += content.len() as u64;
                for (_, event) in fields(content).filter(|(field, _)| *field == EVENT) {
                    self.event(number_in(event, POSITION).context("an event without a position")?)?;
                }
            }
        }
        Ok(caught_up)
    }

    /// The same, with messages made of it.
    fn decode(&mut self, frame: &Bytes) -> Result<bool> {
        let frame_of = v1::SubscribeResponse::decode(&**frame)?;
        self.position = frame_of.position;
        match frame_of.frame {
            Some(Frame::Events(batch)) => {
                self.messages += 1;
                self.bytes += frame.len() as u64;
                batch.events.iter().try_for_each(|event| self.event(event.position))?;
                Ok(false)
            }
            Some(Frame::CaughtUp(_)) => Ok(true),
            _ => Ok(false),
        }
    }

    fn event(&mut self, position: u64) -> Result<()> {
        let last = self.last;
        ensure!(position > last && (!self.dense || position == last + 1), "position {position} after {last}");
        self.last = position;
        self.events += 1;
        Ok(())
    }

    fn print(&self, took: Duration, args: &SubscribeArgs, common: &Common) -> Result<()> {
        let bench = if args.decode { "subscribe decoded" } else { "subscribe" };
        let each = |sum: u64, of: u64| sum as f64 / of.max(1) as f64;
        // The part of the log that the server has gone through: with a filter it is more than has come.
        Outcome::figure("detente", bench, self.position as f64 / took.as_secs_f64(), "events/s")
            .with("events", self.events as f64)
            .with("bytes_per_event", each(self.bytes, self.events))
            .with("events_per_message", each(self.events, self.messages))
            .print(common)
    }
}
