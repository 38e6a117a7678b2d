//! `detente watch`: tells what comes into force, lapses, stops being certain or falls due, as it happens.
//!
//! It follows for ever. When the connection breaks it connects again and resumes with the token of the last frame, so that
//! nothing is missed and nothing comes twice; as JSON Lines every frame is written with its token, for a later `--after`.

use std::time::Duration;

use clap::Args;
use prost_types::Timestamp;

use super::{
    Failure, connect,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    instant,
    output::{self, Format},
    table::turn,
    words,
};
use crate::v1::{Turn, WatchClockRequest, WatchClockResponse};

/// How long to wait before connecting again, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Which turns, from when on?
#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// Only this turn: may-begin, begins, may-end, ends or falls-due. May be given several times.
    #[arg(long, value_name = "TURN", value_parser = words::parser::<Turn>(), hide_possible_values = true)]
    turn: Vec<Turn>,
    /// Resume after the frame that had this token. Default: begin now.
    #[arg(long, value_name = "TOKEN", conflicts_with = "from")]
    after: Option<String>,
    /// Begin with what was told at this instant or later.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read)]
    from: Option<Timestamp>,
    /// Tell also what had turned before it became known.
    #[arg(long)]
    include_late: bool,
    /// Stop after so many turns. Default: never.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: FilterArgs,
}

impl WatchArgs {
    /// Follows, and shows each turn as it comes.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), Failure> {
        let mut left = self.limit.unwrap_or(u64::MAX);
        let mut question = WatchClockRequest {
            filter: self.filter.filter(None),
            turns: self.turn.into_iter().map(i32::from).collect(),
            after: self.after.unwrap_or_default(),
            from: self.from,
            include_late: self.include_late,
            heartbeat: None,
        };
        let mut pause = PAUSE.0;
        let mut has_begun = false;
        while left > 0 {
            let before = question.after.clone();
            let ended = follow(&mut question, &mut left, global).await;
            has_begun |= question.after != before;
            if question.after != before {
                pause = PAUSE.0;
            }
            match ended {
                Err(failure) if !has_begun || !may_pass(&failure) => return Err(failure),
                Err(failure) => output::notice(&format!("{failure}; connecting again")),
                Ok(()) => {}
            }
            if left > 0 {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        }
        Ok(())
    }
}

/// Follows one connection to its end. The question becomes the one that resumes.
async fn follow(question: &mut WatchClockRequest, left: &mut u64, global: &GlobalArgs) -> Result<(), Failure> {
    let mut ledger = connect::ledger(&global.server).await?;
    let mut frames = ledger.watch_clock(question.clone()).await?.into_inner();
    while *left > 0
        && let Some(frame) = frames.message().await?
    {
        show(&frame, global)?;
        *left -= u64::from(frame.turn.is_some());
        (question.after, question.from) = (frame.token, None);
    }
    Ok(())
}

fn show(frame: &WatchClockResponse, global: &GlobalArgs) -> Result<(), Failure> {
    match (global.output, &frame.turn) {
        (Format::Table, Some(turn)) => output::write(&turn::line(turn, &global.into())),
        (Format::Table, None) => Ok(()),
        (Format::Json | Format::Jsonl, _) => output::lines(std::slice::from_ref(frame)),
    }
}

/// Whether it may help to try again.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } => true,
        Failure::Refused(refusal) => refusal.outcome_is_unknown() || refusal.code == tonic::Code::Unavailable,
        _ => false,
    }
}
