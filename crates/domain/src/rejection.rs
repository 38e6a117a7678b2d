//! The reasons why a batch is not recorded: all of them at once, each with its place in the request and what was expected
//! there.

use super::name::ClaimId;
use super::position::Position;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request, in proto names: `commands[2].assert_claim.claim.valid`.
    pub field: String,
    /// The error, and what was expected instead.
    pub description: String,
}

impl Violation {
    /// A violation at a field.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }

    /// The same violation, seen from an enclosing message.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.field = if self.field.is_empty() { parent.to_owned() } else { format!("{parent}.{}", self.field) };
        self
    }
}

/// A precondition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A claim is not as expected.
    Revision {
        /// The index of the precondition in the request.
        index: usize,
        /// The claim.
        claim: ClaimId,
        /// The expectation, in words.
        expected: String,
        /// Its revision; none where it is not recorded.
        actual: Option<u32>,
    },
    /// Something happened to what the filter matches.
    Boundary {
        /// The index of the precondition in the request.
        index: usize,
        /// The position after which nothing was to have happened.
        after: Position,
        /// The first event that did.
        touched_at: Position,
    },
}

/// The reason why a batch is not recorded. Nothing is written in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Commands do not fit the record.
    Violations(Vec<Violation>),
    /// Preconditions did not hold.
    Conflicts(Vec<Conflict>),
}
