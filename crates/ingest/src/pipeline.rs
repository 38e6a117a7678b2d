//! The whole way from a file to commands, on several threads, in the order of the file.
//!
//! ```text
//!   reader ---rows in batches---> makers ---claims---> sequencer ---commands---> out
//!   unpacks, splits               one or more          in order: keys, record, registrations
//! ```
//!
//! Batches are numbered and put in order again, so the commands are the same however many makers there are: a stage that
//! was begun can be gone on with. Channels are bounded, so the slowest part sets the pace and memory stays flat.

mod names;
mod places;
mod records;
mod sequence;
mod snapshot;

pub use places::{Places, RowPlace};

use super::claim::{MadeClaim, Tools};
use super::class::{Classes, RegisteredEntity};
use super::day::Day;
use super::fault::{BadFile, BadMapping, RowFault};
use super::mapping::{Mapping, Semantics};
use super::plan::{Bench, Plan, RowOutcome};
use super::release::{ClaimIds, RecordedDataSet};
use super::scope::UnusedColumns;
use super::snapshot::{Episodes, Window};
use super::source::{self, Columns, Members, Row, RowResult, SourceFiles};
use super::table::Tables;
use super::version::{self, Version};
use crossbeam_channel::{Receiver, Sender, bounded};
use detente_domain::edtf::Atom;
use detente_proto::v1;
use sequence::Sequencer;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

/// The number of rows that go from thread to thread at once.
const BATCH_ROWS: usize = 512;
/// The number of batches that may wait.
const WAITING: usize = 4;

/// The settings of an import.
#[derive(Debug)]
pub struct Job<'j> {
    /// The mapping.
    pub mapping: &'j Mapping,
    /// Its tables.
    pub tables: &'j Tables,
    /// The release.
    pub release: &'j str,
    /// The `RevisionKind` of a changed row that does not name one.
    pub revised: i32,
    /// True if `revised` comes from a flag and overrides the kinds that the rows name.
    pub revised_by_flag: bool,
    /// The `RetractionReason` for the claims of a vanished row.
    pub retracted: i32,
    /// True if rows that the file does not have have vanished.
    pub complete: bool,
    /// True if one bad row keeps everything from being recorded.
    pub strict: bool,
    /// The day of the release, where it is known.
    pub date: Option<Day>,
    /// The last version of a row that counts, where a file has several.
    pub until: Option<Version>,
    /// The last version that was imported before: what is wrong with rows up to it has been reported.
    pub reported: Option<Version>,
    /// True if a change means that the earlier content was wrong, in a snapshot too.
    pub corrects: bool,
}

/// The part of the record that an import is compared with.
#[derive(Debug)]
pub struct RecordedState {
    /// The claims of the data set.
    pub claims: RecordedDataSet,
    /// The same as episodes, where it is recorded as snapshots.
    pub episodes: Episodes,
    /// The parties and sources, by what they are known by.
    pub registered: HashMap<u128, RegisteredEntity>,
}

/// The counts of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTally {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// Rejected rows whose keys could not be read.
    pub keyless: u64,
    /// Parties to register.
    pub parties: u64,
    /// Sources to register.
    pub sources: u64,
    /// Claims to assert.
    pub asserted: u64,
    /// Claims to revise.
    pub revised: u64,
    /// Claims to reinstate.
    pub reinstated: u64,
    /// Claims to retract.
    pub retracted: u64,
    /// Claims that seem to have vanished and are not retracted, because of rows without keys.
    pub spared: u64,
    /// Claims that go on and are not confirmed, because of rows without keys or of too many rejected ones.
    pub unconfirmed: u64,
    /// Claims that stay as they are.
    pub unchanged: u64,
    /// Rows of which another version counts.
    pub older: u64,
    /// Rows that say what an earlier row of the file says in the same version.
    pub repeated: u64,
    /// Rows of which the mapping makes no claim.
    pub silent: u64,
    /// Claims that another takes the place of, in the world.
    pub succeeded: u64,
    /// Claims that have ended.
    pub ended: u64,
    /// Events that confirm all that goes on.
    pub confirmed: u64,
    /// Parties that get another name.
    pub renamed: u64,
    /// Parties that keep their name though the file has another.
    pub named_otherwise: u64,
    /// Rows about which something is odd.
    pub odd: u64,
    /// The first and the last date that the claims of the file say, as far as these have one.
    pub dates: Option<(Atom, Atom)>,
    /// Dates of which a fraction of a second was cut.
    pub fractions: u64,
    /// Dates in a leap second, which are taken for the second before.
    pub leap_seconds: u64,
}

impl ImportTally {
    /// Takes in the dates of a claim that its row says.
    fn note_dates(&mut self, made: &MadeClaim) {
        let from = made.claim.valid_from.as_ref().filter(|_| made.own.from);
        let to = made.claim.valid_to.as_ref().filter(|_| made.own.to);
        for (at, known) in [from, to].into_iter().enumerate() {
            let Some(v1::bound::Bound::Known(known)) = known.and_then(|known| known.bound.as_ref()) else { continue };
            // Both ends may be one date.
            if at == 0 || made.claim.valid_from != made.claim.valid_to {
                let (is_cut, is_leap) = cut_of(&known.edtf);
                self.fractions += u64::from(is_cut);
                self.leap_seconds += u64::from(is_leap);
            }
            for atom in [&known.earliest, &known.latest].into_iter().filter_map(|text| Atom::from_text(text)) {
                let (first, last) = self.dates.unwrap_or((atom, atom));
                self.dates = Some((first.min(atom), last.max(atom)));
            }
        }
    }

    /// Returns the number of commands, and so of events.
    pub const fn commands(&self) -> u64 {
        let registered = self.parties + self.sources + self.renamed;
        let corrected = self.asserted + self.revised + self.reinstated + self.retracted;
        registered + corrected + 2 * self.succeeded + self.ended + self.confirmed
    }
}

/// Returns true twice: if a date-time has a fraction of a second, and if it lies in a leap second.
fn cut_of(edtf: &str) -> (bool, bool) {
    let Some((_, time)) = edtf.split_once('T') else { return (false, false) };
    let fraction = time.split_once('.').map(|(_, digits)| digits).unwrap_or_default();
    let mut digits = fraction.chars().take_while(char::is_ascii_digit);
    (digits.any(|digit| digit != '0'), time.get(6..8) == Some("60"))
}

/// The outcome of an import.
#[derive(Debug)]
pub struct ImportOutcome {
    /// The counts.
    pub tally: ImportTally,
    /// The row that each command was made of.
    pub places: Places,
    /// Columns of the file that nothing is made of.
    pub unused: UnusedColumns,
}

/// The receiver of an import's commands and reports.
pub trait Out {
    /// Takes commands, in order.
    ///
    /// # Errors
    /// [`ConsumerStopped`] if no more commands are wanted.
    fn commands(&mut self, commands: Vec<v1::Command>) -> Result<(), ConsumerStopped>;
    /// Takes a row that was rejected.
    ///
    /// # Errors
    /// [`ConsumerStopped`] if no more rows are wanted.
    fn reject(&mut self, rejected: &RejectedRow<'_>) -> Result<(), ConsumerStopped>;
    /// Takes what is odd about a row that is good, or of a party.
    fn odd(&mut self, file: &str, line: u64, notice: &str);
    /// Hears how far it is.
    fn progress(&mut self, tally: &ImportTally);
}

/// A row that is no good.
#[derive(Debug)]
pub struct RejectedRow<'r> {
    /// The file that it is in.
    pub file: &'r str,
    /// The line that it begins in, or the number of the array's element.
    pub line: u64,
    /// Its faults.
    pub faults: &'r [RowFault],
    /// The row as it stood.
    pub raw: &'r [u8],
}

/// The receiver wants no more commands, and knows the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerStopped;

/// The reason why an import did not finish.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file or the mapping is no good.
    #[error(transparent)]
    File(#[from] BadFile),
    /// The receiver wants no more commands.
    #[error("it was stopped")]
    Stopped,
    /// The release is older than what is recorded.
    #[error("the snapshot of {0} is recorded already: snapshots come in their order")]
    Late(String),
    /// The file has no rows, and would retract everything.
    #[error("the file has no rows: as a whole release it would retract all {0} claims; --partial says that it is none")]
    Empty(usize),
    /// The snapshot has no rows, and would end everything.
    #[error(
        "the file has no rows: as a snapshot it would end all {0} claims that go on; if they have ended, say so for each"
    )]
    Ended(usize),
}

impl From<ConsumerStopped> for ImportFailure {
    fn from(_: ConsumerStopped) -> Self {
        Self::Stopped
    }
}

impl From<BadMapping> for ImportFailure {
    fn from(bad: BadMapping) -> Self {
        Self::File(bad.into())
    }
}

/// Rows, numbered.
struct RowBatch {
    number: u64,
    columns: Arc<Columns>,
    rows: Vec<RowResult>,
}

/// A row and what it makes.
enum MappedRow {
    Row(Row, RowOutcome, Option<Version>),
    Bad(RowResult),
}

/// A batch of rows that have been looked at, with its number.
type MappedBatch = Result<(u64, Vec<MappedRow>), BadMapping>;

/// Reads a file, and passes the commands that record it to a receiver.
///
/// # Errors
/// Returns the reason why it did not finish.
pub fn run(
    job: &Job<'_>,
    opened: &mut SourceFiles,
    known: &mut RecordedState,
    out: &mut dyn Out,
) -> Result<ImportOutcome, ImportFailure> {
    let mapping = job.mapping;
    let mut tools = Tools {
        dataset: &mapping.dataset.name,
        label: format!("dataset:{}", mapping.dataset.name),
        ids: ClaimIds::of(&mapping.dataset.name),
        release: job.release,
        classes: Classes::compile(&mapping.parties, &mapping.sources, job.tables)?,
        decimal: mapping.source.decimal,
        versions: None,
        snapshot: window(job, known)?,
    };
    if mapping.dataset.version.is_none() && job.until.is_some() {
        return Err(missing_version().into());
    }
    if mapping.dataset.version.is_some() {
        let (versions, _) = version::scan(mapping, job.tables, &tools, opened, job.until.as_ref())?;
        tools.versions = Some(versions);
    }
    let tools = tools;
    let makers = thread::available_parallelism().map_or(1, NonZeroUsize::get).clamp(1, 4);
    let (give, batches) = bounded::<RowBatch>(WAITING);
    let (mapped, results) = bounded::<MappedBatch>(WAITING);
    let mut sequencer = Sequencer::new(job, &tools, known, out);
    let unused = thread::scope(|scope| {
        let reader = scope.spawn(move || read(mapping, opened, &give));
        for _ in 0..makers {
            let (batches, mapped, tools) = (batches.clone(), mapped.clone(), &tools);
            scope.spawn(move || make(job, tools, &batches, &mapped));
        }
        // Only the makers hold the ends that are theirs, so that when they go, the others hear of it.
        drop((batches, mapped));
        let sequenced = in_order(&results, &mut sequencer);
        drop(results);
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        sequenced?;
        match read?.into_columns() {
            Some(members) => Ok::<_, ImportFailure>(unused_columns(job, &tools, &members)?),
            None => Ok(UnusedColumns::default()),
        }
    })?;
    Ok(ImportOutcome { unused, ..sequencer.finish()? })
}

/// All versions that a file has of its rows, in order.
///
/// # Errors
/// The file or the mapping is no good, or the mapping does not say what a version is.
pub fn versions(job: &Job<'_>, opened: &mut SourceFiles) -> Result<BTreeSet<Version>, ImportFailure> {
    let mapping = job.mapping;
    if mapping.dataset.version.is_none() {
        return Err(missing_version().into());
    }
    let tools = Tools {
        dataset: &mapping.dataset.name,
        label: String::new(),
        ids: ClaimIds::of(&mapping.dataset.name),
        release: job.release,
        classes: Classes::compile(&mapping.parties, &mapping.sources, job.tables)?,
        decimal: mapping.source.decimal,
        versions: None,
        snapshot: None,
    };
    Ok(version::scan(mapping, job.tables, &tools, opened, None)?.1)
}

fn missing_version() -> BadMapping {
    BadMapping::at("dataset.version", "is missing: say which column tells versions apart")
}

/// The snapshot that a file is, if it is one.
fn window(job: &Job<'_>, known: &RecordedState) -> Result<Option<Window>, ImportFailure> {
    let wrong = |what: &str| ImportFailure::from(BadMapping::at("release.semantics", what));
    let episodes = &known.episodes;
    match (job.mapping.release.semantics, &job.date) {
        (Semantics::Corrected, _) if episodes.last().is_some() => {
            Err(wrong("the data set is recorded as snapshots: say `semantics = \"snapshot\"`, or give it another name"))
        }
        (Semantics::Corrected, _) => Ok(None),
        (Semantics::Snapshot, _) if episodes.has_others() => {
            Err(wrong("the data set is recorded otherwise than as snapshots: give it another name"))
        }
        (Semantics::Snapshot, _) if !job.complete => Err(wrong("a snapshot is a whole release: leave out --partial")),
        (Semantics::Snapshot, None) => {
            Err(wrong("say the day of the snapshot: --release 2020-06-01, or `date` in [release]"))
        }
        (Semantics::Snapshot, Some(day)) => match episodes.last().filter(|last| *last > day) {
            Some(last) => Err(ImportFailure::Late(last.text().to_owned())),
            None => Ok(Some(Window { day: day.clone() })),
        },
    }
}

/// The columns that nothing is made of. Every member that the mapping names must be there in one row at least: a name that no
/// row has is written wrong.
fn unused_columns(job: &Job<'_>, tools: &Tools<'_>, members: &Columns) -> Result<UnusedColumns, BadMapping> {
    let plan = Plan::compile(job.mapping, job.tables, tools, members).map_err(|bad| BadMapping {
        what: format!("{} (no row has it; if none needs to, name it in `optional` of [source])", bad.what),
        ..bad
    })?;
    Ok(plan.unused)
}

fn read(mapping: &Mapping, opened: &mut SourceFiles, give: &Sender<RowBatch>) -> Result<Members, BadFile> {
    let mut batch: Option<RowBatch> = None;
    let mut number = 0;
    let mut members = Members::default();
    let send = |batch: RowBatch| give.send(batch).map_err(|_| "it was stopped".to_owned());
    source::read(opened, &mapping.source, &mut |columns, row| {
        let fits = batch.as_ref().is_some_and(|batch| *batch.columns == **columns && batch.rows.len() < BATCH_ROWS);
        if !fits {
            if let Some(full) = batch.take() {
                send(full)?;
            }
            batch = Some(RowBatch { number, columns: Arc::clone(columns), rows: Vec::with_capacity(BATCH_ROWS) });
            number += 1;
            members.add(columns);
        }
        if let Some(batch) = &mut batch {
            batch.rows.push(row);
        }
        Ok(())
    })?;
    if let Some(last) = batch.take() {
        // A receiver that does not take the batch has stopped, and knows the reason.
        let _stopped = send(last);
    }
    Ok(members)
}

fn make(job: &Job<'_>, tools: &Tools<'_>, batches: &Receiver<RowBatch>, mapped: &Sender<MappedBatch>) {
    let mut bench = Bench::default();
    let mut plan: Option<(Arc<Columns>, Plan<'_>)> = None;
    for batch in batches {
        let current = plan.take().filter(|(columns, _)| **columns == *batch.columns);
        let compiled = match current {
            Some(current) => Ok(current),
            None => Plan::compile(job.mapping, job.tables, tools, &batch.columns)
                .map(|plan| (Arc::clone(&batch.columns), plan)),
        };
        let made = compiled.map(|compiled| {
            let (_, plan) = plan.insert(compiled);
            let rows = batch.rows.into_iter().map(|read| match read {
                RowResult::Row(row) => {
                    let outcome = plan.row(&row, &mut bench);
                    MappedRow::Row(row, outcome, bench.version.take())
                }
                bad @ RowResult::Bad { .. } => MappedRow::Bad(bad),
            });
            (batch.number, rows.collect())
        });
        let failed = made.is_err();
        if mapped.send(made).is_err() || failed {
            return;
        }
    }
}

fn in_order(results: &Receiver<MappedBatch>, sequencer: &mut Sequencer<'_>) -> Result<(), ImportFailure> {
    let mut early: BTreeMap<u64, Vec<MappedRow>> = BTreeMap::new();
    let mut next = 0;
    for result in results {
        let (number, rows) = result?;
        early.insert(number, rows);
        while let Some(rows) = early.remove(&next) {
            rows.into_iter().try_for_each(|row| sequencer.row(row))?;
            sequencer.report_progress()?;
            next += 1;
        }
    }
    Ok(())
}
