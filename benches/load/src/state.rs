//! Asks for the state of one relationship at a date: about fifty claims of a ledger made by `fill`.
//!
//! By default replies are counted, not decoded, as for the echo and for PostgreSQL; `--decode` makes messages of them.

use crate::Common;
use crate::cases::{ANSWER, asked_day, date, relationship};
use crate::claims::KIND;
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::{Caller, Target};
use crate::read_events;
use crate::result::Outcome;
use crate::wire::count_field;
use crate::words::Chance;
use anyhow::{Result, ensure};
use bytes::Bytes;
use detente::v1;
use detente::v1::get_state_request::Cut;
use prost::Message as _;

/// The path of the rpc.
pub const PATH: &str = "/detente.v1.LedgerService/GetState";

/// What to ask.
#[derive(clap::Args)]
pub struct StateArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// Over how many relationships the questions spread.
    #[arg(long, default_value_t = 1)]
    relationships: u64,
    /// Ask at the recorded time of the event in the middle of the log, instead of at the head.
    #[arg(long)]
    old_cut: bool,
    /// Decode the replies.
    #[arg(long)]
    decode: bool,
    /// Do not check that the answers hold about fifty claims.
    #[arg(long)]
    any_size: bool,
}

/// Measures questions for the state.
///
/// # Errors
/// When a question is refused, or the answers are of the wrong size.
pub async fn run(args: StateArgs, common: Common) -> Result<()> {
    let cut = match args.old_cut {
        true => Some(Cut::KnownAt(read_events::middle(&args.target).await?)),
        false => None,
    };
    let asking = |(number, channel)| Asking {
        caller: Caller::new(channel, PATH),
        chance: Chance::from_seed(number as u64),
        relationships: args.relationships,
        cut: cut.clone(),
        decode: args.decode,
    };
    let channels = args.target.channels(args.pace.clients).await?;
    let measured = closed_loop::run(args.pace, channels.into_iter().enumerate().map(asking)).await?;
    let claims = measured.answers.items as f64 / measured.calls.max(1) as f64;
    let expected = ANSWER as f64;
    ensure!(
        args.any_size || (claims - expected).abs() < expected * 0.2,
        "{claims} claims in an answer, not {expected}"
    );
    let bench = if args.decode { "state decoded" } else { "state" };
    Outcome::of_loop("detente", bench, &measured, args.pace.clients, 1, "queries/s").print(&common)
}

struct Asking {
    caller: Caller,
    chance: Chance,
    relationships: u64,
    cut: Option<Cut>,
    decode: bool,
}

impl Asking {
    fn question(&mut self) -> Bytes {
        const MORE_THAN_ALL: u32 = 200;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let item = v1::FilterItem {
            relationships: vec![text(&relationship(self.chance.below(self.relationships)))],
            kinds: vec![KIND.to_owned()],
            ..v1::FilterItem::default()
        };
        let request = v1::GetStateRequest {
            filter: Some(v1::Filter { items: vec![item] }),
            valid_at: text(&date(asked_day(self.chance.next()))),
            mode: v1::StateMode::HoldsAt.into(),
            cut: self.cut.clone(),
            page_size: MORE_THAN_ALL,
            ..v1::GetStateRequest::default()
        };
        request.encode_to_vec().into()
    }
}

impl Client for Asking {
    async fn call(&mut self) -> Result<Answer> {
        const MATCHES: u32 = 2;
        let question = self.question();
        let reply = self.caller.call(question).await?;
        let bytes = reply.len() as u64;
        let items = match self.decode {
            true => v1::GetStateResponse::decode(reply)?.matches.len() as u64,
            false => count_field(&reply, MATCHES),
        };
        Ok(Answer { bytes, items })
    }
}
