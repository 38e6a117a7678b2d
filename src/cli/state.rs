//! `detente state`: what was the state at a date, as known at a cut?
//!
//! ```text
//! detente state AZE-RUS --kind agreement --valid-at 2025-07 --known-at 2025-08-02
//! ```

use clap::{Args, ValueEnum};

use super::{
    CommandFailure, connect, cut_args::CutArgs, filter_args::FilterArgs, global_args::GlobalArgs, page_args::PageArgs,
    pages, suppose_args::SupposeArgs, table,
};
use detente_proto::v1::{GetStateRequest, StateMode};

/// Arguments of `state`.
#[derive(Args, Debug)]
pub(crate) struct StateArgs {
    /// Interpretation of the date.
    #[arg(long, value_enum, default_value_t = Mode::Default)]
    mode: Mode,
    /// Date of the question (EDTF): a year, month, day, quarter, unspecified digits or date-time. Default: today in UTC.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    /// Include retracted claims, marked as such.
    #[arg(long)]
    include_retracted: bool,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

/// The meaning of an asked date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// States that hold and events that have happened, together.
    #[value(alias = "STATE_MODE_UNSPECIFIED")]
    Default,
    /// States that hold at some time within the date.
    #[value(alias = "holds_at", alias = "HOLDS_AT", alias = "STATE_MODE_HOLDS_AT")]
    HoldsAt,
    /// Events that have happened by the end of the date.
    #[value(alias = "occurred_by", alias = "OCCURRED_BY", alias = "STATE_MODE_OCCURRED_BY")]
    OccurredBy,
    /// Events that happen within the date.
    #[value(alias = "occurred_in", alias = "OCCURRED_IN", alias = "STATE_MODE_OCCURRED_IN")]
    OccurredIn,
}

impl From<Mode> for StateMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Default => Self::Unspecified,
            Mode::HoldsAt => Self::HoldsAt,
            Mode::OccurredBy => Self::OccurredBy,
            Mode::OccurredIn => Self::OccurredIn,
        }
    }
}

impl StateArgs {
    /// Asks, and shows the answer.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let mode = StateMode::from(self.mode);
        let question = GetStateRequest {
            filter: self.filter.filter(None),
            valid_at: self.valid_at.unwrap_or_default(),
            mode: mode.into(),
            include_retracted: self.include_retracted,
            what_if: self.suppose.commands()?,
            cut: self.cut.cut(),
            ..Default::default()
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table::state::table(mode, filter.as_ref(), &reply, &global.into()))
    }
}
