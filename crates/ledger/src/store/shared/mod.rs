//! Collections that only grow and whose copies share what they have in common, so that a snapshot of the index costs a
//! fraction of it.
//!
//! ```text
//!   the writer's list      ──> [chunk 0] [chunk 1] [chunk 2, half full]
//!   a snapshot's list      ──────┘─────────┘─────────┘
//!   the writer adds one:   ──> [chunk 0] [chunk 1] [chunk 2', a copy with one more]
//! ```
//!
//! Copying a collection copies one pointer for each chunk. Afterwards the writer copies each chunk once, when it first
//! changes it while a snapshot still has it. Without a snapshot nothing is ever copied. Reading costs one indirection more
//! than a vector does.
//!
//! For collections off the hot path `imbl` does the same with less memory for small ones.

mod arena;
mod list;
mod table;

pub(super) use arena::{SliceArena, SliceStart};
pub(super) use list::{SharedList, fitting};
pub(super) use table::SharedTable;
