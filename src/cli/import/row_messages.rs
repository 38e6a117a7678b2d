//! The messages while rows are read: bad rows as they come, and the progress.

use super::{ImportArgs, again};
use crate::cli::table::escape;
use crate::cli::{CommandFailure, notice};
use detente_ingest::mapping::FileSpec;
use detente_ingest::pipeline::{ConsumerStopped, ImportTally, Out, RejectedRow, RowPlace};
use detente_ingest::source::SourceFiles;
use detente_proto::v1;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

const BAR: &str = "{wide_bar} {percent}% {msg} {elapsed} left {eta}";
/// Takes what the rows make: commands go on their way, bad rows are shown and collected.
pub(super) struct CommandForwarder {
    commands: Option<mpsc::Sender<Vec<v1::Command>>>,
    rejects: Option<Rejects>,
    /// The number of bad rows shown.
    shown: usize,
    /// The number of bad rows to show.
    show: usize,
    wants_sample: bool,
    /// The first claim of a check.
    pub(super) sample: Option<v1::Command>,
    progress: ProgressBar,
    read: Arc<AtomicU64>,
    failed: Option<io::Error>,
}

impl CommandForwarder {
    pub(super) fn new(
        commands: Option<mpsc::Sender<Vec<v1::Command>>>,
        args: &ImportArgs,
        opened: &SourceFiles,
        goes_on: bool,
    ) -> Result<Self, CommandFailure> {
        let rejects = args.rows.reject.as_deref().map(|path| Rejects::open(path, goes_on)).transpose()?;
        Ok(Self {
            commands,
            rejects,
            shown: 0,
            show: args.rows.errors,
            wants_sample: args.rows.check,
            sample: None,
            progress: bar(opened.bytes),
            read: Arc::clone(&opened.read),
            failed: None,
        })
    }

    /// No more commands come.
    pub(super) fn close(&mut self) {
        self.commands = None;
    }

    /// All rows are read: the bar goes.
    pub(super) fn still(&self) {
        self.progress.finish_and_clear();
    }

    /// Shows the rows that the ledger refuses, and collects them: for that the file is read once more.
    pub(super) fn collect_refused(
        &mut self,
        rows: &BTreeMap<RowPlace, String>,
        path: &Path,
        spec: &FileSpec,
    ) -> Result<(), CommandFailure> {
        self.show_refused(rows);
        match &mut self.rejects {
            Some(rejects) if !rows.is_empty() => {
                again::collect(rows, path, spec, |place, raw, reason| rejects.row(&place.file, place.line, raw, reason))
            }
            _ => Ok(()),
        }
    }

    /// Shows the rows that the ledger refuses.
    pub(super) fn show_refused(&mut self, rows: &BTreeMap<RowPlace, String>) {
        rows.iter().take(self.show).for_each(|(place, reason)| self.show(&place.file, place.line, reason));
    }

    fn show(&mut self, file: &str, line: u64, reason: &str) {
        if self.shown < self.show {
            self.shown += 1;
            let words = format!("{file}:{line}: {reason}");
            self.progress.suspend(|| notice(&escape::visible(&words)));
        }
    }

    /// Ends it: the file of bad rows is whole.
    pub(super) fn finish(&mut self) -> Result<(), CommandFailure> {
        self.still();
        if let Some(error) = self.failed.take() {
            return Err(CommandFailure::other(error));
        }
        match self.rejects.take() {
            Some(mut rejects) => rejects.file.flush().map_err(CommandFailure::other),
            None => Ok(()),
        }
    }
}

impl Out for CommandForwarder {
    fn commands(&mut self, commands: Vec<v1::Command>) -> Result<(), ConsumerStopped> {
        if self.wants_sample && self.sample.is_none() {
            self.sample = commands.iter().find(|command| says(command)).cloned();
        }
        match &self.commands {
            Some(way) => way.blocking_send(commands).map_err(|_| ConsumerStopped),
            None => Ok(()),
        }
    }

    fn reject(&mut self, rejected: &RejectedRow<'_>) -> Result<(), ConsumerStopped> {
        let faults: Vec<String> = rejected.faults.iter().map(ToString::to_string).collect();
        let reason = faults.join("; ");
        self.show(rejected.file, rejected.line, &reason);
        let rejects = self.rejects.as_mut();
        let written =
            rejects.map_or(Ok(()), |rejects| rejects.row(rejected.file, rejected.line, rejected.raw, &reason));
        written.map_err(|error| {
            self.failed = Some(error);
            ConsumerStopped
        })
    }

    fn odd(&mut self, file: &str, line: u64, notice: &str) {
        self.show(file, line, notice);
    }

    fn progress(&mut self, tally: &ImportTally) {
        self.progress.set_position(self.read.load(Ordering::Relaxed));
        let rate = tally.rows.checked_div(self.progress.elapsed().as_secs()).unwrap_or(tally.rows);
        self.progress.set_message(format!("{} rows, {rate} rows/s, {} bad", tally.rows, tally.rejected));
    }
}

/// Returns true if a command asserts or revises a claim.
const fn says(command: &v1::Command) -> bool {
    matches!(command.command, Some(v1::command::Command::AssertClaim(_) | v1::command::Command::ReviseClaim(_)))
}

fn bar(bytes: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The file of bad rows.
struct Rejects {
    file: BufWriter<File>,
}

impl Rejects {
    /// Opens it, at its end if an earlier step of a replay has written to it.
    fn open(path: &Path, goes_on: bool) -> Result<Self, CommandFailure> {
        let mut how = OpenOptions::new();
        how.create(true).write(true).append(goes_on).truncate(!goes_on);
        let file =
            how.open(path).map_err(|error| CommandFailure::Usage(format!("--reject {}: {error}", path.display())))?;
        Ok(Self { file: BufWriter::new(file) })
    }

    /// The row as it stood, after its place and the reason.
    fn row(&mut self, file: &str, line: u64, raw: &[u8], reason: &str) -> io::Result<()> {
        if raw.first() == Some(&b'{') {
            let reason = serde_json::to_string(&format!("{file}:{line}: {reason}"))?;
            write!(self.file, "{{\"reject\":{reason},\"row\":")?;
            self.file.write_all(raw)?;
            return self.file.write_all(b"}\n");
        }
        let reason = reason.replace('"', "\"\"").replace(['\n', '\r'], " ");
        write!(self.file, "{file}:{line},\"{reason}\",")?;
        self.file.write_all(raw)?;
        self.file.write_all(b"\n")
    }
}
