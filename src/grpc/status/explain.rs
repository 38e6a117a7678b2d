//! The details of each refusal, error by error; [`super::detail`] has the words.

use super::CallRefusal;
use super::detail::{self, Details};
use detente_domain::cut::Cut;
use detente_domain::rejection::{Rejection, Violation};
use detente_ledger::budget::Overrun;
use detente_ledger::error::{AppendError, QueryError, ReadFailure, UnresolvedSide};
use detente_ledger::follow::cursors::CursorError;
use detente_ledger::write::stage::StageError;
use std::time::Duration;

/// Delay after which a client may call an overloaded server again.
const RETRY_AFTER: Duration = Duration::from_millis(250);

impl CallRefusal {
    /// The message and the details that the client receives.
    pub(super) fn details(self) -> Details {
        match self {
            Self::Invalid(violations) => detail::violations("the request is malformed", violations),
            Self::PageToken => detail::page_token(),
            Self::TooLarge(violation) => detail::too_large(violation),
            Self::Overloaded(what) => detail::overload(what, RETRY_AFTER),
            Self::OverShare(what) => detail::over_share(what, RETRY_AFTER),
            Self::Host(said) | Self::Origin(said) | Self::Unsupported(said) | Self::TooSlow(said) => {
                Details::saying(said)
            }
            Self::Unauthenticated(said) => Details::saying(said),
            Self::Grant(grant, said) => Details::saying(said).with("grant", grant),
            Self::Stopping => Details::saying("the server is shutting down"),
            Self::Append(error) => append_details(error),
            Self::Query(error) => query_details(&error),
            Self::Cursor(error) => cursor_details(&error),
            Self::Stage(error) => stage_details(error),
            Self::Overrun(overrun) => overrun_details(overrun),
            Self::LateWrite => detail::late_write(),
            Self::NoService(name) => Details::saying(format!("this server has no service {name:?}")),
            Self::Defect => Details::saying("a defect of the service; its log says more"),
        }
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
        Overrun::WouldWait | Overrun::MemoryFull => detail::overload("questions that need much memory", RETRY_AFTER),
    }
}

fn append_details(error: AppendError) -> Details {
    match error {
        AppendError::Rejected(Rejection::Violations(violations)) => {
            detail::violations("the batch does not fit the record", violations)
        }
        AppendError::Rejected(Rejection::Conflicts(conflicts)) => detail::conflicts(&conflicts),
        AppendError::Overloaded => detail::overload("appends", RETRY_AFTER),
        AppendError::NotRead(failure) => not_read_details(&failure),
        AppendError::Lacking(_) => detail::again(&error.to_string(), RETRY_AFTER),
        AppendError::RequestIdReused
        | AppendError::ReadOnly
        | AppendError::ClockWrong(_)
        | AppendError::DiskFull(_)
        | AppendError::NotServing(_)
        | AppendError::OutcomeUnknown(_)
        | AppendError::RecordedTimeGoesBack => Details::saying(error.to_string()),
    }
}

fn query_details(error: &QueryError) -> Details {
    match error {
        QueryError::CutInFuture { head, now } => detail::cut_in_future(*head, *now),
        QueryError::CutInsideAppend { before, after } => detail::cut_inside_append(*before, *after),
        QueryError::CutsOutOfOrder { .. } => {
            detail::violations("the request is malformed", vec![Violation::new("from", error.to_string())])
        }
        QueryError::UnresolvedSides(sides) => {
            detail::of_sides(sides.iter().map(|side| (field_of(side), query_details(&side.error))))
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
        QueryError::NotRead(failure) => not_read_details(failure),
        QueryError::BasisMismatch | QueryError::Defect => Details::saying(error.to_string()),
    }
}

/// Returns the field that gives the cut of a side. An absent cut is the head, which always resolves.
const fn field_of(side: &UnresolvedSide) -> &'static str {
    match (side.is_later, side.cut) {
        (false, Cut::KnownAt(_) | Cut::Head) => "from.cut.known_at",
        (false, Cut::At(_)) => "from.cut.position",
        (false, Cut::Basis(_)) => "from.cut.basis",
        (true, Cut::KnownAt(_) | Cut::Head) => "to.cut.known_at",
        (true, Cut::At(_)) => "to.cut.position",
        (true, Cut::Basis(_)) => "to.cut.basis",
    }
}

fn not_read_details(failure: &ReadFailure) -> Details {
    let said = failure.to_string();
    match failure {
        ReadFailure::Damaged(place) => detail::damage(place, &said),
        ReadFailure::Lacking(_, obstacle) => detail::lacking(&said, *obstacle, RETRY_AFTER),
        ReadFailure::Refused(_, obstacle) => detail::disk_refusal(&said, *obstacle),
        ReadFailure::NoThread(_) => Details::saying(said),
    }
}

fn cursor_details(error: &CursorError) -> Details {
    match error {
        CursorError::NotFound(id) | CursorError::Exists(id) => detail::cursor(id, &error.to_string()),
        CursorError::BeyondDelivered { id, delivered, .. } => {
            detail::beyond_delivered(id, *delivered, &error.to_string())
        }
        CursorError::TooMany => detail::too_large(Violation::new("cursor_id", error.to_string())),
        CursorError::FiltersTooLarge(_) => detail::too_large(Violation::new("filter", error.to_string())),
        CursorError::Damaged { id, .. } => detail::damaged_cursor(id, &error.to_string()),
        CursorError::Lacking(_) => detail::again(&error.to_string(), RETRY_AFTER),
        CursorError::DiskFull(_)
        | CursorError::NotWritten(_)
        | CursorError::ReadOnly
        | CursorError::OutcomeUnknown(_) => Details::saying(error.to_string()),
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
        StageError::Lacking(_) => detail::again(&said, RETRY_AFTER),
        StageError::IdReused | StageError::DiskFull(_) | StageError::NotWritten(_) => Details::saying(said),
    }
}
