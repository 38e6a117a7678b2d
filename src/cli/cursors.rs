//! `detente cursors`: the places in the feed that the server keeps; lists, makes, moves and deletes them.

use clap::{Args, Subcommand};

use super::{
    CommandFailure, connect,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    instant,
    output::OutputFormat,
    pages::List,
    table::{
        grid::{Grid, GridCell, Tone},
        question,
    },
};
use detente_client::Client;
use detente_proto::v1::{
    AcknowledgeCursorResponse, CreateCursorRequest, CreateCursorResponse, Cursor, DeleteCursorResponse, FromHead,
    ListCursorsRequest, ListCursorsResponse, create_cursor_request::Start,
};

/// Arguments of `cursors`.
#[derive(Args, Debug)]
pub(crate) struct CursorsArgs {
    #[command(subcommand)]
    what: Option<CursorAction>,
}

#[derive(Debug, Subcommand)]
enum CursorAction {
    /// List all cursors, by name. This is the default.
    List,
    /// Create a cursor. An existing one with the same start and filter keeps its position.
    Create(Box<CreateArgs>),
    /// Acknowledge that everything up to a position has been processed.
    Ack {
        /// Name of the cursor.
        #[arg(value_name = "NAME")]
        name: String,
        /// Position up to which everything has been processed. Must not be beyond the last delivered one.
        #[arg(value_name = "POSITION")]
        position: u64,
    },
    /// Delete a cursor. A subscription that uses it ends.
    Delete {
        /// Name of the cursor.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Arguments of `cursors create`.
#[derive(Args, Debug)]
struct CreateArgs {
    /// Name of the cursor: letters, digits, `_`, `-` and `.`.
    #[arg(value_name = "NAME")]
    name: String,
    /// Position to start right after. Default: the first event.
    #[arg(long, alias = "after", value_name = "N", conflicts_with = "from_head")]
    after_position: Option<u64>,
    /// Start with the next event that is recorded.
    #[arg(long)]
    from_head: bool,
    #[command(flatten)]
    filter: FilterArgs,
}

impl List for ListCursorsResponse {
    type Element = Cursor;

    fn elements(&self) -> &[Cursor] {
        &self.cursors
    }
}

impl CursorsArgs {
    /// Asks, and shows the answer.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let ledger = connect::ledger(global).await?;
        match self.what.unwrap_or(CursorAction::List) {
            CursorAction::List => list(&ledger, global.output).await,
            CursorAction::Create(args) => create(&ledger, *args, global.output).await,
            CursorAction::Ack { name, position } => {
                let cursor = Some(ledger.acknowledge_cursor(&name, position).await?);
                let reply = AcknowledgeCursorResponse { cursor };
                global.output.one(&reply, || table(reply.cursor.as_slice()))
            }
            CursorAction::Delete { name } => {
                ledger.delete_cursor(&name).await?;
                global.output.one(&DeleteCursorResponse {}, || format!("Cursor {name} is deleted.\n"))
            }
        }
    }
}

async fn list(ledger: &Client, output: OutputFormat) -> Result<(), CommandFailure> {
    let reply = ledger.ask(ListCursorsRequest {}).await?;
    output.list(&reply, || match reply.cursors.as_slice() {
        [] => "There is no cursor.\n".to_owned(),
        cursors => table(cursors),
    })
}

async fn create(ledger: &Client, args: CreateArgs, output: OutputFormat) -> Result<(), CommandFailure> {
    let mut filter = args.filter;
    let start = match (args.after_position, args.from_head) {
        (Some(position), _) => Some(Start::AfterPosition(position)),
        (None, true) => Some(Start::FromHead(FromHead {})),
        (None, false) => filter.take_recorded_from().map(Start::RecordedFrom),
    };
    let request = CreateCursorRequest { cursor_id: args.name, start, filter: filter.filter(None) };
    let reply = CreateCursorResponse { cursor: Some(ledger.create_cursor(request).await?) };
    output.one(&reply, || table(reply.cursor.as_slice()))
}

fn table(cursors: &[Cursor]) -> String {
    let mut grid = Grid::dense(["cursor", "acknowledged", "delivered", "moved", "about"]).whole(0).wide(4);
    for cursor in cursors {
        let about = match cursor.damaged {
            true => GridCell::in_tone("its file is damaged", Tone::Alert),
            false => question::filter(cursor.filter.as_ref()).into(),
        };
        grid.row([
            cursor.cursor_id.as_str().into(),
            cursor.acknowledged_position.to_string().into(),
            cursor.delivered_position.to_string().into(),
            instant::format(cursor.updated_at.as_ref()).into(),
            about,
        ]);
    }
    grid.render()
}
