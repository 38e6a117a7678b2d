//! The order of frames: positions, links, recorded times, and runs that are whole.
//!
//! Used alike by opening, verifying and reading. Hashes are recomputed only where every byte is to be proved.

use std::sync::Arc;

use super::frame::{FileFrame, Header};
use crate::{AppendHeader, Fault, Fence, Head, Link, chain, check};

/// The thoroughness with which records are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The frames' own statements must agree.
    Frames,
    /// Each record is hashed again.
    Hashes,
}

/// The progress of a sequence of frames.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    head: Head,
    fence: Fence,
    run: Option<Arc<AppendHeader>>,
    depth: Depth,
}

impl Sequence {
    /// Continues after a head that ends an append.
    pub(super) const fn after(head: Head, fence: Fence, depth: Depth) -> Self {
        Self { head, fence, run: None, depth }
    }

    /// Continues with a frame anywhere in the log, believing what it states about what was before it.
    pub(super) fn joining(frame: &FileFrame) -> Self {
        let Header { first, begins, recorded_at, fence, before, .. } = frame.header;
        let position = detente_domain::position::Position(first.0.saturating_sub(1));
        let recorded_at = if begins { detente_domain::position::RecordedAt::MIN } else { recorded_at };
        let run = (!begins).then(|| Arc::clone(&frame.append));
        Self { head: Head { position, recorded_at, link: before }, fence, run, depth: Depth::Frames }
    }

    /// After the last frame taken.
    pub(super) const fn head(&self) -> Head {
        self.head
    }

    /// The fence of the last frame taken.
    pub(super) const fn fence(&self) -> Fence {
        self.fence
    }

    /// Returns true if the last frame taken ended its append.
    pub(super) const fn is_whole(&self) -> bool {
        self.run.is_none()
    }

    /// Takes the next frame, if it is the one that follows.
    pub(super) fn take(&mut self, frame: &FileFrame) -> Result<(), Fault> {
        let header = &frame.header;
        if header.first != self.head.position.next() {
            return Err(Fault::OutOfPlace(header.first));
        }
        if header.before != self.head.link {
            return Err(Fault::Unlinked);
        }
        if !header.fence.may_follow(&self.fence) {
            return Err(Fault::FenceWentBack);
        }
        self.check_run(frame)?;
        if self.depth == Depth::Hashes && rehash(frame) != header.after {
            return Err(Fault::WrongHash);
        }
        (self.head, self.fence) = (header.head(), header.fence);
        self.run = (!header.ends).then(|| Arc::clone(&frame.append));
        Ok(())
    }

    fn check_run(&self, frame: &FileFrame) -> Result<(), Fault> {
        let append = &frame.append;
        match &self.run {
            None if !frame.header.begins => Err(Fault::BrokenRun),
            None if check::may_follow(self.head.recorded_at, append.recorded_at, append.backfilled) => Ok(()),
            None => Err(Fault::RecordedEarlier),
            Some(run) if frame.header.begins || run != append => Err(Fault::BrokenRun),
            Some(_) => Ok(()),
        }
    }
}

fn rehash(frame: &FileFrame) -> Link {
    let Header { before, begins, .. } = frame.header;
    let start = if begins { chain::open_append(before, &frame.append) } else { before };
    frame.records.iter().fold(start, |link, record| chain::extend(link, record.commitment()))
}
