//! A journal in memory, for tests and for ledgers that are thrown away. Durable for as long as the process lives.
//!
//! It keeps the contract of the file journal, chunking included, and one conformance suite runs on both.

use std::sync::Arc;

use parking_lot::RwLock;

use super::{
    Append, AppendError, AppendHeader, CheckpointError, Chunk, Chunks, Head, Journal, LedgerId, Link, Piece, ReadError,
    Reader, Record, Refusal, Room, Run, chain, check,
};
use detente_domain::position::{Position, RecordedAt};

/// The most records that a chunk has by default.
const CHUNK_RECORDS: usize = 1_000;

/// The journal; its readers share the log.
pub struct MemoryJournal {
    ledger_id: LedgerId,
    chunk_records: usize,
    log: Arc<Log>,
}

struct Log(RwLock<MemoryState>);

struct MemoryState {
    head: Head,
    floor: RecordedAt,
    chunks: Vec<Chunk>,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new(ledger_id: LedgerId) -> Self {
        Self::with_chunks_of(ledger_id, CHUNK_RECORDS)
    }

    /// An empty journal that hands out large appends in chunks of this many records (at least one).
    #[must_use]
    pub fn with_chunks_of(ledger_id: LedgerId, records: usize) -> Self {
        let state = MemoryState { head: Head::GENESIS, floor: RecordedAt::MIN, chunks: Vec::new() };
        Self { ledger_id, chunk_records: records.max(1), log: Arc::new(Log(RwLock::new(state))) }
    }
}

impl Journal for MemoryJournal {
    fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    fn head(&self) -> Head {
        self.log.head()
    }

    fn floor(&self) -> RecordedAt {
        self.log.0.read().floor
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        let mut head = self.head();
        let mut chunks = Vec::with_capacity(group.len());
        for append in group {
            let next = check::admit(head, append)?;
            let start = (append.header.first, chain::open_append(head.link, &append.header));
            chunks.extend(cut(&Arc::new(append.header.clone()), start, &append.records, self.chunk_records));
            head = next;
        }
        Ok(self.log.take_in(chunks, head))
    }

    fn begin(&mut self, header: &AppendHeader, _bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        let head = self.head();
        check::follows(head, header)?;
        let link = chain::open_append(head.link, header);
        let header = Arc::new(header.clone());
        Ok(Box::new(MemoryRun { log: &self.log, size: self.chunk_records, header, chunks: Vec::new(), done: 0, link }))
    }

    fn room(&self) -> Arc<dyn Room> {
        Arc::new(Endless)
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.log) as Arc<dyn Reader>
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        Ok(())
    }
}

/// Memory is not counted.
struct Endless;

impl Room for Endless {
    fn set_aside(&self, _bytes: u64) -> Result<(), Refusal> {
        Ok(())
    }

    fn give_back(&self, _bytes: u64) {}
}

/// An append that is being put together outside the log.
struct MemoryRun<'j> {
    log: &'j Log,
    size: usize,
    header: Arc<AppendHeader>,
    chunks: Vec<Chunk>,
    done: u64,
    link: Link,
}

impl Run for MemoryRun<'_> {
    fn extend(&mut self, piece: &Piece) -> Result<(), AppendError> {
        let done = check::extends(&self.header, self.done, piece.records.len())?;
        if cfg!(debug_assertions) && piece.link != chain::extend_all(self.link, &piece.records) {
            return Err(Refusal::WrongLink.into());
        }
        let first = self.header.first.plus(self.done);
        self.chunks.extend(cut(&self.header, (first, self.link), &piece.records, self.size));
        (self.done, self.link) = (done, piece.link);
        Ok(())
    }

    fn seal(self: Box<Self>) -> Result<Head, AppendError> {
        check::is_whole(&self.header, self.done)?;
        let head = Head { position: self.header.last(), recorded_at: self.header.recorded_at, link: self.link };
        Ok(self.log.take_in(self.chunks, head))
    }
}

/// Records of an append as chunks; with the position of the first and the link before it.
fn cut(
    header: &Arc<AppendHeader>,
    (mut first, mut link): (Position, Link),
    records: &[Record],
    size: usize,
) -> Vec<Chunk> {
    let chunk = |records: &[Record]| {
        link = chain::extend_all(link, records);
        let start = first;
        first = start.plus(records.len() as u64);
        let last = first > header.last();
        Chunk { header: Arc::clone(header), first: start, records: records.to_vec(), link, last }
    };
    records.chunks(size).map(chunk).collect()
}

impl Log {
    fn take_in(&self, mut chunks: Vec<Chunk>, head: Head) -> Head {
        let mut state = self.0.write();
        state.floor = chunks.iter().map(|chunk| chunk.header.floor).fold(state.floor, RecordedAt::max);
        state.chunks.append(&mut chunks);
        state.head = head;
        head
    }

    /// The `index`-th chunk, if it was there when the head was `until`.
    fn chunk(&self, index: usize, until: Position) -> Option<Chunk> {
        self.0.read().chunks.get(index).filter(|chunk| chunk.first <= until).cloned()
    }
}

impl Reader for Log {
    fn head(&self) -> Head {
        self.0.read().head
    }

    fn read(&self, from: Position) -> Result<Chunks<'_>, ReadError> {
        let from = from.max(Position(1));
        let state = self.0.read();
        let until = state.head.position;
        if from > until.next() {
            return Err(ReadError::BeyondHead { from, head: until });
        }
        let start = state.chunks.partition_point(|chunk| chunk.first <= from).saturating_sub(1);
        let chunks = (start..).map_while(move |index| self.chunk(index, until));
        Ok(Box::new(chunks.filter_map(move |chunk| chunk.starting_at(from)).map(Ok)))
    }
}

impl Chunk {
    /// The chunk without what comes before a position; `None` if nothing is left.
    pub(crate) fn starting_at(mut self, from: Position) -> Option<Self> {
        let skip = from.0.saturating_sub(self.first.0);
        if skip >= self.records.len() as u64 {
            return None;
        }
        self.records.drain(..usize::try_from(skip).ok()?);
        self.first = self.first.max(from);
        Some(self)
    }
}
