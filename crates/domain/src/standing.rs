//! The standing of a claim: the state that follows from a number of events, and that no single event tells.
//!
//! A claim's history is a fold. Content comes from the last assertion or revision; the standing carries the rest: the
//! number of revisions, whether it is retracted, the date up to which it is known, and the earliest such date it ever had.
//! The last one bounds an unknown start, since a state that is true as of a day had begun by then. Disputes are no part of
//! it: there may be very many, and each is looked up by its id.

use super::claim::Claim;
use super::edtf::{Atom, PartialDate};
use super::event::Change;
use super::valid_time::ValidTime;
use super::validity::Impossible;

/// The state of a claim after its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of its last revision.
    pub revision: u32,
    /// True if it is retracted.
    pub retracted: bool,
    /// The end of the knowledge of it: the last day or second of its `as_of`.
    pub as_of: Option<Atom>,
    /// The earliest `as_of` it ever had.
    pub earliest_as_of: Option<Atom>,
}

impl Standing {
    /// The standing after one more event about the claim.
    #[must_use]
    pub fn after(&self, change: &Change) -> Self {
        let mut next = Self { revision: self.revision.saturating_add(1), ..*self };
        match change {
            Change::ClaimAsserted(claim) | Change::ClaimRevised(_, claim) => next.reach(claim.as_of.as_ref()),
            Change::ClaimConfirmed(_, as_of) => next.reach(Some(as_of)),
            Change::ClaimRetracted(..) => next.retracted = true,
            Change::ClaimReinstated(_) => next.retracted = false,
            Change::ClaimDisputed(..)
            | Change::DisputeResolved(..)
            | Change::PartyRegistered(_)
            | Change::PartyRevised(_)
            | Change::SourceRegistered(_)
            | Change::SourceRevised(_)
            | Change::SourceWithdrawn(_)
            | Change::KindRegistered(_)
            | Change::KindRevised(_)
            | Change::SchemeRegistered(_)
            | Change::SchemeRevised(_)
            | Change::PartiesMerged(..)
            | Change::PartiesUnmerged(_)
            | Change::ClaimsConfirmed(_) => {}
        }
        next
    }

    /// The valid time of a content under this standing; none for a claim without time.
    ///
    /// # Errors
    /// [`Impossible`] if no start before an end is left.
    pub fn validity(&self, claim: &Claim) -> Result<Option<ValidTime>, Impossible> {
        let Some((from, to)) = claim.time.bounds() else { return Ok(None) };
        ValidTime::resolve(from, to, self.earliest_as_of).map(Some)
    }

    fn reach(&mut self, as_of: Option<&PartialDate>) {
        self.as_of = as_of.and_then(PartialDate::latest);
        self.earliest_as_of = [self.earliest_as_of, self.as_of].into_iter().flatten().min();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::Bound;
    use crate::claim::Time;
    use crate::event::Dispute;
    use crate::moment::Moment;
    use crate::name::{ClaimId, DisputeId, PartyId, Word};
    use crate::vocabulary::{DisputeOutcome, Modality, RetractionReason, RevisionKind};
    use uuid::Uuid;

    const ID: ClaimId = ClaimId(Uuid::from_u128(1));

    fn date(text: &str) -> PartialDate {
        PartialDate::parse(text).unwrap()
    }

    /// A claim whose start nobody knows and that is still true, as far as known on a day.
    fn since_sometime(as_of: Option<&str>) -> Box<Claim> {
        Box::new(Claim {
            id: ID,
            kind: Word::parse("agreement").unwrap(),
            time: Time::State(Bound::Unknown, Bound::Open),
            texts: Vec::new(),
            parties: Vec::new(),
            relationships: Vec::new(),
            as_of: as_of.map(date),
            refers_to: None,
            attribution: Vec::new(),
            modality: Modality::Asserted,
            polarity: None,
            status: None,
            due: None,
            quantities: Vec::new(),
            place: "".into(),
            codes: Vec::new(),
            sources: Vec::new(),
            links: Vec::new(),
            external_ids: Vec::new(),
            labels: Vec::new(),
        })
    }

    fn assertion(as_of: Option<&str>) -> Change {
        Change::ClaimAsserted(since_sometime(as_of))
    }

    fn revision(as_of: Option<&str>) -> Change {
        Change::ClaimRevised(RevisionKind::Correction, since_sometime(as_of))
    }

    fn confirmation(as_of: &str) -> Change {
        Change::ClaimConfirmed(ID, date(as_of))
    }

    fn dispute(number: u128) -> Change {
        let id = DisputeId(Uuid::from_u128(number));
        let disputed_by = PartyId::parse("RUS").unwrap();
        Change::ClaimDisputed(ID, Dispute { id, disputed_by, statement: "".into(), counter_claim: None })
    }

    fn resolution(number: u128) -> Change {
        Change::DisputeResolved(ID, DisputeId(Uuid::from_u128(number)), DisputeOutcome::Settled)
    }

    fn after(changes: &[Change]) -> Standing {
        changes.iter().fold(Standing::default(), |standing, change| standing.after(change))
    }

    fn latest_start(changes: &[Change]) -> String {
        let validity = after(changes).validity(&since_sometime(None)).unwrap().unwrap();
        validity.instants().latest_start.to_date_string()
    }

    #[test]
    fn every_event_makes_the_next_revision() {
        let retracted = Change::ClaimRetracted(ID, RetractionReason::Wrong);
        let history = [
            assertion(None),
            revision(None),
            confirmation("2025"),
            dispute(1),
            resolution(1),
            retracted,
            Change::ClaimReinstated(ID),
        ];
        for length in 0..=history.len() {
            assert_eq!(after(&history[..length]).revision as usize, length);
        }
        let flags: Vec<bool> = (0..=history.len()).map(|length| after(&history[..length]).retracted).collect();
        assert_eq!(flags, [false, false, false, false, false, false, true, false]);
    }

    #[test]
    fn knowledge_reaches_as_far_as_the_last_word_says_and_may_reach_less_far_after_a_revision() {
        let end = |changes: &[Change]| after(changes).as_of.map(|atom| atom.end.to_end_date_string());
        assert_eq!(end(&[assertion(None)]), None);
        assert_eq!(end(&[assertion(Some("2025-03"))]), Some("2025-03-31".to_owned()));
        assert_eq!(end(&[assertion(Some("2025-03")), confirmation("2025-05")]), Some("2025-05-31".to_owned()));
        assert_eq!(end(&[assertion(Some("2025-03")), confirmation("2025-05"), revision(None)]), None);
    }

    #[test]
    fn an_unknown_start_had_happened_by_the_earliest_day_that_was_ever_said() {
        assert_eq!(latest_start(&[assertion(None)]), Moment::MAX.to_date_string());
        assert_eq!(latest_start(&[assertion(Some("2025-03-01"))]), "2025-03-01");
        assert_eq!(latest_start(&[assertion(Some("2025-03-01")), confirmation("2025-05-01")]), "2025-03-01");
        assert_eq!(
            latest_start(&[assertion(None), confirmation("2025-05-01"), confirmation("2025-06-01")]),
            "2025-05-01"
        );
        assert_eq!(
            latest_start(&[assertion(Some("2025-03-01")), revision(Some("2025-02-01")), revision(None)]),
            "2025-02-01"
        );
        assert_eq!(
            latest_start(&[assertion(Some("2025-03-01")), revision(None), confirmation("2025-01-01")]),
            "2025-01-01"
        );
    }

    #[test]
    fn what_happens_to_parties_and_sources_leaves_the_rest_of_a_standing_alone() {
        let standing = after(&[assertion(Some("2025")), dispute(1)]);
        let source = crate::name::SourceId::parse("gazette").unwrap();
        let next = standing.after(&Change::SourceWithdrawn(source));
        assert_eq!(Standing { revision: standing.revision, ..next }, standing);
    }
}
