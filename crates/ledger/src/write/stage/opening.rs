//! The opening of a stage, and the mark by which its append is known for ever.
//!
//! The mark of an append is a request id and a fingerprint of the request. That of a staged append says that it was staged,
//! and covers the values it was opened with; its commands are not in it, because nobody has them any more once it is
//! recorded. So a client that opens or commits a recorded stage again is recognised from the record alone, after a restart,
//! in a copy, without the stage's file.

use detente_domain::position::RecordedAt;
use detente_journal::{LedgerId, RequestKey};
use prost::Message;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A request for a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStage {
    /// Its id, and that of its append.
    pub id: Uuid,
    /// The name of the recorder.
    pub recorded_by: String,
    /// The recorded time that it has elsewhere; none: the time at which it is recorded here.
    pub recorded_at: Option<RecordedAt>,
    /// The title.
    pub title: String,
}

/// The values that a stage was opened with, at the beginning of its file.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StageOpening {
    #[prost(bytes = "vec", tag = "1")]
    stage_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    ledger_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(super) recorded_by: String,
    #[prost(sfixed64, optional, tag = "4")]
    backfilled_at: Option<i64>,
    #[prost(string, tag = "5")]
    pub(super) title: String,
    #[prost(sfixed64, tag = "6")]
    created_at: i64,
}

impl StageOpening {
    /// Of a new stage.
    pub(super) fn of(new: &NewStage, ledger: LedgerId, created_at: RecordedAt) -> Self {
        Self {
            stage_id: new.id.as_bytes().to_vec(),
            ledger_id: ledger.0.as_bytes().to_vec(),
            recorded_by: new.recorded_by.clone(),
            backfilled_at: new.recorded_at.map(|at| at.0),
            title: new.title.clone(),
            created_at: created_at.0,
        }
    }

    /// Returns true if it is that of this stage of this ledger.
    pub(super) fn belongs_to(&self, id: Uuid, ledger: LedgerId) -> bool {
        self.stage_id == id.as_bytes() && self.ledger_id == ledger.0.as_bytes()
    }

    /// Returns true if a request to open the stage has the same values.
    pub(super) fn says(&self, new: &NewStage) -> bool {
        self.key(new.id) == new.key()
    }

    /// The recorded time that the client asked for.
    pub(super) fn asked_at(&self) -> Option<RecordedAt> {
        self.backfilled_at.map(RecordedAt)
    }

    /// The time at which it was opened.
    pub(super) const fn created_at(&self) -> RecordedAt {
        RecordedAt(self.created_at)
    }

    /// The request that its append answers.
    pub(super) fn key(&self, id: Uuid) -> RequestKey {
        key(id, &self.recorded_by, self.asked_at(), &self.title)
    }
}

impl NewStage {
    /// The request that its append answers.
    pub(super) fn key(&self) -> RequestKey {
        key(self.id, &self.recorded_by, self.recorded_at, &self.title)
    }
}

fn key(id: Uuid, recorded_by: &str, recorded_at: Option<RecordedAt>, title: &str) -> RequestKey {
    let mut hash = Sha256::new();
    hash.update((recorded_by.len() as u64).to_be_bytes());
    hash.update(recorded_by);
    hash.update([u8::from(recorded_at.is_some())]);
    hash.update(recorded_at.map_or(0, |at| at.0).to_be_bytes());
    hash.update(title);
    RequestKey { id, body: hash.finalize().into(), staged: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewStage {
        NewStage {
            id: Uuid::from_u128(7),
            recorded_by: "archivist".to_owned(),
            recorded_at: Some(RecordedAt(5)),
            title: "a release".to_owned(),
        }
    }

    #[test]
    fn every_word_of_an_opening_is_in_its_key_and_the_key_says_that_it_was_staged() {
        let opening = StageOpening::of(&new(), LedgerId(Uuid::from_u128(1)), RecordedAt(9));
        assert!(opening.says(&new()) && new().key().staged);
        assert_eq!(opening.key(new().id), new().key());
        let others: [fn(&mut NewStage); 4] = [
            |new| new.recorded_by.push('x'),
            |new| new.title.push('x'),
            |new| new.recorded_at = None,
            |new| new.recorded_at = Some(RecordedAt(6)),
        ];
        for change in others {
            let mut other = new();
            change(&mut other);
            assert!(!opening.says(&other), "{other:?}");
        }
    }
}
