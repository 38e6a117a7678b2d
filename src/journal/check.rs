//! What may follow what: the rules every journal checks before it writes, whatever it writes to.

use super::{Append, Head, Refusal, chain};
use crate::domain::position::RecordedAt;

/// The head after an append, if it may follow this head.
pub(crate) fn admit(head: Head, append: &Append) -> Result<Head, Refusal> {
    let header = &append.header;
    let (expected, found) = (head.position.next(), header.first);
    if found != expected {
        return Err(Refusal::NotNext { expected, found });
    }
    let records = append.records.len() as u64;
    if records == 0 || records != header.count {
        return Err(Refusal::WrongCount { counted: header.count, found: records });
    }
    if !may_follow(head.recorded_at, header.recorded_at, header.backfilled) {
        return Err(Refusal::NotLater { previous: head.recorded_at, found: header.recorded_at });
    }
    if cfg!(debug_assertions) && append.link != chain::seal(head.link, header, &append.records) {
        return Err(Refusal::WrongLink);
    }
    Ok(Head { position: header.last(), recorded_at: header.recorded_at, link: append.link })
}

/// Whether a recorded time may come after another: later, or equal in a backfill.
pub(crate) fn may_follow(previous: RecordedAt, next: RecordedAt, backfilled: bool) -> bool {
    next > previous || (backfilled && next == previous)
}
