//! Opening a ledger: the journal first, which says what is recorded, then the store, which can always be made again.

use crate::Ledger;
use crate::clock::{Clock, SystemClock};
use crate::follow::cursors::Cursors;
use crate::follow::feed::Feed;
use crate::home;
use crate::query::kept_answers::KeptAnswers;
use crate::read::horizon::Horizon;
use crate::read::reader::RecordReader;
use crate::store::{Progress, Saver, Store, StoreOpenError as StoreError};
use crate::write::clock_guard::{ClockGuard, ClockLimits};
use crate::write::clock_mark::ClockMark;
use crate::write::commit::Committer;
use crate::write::hindrance::Surroundings;
use crate::write::queue::WorkQueue;
use crate::write::recorder::Recorder;
use crate::write::salt::{DerivedSalts, RandomSalts, Salts};
use crate::write::stage::{StageLimits, StageStorage, Stages};
use crate::write::writer::Writer;
use detente_domain::position::{Position, RecordedAt};
use detente_journal::file::disk::{ReadOnlyDisk, RealDisk, make_dir};
use detente_journal::file::{CreateError, FileJournal, OpenError as JournalError, Options, ReadOnlyJournal, Recovery};
use detente_journal::memory::MemoryJournal;
use detente_journal::{Head, Journal, LedgerId, Reader};
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The number of appends that may wait for the writer.
const QUEUE: usize = 8192;

/// The options of a ledger.
#[derive(Clone)]
pub struct LedgerOptions {
    /// The ledger's clock.
    pub clock: Arc<dyn Clock>,
    /// The memory that the blocks of the log may take, in bytes.
    pub cache_bytes: usize,
    /// The options of the journal.
    pub journal: Options,
    /// The limits of stages.
    pub stages: StageLimits,
    /// Maximum distances of the clock from the expected time.
    pub clock_limits: ClockLimits,
    /// Accept the clock at any distance from its last sighting: an operator vouches for it.
    pub accept_clock: bool,
    /// True if salts follow from the record instead of chance: only for a history that is public anyway.
    pub public_salts: bool,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            cache_bytes: 1 << 30,
            journal: Options::default(),
            stages: StageLimits::default(),
            clock_limits: ClockLimits::default(),
            accept_clock: false,
            public_salts: false,
        }
    }
}

/// The reason why a ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no ledger in the directory.
    #[error("there is no ledger in {}", .0.display())]
    Missing(PathBuf),
    /// A ledger is not made where there is something else.
    #[error(
        "{} is no ledger and holds other things ({found}); name an empty directory or one that is not there yet, or move \
         these away",
        path.display()
    )]
    Occupied {
        /// Path of the directory.
        path: PathBuf,
        /// The first names.
        found: String,
    },
    /// The directory holds other parts of a ledger but no journal.
    #[error(
        "{} holds parts of a ledger ({found}) but not its journal; bring {} back, or move these away to begin anew",
        path.display(),
        journal.display()
    )]
    JournalMissing {
        /// Path of the directory.
        path: PathBuf,
        /// Path at which the journal should be.
        journal: PathBuf,
        /// The names.
        found: String,
    },
    /// The journal could not be made.
    #[error("cannot make a ledger in {}: {source}", path.display())]
    Create {
        /// Path of the directory.
        path: PathBuf,
        /// The reason.
        source: CreateError,
    },
    /// The journal could not be opened.
    #[error("cannot open the ledger in {}: {source}", path.display())]
    Journal {
        /// Path of the directory.
        path: PathBuf,
        /// The reason.
        source: JournalError,
    },
    /// The store could not be brought up.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused a thread or a file.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The directory of the journal in a data directory.
#[must_use]
pub fn journal_dir(data: &Path) -> PathBuf {
    data.join("journal")
}

/// The directory of named cursors in a data directory.
#[must_use]
pub fn cursors_dir(data: &Path) -> PathBuf {
    data.join("cursors")
}

/// The directory of stages in a data directory.
#[must_use]
pub fn stages_dir(data: &Path) -> PathBuf {
    data.join("stages")
}

/// The directory of sled in a data directory.
#[must_use]
pub fn store_dir(data: &Path) -> PathBuf {
    data.join("store")
}

/// The files that are not part of the record: cursors and stages.
struct SideFiles {
    cursors: Cursors,
    stages: Stages,
}

impl SideFiles {
    fn open(data: &Path, ledger: LedgerId, options: &LedgerOptions) -> io::Result<Self> {
        let reserve = options.journal.reserve_bytes;
        let place = StageStorage::Files { dir: stages_dir(data), disk: Arc::new(RealDisk), reserve };
        let stages = Stages::open(place, ledger, options.stages)?;
        Ok(Self { cursors: Cursors::open(cursors_dir(data), ledger, false)?, stages })
    }

    fn read_only(data: &Path, ledger: LedgerId, options: &LedgerOptions) -> io::Result<Self> {
        let stages = Stages::open(StageStorage::ReadOnly, ledger, options.stages)?;
        Ok(Self { cursors: Cursors::open(cursors_dir(data), ledger, true)?, stages })
    }

    fn in_memory(ledger: LedgerId, options: &LedgerOptions) -> io::Result<Self> {
        Ok(Self { cursors: Cursors::in_memory(), stages: Stages::open(StageStorage::Memory, ledger, options.stages)? })
    }
}

impl Ledger {
    /// Opens the ledger in a data directory.
    ///
    /// # Errors
    /// If there is none, it is in use, or its journal is damaged.
    pub fn open(data: &Path, options: &LedgerOptions, progress: &dyn Progress) -> Result<(Self, Recovery), OpenError> {
        let dir = journal_dir(data);
        if !FileJournal::exists(&dir)? {
            return Err(OpenError::Missing(data.to_owned()));
        }
        let (journal, recovery) = FileJournal::open(&dir, options.journal.clone(), Arc::new(RealDisk))
            .map_err(|source| OpenError::Journal { path: data.to_owned(), source })?;
        home::warn_if_open_to_others(data);
        let beside = SideFiles::open(data, journal.ledger_id(), options)?;
        let ledger = Self::begin(Box::new(journal), Some(data), beside, options, progress)?;
        Ok((ledger, recovery))
    }

    /// Opens the ledger in a data directory for asking only. Nothing is written there: sled, which cannot be opened without, is
    /// left alone, and the log is read from the journal.
    ///
    /// # Errors
    /// If there is none, another process writes it, or its journal is damaged.
    pub fn open_read_only(data: &Path, options: &LedgerOptions, progress: &dyn Progress) -> Result<Self, OpenError> {
        let dir = journal_dir(data);
        if !FileJournal::exists_on(&dir, &ReadOnlyDisk)? {
            return Err(OpenError::Missing(data.to_owned()));
        }
        let journal =
            ReadOnlyJournal::open(&dir).map_err(|source| OpenError::Journal { path: data.to_owned(), source })?;
        let beside = SideFiles::read_only(data, journal.ledger_id(), options)?;
        Self::begin(Box::new(journal), None, beside, options, progress)
    }

    /// Makes a ledger in a data directory that has none.
    ///
    /// # Errors
    /// If there is one, or it cannot be made.
    pub fn create(data: &Path, id: LedgerId, options: &LedgerOptions) -> Result<Self, OpenError> {
        let dir = journal_dir(data);
        home::may_be_made_in(data)?;
        make_dir(&dir)?;
        home::warn_if_open_to_others(data);
        let journal = Options { created_at: options.clock.now(), ..options.journal.clone() };
        let journal = FileJournal::create(&dir, id, journal, Arc::new(RealDisk))
            .map_err(|source| OpenError::Create { path: data.to_owned(), source })?;
        let beside = SideFiles::open(data, id, options)?;
        Self::begin(Box::new(journal), Some(data), beside, options, &|_, _| {})
    }

    /// Returns true if a data directory holds a ledger.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn exists(data: &Path) -> io::Result<bool> {
        FileJournal::exists(&journal_dir(data))
    }

    /// A ledger that is kept in memory only.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn in_memory(id: LedgerId, options: &LedgerOptions) -> Result<Self, OpenError> {
        Self::start(Box::new(MemoryJournal::new(id)), None, options, &|_, _| {})
    }

    /// Opens a ledger over any journal; `data` is the directory that sled is kept in, if there is to be one. Named cursors and
    /// stages are kept in memory.
    ///
    /// # Errors
    /// If the journal cannot be read or the system gives no thread.
    pub fn start(
        journal: Box<dyn Journal>,
        data: Option<&Path>,
        options: &LedgerOptions,
        progress: &dyn Progress,
    ) -> Result<Self, OpenError> {
        let beside = SideFiles::in_memory(journal.ledger_id(), options)?;
        Self::begin(journal, data, beside, options, progress)
    }

    fn begin(
        journal: Box<dyn Journal>,
        data: Option<&Path>,
        beside: SideFiles,
        options: &LedgerOptions,
        progress: &dyn Progress,
    ) -> Result<Self, OpenError> {
        let reader = journal.reader();
        let (head, floor) = (journal.head(), journal.floor());
        let ledger_id = journal.ledger_id();
        let room = journal.room();
        let surroundings = Surroundings::of(Arc::clone(&room), data.map(ClockMark::of));
        let seen = if options.accept_clock { None } else { last_by_clock(&*reader, head)?.max(surroundings.mark()) };
        let store = data.map(store_dir);
        let store =
            Arc::new(Store::open(store.as_deref(), ledger_id, Arc::clone(&reader), options.cache_bytes, progress)?);
        let mark_of = |id| store.view().requests.get(id).map(|(_, mark)| mark);
        beside.stages.forget_recorded(mark_of);
        let saver = Saver::start(Arc::clone(&store))?;
        saver.wake();
        let horizon = Horizon::new(head.recorded_at, floor);
        let record = Arc::new(RecordReader::new(ledger_id, store, Arc::clone(&options.clock), reader, horizon));
        let clock_guard = ClockGuard::since(options.clock_limits, seen);
        let recorder = Arc::new(Recorder::new(Arc::clone(&record), clock_guard, surroundings, saver));
        let salts: Box<dyn Salts> =
            if options.public_salts { Box::new(DerivedSalts) } else { Box::new(RandomSalts::default()) };
        let committer = Committer::start(Arc::clone(&recorder), journal)?;
        let writer = Writer { recorder: Arc::clone(&recorder), committer, room, salts, recorded_at: head.recorded_at };
        let queue = Arc::new(WorkQueue::of(QUEUE));
        let waiting = Arc::clone(&queue);
        let writer = std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer.run(&waiting))?;
        Ok(Self {
            feed: Arc::new(Feed::new(Arc::clone(&record))),
            cursors: beside.cursors,
            stages: beside.stages,
            kept_answers: KeptAnswers::default(),
            record,
            recorder,
            queue,
            writer: Mutex::new(Some(writer)),
        })
    }
}

/// Recorded time of the last append, if it was recorded by the clock.
fn last_by_clock(journal: &dyn Reader, head: Head) -> Result<Option<RecordedAt>, StoreError> {
    let last = if head.position == Position::START { None } else { journal.read(head.position)?.next().transpose()? };
    Ok(last.filter(|chunk| !chunk.header.backfilled).map(|chunk| chunk.header.recorded_at))
}
