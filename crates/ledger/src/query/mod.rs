//! Questions: each a function of the record at a cut.

pub mod claims;
pub mod commitments;
pub mod conflicts;
pub(crate) mod contradiction;
pub mod corroboration;
pub mod diff;
pub mod events;
pub mod gaps;
pub mod hints;
pub(crate) mod kept_answers;
pub mod page_size;
pub mod parties;
pub mod perspectives;
pub mod registry;
pub(crate) mod scores;
pub mod series;
pub mod state;
pub mod timeline;
pub(crate) mod transition_history;
pub mod upcoming;
pub(crate) mod value;
pub(crate) mod watched_filter;
