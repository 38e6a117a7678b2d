//! Asks for the state of one relationship at a date: about fifty claims of a ledger made by `fill`.
//!
//! By default replies are counted, not decoded, as for the echo and for PostgreSQL; `--decode` makes messages of them.
//! `--http` asks the same as JSON over HTTP.

use crate::Common;
use crate::cases::{ANSWER, asked_day, date, relationship};
use crate::claims::KIND;
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::{Caller, Target};
use crate::json::{JsonCaller, count};
use crate::read_events;
use crate::result::Outcome;
use crate::wire::count_field;
use crate::words::Chance;
use anyhow::{Result, ensure};
use bytes::Bytes;
use detente_proto::v1;
use detente_proto::v1::Cut;
use prost::Message as _;

/// The path of the rpc.
pub const PATH: &str = "/detente.v1.LedgerService/GetState";

/// The questions to measure.
#[derive(clap::Args)]
pub struct StateArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// The number of relationships that the questions spread over.
    #[arg(long, default_value_t = 1)]
    relationships: u64,
    /// Ask at the recorded time of the event in the middle of the log, instead of at the head.
    #[arg(long)]
    old_cut: bool,
    /// Decode the replies.
    #[arg(long)]
    decode: bool,
    /// Ask as JSON over HTTP/1.1, with a connection for each client.
    #[arg(long, conflicts_with_all = ["decode", "old_cut"])]
    http: bool,
    /// Do not check that the answers hold about fifty claims.
    #[arg(long)]
    any_size: bool,
}

/// Measures questions for the state.
///
/// # Errors
/// If a question is refused, or the answers are of the wrong size.
pub async fn run(args: StateArgs, common: Common) -> Result<()> {
    let cut = match args.old_cut {
        true => Some(Cut::known_at(read_events::middle(&args.target).await?)),
        false => None,
    };
    let asking = |number: usize| Asking {
        chance: Chance::from_seed(number as u64),
        relationships: args.relationships,
        cut: cut.clone(),
    };
    let measured = match args.http {
        true => {
            let mut clients = Vec::new();
            for number in 0..args.pace.clients {
                let caller = JsonCaller::connect(&args.target.server, PATH).await?;
                clients.push(InJson { caller, asking: asking(number) });
            }
            closed_loop::run(args.pace, clients).await?
        }
        false => {
            let channels = args.target.channels(args.pace.clients).await?.into_iter().enumerate();
            let client = |(number, channel)| {
                let caller = Caller::new(channel, PATH);
                InProtobuf { caller, asking: asking(number), decode: args.decode }
            };
            closed_loop::run(args.pace, channels.map(client)).await?
        }
    };
    let claims = measured.answers.items as f64 / measured.calls.max(1) as f64;
    let expected = ANSWER as f64;
    ensure!(
        args.any_size || (claims - expected).abs() < expected * 0.2,
        "{claims} claims in an answer, not {expected}"
    );
    let bench = match (args.decode, args.http) {
        (true, _) => "state decoded",
        (_, true) => "state as JSON",
        _ => "state",
    };
    Outcome::of_loop("detente", bench, &measured, args.pace.clients, 1, "queries/s").print(&common)
}

/// The questions of one client.
struct Asking {
    chance: Chance,
    relationships: u64,
    cut: Option<Cut>,
}

/// A page size at which all claims of an answer come on one page.
const MORE_THAN_ALL: u32 = 200;

impl Asking {
    fn next(&mut self) -> (String, String) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let relationship = text(&relationship(self.chance.below(self.relationships)));
        (relationship, text(&date(asked_day(self.chance.next()))))
    }

    fn question(&mut self) -> Bytes {
        let (relationship, valid_at) = self.next();
        let item = v1::FilterItem {
            relationships: vec![relationship],
            kinds: vec![KIND.to_owned()],
            ..v1::FilterItem::default()
        };
        let request = v1::GetStateRequest {
            filter: Some(v1::Filter { items: vec![item] }),
            valid_at,
            mode: v1::StateMode::HoldsAt.into(),
            cut: self.cut.clone(),
            page_size: MORE_THAN_ALL,
            ..v1::GetStateRequest::default()
        };
        request.encode_to_vec().into()
    }

    fn question_in_json(&mut self) -> String {
        let (relationship, valid_at) = self.next();
        format!(
            r#"{{"filter":{{"items":[{{"relationships":["{relationship}"],"kinds":["{KIND}"]}}]}},"validAt":"{valid_at}","mode":"STATE_MODE_HOLDS_AT","pageSize":{MORE_THAN_ALL}}}"#
        )
    }
}

struct InProtobuf {
    caller: Caller,
    asking: Asking,
    decode: bool,
}

impl Client for InProtobuf {
    async fn call(&mut self) -> Result<Answer> {
        const MATCHES: u32 = 2;
        let question = self.asking.question();
        let reply = self.caller.call(question).await?;
        let bytes = reply.len() as u64;
        let items = match self.decode {
            true => v1::GetStateResponse::decode(reply)?.matches.len() as u64,
            false => count_field(&reply, MATCHES),
        };
        Ok(Answer { bytes, items })
    }
}

struct InJson {
    caller: JsonCaller,
    asking: Asking,
}

impl Client for InJson {
    async fn call(&mut self) -> Result<Answer> {
        let question = self.asking.question_in_json();
        let reply = self.caller.call(&question).await?;
        Ok(Answer { bytes: reply.len() as u64, items: count(reply, br#""certainty":"#) })
    }
}
