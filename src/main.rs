//! The program `detente`: it parses its arguments, runs them, and says with which code it ends.

use detente_allocator::MiMalloc;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// For how long memory that is free is kept: a server that records all the time needs it again within seconds.
const FREE_MEMORY: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    detente_allocator::keep_free_memory_for(FREE_MEMORY);
    detente::cli::run(std::env::args_os().collect())
}
