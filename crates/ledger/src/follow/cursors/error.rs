//! Errors of cursors.

use super::{MOST, MOST_FILTER_BYTES};
use detente_domain::name::CursorId;
use detente_domain::position::Position;

/// The reason why a cursor was not made, moved, deleted or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// There is none of that name.
    #[error("there is no cursor {0}")]
    NotFound(CursorId),
    /// There is one of that name with another start or filter.
    #[error("there is a cursor {0} with another start or filter")]
    Exists(CursorId),
    /// The acknowledgement goes past what was delivered.
    #[error(
        "position {asked} has not been delivered to cursor {id} since the server started; it stands at {delivered}"
    )]
    BeyondDelivered {
        /// The cursor.
        id: CursorId,
        /// The position to acknowledge.
        asked: Position,
        /// The last position that was delivered.
        delivered: Position,
    },
    /// There are as many as there may be.
    #[error("there are {MOST} cursors already")]
    TooMany,
    /// The filters of all cursors together would be larger than a list of them may be.
    #[error(
        "the filters of all cursors would have {0} bytes together; at most {MOST_FILTER_BYTES} are kept: delete a cursor, or narrow \
         the filter less"
    )]
    FiltersTooLarge(usize),
    /// Its file cannot be read.
    #[error("the file of cursor {id} is damaged: {why}")]
    Damaged {
        /// The cursor.
        id: CursorId,
        /// The error in the file.
        why: String,
    },
    /// The disk is full. Nothing was changed.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// The process or the system lacks descriptors or memory for it. Nothing was changed.
    #[error("the cursor could not be written: {0}; try again")]
    Lacking(String),
    /// The ledger was opened for reading. Nothing was changed.
    #[error("this server is read-only")]
    ReadOnly,
    /// The disk refused. Nothing was changed.
    #[error("the cursor could not be written: {0}")]
    NotWritten(String),
    /// The disk refused half-way: whether the cursor has changed is not known.
    #[error("whether the cursor was written is not known: {0}")]
    OutcomeUnknown(String),
}
