//! The change of a claim between two coordinates, and its reason: the world, or our knowledge of it.
//!
//! A coordinate is a date in the world and a cut of the record, so two of them have four corners:
//!
//! ```text
//!                 record at the earlier cut      record at the later cut
//!   earlier date      THE EARLIER ANSWER
//!                             |
//!                             | time alone
//!                             v
//!   later date        the earlier record   - - - - - >   THE LATER ANSWER
//!                     at the later date    what was
//!                                          recorded
//! ```
//!
//! **A change or none.** Only the two answers are compared, so what was undone in between is none. Without dates an answer
//! is the claim itself: its content, its retraction, and the disputes of it that stand. With dates it is the certainty with
//! which the claim is part of the state, and, if both answers have it, the same as without.
//!
//! **Time alone.** If the earlier record gives the later answer at the later date, nothing that was recorded was needed:
//! [`ChangeReason::TimePassed`]. The opposite test, the later record at the earlier date, would not do: a state that was
//! recorded as ended in October still held in July, and it is the ending that a reader wants to know.
//!
//! **Causes.** Everything that is compared takes values in the course of the events. If a value comes back, the loop is cut
//! out; the steps that are left lead from the first value to the last ([`lasting()`]). The reason of the change is that of
//! the last event left. A claim that the earlier record does not have is new, or a late report if it was over before,
//! whatever was recorded of it afterwards.
//!
//! Invariant: there is a change if and only if the two answers differ, and with a reason other than time it has a cause.
//!
//! Reasons: `docs/design/diff.md`.

mod fields;
mod lasting;
mod reason;
mod summary;

pub use fields::changed_fields;
pub use lasting::lasting;
pub use summary::Summary;

use super::certainty::{Certainty, Mode, certainty};
use super::claim::Claim;
use super::moment::Moment;
use super::name::DisputeId;
use super::period::Period;
use super::valid_time::ValidTime;
use super::vocabulary::{ChangeReason, RetractionReason};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A claim after one event about it, as far as it is compared.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The reason that the event gives as a cause; an assertion is [`ChangeReason::New`].
    pub made_by: ChangeReason,
    /// The content.
    pub content: Arc<Claim>,
    /// The reason of its retraction, while it is retracted.
    pub retracted: Option<RetractionReason>,
    /// The dispute that the event is about; true if it stands from then on. A dispute that has ended never stands
    /// again.
    pub dispute: Option<(DisputeId, bool)>,
    /// The time in which it holds or happens.
    pub validity: Option<ValidTime>,
}

/// The question that the two sides answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiffQuestion {
    /// The dates; without them the claims themselves are compared.
    pub dates: Option<Dates>,
    /// The instant of the earlier side: what was over by then and is new to the record was reported late.
    pub known_by: Option<Moment>,
}

/// The two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    /// The date of the earlier side.
    pub from: Period,
    /// The date of the later side.
    pub to: Period,
    /// The mode of both.
    pub mode: Option<Mode>,
}

/// The net change of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The presence of the claim on each side.
    pub sides: Sides,
    /// The fields that differ between the claim as known at the two cuts.
    pub fields: Vec<&'static str>,
    /// The reason of the change.
    pub reason: ChangeReason,
    /// The events that caused it, in order; empty if the passing of time did.
    pub causes: Vec<Cause>,
}

/// An event that caused a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its place among the events about the claim since the earlier cut, from 0.
    pub nth: usize,
    /// The reason that it stands for.
    pub reason: ChangeReason,
}

/// The presence of a claim on the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// True if the earlier side has it.
    pub before: bool,
    /// True if the later side has it.
    pub after: bool,
    /// The certainty on the earlier side; none without dates.
    pub certainty_before: Option<Certainty>,
    /// The certainty on the later side; none without dates.
    pub certainty_after: Option<Certainty>,
}

impl Sides {
    /// With dates: a side has what is part of its state.
    #[must_use]
    pub const fn at_dates(before: Option<Certainty>, after: Option<Certainty>) -> Self {
        Self { before: before.is_some(), after: after.is_some(), certainty_before: before, certainty_after: after }
    }

    /// Without dates: a side has the claims that it knows. One that was asserted and retracted in between counts as
    /// undone.
    #[must_use]
    pub const fn of_claims(is_known_before: bool, is_retracted_after: bool) -> Self {
        let after = is_known_before || !is_retracted_after;
        Self { before: is_known_before, after, certainty_before: None, certainty_after: None }
    }

    /// Returns true if the sides differ in having it, or in the certainty.
    #[must_use]
    pub fn differ(&self) -> bool {
        self.before != self.after || self.certainty_before != self.certainty_after
    }

    /// Returns true if both sides have it.
    #[must_use]
    pub const fn both(&self) -> bool {
        self.before && self.after
    }

    /// Returns true if the answers differ, given whether any field of the claim does.
    fn are_a_change(&self, fields_differ: bool) -> bool {
        self.differ() || self.both() && fields_differ
    }
}

impl Revision {
    /// The certainty with which it is part of the state at a date.
    fn certainty_at(&self, asked: &Period, mode: Option<Mode>) -> Option<Certainty> {
        if self.retracted.is_some() {
            return None;
        }
        certainty(Mode::of(mode, self.content.time.temporal_type())?, self.validity.as_ref()?, asked)
    }
}

/// The reason of a claim that the earlier record does not have: new, or reported late.
#[must_use]
pub fn reason_of_new(validity: Option<&ValidTime>, question: &DiffQuestion) -> ChangeReason {
    let over =
        validity.zip(question.known_by).is_some_and(|(validity, known_by)| validity.instants().latest_end <= known_by);
    if over { ChangeReason::LateReport } else { ChangeReason::New }
}

/// The net change of a claim: `before` is its last revision that the earlier cut knows, `since` are those made between the
/// cuts, in order. None where the two answers are the same, or where no revision is given.
#[must_use]
pub fn compare(before: Option<&Revision>, since: &[Revision], question: &DiffQuestion) -> Option<Change> {
    let steps: Vec<&Revision> = before.into_iter().chain(since).collect();
    let (first, after) = (*steps.first()?, *steps.last()?);
    let sides = match question.dates {
        Some(Dates { from, to, mode }) => {
            Sides::at_dates(before.and_then(|b| b.certainty_at(&from, mode)), after.certainty_at(&to, mode))
        }
        None => Sides::of_claims(before.is_some(), after.retracted.is_some()),
    };
    let fields = before.map(|before| changed_fields(before, steps.get(1..).unwrap_or_default())).unwrap_or_default();
    if !sides.are_a_change(!fields.is_empty()) {
        return None;
    }
    if before.is_none() {
        let reason = reason_of_new(after.validity.as_ref(), question);
        let mut causes = causes_of(&steps, &sides, question, 0);
        causes.insert(0, Cause { nth: 0, reason });
        return Some(Change { sides, fields, reason, causes });
    }
    let needs_no_event = question.dates.is_some_and(|dates| {
        let same_fields = fields.is_empty() || !sides.both();
        same_fields && first.certainty_at(&dates.to, dates.mode) == sides.certainty_after
    });
    let causes = if needs_no_event { Vec::new() } else { causes_of(&steps, &sides, question, 1) };
    let reason = causes.last().map_or(ChangeReason::TimePassed, |cause| cause.reason);
    Some(Change { sides, fields, reason, causes })
}

/// The events with a lasting effect on what is compared; the first step itself is not among them. `offset` is the place of
/// the first event among the steps.
fn causes_of(steps: &[&Revision], sides: &Sides, question: &DiffQuestion, offset: usize) -> Vec<Cause> {
    let mut lasting_steps = BTreeSet::new();
    if let Some(Dates { to, mode, .. }) = question.dates {
        let certainties: Vec<_> = steps.iter().map(|step| step.certainty_at(&to, mode)).collect();
        lasting_steps.extend(lasting(&certainties));
    }
    if question.dates.is_none() || sides.both() {
        lasting_steps.extend(fields::lasting_steps(steps));
    }
    let cause = |step: usize| Some(Cause { nth: step.checked_sub(offset)?, reason: steps.get(step)?.made_by });
    lasting_steps.into_iter().filter_map(cause).collect()
}

#[cfg(test)]
mod tests;
