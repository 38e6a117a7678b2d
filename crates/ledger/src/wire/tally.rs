//! The number of events of each kind, by the names that the kinds have as fields of `Event`.

use super::splice::take_value;
use detente_domain::event::Change;
use prost::bytes::Buf as _;
use prost::encoding::decode_key;

/// The fields of `Event` that say what happened, in order, from [`FIRST`] on.
const NAMES: [&str; 19] = [
    "claim_asserted",
    "claim_revised",
    "claim_confirmed",
    "claim_retracted",
    "claim_reinstated",
    "claim_disputed",
    "dispute_resolved",
    "party_registered",
    "party_revised",
    "source_registered",
    "source_revised",
    "source_withdrawn",
    "kind_registered",
    "kind_revised",
    "scheme_registered",
    "scheme_revised",
    "parties_merged",
    "parties_unmerged",
    "claims_confirmed",
];
const FIRST: u32 = 10;

/// The number of events of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally([u64; NAMES.len()]);

impl Tally {
    /// Counts what happened.
    pub fn count(&mut self, change: &Change) {
        self.count_field(field(change));
    }

    /// Counts an encoded event; false if it is none.
    #[must_use]
    pub fn count_encoded(&mut self, event: &[u8]) -> bool {
        encoded_field(event).is_some_and(|field| self.count_field(field))
    }

    fn count_field(&mut self, field: u32) -> bool {
        let nth = field.checked_sub(FIRST).and_then(|nth| self.0.get_mut(nth as usize));
        nth.is_some_and(|count| {
            *count += 1;
            true
        })
    }

    /// The number of all events.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds there are, each with how many.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

const fn field(change: &Change) -> u32 {
    match change {
        Change::ClaimAsserted(_) => 10,
        Change::ClaimRevised(..) => 11,
        Change::ClaimConfirmed(..) => 12,
        Change::ClaimRetracted(..) => 13,
        Change::ClaimReinstated(_) => 14,
        Change::ClaimDisputed(..) => 15,
        Change::DisputeResolved(..) => 16,
        Change::PartyRegistered(_) => 17,
        Change::PartyRevised(_) => 18,
        Change::SourceRegistered(_) => 19,
        Change::SourceRevised(_) => 20,
        Change::SourceWithdrawn(_) => 21,
        Change::KindRegistered(_) => 22,
        Change::KindRevised(_) => 23,
        Change::SchemeRegistered(_) => 24,
        Change::SchemeRevised(_) => 25,
        Change::PartiesMerged(..) => 26,
        Change::PartiesUnmerged(_) => 27,
        Change::ClaimsConfirmed(_) => 28,
    }
}

/// The field that says what happened.
fn encoded_field(event: &[u8]) -> Option<u32> {
    let mut rest = event;
    while rest.has_remaining() {
        let (field, wire_type) = decode_key(&mut rest).ok()?;
        if field >= FIRST {
            return Some(field);
        }
        take_value(&mut rest, wire_type)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::event::{Stamp, encode_event};
    use detente_domain::event::Event;
    use detente_domain::name::{ClaimId, PartyId};
    use detente_domain::position::{Position, RecordedAt};
    use detente_proto::DESCRIPTOR;
    use prost_reflect::DescriptorPool;
    use uuid::Uuid;

    #[test]
    fn the_names_are_those_of_the_proto() {
        let pool = DescriptorPool::decode(DESCRIPTOR).unwrap();
        let event = pool.get_message_by_name("detente.v1.Event").unwrap();
        let mut fields: Vec<_> = event.fields().filter(|field| field.containing_oneof().is_some()).collect();
        fields.sort_by_key(|field| field.number());
        let named: Vec<_> = fields.iter().map(|field| (field.number(), field.name().to_owned())).collect();
        assert_eq!(named, (FIRST..).zip(NAMES.map(str::to_owned)).collect::<Vec<_>>());
    }

    #[test]
    fn an_event_counts_the_same_encoded_or_not() {
        let party = |name| PartyId::parse(name).unwrap();
        let changes = [
            Change::ClaimReinstated(ClaimId(Uuid::from_u128(1))),
            Change::PartiesMerged(party("RUS"), party("RUF")),
            Change::PartiesUnmerged(party("RUS")),
            Change::PartiesUnmerged(party("RUF")),
        ];
        let (mut plain, mut encoded) = (Tally::default(), Tally::default());
        for change in changes {
            plain.count(&change);
            let event = Event { revision: 1, note: "noted".into(), change };
            let stamp =
                Stamp { position: Position(9), recorded_at: RecordedAt(5), recorded_by: "archivist", backfilled: true };
            let mut bytes = Vec::new();
            encode_event(&event, &stamp, &mut bytes);
            assert!(encoded.count_encoded(&bytes));
        }
        assert_eq!(plain, encoded);
        assert_eq!(plain.total(), 4);
        let counts: Vec<_> = plain.counts().collect();
        assert_eq!(counts, [("claim_reinstated", 1), ("parties_merged", 1), ("parties_unmerged", 2)]);
        assert!(!encoded.count_encoded(&[]));
    }
}
