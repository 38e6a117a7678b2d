//! The refusal of a call, and its gRPC status: the one way from an error to what the client receives.
//!
//! ```text
//!   any error ──> Refusal ──┬── reason.rs    the reason and its code, with the table of all of them
//!                           └── explain.rs   the details of each error ── detail.rs, listing.rs   their words
//!                                             └──> final_status.rs   as much of them as reaches the client ──> Status
//! ```

mod detail;
mod explain;
mod final_status;
mod listing;
mod reason;

pub(super) use self::detail::NO_PAGE_TOKEN;
use self::final_status::Carrier;
use detente_domain::rejection::Violation;
use detente_ledger::budget::Overrun;
use detente_ledger::error::{AppendError, QueryError};
use detente_ledger::follow::cursors::CursorError;
use detente_ledger::follow::feed::FeedError;
use detente_ledger::write::stage::StageError;
use tonic::Status;
use tonic::codegen::http::HeaderMap;

/// The refusal of a call.
#[derive(Clone, Debug)]
pub enum CallRefusal {
    /// The request is malformed: all that is wrong with it.
    Invalid(Vec<Violation>),
    /// The page token is not one of this query's.
    PageToken,
    /// Something is larger than the limits allow.
    TooLarge(Violation),
    /// More work arrived than the server does at once; names the thing that there is too much of.
    Overloaded(&'static str),
    /// The peer holds its share, and what is left is kept for others; of what.
    OverShare(&'static str),
    /// The request is for a host that the server does not answer to; in words.
    Host(String),
    /// A page of another origin asks; in words.
    Origin(String),
    /// The method, media type or encoding is none that is taken; in words.
    Unsupported(String),
    /// The request comes too slowly; in words.
    TooSlow(String),
    /// The call proves no caller that the server knows; in words.
    Unauthenticated(String),
    /// The caller lacks a permission: its name, and what it would be for.
    Grant(&'static str, String),
    /// The server is shutting down.
    Stopping,
    /// An append was not recorded, or may not have been.
    Append(AppendError),
    /// A question has no answer.
    Query(QueryError),
    /// A cursor was not made, moved, deleted or taken.
    Cursor(CursorError),
    /// A stage was not opened, added to, recorded or dropped.
    Stage(StageError),
    /// Its client has left, its time is over, or it needs more than one question may take.
    Overrun(Overrun),
    /// The deadline passed while something was being recorded.
    LateWrite,
    /// There is no service of this name.
    NoService(String),
    /// A defect of the service; what is known of it goes to the log, not to the client.
    Defect,
}

impl From<AppendError> for CallRefusal {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl From<CursorError> for CallRefusal {
    fn from(error: CursorError) -> Self {
        Self::Cursor(error)
    }
}

impl From<StageError> for CallRefusal {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Append(error) => error.into(),
            StageError::Invalid(violations) => violations.into(),
            other => Self::Stage(other),
        }
    }
}

impl From<Overrun> for CallRefusal {
    fn from(overrun: Overrun) -> Self {
        Self::Overrun(overrun)
    }
}

impl From<FeedError> for CallRefusal {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Query(error) => error.into(),
            FeedError::Cursor(error) => error.into(),
        }
    }
}

impl From<QueryError> for CallRefusal {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<Violation> for CallRefusal {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

impl From<Vec<Violation>> for CallRefusal {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations)
    }
}

impl From<CallRefusal> for Status {
    fn from(refusal: CallRefusal) -> Self {
        refusal.carried_by(Carrier::current())
    }
}

impl CallRefusal {
    /// The refusal of what is malformed: of each field at fault its path, empty for the request as a whole, and what is wrong.
    #[must_use]
    pub fn invalid(wrong: Vec<(String, String)>) -> Self {
        Self::Invalid(wrong.into_iter().map(|(field, what)| Violation::new(field, what)).collect())
    }

    fn carried_by(self, carrier: Carrier) -> Status {
        final_status::status(self.reason(), &self.details(), carrier)
    }

    /// Returns the status with its details in a body, which has room for more of them than headers have.
    #[must_use]
    pub fn told_in_a_body(self) -> Status {
        self.carried_by(Carrier::Body)
    }

    /// The headers of an answer over gRPC that is this refusal and nothing else.
    #[must_use]
    pub fn headers(self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // Headers that cannot be written are left out; the status then says less.
        let _ = self.carried_by(Carrier::Headers).add_header(&mut headers);
        headers
    }

    /// The refusal of what is too large: the field, if one alone is at fault, and what there is too much of.
    #[must_use]
    pub fn too_large(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self::TooLarge(Violation::new(field, what))
    }
}

#[cfg(test)]
mod size_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use detente_domain::name::ClaimId;
    use detente_domain::position::Position;
    use detente_domain::rejection::{Conflict, Rejection};
    use tonic_types::StatusExt as _;
    use uuid::Uuid;

    #[test]
    fn a_failed_precondition_tells_what_was_expected_and_what_is_of_each() {
        let claim = ClaimId(Uuid::from_u128(7));
        let boundary = Conflict::Boundary { index: 1, after: Position(3), touched_at: Position(5) };
        let revision = Conflict::Revision { index: 0, claim, expected: "revision 3".into(), actual: Some(4) };
        let status =
            Status::from(CallRefusal::from(AppendError::Rejected(Rejection::Conflicts(vec![revision, boundary]))));
        let failed = status.get_details_precondition_failure().unwrap();
        let told: Vec<_> = failed.violations.iter().map(|v| (v.r#type.as_str(), v.description.as_str())).collect();
        assert_eq!(
            told,
            [
                ("EXPECTED_REVISION", "expected revision 3, found revision 4"),
                ("QUERY_BOUNDARY", "expected nothing after position 3, found an event at position 5"),
            ]
        );
        let metadata = status.get_details_error_info().unwrap().metadata;
        assert_eq!(metadata["preconditions_1_actual"], "an event at position 5");
    }
}
