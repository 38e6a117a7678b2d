//! Failures as JSON, in the form of the Connect protocol: a code, a message, and the details with their names.

use super::transcode;
use crate::grpc::local::Problem;
use crate::grpc::status::CallRefusal;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

/// A failure on its way to a client.
#[derive(Debug)]
pub(super) struct HttpFailure(pub(super) Problem);

impl HttpFailure {
    /// A request that does not make sense as a whole.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![(String::new(), message.into())])
    }

    /// A request with fields that do not make sense; of each its name and what is wrong.
    pub(super) fn invalid_fields(wrong: Vec<(String, String)>) -> Self {
        Self(Problem { message: message_of(&wrong), ..Problem::from(CallRefusal::invalid(wrong)) })
    }

    /// A request for what there is not, or not in this way, with its HTTP status.
    pub(super) fn unsupported_request(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        let problem = Problem::from(CallRefusal::Unsupported(message.clone()));
        Self(Problem { status: status.as_u16(), message, ..problem })
    }

    /// A defect of the service; what is known of it goes to the log.
    pub(super) fn defect(what: impl std::fmt::Display) -> Self {
        tracing::error!(%what, "an answer could not be written");
        CallRefusal::Defect.into()
    }
}

impl From<Problem> for HttpFailure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<CallRefusal> for HttpFailure {
    fn from(refusal: CallRefusal) -> Self {
        Self(refusal.into())
    }
}

impl IntoResponse for HttpFailure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/json")], problem_json(&self.0)).into_response()
    }
}

/// All that is wrong in words, which need not fit into a header here. Beyond 64 KiB the rest is counted.
pub(super) fn message_of(wrong: &[(String, String)]) -> String {
    const MOST: usize = 64 << 10;
    let mut message = String::new();
    for (index, (field, what)) in wrong.iter().enumerate() {
        if message.len() + field.len() + what.len() > MOST {
            message.push_str(&format!("; and {} more", wrong.len() - index));
            break;
        }
        let between = if message.is_empty() { "" } else { "; " };
        let colon = if field.is_empty() { "" } else { ": " };
        message.extend([between, field, colon, what]);
    }
    message
}

/// A problem as JSON.
#[must_use]
pub fn problem_json(problem: &Problem) -> String {
    value(problem).to_string()
}

/// The same, as a part of something larger.
pub(super) fn value(problem: &Problem) -> Value {
    let details: Vec<Value> = problem.details.iter().map(|(name, bytes)| detail(name, bytes)).collect();
    let mut body = json!({ "code": problem.code, "message": problem.message });
    if let (false, Some(body)) = (details.is_empty(), body.as_object_mut()) {
        body.insert("details".to_owned(), details.into());
    }
    body
}

/// A detail with its bytes, as Connect has it, and in words for a person.
fn detail(name: &str, bytes: &[u8]) -> Value {
    let mut detail = json!({ "type": name, "value": STANDARD_NO_PAD.encode(bytes) });
    if let (Some(debug), Some(detail)) = (transcode::detail(name, bytes), detail.as_object_mut()) {
        detail.insert("debug".to_owned(), debug);
    }
    detail
}
