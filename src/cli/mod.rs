//! The command line `detente`: one file per verb, with the same words as the rpcs.
//!
//! ```text
//!   mod.rs        the tree of verbs, and the way from arguments to an exit code
//!   state.rs ...  one verb each: flags -> request -> reply -> output
//!   *_args.rs     the flags that several verbs share, and how they become a part of a request
//!   connect.rs    the channel                 pages.rs      many pages as one answer
//!   json.rs       canonical proto3 JSON       output.rs     which of the three forms, written to where
//!   table/        the form that people read   failure.rs    what went wrong, said so that it can be mended
//!                                             exit.rs       the exit codes
//! ```
//!
//! There are two sorts of verbs. Client verbs talk gRPC to a running server (`--server`) and know nothing of the disk.
//! Operator verbs (`serve`, `import`, ...) open a data directory themselves (`--data`); only their arguments live here,
//! what they do is in `crate::operator`.

mod access_args;
mod append;
mod claim;
mod claims;
mod commitments;
mod completions;
mod conflicts;
mod connect;
mod corroboration;
mod credentials;
mod cursors;
mod cut_args;
mod diff;
mod dump;
mod events;
mod exit;
mod export;
mod failure;
mod filter_args;
mod gaps;
mod global_args;
mod hint;
mod import;
mod info;
mod instant;
mod json;
mod key;
mod kinds;
mod output;
mod page_args;
mod pages;
mod pairs;
mod parties;
mod perspectives;
mod progress;
mod rebuild;
mod refusal;
mod relationships;
mod revisions;
mod schemes;
mod series;
mod serve;
mod sources;
mod span_args;
mod stages;
mod state;
mod subscribe;
mod suppose_args;
mod table;
mod timeline;
mod upcoming;
mod verify;
mod watch;
mod words;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

pub(crate) use crate::config::DEFAULT_LISTEN;

use self::{
    append::AppendArgs, claim::ClaimArgs, claims::ClaimsArgs, commitments::CommitmentsArgs,
    completions::CompletionsArgs, conflicts::ConflictsArgs, corroboration::CorroborationArgs, cursors::CursorsArgs,
    diff::DiffArgs, events::EventsArgs, exit::Exit, export::ExportArgs, gaps::GapsArgs, global_args::GlobalArgs,
    info::InfoArgs, key::KeyArgs, kinds::KindsArgs, parties::PartiesArgs, perspectives::PerspectivesArgs,
    relationships::RelationshipsArgs, revisions::RevisionsArgs, schemes::SchemesArgs, series::SeriesArgs,
    sources::SourcesArgs, stages::StagesArgs, state::StateArgs, subscribe::SubscribeArgs, timeline::TimelineArgs,
    upcoming::UpcomingArgs, watch::WatchArgs,
};
pub(crate) use self::{
    dump::DumpArgs,
    export::TableExport,
    failure::CommandFailure,
    import::{ImportArgs, RowImport},
    output::{notice, write},
    progress::{bar, counter},
    rebuild::RebuildArgs,
    serve::{LogFormat, ServeArgs},
    verify::VerifyArgs,
};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "detente",
    version,
    about = "An append-only, versioned record of claims about relationships",
    long_about = "An append-only, versioned record of claims about relationships between states, organisations, any \
                  parties. A question names two dates: --valid-at, the date in the world that it asks about, and \
                  --known-at, the cut of the record that may be used to answer.",
    after_long_help = exit::table(),
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
enum Command {
    /// Record a batch of commands from JSON, or one claim from flags, all or nothing.
    Append(Box<AppendArgs>),
    /// Show the state at a date, as known at a cut.
    State(Box<StateArgs>),
    /// Show the changes between two coordinates with their reasons, of the world or of our knowledge.
    Diff(Box<DiffArgs>),
    /// Show one claim as of a cut.
    Claim(ClaimArgs),
    /// List the revisions of one claim with the fields that each changed.
    Revisions(RevisionsArgs),
    /// List the claims that match a filter or a text, whatever their valid time.
    Claims(Box<ClaimsArgs>),
    /// Show the state according to parties, sources or orders of authorities, side by side.
    Perspectives(Box<PerspectivesArgs>),
    /// List the claims that contradict one another.
    Conflicts(Box<ConflictsArgs>),
    /// Count the reports and independent origins for and against claims.
    Corroboration(Box<CorroborationArgs>),
    /// List promises and their settlement.
    Commitments(Box<CommitmentsArgs>),
    /// Show the course of the state over a span of valid time.
    Timeline(Box<TimelineArgs>),
    /// Count claims and add up their scores in buckets of valid time.
    Series(Box<SeriesArgs>),
    /// List the gaps of the record.
    Gaps(Box<GapsArgs>),
    /// List the registered parties.
    Parties(PartiesArgs),
    /// List the registered sources.
    Sources(SourcesArgs),
    /// List the registered kinds of claims with their properties.
    Kinds(KindsArgs),
    /// List the registered code schemes with their scales.
    Schemes(SchemesArgs),
    /// List the relationships that claims are about.
    Relationships(RelationshipsArgs),
    /// Read the log in order up to its head.
    Events(Box<EventsArgs>),
    /// Follow the log: recorded events, then new ones. Resumes by itself after a broken connection.
    Subscribe(Box<SubscribeArgs>),
    /// List, create, move and delete cursors, the named positions in the feed that the server keeps.
    Cursors(CursorsArgs),
    /// List the staged appends that are not recorded yet, or drop one.
    Stages(StagesArgs),
    /// List the transitions in a span of time: claims that begin, end, stop being certain or fall due.
    Upcoming(Box<UpcomingArgs>),
    /// Follow the transitions of claims as they come due.
    Watch(Box<WatchArgs>),
    /// Write the whole record as JSON Lines, or a state, claims or the log as CSV, Parquet or JSON.
    Export(Box<ExportArgs>),
    /// Import an export of another ledger, or with a mapping the rows of a data set or its next release.
    Import(Box<ImportArgs>),
    /// Show the version, the ledger, the head and the limits of the server.
    Info(InfoArgs),
    /// Make, list and revoke the API keys of the callers of a server.
    Key(KeyArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    #[command(flatten)]
    Operator(OperatorCommand),
}

/// The verbs that open a data directory themselves.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Serve a ledger over gRPC.
    Serve(ServeArgs),
    /// Read every stored byte and report damage.
    Verify(VerifyArgs),
    /// Rebuild the store and its indexes from the journal.
    Rebuild(RebuildArgs),
    /// Show the journal as it is stored.
    Dump(DumpArgs),
}

/// Runs one command line, given with the name of the program first, and returns the code to exit with.
///
/// Answers go to standard output; failures, notices and progress go to standard error. Everything runs on this thread but what
/// a server or an import starts. The program itself has no code of it to compile, since neither a type parameter nor a future
/// leaves this function.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return explain(&error).into(),
    };
    let format = cli.global.output;
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(|cause| CommandFailure::Other(cause.into()));
    match runtime.and_then(|runtime| runtime.block_on(dispatch(cli))) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => failure.report(format).into(),
    }
}

/// Prints what clap has to say: help and version are not failures, everything else is wrong usage.
fn explain(error: &clap::Error) -> Exit {
    // A closed pipe is no reason to fail a second time.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

async fn dispatch(cli: Cli) -> Result<(), CommandFailure> {
    let global = cli.global;
    match cli.command {
        Command::Append(args) => args.run(&global).await,
        Command::State(args) => args.run(&global).await,
        Command::Diff(args) => args.run(&global).await,
        Command::Claim(args) => args.run(&global).await,
        Command::Revisions(args) => args.run(&global).await,
        Command::Claims(args) => args.run(&global).await,
        Command::Perspectives(args) => args.run(&global).await,
        Command::Conflicts(args) => args.run(&global).await,
        Command::Corroboration(args) => args.run(&global).await,
        Command::Commitments(args) => args.run(&global).await,
        Command::Timeline(args) => args.run(&global).await,
        Command::Series(args) => args.run(&global).await,
        Command::Gaps(args) => args.run(&global).await,
        Command::Parties(args) => args.run(&global).await,
        Command::Sources(args) => args.run(&global).await,
        Command::Kinds(args) => args.run(&global).await,
        Command::Schemes(args) => args.run(&global).await,
        Command::Relationships(args) => args.run(&global).await,
        Command::Events(args) => args.run(&global).await,
        Command::Subscribe(args) => args.run(&global).await,
        Command::Cursors(args) => args.run(&global).await,
        Command::Stages(args) => args.run(&global).await,
        Command::Upcoming(args) => args.run(&global).await,
        Command::Watch(args) => args.run(&global).await,
        Command::Export(args) => args.run(&global).await,
        Command::Import(args) => args.run(&global).await,
        Command::Info(args) => args.run(&global).await,
        Command::Key(args) => args.run(&global),
        Command::Completions(args) => args.run(),
        Command::Operator(command) => crate::operator::run(command).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_of_verbs_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_long_help_documents_every_exit_code() {
        let help = Cli::command().render_long_help().to_string();
        for exit in Exit::ALL {
            assert!(help.contains(exit.meaning()), "{help}");
        }
    }

    #[test]
    fn the_fixed_form_of_serve_is_understood() {
        let cli =
            Cli::try_parse_from(["detente", "serve", "--demo", "--data", "d", "--listen", "127.0.0.1:0"]).unwrap();
        let Command::Operator(OperatorCommand::Serve(serve)) = cli.command else { panic!("not serve") };
        assert!(serve.demo && !serve.insecure);
        assert_eq!(serve.data, Some("d".into()));
    }

    #[test]
    fn global_flags_are_understood_after_the_verb() {
        let cli = Cli::try_parse_from(["detente", "info", "--output", "jsonl", "--server", "http://h:1"]).unwrap();
        assert_eq!(cli.global.output, output::OutputFormat::Jsonl);
        assert_eq!(cli.global.server, "http://h:1");
    }
}
