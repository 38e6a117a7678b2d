//! Errors of stages.

use crate::error::AppendError;
use detente_domain::rejection::Violation;
use detente_journal::Obstacle;
use std::io;
use uuid::Uuid;

/// The default number of violations of a stage that are returned.
pub const TOLD: usize = 100;
/// The most of them that are returned.
pub const MOST_TOLD: usize = 10_000;

/// The reason why a stage was not opened, added to, recorded or dropped.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StageError {
    /// There is none with this id, neither open nor recorded.
    #[error("there is no stage {0}")]
    NotFound(Uuid),
    /// Its id was used in other words, or for another append.
    #[error("this request_id was used with another body")]
    IdReused,
    /// It is recorded: nothing can be added.
    #[error("stage {0} is recorded already")]
    Recorded(Uuid),
    /// Commands are missing before those that were sent.
    #[error("the next command of stage {id} is number {next}")]
    Gap {
        /// Of the stage.
        id: Uuid,
        /// The number that its next command has.
        next: u64,
    },
    /// Something in the request is malformed.
    #[error("the request is malformed")]
    Invalid(Vec<Violation>),
    /// It does not fit the record. Nothing was written.
    #[error("the stage does not fit the record")]
    Unfit(Unfit),
    /// There are as many open stages as there may be.
    #[error("there are {0} open stages already; record or drop one")]
    TooMany(usize),
    /// It would take more of the disk than one stage may.
    #[error("the stage would take more than {0} bytes of the server's disk")]
    TooLarge(u64),
    /// The disk is full but for its reserve. Nothing was staged.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// The process or the system lacks descriptors or memory for it. Nothing was staged.
    #[error("the stage could not be opened: {0}; try again")]
    Lacking(String),
    /// The disk did not take it. Commands that were staged before are still there.
    #[error("the stage could not be written: {0}")]
    NotWritten(String),
    /// Its file cannot be read.
    #[error("stage {id} cannot be read: {why}")]
    Damaged {
        /// Of the stage.
        id: Uuid,
        /// The error.
        why: String,
    },
    /// It was not recorded, or may not have been.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// The violations of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The first violations.
    pub first: Vec<Violation>,
    /// The number of all violations.
    pub count: u64,
    /// The most that are kept.
    most: usize,
}

impl Default for Unfit {
    fn default() -> Self {
        Self::telling(TOLD)
    }
}

impl Unfit {
    /// No violations; keeps the first `most`.
    pub(super) const fn telling(most: usize) -> Self {
        Self { first: Vec::new(), count: 0, most }
    }

    /// Notes violations.
    pub(super) fn note(&mut self, violations: Vec<Violation>) {
        self.count += violations.len() as u64;
        let room = self.most.saturating_sub(self.first.len());
        self.first.extend(violations.into_iter().take(room));
    }

    /// Adds other violations.
    pub(super) fn add(&mut self, other: Self) {
        let count = self.count + other.count;
        self.note(other.first);
        self.count = count;
    }

    /// Returns true if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The disk did not take something.
pub(super) fn not_written(error: &io::Error) -> StageError {
    match Obstacle::of(error) {
        Some(Obstacle::Full) => StageError::DiskFull(error.to_string()),
        Some(obstacle) if obstacle.is_passing() => StageError::Lacking(error.to_string()),
        _ => StageError::NotWritten(error.to_string()),
    }
}
