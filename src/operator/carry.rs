//! `detente import` and `detente export`.

use super::making::{exists, new_ledger, options_of_one_pass};
use super::{fault, keep_to_owner, not_opened};
use crate::cli::{CommandFailure, ImportArgs, bar, counter, write};
use detente_journal::Journal as _;
use detente_journal::file::disk::RealDisk;
use detente_journal::file::{FileJournal, Options, ReadOnlyJournal};
use detente_ledger::Ledger;
use detente_ledger::open::{OpenError, journal_dir};
use detente_ledger::transfer::{TransferError, TransferSummary, backfill, export, import};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes the whole record as JSON Lines.
pub(super) fn export(data: &Path, out: Option<&Path>) -> Result<(), CommandFailure> {
    let journal = ReadOnlyJournal::open(&existing(data)?);
    let journal = journal.map_err(|source| not_opened(OpenError::Journal { path: data.to_owned(), source }))?;
    let shown = bar("exporting", usize::try_from(journal.head().position.0).unwrap_or(usize::MAX));
    let mut out: Box<dyn Write> = match out {
        Some(path) => {
            let created = File::create(path).map_err(|error| fault::at(path, "cannot write", &error));
            Box::new(BufWriter::new(created?))
        }
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let carried =
        export::export(journal.ledger_id(), &*journal.reader(), &mut out, &|done, _| shown.set_position(done));
    shown.finish_and_clear();
    let carried = carried.map_err(transfer_failure)?;
    tracing::info!(appends = carried.appends, events = carried.events, "exported");
    Ok(())
}

/// Brings in an export or a backfill, whichever the file is.
pub(super) fn import(args: &ImportArgs, data: &Path) -> Result<(), CommandFailure> {
    keep_to_owner();
    let spooled = RereadableFile::of(&args.file)?;
    let carried = match first_line(&spooled.path)? {
        line if line.contains("\"detenteExport\"") => import_export(&spooled.path, data),
        line if line.contains("\"recordedAt\"") => import_backfill(&spooled.path, args, data),
        line => {
            let beginning: String = line.chars().take(80).collect();
            return Err(transfer_failure(TransferError::NotRecognised(format!("it begins with `{beginning}`"))));
        }
    }?;
    write(&format!(
        "appends read:    {}\nappends known:   {}\nevents written:  {}\nrows rejected:   0\n",
        carried.appends, carried.known, carried.events
    ))
}

fn import_export(file: &Path, data: &Path) -> Result<TransferSummary, CommandFailure> {
    let read = || open_file(file).map(BufReader::new);
    import::check(&mut read()?).map_err(transfer_failure)?;
    let mut journal = if exists(data)? { open_journal(data)? } else { create_journal(data)? };
    let shown = counter("events recorded");
    let carried =
        import::import(&mut read()?, &mut journal, &|position| shown.set_position(position)).map_err(transfer_failure);
    shown.finish_and_clear();
    let closed = journal.checkpoint().map_err(CommandFailure::other);
    drop(journal);
    let carried = carried?;
    closed?;
    // Opening it once shows that what came in can be served, and makes the index.
    Ledger::open(data, &options_of_one_pass(), &|_, _| {}).map_err(not_opened)?.0.close();
    Ok(carried)
}

fn import_backfill(file: &Path, args: &ImportArgs, data: &Path) -> Result<TransferSummary, CommandFailure> {
    let options = options_of_one_pass();
    let ledger = if exists(data)? {
        Ledger::open(data, &options, &|_, _| {}).map_err(not_opened)?.0
    } else {
        new_ledger(data, &options)?
    };
    let mut lines = BufReader::new(open_file(file)?);
    let shown = counter("events recorded");
    let by = args.recorded_by.as_deref();
    let carried = backfill::backfill(&mut lines, &ledger, by, &|position| shown.set_position(position));
    shown.finish_and_clear();
    ledger.close();
    carried.map_err(transfer_failure)
}

/// The journal's directory of a ledger that must be there.
fn existing(data: &Path) -> Result<PathBuf, CommandFailure> {
    if exists(data)? { Ok(journal_dir(data)) } else { Err(not_opened(OpenError::Missing(data.to_owned()))) }
}

fn open_journal(data: &Path) -> Result<FileJournal, CommandFailure> {
    let opened = FileJournal::open(&existing(data)?, Options::default(), Arc::new(RealDisk));
    opened
        .map(|(journal, _)| journal)
        .map_err(|source| not_opened(OpenError::Journal { path: data.to_owned(), source }))
}

fn create_journal(data: &Path) -> Result<FileJournal, CommandFailure> {
    // A ledger is made as anywhere, which says whether it may be, and then closed: an export goes into the journal alone.
    new_ledger(data, &options_of_one_pass())?.close();
    open_journal(data)
}

fn open_file(path: &Path) -> Result<File, CommandFailure> {
    File::open(path).map_err(|error| fault::at(path, "cannot read", &error))
}

fn transfer_failure(error: TransferError) -> CommandFailure {
    match error {
        TransferError::Line { .. } | TransferError::Append { .. } | TransferError::OtherHistory => {
            CommandFailure::Rejected(error.to_string())
        }
        TransferError::NotRecognised(_) => CommandFailure::Usage(error.to_string()),
        TransferError::Journal(error) => fault::not_read(error),
        TransferError::Open(error) => not_opened(error),
        TransferError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => CommandFailure::output(error),
        TransferError::Write(_) | TransferError::Json(_) | TransferError::Io(_) => CommandFailure::other(error),
    }
}

fn first_line(path: &Path) -> Result<String, CommandFailure> {
    let mut line = String::new();
    BufReader::new(open_file(path)?).read_line(&mut line).map_err(|error| fault::at(path, "cannot read", &error))?;
    Ok(line)
}

/// A file that can be read twice: the one named, or what standard input says, kept aside until it is dropped.
struct RereadableFile {
    path: PathBuf,
    is_copy: bool,
}

impl RereadableFile {
    fn of(path: &Path) -> Result<Self, CommandFailure> {
        if path != Path::new("-") {
            return Ok(Self { path: path.to_owned(), is_copy: false });
        }
        let copy = std::env::temp_dir().join(format!("detente-import-{}", std::process::id()));
        let mut file = File::create(&copy).map_err(CommandFailure::other)?;
        let spooled = Self { path: copy, is_copy: true };
        io::copy(&mut io::stdin().lock(), &mut file).map_err(CommandFailure::other)?;
        Ok(spooled)
    }
}

impl Drop for RereadableFile {
    fn drop(&mut self) {
        if self.is_copy {
            // A copy that is left behind in the temporary directory does no harm.
            let _removed = std::fs::remove_file(&self.path);
        }
    }
}
