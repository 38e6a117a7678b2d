//! What is seen while rows are read: bad rows as they come, and how far it is.

use crate::cli::table::escape;
use crate::cli::{Failure, notice};
use crate::ingest::pipeline::{Out, Rejected, Stopped, Tally};
use crate::v1;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

const BAR: &str = "{wide_bar} {percent}% {msg} {elapsed} left {eta}";
/// How many messages of bad rows a check keeps.
const KEPT: usize = 1000;

/// Takes what the rows make: commands go on their way, bad rows are shown and collected.
pub(super) struct Shown {
    commands: Option<mpsc::Sender<Vec<v1::Command>>>,
    rejects: Option<Rejects>,
    /// The first bad rows, in words.
    pub(super) errors: Vec<String>,
    /// How many are shown as they come.
    show: usize,
    /// The first claim of a check.
    pub(super) sample: Option<v1::Command>,
    progress: ProgressBar,
    read: Arc<AtomicU64>,
    failed: Option<io::Error>,
}

impl Shown {
    pub(super) fn new(
        commands: Option<mpsc::Sender<Vec<v1::Command>>>,
        reject: Option<&Path>,
        show: usize,
        bytes: u64,
        read: Arc<AtomicU64>,
    ) -> Result<Self, Failure> {
        let rejects = reject.map(Rejects::create).transpose()?;
        Ok(Self { commands, rejects, errors: Vec::new(), show, sample: None, progress: bar(bytes), read, failed: None })
    }

    /// No more commands come.
    pub(super) fn close(&mut self) {
        self.commands = None;
    }

    /// Ends it: the bar goes, the file of bad rows is whole.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.progress.finish_and_clear();
        if let Some(error) = self.failed.take() {
            return Err(Failure::other(error));
        }
        match self.rejects.take() {
            Some(mut rejects) => rejects.file.flush().map_err(Failure::other),
            None => Ok(()),
        }
    }
}

impl Out for Shown {
    fn commands(&mut self, commands: Vec<v1::Command>) -> Result<(), Stopped> {
        match &self.commands {
            Some(way) => way.blocking_send(commands).map_err(|_| Stopped),
            None => {
                let claims = |command: &v1::Command| {
                    matches!(
                        command.command,
                        Some(v1::command::Command::AssertClaim(_) | v1::command::Command::ReviseClaim(_))
                    )
                };
                if self.sample.is_none() {
                    self.sample = commands.into_iter().find(claims);
                }
                Ok(())
            }
        }
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<(), Stopped> {
        let faults: Vec<String> = rejected.faults.iter().map(ToString::to_string).collect();
        let reason = faults.join("; ");
        if self.errors.len() < KEPT.max(self.show) {
            let words = format!("{}:{}: {reason}", rejected.file, rejected.line);
            if self.errors.len() < self.show {
                self.progress.suspend(|| notice(&escape::visible(&words)));
            }
            self.errors.push(words);
        }
        let written = self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.row(rejected, &reason));
        written.map_err(|error| {
            self.failed = Some(error);
            Stopped
        })
    }

    fn progress(&mut self, tally: &Tally) {
        self.progress.set_position(self.read.load(Ordering::Relaxed));
        let rate = tally.rows.checked_div(self.progress.elapsed().as_secs()).unwrap_or(tally.rows);
        self.progress.set_message(format!("{} rows, {rate} rows/s, {} bad", tally.rows, tally.rejected));
    }
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
    fn create(path: &Path) -> Result<Self, Failure> {
        let file =
            File::create(path).map_err(|error| Failure::Usage(format!("--reject {}: {error}", path.display())))?;
        Ok(Self { file: BufWriter::new(file) })
    }

    /// The row as it stood, after its place and the reason.
    fn row(&mut self, rejected: &Rejected<'_>, reason: &str) -> io::Result<()> {
        let reason = reason.replace('"', "\"\"").replace(['\n', '\r'], " ");
        let object = rejected.raw.first() == Some(&b'{');
        if object {
            let reason = serde_json::to_string(&format!("{}:{}: {reason}", rejected.file, rejected.line))?;
            write!(self.file, "{{\"reject\":{reason},\"row\":")?;
            self.file.write_all(rejected.raw)?;
            return self.file.write_all(b"}\n");
        }
        write!(self.file, "{}:{},\"{reason}\",", rejected.file, rejected.line)?;
        self.file.write_all(rejected.raw)?;
        self.file.write_all(b"\n")
    }
}
