//! An append that is written piece by piece: a run of frames whose end is not known to be sound before it is sealed.
//!
//! ```text
//!   begin: room, segment        extend, extend, ...               seal
//!   ────────────────────── [BEGINS ..] [..] [..] [.. ENDS] ── fdatasync ── publish, mark
//!                          a crash up to here leaves a run without its end, or with one: cut wholly, or there wholly
//! ```
//!
//! The number of records of the append is in the header of its first frame and in the hash chain, so it must be known
//! before the run begins. The frame with the last of them ends the run.

use super::frame::{HEADER_LEN, Header};
use super::plan::LARGEST_EVENT;
use super::scan::Tail;
use super::{FileJournal, PIECE};
use crate::record::{self, EncodedHeader};
use crate::{AppendError, AppendHeader, Head, Link, Piece, Record, Refusal, Run, chain, check};
use detente_domain::position::Position;
use std::time::Instant;

/// An append on its way into a file journal.
pub(super) struct FileRun<'j> {
    journal: &'j mut FileJournal,
    header: AppendHeader,
    encoded: EncodedHeader,
    tail: Tail,
    /// The number of records written, or in the buffer.
    done: u64,
    /// The link after them, as the next frame states it.
    before: Link,
    /// The same, as the next record is linked to it: of the first record it is the opened append.
    running: Link,
    sealed: bool,
}

impl<'j> FileRun<'j> {
    /// Sees to it that the append may follow, that there is room, and that it starts in a segment that can hold it.
    pub(super) fn begin(journal: &'j mut FileJournal, header: &AppendHeader, bytes: u64) -> Result<Self, AppendError> {
        if journal.poisoned {
            return Err(AppendError::Poisoned);
        }
        let head = journal.tail.head;
        check::follows(head, header)?;
        journal.space.take(bytes)?;
        journal.rotate_before(bytes)?;
        journal.buffer.clear();
        let fence = journal.tail.fence.raised_to(header.floor);
        Ok(Self {
            header: header.clone(),
            encoded: EncodedHeader::of(header),
            tail: Tail { fence, ..journal.write_tail() },
            done: 0,
            before: head.link,
            running: chain::open_append(head.link, header),
            sealed: false,
            journal,
        })
    }

    /// Adds the frame of some records to the buffer; `after` is the link after the last of them.
    fn frame(&mut self, records: &[Record], after: Link) {
        let mut payload =
            Vec::with_capacity(self.encoded.len() + records.iter().map(record::record_len).sum::<usize>());
        self.encoded.put(&mut payload);
        let first = self.header.first.plus(self.done);
        let positions = (first.0..).map(Position);
        positions.zip(records).for_each(|(at, record)| record::put_record(at, record, &mut payload));
        let done = self.done + records.len() as u64;
        let header = Header {
            payload_len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            first,
            count: u32::try_from(records.len()).unwrap_or(u32::MAX),
            begins: self.done == 0,
            ends: done == self.header.count,
            voids: self.done == 0 && self.journal.abandoned.is_some(),
            synced: self.journal.tail.head.position,
            recorded_at: self.header.recorded_at,
            fence: self.tail.fence,
            payload_crc: crc32c::crc32c(&payload),
            before: self.before,
            after,
        };
        self.tail.frame = Some(self.tail.end + self.journal.buffer.len() as u64);
        let records_at = (HEADER_LEN + self.encoded.len()) as u64;
        self.journal.shared.note_places(first, records, self.tail.frame.unwrap_or_default() + records_at);
        header.put(self.journal.segment.header.nonce, &mut self.journal.buffer);
        self.journal.buffer.extend_from_slice(&payload);
        (self.done, self.before, self.running) = (done, after, after);
    }

    fn write(&mut self) -> Result<(), AppendError> {
        let written = self.journal.hand_over(&mut self.tail);
        written.map_err(|error| AppendError::OutcomeUnknown(self.journal.poison(error)))
    }
}

impl Run for FileRun<'_> {
    fn extend(&mut self, piece: &Piece) -> Result<(), AppendError> {
        if self.journal.poisoned {
            return Err(AppendError::Poisoned);
        }
        check::extends(&self.header, self.done, piece.records.len())?;
        let room = self.journal.options.max_frame_bytes.saturating_sub(self.encoded.len());
        let cuts = cuts(&piece.records, room)?;
        let is_one = cuts.len() == 1;
        for records in cuts {
            let trusted = is_one && !cfg!(debug_assertions);
            let after = if trusted { piece.link } else { chain::extend_all(self.running, records) };
            self.frame(records, after);
            if self.journal.buffer.len() >= PIECE {
                self.write()?;
            }
        }
        if self.running == piece.link { Ok(()) } else { Err(Refusal::WrongLink.into()) }
    }

    fn seal(mut self: Box<Self>) -> Result<Head, AppendError> {
        if self.journal.poisoned {
            return Err(AppendError::Poisoned);
        }
        check::is_whole(&self.header, self.done)?;
        self.write()?;
        let began = Instant::now();
        let synced = self.journal.segment.file.sync();
        self.journal.last_sync = Some(began.elapsed());
        synced.map_err(|error| AppendError::OutcomeUnknown(self.journal.poison(error)))?;
        let head = Head { position: self.header.last(), recorded_at: self.header.recorded_at, link: self.before };
        self.journal.publish(Tail { head, ..self.tail });
        self.sealed = true;
        Ok(head)
    }
}

/// An abandoned append leaves its bytes behind the tail. The next append is written after them and voids them.
impl Drop for FileRun<'_> {
    fn drop(&mut self) {
        if !self.sealed && self.tail.end > self.journal.tail.end {
            self.journal.abandoned = Some(self.tail.end);
        }
    }
}

/// The records of a piece, in stretches that each fit a frame.
fn cuts(records: &[Record], room: usize) -> Result<Vec<&[Record]>, Refusal> {
    let mut cuts = Vec::with_capacity(1);
    let (mut rest, mut filled, mut count) = (records, 0usize, 0usize);
    for record in records {
        let bytes = record.event.len() as u64;
        if bytes > LARGEST_EVENT {
            return Err(Refusal::RecordTooLarge { bytes, limit: LARGEST_EVENT });
        }
        let len = record::record_len(record);
        if count > 0 && filled + len > room {
            let (frame, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            cuts.push(frame);
            (rest, filled, count) = (after, 0, 0);
        }
        (filled, count) = (filled + len, count + 1);
    }
    cuts.push(rest);
    Ok(cuts)
}
