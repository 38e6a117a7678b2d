//! Following: the feed, its cursors, and the clock of valid time.

pub mod clock_watch;
pub mod cursors;
pub mod feed;
