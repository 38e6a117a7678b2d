//! `detente stages`: appends that are laid out on the server and not recorded yet; lists them, drops one.

use clap::{Args, Subcommand};

use super::{
    CommandFailure, connect,
    global_args::GlobalArgs,
    instant,
    pages::List,
    table::grid::{Grid, GridCell, Tone},
};
use detente_proto::v1::{DropStageResponse, ListStagesRequest, ListStagesResponse, Stage};

/// Arguments of `stages`.
#[derive(Args, Debug)]
pub(crate) struct StagesArgs {
    #[command(subcommand)]
    what: Option<StageAction>,
}

#[derive(Debug, Subcommand)]
enum StageAction {
    /// List the open stages, the oldest first. This is the default.
    List,
    /// Drop a stage with all that is staged in it. A recorded stage stays recorded.
    Drop {
        /// Id of the stage.
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl List for ListStagesResponse {
    type Element = Stage;

    fn elements(&self) -> &[Stage] {
        &self.stages
    }
}

impl StagesArgs {
    /// Asks, and shows the answer.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let ledger = connect::ledger(global).await?;
        match self.what.unwrap_or(StageAction::List) {
            StageAction::List => {
                let reply = ledger.ask(ListStagesRequest {}).await?;
                global.output.list(&reply, || match reply.stages.as_slice() {
                    [] => "There is no open stage.\n".to_owned(),
                    stages => table(stages),
                })
            }
            StageAction::Drop { id } => {
                let reply = DropStageResponse { dropped: ledger.drop_stage(&id).await? };
                global.output.one(&reply, || match reply.dropped {
                    true => format!("Stage {id} is dropped.\n"),
                    false => format!("There is no open stage {id}.\n"),
                })
            }
        }
    }
}

fn table(stages: &[Stage]) -> String {
    let columns = ["stage", "opened", "commands", "KiB", "by", "recorded time", "what"];
    let mut grid = Grid::dense(columns).whole(0).wide(6);
    for stage in stages {
        let what = match stage.damaged {
            true => GridCell::in_tone("its file is damaged", Tone::Alert),
            false => stage.title.as_str().into(),
        };
        grid.row([
            stage.stage_id.as_str().into(),
            instant::format(stage.created_at.as_ref()).into(),
            stage.next_command.to_string().into(),
            stage.bytes.div_ceil(1024).to_string().into(),
            stage.recorded_by.as_str().into(),
            instant::format(stage.recorded_at.as_ref()).into(),
            what,
        ]);
    }
    grid.render()
}
