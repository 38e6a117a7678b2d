//! The reason why an answer is empty.
//!
//! "No agreement" can mean that nobody wrote anything down, that what was written down is about another time, that it was
//! taken back, or that someone wrote down that there is none. Claims of absence (modality ABSENT, NO_INFORMATION) are set
//! aside when asking whether anything was found: they are answers, but answers of "none".

use super::certainty::Certainty;

/// The reason why an answer is empty, or that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptiness {
    /// Something was found.
    NotEmpty,
    /// Only claims of absence are left at this date; definite if any of them is.
    RecordedAbsence(Certainty),
    /// Something matches at this cut, nothing at this date.
    NothingCovers,
    /// All that matches has been retracted.
    OnlyRetracted,
    /// Nothing that matches is recorded at this cut.
    NothingRecorded,
}

/// The kinds of claims that a search for an answer came across.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// A claim that is not one of absence matches at the date.
    pub found: bool,
    /// The best certainty of a claim of absence at the date.
    pub absence: Option<Certainty>,
    /// A claim matches at the cut and is not retracted, whatever its date.
    pub recorded: bool,
    /// A retracted claim matches at the cut, whatever its date.
    pub retracted: bool,
}

impl Findings {
    /// Notes a match at the date.
    pub fn note(&mut self, certainty: Certainty, is_absence: bool) {
        self.recorded = true;
        if is_absence {
            self.absence = Some(self.absence.map_or(certainty, |best| best.min(certainty)));
        } else {
            self.found = true;
        }
    }

    /// The findings of two searches for one answer.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            found: self.found || other.found,
            absence: self.absence.into_iter().chain(other.absence).min(),
            recorded: self.recorded || other.recorded,
            retracted: self.retracted || other.retracted,
        }
    }

    /// The reason that follows from the findings.
    #[must_use]
    pub const fn emptiness(self) -> Emptiness {
        match self {
            Self { found: true, .. } => Emptiness::NotEmpty,
            Self { absence: Some(certainty), .. } => Emptiness::RecordedAbsence(certainty),
            Self { recorded: true, .. } => Emptiness::NothingCovers,
            Self { retracted: true, .. } => Emptiness::OnlyRetracted,
            Self { .. } => Emptiness::NothingRecorded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_that_is_definite_for_one_claim_is_definite() {
        let mut findings = Findings::default();
        findings.note(Certainty::Possible, true);
        assert_eq!(findings.emptiness(), Emptiness::RecordedAbsence(Certainty::Possible));
        findings.note(Certainty::Definite, true);
        findings.note(Certainty::Possible, true);
        assert_eq!(findings.emptiness(), Emptiness::RecordedAbsence(Certainty::Definite));
        findings.note(Certainty::Possible, false);
        assert_eq!(findings.emptiness(), Emptiness::NotEmpty);
    }

    #[test]
    fn the_five_answers_are_told_apart() {
        let with = |recorded, retracted| Findings { recorded, retracted, ..Findings::default() }.emptiness();
        assert_eq!(with(false, false), Emptiness::NothingRecorded);
        assert_eq!(with(false, true), Emptiness::OnlyRetracted);
        assert_eq!(with(true, true), Emptiness::NothingCovers);
    }
}
