//! `detente schemes`: the registered code schemes.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{grid::Grid, question, state},
};
use detente_proto::v1::{ListSchemesRequest, ListSchemesResponse, ScaleEntry};

/// Arguments of `schemes`.
#[derive(Args, Debug)]
pub(crate) struct SchemesArgs {
    /// Names of the code schemes to show. Default: all.
    #[arg(value_name = "SCHEME")]
    schemes: Vec<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl SchemesArgs {
    /// Asks, and shows the schemes.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let what_if = self.suppose.commands()?;
        let question = ListSchemesRequest { schemes: self.schemes, cut: self.cut.cut(), what_if, ..Default::default() };
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(&reply))
    }
}

fn table(reply: &ListSchemesResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["scheme", "title", "scale", "rev"]);
    for scheme in &reply.schemes {
        grid.row([
            scheme.scheme.as_str().into(),
            scheme.title.as_str().into(),
            scale(&scheme.scale).into(),
            scheme.revision.to_string().into(),
        ]);
    }
    let heading = question::of_list("Schemes", None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}

/// A scale in a cell: its first entries, and how many more there are. JSON has them all.
pub(crate) fn scale(entries: &[ScaleEntry]) -> String {
    const SHOWN: usize = 4;
    let mut shown: Vec<_> = entries.iter().take(SHOWN).map(|of| format!("{} {}", of.value, of.score)).collect();
    match entries.len().saturating_sub(SHOWN) {
        0 => {}
        more => shown.push(format!("… {more} more")),
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_scale_is_shown_by_its_beginning() {
        let entry = |nth: u8| ScaleEntry { value: format!("0{nth}"), score: f64::from(nth) - 0.5 };
        assert_eq!(scale(&[]), "");
        assert_eq!(scale(&[entry(1), entry(2)]), "01 0.5, 02 1.5");
        let long: Vec<_> = (1..=9).map(entry).collect();
        assert_eq!(scale(&long), "01 0.5, 02 1.5, 03 2.5, 04 3.5, … 5 more");
    }
}
