//! From a gRPC status to an [`Error`], and the names of codes and reasons.

use super::error::{Conflict, Error, Refusal, Violation};
use super::handshake::HandshakeRefusal;
use detente_proto::v1::ErrorReason;
use std::collections::BTreeMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        // A handshake that failed is no call that broke: nothing was sent, and another attempt would end the same.
        let (code, message) = match HandshakeRefusal::find(&status) {
            Some(refused) if details.error_info().is_none() => (Code::Unauthenticated, refused.to_string()),
            _ => (status.code(), status.message().to_owned()),
        };
        Self {
            code,
            message,
            reason: reason(&details),
            metadata: metadata(&details),
            violations: violations(&details),
            conflicts: conflicts(&details),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            request_id: None,
            attempts: 1,
            uncertain: false,
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status.into()))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

fn reason(details: &ErrorDetails) -> Option<ErrorReason> {
    let name = &details.error_info()?.reason;
    ErrorReason::from_str_name(name).or_else(|| ErrorReason::from_str_name(&format!("ERROR_REASON_{name}")))
}

fn metadata(details: &ErrorDetails) -> BTreeMap<String, String> {
    details.error_info().map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default()
}

fn violations(details: &ErrorDetails) -> Vec<Violation> {
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    violations.iter().map(|v| Violation { field: v.field.clone(), description: v.description.clone() }).collect()
}

fn conflicts(details: &ErrorDetails) -> Vec<Conflict> {
    let violations = details.precondition_failure().map(|failed| failed.violations.as_slice()).unwrap_or_default();
    let conflict = |v: &tonic_types::PreconditionViolation| Conflict {
        kind: v.r#type.clone(),
        subject: v.subject.clone(),
        description: v.description.clone(),
    };
    violations.iter().map(conflict).collect()
}

/// The reason without the prefix that only the proto needs: `COMMAND_REJECTED`.
#[must_use]
pub fn short_reason(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detail_of_a_refusal_is_taken_over() {
        let mut details = ErrorDetails::new();
        details
            .set_error_info("COMMAND_REJECTED", "detente", [("violations".to_owned(), "1".to_owned())])
            .set_retry_info(Some(std::time::Duration::from_millis(250)))
            .add_bad_request_violation("commands[0].assert_claim.claim.kind", "required")
            .add_precondition_failure_violation("EXPECTED_REVISION", "preconditions[0] claim c", "expected 1, found 2");
        let refusal = Refusal::from(Status::with_error_details(Code::FailedPrecondition, "no", details));
        assert_eq!(refusal.reason, Some(ErrorReason::CommandRejected));
        assert_eq!(refusal.violations[0].to_string(), "commands[0].assert_claim.claim.kind: required");
        assert_eq!(refusal.conflicts[0].to_string(), "preconditions[0] claim c: expected 1, found 2");
        assert_eq!(refusal.metadata["violations"], "1");
        assert_eq!(refusal.retry_after, Some(std::time::Duration::from_millis(250)));
        assert_eq!(refusal.to_string(), "no (COMMAND_REJECTED)");
        assert!(!refusal.outcome_is_unknown());
    }

    #[test]
    fn the_outcome_is_unknown_where_the_ledger_or_a_broken_transport_leaves_it_open() {
        let mut details = ErrorDetails::new();
        details.set_error_info("OUTCOME_UNKNOWN", "detente", []);
        let told = Status::with_error_details(Code::Unknown, "", details);
        assert!(Refusal::from(told).outcome_is_unknown());
        assert!(Refusal::from(Status::unknown("transport error")).outcome_is_unknown());
        assert!(!Refusal::from(Status::unimplemented("no such rpc")).outcome_is_unknown());
    }
}
