//! The recording sequence of every append and of every piece of a stage: events become records, and the view takes them in.
//!
//! ```text
//!   events ──> encode, salt ──> records ──> hash, index, keep ──> the view is ahead of the journal
//! ```
//!
//! A start replays records from the journal, which come into the view by the same [`crate::store::View::take_in`].

use crate::store::{IncomingEvent, Misfit, View};
use crate::wire::event::{Stamp, encode_event};
use crate::write::salt::Salts;
use detente_domain::event::Event;
use detente_domain::position::Position;
use detente_journal::{AppendHeader, Record};
use parking_lot::RwLockWriteGuard;

/// The most events taken into the view without letting readers in between.
const STRETCH: usize = 32;

/// Bytes that the journal puts around an event, at most.
pub(crate) const AROUND: u64 = 64;

/// Encodes events of an append, the first of them at a position, and salts them.
pub(crate) fn records(events: &[Event], header: &AppendHeader, first: Position, salts: &mut dyn Salts) -> Vec<Record> {
    let mut stamp = Stamp {
        position: first,
        recorded_at: header.recorded_at,
        recorded_by: &header.recorded_by,
        backfilled: header.backfilled,
    };
    let mut records = Vec::with_capacity(events.len());
    for event in events {
        let mut encoded = Vec::with_capacity(512);
        encode_event(event, &stamp, &mut encoded);
        records.push(Record { salt: salts.next(header, stamp.position), event: encoded.into() });
        stamp.position = stamp.position.next();
    }
    records
}

/// Bytes that records take in the journal, at most.
pub(crate) fn bytes_of(records: &[Record]) -> u64 {
    records.iter().map(|record| record.event.len() as u64 + AROUND).sum::<u64>() + 4 * AROUND
}

/// Takes events of an append that was begun into the view, with their records; lets readers in every few events.
pub(crate) fn take_in(
    view: &mut RwLockWriteGuard<'_, View>,
    header: &AppendHeader,
    events: &[Event],
    records: &[Record],
) -> Result<(), Misfit> {
    for (nth, (event, record)) in events.iter().zip(records).enumerate() {
        if nth % STRETCH == STRETCH - 1 {
            RwLockWriteGuard::bump(view);
        }
        view.take_in(&IncomingEvent {
            change: &event.change,
            recorded_by: &header.recorded_by,
            event: &record.event,
            salt: record.salt,
        })?;
    }
    Ok(())
}
