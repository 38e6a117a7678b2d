//! `detente info`: what server this is.

use clap::Args;

use super::{
    CommandFailure, connect,
    global_args::GlobalArgs,
    instant,
    table::{grid::Grid, question},
};
use detente_proto::v1::{GetServerInfoRequest, GetServerInfoResponse, Limits};

/// Arguments of `info`.
#[derive(Args, Debug)]
pub(crate) struct InfoArgs {}

impl InfoArgs {
    /// Asks, and shows what the server says of itself.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let ledger = connect::ledger(global).await?;
        let reply = ledger.ask(GetServerInfoRequest {}).await?;
        global.output.one(&reply, || table(&global.server, &reply))
    }
}

fn table(server: &str, reply: &GetServerInfoResponse) -> String {
    let mut grid = Grid::dense(["what", "value"]).whole(0);
    let mut row = |what: &str, value: String| grid.row([what.into(), value.into()]);
    row("server", server.to_owned());
    row("version", reply.version.clone());
    row("ledger", reply.ledger_id.clone());
    row("format", reply.format_version.to_string());
    row("head", reply.head.as_ref().map(question::coordinates).unwrap_or_default().trim_end().to_owned());
    row("store", format!("position {}", reply.store_position));
    row("clock", instant::format(reply.now.as_ref()));
    row("features", reply.features.join(", "));
    for (what, value) in reply.limits.iter().flat_map(limits) {
        row(what, value.to_string());
    }
    grid.render()
}

fn limits(limits: &Limits) -> [(&'static str, u64); 7] {
    [
        ("largest request, bytes", limits.max_request_bytes),
        ("most commands in an append", limits.max_commands.into()),
        ("largest claim, bytes", limits.max_claim_bytes.into()),
        ("most entries in a page", limits.max_page_size.into()),
        ("largest reply, bytes", limits.max_reply_bytes),
        ("most streams at once", limits.max_streams.into()),
        ("most subscriptions at once", limits.max_subscriptions.into()),
    ]
}
