//! The journal in a directory of files: one writer, any number of readers, one fsync per group.
//!
//! [`crate`] describes the layout and the guarantees. The writer is in this file; each of its parts has a file of its
//! own:
//!
//! ```text
//! bytes      fields  frame  segment  manifest  mark        what stands where, and its checksums
//! one way    plan -> write -> sync -> publish -> mark      (this file, space, spare, zeros); of a large append: run
//! the other  frames -> sequence -> reader, scan            what is sound, and what may follow what
//!            places -> stretch                            a few records from the middle
//! judgement  log  scan  recover  read_only  verify         torn or damaged
//! world      disk  lock
//! ```

pub mod disk;
#[cfg(test)]
mod erasure_tests;
mod fields;
mod frame;
mod frames;
pub mod lock;
mod log;
pub mod manifest;
mod mark;
mod open;
mod places;
mod plan;
mod read_only;
mod reader;
mod recover;
mod run;
mod scan;
mod segment;
mod sequence;
mod space;
mod spare;
mod stretch;
mod verify;
mod zeros;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use open::{CreateError, OpenError};
pub use read_only::ReadOnlyJournal;
pub use recover::{MarkState, Recovery, TornTail};
pub use verify::{Report, verify};

use self::disk::Disk;
use self::frame::{Encoder, FrameSource};
use self::lock::Lock;
use self::mark::{HeadMark, MarkFile};
use self::open::lock_dir;
use self::plan::SegmentPlan;
use self::reader::{DurableEnd, SharedLog};
use self::scan::Tail;
use self::segment::{HEADER_LEN, Header, Previous, Segment};
use self::space::Space;
use self::spare::{RollError, Spares};
use super::{Append, AppendError, AppendHeader, CheckpointError, Head, Journal, LedgerId, Reader, Refusal, Room, Run};
use detente_domain::position::{Position, RecordedAt};

/// The bytes that are encoded before the disk gets them. A smaller group is one write.
const PIECE: usize = 4 << 20;

/// The settings of a file journal.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment that would grow beyond this is closed, and the next one started. A single group may exceed it.
    pub segment_bytes: u64,
    /// An append with a larger payload becomes several frames. A single record may exceed it.
    pub max_frame_bytes: usize,
    /// The bytes of the disk that are kept free.
    pub reserve_bytes: u64,
    /// The most zeros that are kept behind the last frame, so that a small append does not grow the file; 0 for none.
    pub most_zeros: u64,
    /// For the manifest of a new journal; opening ignores it.
    pub created_at: RecordedAt,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 256 << 20,
            max_frame_bytes: 1 << 20,
            reserve_bytes: 128 << 20,
            most_zeros: 1 << 20,
            created_at: RecordedAt(0),
        }
    }
}

/// The writer of a journal in a directory, which it holds locked.
pub struct FileJournal {
    ledger_id: LedgerId,
    options: Options,
    segment: Segment,
    /// The length of its file: zeros may follow the tail.
    len: u64,
    tail: Tail,
    /// The end of an append that was begun behind the tail and abandoned, if there is one.
    abandoned: Option<u64>,
    marks: MarkFile,
    space: Arc<Space>,
    spares: Arc<Spares>,
    encoder: Encoder,
    buffer: Vec<u8>,
    poisoned: bool,
    /// The time that the fsync of the last group took.
    last_sync: Option<Duration>,
    /// Shared with the readers.
    shared: Arc<SharedLog>,
    _lock: Box<dyn Lock>,
}

impl Journal for FileJournal {
    fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    fn head(&self) -> Head {
        self.tail.head
    }

    fn floor(&self) -> RecordedAt {
        self.tail.fence.floor
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        let plan = SegmentPlan::new(self.tail.head, group, self.options.max_frame_bytes)?;
        if plan.appends.is_empty() {
            return Ok(self.tail.head);
        }
        self.space.take(plan.bytes)?;
        self.rotate_before(plan.bytes)?;
        let tail = self.write(group, &plan).map_err(|error| AppendError::OutcomeUnknown(self.poison(error)))?;
        self.publish(tail);
        Ok(tail.head)
    }

    fn last_sync(&self) -> Option<Duration> {
        self.last_sync
    }

    fn begin(&mut self, header: &AppendHeader, bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        Ok(Box::new(run::FileRun::begin(self, header, bytes)?))
    }

    fn room(&self) -> Arc<dyn Room> {
        Arc::clone(&self.space) as Arc<dyn Room>
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.shared) as Arc<dyn Reader>
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        if self.poisoned {
            return Err(CheckpointError::Poisoned);
        }
        self.marks.sync().map_err(|error| CheckpointError::Failed(self.poison(error)))
    }
}

impl FileJournal {
    /// Starts a new segment if these bytes would make this one too large. If it cannot be made, the journal continues
    /// with the one it has, unless the fate of the new one is unknown. An abandoned append must be voided in its segment.
    fn rotate_before(&mut self, bytes: u64) -> Result<(), Refusal> {
        let fits = self.tail.end.saturating_add(bytes) <= self.options.segment_bytes;
        if fits || self.tail.end == HEADER_LEN || self.abandoned.is_some() {
            return Ok(());
        }
        self.cut_zeros()?;
        let previous = Previous { first: self.segment.header.first(), len: self.tail.end };
        let header = Header::new(self.ledger_id, self.tail.head, self.tail.fence, previous);
        self.segment = match self.spares.segment(header) {
            Ok(segment) => segment,
            Err(RollError::NothingDone(error)) => return Err(Refusal::NoSegment(error)),
            Err(RollError::Broken(error)) => return Err(Refusal::NoSegment(self.poison(error))),
        };
        self.tail = Tail { frame: None, end: HEADER_LEN, ..self.tail };
        self.len = HEADER_LEN;
        self.shared.publish_segment(header.first());
        Ok(())
    }

    /// Cuts the zeros behind the tail off, durably: the next segment states the length of this one.
    fn cut_zeros(&mut self) -> Result<(), Refusal> {
        if self.len > self.tail.end {
            self.segment.file.truncate(self.tail.end).map_err(Refusal::NoSegment)?;
            self.segment.file.sync().map_err(|error| Refusal::NoSegment(self.poison(error)))?;
            self.len = self.tail.end;
        }
        Ok(())
    }

    /// The tail at which the next frame is written: behind an abandoned append, if there is one.
    fn write_tail(&self) -> Tail {
        Tail { end: self.abandoned.unwrap_or(self.tail.end), ..self.tail }
    }

    /// Writes and syncs a group. The tail that it returns is durable.
    fn write(&mut self, group: &[Append], plan: &SegmentPlan) -> io::Result<Tail> {
        let mut tail = self.write_tail();
        self.buffer.clear();
        self.keep_zeros(tail.end, plan.bytes);
        for (nth, (append, planned)) in group.iter().zip(&plan.appends).enumerate() {
            tail.fence = tail.fence.raised_to(append.header.floor);
            let source = FrameSource {
                append: &append.header,
                encoded: &planned.header,
                records: &append.records,
                synced: self.tail.head.position,
                fence: tail.fence,
                voids: nth == 0 && self.abandoned.is_some(),
                nonce: self.segment.header.nonce,
            };
            for cut in &planned.cuts {
                let offset = tail.end + self.buffer.len() as u64;
                tail.frame = Some(offset);
                self.encoder.put(&source, cut, &mut self.buffer);
                self.encoder.note_places(&source, cut, offset, &self.shared);
                if self.buffer.len() >= PIECE {
                    self.hand_over(&mut tail)?;
                }
            }
        }
        self.hand_over(&mut tail)?;
        let began = Instant::now();
        self.segment.file.sync()?;
        self.last_sync = Some(began.elapsed());
        Ok(Tail { head: plan.head, ..tail })
    }

    fn hand_over(&mut self, tail: &mut Tail) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.segment.file.write_at(&self.buffer, tail.end)?;
            tail.end += self.buffer.len() as u64;
            self.len = self.len.max(tail.end);
            self.buffer.clear();
        }
        Ok(())
    }

    /// Shows readers what is durable, and marks it. The group stands even if marking fails; the next one does not.
    fn publish(&mut self, tail: Tail) {
        let segment = self.segment.header.first();
        if let Some(frame) = tail.frame {
            self.shared.remember(segment, self.tail.head.position.next(), self.tail.end);
            debug_assert!(frame >= self.tail.end);
        }
        (self.tail, self.abandoned) = (tail, None);
        self.shared.publish(tail.head, tail.end);
        let mark = HeadMark { head: tail.head, segment, frame: tail.frame, end: tail.end };
        if let Err(error) = self.marks.write(&mark) {
            self.poison(error);
        }
    }

    /// Stops the journal for good.
    fn poison(&mut self, error: io::Error) -> io::Error {
        tracing::error!(%error, head = %self.tail.head.position, "the journal stops: writing failed");
        self.poisoned = true;
        error
    }
}

impl SharedLog {
    fn of(dir: PathBuf, disk: Arc<dyn Disk>, firsts: Vec<Position>, tail: &Tail) -> Arc<Self> {
        let published = DurableEnd { head: tail.head, firsts: Arc::new(firsts), end: tail.end };
        Arc::new(Self::new(dir, disk, published))
    }
}
