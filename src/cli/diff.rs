//! `detente diff`: what changed between two coordinates, and why?
//!
//! ```text
//! detente diff AZE-RUS --from-known-at 2025-08-02 --to-known-at 2025-08-20
//! detente diff AZE-RUS --from-valid-at 2025-07 --to-valid-at 2025-09
//! ```

use clap::Args;
use prost_types::Timestamp;

use super::{
    CommandFailure, connect, filter_args::FilterArgs, global_args::GlobalArgs, instant, page_args::PageArgs, pages,
    state::Mode, suppose_args::SupposeArgs, table, words,
};
use detente_proto::v1::{ChangeReason, Coordinate, Cut, DiffRequest, StateMode};

/// Arguments of `diff`. With dates the states are compared, without dates the claims themselves.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    to: ToArgs,
    /// Interpretation of the dates.
    #[arg(long, value_enum, default_value_t = Mode::Default)]
    mode: Mode,
    /// Reason of the changes to show. Default: all.
    #[arg(long, value_name = "REASON", value_parser = words::parser::<ChangeReason>(), hide_possible_values = true)]
    reason: Vec<ChangeReason>,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

/// The earlier side.
#[derive(Args, Debug)]
#[command(next_help_heading = "Earlier side (at least one; a date needs a date on the later side)")]
#[group(required = true, multiple = true)]
struct FromArgs {
    /// Record as known at this instant, inclusive: 2025-08-02T00:00:00Z, or a day for its first moment.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read, conflicts_with_all = ["from_position", "from_basis"])]
    from_known_at: Option<Timestamp>,
    /// Record up to this position, which must be the last of an append. 0 is the empty record.
    #[arg(long, value_name = "N", conflicts_with = "from_basis")]
    from_position: Option<u64>,
    /// Exact cut of an earlier reply.
    #[arg(long, value_name = "BASIS")]
    from_basis: Option<String>,
    /// Date in the world (EDTF).
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    from_valid_at: Option<String>,
}

/// The later side.
#[derive(Args, Debug)]
#[command(next_help_heading = "Later side (default: the head)")]
struct ToArgs {
    /// Record as known at this instant, inclusive.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read, conflicts_with_all = ["to_position", "to_basis"])]
    to_known_at: Option<Timestamp>,
    /// Record up to this position, which must be the last of an append.
    #[arg(long, value_name = "N", conflicts_with = "to_basis")]
    to_position: Option<u64>,
    /// Exact cut of an earlier reply.
    #[arg(long, value_name = "BASIS")]
    to_basis: Option<String>,
    /// Date in the world (EDTF).
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    to_valid_at: Option<String>,
}

fn coordinate(
    known_at: Option<Timestamp>,
    position: Option<u64>,
    basis: Option<String>,
    valid_at: Option<String>,
) -> Option<Coordinate> {
    let cut = known_at.map(Cut::known_at).or(position.map(Cut::position)).or(basis.map(Cut::basis));
    Some(Coordinate { valid_at: valid_at.unwrap_or_default(), cut })
}

impl DiffArgs {
    /// Asks, and shows what changed.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let page = self.page.clone();
        let question = self.question()?;
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table::diff::table(filter.as_ref(), &reply, &global.into()))
    }

    fn question(self) -> Result<DiffRequest, CommandFailure> {
        let FromArgs { from_known_at, from_position, from_basis, from_valid_at } = self.from;
        let ToArgs { to_known_at, to_position, to_basis, to_valid_at } = self.to;
        Ok(DiffRequest {
            filter: self.filter.filter(None),
            from: coordinate(from_known_at, from_position, from_basis, from_valid_at),
            to: coordinate(to_known_at, to_position, to_basis, to_valid_at),
            mode: StateMode::from(self.mode).into(),
            reasons: self.reason.into_iter().map(i32::from).collect(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        diff: DiffArgs,
    }

    fn question(flags: &str) -> Result<DiffRequest, String> {
        let arguments = ["probe"].into_iter().chain(flags.split_whitespace());
        Ok(Probe::try_parse_from(arguments).map_err(|error| error.to_string())?.diff.question().unwrap())
    }

    #[test]
    fn both_sides_and_the_filter_are_understood() {
        let flags = "AZE-RUS --from-known-at 2025-08-02 --from-valid-at 2025-07 --to-position 9 --to-valid-at 2025-09 \
                     --reason late-report --reason RETRACTION --mode holds-at";
        let question = question(flags).unwrap();
        let (from, to) = (question.from.unwrap(), question.to.unwrap());
        assert_eq!(from.cut, Some(Cut::known_at(instant::read("2025-08-02").unwrap())));
        assert_eq!((to.cut, to.valid_at.as_str()), (Some(Cut::position(9)), "2025-09"));
        assert_eq!(question.reasons, [ChangeReason::LateReport, ChangeReason::Retraction].map(i32::from));
        assert_eq!(question.mode, i32::from(StateMode::HoldsAt));
        assert_eq!(question.filter.unwrap().items[0].relationships, ["AZE-RUS"]);
    }

    #[test]
    fn a_side_has_one_cut_and_the_earlier_one_must_be_given() {
        assert!(question("--to-known-at 2025-08-02").unwrap_err().contains("--from-known-at"));
        assert!(question("--from-position 1 --from-basis 1-a").unwrap_err().contains("cannot be used with"));
        assert!(question("--from-position 1 --to-position 2 --to-basis 1-a").is_err());
    }
}
