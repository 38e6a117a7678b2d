//! The binary of the tests once more, as a process that can be killed.

use std::process::{Command, Stdio};

/// This binary as one of its tests, by the name of the module and of the test in it; its words can be read.
pub(crate) fn again(module: &str, test: &str) -> Command {
    // The path of a module begins with the name of the binary, the name of a test does not.
    let (_, module) = module.split_once("::").unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("{module}::{test}"), "--nocapture", "--test-threads", "1"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}
