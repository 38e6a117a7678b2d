//! The whole way of an import of rows: the mapping, the file, what the ledger has, what the file says, the record.

use super::input::{Input, RereadableInput};
use super::known_claims::{self, WholeRecords};
use super::patient::PatientLedger;
use super::refused_rows::{RefusedRows, StageGoal, StageOutcome, event_count};
use super::report::Report;
use super::row_messages::CommandForwarder;
use super::staging::{StageBasis, StageUpload};
use super::{ImportArgs, earlier_stages};
use crate::cli::exit::Exit;
use crate::cli::export::{Ask, Client};
use crate::cli::output::OutputFormat;
use crate::cli::{CommandFailure, json, notice};
use detente_ingest::fault::BadFile;
use detente_ingest::mapping::Semantics;
use detente_ingest::pipeline::{ImportFailure, ImportOutcome, ImportTally, Places, RecordedState};
use detente_ingest::scope::UnusedColumns;
use detente_proto::v1;
use std::time::Duration;
use tokio::sync::mpsc;

/// The number of batches of commands that may wait to be sent.
const WAITING: usize = 4;

/// The outcome of reading.
pub(super) struct Came {
    pub(super) made: Result<ImportOutcome, ImportFailure>,
    pub(super) known: RecordedState,
    pub(super) shown: CommandForwarder,
    pub(super) passed_over: Vec<String>,
}

/// The summary of the rows once all are read.
pub(super) struct RowsSummary {
    pub(super) tally: ImportTally,
    pub(super) places: Places,
    pub(super) known: RecordedState,
}

/// The summary of the import.
#[derive(Default)]
struct ImportSummary {
    tally: ImportTally,
    append: Option<v1::StagedAppend>,
    resumed: u64,
    sample: Option<v1::Command>,
    unused: UnusedColumns,
}

/// Imports, or checks.
pub(super) async fn run(
    args: &ImportArgs,
    format: OutputFormat,
    ledger: Option<&mut Client<impl Ask>>,
) -> Result<(), CommandFailure> {
    let spooled = RereadableInput::of(&args.file)?;
    match ledger {
        Some(ledger) if args.rows.replay => super::replay::run(args, format, &spooled, ledger).await,
        ledger => one(args, format, &spooled, Input::read(args, &spooled.path)?, ledger).await,
    }
}

/// Imports, or checks, what is to be recorded as one append.
pub(super) async fn one(
    args: &ImportArgs,
    format: OutputFormat,
    spooled: &RereadableInput,
    input: Input,
    ledger: Option<&mut Client<impl Ask>>,
) -> Result<(), CommandFailure> {
    let dataset = input.mapping.dataset.name.clone();
    let release = input.release.clone();
    let snapshot = input.mapping.release.semantics == Semantics::Snapshot;
    let done = match ledger {
        Some(ledger) => {
            let patient = PatientLedger::new(ledger, Duration::from_secs(args.rows.patience));
            stage(args, spooled, input, patient).await?
        }
        None => alone(args, input).await?,
    };
    if let (OutputFormat::Table, Some(sample)) = (format, done.sample) {
        let sample = v1::AppendRequest { commands: vec![sample], ..v1::AppendRequest::default() };
        crate::cli::write(&format!("the first claim:\n{}", json::text(&sample, json::Layout::Pretty)?))?;
    }
    let ImportSummary { tally, append, resumed, unused, .. } = done;
    let check = args.rows.check;
    let report = Report {
        dataset: &dataset,
        release: &release,
        tally,
        append,
        check,
        resumed,
        unused: &unused.columns,
        snapshot,
    };
    report.write(format)
}

/// Checks without a ledger.
async fn alone(args: &ImportArgs, input: Input) -> Result<ImportSummary, CommandFailure> {
    let known = known_claims::nothing(&input.mapping.dataset.name);
    let shown = CommandForwarder::new(None, args, &input.opened, false)?;
    let came = tokio::task::spawn_blocking(move || input.run(known, shown)).await.map_err(CommandFailure::other)?;
    let Came { made, mut shown, passed_over, .. } = came;
    shown.finish()?;
    let ImportOutcome { tally, unused, .. } = made.map_err(read_failure)?;
    rest(&tally, args);
    tell(&passed_over, &unused);
    Ok(ImportSummary { tally, sample: shown.sample.take(), unused, ..ImportSummary::default() })
}

/// Lays out what the rows make as a stage, and records it or, for a check, drops it.
async fn stage<T: Ask>(
    args: &ImportArgs,
    spooled: &RereadableInput,
    input: Input,
    mut ledger: PatientLedger<'_, T>,
) -> Result<ImportSummary, CommandFailure> {
    let dataset = input.mapping.dataset.name.clone();
    let info = ledger.call(async |ledger| ledger.get_server_info(v1::GetServerInfoRequest {}).await).await?;
    let mark = input.mark(args, &info.ledger_id)?;
    let basis = earlier_stages::basis(&mut ledger, &dataset, mark).await?;
    let whole = WholeRecords { parties: input.renames(), claims: input.compares_claims() };
    let (known, cut) = known_claims::ask(&mut ledger, &dataset, basis, whole).await?;
    let opening = input.opening(args, mark, &cut)?;
    let ground = StageBasis { dataset, cut, complete: input.complete };
    let spec = input.mapping.source.clone();
    let mut staging = StageUpload::new(ledger, opening, ground);
    let settled = read_and_settle(args, input, known, &mut staging).await;
    let (mut done, refused, mut shown) = match settled {
        Ok(settled) => settled,
        Err(failure) => {
            if staging.is_open() && is_judged(&failure) {
                staging.drop_it().await?;
            }
            return Err(failure);
        }
    };
    shown.collect_refused(&refused.rows, &spooled.path, &spec)?;
    shown.finish()?;
    rest(&done.tally, args);
    done.sample = shown.sample.take();
    Ok(done)
}

/// Returns true if another run would fail in the same way; if not, the stage waits for it.
fn is_judged(failure: &CommandFailure) -> bool {
    match failure {
        CommandFailure::Refused(refusal) => refusal.exit() == Exit::Rejected,
        _ => true,
    }
}

async fn read_and_settle<T: Ask>(
    args: &ImportArgs,
    input: Input,
    known: RecordedState,
    staging: &mut StageUpload<'_, T>,
) -> Result<(ImportSummary, RefusedRows, CommandForwarder), CommandFailure> {
    let (came, resumed) = read(args, input, known, staging).await;
    let Came { made, known, mut shown, passed_over } = came?;
    if let Ok(made) = &made {
        tell(&passed_over, &made.unused);
    }
    match settle(args, made, known, resumed, &mut shown, staging).await {
        Ok((done, refused)) => Ok((done, refused, shown)),
        Err(failure) => {
            shown.finish()?;
            Err(failure)
        }
    }
}

/// Reads everything, and sends its commands. Also returns the number of commands from an earlier run.
async fn read<T: Ask>(
    args: &ImportArgs,
    input: Input,
    known: RecordedState,
    staging: &mut StageUpload<'_, T>,
) -> (Result<Came, CommandFailure>, u64) {
    let (way, mut commands) = mpsc::channel(WAITING);
    let shown = match CommandForwarder::new(Some(way), args, &input.opened, input.goes_on()) {
        Ok(shown) => shown,
        Err(failure) => return (Err(failure), 0),
    };
    let reading = tokio::task::spawn_blocking(move || input.run(known, shown));
    let mut resumed = 0;
    let sent = async {
        while let Some(batch) = commands.recv().await {
            if !staging.is_open() {
                resumed = staging.open().await?;
            }
            staging.add(batch).await?;
        }
        Ok::<_, CommandFailure>(())
    };
    let sent = sent.await;
    // The reading stops if nobody receives its commands any more.
    drop(commands);
    let came = reading.await.map_err(CommandFailure::other);
    (sent.and(came), resumed)
}

/// Has the ledger take what was staged, or most of it, or nothing.
async fn settle<T: Ask>(
    args: &ImportArgs,
    made: Result<ImportOutcome, ImportFailure>,
    known: RecordedState,
    resumed: u64,
    shown: &mut CommandForwarder,
    staging: &mut StageUpload<'_, T>,
) -> Result<(ImportSummary, RefusedRows), CommandFailure> {
    shown.still();
    let ImportOutcome { tally, places, unused } = made.map_err(read_failure)?;
    let mut gathered = RowsSummary { tally, places, known };
    let mut refused = RefusedRows::default();
    let check = args.rows.check;
    if args.rows.strict && !check && tally.rejected > 0 {
        return Err(strict(&tally, args));
    }
    let mut done = ImportSummary { resumed, unused, ..ImportSummary::default() };
    if staging.is_open() {
        let wanted = match (check, args.rows.strict) {
            (true, _) => StageGoal::Check,
            (false, true) => StageGoal::RecordAll,
            (false, false) => StageGoal::Record,
        };
        let settled = refused.settle(staging, &gathered, wanted).await?;
        gathered.tally.rejected += refused.count;
        match settled {
            StageOutcome::Append(append) => {
                correct_summary(&mut gathered, &append, &refused);
                done.append = Some(*append).filter(|_| !check);
            }
            StageOutcome::Nothing => correct_summary(&mut gathered, &v1::StagedAppend::default(), &refused),
            StageOutcome::Refused => {
                shown.show_refused(&refused.rows);
                return Err(strict(&gathered.tally, args));
            }
        }
        if done.append.is_none() {
            staging.drop_it().await?;
        } else {
            staging.drop_outdated().await?;
        }
    }
    done.tally = gathered.tally;
    Ok((done, refused))
}

/// Corrects the summary of the rows by the append that was recorded without the refused rows.
fn correct_summary(gathered: &mut RowsSummary, append: &v1::StagedAppend, refused: &RefusedRows) {
    let (succeeded, ended) = gathered.places.without(&refused.leave_out);
    let is_recorded = !append.counts.is_empty();
    let is_left_out = |command: u64| refused.leave_out.contains(&command);
    let is_unconfirmed = gathered.places.confirmation().is_some_and(is_left_out);
    let tally = &mut gathered.tally;
    if is_unconfirmed {
        tally.unconfirmed = tally.unchanged;
    }
    (tally.succeeded, tally.ended) = if is_recorded { (succeeded, ended) } else { (0, 0) };
    tally.parties = event_count(append, "party_registered");
    tally.sources = event_count(append, "source_registered");
    tally.renamed = event_count(append, "party_revised");
    tally.confirmed = event_count(append, "claims_confirmed") + event_count(append, "claim_confirmed");
    tally.asserted = event_count(append, "claim_asserted").saturating_sub(tally.succeeded);
    tally.revised = event_count(append, "claim_revised").saturating_sub(tally.succeeded + tally.ended);
    tally.reinstated = event_count(append, "claim_reinstated");
    tally.retracted = event_count(append, "claim_retracted");
}

fn strict(tally: &ImportTally, args: &ImportArgs) -> CommandFailure {
    rest(tally, args);
    let ImportTally { rejected, rows, .. } = tally;
    CommandFailure::Rejected(format!("--strict: {rejected} of {rows} rows are bad; nothing was recorded"))
}

/// Reports files that were passed over, and items of JSON lists that nothing is made of.
fn tell(passed_over: &[String], unused: &UnusedColumns) {
    if !passed_over.is_empty() {
        notice(&format!(
            "passed over, of no known form: {} (`files` in [source] says which are meant)",
            passed_over.join(", ")
        ));
    }
    if !unused.items.is_empty() {
        let shown: Vec<&str> = unused.items.iter().take(10).map(String::as_str).collect();
        notice(&format!(
            "nothing is made of {} items of lists of which others are used: {}; `split` in [source] makes a row of each",
            unused.items.len(),
            shown.join(", ")
        ));
    }
}

/// Reports the number of bad rows that were not shown.
fn rest(tally: &ImportTally, args: &ImportArgs) {
    let more = tally.rejected.saturating_sub(args.rows.errors as u64);
    if more > 0 {
        notice(&format!(
            "and {more} more bad rows; --errors {} shows all, --reject FILE collects them",
            tally.rejected
        ));
    }
}

/// Returns the failure of a run whose reading failed.
pub(super) fn read_failure(why: ImportFailure) -> CommandFailure {
    match why {
        ImportFailure::File(BadFile::Mapping(bad)) => CommandFailure::Usage(bad.to_string()),
        ImportFailure::File(BadFile::Unreadable { file, cause }) => CommandFailure::Usage(format!("{file}: {cause}")),
        why => CommandFailure::Rejected(format!("{why}; nothing was recorded")),
    }
}
