//! The collector of violations. Conversions note an error there and continue, to find the rest.
//!
//! A sink is of one of two kinds. For **input** it holds a client to every rule; for **stored** messages it asks only for
//! the shapes without which there is no domain type (the reason is in the header of the parent module).

use super::limits;
use super::path::At;
use detente_domain::rejection::Violation;

/// Collects violations.
#[derive(Debug)]
pub struct Sink {
    stored: bool,
    violations: Vec<Violation>,
}

impl Sink {
    /// A sink for what a client sends.
    #[must_use]
    pub const fn input() -> Self {
        Self { stored: false, violations: Vec::new() }
    }

    /// A sink for what was recorded.
    pub(super) const fn for_stored() -> Self {
        Self { stored: true, violations: Vec::new() }
    }

    /// Returns true if the message was recorded, and so is not held to the rules again.
    pub(super) const fn is_stored(&self) -> bool {
        self.stored
    }

    /// Notes that something is wrong at a place.
    pub fn refuse(&mut self, at: &At<'_>, description: impl Into<String>) {
        self.violations.push(Violation::new(at.to_string(), description));
    }

    /// Holds a client to a rule.
    pub(super) fn rule(&mut self, at: &At<'_>, kept: bool, description: &str) {
        if !kept && !self.stored {
            self.refuse(at, description);
        }
    }

    /// Holds a client to a length.
    pub(super) fn at_most(&mut self, at: &At<'_>, text: &str, most: usize) {
        if text.len() > most && !self.stored {
            self.refuse(at, limits::too_long(text.len(), most));
        }
    }

    /// The value, if a shape was found; otherwise notes what was expected.
    pub(super) fn expect_shape<T>(&mut self, at: &At<'_>, given: &str, shape: Result<T, &'static str>) -> Option<T> {
        match shape {
            Ok(value) => Some(value),
            Err(expected) if given.is_empty() => {
                self.refuse(at, format!("required: {expected}"));
                None
            }
            Err(expected) => {
                self.refuse(at, format!("expected {expected}"));
                None
            }
        }
    }

    /// Ends the collection.
    ///
    /// # Errors
    /// The violations, if there are any.
    pub fn finish(self) -> Result<(), Vec<Violation>> {
        if self.violations.is_empty() { Ok(()) } else { Err(self.violations) }
    }

    /// Ends the reading of something recorded.
    pub(super) fn read<T>(self, what: &'static str, value: Option<T>) -> Result<T, Unreadable> {
        match (value, self.violations.into_iter().next()) {
            (Some(value), None) => Ok(value),
            (_, first) => {
                let Violation { field, description } = first.unwrap_or_else(|| Violation::new("", "incomplete"));
                Err(Unreadable { what, field, reason: description })
            }
        }
    }
}

/// Something recorded that this version cannot read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recorded {what} cannot be read back: at `{field}`: {reason}")]
pub struct Unreadable {
    /// The kind of the thing: a claim, an event, ...
    pub what: &'static str,
    /// The path of the field that cannot be read.
    pub field: String,
    /// The error at that field.
    pub reason: String,
}
