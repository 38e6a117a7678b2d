//! All changes counted, and a sentence about them: how many by the world, how many by our knowledge of it.

use super::Sides;
use crate::vocabulary::{ChangeReason, Vocabulary};
use std::cmp::Reverse;

/// The changes, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    counts: [u64; ChangeReason::ALL.len()],
    /// The number of claims that entered the state.
    pub entered: u64,
    /// The number of claims that left it.
    pub left: u64,
}

impl Summary {
    /// Counts a change. Claims enter and leave the state only where there are dates.
    pub fn add(&mut self, reason: ChangeReason, sides: &Sides) {
        if let Some(count) = self.counts.get_mut(usize::from(reason.code())) {
            *count += 1;
        }
        let (before, after) = (sides.certainty_before.is_some(), sides.certainty_after.is_some());
        self.entered += u64::from(!before && after);
        self.left += u64::from(before && !after);
    }

    /// The number of changes for each reason that occurs.
    pub fn reasons(&self) -> impl Iterator<Item = (ChangeReason, u64)> {
        ChangeReason::ALL.iter().copied().zip(self.counts).filter(|(_, count)| *count > 0)
    }

    /// The number of all changes.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The number of changes because the world changed.
    #[must_use]
    pub fn world(&self) -> u64 {
        self.reasons().filter(|(reason, _)| reason.is_of_the_world()).map(|(_, count)| count).sum()
    }

    /// The number of changes because our knowledge of it did.
    #[must_use]
    pub fn knowledge(&self) -> u64 {
        self.changes().saturating_sub(self.world())
    }

    /// The summary as one English line.
    #[must_use]
    pub fn line(&self) -> String {
        let claims = match self.changes() {
            0 => return "Nothing changed.".to_owned(),
            1 => "1 claim changed".to_owned(),
            changes => format!("{changes} claims changed"),
        };
        let state = match (self.entered, self.left) {
            (0, 0) => String::new(),
            (entered, left) => format!("; {entered} entered the state, {left} left it"),
        };
        let (world, knowledge) = (self.list_reasons(true), self.list_reasons(false));
        format!(
            "{claims}: {} by the world{world}, {} by our knowledge{knowledge}{state}.",
            self.world(),
            self.knowledge()
        )
    }

    /// The reasons of one sort, the most frequent first: ` (2 precision refined, 1 correction)`.
    fn list_reasons(&self, of_the_world: bool) -> String {
        let mut reasons: Vec<_> = self.reasons().filter(|(r, _)| r.is_of_the_world() == of_the_world).collect();
        if reasons.is_empty() {
            return String::new();
        }
        reasons.sort_by_key(|(reason, count)| (Reverse(*count), reason.words()));
        let told: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {}", reason.words())).collect();
        format!(" ({})", told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certainty::Certainty::Definite;
    use ChangeReason::{Correction, Dispute, New, PrecisionRefined, Retraction, TimePassed};

    const CLAIMS: Sides = Sides::of_claims(true, false);

    fn summary(of: &[(ChangeReason, Sides)]) -> Summary {
        let mut summary = Summary::default();
        of.iter().for_each(|(reason, sides)| summary.add(*reason, sides));
        summary
    }

    #[test]
    fn the_line_tells_the_world_from_our_knowledge() {
        let of = [PrecisionRefined, Correction, PrecisionRefined, Retraction, Dispute].map(|reason| (reason, CLAIMS));
        assert_eq!(
            summary(&of).line(),
            "5 claims changed: 0 by the world, 5 by our knowledge (2 precision refined, 1 correction, 1 dispute, \
             1 retraction)."
        );
        assert_eq!(summary(&[]).line(), "Nothing changed.");
    }

    #[test]
    fn the_line_says_what_entered_the_state_and_what_left_it() {
        let entered = Sides::at_dates(None, Some(Definite));
        let left = Sides::at_dates(Some(Definite), None);
        assert_eq!(
            summary(&[(New, entered), (TimePassed, left)]).line(),
            "2 claims changed: 2 by the world (1 new, 1 time passed), 0 by our knowledge; 1 entered the state, 1 left it."
        );
        assert_eq!(
            summary(&[(TimePassed, left)]).line(),
            "1 claim changed: 1 by the world (1 time passed), 0 by our knowledge; 0 entered the state, 1 left it."
        );
    }

    #[test]
    fn every_reason_is_counted_once_and_in_order() {
        let all: Vec<_> = ChangeReason::ALL.iter().rev().map(|reason| (*reason, CLAIMS)).collect();
        let summary = summary(&all);
        assert!(summary.reasons().eq(ChangeReason::ALL.iter().map(|reason| (*reason, 1))));
        assert_eq!((summary.changes(), summary.world(), summary.knowledge()), (13, 3, 10));
    }
}
