//! The ceilings that gRPC sets: calls and streams of the same sizes to the echo server.

use crate::Common;
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::{Caller, MAX_REPLY_BYTES, Target};
use crate::echo_server::pb;
use crate::result::Outcome;
use anyhow::Result;
use bytes::Bytes;
use prost::Message as _;
use std::time::Instant;

/// The sizes of a call.
#[derive(clap::Args)]
pub struct EchoArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// The size of the request's payload.
    #[arg(long, default_value_t = 330)]
    request_bytes: usize,
    /// The size of the reply's payload.
    #[arg(long, default_value_t = 200)]
    reply_bytes: u32,
    /// The number of events that a call stands for.
    #[arg(long, default_value_t = 1)]
    events: u64,
}

/// Measures calls.
///
/// # Errors
/// If the server does not answer.
pub async fn call(args: EchoArgs, common: Common) -> Result<()> {
    let payload = Bytes::from(vec![b'x'; args.request_bytes]);
    let request = Bytes::from(pb::CallRequest { reply_bytes: args.reply_bytes, payload }.encode_to_vec());
    let channels = args.target.channels(args.pace.clients).await?;
    let clients = channels.into_iter().map(|channel| Calling {
        caller: Caller::new(channel, "/detente.bench.echo.Echo/Call"),
        request: request.clone(),
    });
    let measured = closed_loop::run(args.pace, clients).await?;
    let unit = if args.events > 1 { "events/s" } else { "calls/s" };
    Outcome::of_loop("echo", "echo", &measured, args.pace.clients, args.events, unit).print(&common)
}

struct Calling {
    caller: Caller,
    request: Bytes,
}

impl Client for Calling {
    async fn call(&mut self) -> Result<Answer> {
        // A copy, as a client that makes its requests makes one.
        let reply = self.caller.call(Bytes::copy_from_slice(&self.request)).await?;
        Ok(Answer { bytes: reply.len() as u64, items: 1 })
    }
}

/// The sizes of a stream.
#[derive(clap::Args)]
pub struct StreamEchoArgs {
    #[command(flatten)]
    target: Target,
    /// The number of records.
    #[arg(long, default_value_t = 2_000_000)]
    records: u64,
    /// The number of records in one message.
    #[arg(long, default_value_t = 1_000)]
    records_per_message: u32,
    /// The size of each.
    #[arg(long, default_value_t = 350)]
    record_bytes: u32,
    /// The number of passes.
    #[arg(long, default_value_t = 1)]
    times: u32,
}

/// Measures a stream.
///
/// # Errors
/// If the stream breaks.
pub async fn stream(args: StreamEchoArgs, common: Common) -> Result<()> {
    for _ in 0..args.times {
        let channel = args.target.connect().await?;
        let mut echo = pb::echo_client::EchoClient::new(channel).max_decoding_message_size(MAX_REPLY_BYTES);
        let began = Instant::now();
        let request = pb::StreamRequest {
            records: args.records,
            records_per_message: args.records_per_message,
            record_bytes: args.record_bytes,
        };
        let mut batches = echo.stream(request).await?.into_inner();
        let mut records = 0;
        while let Some(batch) = batches.message().await? {
            records += batch.records.len() as u64;
        }
        let rate = records as f64 / began.elapsed().as_secs_f64();
        Outcome::figure("echo", "stream", rate, "events/s").with("events", records as f64).print(&common)?;
    }
    Ok(())
}
