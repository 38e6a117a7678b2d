//! Events of the log as they stand in it: pieces of the blocks that hold them, shared and not copied.
//!
//! However many followers are sent the same events, there are those bytes once, until the transport writes them.

use crate::store::Block;
use std::sync::Arc;

/// Events, each as a field 1 of a message, in order.
#[derive(Clone, Default)]
pub struct Events {
    stretches: Arc<[Stretch]>,
    count: u64,
    bytes: usize,
}

/// Neighbours in one block: from the `from`-th up to the `until`-th.
#[derive(Clone)]
pub(super) struct Stretch {
    pub(super) block: Arc<Block>,
    pub(super) from: usize,
    pub(super) until: usize,
}

impl Events {
    pub(super) fn new(stretches: Vec<Stretch>, count: u64, bytes: usize) -> Self {
        Self { stretches: stretches.into(), count, bytes }
    }

    /// The number of events.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The number of their bytes.
    #[must_use]
    pub const fn byte_len(&self) -> usize {
        self.bytes
    }

    /// The bytes, in pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.stretches.iter().map(|stretch| stretch.block.frames(stretch.from, stretch.until))
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("count", &self.count).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
