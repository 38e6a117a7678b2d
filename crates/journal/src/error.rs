//! Errors of a journal, and the conclusions that a caller may draw from them.
//!
//! An append's error says whether nothing happened. A fault is one way in which bytes can be wrong. Damage is a fault
//! with its place, which tells an operator where to look and what is lost.

use std::io;

use thiserror::Error;

use super::Obstacle;
use detente_domain::position::{Position, RecordedAt};

/// The reason why a group was not acknowledged.
#[derive(Debug, Error)]
pub enum AppendError {
    /// Nothing of the group was written.
    #[error("nothing was written: {0}")]
    NothingWritten(#[from] Refusal),
    /// Writing or syncing failed. The group may or may not be there after the journal is opened again.
    #[error("the outcome is unknown: writing to the journal failed: {0}")]
    OutcomeUnknown(#[source] io::Error),
    /// An earlier write failed. Nothing of this group was written, and nothing will be until the journal is reopened.
    #[error("nothing was written: the journal stopped after an earlier failure")]
    Poisoned,
}

impl AppendError {
    /// Returns true if it is certain that nothing of the group was recorded or ever will be.
    #[must_use]
    pub const fn nothing_happened(&self) -> bool {
        match self {
            Self::NothingWritten(_) | Self::Poisoned => true,
            Self::OutcomeUnknown(_) => false,
        }
    }
}

/// The reason why a group was refused before anything was written.
#[derive(Debug, Error)]
pub enum Refusal {
    /// An append does not start right after the one before it.
    #[error("an append starts at position {found}, the next position is {expected}")]
    NotNext {
        /// The position after the head.
        expected: Position,
        /// The position that the append starts at.
        found: Position,
    },
    /// An append has no records, or another number than its header counts.
    #[error("the append's header counts {counted} records, it has {found}")]
    WrongCount {
        /// The number of records by the header.
        counted: u64,
        /// The number of records in fact.
        found: u64,
    },
    /// An append's recorded time is not later than that of the append before (equal is allowed in a backfill).
    #[error("recorded time {found:?} does not follow {previous:?}")]
    NotLater {
        /// The recorded time of the append before.
        previous: RecordedAt,
        /// The recorded time of this append.
        found: RecordedAt,
    },
    /// The link given is not the one the chain computes.
    #[error("the append's link is not that of its header and records")]
    WrongLink,
    /// A record is larger than a frame can ever hold.
    #[error("a record has {bytes} bytes, at most {limit} are possible")]
    RecordTooLarge {
        /// The size of the event.
        bytes: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The disk would be filled up to the reserve.
    #[error("the disk is full: {needed} bytes needed, {available} available, of which {reserve} are kept free")]
    DiskFull {
        /// The bytes that the group needs.
        needed: u64,
        /// The bytes that are free on the file system.
        available: u64,
        /// The bytes that the options keep free.
        reserve: u64,
    },
    /// The file system did not say how much space is left.
    #[error("the free space of the disk is unknown: {0}")]
    SpaceUnknown(#[source] io::Error),
    /// The next segment could not be made beforehand. The next append tries again.
    #[error("the journal's next segment cannot be made: {0}")]
    NoSegment(#[source] io::Error),
    /// The journal was opened for reading.
    #[error("this ledger was opened read-only")]
    ReadOnly,
}

impl Refusal {
    /// The obstacle behind it, if there is one.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        match self {
            Self::DiskFull { .. } => Some(Obstacle::Full),
            Self::SpaceUnknown(error) | Self::NoSegment(error) => Obstacle::of(error),
            _ => None,
        }
    }
}

/// The reason why the head mark was not synced.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// Syncing failed. The journal takes no more appends.
    #[error("syncing the head mark failed: {0}")]
    Failed(#[source] io::Error),
    /// An earlier write failed.
    #[error("the journal stopped after an earlier failure")]
    Poisoned,
}

/// The reason why reading stopped.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The position lies beyond the one after the head.
    #[error("position {from} is beyond the head, {head}")]
    BeyondHead {
        /// The position to read from.
        from: Position,
        /// The durable head.
        head: Position,
    },
    /// The bytes are not those that were written.
    #[error("the journal is damaged: {0}")]
    Damaged(#[from] Damage),
    /// The event at a position was erased by a later version.
    #[error("the event at position {0} was erased by a later version of this program: use that one")]
    Erased(Position),
    /// The disk did not answer.
    #[error("reading the journal failed: {0}")]
    Io(#[from] io::Error),
}

impl ReadError {
    /// The obstacle behind it; none where it is damage.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        match self {
            Self::Io(error) => Obstacle::of(error),
            Self::BeyondHead { .. } | Self::Damaged(_) | Self::Erased(_) => None,
        }
    }
}

/// A fault with its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("position {position}, {file} at byte {offset}: {fault}")]
pub struct Damage {
    /// The first position that cannot be read because of it.
    pub position: Position,
    /// The file's name.
    pub file: String,
    /// The place in the file, in bytes.
    pub offset: u64,
    /// The fault at this place.
    pub fault: Fault,
}

/// One way in which a journal's bytes can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A frame goes beyond the end of the file.
    #[error("the frame is cut short")]
    Short,
    /// A frame's header is zeros, or fails its checksum.
    #[error("the frame's header is not sound")]
    FrameHeader,
    /// A frame's payload fails its checksum.
    #[error("the frame's payload fails its checksum")]
    Payload,
    /// A frame's payload is not what its header says it is.
    #[error("the frame's payload does not fit its header")]
    Content,
    /// A frame is not the one that belongs here.
    #[error("a frame of position {0} stands here")]
    OutOfPlace(Position),
    /// A frame is not linked to the one before it.
    #[error("the frame is not linked to the history before it")]
    Unlinked,
    /// A frame's records do not hash to the link it states.
    #[error("the records do not have the hash the frame states")]
    WrongHash,
    /// A recorded time goes back.
    #[error("the recorded time goes back")]
    RecordedEarlier,
    /// The epoch or the floor of a frame is lower than before.
    #[error("the frame's epoch or floor goes back")]
    FenceWentBack,
    /// The frames of an append are not a run from its beginning to its end.
    #[error("the frames of an append do not form a whole")]
    BrokenRun,
    /// A segment's header fails its checksum.
    #[error("the segment's header is not sound")]
    SegmentHeader,
    /// A segment is not the one its name says, or belongs to another ledger.
    #[error("the segment is not the one that belongs here")]
    SegmentIdentity,
    /// A segment does not follow the one before it.
    #[error("the segment does not follow the one before it: a segment is missing, or was replaced")]
    SegmentOrder,
    /// A segment is not as long as the next one says.
    #[error("the segment before is not as long as it was")]
    SegmentLength,
    /// The head mark names a place that is not in the log.
    #[error("the head mark is ahead of the log, which was durable up to position {0}")]
    MarkAhead(Position),
    /// The log has another history at the head mark.
    #[error("the head mark does not agree with the log at position {0}")]
    MarkDisagrees(Position),
    /// A frame that was once synced is no longer sound: a later frame, or the segment's name, says so.
    #[error("what was durable up to position {0} is no longer sound")]
    OnceSynced(Position),
}

impl Fault {
    /// Returns true if a write that was interrupted can look like this.
    pub(crate) const fn may_be_torn(self) -> bool {
        matches!(self, Self::Short | Self::FrameHeader | Self::Payload)
    }

    /// The fault, with its place.
    pub(crate) fn at(self, position: Position, file: impl Into<String>, offset: u64) -> Damage {
        Damage { position, file: file.into(), offset, fault: self }
    }
}
