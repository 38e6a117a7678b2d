//! The reason of each refusal, and the gRPC code of each reason.
//!
//! A refusal is never hidden inside a success. Each has one **reason**, a member of `detente.v1.ErrorReason`, and the reason
//! alone decides the code.
//! `docs/ERRORS.md` has the table: each reason with its code, its details, what was written and what to do.
//!
//! `ErrorInfo` has the reason without its prefix (`CUT_IN_FUTURE`), the domain `detente`, and what is concerned as metadata.
//! `UNAVAILABLE` is a promise that nothing happened, because clients retry it without asking.

use super::CallRefusal;
use detente_domain::rejection::Rejection;
use detente_ledger::budget::Overrun;
use detente_ledger::error::{AppendError, QueryError, ReadFailure};
use detente_ledger::follow::cursors::CursorError;
use detente_ledger::write::stage::StageError;
use detente_proto::v1::ErrorReason;
use tonic::Code;

impl CallRefusal {
    /// The reason, as the contract names it.
    #[must_use]
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(_) => ErrorReason::InvalidRequest,
            Self::PageToken => ErrorReason::PageTokenInvalid,
            Self::TooLarge(_) => ErrorReason::LimitExceeded,
            Self::Overloaded(_) | Self::OverShare(_) => ErrorReason::Overloaded,
            Self::Host(_) => ErrorReason::HostNotAllowed,
            Self::Origin(_) => ErrorReason::OriginNotAllowed,
            Self::Unsupported(_) => ErrorReason::Unsupported,
            Self::TooSlow(_) => ErrorReason::RequestTooSlow,
            Self::Unauthenticated(_) => ErrorReason::Unauthenticated,
            Self::Grant(..) => ErrorReason::GrantMissing,
            Self::Stopping => ErrorReason::NotServing,
            Self::Append(error) => append_reason(error),
            Self::Query(error) => query_reason(error),
            Self::Cursor(error) => cursor_reason(error),
            Self::Stage(error) => stage_reason(error),
            Self::Overrun(overrun) => overrun_reason(*overrun),
            Self::LateWrite => ErrorReason::DeadlineExceeded,
            Self::NoService(_) => ErrorReason::ServiceNotFound,
            Self::Defect => ErrorReason::Internal,
        }
    }
}

const fn overrun_reason(overrun: Overrun) -> ErrorReason {
    match overrun {
        // A client that has left reads no answer.
        Overrun::Cancelled | Overrun::DeadlineExceeded => ErrorReason::DeadlineExceeded,
        Overrun::Steps | Overrun::TooLarge => ErrorReason::QuestionTooWide,
        // A brief call that would wait begins again where it may.
        Overrun::WouldWait | Overrun::MemoryFull => ErrorReason::Overloaded,
    }
}

const fn append_reason(error: &AppendError) -> ErrorReason {
    match error {
        AppendError::Rejected(Rejection::Violations(_)) | AppendError::RecordedTimeGoesBack => {
            ErrorReason::CommandRejected
        }
        AppendError::Rejected(Rejection::Conflicts(_)) => ErrorReason::PreconditionFailed,
        AppendError::RequestIdReused => ErrorReason::RequestIdReused,
        AppendError::Overloaded | AppendError::Lacking(_) => ErrorReason::Overloaded,
        AppendError::ReadOnly => ErrorReason::ReadOnly,
        AppendError::ClockWrong(_) => ErrorReason::ClockWrong,
        AppendError::DiskFull(_) => ErrorReason::DiskFull,
        AppendError::NotServing(_) => ErrorReason::NotServing,
        AppendError::OutcomeUnknown(_) => ErrorReason::OutcomeUnknown,
        AppendError::NotRead(failure) => read_reason(failure),
    }
}

fn query_reason(error: &QueryError) -> ErrorReason {
    match error {
        QueryError::CutInFuture { .. } => ErrorReason::CutInFuture,
        QueryError::CutInsideAppend { .. } => ErrorReason::CutInsideAppend,
        QueryError::CutsOutOfOrder { .. } => ErrorReason::InvalidRequest,
        QueryError::UnresolvedSides(sides) => {
            sides.first().map_or(ErrorReason::Internal, |side| query_reason(&side.error))
        }
        QueryError::BasisMismatch => ErrorReason::BasisMismatch,
        QueryError::ClaimNotFound(_) => ErrorReason::ClaimNotFound,
        QueryError::Unsupposable(_) => ErrorReason::CommandRejected,
        QueryError::NotRead(failure) => read_reason(failure),
        QueryError::Defect => ErrorReason::Internal,
    }
}

const fn read_reason(failure: &ReadFailure) -> ErrorReason {
    match failure {
        ReadFailure::Damaged(_) => ErrorReason::Damaged,
        ReadFailure::Lacking(..) => ErrorReason::Overloaded,
        ReadFailure::Refused(..) | ReadFailure::NoThread(_) => ErrorReason::NotServing,
    }
}

const fn cursor_reason(error: &CursorError) -> ErrorReason {
    match error {
        CursorError::NotFound(_) => ErrorReason::CursorNotFound,
        CursorError::Exists(_) => ErrorReason::CursorExists,
        CursorError::BeyondDelivered { .. } => ErrorReason::CursorBeyondDelivered,
        CursorError::TooMany | CursorError::FiltersTooLarge(_) => ErrorReason::LimitExceeded,
        CursorError::Damaged { .. } => ErrorReason::Damaged,
        CursorError::DiskFull(_) => ErrorReason::DiskFull,
        CursorError::Lacking(_) => ErrorReason::Overloaded,
        CursorError::ReadOnly => ErrorReason::ReadOnly,
        CursorError::NotWritten(_) => ErrorReason::NotServing,
        CursorError::OutcomeUnknown(_) => ErrorReason::OutcomeUnknown,
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
        StageError::Lacking(_) => ErrorReason::Overloaded,
        StageError::NotWritten(_) => ErrorReason::NotServing,
        StageError::Damaged { .. } => ErrorReason::Damaged,
        StageError::Append(error) => append_reason(error),
    }
}

/// The code that comes with a reason.
pub(super) const fn code(reason: ErrorReason) -> Code {
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
        ErrorReason::ClaimNotFound
        | ErrorReason::CursorNotFound
        | ErrorReason::StageNotFound
        | ErrorReason::ServiceNotFound => Code::NotFound,
        ErrorReason::CutInFuture => Code::OutOfRange,
        ErrorReason::LimitExceeded | ErrorReason::Overloaded | ErrorReason::DiskFull => Code::ResourceExhausted,
        ErrorReason::QuestionTooWide => Code::ResourceExhausted,
        ErrorReason::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorReason::NotServing => Code::Unavailable,
        ErrorReason::HostNotAllowed | ErrorReason::OriginNotAllowed | ErrorReason::GrantMissing => {
            Code::PermissionDenied
        }
        ErrorReason::Unauthenticated => Code::Unauthenticated,
        ErrorReason::Unsupported => Code::Unimplemented,
        ErrorReason::RequestTooSlow => Code::DeadlineExceeded,
        ErrorReason::OutcomeUnknown => Code::Unknown,
        ErrorReason::Damaged => Code::DataLoss,
        ErrorReason::Internal | ErrorReason::Unspecified => Code::Internal,
    }
}

/// A reason as `ErrorInfo` has it: its name without the prefix.
pub(super) fn short_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use detente_domain::name::{ClaimId, CursorId};
    use detente_domain::position::{Position, RecordedAt};
    use detente_domain::rejection::{Conflict, Violation};
    use detente_journal::Obstacle;
    use detente_ledger::write::clock_guard::ClockFault;
    use detente_ledger::write::stage::Unfit;
    use std::time::Duration;
    use tonic::Status;
    use tonic_types::StatusExt;
    use uuid::Uuid;

    /// A refusal of every reason.
    pub(in crate::grpc::status) fn all() -> Vec<CallRefusal> {
        let violation = || Violation::new("commands[0]", "required");
        let claim = ClaimId(Uuid::from_u128(7));
        let boundary = Conflict::Boundary { index: 1, after: Position(3), touched_at: Position(5) };
        let revision = Conflict::Revision { index: 0, claim, expected: "revision 3".into(), actual: Some(4) };
        let why = || "why".to_owned();
        vec![
            CallRefusal::Invalid(vec![violation()]),
            AppendError::Rejected(Rejection::Violations(vec![violation(), violation()])).into(),
            AppendError::Rejected(Rejection::Conflicts(vec![revision, boundary])).into(),
            AppendError::RequestIdReused.into(),
            QueryError::ClaimNotFound(claim).into(),
            QueryError::CutInFuture { head: Position(9), now: RecordedAt(0) }.into(),
            QueryError::CutInsideAppend { before: Position(2), after: Position(4) }.into(),
            QueryError::BasisMismatch.into(),
            CallRefusal::PageToken,
            CallRefusal::TooLarge(violation()),
            CallRefusal::Overloaded("streams"),
            CallRefusal::Stopping,
            AppendError::OutcomeUnknown(why()).into(),
            QueryError::NotRead(ReadFailure::Damaged(why())).into(),
            AppendError::DiskFull(why()).into(),
            CallRefusal::Defect,
            CursorError::NotFound(cursor()).into(),
            CursorError::Exists(cursor()).into(),
            CursorError::BeyondDelivered { id: cursor(), asked: Position(9), delivered: Position(4) }.into(),
            StageError::NotFound(STAGE).into(),
            StageError::Gap { id: STAGE, next: 4 }.into(),
            StageError::Recorded(STAGE).into(),
            AppendError::ReadOnly.into(),
            AppendError::ClockWrong(ClockFault::Jumped { now: RecordedAt(0), by: Duration::from_secs(9) }).into(),
            CallRefusal::Host(why()),
            CallRefusal::Origin(why()),
            CallRefusal::Unsupported(why()),
            CallRefusal::TooSlow(why()),
            CallRefusal::Overrun(Overrun::DeadlineExceeded),
            CallRefusal::Overrun(Overrun::TooLarge),
            CallRefusal::NoService(why()),
            CallRefusal::Unauthenticated(why()),
            CallRefusal::Grant("record_as", why()),
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
        let same: [(CallRefusal, ErrorReason); 29] = [
            (CallRefusal::LateWrite, ErrorReason::DeadlineExceeded),
            (CallRefusal::Overrun(Overrun::Cancelled), ErrorReason::DeadlineExceeded),
            (CallRefusal::Overrun(Overrun::Steps), ErrorReason::QuestionTooWide),
            (CallRefusal::Overrun(Overrun::MemoryFull), ErrorReason::Overloaded),
            (AppendError::Lacking(String::new()).into(), ErrorReason::Overloaded),
            (StageError::Lacking(String::new()).into(), ErrorReason::Overloaded),
            (CursorError::Lacking(String::new()).into(), ErrorReason::Overloaded),
            (CursorError::ReadOnly.into(), ErrorReason::ReadOnly),
            (CallRefusal::OverShare("streams"), ErrorReason::Overloaded),
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
            (AppendError::NotRead(ReadFailure::Damaged(String::new())).into(), ErrorReason::Damaged),
            (QueryError::Defect.into(), ErrorReason::Internal),
            (
                QueryError::NotRead(ReadFailure::Lacking(String::new(), Obstacle::Memory)).into(),
                ErrorReason::Overloaded,
            ),
            (
                QueryError::NotRead(ReadFailure::Refused(String::new(), Obstacle::Device)).into(),
                ErrorReason::NotServing,
            ),
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
}
