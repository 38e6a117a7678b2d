//! Reads the frames of one segment in order, through a small window, checking each one alone.
//!
//! Each frame is judged by itself here. The module `sequence` judges the order of frames.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use super::disk::DiskFile;
use super::frame::{self, FileFrame, Header};
use super::segment::Segment;
use crate::Fault;

const WINDOW: usize = 128 * 1024;

/// The reason why there is no next frame.
#[derive(Debug, Error)]
pub(super) enum FrameError {
    /// It is not sound.
    #[error(transparent)]
    Bad(#[from] Fault),
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The frames of a segment between two offsets.
pub(super) struct Frames {
    file: Arc<dyn DiskFile>,
    nonce: u32,
    offset: u64,
    end: u64,
    window: Vec<u8>,
    window_at: u64,
    /// The offset of the last beginning of a run that is known to count.
    counts: Option<u64>,
}

impl Frames {
    /// The frames from an offset, where one starts, to another.
    pub(super) fn new(segment: &Segment, offset: u64, end: u64) -> Self {
        let file = Arc::clone(&segment.file);
        Self { file, nonce: segment.header.nonce, offset, end, window: Vec::new(), window_at: 0, counts: None }
    }

    /// The offset of the next frame, or of a voided run before it.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The header of the next frame that counts, without moving on. `None` at the end. A run that a later frame voids is
    /// passed over.
    pub(super) fn peek(&mut self) -> Result<Option<Header>, FrameError> {
        loop {
            if self.offset >= self.end {
                return Ok(None);
            }
            let nonce = self.nonce;
            let bytes = self.bytes(self.offset, frame::HEADER_LEN)?;
            let header = Header::decode(nonce, bytes).ok_or(Fault::FrameHeader)?;
            let begins_run = header.begins && !header.ends;
            if !begins_run || self.counts == Some(self.offset) {
                return Ok(Some(header));
            }
            match self.voided_by(&header)? {
                Some(offset) => self.offset = offset,
                None => self.counts = Some(self.offset),
            }
        }
    }

    /// The offset of the frame that voids the run which begins here, if one does. Only headers are read.
    fn voided_by(&self, begin: &Header) -> Result<Option<u64>, FrameError> {
        let mut offset = self.offset.saturating_add(begin.frame_len());
        while offset.saturating_add(frame::HEADER_LEN as u64) <= self.end {
            let mut bytes = [0; frame::HEADER_LEN];
            self.file.read_at(&mut bytes, offset)?;
            match Header::decode(self.nonce, &bytes) {
                Some(header) if header.voids => return Ok(Some(offset)),
                Some(header) if !header.begins && !header.ends => offset = offset.saturating_add(header.frame_len()),
                Some(_) | None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The offset of the frame that was read last.
    pub(super) const fn start_of(&self, last: &FileFrame) -> u64 {
        self.offset.saturating_sub(last.header.frame_len())
    }

    /// Moves on to after a frame, unread.
    pub(super) fn skip(&mut self, header: &Header) {
        self.offset = self.offset.saturating_add(header.frame_len());
    }

    /// The next frame. `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<FileFrame>, FrameError> {
        let Some(header) = self.peek()? else {
            return Ok(None);
        };
        let len = usize::try_from(header.payload_len).map_err(|_| Fault::Short)?;
        let payload = self.bytes(self.offset + frame::HEADER_LEN as u64, len)?;
        let frame = FileFrame::decode(header, payload)?;
        self.skip(&header);
        Ok(Some(frame))
    }

    /// Some bytes, through the window.
    fn bytes(&mut self, offset: u64, len: usize) -> Result<&[u8], FrameError> {
        let window_end = self.window_at + self.window.len() as u64;
        if offset < self.window_at || offset + len as u64 > window_end {
            self.fill(offset, len)?;
        }
        let start = usize::try_from(offset - self.window_at).map_err(|_| Fault::Short)?;
        Ok(self.window.get(start..start + len).ok_or(Fault::Short)?)
    }

    fn fill(&mut self, offset: u64, len: usize) -> Result<(), FrameError> {
        let available = self.end.saturating_sub(offset);
        if available < len as u64 {
            return Err(Fault::Short.into());
        }
        let size = usize::try_from(available).unwrap_or(usize::MAX).min(len.max(WINDOW));
        self.window.resize(size, 0);
        self.window_at = offset;
        let read = self.file.read_at(&mut self.window, offset);
        read.inspect_err(|_| self.window.clear())?;
        Ok(())
    }
}
