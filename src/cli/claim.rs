//! `detente claim`: one claim as of a cut, with everything that is recorded of it.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    instant,
    suppose_args::SupposeArgs,
    table::{claim, grid::Grid, period, question},
    words,
};
use detente_proto::v1::{Claim, GetClaimRequest, GetClaimResponse, LinkType, Polarity, TemporalType};

/// Arguments of `claim`.
#[derive(Args, Debug)]
pub(crate) struct ClaimArgs {
    /// Id of the claim.
    #[arg(value_name = "CLAIM")]
    id: String,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
}

impl ClaimArgs {
    /// Asks, and shows the claim.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = GetClaimRequest { claim_id: self.id, cut: self.cut.cut(), what_if: self.suppose.commands()? };
        let ledger = connect::ledger(global).await?;
        let reply = ledger.ask(question).await?;
        global.output.one(&reply, || table(&reply))
    }
}

fn table(reply: &GetClaimResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let claim = reply.claim.clone().unwrap_or_default();
    let mut grid = Grid::dense(["field", "value"]).whole(0);
    grid.row(["marks".into(), claim::marks(&claim)]);
    for (field, value) in fields(&claim) {
        if !value.is_empty() {
            grid.row([field.into(), value.into()]);
        }
    }
    let heading = question::of_list(&format!("Claim {}", claim.claim_id), None, &context);
    [heading, question::coordinates(&context), grid.render()].concat()
}

fn fields(claim: &Claim) -> Vec<(String, String)> {
    let named = |name: &str, value: String| (name.to_owned(), value);
    let mut fields: Vec<_> =
        claim.texts.iter().map(|text| (format!("text ({})", text.lang), text.text.clone())).collect();
    fields.extend([
        named("kind", claim.kind.clone()),
        named("type", words::format::<TemporalType>(claim.temporal_type)),
        named("valid", period::format(claim, None)),
        named("refers to", claim.refers_to.clone()),
        named("who says", claim::says(claim)),
        named("relationships", claim.relationships.join(", ")),
        named("parties", join(&claim.parties, |p| format!("{} as {}", p.party_id, p.role))),
        named("polarity", words::format::<Polarity>(claim.polarity)),
        named("due", claim.due.clone()),
        named("quantities", join(&claim.quantities, quantity)),
        named("place", claim.place.clone()),
        named("codes", join(&claim.codes, |code| format!("{}:{}", code.scheme, code.code))),
        named("sources", join(&claim.sources, |source| format!("{} {}", source.source_id, source.locator))),
        named(
            "links",
            join(&claim.links, |link| format!("{} {}", words::format::<LinkType>(link.r#type), link.claim_id)),
        ),
        named("disputes", disputes(claim)),
        named("external ids", claim::external_ids(claim)),
        named("labels", claim.labels.join(", ")),
        named("revision", claim.revision.to_string()),
        named("recorded", format!("{} by {}", instant::format(claim.recorded_at.as_ref()), claim.recorded_by)),
        named("note", claim.note.clone()),
    ]);
    fields
}

fn join<T>(things: &[T], shown: impl Fn(&T) -> String) -> String {
    things.iter().map(|thing| shown(thing).trim().to_owned()).collect::<Vec<_>>().join("; ")
}

fn quantity(quantity: &detente_proto::v1::Quantity) -> String {
    let number = match (quantity.value, quantity.low, quantity.high) {
        (Some(value), _, _) => value.to_string(),
        (None, Some(low), Some(high)) => format!("{low} to {high}"),
        (None, Some(low), None) => format!("at least {low}"),
        (None, None, Some(high)) => format!("at most {high}"),
        (None, None, None) => "?".to_owned(),
    };
    format!("{} {number} {}", quantity.name, quantity.unit)
}

/// The disputes that are listed, and how many more there are.
fn disputes(claim: &Claim) -> String {
    let listed = join(&claim.disputes, dispute);
    match (claim.unlisted_disputes, claim.unlisted_standing_disputes) {
        (0, _) => listed,
        (more, standing) => format!("{listed}; and {more} more, of which {standing} stand"),
    }
}

fn dispute(dispute: &detente_proto::v1::Dispute) -> String {
    let end = match &dispute.resolution {
        Some(resolution) => words::format::<detente_proto::v1::DisputeOutcome>(resolution.outcome),
        None => "stands".to_owned(),
    };
    format!("{} by {}: {} ({end})", dispute.dispute_id, dispute.disputed_by, dispute.statement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_number_a_range_or_a_limit() {
        let of = |value, low, high| {
            quantity(&detente_proto::v1::Quantity { name: "killed".into(), value, low, high, unit: String::new() })
        };
        assert_eq!(of(Some(38.0), None, None).trim(), "killed 38");
        assert_eq!(of(None, Some(2.0), Some(3.0)).trim(), "killed 2 to 3");
        assert_eq!(of(None, Some(2.0), None).trim(), "killed at least 2");
    }
}
