//! The order of appends: the rules that every journal checks before it writes, on whatever medium.

use super::{Append, AppendHeader, Head, Refusal, chain};
use detente_domain::position::RecordedAt;

/// The head after an append, if it may follow this head.
pub(crate) fn admit(head: Head, append: &Append) -> Result<Head, Refusal> {
    let header = &append.header;
    follows(head, header)?;
    let records = append.records.len() as u64;
    if records != header.count {
        return Err(Refusal::WrongCount { counted: header.count, found: records });
    }
    if cfg!(debug_assertions) && append.link != chain::seal(head.link, header, &append.records) {
        return Err(Refusal::WrongLink);
    }
    Ok(Head { position: header.last(), recorded_at: header.recorded_at, link: append.link })
}

/// Checks that an append with this header may follow this head.
pub(crate) fn follows(head: Head, header: &AppendHeader) -> Result<(), Refusal> {
    let (expected, found) = (head.position.next(), header.first);
    if found != expected {
        return Err(Refusal::NotNext { expected, found });
    }
    if header.count == 0 {
        return Err(Refusal::WrongCount { counted: 0, found: 0 });
    }
    if !may_follow(head.recorded_at, header.recorded_at, header.backfilled) {
        return Err(Refusal::NotLater { previous: head.recorded_at, found: header.recorded_at });
    }
    if header.floor >= header.recorded_at {
        return Err(Refusal::NotLater { previous: header.floor, found: header.recorded_at });
    }
    Ok(())
}

/// Returns the number of records that an append has after one more piece, or refuses the piece if the header counts
/// fewer.
pub(crate) fn extends(header: &AppendHeader, before: u64, piece: usize) -> Result<u64, Refusal> {
    let found = before.saturating_add(piece as u64);
    if piece == 0 || found > header.count {
        return Err(Refusal::WrongCount { counted: header.count, found });
    }
    Ok(found)
}

/// Checks that an append has all its records.
pub(crate) fn is_whole(header: &AppendHeader, found: u64) -> Result<(), Refusal> {
    if found == header.count { Ok(()) } else { Err(Refusal::WrongCount { counted: header.count, found }) }
}

/// Returns true if a recorded time may come after another: if it is later, or equal in a backfill.
pub(crate) fn may_follow(previous: RecordedAt, next: RecordedAt, backfilled: bool) -> bool {
    next > previous || (backfilled && next == previous)
}
