//! The errors of the use cases, apart from any protocol.

use crate::write::clock_guard::ClockFault;
use detente_domain::cut::Cut;
use detente_domain::name::ClaimId;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::rejection::Rejection;
use detente_journal::{Obstacle, ReadError, Refusal};

/// The reason why an append was not recorded, or may not have been.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// It does not fit the record. Nothing was written.
    #[error("the batch does not fit the record")]
    Rejected(Rejection),
    /// The request id was used with another body. Nothing was written.
    #[error("this request_id was used with another body")]
    RequestIdReused,
    /// More is waiting than the queue holds. Nothing was written.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The disk is full but for its reserve. Nothing was written.
    #[error("{0}")]
    DiskFull(String),
    /// The process or the system lacks descriptors or memory for what the append needs. Nothing was written.
    #[error("{0}; try again")]
    Lacking(String),
    /// The ledger was opened for reading. Nothing was written.
    #[error("this server is read-only")]
    ReadOnly,
    /// The clock cannot be believed. Nothing was written.
    #[error("{0}")]
    ClockWrong(ClockFault),
    /// The ledger has stopped writing. Nothing was written.
    #[error("the ledger has stopped writing: {0}")]
    NotServing(String),
    /// Writing failed half-way; whether it is recorded is not known.
    #[error("writing failed, and whether the append is recorded is not known: {0}")]
    OutcomeUnknown(String),
    /// A backfill's recorded time goes back behind the head. Nothing was written.
    #[error("the recorded time goes back behind the last append")]
    RecordedTimeGoesBack,
    /// Stored bytes that the decision needs cannot be read. Nothing was written.
    #[error(transparent)]
    NotRead(#[from] ReadFailure),
}

/// The reason why a question has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    /// The cut lies beyond what is recorded.
    #[error("the cut lies in the future")]
    CutInFuture {
        /// The last position there is.
        head: Position,
        /// The ledger's clock.
        now: RecordedAt,
    },
    /// The position lies inside an append.
    #[error("the position lies inside an append")]
    CutInsideAppend {
        /// The last position before that append.
        before: Position,
        /// Its own last position.
        after: Position,
    },
    /// The earlier of two cuts lies after the later one.
    #[error("the earlier cut, at position {from}, lies after the later one, at position {to}")]
    CutsOutOfOrder {
        /// The last position of the earlier cut.
        from: Position,
        /// The last position of the later cut.
        to: Position,
    },
    /// Cuts of a comparison cannot be resolved.
    #[error("a cut of the comparison cannot be resolved")]
    UnresolvedSides(Vec<UnresolvedSide>),
    /// The basis belongs to another history.
    #[error("the basis belongs to another history")]
    BasisMismatch,
    /// No such claim at this cut.
    #[error("no such claim at this cut")]
    ClaimNotFound(ClaimId),
    /// The suppositions of the question do not fit the record at its cut.
    #[error("what is supposed does not fit the record")]
    Unsupposable(Rejection),
    /// Stored bytes cannot be read.
    #[error(transparent)]
    NotRead(#[from] ReadFailure),
    /// A thread that answered it panicked.
    #[error("a defect of the service; its log says more")]
    Defect,
}

/// A side of a comparison whose cut cannot be resolved.
#[derive(Clone, Debug)]
pub struct UnresolvedSide {
    /// True for the later side.
    pub is_later: bool,
    /// The cut.
    pub cut: Cut,
    /// The reason.
    pub error: QueryError,
}

/// The reason that stored bytes cannot be read; nothing is answered from them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// They are not what was written.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The process or the system lacks something for now. Stored bytes are unharmed.
    #[error("{0}; nothing is lost: try again")]
    Lacking(String, Obstacle),
    /// The disk or the file system refuses. It is not known if anything is damaged.
    #[error("{0}; {advice}", advice = .1.advice())]
    Refused(String, Obstacle),
    /// No thread reads them: the process ends, or could not start one.
    #[error("{0}: no thread is there to do it; try again, or elsewhere")]
    NoThread(&'static str),
}

impl From<ReadError> for ReadFailure {
    fn from(error: ReadError) -> Self {
        let said = error.to_string();
        match error.obstacle() {
            None => Self::Damaged(said),
            Some(obstacle) if obstacle.is_passing() => Self::Lacking(said, obstacle),
            Some(obstacle) => Self::Refused(said, obstacle),
        }
    }
}

impl From<Refusal> for AppendError {
    fn from(refusal: Refusal) -> Self {
        match (&refusal, refusal.obstacle()) {
            (Refusal::ReadOnly, _) => Self::ReadOnly,
            (_, Some(Obstacle::Full)) => Self::DiskFull(refusal.to_string()),
            (_, Some(obstacle)) if obstacle.is_passing() => Self::Lacking(refusal.to_string()),
            _ => Self::NotServing(refusal.to_string()),
        }
    }
}

impl From<ReadError> for QueryError {
    fn from(error: ReadError) -> Self {
        Self::NotRead(error.into())
    }
}
