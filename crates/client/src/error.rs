//! Errors of calls, with types to decide by: the reason, every violation with its field path, every precondition that
//! did not hold.
//!
//! A Detente server sends `google.rpc.ErrorInfo` with every refusal. A status without it was not made by one but by the
//! transport (the connection broke, a proxy answered, the time was up), and then nothing is known about what happened.

use super::handshake::Side;
use super::status;
use detente_proto::v1::{EndReason, ErrorReason};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tonic::Code;

/// The reason why a call has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// This cannot be the address of a server.
    #[error("{server} is no address of a server: {why}")]
    Address {
        /// The address as given.
        server: String,
        /// The fault of the address.
        why: String,
    },
    /// No connection could be made. Nothing was sent.
    #[error("cannot reach the server at {server}: {cause}")]
    Unreachable {
        /// The address tried.
        server: String,
        /// The operating system's word for it.
        cause: String,
    },
    /// One side refused the other in the TLS handshake. Nothing was sent.
    #[error("{} in the TLS handshake: {cause}", describe_side(*.by, .server))]
    Handshake {
        /// The address tried.
        server: String,
        /// The side that refused.
        by: Side,
        /// Its reason.
        cause: String,
    },
    /// A certificate, a key or an authority that was given cannot be used.
    #[error("{0}")]
    Access(String),
    /// The server refused, or the connection broke before it could answer.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server ended a subscription.
    #[error("{}", describe_end(*.0))]
    Ended(EndReason),
    /// After a break another ledger answered. A place in the one before means nothing in it.
    #[error("the server has another ledger now: {found} instead of {expected}")]
    OtherLedger {
        /// That of the first connection.
        expected: String,
        /// That of this one.
        found: String,
    },
}

/// A refusal, taken apart.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The gRPC status code.
    pub code: Code,
    /// The server's message, in one line.
    pub message: String,
    /// The reason, if a server named one; without it the transport failed.
    pub reason: Option<ErrorReason>,
    /// The things concerned, under names that go with the reason.
    pub metadata: BTreeMap<String, String>,
    /// All violations in the content of the request.
    pub violations: Vec<Violation>,
    /// The preconditions that did not hold.
    pub conflicts: Vec<Conflict>,
    /// The pause before another attempt, if the server named one.
    pub retry_after: Option<Duration>,
    /// The id that an append was sent with; with the same id it is recorded once, whenever it is sent again.
    pub request_id: Option<String>,
    /// The number of attempts.
    pub attempts: u32,
    /// True if an attempt before the last one may have been carried out.
    pub(super) uncertain: bool,
}

/// One thing that is wrong with a request, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of a field, for example `commands[0].assert_claim.claim.kind`.
    pub field: String,
    /// The value that was expected, and the value that was sent.
    pub description: String,
}

/// A precondition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// `EXPECTED_REVISION` or `QUERY_BOUNDARY`.
    pub kind: String,
    /// The kind of precondition, and the claim that it is about.
    pub subject: String,
    /// The state that was expected, and the state that was found.
    pub description: String,
}

fn describe_side(by: Side, server: &str) -> String {
    match by {
        Side::Client => format!("this client refused the server at {server}"),
        Side::Server => format!("the server at {server} refused this client"),
    }
}

const fn describe_end(reason: EndReason) -> &'static str {
    match reason {
        EndReason::ServerStopping => "the server is stopping",
        EndReason::CursorTakenOver => "another subscription took the cursor over",
        EndReason::CursorDeleted => "the cursor was deleted",
        EndReason::Unspecified => "the server ended the subscription",
    }
}

impl Error {
    /// The reason that a server gave.
    #[must_use]
    pub fn reason(&self) -> Option<ErrorReason> {
        self.refusal().and_then(|refusal| refusal.reason)
    }

    /// The refusal, where it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Address { .. }
            | Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::Access(_)
            | Self::Ended(_)
            | Self::OtherLedger { .. } => None,
        }
    }

    /// All that is wrong with the content of the request.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        self.refusal().map(|refusal| refusal.violations.as_slice()).unwrap_or_default()
    }

    /// The preconditions that did not hold.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        self.refusal().map(|refusal| refusal.conflicts.as_slice()).unwrap_or_default()
    }

    /// Returns true if the call may have been carried out all the same.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        self.refusal().is_some_and(Refusal::outcome_is_unknown)
    }
}

impl Refusal {
    /// Returns true if the call may have been carried out all the same: the transport broke, or the ledger says so
    /// itself, in this attempt or in an earlier one.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        self.uncertain || self.is_uncertain()
    }

    /// The same of the last attempt alone.
    pub(super) fn is_uncertain(&self) -> bool {
        match self.reason {
            Some(ErrorReason::OutcomeUnknown) => true,
            Some(ErrorReason::DeadlineExceeded) => {
                self.metadata.get("outcome").is_some_and(|outcome| outcome == "unknown")
            }
            Some(_) => false,
            None => self.is_of_transport(),
        }
    }

    /// Returns true if it comes from a broken connection and not from the call. A transport's other errors (an rpc that
    /// the server does not have, a reply beyond the limit) will be the same the next time.
    const fn is_of_transport(&self) -> bool {
        self.reason.is_none()
            && matches!(
                self.code,
                Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal
            )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Some(reason) => write!(f, "{} ({})", self.message, status::short_reason(reason)),
            None => write!(f, "{} ({})", self.message, detente_proto::code_name(self.code)),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.description)
    }
}
