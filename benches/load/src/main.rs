//! The load generator: drives one running server over loopback with N clients and reports its speed.
//!
//! Every measurement is the same closed loop ([`closed_loop`]): each client sends, waits for the answer, sends again; a
//! warm-up is not counted. The measurements differ in the server that they call:
//!
//! ```text
//!   append state read-events subscribe     Detente, through the contract
//!   fan-out diff fill info ask
//!   echo stream-echo raw-append probe      the ceilings: gRPC that does nothing, a file with one fdatasync per group
//!   umadb-append umadb-read                a peer, through its own client (feature `umadb`)
//!   report                                 many results into Markdown tables, also those of BENCHMARKS.md
//! ```
//!
//! The generator must not become the thing that is measured. So requests are put together from prepared bytes
//! ([`claims`]), and replies are read only as far as needed ([`codec`]). Its own limit shows in `append` and `state`
//! against the `echo-server`, which answers them, too, from one prepared reply.
//!
//! Not here: starting servers, and the order of measurements; that is `benches/run.sh`.

mod append;
mod ask;
mod cases;
mod claims;
mod closed_loop;
mod codec;
mod connect;
mod diff;
mod document;
mod echo;
mod echo_server;
mod fan_out;
mod fill;
mod info;
mod json;
mod raw;
mod read_events;
mod report;
mod result;
mod setup;
mod state;
mod subscribe;
#[cfg(feature = "umadb")]
mod umadb;
mod wire;
mod words;

use anyhow::Result;
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use std::future::Future;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Drives a running server with N clients and measures it.
#[derive(Parser)]
#[command(name = "load", version)]
struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// The options of every measurement.
#[derive(clap::Args, Clone)]
pub struct Common {
    /// Print one JSON object instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// The number of threads of the generator itself (or the echo server); 1 is a current-thread runtime.
    #[arg(long, global = true, default_value_t = 1)]
    threads: usize,
    /// A name for the measurement in results, for example the scenario it belongs to.
    #[arg(long, global = true, default_value = "")]
    case: String,
    /// Under which name it appears in results, instead of that of what was measured.
    #[arg(long, global = true)]
    who: Option<String>,
}

#[derive(Subcommand)]
enum Verb {
    /// Appends claims, durably.
    Append(append::AppendArgs),
    /// Asks for the state of one relationship.
    State(state::StateArgs),
    /// Asks for the states that a file names.
    Ask(ask::AskArgs),
    /// Reads the whole log as a stream, and decodes it.
    ReadEvents(read_events::ReadEventsArgs),
    /// Follows the log from its beginning until it has caught up.
    Subscribe(subscribe::SubscribeArgs),
    /// Follows what is recorded with many subscriptions, and says how soon it reaches them.
    FanOut(fan_out::FanOutArgs),
    /// Compares two cuts of a filled ledger between which some claims are revised.
    Diff(diff::DiffArgs),
    /// Puts claims into a ledger, to ask for later.
    Fill(fill::FillArgs),
    /// Waits until a server answers, or until sled has caught up with the journal, and says how long that took.
    Info(info::InfoArgs),
    /// Serves the ceilings: a bare echo, a bare stream, and the ledger's Append and GetState from a prepared reply.
    EchoServer(echo_server::EchoServerArgs),
    /// A ceiling: requests and replies of given sizes, and nothing done.
    Echo(echo::EchoArgs),
    /// A ceiling: a stream of batches of records of a given size.
    StreamEcho(echo::StreamEchoArgs),
    /// A ceiling: a bare file, one write and one fdatasync for all who wait.
    RawAppend(raw::RawArgs),
    /// A lone writer: how long one append of 300 bytes with its fdatasync takes at this minute.
    Probe(raw::ProbeArgs),
    /// Appends to UmaDB.
    #[cfg(feature = "umadb")]
    UmadbAppend(umadb::AppendArgs),
    /// Reads all of UmaDB's log.
    #[cfg(feature = "umadb")]
    UmadbRead(umadb::ReadArgs),
    /// Makes Markdown tables of results, one JSON object a line; also those of a document, in place.
    Report(report::ReportArgs),
    /// Prints how many bytes the messages of the measurements have.
    Sizes,
}

fn main() -> ExitCode {
    match measure(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(Args { common, verb }: Args) -> Result<()> {
    let threads = common.threads;
    match verb {
        Verb::Append(args) => run(threads, append::run(args, common)),
        Verb::State(args) => run(threads, state::run(args, common)),
        Verb::Ask(args) => run(threads, ask::run(args, common)),
        Verb::ReadEvents(args) => run(threads, read_events::run(args, common)),
        Verb::Subscribe(args) => run(threads, subscribe::catch_up(args, common)),
        Verb::FanOut(args) => run(threads, fan_out::run(args, common)),
        Verb::Diff(args) => run(threads, diff::run(args, common)),
        Verb::Fill(args) => run(threads, fill::run(args, common)),
        Verb::Info(args) => run(threads, info::run(args, common)),
        Verb::EchoServer(args) => run(threads, echo_server::run(args)),
        Verb::Echo(args) => run(threads, echo::call(args, common)),
        Verb::StreamEcho(args) => run(threads, echo::stream(args, common)),
        Verb::RawAppend(args) => run(threads, raw::run(args, common)),
        Verb::Probe(args) => raw::probe(&args, &common),
        #[cfg(feature = "umadb")]
        Verb::UmadbAppend(args) => run(threads, umadb::append(args, common)),
        #[cfg(feature = "umadb")]
        Verb::UmadbRead(args) => run(threads, umadb::read(args, common)),
        Verb::Report(args) => report::run(&args),
        Verb::Sizes => claims::print_sizes(),
    }
}

fn run(threads: usize, work: impl Future<Output = Result<()>>) -> Result<()> {
    let mut builder = match threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(threads.max(1)).enable_all().build()?.block_on(work)
}
