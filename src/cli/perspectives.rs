//! `detente perspectives`: the state according to a party, a source, or an order of authorities, side by side.
//!
//! ```text
//! detente perspectives AZE-RUS --valid-at 2025-07 --according-to AZE --according-to RUS --according-to DOC,DESK
//! ```

use std::collections::HashMap;

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    state::Mode,
    suppose_args::SupposeArgs,
    table::{
        TableView, claim,
        grid::{Grid, GridCell},
        period, question, state,
    },
};
use detente_proto::v1::{
    Authority, AuthorityOrder, Claim, ComparePerspectivesRequest, ComparePerspectivesResponse, Emptiness, Filter,
    Perspective, PerspectiveState, StateMode, authority, perspective,
};

/// Arguments of `perspectives`.
#[derive(Args, Debug)]
pub(crate) struct PerspectivesArgs {
    /// Point of view: a party (AZE), a source (source:ID), or an order of authorities joined by commas, the highest first. Give
    /// it once for each column.
    #[arg(long, value_name = "VIEW", required = true, value_parser = view)]
    according_to: Vec<Perspective>,
    /// Interpretation of the date.
    #[arg(long, value_enum, default_value_t = Mode::Default)]
    mode: Mode,
    /// Date of the question (EDTF): a year, month, day, quarter, unspecified digits or date-time. Default: today in UTC.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    /// The most claims to show for each point of view. Default 50, at most 1000.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    page_size: u32,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

impl PerspectivesArgs {
    /// Asks, and shows the answers side by side.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let mode = StateMode::from(self.mode);
        let question = ComparePerspectivesRequest {
            filter: self.filter.filter(None),
            perspectives: self.according_to,
            valid_at: self.valid_at.unwrap_or_default(),
            mode: mode.into(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            page_size: self.page_size,
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = ledger.ask(question).await?;
        global.output.list(&reply, || table(mode, filter.as_ref(), &reply, &global.into()))
    }
}

/// `AZE`, `source:gazette`, or `AZE,source:gazette`.
fn view(text: &str) -> Result<Perspective, String> {
    let voices = text.split(',').map(voice).collect::<Result<Vec<_>, _>>()?;
    let view = match <[Authority; 1]>::try_from(voices) {
        Ok([Authority { authority: Some(authority::Authority::PartyId(id)) }]) => perspective::View::PartyId(id),
        Ok([Authority { authority: Some(authority::Authority::SourceId(id)) }]) => perspective::View::SourceId(id),
        Ok([Authority { authority: None }]) => return Err("name a party or a source".to_owned()),
        Err(authorities) => perspective::View::Authorities(AuthorityOrder { authorities }),
    };
    Ok(Perspective { view: Some(view) })
}

fn voice(text: &str) -> Result<Authority, String> {
    let authority = match text.strip_prefix("source:") {
        Some("") => return Err("`source:` needs an id".to_owned()),
        Some(id) => authority::Authority::SourceId(id.to_owned()),
        None if text.is_empty() => return Err("write it as PARTY, source:ID, or several joined by commas".to_owned()),
        None => authority::Authority::PartyId(text.to_owned()),
    };
    Ok(Authority { authority: Some(authority) })
}

fn table(mode: StateMode, filter: Option<&Filter>, reply: &ComparePerspectivesResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let meanings = reply.perspectives.iter().map(|state| format!("According to {}\n", meaning(state)));
    [
        question::of_state(mode, filter, &context),
        question::coordinates(&context),
        side_by_side(&reply.perspectives, view),
        meanings.collect(),
    ]
    .concat()
}

/// A row for each claim that anyone has, a column for each point of view.
fn side_by_side(states: &[PerspectiveState], view: &TableView) -> String {
    let names = states.iter().map(|state| name(state.perspective.as_ref()));
    let columns = ["claim", "kind", "valid", "marks", "id"].map(str::to_owned).into_iter().chain(names).collect();
    let mut grid = Grid::with_columns(columns).wide(0);
    let mut order: Vec<&Claim> = Vec::new();
    let mut found: HashMap<(&str, usize), i32> = HashMap::new();
    for (column, state) in states.iter().enumerate() {
        for matched in &state.matches {
            let Some(claim) = &matched.claim else { continue };
            if !order.iter().any(|other| other.claim_id == claim.claim_id) {
                order.push(claim);
            }
            found.insert((&claim.claim_id, column), matched.certainty);
        }
    }
    for claim in order {
        let certainty = |column| found.get(&(claim.claim_id.as_str(), column));
        let says = |column| certainty(column).map_or_else(GridCell::default, |certainty| state::certainty(*certainty));
        let mut row: Vec<GridCell> = vec![
            claim::text(claim, view).into(),
            claim.kind.as_str().into(),
            period::format(claim, None).into(),
            claim::marks(claim),
            claim::id(claim, view).into(),
        ];
        row.extend((0..states.len()).map(says));
        grid.row_of(row);
    }
    grid.render()
}

/// Sums up one point of view in a sentence.
fn meaning(state: &PerspectiveState) -> String {
    let total = usize::try_from(state.total).unwrap_or(usize::MAX);
    let shown = if state.matches.len() < total { format!(" ({} shown)", state.matches.len()) } else { String::new() };
    let overruled = match state.overruled {
        0 => String::new(),
        1 => "; 1 claim gave way to a higher authority".to_owned(),
        n => format!("; {n} claims gave way to a higher authority"),
    };
    let what = match state.emptiness() {
        Emptiness::NotEmpty | Emptiness::Unspecified => state::claims(total),
        Emptiness::RecordedAbsence => {
            format!("recorded absence, {} that there is none, or that none is known", says(total))
        }
        Emptiness::NothingCovers => "nothing at this date".to_owned(),
        Emptiness::OnlyRetracted => "nothing that is not retracted".to_owned(),
        Emptiness::NothingRecorded => "nothing is recorded".to_owned(),
    };
    super::table::escape::line(&format!("{}: {what}{shown}{overruled}.", name(state.perspective.as_ref())))
}

fn says(claims: usize) -> String {
    if claims == 1 { "1 claim says".to_owned() } else { format!("{claims} claims say") }
}

fn name(perspective: Option<&Perspective>) -> String {
    let of = |authority: &Authority| match &authority.authority {
        Some(authority::Authority::PartyId(id)) => id.clone(),
        Some(authority::Authority::SourceId(id)) => format!("source {id}"),
        None => "?".to_owned(),
    };
    match perspective.and_then(|perspective| perspective.view.as_ref()) {
        Some(perspective::View::PartyId(id)) => id.clone(),
        Some(perspective::View::SourceId(id)) => format!("source {id}"),
        Some(perspective::View::Authorities(order)) => {
            order.authorities.iter().map(of).collect::<Vec<_>>().join(", then ")
        }
        None => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{Certainty, StateMatch, Text};

    #[test]
    fn a_point_of_view_is_a_party_a_source_or_several_in_order() {
        let named = |text: &str| view(text).map(|perspective| name(Some(&perspective)));
        assert_eq!(named("AZE").as_deref(), Ok("AZE"));
        assert_eq!(named("source:wire:1").as_deref(), Ok("source wire:1"));
        assert_eq!(named("AZE,source:gazette,RUS").as_deref(), Ok("AZE, then source gazette, then RUS"));
        for wrong in ["", "AZE,", "source:"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }

    fn state(from: &str, matches: &[(&str, Certainty)], overruled: u64) -> PerspectiveState {
        let found = |(text, certainty): &(&str, Certainty)| {
            let texts = vec![Text { lang: "en".into(), text: (*text).into(), ..Default::default() }];
            let claim = Claim { claim_id: (*text).into(), texts, ..Default::default() };
            StateMatch { certainty: (*certainty).into(), claim: Some(claim), as_of_age_days: None }
        };
        PerspectiveState {
            perspective: view(from).ok(),
            matches: matches.iter().map(found).collect(),
            emptiness: Emptiness::NotEmpty.into(),
            total: matches.len() as u64,
            overruled,
        }
    }

    #[test]
    fn a_claim_that_several_have_is_one_row() {
        let states = [
            state("AZE", &[("both", Certainty::Definite), ("one", Certainty::Possible)], 0),
            state("RUS", &[("both", Certainty::Definite)], 2),
        ];
        let table = side_by_side(&states, &TableView { lang: "en".into(), full_ids: false });
        let rows: Vec<&str> =
            table.lines().filter(|line| line.contains("definite") || line.contains("possible")).collect();
        assert_eq!(rows.len(), 2, "{table}");
        assert_eq!(rows[0].matches("definite").count(), 2, "{table}");
        assert_eq!(meaning(&states[1]), "RUS: 1 claim; 2 claims gave way to a higher authority.");
        let nothing = PerspectiveState { emptiness: Emptiness::NothingRecorded.into(), ..state("source:x", &[], 0) };
        assert_eq!(meaning(&nothing), "source x: nothing is recorded.");
    }
}
