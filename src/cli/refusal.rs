//! A gRPC error, taken apart: the reason, every violation with its field path, what was expected and what is.
//!
//! The server sends `google.rpc.ErrorInfo` with every error. A status without it was not made by a Detente server but by
//! the transport (the connection broke, a proxy answered), and then nothing is known about what happened.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{exit::Exit, hint};
use crate::v1::ErrorReason;

/// One thing that was wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// A field path, or the claim or filter that a precondition is about.
    pub(crate) place: String,
    /// What was expected, and what is.
    pub(crate) description: String,
}

/// Which request of an append it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestPlace {
    /// The id it was sent with.
    pub(crate) request_id: String,
    /// Its place in the input, from 1.
    pub(crate) ordinal: usize,
    /// How many there are.
    pub(crate) total: usize,
}

/// An error the server answered with.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The gRPC status code.
    pub(crate) code: Code,
    /// What the server says in one line.
    pub(crate) message: String,
    /// The reason, where the server named one.
    pub(crate) reason: Option<ErrorReason>,
    /// What is concerned.
    pub(crate) metadata: BTreeMap<String, String>,
    /// What is wrong with the content of the request.
    pub(crate) fields: Vec<Violation>,
    /// Which preconditions did not hold.
    pub(crate) preconditions: Vec<Violation>,
    /// After how long to try again.
    pub(crate) retry_after: Option<Duration>,
    /// Which append it was, where it was one.
    pub(crate) request: Option<RequestPlace>,
}

impl RequestPlace {
    fn object(&self) -> Value {
        json!({ "requestId": self.request_id, "ordinal": self.ordinal, "total": self.total })
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        Self {
            code: status.code(),
            message: status.message().to_owned(),
            reason: reason(&details),
            metadata: metadata(&details),
            fields: fields(&details),
            preconditions: preconditions(&details),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            request: None,
        }
    }
}

impl From<Status> for super::Failure {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status.into()))
    }
}

impl Refusal {
    /// Says which append it was.
    pub(crate) fn of(self, request: RequestPlace) -> Self {
        Self { request: Some(request), ..self }
    }

    /// Whether nothing is known about what happened: the transport broke, or the ledger says so itself.
    pub(crate) fn outcome_is_unknown(&self) -> bool {
        match self.reason {
            Some(reason) => reason == ErrorReason::OutcomeUnknown,
            None => matches!(self.code, Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded),
        }
    }

    /// The code to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self.code {
            _ if self.outcome_is_unknown() => Exit::Unanswered,
            Code::Unavailable => Exit::Unanswered,
            Code::DataLoss => Exit::Damaged,
            Code::InvalidArgument | Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => Exit::Rejected,
            Code::NotFound | Code::OutOfRange => Exit::Absent,
            _ => Exit::Failed,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        hint::of(self)
    }

    /// Every violation and every other detail, a line each.
    pub(crate) fn details(&self) -> Vec<String> {
        let violations = self.fields.iter().chain(&self.preconditions);
        let metadata = self.metadata.iter().map(|(key, value)| format!("{key} = {value}"));
        let request = self.request.iter().map(RequestPlace::to_string);
        violations.map(Violation::to_string).chain(metadata).chain(request).collect()
    }

    /// The whole of it as JSON, with the names of canonical proto3 JSON.
    pub(crate) fn object(&self) -> Value {
        let place = |name: &str, violations: &[Violation]| -> Value {
            violations.iter().map(|v| json!({ name: v.place, "description": v.description })).collect()
        };
        json!({
            "code": hint::code_name(self.code),
            "reason": self.reason.unwrap_or_default().as_str_name(),
            "message": self.message,
            "metadata": self.metadata,
            "fieldViolations": place("field", &self.fields),
            "preconditionViolations": place("subject", &self.preconditions),
            "retryAfterSeconds": self.retry_after.map(|delay| delay.as_secs_f64()),
            "request": self.request.as_ref().map(RequestPlace::object),
            "outcomeUnknown": self.outcome_is_unknown(),
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Some(reason) => write!(f, "{} ({})", self.message, hint::short_reason(reason)),
            None => write!(f, "{} ({})", self.message, hint::code_name(self.code)),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.description)
    }
}

impl fmt::Display for RequestPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total {
            1 => write!(f, "request {}", self.request_id),
            _ => write!(
                f,
                "request {} of {} ({} before it recorded): {}",
                self.ordinal,
                self.total,
                self.ordinal.saturating_sub(1),
                self.request_id
            ),
        }
    }
}

fn reason(details: &ErrorDetails) -> Option<ErrorReason> {
    let name = &details.error_info()?.reason;
    ErrorReason::from_str_name(name).or_else(|| ErrorReason::from_str_name(&format!("ERROR_REASON_{name}")))
}

fn metadata(details: &ErrorDetails) -> BTreeMap<String, String> {
    details.error_info().map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default()
}

fn fields(details: &ErrorDetails) -> Vec<Violation> {
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    violations.iter().map(|v| Violation { place: v.field.clone(), description: v.description.clone() }).collect()
}

fn preconditions(details: &ErrorDetails) -> Vec<Violation> {
    let violations = details.precondition_failure().map(|failed| failed.violations.as_slice()).unwrap_or_default();
    violations.iter().map(|v| Violation { place: v.subject.clone(), description: v.description.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected() -> Refusal {
        let mut details = ErrorDetails::new();
        details
            .set_error_info("ERROR_REASON_COMMAND_REJECTED", "detente", [("claim_id".to_owned(), "c".to_owned())])
            .add_bad_request_violation("commands[0].assert_claim.claim.kind", "required");
        Status::with_error_details(Code::FailedPrecondition, "1 violation", details).into()
    }

    #[test]
    fn every_violation_is_told_with_its_field_path() {
        let refusal = rejected();
        assert_eq!(refusal.exit(), Exit::Rejected);
        assert_eq!(refusal.to_string(), "1 violation (COMMAND_REJECTED)");
        assert_eq!(refusal.details(), ["commands[0].assert_claim.claim.kind: required", "claim_id = c"]);
        assert_eq!(refusal.object()["fieldViolations"][0]["field"], "commands[0].assert_claim.claim.kind");
    }

    #[test]
    fn a_failed_precondition_tells_what_was_expected() {
        let mut details = ErrorDetails::new();
        details.set_error_info("PRECONDITION_FAILED", "detente", []).add_precondition_failure_violation(
            "REVISION",
            "claim c",
            "expected 1, is 2",
        );
        let refusal = Refusal::from(Status::with_error_details(Code::Aborted, "no", details));
        assert_eq!(refusal.reason, Some(ErrorReason::PreconditionFailed));
        assert_eq!(refusal.details(), ["claim c: expected 1, is 2"]);
        assert_eq!(refusal.exit(), Exit::Rejected);
    }

    #[test]
    fn a_status_without_a_reason_is_the_transport_and_its_outcome_unknown() {
        let refusal = Refusal::from(Status::unknown("transport error"));
        assert!(refusal.outcome_is_unknown());
        assert_eq!(refusal.exit(), Exit::Unanswered);
        assert!(!rejected().outcome_is_unknown());
    }
}
