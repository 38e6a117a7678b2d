//! The program `detente`: it parses its arguments, runs them, and says with which code it ends.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Many small strings come and go with every claim; the system's allocator is measurably slower at that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    detente::cli::run(std::env::args_os()).await
}
