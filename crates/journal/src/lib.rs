//! The write-ahead journal: every event that was ever recorded, in order, on stable storage before it is acknowledged.
//!
//! It is the ground state of a ledger. Everything else (the event log in the store, indexes, caches) is derived from it
//! and can be deleted. So it is small on purpose, knows nothing of claims, and does four things: append durably, read
//! from a position, name the head, and tell a torn write from damage. An event is opaque bytes here.
//!
//! # Words
//!
//! A [`Record`] is one event with its salt. An [`Append`] is one client transaction: one or more records, wholly
//! recorded or not at all; one too large to be held is written as a [`Run`] of pieces. A *group* is the appends that one
//! fsync makes durable together. A [`Link`] is the hash of the
//! whole history up to a position ([`chain`]); a [`Head`] is a position with its recorded time and link. A [`Chunk`] is
//! what reading yields: an append, or a bounded part of a large one.
//!
//! # Example
//!
//! ```
//! use detente_domain::position::{Position, RecordedAt};
//! use detente_journal::{Append, AppendHeader, Bytes, Journal, LedgerId, Record, Salt, chain, memory::MemoryJournal};
//!
//! let mut journal = MemoryJournal::new(LedgerId(uuid::Uuid::from_u128(1)));
//! let header = AppendHeader {
//!     first: Position(1),
//!     count: 1,
//!     recorded_at: RecordedAt(1_753_920_000_000_000),
//!     recorded_by: "archivist".to_owned(),
//!     request: None,
//!     backfilled: false,
//!     floor: RecordedAt::MIN,
//! };
//! let records = vec![Record { salt: Salt([7; 16]), event: Bytes::from_static(b"an event") }];
//! let link = chain::seal(journal.head().link, &header, &records);
//! let head = journal.append(&[Append { header, records, link }])?;
//! assert_eq!((head.position, head.link), (Position(1), link), "durable once this returns");
//!
//! let chunk = journal.reader().read(Position(1))?.next().ok_or("nothing was recorded")??;
//! assert_eq!(&*chunk.records[0].event, b"an event");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # On disk ([`mod@file`])
//!
//! ```text
//! MANIFEST   format, ledger id, created              written once, last, by temp + fsync + rename
//! LOCK       the holder's PID, under a kernel lock   a stale file never stands in the way
//! HEAD       two slots: the last durable position    written after each group's fsync, synced when idle
//! NEXT-1     an empty file, open: the next segment    made beforehand, so that a new segment needs no descriptor
//! 00000000000000000001.seg ... <first position>.seg
//!
//! segment:  | header | frame | frame | frame | zeros         a group is never split over segments
//! frame:    | fixed header, own CRC | payload, own CRC |
//!             length, first, count, flags, synced,      Frame { append header, records }
//!             recorded_at, floor, epoch, links
//!
//! a large append is a run of frames:   [BEGINS ..] [..] [..] [.. ENDS]   nothing of it counts without ENDS
//! one that was let go of is voided:    [BEGINS ..] [..] [BEGINS VOIDS ..]          by the next append
//! ```
//!
//! # Invariants
//!
//! * Positions are dense from 1; recorded times grow from append to append (equal only when backfilled).
//! * `Ok` from [`Journal::append`] means the whole group is on stable storage. A reader sees nothing that is not.
//! * Each frame's link before is the link after of the frame before it, over segments too.
//! * `synced` in a frame is the position that was durable when the frame was written: so a frame proves that everything
//!   up to `synced` was once on stable storage.
//! * After any error in a write or an fsync nothing is acknowledged any more, and no fsync is repeated: the kernel
//!   marks pages clean after a failure, so that a second fsync would succeed without them.
//! * Nothing recorded is ever changed. Only what was never acknowledged is cut, and its bytes are kept aside.
//!
//! # The findings of opening, and their verdicts
//!
//! | found | verdict |
//! |---|---|
//! | above the mark, a frame that is short, zeros or fails a CRC, and no later frame says it was synced | torn: cut, kept aside |
//! | above the mark, a run without its end | torn: the run is cut wholly |
//! | the same, but a later frame's `synced` covers it | damage |
//! | a bad frame at or below the mark, or in any segment but the last | damage |
//! | a sound frame in the wrong place | damage |
//! | a segment missing, swapped, repeated, shortened; the mark ahead of the log | damage |
//! | after the last frame, nothing but zeros | room that is kept for small appends |
//! | a floor or an epoch that goes back | damage |
//! | a last segment with a bad header and nothing after it | torn: its creation was interrupted |
//! | segments or a used mark without a manifest; a manifest without segments | refused |
//! | no mark, or no readable slot | everything is scanned, and the report says so |
//! | an unknown or an earlier format | refused, nothing touched |
//!
//! The one thing a directory cannot know by itself is that it was rolled back as a whole, or that its mark *and* its
//! last frames are gone. Clients who hold a basis find that out.
//!
//! Reasons: `docs/design/journal.md`. Bytes: `docs/design/journal-bytes.md`.

pub mod chain;
mod check;
mod error;
pub mod fence;
pub mod file;
pub mod memory;
mod obstacle;
mod record;
pub mod request;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

pub use error::{AppendError, CheckpointError, Damage, Fault, ReadError, Refusal};
pub use fence::Fence;
pub use obstacle::Obstacle;
pub use obstacle::at;
pub use prost::bytes::Bytes;
pub use request::{RequestKey, RequestMark};
use uuid::Uuid;

use detente_domain::position::{Position, RecordedAt};

/// The ledger that a journal belongs to. Not part of the chain: a faithful copy under another id has the same links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LedgerId(pub Uuid);

impl fmt::Display for LedgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The SHA-256 hash of the history up to and including a position. See [`chain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link(pub [u8; 32]);

impl Link {
    /// The link before the first event.
    pub const GENESIS: Self = Self([0; 32]);
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Random bytes hashed with an event, so that its commitment tells nothing about it once the event is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Salt(pub [u8; 16]);

/// The facts that hold for a whole append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendHeader {
    /// The position of its first event.
    pub first: Position,
    /// The number of its events, at least one.
    pub count: u64,
    /// The time at which the ledger recorded it.
    pub recorded_at: RecordedAt,
    /// The name under which it was recorded.
    pub recorded_by: String,
    /// The request it answers, if the client named it.
    pub request: Option<RequestMark>,
    /// True if its recorded time was taken over from elsewhere.
    pub backfilled: bool,
    /// The instant at or before which nothing is recorded from this append on. It is before its recorded time. Not part
    /// of the chain.
    pub floor: RecordedAt,
}

impl AppendHeader {
    /// The position of its last event.
    #[must_use]
    pub const fn last(&self) -> Position {
        self.first.plus(self.count.saturating_sub(1))
    }
}

/// One event, encoded by the layer above, with its salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Hashed before the event.
    pub salt: Salt,
    /// The encoded event.
    pub event: Bytes,
}

/// One client transaction, ready to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The facts that hold for the whole append.
    pub header: AppendHeader,
    /// Its events; as many as the header counts.
    pub records: Vec<Record>,
    /// The link after its last event, as [`chain::seal`] computes it.
    pub link: Link,
}

/// A part of an append that is too large to be held: the next of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The records, at least one.
    pub records: Vec<Record>,
    /// The link after the last of them.
    pub link: Link,
}

/// The end of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; [`Position::START`] if there is none.
    pub position: Position,
    /// The recorded time of the last append; [`RecordedAt::MIN`] if there is none.
    pub recorded_at: RecordedAt,
    /// The link after the last event.
    pub link: Link,
}

impl Head {
    /// The head of an empty history.
    pub const GENESIS: Self = Self { position: Position::START, recorded_at: RecordedAt::MIN, link: Link::GENESIS };
}

/// An append as read, or a bounded part of a large one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The append it belongs to.
    pub header: Arc<AppendHeader>,
    /// The position of its first record.
    pub first: Position,
    /// Never empty. They share one buffer: a record that is kept for long keeps its whole frame in memory.
    pub records: Vec<Record>,
    /// The link after its last record.
    pub link: Link,
    /// True if it closes its append.
    pub last: bool,
}

/// The writer's side. There is one writer.
pub trait Journal: Send {
    /// The ledger that this is.
    fn ledger_id(&self) -> LedgerId;

    /// The durable head.
    fn head(&self) -> Head;

    /// The instant at or before which nothing more is recorded, as the last append states it.
    fn floor(&self) -> RecordedAt;

    /// Records a group of appends with one write and one fsync, and returns the new head. All of them are then durable
    /// and visible to readers. An empty group changes nothing.
    ///
    /// Positions, counts and recorded times are checked against the head. The links of appends that fit one frame are
    /// trusted (recomputed only with debug assertions): [`chain::seal`] has just made them.
    ///
    /// # Errors
    ///
    /// [`AppendError`] says whether nothing happened or the outcome is unknown; it holds for the group as a whole.
    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError>;

    /// The time that the last fsync of a group took; none if nothing is synced.
    fn last_sync(&self) -> Option<Duration> {
        None
    }

    /// Begins one append that is too large to be held; the [`Run`] takes its records piece by piece. `bytes` is the
    /// most that they will take with their frames: there must be room for all of them before the first is written.
    ///
    /// # Errors
    ///
    /// As for [`Journal::append`]; nothing happened then.
    fn begin(&mut self, header: &AppendHeader, bytes: u64) -> Result<Box<dyn Run + '_>, AppendError>;

    /// The room that is left, which can be promised while the writer writes.
    fn room(&self) -> Arc<dyn Room>;

    /// A reader that outlives the borrow of the writer.
    fn reader(&self) -> Arc<dyn Reader>;

    /// Makes the head mark durable. For when the writer is idle, and at shutdown: the next open starts there.
    ///
    /// # Errors
    ///
    /// If the mark could not be synced; the journal then takes no more appends.
    fn checkpoint(&mut self) -> Result<(), CheckpointError>;
}

/// The space that may still be written. A full disk must show before anything is built upon an append, while the
/// appends before it are being written: so room is promised outside the writer.
pub trait Room: Send + Sync {
    /// Sets aside room for this many more bytes, and the segments they may need.
    ///
    /// # Errors
    ///
    /// If that would eat into the reserve, or a segment cannot be made. Nothing changes.
    fn set_aside(&self, bytes: u64) -> Result<(), Refusal>;

    /// Ends a promise: the bytes are written, or will not be.
    fn give_back(&self, bytes: u64);

    /// The free space as it is now; none where there is no disk, or it does not say.
    fn space(&self) -> Option<FreeSpace> {
        None
    }

    /// The reason that no append can be written now, whatever its size, if there is one.
    fn refusal(&self) -> Option<Refusal> {
        None
    }
}

/// Free space of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes that may still be written.
    pub available: u64,
    /// The number of these that are kept free.
    pub reserve: u64,
}

/// Room that is set aside for as long as this is held.
pub struct Promise {
    room: Arc<dyn Room>,
    bytes: u64,
}

impl Promise {
    /// Sets aside room for a number of bytes.
    ///
    /// # Errors
    ///
    /// If there is less.
    pub fn of(room: &Arc<dyn Room>, bytes: u64) -> Result<Self, Refusal> {
        room.set_aside(bytes)?;
        Ok(Self { room: Arc::clone(room), bytes })
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.room.give_back(self.bytes);
    }
}

/// An append on its way into a journal, piece by piece. Nothing of it counts, and no reader sees it, before it is
/// sealed: a crash leaves all of it or nothing. A run that is dropped before that is not recorded: the next append voids
/// what was written of it.
pub trait Run {
    /// Writes the next records. Their link is trusted (recomputed only with debug assertions).
    ///
    /// # Errors
    ///
    /// If they are more than the header counts, or writing fails.
    fn extend(&mut self, piece: &Piece) -> Result<(), AppendError>;

    /// Makes the append durable with one fsync, and visible; the new head is returned.
    ///
    /// # Errors
    ///
    /// If records are missing, or writing or syncing fails.
    fn seal(self: Box<Self>) -> Result<Head, AppendError>;
}

/// The number of records in a stretch. The n-th stretch has the positions `16 n + 1 ..= 16 n + 16`.
pub const STRETCH: u64 = 16;

/// The answer to whether a read may wait for a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// As long as it takes.
    AsLong,
    /// Never: bytes that are not in memory are not read.
    Never,
}

/// The reason why records were not read from their place. Some of their events may have been handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotInPlace {
    /// It would have to wait for a disk.
    WouldWait,
    /// They cannot be read so: the place is not known, or they are not durable or not sound. [`Reader::read`] says more.
    Impossible,
}

impl From<std::io::Error> for NotInPlace {
    fn from(_: std::io::Error) -> Self {
        Self::Impossible
    }
}

/// The chunks that [`Reader::read`] yields, in order of position, up to the head that was durable at the call.
pub type Chunks<'a> = Box<dyn Iterator<Item = Result<Chunk, ReadError>> + Send + 'a>;

/// The readers' side. Any number of them may be at work while the writer is.
pub trait Reader: Send + Sync {
    /// The durable head, which moves as the writer goes.
    fn head(&self) -> Head;

    /// Reads from a position (which may lie inside an append or a frame) to the head that is durable now, holding one
    /// frame at a time. From the position after the head it yields nothing. [`Position::START`] means the beginning.
    /// After an error the iterator ends.
    ///
    /// # Errors
    ///
    /// If the position is beyond the one after the head, or the place cannot be found or read.
    fn read(&self, from: Position) -> Result<Chunks<'_>, ReadError>;

    /// Reads the records of positions within one stretch from its place, and hands the event of each to `found`, in
    /// order. Each is accepted by its own checksum.
    ///
    /// # Errors
    ///
    /// If they cannot be read so, or not without waiting.
    fn read_in_place(
        &self,
        _positions: RangeInclusive<Position>,
        _waiting: Waiting,
        _found: &mut dyn FnMut(&[u8]),
    ) -> Result<(), NotInPlace> {
        Err(NotInPlace::Impossible)
    }

    /// The place of the stretch with a number, to be kept until a later start; none if it is not known.
    fn place_of(&self, _stretch: usize) -> Option<u64> {
        None
    }

    /// Takes over the place of a stretch from an earlier start. A wrong one is noticed when the stretch is read.
    fn learn_place(&self, _stretch: usize, _place: u64) {}
}
