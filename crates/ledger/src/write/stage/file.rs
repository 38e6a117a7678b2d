//! A stage as bytes: its opening, then its commands, in frames that are checked one by one.
//!
//! ```text
//! "DTNSTAG1" | frame: opening | frame: commands 0..1023 | frame: commands 1024.. | ...
//! frame:  length u32 | first command u64 | commands u32 | CRC32C u32 | payload        big-endian
//! ```
//!
//! The checksum of a frame is seeded with that of the one before, so a frame counts only after the frames it was written
//! after. Each frame is synced before the next is written; if a write fails, its remains are cut before anything else is
//! written. A bad frame ends the stage: commands after it are not staged, and a client that opens the stage again learns
//! the number of the command to send next. So torn writes and damage alike cost only commands that are sent again.

use super::opening::StageOpening;
use detente_journal::file::disk::DiskFile;
use detente_proto::v1;
use prost::Message;
use prost::encoding::message;
use std::io;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"DTNSTAG1";
const HEADER: usize = 4 + 8 + 4 + 4;
/// The number of commands, and of bytes, at which a frame is closed: as much is in memory at once when a stage is read.
const FRAME_COMMANDS: usize = 1024;
const FRAME_BYTES: usize = 1 << 20;
/// No frame is larger: one command is at most a request.
const LARGEST: u32 = 1 << 30;

/// The payload of a frame of commands.
#[derive(Clone, PartialEq, Message)]
struct Commands {
    #[prost(message, repeated, tag = "1")]
    commands: Vec<v1::Command>,
}

/// The end of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StageEnd {
    /// The number of the next command.
    pub(super) next: u64,
    /// The offset of the next frame.
    pub(super) offset: u64,
    /// The checksum of the last frame.
    crc: u32,
}

/// A stage's file, open for adding to it.
pub(super) struct StageFile {
    file: Arc<dyn DiskFile>,
    end: StageEnd,
    /// The offset at which the commands begin.
    start: StageEnd,
    /// True if a write failed, so that bytes of it may follow the end.
    unclean: bool,
}

impl StageFile {
    /// Begins a stage in an empty file; synced.
    pub(super) fn begin(file: Arc<dyn DiskFile>, opening: &StageOpening) -> io::Result<Self> {
        let mut bytes = MAGIC.to_vec();
        let mut end = StageEnd { next: 0, offset: 0, crc: crc32c::crc32c(MAGIC) };
        put_frame(&mut end, 0, &opening.encode_to_vec(), &mut bytes);
        file.write_at(&bytes, 0)?;
        file.sync()?;
        end.offset = bytes.len() as u64;
        Ok(Self { file, end, start: end, unclean: false })
    }

    /// Opens a stage: its opening, and everything up to the first damaged frame. Cuts the bytes after that, and returns
    /// their number.
    ///
    /// # Errors
    /// If the disk does not answer. None if it does not begin as a stage does.
    pub(super) fn open(file: Arc<dyn DiskFile>) -> io::Result<Option<(Self, StageOpening, u64)>> {
        let len = file.len()?;
        let mut magic = [0; MAGIC.len()];
        if len < magic.len() as u64 {
            return Ok(None);
        }
        file.read_at(&mut magic, 0)?;
        let begins = StageEnd { next: 0, offset: magic.len() as u64, crc: crc32c::crc32c(MAGIC) };
        let mut frames = StageFrames { file: Arc::clone(&file), at: begins, len, payload: Vec::new() };
        if magic != *MAGIC || !frames.next()? {
            return Ok(None);
        }
        let Ok(opening) = StageOpening::decode(&*frames.payload) else { return Ok(None) };
        let start = frames.at;
        while frames.next()? {}
        let end = frames.at;
        let torn = len.saturating_sub(end.offset);
        if torn > 0 {
            file.truncate(end.offset)?;
            file.sync()?;
        }
        Ok(Some((Self { file, end, start, unclean: false }, opening, torn)))
    }

    /// The end of the stage.
    pub(super) const fn end(&self) -> StageEnd {
        self.end
    }

    /// The bytes that some commands would take.
    pub(super) fn measure(commands: &[v1::Command]) -> u64 {
        let bytes: usize = commands.iter().map(|command| message::encoded_len(1, command)).sum();
        (bytes + HEADER * (1 + commands.len() / FRAME_COMMANDS + bytes / FRAME_BYTES)) as u64
    }

    /// Adds commands; they are on stable storage when this returns.
    pub(super) fn add(&mut self, commands: &[v1::Command]) -> io::Result<()> {
        if self.unclean {
            self.file.truncate(self.end.offset)?;
            self.file.sync()?;
            self.unclean = false;
        }
        let mut end = self.end;
        let (mut bytes, mut payload, mut count) = (Vec::new(), Vec::new(), 0u32);
        for command in commands {
            message::encode(1, command, &mut payload);
            count += 1;
            if count as usize >= FRAME_COMMANDS || payload.len() >= FRAME_BYTES {
                put_frame(&mut end, std::mem::take(&mut count), &payload, &mut bytes);
                payload.clear();
            }
        }
        if count > 0 {
            put_frame(&mut end, count, &payload, &mut bytes);
        }
        self.unclean = true;
        self.file.write_at(&bytes, self.end.offset)?;
        self.file.sync()?;
        self.unclean = false;
        self.end = StageEnd { offset: self.end.offset + bytes.len() as u64, ..end };
        Ok(())
    }

    /// A reader of the commands there are now.
    pub(super) fn reader(&self) -> StageReader {
        StageReader { file: Arc::clone(&self.file), start: self.start, end: self.end }
    }
}

/// Adds a frame to some bytes, and moves the number and checksum of an end on.
fn put_frame(end: &mut StageEnd, count: u32, payload: &[u8], bytes: &mut Vec<u8>) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let head = [&length.to_be_bytes()[..], &end.next.to_be_bytes(), &count.to_be_bytes()].concat();
    let crc = crc32c::crc32c_append(crc32c::crc32c_append(end.crc, &head), payload);
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes.extend_from_slice(payload);
    (end.next, end.crc) = (end.next + u64::from(count), crc);
}

/// Reads the commands of a stage from the beginning, any number of times. They do not change meanwhile: a stage only grows.
#[derive(Clone)]
pub(super) struct StageReader {
    file: Arc<dyn DiskFile>,
    start: StageEnd,
    end: StageEnd,
}

impl StageReader {
    /// The commands in order, frame by frame: the number of the first and the commands.
    pub(super) fn frames(&self) -> impl Iterator<Item = io::Result<(u64, Vec<v1::Command>)>> {
        let mut frames =
            StageFrames { file: Arc::clone(&self.file), at: self.start, len: self.end.offset, payload: Vec::new() };
        let end = self.end;
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed || frames.at == end {
                return None;
            }
            let read = frames.commands();
            failed = read.is_err();
            Some(read)
        })
    }
}

/// Goes through the frames of a file.
struct StageFrames {
    file: Arc<dyn DiskFile>,
    at: StageEnd,
    len: u64,
    payload: Vec<u8>,
}

impl StageFrames {
    fn commands(&mut self) -> io::Result<(u64, Vec<v1::Command>)> {
        let first = self.at.next;
        if !self.next()? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the frame of command {first} is not sound"),
            ));
        }
        let read = Commands::decode(&*self.payload).map_err(io::Error::other)?;
        Ok((first, read.commands))
    }

    /// Reads the next frame; false where there is none that is sound.
    fn next(&mut self) -> io::Result<bool> {
        let Some(left) = self.len.checked_sub(self.at.offset + HEADER as u64) else { return Ok(false) };
        let mut header = [0; HEADER];
        self.file.read_at(&mut header, self.at.offset)?;
        let Some((head, crc)) = header.split_last_chunk::<4>() else { return Ok(false) };
        let Some((length, first, count)) = fields(head) else { return Ok(false) };
        if length > LARGEST || u64::from(length) > left || first != self.at.next {
            return Ok(false);
        }
        self.payload.resize(length as usize, 0);
        self.file.read_at(&mut self.payload, self.at.offset + HEADER as u64)?;
        let expected = crc32c::crc32c_append(crc32c::crc32c_append(self.at.crc, head), &self.payload);
        if expected != u32::from_be_bytes(*crc) {
            return Ok(false);
        }
        let offset = self.at.offset + HEADER as u64 + u64::from(length);
        self.at = StageEnd { next: first + u64::from(count), offset, crc: expected };
        Ok(true)
    }
}

fn fields(head: &[u8]) -> Option<(u32, u64, u32)> {
    let (length, rest) = head.split_first_chunk()?;
    let (first, count) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*length), u64::from_be_bytes(*first), u32::from_be_bytes(count.try_into().ok()?)))
}
