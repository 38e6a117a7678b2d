//! `detente completions`: the script that lets a shell complete this command line.
//!
//! ```text
//! detente completions bash > ~/.local/share/bash-completion/completions/detente
//! ```

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CommandFailure, output};

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Shell to generate completions for.
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script.
    pub(crate) fn run(self) -> Result<(), CommandFailure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "detente", &mut script);
        output::write(&String::from_utf8(script).map_err(CommandFailure::other)?)
    }
}
