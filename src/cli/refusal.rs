//! A refusal as the command line tells it: the exit code, every detail on a line, the whole of it as JSON.

use std::fmt;

use serde_json::{Value, json};
use tonic::Code;

use super::{CommandFailure, exit::Exit, hint};
use detente_proto::code_name;

/// The request of an append that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestPlace {
    /// The id it was sent with.
    pub(crate) request_id: String,
    /// Its place in the input, from 1.
    pub(crate) ordinal: usize,
    /// The number of requests.
    pub(crate) total: usize,
}

/// A call that was refused, or broke.
#[derive(Debug, Clone)]
pub(crate) struct CommandRefusal {
    /// The refusal as the client returned it.
    pub(crate) told: detente_client::Refusal,
    /// The append that was refused, if it was one.
    pub(crate) request: Option<RequestPlace>,
}

impl RequestPlace {
    fn object(&self) -> Value {
        json!({ "requestId": self.request_id, "ordinal": self.ordinal, "total": self.total })
    }
}

impl From<detente_client::Refusal> for CommandRefusal {
    fn from(told: detente_client::Refusal) -> Self {
        Self { told, request: None }
    }
}

impl From<detente_client::Error> for CommandFailure {
    fn from(error: detente_client::Error) -> Self {
        match error {
            detente_client::Error::Address { server, why } => Self::Usage(format!("--server {server}: {why}")),
            detente_client::Error::Unreachable { server, cause } => Self::Unreachable { server, cause },
            detente_client::Error::Handshake { by, .. } => {
                Self::Handshake { words: error.to_string(), hint: hint::of_handshake(by) }
            }
            detente_client::Error::Access(why) => Self::Usage(why),
            detente_client::Error::Refused(told) => Self::Refused(Box::new((*told).into())),
            detente_client::Error::Ended(_) | detente_client::Error::OtherLedger { .. } => {
                Self::Rejected(error.to_string())
            }
        }
    }
}

impl From<tonic::Status> for CommandFailure {
    fn from(status: tonic::Status) -> Self {
        detente_client::Error::from(status).into()
    }
}

impl CommandFailure {
    /// Says which append it was.
    pub(crate) fn of(self, request: RequestPlace) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(Box::new(CommandRefusal { request: Some(request), ..*refusal })),
            other => other,
        }
    }
}

impl CommandRefusal {
    /// The code to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self.told.code {
            _ if self.told.outcome_is_unknown() => Exit::Unanswered,
            Code::Unavailable => Exit::Unanswered,
            Code::DataLoss => Exit::Damaged,
            Code::InvalidArgument | Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => Exit::Rejected,
            Code::NotFound | Code::OutOfRange => Exit::Absent,
            Code::Unauthenticated | Code::PermissionDenied => Exit::Denied,
            _ => Exit::Failed,
        }
    }

    /// Returns a hint about it.
    pub(crate) fn hint(&self) -> Option<String> {
        hint::of(self)
    }

    /// Every violation and every other detail, a line each.
    pub(crate) fn details(&self) -> Vec<String> {
        let violations = self.told.violations.iter().map(ToString::to_string);
        let conflicts = self.told.conflicts.iter().map(ToString::to_string);
        let metadata = self.told.metadata.iter().map(|(key, value)| format!("{key} = {value}"));
        let request = self.request.iter().map(ToString::to_string);
        violations.chain(conflicts).chain(metadata).chain(request).collect()
    }

    /// The whole of it as JSON, with the names of canonical proto3 JSON.
    pub(crate) fn object(&self) -> Value {
        let told = &self.told;
        let violations = told.violations.iter().map(|v| json!({ "field": v.field, "description": v.description }));
        let conflicts = told.conflicts.iter().map(|c| json!({ "subject": c.subject, "description": c.description }));
        json!({
            "code": code_name(told.code),
            "reason": told.reason.unwrap_or_default().as_str_name(),
            "message": told.message,
            "metadata": told.metadata,
            "fieldViolations": violations.collect::<Value>(),
            "preconditionViolations": conflicts.collect::<Value>(),
            "retryAfterSeconds": told.retry_after.map(|delay| delay.as_secs_f64()),
            "request": self.request.as_ref().map(RequestPlace::object),
            "outcomeUnknown": told.outcome_is_unknown(),
        })
    }
}

impl fmt::Display for CommandRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.fmt(f)
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

#[cfg(test)]
mod tests {
    use tonic::Status;
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    fn of(status: Status) -> CommandRefusal {
        detente_client::Refusal::from(status).into()
    }

    fn rejection() -> CommandRefusal {
        let mut details = ErrorDetails::new();
        details
            .set_error_info("ERROR_REASON_COMMAND_REJECTED", "detente", [("claim_id".to_owned(), "c".to_owned())])
            .add_bad_request_violation("commands[0].assert_claim.claim.kind", "required");
        of(Status::with_error_details(Code::FailedPrecondition, "1 violation", details))
    }

    #[test]
    fn every_violation_is_told_with_its_field_path() {
        let refusal = rejection();
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
        let refusal = of(Status::with_error_details(Code::Aborted, "no", details));
        assert_eq!(refusal.details(), ["claim c: expected 1, is 2"]);
        assert_eq!(refusal.exit(), Exit::Rejected);
    }

    #[test]
    fn a_status_without_a_reason_is_the_transport_and_there_was_no_answer() {
        assert_eq!(of(Status::unknown("transport error")).exit(), Exit::Unanswered);
    }
}
