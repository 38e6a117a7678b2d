//! Why a call is refused, and what the client is told about it: the one way from an error to a gRPC status.
//!
//! A refusal is never hidden inside a success. Each has one **reason**, a member of `detente.v1.ErrorReason`, and the reason
//! alone decides the code:
//!
//! | reason | code | details beside `ErrorInfo` | nothing was written | what to do |
//! |---|---|---|---|---|
//! | `INVALID_REQUEST` | `INVALID_ARGUMENT` | `BadRequest` | yes | mend the request |
//! | `COMMAND_REJECTED` | `FAILED_PRECONDITION` | `BadRequest` | yes | look at the record, mend the request |
//! | `PRECONDITION_FAILED` | `ABORTED` | `PreconditionFailure` | yes | read again, decide again |
//! | `REQUEST_ID_REUSED` | `ALREADY_EXISTS` | | yes | take a new id for a new request |
//! | `CLAIM_NOT_FOUND` | `NOT_FOUND` | `ResourceInfo` | | another cut, or another id |
//! | `CUT_IN_FUTURE` | `OUT_OF_RANGE` | | | wait, or ask at the head |
//! | `CUT_INSIDE_APPEND` | `INVALID_ARGUMENT` | | | take one of the two positions named |
//! | `BASIS_MISMATCH` | `FAILED_PRECONDITION` | | | ask the ledger the basis came from |
//! | `PAGE_TOKEN_INVALID` | `INVALID_ARGUMENT` | `BadRequest` | | begin with the first page |
//! | `LIMIT_EXCEEDED` | `RESOURCE_EXHAUSTED` | `BadRequest` where a field is at fault | yes | send less at once |
//! | `OVERLOADED` | `RESOURCE_EXHAUSTED` | `RetryInfo` | yes | retry after the delay |
//! | `QUESTION_TOO_WIDE` | `RESOURCE_EXHAUSTED` | | | narrow the question |
//! | `DEADLINE_EXCEEDED` | `DEADLINE_EXCEEDED` | | | wait longer, or narrow the question |
//! | `NOT_SERVING` | `UNAVAILABLE` | | yes | retry elsewhere or later |
//! | `OUTCOME_UNKNOWN` | `UNKNOWN` | | **not known** | retry with the same `request_id` |
//! | `DAMAGED` | `DATA_LOSS` | | yes | `detente verify` |
//! | `DISK_FULL` | `RESOURCE_EXHAUSTED` | | yes | make room |
//! | `INTERNAL` | `INTERNAL` | | | report it |
//! | `CURSOR_NOT_FOUND` | `NOT_FOUND` | `ResourceInfo` | yes | make one |
//! | `CURSOR_EXISTS` | `ALREADY_EXISTS` | `ResourceInfo` | yes | take another name, or delete it |
//! | `READ_ONLY` | `FAILED_PRECONDITION` | | yes | ask the server that records |
//! | `CLOCK_WRONG` | `FAILED_PRECONDITION` | | yes | set the server's clock right, or accept it |
//! | `CURSOR_BEYOND_DELIVERED` | `FAILED_PRECONDITION` | | yes | subscribe, acknowledge what comes |
//! | `HOST_NOT_ALLOWED` | `PERMISSION_DENIED` | | yes | name the host in `allowed_hosts` |
//! | `ORIGIN_NOT_ALLOWED` | `PERMISSION_DENIED` | | yes | name the origin in `allowed_origins` |
//! | `UNSUPPORTED` | `UNIMPLEMENTED` | | yes | send it as the message says |
//! | `REQUEST_TOO_SLOW` | `DEADLINE_EXCEEDED` | | yes | send it again, faster |
//!
//! `ErrorInfo` has the reason without its prefix (`CUT_IN_FUTURE`), the domain `detente`, and what is concerned as metadata.
//! `UNAVAILABLE` is a promise that nothing happened, because clients retry it without asking.
//!
//! A status travels in HTTP/2 headers, and clients refuse large ones (16 KiB in several implementations). So violations are
//! told until [`DETAIL_BYTES`] are used up; the last one then says how many more there are, and the metadata counts all.

use super::detail::{self, Details};
use crate::budget::Overrun;
use crate::domain::rejection::{Rejection, Violation};
use crate::ledger::cursors::CursorError;
use crate::ledger::error::{AppendError, Damaged, QueryError};
use crate::ledger::feed::FeedError;
use crate::ledger::stage::StageError;
use crate::v1::ErrorReason;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// How many bytes of violations are told.
pub(super) const DETAIL_BYTES: usize = 4096;

/// After how long an overloaded server may be asked again.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// Why a call is refused.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The request is malformed: all that is wrong with it.
    Invalid(Vec<Violation>),
    /// The page token is not one of this query's.
    PageToken,
    /// Something is larger than the limits allow.
    TooLarge(Violation),
    /// More is asked at once than the server does at once; what there is too much of.
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
    /// A defect of the service; what is known of it goes to the log, not to the client.
    Defect,
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl From<CursorError> for Refusal {
    fn from(error: CursorError) -> Self {
        Self::Cursor(error)
    }
}

impl From<StageError> for Refusal {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Append(error) => error.into(),
            StageError::Invalid(violations) => violations.into(),
            other => Self::Stage(other),
        }
    }
}

impl From<Overrun> for Refusal {
    fn from(overrun: Overrun) -> Self {
        Self::Overrun(overrun)
    }
}

impl From<FeedError> for Refusal {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Query(error) => error.into(),
            FeedError::Cursor(error) => error.into(),
        }
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

impl From<Vec<Violation>> for Refusal {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations)
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let reason = refusal.reason();
        let Details { message, mut metadata, details } = refusal.details();
        let mut details = *details;
        metadata.retain(|_, value| !value.is_empty());
        details.set_error_info(short_name(reason), detail::DOMAIN, metadata);
        Self::with_error_details(code(reason), message, details)
    }
}

impl Refusal {
    /// The refusal of what is too large: the field, if one alone is at fault, and what there is too much of.
    #[must_use]
    pub fn too_large(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self::TooLarge(Violation::new(field, what))
    }

    /// The reason, as the contract names it.
    #[must_use]
    pub const fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(_) => ErrorReason::InvalidRequest,
            Self::PageToken => ErrorReason::PageTokenInvalid,
            Self::TooLarge(_) => ErrorReason::LimitExceeded,
            Self::Overloaded(_) | Self::OverShare(_) => ErrorReason::Overloaded,
            Self::Host(_) => ErrorReason::HostNotAllowed,
            Self::Origin(_) => ErrorReason::OriginNotAllowed,
            Self::Unsupported(_) => ErrorReason::Unsupported,
            Self::TooSlow(_) => ErrorReason::RequestTooSlow,
            Self::Stopping => ErrorReason::NotServing,
            Self::Append(error) => append_reason(error),
            Self::Query(error) => query_reason(error),
            Self::Cursor(error) => cursor_reason(error),
            Self::Stage(error) => stage_reason(error),
            Self::Overrun(overrun) => overrun_reason(*overrun),
            Self::Defect => ErrorReason::Internal,
        }
    }

    fn details(self) -> Details {
        match self {
            Self::Invalid(violations) => detail::violations("the request is malformed", violations),
            Self::PageToken => detail::page_token(),
            Self::TooLarge(violation) => detail::too_large(violation),
            Self::Overloaded(what) => detail::overloaded(what, RETRY_AFTER),
            Self::OverShare(what) => detail::over_share(what, RETRY_AFTER),
            Self::Host(said) | Self::Origin(said) | Self::Unsupported(said) | Self::TooSlow(said) => {
                Details::saying(said)
            }
            Self::Stopping => Details::saying("the server is shutting down"),
            Self::Append(error) => append_details(error),
            Self::Query(error) => query_details(&error),
            Self::Cursor(error) => cursor_details(&error),
            Self::Stage(error) => stage_details(error),
            Self::Overrun(overrun) => overrun_details(overrun),
            Self::Defect => Details::saying("a defect of the service; its log says more"),
        }
    }
}

const fn overrun_reason(overrun: Overrun) -> ErrorReason {
    match overrun {
        // Nobody reads what is said to a client that has left.
        Overrun::Cancelled | Overrun::DeadlineExceeded => ErrorReason::DeadlineExceeded,
        Overrun::Steps | Overrun::TooLarge => ErrorReason::QuestionTooWide,
        Overrun::MemoryFull => ErrorReason::Overloaded,
    }
}

fn overrun_details(overrun: Overrun) -> Details {
    const NARROW: &str = "narrow it: name relationships, parties or kinds in the filter, a valid_at or a shorter span, or \
                          read the log with ReadEvents";
    match overrun {
        Overrun::Cancelled | Overrun::DeadlineExceeded => {
            Details::saying("the deadline passed before the answer was there; narrow the question, or wait longer")
        }
        Overrun::Steps => Details::saying(format!("the question looks at more than one answer may; {NARROW}")),
        Overrun::TooLarge => Details::saying(format!("the question needs more memory than one answer may; {NARROW}")),
        Overrun::MemoryFull => detail::overloaded("questions that need much memory", RETRY_AFTER),
    }
}

const fn append_reason(error: &AppendError) -> ErrorReason {
    match error {
        AppendError::Rejected(Rejection::Violations(_)) | AppendError::RecordedTimeGoesBack => {
            ErrorReason::CommandRejected
        }
        AppendError::Rejected(Rejection::Conflicts(_)) => ErrorReason::PreconditionFailed,
        AppendError::RequestIdReused => ErrorReason::RequestIdReused,
        AppendError::Overloaded | AppendError::NoDescriptors(_) => ErrorReason::Overloaded,
        AppendError::ReadOnly => ErrorReason::ReadOnly,
        AppendError::ClockWrong(_) => ErrorReason::ClockWrong,
        AppendError::DiskFull(_) => ErrorReason::DiskFull,
        AppendError::NotServing(_) => ErrorReason::NotServing,
        AppendError::OutcomeUnknown(_) => ErrorReason::OutcomeUnknown,
        AppendError::Damaged(_) => ErrorReason::Damaged,
    }
}

fn append_details(error: AppendError) -> Details {
    match error {
        AppendError::Rejected(Rejection::Violations(violations)) => {
            detail::violations("the batch does not fit the record", violations)
        }
        AppendError::Rejected(Rejection::Conflicts(conflicts)) => detail::conflicts(&conflicts),
        AppendError::Overloaded => detail::overloaded("appends", RETRY_AFTER),
        AppendError::Damaged(damaged) => detail::damaged(&damaged),
        AppendError::NoDescriptors(_) => detail::again(&error.to_string(), RETRY_AFTER),
        AppendError::RequestIdReused
        | AppendError::ReadOnly
        | AppendError::ClockWrong(_)
        | AppendError::DiskFull(_)
        | AppendError::NotServing(_)
        | AppendError::OutcomeUnknown(_)
        | AppendError::RecordedTimeGoesBack => Details::saying(error.to_string()),
    }
}

const fn query_reason(error: &QueryError) -> ErrorReason {
    match error {
        QueryError::CutInFuture { .. } => ErrorReason::CutInFuture,
        QueryError::CutInsideAppend { .. } => ErrorReason::CutInsideAppend,
        QueryError::CutsOutOfOrder { .. } => ErrorReason::InvalidRequest,
        QueryError::BasisMismatch => ErrorReason::BasisMismatch,
        QueryError::ClaimNotFound(_) => ErrorReason::ClaimNotFound,
        QueryError::Unsupposable(_) => ErrorReason::CommandRejected,
        QueryError::Damaged(Damaged(_)) => ErrorReason::Damaged,
    }
}

fn query_details(error: &QueryError) -> Details {
    match error {
        QueryError::CutInFuture { head, now } => detail::cut_in_future(*head, *now),
        QueryError::CutInsideAppend { before, after } => detail::cut_inside_append(*before, *after),
        QueryError::CutsOutOfOrder { .. } => {
            detail::violations("the request is malformed", vec![Violation::new("from", error.to_string())])
        }
        QueryError::ClaimNotFound(claim) => detail::claim_not_found(*claim),
        QueryError::Unsupposable(Rejection::Violations(violations)) => {
            let supposed = |violation: &Violation| Violation {
                field: violation.field.replacen("commands", "what_if", 1),
                description: violation.description.clone(),
            };
            detail::violations("what is supposed does not fit the record", violations.iter().map(supposed).collect())
        }
        QueryError::Unsupposable(Rejection::Conflicts(conflicts)) => detail::conflicts(conflicts),
        QueryError::Damaged(damaged) => detail::damaged(damaged),
        QueryError::BasisMismatch => Details::saying(error.to_string()),
    }
}

const fn cursor_reason(error: &CursorError) -> ErrorReason {
    match error {
        CursorError::NotFound(_) => ErrorReason::CursorNotFound,
        CursorError::Exists(_) => ErrorReason::CursorExists,
        CursorError::BeyondDelivered { .. } => ErrorReason::CursorBeyondDelivered,
        CursorError::TooMany => ErrorReason::LimitExceeded,
        CursorError::Damaged { .. } => ErrorReason::Damaged,
        CursorError::DiskFull(_) => ErrorReason::DiskFull,
        CursorError::NoDescriptors(_) => ErrorReason::Overloaded,
        CursorError::ReadOnly => ErrorReason::ReadOnly,
        CursorError::NotWritten(_) => ErrorReason::NotServing,
        CursorError::OutcomeUnknown(_) => ErrorReason::OutcomeUnknown,
    }
}

fn cursor_details(error: &CursorError) -> Details {
    match error {
        CursorError::NotFound(id) | CursorError::Exists(id) => detail::cursor(id, &error.to_string()),
        CursorError::BeyondDelivered { id, delivered, .. } => {
            detail::beyond_delivered(id, *delivered, &error.to_string())
        }
        CursorError::TooMany => detail::too_large(Violation::new("cursor_id", error.to_string())),
        CursorError::Damaged { id, .. } => detail::damaged_cursor(id, &error.to_string()),
        CursorError::NoDescriptors(_) => detail::again(&error.to_string(), RETRY_AFTER),
        CursorError::DiskFull(_)
        | CursorError::NotWritten(_)
        | CursorError::ReadOnly
        | CursorError::OutcomeUnknown(_) => Details::saying(error.to_string()),
    }
}

const fn stage_reason(error: &StageError) -> ErrorReason {
    match error {
        StageError::NotFound(_) => ErrorReason::StageNotFound,
        StageError::IdReused => ErrorReason::RequestIdReused,
        StageError::Recorded(_) => ErrorReason::StageRecorded,
        StageError::Gap { .. } => ErrorReason::StageGap,
        StageError::Invalid(_) => ErrorReason::InvalidRequest,
        StageError::Unfit(_) => ErrorReason::CommandRejected,
        StageError::TooMany(_) | StageError::TooLarge(_) => ErrorReason::LimitExceeded,
        StageError::DiskFull(_) => ErrorReason::DiskFull,
        StageError::NoDescriptors(_) => ErrorReason::Overloaded,
        StageError::NotWritten(_) => ErrorReason::NotServing,
        StageError::Damaged { .. } => ErrorReason::Damaged,
        StageError::Append(error) => append_reason(error),
    }
}

fn stage_details(error: StageError) -> Details {
    let said = error.to_string();
    match error {
        StageError::NotFound(id) | StageError::Recorded(id) => detail::stage(id, &said),
        StageError::Gap { id, next } => detail::stage_gap(id, next, &said),
        StageError::Invalid(violations) => detail::violations(&said, violations),
        StageError::Unfit(unfit) => detail::unfit(&said, unfit),
        StageError::TooMany(_) => detail::too_large(Violation::new("request_id", said)),
        StageError::TooLarge(_) => detail::too_large(Violation::new("commands", said)),
        StageError::Damaged { id, .. } => detail::damaged_stage(id, &said),
        StageError::Append(error) => append_details(error),
        StageError::NoDescriptors(_) => detail::again(&said, RETRY_AFTER),
        StageError::IdReused | StageError::DiskFull(_) | StageError::NotWritten(_) => Details::saying(said),
    }
}

/// The code that comes with a reason.
#[must_use]
pub const fn code(reason: ErrorReason) -> Code {
    match reason {
        ErrorReason::InvalidRequest | ErrorReason::CutInsideAppend | ErrorReason::PageTokenInvalid => {
            Code::InvalidArgument
        }
        ErrorReason::CommandRejected
        | ErrorReason::BasisMismatch
        | ErrorReason::CursorBeyondDelivered
        | ErrorReason::StageGap
        | ErrorReason::StageRecorded
        | ErrorReason::ReadOnly
        | ErrorReason::ClockWrong => Code::FailedPrecondition,
        ErrorReason::PreconditionFailed => Code::Aborted,
        ErrorReason::RequestIdReused | ErrorReason::CursorExists => Code::AlreadyExists,
        ErrorReason::ClaimNotFound | ErrorReason::CursorNotFound | ErrorReason::StageNotFound => Code::NotFound,
        ErrorReason::CutInFuture => Code::OutOfRange,
        ErrorReason::LimitExceeded | ErrorReason::Overloaded | ErrorReason::DiskFull => Code::ResourceExhausted,
        ErrorReason::QuestionTooWide => Code::ResourceExhausted,
        ErrorReason::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorReason::NotServing => Code::Unavailable,
        ErrorReason::HostNotAllowed | ErrorReason::OriginNotAllowed => Code::PermissionDenied,
        ErrorReason::Unsupported => Code::Unimplemented,
        ErrorReason::RequestTooSlow => Code::DeadlineExceeded,
        ErrorReason::OutcomeUnknown => Code::Unknown,
        ErrorReason::Damaged => Code::DataLoss,
        ErrorReason::Internal | ErrorReason::Unspecified => Code::Internal,
    }
}

/// A reason as `ErrorInfo` has it: its name without the prefix.
#[must_use]
pub fn short_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::{ClaimId, CursorId};
    use crate::domain::position::{Position, RecordedAt};
    use crate::domain::rejection::Conflict;
    use crate::ledger::clock_guard::ClockFault;
    use crate::ledger::stage::Unfit;
    use uuid::Uuid;

    /// A refusal of every reason.
    fn all() -> Vec<Refusal> {
        let violation = || Violation::new("commands[0]", "required");
        let claim = ClaimId(Uuid::from_u128(7));
        let boundary = Conflict::Boundary { index: 1, after: Position(3), touched_at: Position(5) };
        let revision = Conflict::Revision { index: 0, claim, expected: "revision 3".into(), actual: Some(4) };
        let why = || "why".to_owned();
        vec![
            Refusal::Invalid(vec![violation()]),
            AppendError::Rejected(Rejection::Violations(vec![violation(), violation()])).into(),
            AppendError::Rejected(Rejection::Conflicts(vec![revision, boundary])).into(),
            AppendError::RequestIdReused.into(),
            QueryError::ClaimNotFound(claim).into(),
            QueryError::CutInFuture { head: Position(9), now: RecordedAt(0) }.into(),
            QueryError::CutInsideAppend { before: Position(2), after: Position(4) }.into(),
            QueryError::BasisMismatch.into(),
            Refusal::PageToken,
            Refusal::TooLarge(violation()),
            Refusal::Overloaded("streams"),
            Refusal::Stopping,
            AppendError::OutcomeUnknown(why()).into(),
            QueryError::Damaged(Damaged(why())).into(),
            AppendError::DiskFull(why()).into(),
            Refusal::Defect,
            CursorError::NotFound(cursor()).into(),
            CursorError::Exists(cursor()).into(),
            CursorError::BeyondDelivered { id: cursor(), asked: Position(9), delivered: Position(4) }.into(),
            StageError::NotFound(STAGE).into(),
            StageError::Gap { id: STAGE, next: 4 }.into(),
            StageError::Recorded(STAGE).into(),
            AppendError::ReadOnly.into(),
            AppendError::ClockWrong(ClockFault::Jumped { now: RecordedAt(0), by: Duration::from_secs(9) }).into(),
            Refusal::Host(why()),
            Refusal::Origin(why()),
            Refusal::Unsupported(why()),
            Refusal::TooSlow(why()),
            Refusal::Overrun(Overrun::DeadlineExceeded),
            Refusal::Overrun(Overrun::TooLarge),
        ]
    }

    const STAGE: Uuid = Uuid::from_u128(8);

    fn cursor() -> CursorId {
        CursorId::parse("desk-1").unwrap()
    }

    #[test]
    fn every_reason_has_its_code_and_is_told_with_its_name_and_domain() {
        for (number, refusal) in (1..).zip(all()) {
            let reason = ErrorReason::try_from(number).unwrap();
            assert_eq!(refusal.reason(), reason);
            let status = Status::from(refusal);
            assert_eq!(status.code(), code(reason), "{reason:?}");
            let info = status.get_details_error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (short_name(reason), "detente"));
            assert!(!status.message().is_empty());
        }
        assert!(ErrorReason::try_from(i32::try_from(all().len()).unwrap() + 1).is_err(), "a reason is not tested");
    }

    #[test]
    fn what_the_ledger_says_in_other_words_has_the_same_reason() {
        let same: [(Refusal, ErrorReason); 25] = [
            (Refusal::Overrun(Overrun::Cancelled), ErrorReason::DeadlineExceeded),
            (Refusal::Overrun(Overrun::Steps), ErrorReason::QuestionTooWide),
            (Refusal::Overrun(Overrun::MemoryFull), ErrorReason::Overloaded),
            (AppendError::NoDescriptors(String::new()).into(), ErrorReason::Overloaded),
            (StageError::NoDescriptors(String::new()).into(), ErrorReason::Overloaded),
            (CursorError::NoDescriptors(String::new()).into(), ErrorReason::Overloaded),
            (CursorError::ReadOnly.into(), ErrorReason::ReadOnly),
            (Refusal::OverShare("streams"), ErrorReason::Overloaded),
            (StageError::IdReused.into(), ErrorReason::RequestIdReused),
            (StageError::Invalid(Vec::new()).into(), ErrorReason::InvalidRequest),
            (StageError::Unfit(Unfit::default()).into(), ErrorReason::CommandRejected),
            (StageError::TooMany(1).into(), ErrorReason::LimitExceeded),
            (StageError::TooLarge(1).into(), ErrorReason::LimitExceeded),
            (StageError::DiskFull(String::new()).into(), ErrorReason::DiskFull),
            (StageError::NotWritten(String::new()).into(), ErrorReason::NotServing),
            (StageError::Damaged { id: STAGE, why: String::new() }.into(), ErrorReason::Damaged),
            (AppendError::Overloaded.into(), ErrorReason::Overloaded),
            (AppendError::NotServing(String::new()).into(), ErrorReason::NotServing),
            (AppendError::Damaged(Damaged(String::new())).into(), ErrorReason::Damaged),
            (AppendError::RecordedTimeGoesBack.into(), ErrorReason::CommandRejected),
            (CursorError::TooMany.into(), ErrorReason::LimitExceeded),
            (CursorError::Damaged { id: cursor(), why: String::new() }.into(), ErrorReason::Damaged),
            (CursorError::DiskFull(String::new()).into(), ErrorReason::DiskFull),
            (CursorError::NotWritten(String::new()).into(), ErrorReason::NotServing),
            (CursorError::OutcomeUnknown(String::new()).into(), ErrorReason::OutcomeUnknown),
        ];
        for (refusal, reason) in same {
            assert_eq!(refusal.reason(), reason);
        }
    }

    #[test]
    fn a_failed_precondition_tells_what_was_expected_and_what_is_of_each() {
        let status = Status::from(all().swap_remove(2));
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

    #[test]
    fn a_status_fits_into_headers_however_much_is_wrong() {
        let field = |nth| format!("commands[{nth}].assert_claim.claim.texts[0].lang");
        let violations: Vec<_> = (0..10_000).map(|nth| Violation::new(field(nth), "é".repeat(2000))).collect();
        let few: Vec<_> = (0..60).map(|nth| Violation::new(field(nth), "required")).collect();
        let conflict = |index| Conflict::Boundary { index, after: Position(3), touched_at: Position(5) };
        let conflicts = (0..10_000).map(conflict).collect();
        for (refusal, count) in [
            (Refusal::Invalid(violations), "10000"),
            (Refusal::Invalid(few), "60"),
            (AppendError::Rejected(Rejection::Conflicts(conflicts)).into(), "10000"),
        ] {
            let status = Status::from(refusal);
            assert!(status.details().len() < 9 << 10, "{} bytes of details", status.details().len());
            assert_eq!(status.get_details_error_info().unwrap().metadata["violations"], count);
        }
    }
}
