//! The plan by which a group becomes frames: decided, measured and checked before the first byte is written.
//!
//! An append that fits a frame is one frame and needs no hashing here. A larger one is cut where the next record would
//! not fit, and hashed again, because each of its frames states the links at its ends.

use super::frame::{self, FrameCut};
use crate::record::{self, EncodedHeader};
use crate::{Append, Head, Refusal, chain, check};

/// The largest event: far beyond what any layer above allows, and well within a frame's 32-bit length.
pub(super) const LARGEST_EVENT: u64 = 1 << 30;

/// One append of a group, cut.
pub(super) struct PlannedAppend {
    /// Its header, encoded once for all its frames.
    pub(super) header: EncodedHeader,
    /// Its frames.
    pub(super) cuts: Vec<FrameCut>,
}

/// A group, cut.
pub(super) struct SegmentPlan {
    /// The appends, in the order of the group.
    pub(super) appends: Vec<PlannedAppend>,
    /// The number of bytes to write.
    pub(super) bytes: u64,
    /// The head after it.
    pub(super) head: Head,
}

impl SegmentPlan {
    /// Plans a group that is to follow a head.
    pub(super) fn new(mut head: Head, group: &[Append], max_frame: usize) -> Result<Self, Refusal> {
        let mut appends = Vec::with_capacity(group.len());
        let mut bytes = 0u64;
        for append in group {
            let next = check::admit(head, append)?;
            let header = EncodedHeader::of(&append.header);
            let payload = payload_len(append)?;
            let cuts = cut(head, append, max_frame.saturating_sub(header.len()))?;
            let frames = cuts.len() as u64;
            bytes = bytes.saturating_add(payload + frames * (header.len() + frame::HEADER_LEN) as u64);
            appends.push(PlannedAppend { header, cuts });
            head = next;
        }
        Ok(Self { appends, bytes, head })
    }
}

fn payload_len(append: &Append) -> Result<u64, Refusal> {
    let sizes = append.records.iter().map(|record| match record.event.len() as u64 {
        bytes if bytes > LARGEST_EVENT => Err(Refusal::RecordTooLarge { bytes, limit: LARGEST_EVENT }),
        _ => Ok(record::record_len(record) as u64),
    });
    sizes.sum()
}

fn cut(head: Head, append: &Append, room: usize) -> Result<Vec<FrameCut>, Refusal> {
    let mut cuts = Vec::with_capacity(1);
    let (mut start, mut filled) = (0, 0);
    for (index, record) in append.records.iter().enumerate() {
        let len = record::record_len(record);
        if index > start && filled + len > room {
            cuts.push(FrameCut { records: start..index, before: head.link, after: head.link });
            (start, filled) = (index, 0);
        }
        filled += len;
    }
    cuts.push(FrameCut { records: start..append.records.len(), before: head.link, after: append.link });
    if cuts.len() > 1 {
        link_run(head, append, &mut cuts)?;
    }
    Ok(cuts)
}

/// Computes the links between the frames of a run.
fn link_run(head: Head, append: &Append, cuts: &mut [FrameCut]) -> Result<(), Refusal> {
    let mut link = chain::open_append(head.link, &append.header);
    let mut before = head.link;
    for cut in cuts {
        link = chain::extend_all(link, append.records.get(cut.records.clone()).unwrap_or_default());
        (cut.before, cut.after) = (before, link);
        before = link;
    }
    if link == append.link { Ok(()) } else { Err(Refusal::WrongLink) }
}
