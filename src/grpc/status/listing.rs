//! The list of what is wrong: fields of a request, or preconditions that do not hold.

use detente_domain::rejection::{Conflict, Violation};
use std::collections::HashMap;
use tonic_types::ErrorDetails;

/// Violations beyond this number fit into no status, and are only counted.
const MOST: usize = 4096;

/// Violations, in order.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The first of them.
    pub(super) entries: Vec<ViolationEntry>,
    /// The number of all.
    pub(super) count: u64,
}

/// One violation.
#[derive(Debug)]
pub(super) enum ViolationEntry {
    /// A field with a wrong value.
    Field(Violation),
    /// A precondition that does not hold.
    Precondition(FailedPrecondition),
}

/// A precondition with what was expected of the record and what it is.
#[derive(Debug)]
pub(super) struct FailedPrecondition {
    index: usize,
    kind: &'static str,
    subject: String,
    expected: String,
    actual: String,
}

impl Listing {
    /// The wrong fields of a request.
    pub(super) fn of_fields(violations: Vec<Violation>) -> Self {
        let count = violations.len() as u64;
        Self { entries: violations.into_iter().take(MOST).map(ViolationEntry::Field).collect(), count }
    }

    /// The failed preconditions of a request.
    pub(super) fn of_preconditions(conflicts: &[Conflict]) -> Self {
        let failed = conflicts.iter().take(MOST).map(FailedPrecondition::of).map(ViolationEntry::Precondition);
        Self { entries: failed.collect(), count: conflicts.len() as u64 }
    }

    /// The first violation in words, empty where there is none.
    pub(super) fn first(&self) -> String {
        self.entries.first().map(ViolationEntry::words).unwrap_or_default()
    }
}

impl ViolationEntry {
    /// The violation in one line.
    fn words(&self) -> String {
        match self {
            Self::Field(Violation { field, description }) if field.is_empty() => description.clone(),
            Self::Field(Violation { field, description }) => format!("{field}: {description}"),
            Self::Precondition(failed) => format!("{}: {}", failed.subject, failed.description()),
        }
    }

    /// Fewest bytes that the violation takes in a status.
    pub(super) const fn least_bytes(&self, longest_text: usize) -> usize {
        const AROUND: usize = 6;
        let bytes = match self {
            Self::Field(Violation { field, description }) => {
                least(field.len(), longest_text) + least(description.len(), longest_text)
            }
            Self::Precondition(failed) => 2 * (failed.expected.len() + failed.actual.len()),
        };
        bytes + AROUND
    }

    /// Adds the violation to the details of a status, with no text longer than the given bytes.
    pub(super) fn add_to(
        &self,
        details: &mut ErrorDetails,
        metadata: &mut HashMap<String, String>,
        longest_text: usize,
    ) {
        match self {
            Self::Field(Violation { field, description }) => {
                details.add_bad_request_violation(shorten(field, longest_text), shorten(description, longest_text));
            }
            Self::Precondition(failed) => {
                let FailedPrecondition { index, kind, subject, expected, actual } = failed;
                metadata.insert(format!("preconditions_{index}_expected"), shorten(expected, longest_text));
                metadata.insert(format!("preconditions_{index}_actual"), shorten(actual, longest_text));
                let description = shorten(&failed.description(), longest_text);
                details.add_precondition_failure_violation(*kind, subject, description);
            }
        }
    }

    /// Adds, where violations are left out, how many those are.
    pub(super) fn add_left_out(&self, details: &mut ErrorDetails, left_out: u64) {
        let more = format!("and {left_out} more, left out to keep this reply small");
        match self {
            Self::Field(_) => details.add_bad_request_violation("", more),
            Self::Precondition(_) => details.add_precondition_failure_violation("", "", more),
        };
    }
}

impl FailedPrecondition {
    fn of(conflict: &Conflict) -> Self {
        match conflict {
            Conflict::Revision { index, claim, expected, actual } => Self {
                index: *index,
                kind: "EXPECTED_REVISION",
                subject: format!("preconditions[{index}] claim {}", claim.0),
                expected: expected.clone(),
                actual: actual.map_or_else(|| "not recorded".to_owned(), |revision| format!("revision {revision}")),
            },
            Conflict::Boundary { index, after, touched_at } => Self {
                index: *index,
                kind: "QUERY_BOUNDARY",
                subject: format!("preconditions[{index}]"),
                expected: format!("nothing after position {after}"),
                actual: format!("an event at position {touched_at}"),
            },
        }
    }

    fn description(&self) -> String {
        format!("expected {}, found {}", self.expected, self.actual)
    }
}

const fn least(length: usize, most: usize) -> usize {
    if length < most { length } else { most }
}

/// Returns the text, cut to at most the given bytes.
pub(super) fn shorten(text: &str, most: usize) -> String {
    const ELLIPSIS: &str = "...";
    if text.len() <= most {
        return text.to_owned();
    }
    let most = most.saturating_sub(ELLIPSIS.len());
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}{ELLIPSIS}", text.get(..end).unwrap_or_default())
}
