//! `detente watch`: reports claims that come into force, lapse, stop being certain or fall due, as it happens.
//!
//! It follows for ever. If the connection breaks, it connects again and resumes with the token of the last frame, so
//! that nothing is missed and nothing comes twice; as JSON Lines every frame is written with its token, for a later
//! `--after`.

use clap::Args;
use prost_types::Timestamp;

use super::{
    CommandFailure, connect,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    instant,
    output::{self, OutputFormat},
    table::{escape, transition},
    words,
};
use detente_client::ClockNews;
use detente_proto::v1::{Transition, WatchClockRequest, WatchClockResponse};

/// Arguments of `watch`.
#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// Transition to show: may-begin, begins, may-end, ends or falls-due. May be given several times. Default: all.
    #[arg(long, value_name = "TRANSITION", value_parser = words::parser::<Transition>(), hide_possible_values = true)]
    transition: Vec<Transition>,
    /// Token of an earlier frame, to resume after it. Default: begin now.
    #[arg(long, value_name = "TOKEN", conflicts_with = "from")]
    after: Option<String>,
    /// Instant to begin at: transitions that were, or would have been, delivered then or later.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read)]
    from: Option<Timestamp>,
    /// Show also transitions that had passed before they became known.
    #[arg(long)]
    include_late: bool,
    /// The most transitions to show. Default: no limit.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: FilterArgs,
}

impl WatchArgs {
    /// Follows, and shows each transition as it comes.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let mut left = self.limit.unwrap_or(u64::MAX);
        let question = WatchClockRequest {
            filter: self.filter.filter(None),
            transitions: self.transition.into_iter().map(i32::from).collect(),
            after: self.after.unwrap_or_default(),
            from: self.from,
            include_late: self.include_late,
            heartbeat: None,
        };
        if left == 0 {
            return Ok(());
        }
        let mut watch = connect::ledger(global).await?.watch(question).await?;
        while left > 0 {
            match watch.next().await? {
                ClockNews::Frame(frame) => {
                    show(&frame, global)?;
                    left -= u64::from(frame.transition.is_some());
                }
                ClockNews::Interrupted(why) => output::notice(&escape::visible(&format!("{why}; connecting again"))),
            }
        }
        Ok(())
    }
}

fn show(frame: &WatchClockResponse, global: &GlobalArgs) -> Result<(), CommandFailure> {
    match (global.output, &frame.transition) {
        (OutputFormat::Table, Some(transition)) => output::write(&transition::line(transition, &global.into())),
        (OutputFormat::Table, None) => Ok(()),
        (OutputFormat::Json | OutputFormat::Jsonl, _) => output::lines(std::slice::from_ref(frame)),
    }
}
