//! The flag that supposes commands on top of the record: what would the answer be, if these were recorded?
//!
//! The file is one that `detente append --file` takes, so that what was asked about can then be recorded as it is. Of its
//! requests the commands count, in order; request ids, preconditions and who records are for recording alone.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, append::input};
use crate::v1::Command;

/// What is supposed.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Supposing")]
pub(crate) struct WhatIfArgs {
    /// Answer as if the commands in this file were recorded, and record nothing: a file as `append --file` takes it, or
    /// `-` for standard input.
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
}

impl WhatIfArgs {
    /// The commands to suppose; none where no file is named.
    pub(crate) fn commands(self) -> Result<Vec<Command>, Failure> {
        let Some(file) = self.what_if else { return Ok(Vec::new()) };
        Ok(input::read(&file)?.into_iter().flat_map(|request| request.commands).collect())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        what_if: WhatIfArgs,
    }

    fn commands(flags: &[&str]) -> Result<Vec<Command>, Failure> {
        Probe::try_parse_from(["probe"].iter().chain(flags)).unwrap().what_if.commands()
    }

    #[test]
    fn the_commands_of_all_requests_in_the_file_are_supposed_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let request = |id: &str| format!(r#"{{"commands":[{{"note":"{id}","reinstateClaim":{{"claimId":"{id}"}}}}]}}"#);
        std::fs::write(file.path(), [request("a"), request("b")].join("\n")).unwrap();
        let supposed = commands(&["--what-if", file.path().to_str().unwrap()]).unwrap();
        assert_eq!(supposed.iter().map(|command| command.note.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(commands(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = commands(&["--what-if", "/no/such/file.json"]).unwrap_err();
        assert!(error.to_string().contains("/no/such/file.json"), "{error}");
    }
}
