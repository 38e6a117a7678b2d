//! The sources of salts: random ones in use, derived ones if a history must come out the same everywhere.

use detente_domain::position::Position;
use detente_journal::{AppendHeader, Salt};
use sha2::{Digest, Sha256};

/// A source of salts.
pub(crate) trait Salts: Send {
    /// The salt of the event at a position.
    fn next(&mut self, header: &AppendHeader, position: Position) -> Salt;

    /// The salt of the mark of an append's request; none where the record hides nothing.
    fn of_request(&mut self, header: &AppendHeader) -> Option<Salt>;
}

/// Random salts from the system, fetched many at a time.
#[derive(Default)]
pub(crate) struct RandomSalts {
    pool: Vec<u8>,
}

const FETCH: usize = 16 * 256;

impl Salts for RandomSalts {
    fn next(&mut self, header: &AppendHeader, position: Position) -> Salt {
        if self.pool.len() < 16 {
            self.pool.resize(FETCH, 0);
            if getrandom::fill(&mut self.pool).is_err() {
                tracing::error!("the system gives no random bytes; deriving a salt instead");
                self.pool.clear();
                return DerivedSalts.next(header, position);
            }
        }
        let mut salt = [0; 16];
        let from = self.pool.len() - 16;
        salt.iter_mut().zip(self.pool.drain(from..)).for_each(|(to, byte)| *to = byte);
        Salt(salt)
    }

    fn of_request(&mut self, header: &AppendHeader) -> Option<Salt> {
        // No event has this position.
        Some(self.next(header, Position::START))
    }
}

/// Salts that follow from the recorded time and the position. They hide nothing: only for a history that is public
/// anyway, the demo dossier, so that its bases are the same on every machine.
pub(crate) struct DerivedSalts;

impl Salts for DerivedSalts {
    fn next(&mut self, header: &AppendHeader, position: Position) -> Salt {
        let mut hash = Sha256::new();
        hash.update(b"detente public salt");
        hash.update(header.recorded_at.0.to_be_bytes());
        hash.update(position.0.to_be_bytes());
        let mut salt = [0; 16];
        salt.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        Salt(salt)
    }

    fn of_request(&mut self, _header: &AppendHeader) -> Option<Salt> {
        None
    }
}
