//! Bounds of the work that one caller can cause: memory shared by everything in flight, and the time, steps and memory of
//! one call.
//!
//! ```text
//!              MemoryBudget  (one per process: `memory_mib`)
//!               │ reserve        │ reserve           │ reserve
//!          requests being     calls being        replies being
//!             decoded          answered              sent
//!                                │
//!                            CallBudget ── steps, deadline, Signal (caller gone)
//! ```
//!
//! A [`MemoryBudget`] hands out [`Reservation`]s, which give their bytes back when they are dropped. Bytes that arrive
//! piece by piece are kept in a [`ReservedBuffer`], which reserves its room before it takes them. A [`CallBudget`]
//! surrounds the computation of one answer: every loop that can grow with the record calls [`step`] (or [`steps`]), and
//! every list that can grow with it calls [`hold`]. The call ends there with an [`Overrun`] once the caller has left, the
//! deadline has passed or a bound is used up.
//!
//! A call is ended by unwinding (`resume_unwind`, no panic message, caught by [`CallBudget::run`]), so that loops deep in
//! the index need no error type of their own. Outside of a [`CallBudget`] the three functions do nothing, so the writer,
//! a start and the operator's verbs are never ended by them.
//!
//! Work that takes the processor for long runs on the threads of a [`WorkerPool`]. They have a lower priority than the threads
//! that serve and record, and peers have them in turn.
//!
//! Things that peers hold side by side (streams, stages, cursors, connections, threads) are divided by
//! [`PeerShares`], so that none of them takes all of it; [`Peer::current`] is the peer of the call that is being answered.
//!
//! Reasons: `docs/design/bounds.md`.

mod buffer;
mod call;
mod memory;
mod peer;
mod pool;
mod shares;
mod turns;

pub use buffer::ReservedBuffer;
pub use call::{CallBudget, CancelOnDrop, Overrun, Signal, hold, is_brief, leave_brief, step, steps, taken_by_call};
pub use memory::{MemoryBudget, NoMemory, PATIENCE, Reservation, SMALL, SMALL_REPLY};
pub use peer::Peer;
pub use pool::{NoWorkers, WorkerPool};
pub use shares::{DEFAULT_PERCENT, HeldPlaces, NoPlace, PeerPlace, PeerShares, Share};
