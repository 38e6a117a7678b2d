//! Asks for the state of relationships at dates that a file names, a question a line: `AZE-RUS 1995`. Each client takes the
//! questions at random. For ledgers that `load` did not fill, such as an imported data set.
//!
//! Replies are counted, not decoded, as in [`crate::state`].

use crate::Common;
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::{Caller, Target};
use crate::result::Outcome;
use crate::state::PATH;
use crate::wire::count_field;
use crate::words::Chance;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use detente_proto::v1;
use detente_proto::v1::Cut;
use prost::Message as _;
use std::path::PathBuf;
use std::sync::Arc;

/// The questions to measure.
#[derive(clap::Args)]
pub struct AskArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// A file with a question a line: a relationship and a date.
    #[arg(long)]
    questions: PathBuf,
    /// Ask at a position of the log instead of at the head: the last of an append.
    #[arg(long)]
    position: Option<u64>,
}

/// Measures the questions.
///
/// # Errors
/// If there are none, or one is refused.
pub async fn run(args: AskArgs, common: Common) -> Result<()> {
    let text = std::fs::read_to_string(&args.questions).with_context(|| args.questions.display().to_string())?;
    let questions: Arc<[Bytes]> = text.lines().filter_map(|line| question(line, args.position)).collect();
    ensure!(!questions.is_empty(), "no question in {}", args.questions.display());
    let channels = args.target.channels(args.pace.clients).await?;
    let asking = |(number, channel)| Asking {
        caller: Caller::new(channel, PATH),
        chance: Chance::from_seed(number as u64),
        questions: Arc::clone(&questions),
    };
    let measured = closed_loop::run(args.pace, channels.into_iter().enumerate().map(asking)).await?;
    ensure!(measured.answers.items > 0, "no answer holds a claim");
    Outcome::of_loop("detente", "ask", &measured, args.pace.clients, 1, "queries/s").print(&common)
}

fn question(line: &str, position: Option<u64>) -> Option<Bytes> {
    let (relationship, date) = line.split_once(' ')?;
    let item = v1::FilterItem { relationships: vec![relationship.to_owned()], ..v1::FilterItem::default() };
    let request = v1::GetStateRequest {
        filter: Some(v1::Filter { items: vec![item] }),
        valid_at: date.to_owned(),
        mode: v1::StateMode::HoldsAt.into(),
        cut: position.map(Cut::position),
        ..v1::GetStateRequest::default()
    };
    Some(request.encode_to_vec().into())
}

struct Asking {
    caller: Caller,
    chance: Chance,
    questions: Arc<[Bytes]>,
}

impl Client for Asking {
    async fn call(&mut self) -> Result<Answer> {
        const MATCHES: u32 = 2;
        let which = self.chance.below(self.questions.len() as u64) as usize;
        let question = self.questions.get(which).cloned().unwrap_or_default();
        let reply = self.caller.call(question).await?;
        Ok(Answer { bytes: reply.len() as u64, items: count_field(&reply, MATCHES) })
    }
}
