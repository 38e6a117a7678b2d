//! The flag that supposes: the commands of a file, as `append` takes it, on top of what is recorded, without recording them.

use clap::Args;
use std::path::PathBuf;

use super::{CommandFailure, append};
use detente_proto::v1::Command;

/// Commands to suppose.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Supposition")]
pub(crate) struct SupposeArgs {
    /// File of commands to suppose on top of the cut for this answer only: AppendRequests as JSON, as `append` takes them. `-`
    /// is standard input. They are never recorded.
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
}

impl SupposeArgs {
    /// The commands.
    pub(crate) fn commands(&self) -> Result<Vec<Command>, CommandFailure> {
        let Some(file) = &self.what_if else { return Ok(Vec::new()) };
        Ok(append::input::read(file)?.into_iter().flat_map(|request| request.commands).collect())
    }
}
