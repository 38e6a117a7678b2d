//! Zeros behind the tail: a sync of frames that take their place changes no length and gives no block to the file, so the
//! disk writes the frames alone.
//!
//! ```text
//!   | frame | frame | 0 0 0 0 0 0 0 0 |        an append overwrites zeros: one write of data
//!   | frame | frame | frame | 0 0 0 0 |
//! ```
//!
//! They are written with the first group for which there are none, and synced with it. A group that is large grows the
//! file itself. Opening takes zeros behind the last frame for what they are, and a segment that is closed loses them first.
//! If they cannot be written, the file grows as it is needed.

use super::FileJournal;

/// The zeros that are kept in a small segment, if the options allow them. A larger one has as many as it has bytes.
const LEAST: u64 = 64 << 10;
/// The share of the zeros beyond which a group grows the file itself.
const SHARE: u64 = 4;

impl FileJournal {
    /// Writes zeros behind a group of these bytes, if it would grow the file and is small.
    pub(super) fn keep_zeros(&mut self, start: u64, bytes: u64) {
        let end = start.saturating_add(bytes);
        let zeros = end.max(LEAST).min(self.options.most_zeros);
        if end <= self.len || bytes > zeros / SHARE || !self.space.can_lend(zeros) {
            return;
        }
        let until = end.saturating_add(zeros).min(self.options.segment_bytes);
        let Some(len) = until.checked_sub(end).and_then(|len| usize::try_from(len).ok()).filter(|len| *len > 0) else {
            return;
        };
        // Even a write that failed may have made the file longer.
        self.len = until;
        if let Err(error) = self.segment.file.write_at(&vec![0; len], end) {
            // Nothing of the record is there. The group grows the file, or fails as it would have without them.
            tracing::debug!(%error, "no zeros are kept behind the journal's end");
        }
    }
}
