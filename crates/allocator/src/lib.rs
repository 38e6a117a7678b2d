//! The memory allocator of the program, and for how long it keeps memory that is free.
//!
//! The allocator is mimalloc: many small strings come and go with every claim. Memory that is free goes back to the system
//! after a while, and is zeroed by the system when it is needed again. The allocator's own delay of one second is too short
//! for a server that records all the time: it gave back and asked for again what the store writes through, a twentieth of
//! the time of an append. [`keep_free_memory_for`] makes it longer.
//!
//! This crate is apart because an option of mimalloc can be set by no safe function, and the rest of the program has no
//! unsafe code.

use libmimalloc_sys::{mi_collect, mi_option_get, mi_option_set, mi_option_t};
pub use mimalloc::MiMalloc;
use std::ffi::c_long;
use std::time::Duration;

/// `mi_option_purge_delay`, in milliseconds: the same number in all versions of mimalloc (`mimalloc.h`).
const PURGE_DELAY: mi_option_t = 15;

/// Sets for how long memory that is free is kept before it goes back to the system.
pub fn keep_free_memory_for(delay: Duration) {
    let milliseconds = c_long::try_from(delay.as_millis()).unwrap_or(c_long::MAX);
    // SAFETY: the number is that of an option, and the allocator reads it each time it frees memory.
    #[allow(unsafe_code, reason = "no safe function sets an option")]
    unsafe {
        mi_option_set(PURGE_DELAY, milliseconds);
    }
}

/// Returns for how long memory that is free is kept.
#[must_use]
pub fn free_memory_is_kept_for() -> Duration {
    // SAFETY: the number is that of an option.
    #[allow(unsafe_code, reason = "no safe function reads an option")]
    let milliseconds = unsafe { mi_option_get(PURGE_DELAY) };
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

/// Gives memory back to the system: what the calling thread does not need any more, and what any thread has freed before
/// the delay that is set. The allocator does so by itself only in the course of later allocations.
pub fn give_back() {
    // SAFETY: the heap of the calling thread is looked through by that thread.
    #[allow(unsafe_code, reason = "no safe function collects")]
    unsafe {
        mi_collect(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_option_is_that_of_the_delay_and_what_is_set_is_read() {
        assert_eq!(free_memory_is_kept_for(), Duration::from_secs(1), "mimalloc's own delay");
        keep_free_memory_for(Duration::from_secs(10));
        assert_eq!(free_memory_is_kept_for(), Duration::from_secs(10));
    }
}
