//! Opening a ledger: the journal first, which says what is recorded, then the store, which can always be made again.

use super::commit::Committer;
use super::cursors::Cursors;
use super::feed::Feed;
use super::horizon::Horizon;
use super::salt::{DerivedSalts, RandomSalts, Salts};
use super::stage::{Place, StageLimits, Stages};
use super::state::Begun;
use super::writer::Writer;
use super::writing::Writing;
use super::{Ledger, Published, Shared};
use crate::clock::{Clock, SystemClock};
use crate::domain::position::Position;
use crate::journal::file::disk::RealDisk;
use crate::journal::file::{CreateError, FileJournal, OpenError as JournalError, Options, Recovery};
use crate::journal::memory::MemoryJournal;
use crate::journal::{Journal, LedgerId};
use crate::metrics::Metrics;
use crate::store::{OpenError as StoreError, Progress, Saver, Store};
use crossbeam_channel::bounded;
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use tokio::sync::watch;

/// How many appends may wait for the writer.
const QUEUE: usize = 8192;

/// How a ledger is opened.
#[derive(Clone)]
pub struct LedgerOptions {
    /// The ledger's clock.
    pub clock: Arc<dyn Clock>,
    /// How much memory the blocks of the log may take, in bytes.
    pub cache_bytes: usize,
    /// How the journal behaves.
    pub journal: Options,
    /// How much may be staged.
    pub stages: StageLimits,
    /// Whether salts follow from the record instead of chance: only for a history that is public anyway.
    pub public_salts: bool,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            cache_bytes: 1 << 30,
            journal: Options::default(),
            stages: StageLimits::default(),
            public_salts: false,
        }
    }
}

/// Why a ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no ledger in the directory.
    #[error("there is no ledger in {0}")]
    Missing(PathBuf),
    /// The journal could not be made.
    #[error("cannot make a ledger in {path}: {source}")]
    Create {
        /// Where.
        path: PathBuf,
        /// Why.
        source: CreateError,
    },
    /// The journal could not be opened.
    #[error("cannot open the ledger in {path}: {source}")]
    Journal {
        /// Where.
        path: PathBuf,
        /// Why.
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

/// What is kept beside the record.
struct Beside {
    cursors: Cursors,
    stages: Stages,
}

impl Beside {
    fn open(data: &Path, ledger: LedgerId, options: &LedgerOptions) -> io::Result<Self> {
        let reserve = options.journal.reserve_bytes;
        let place = Place::Files { dir: stages_dir(data), disk: Arc::new(RealDisk), reserve };
        let stages = Stages::open(place, ledger, options.stages)?;
        Ok(Self { cursors: Cursors::open(cursors_dir(data), ledger)?, stages })
    }

    fn in_memory(ledger: LedgerId, options: &LedgerOptions) -> io::Result<Self> {
        Ok(Self { cursors: Cursors::in_memory(), stages: Stages::open(Place::Memory, ledger, options.stages)? })
    }
}

impl Ledger {
    /// Opens the ledger in a data directory.
    ///
    /// # Errors
    /// When there is none, it is in use, or its journal is damaged.
    pub fn open(data: &Path, options: &LedgerOptions, progress: &dyn Progress) -> Result<(Self, Recovery), OpenError> {
        let dir = journal_dir(data);
        if !FileJournal::exists(&dir)? {
            return Err(OpenError::Missing(data.to_owned()));
        }
        let (journal, recovery) = FileJournal::open(&dir, options.journal.clone(), Arc::new(RealDisk))
            .map_err(|source| OpenError::Journal { path: data.to_owned(), source })?;
        let beside = Beside::open(data, journal.ledger_id(), options)?;
        let ledger = Self::begin(Box::new(journal), Some(&store_dir(data)), beside, options, progress)?;
        Ok((ledger, recovery))
    }

    /// Makes a ledger in a data directory that has none.
    ///
    /// # Errors
    /// When there is one, or it cannot be made.
    pub fn create(data: &Path, id: LedgerId, options: &LedgerOptions) -> Result<Self, OpenError> {
        let dir = journal_dir(data);
        std::fs::create_dir_all(&dir)?;
        let journal = Options { created_at: options.clock.now(), ..options.journal.clone() };
        let journal = FileJournal::create(&dir, id, journal, Arc::new(RealDisk))
            .map_err(|source| OpenError::Create { path: data.to_owned(), source })?;
        let beside = Beside::open(data, id, options)?;
        Self::begin(Box::new(journal), Some(&store_dir(data)), beside, options, &|_, _| {})
    }

    /// Whether a data directory holds a ledger.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn exists(data: &Path) -> io::Result<bool> {
        FileJournal::exists(&journal_dir(data))
    }

    /// A ledger that is kept in memory only.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn in_memory(id: LedgerId, options: &LedgerOptions) -> Result<Self, OpenError> {
        Self::start(Box::new(MemoryJournal::new(id)), None, options, &|_, _| {})
    }

    /// Opens a ledger over any journal; `store` is the directory of sled, if there is to be one. Named cursors and stages are
    /// kept in memory.
    ///
    /// # Errors
    /// When the journal cannot be read or the system gives no thread.
    pub fn start(
        journal: Box<dyn Journal>,
        store: Option<&Path>,
        options: &LedgerOptions,
        progress: &dyn Progress,
    ) -> Result<Self, OpenError> {
        let beside = Beside::in_memory(journal.ledger_id(), options)?;
        Self::begin(journal, store, beside, options, progress)
    }

    fn begin(
        journal: Box<dyn Journal>,
        store: Option<&Path>,
        beside: Beside,
        options: &LedgerOptions,
        progress: &dyn Progress,
    ) -> Result<Self, OpenError> {
        let reader = journal.reader();
        let head = journal.head();
        let ledger_id = journal.ledger_id();
        let store = Arc::new(Store::open(store, ledger_id, Arc::clone(&reader), options.cache_bytes, progress)?);
        let appends = store.view().index.appends.len();
        let fingerprint_of = |id| store.view().index.appends.by_request(id).map(|(_, fingerprint)| fingerprint);
        beside.stages.forget_recorded(fingerprint_of);
        let saver = Saver::start(Arc::clone(&store))?;
        saver.wake();
        let shared = Arc::new(Shared {
            ledger_id,
            store,
            clock: Arc::clone(&options.clock),
            journal: reader,
            published: AtomicU32::new(appends),
            changes: watch::Sender::new(Published { before: appends, appends }),
            feed: Feed::default(),
            cursors: beside.cursors,
            stages: beside.stages,
            begun: Begun::default(),
            horizon: Horizon::new(head.recorded_at),
            failed: watch::Sender::new(None),
            saver,
            metrics: Metrics::default(),
            writing: Writing::default(),
            checkpointed: AtomicU64::new(Position::START.0),
        });
        let salts: Box<dyn Salts> =
            if options.public_salts { Box::new(DerivedSalts) } else { Box::new(RandomSalts::default()) };
        let room = journal.room();
        let committer = Committer::start(Arc::clone(&shared), journal)?;
        let writer = Writer {
            shared: Arc::clone(&shared),
            committer,
            room,
            salts,
            recorded_at: head.recorded_at,
            link: head.link,
        };
        let (queue, waiting) = bounded(QUEUE);
        let writer = std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer.run(&waiting))?;
        Ok(Self { shared, queue: Mutex::new(Some(queue)), writer: Mutex::new(Some(writer)) })
    }
}
