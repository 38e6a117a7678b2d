//! Recording: the writer, the journal that it waits for, and what may keep it from writing.

pub mod append;
pub(crate) mod boundaries;
pub mod clock_guard;
pub(crate) mod clock_mark;
pub(crate) mod commit;
pub mod hindrance;
pub(crate) mod queue;
pub(crate) mod recorder;
pub(crate) mod salt;
pub(crate) mod sequence;
pub mod stage;
pub(crate) mod writer;
pub(crate) mod writing;
