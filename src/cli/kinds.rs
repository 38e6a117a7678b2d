//! `detente kinds`: the registered kinds of claims.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages, schemes,
    suppose_args::SupposeArgs,
    table::{grid::Grid, question, state},
};
use detente_proto::v1::{Kind, ListKindsRequest, ListKindsResponse, kind_value::Part};

/// Arguments of `kinds`.
#[derive(Args, Debug)]
pub(crate) struct KindsArgs {
    /// Names of the kinds to show. Default: all.
    #[arg(value_name = "KIND")]
    kinds: Vec<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl KindsArgs {
    /// Asks, and shows the kinds.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let what_if = self.suppose.commands()?;
        let question = ListKindsRequest { kinds: self.kinds, cut: self.cut.cut(), what_if, ..Default::default() };
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(&reply))
    }
}

fn table(reply: &ListKindsResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["kind", "description", "value", "marks", "scale", "rev"]);
    for kind in &reply.kinds {
        grid.row([
            kind.kind.as_str().into(),
            kind.description.as_str().into(),
            value(kind).into(),
            marks(kind).into(),
            schemes::scale(&kind.scale).into(),
            kind.revision.to_string().into(),
        ]);
    }
    let heading = question::of_list("Kinds", None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}

fn value(kind: &Kind) -> String {
    match kind.value.as_ref().and_then(|value| value.part.as_ref()) {
        None => String::new(),
        Some(Part::Status(_)) => "status".to_owned(),
        Some(Part::Polarity(_)) => "polarity".to_owned(),
        Some(Part::Quantity(name)) => format!("quantity {name}"),
        Some(Part::Code(scheme)) => format!("code of {scheme}"),
        Some(Part::Role(role)) => format!("parties as {role}"),
    }
}

fn marks(kind: &Kind) -> String {
    let marks = [("one value at a time", kind.single_valued), ("promise", kind.promise)];
    marks.iter().filter(|(_, is_so)| *is_so).map(|(mark, _)| *mark).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::KindValue;

    #[test]
    fn a_kind_tells_its_value_and_marks() {
        let value = KindValue { part: Some(Part::Code("CAMEO".into())) };
        let kind = Kind { value: Some(value), single_valued: true, promise: true, ..Default::default() };
        assert_eq!(super::value(&kind), "code of CAMEO");
        assert_eq!(marks(&kind), "one value at a time, promise");
        assert_eq!((super::value(&Kind::default()), marks(&Kind::default())), (String::new(), String::new()));
    }
}
