//! The flag that supposes: the commands of a file, as `append` takes it, on top of what is recorded, without recording them.

use clap::Args;
use std::path::PathBuf;

use super::{Failure, append};
use detente_proto::v1::Command;

/// What if?
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "What if")]
pub(crate) struct SupposeArgs {
    /// Answer as if the commands in this file (AppendRequests as JSON, as `append` takes them; `-` is standard input) had
    /// been recorded. Nothing is.
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
}

impl SupposeArgs {
    /// The commands.
    pub(crate) fn commands(&self) -> Result<Vec<Command>, Failure> {
        let Some(file) = &self.what_if else { return Ok(Vec::new()) };
        Ok(append::input::read(file)?.into_iter().flat_map(|request| request.commands).collect())
    }
}
