//! Releases: what the ledger has of a data set, and what a row changes of it.
//!
//! Of each claim of the data set three things are kept, about 48 bytes: its id, a digest of what it says, and whether it is
//! retracted. The id follows from the key of the row, so nothing else is needed to tell what a row is to the record:
//!
//! ```text
//!    the ledger has it   it says the same   it is retracted      the row
//!    no                                                           is asserted
//!    yes                 yes                no                    changes nothing
//!    yes                 no                 no                    revises
//!    yes                 yes                yes                   reinstates
//!    yes                 no                 yes                   reinstates and revises
//! ```
//!
//! and what the ledger has and no row names is retracted. A row that is rejected names its claim all the same.
//!
//! The digest leaves out what does not come from the row: the ids, which say who it is and not what; the release; the days
//! that the ledger computes; what it adds.

use super::to_nfc;
use detente_proto::v1::{self, bound::Bound, event::Event};
use hashbrown::HashTable;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// The content of a claim, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentDigest(u128);

/// The comparison of a row with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The claim is new.
    Assert,
    /// It says something else.
    Revise {
        /// True if it has to be reinstated first.
        reinstate: bool,
    },
    /// It had vanished.
    Reinstate,
    /// Nothing changes.
    Nothing,
}

/// The outcome for a claim that a row takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// It is to be retracted.
    Now,
    /// It is retracted already.
    Before,
    /// It is not recorded.
    Never,
}

/// The recorded claims of a data set, each marked if the file has named it.
#[derive(Debug, Default)]
pub struct RecordedDataSet {
    claims: HashTable<ReleaseEntry>,
    scheme: String,
    recorded: u32,
    /// The claims as they are recorded, if they are wanted.
    whole: Option<HashMap<u128, v1::Claim>>,
}

/// In the place of a row: one that was rejected.
const KEPT: u32 = u32::MAX;

#[derive(Debug)]
struct ReleaseEntry {
    id: u128,
    content: u128,
    /// The place among the claims of the record; [`u32::MAX`] for one that is new.
    order: u32,
    /// The row that named it; 0 for none, [`KEPT`] for one that was rejected.
    row: u32,
    retracted: bool,
}

impl ContentDigest {
    /// The digest of a claim of the data set with this scheme.
    pub fn of(mut claim: v1::Claim, scheme: &str) -> Self {
        claim.claim_id.clear();
        claim.external_ids.retain(|id| id.scheme != scheme);
        for end in [&mut claim.valid_from, &mut claim.valid_to].into_iter().flatten() {
            if let Some(Bound::Known(date)) = &mut end.bound {
                date.earliest.clear();
                date.latest.clear();
            }
        }
        let digest = Sha256::digest(claim.encode_to_vec());
        Self(u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default()))
    }
}

impl RecordedDataSet {
    /// Nothing yet, of the data set with this scheme.
    pub fn of(scheme: &str) -> Self {
        Self { scheme: scheme.to_owned(), ..Self::default() }
    }

    /// The same, with the claims as they are recorded.
    pub fn with_claims(self) -> Self {
        Self { whole: Some(HashMap::new()), ..self }
    }

    /// A claim as it is recorded, if claims are kept.
    pub fn claim(&self, id: Uuid) -> Option<&v1::Claim> {
        self.whole.as_ref()?.get(&id.as_u128())
    }

    /// Takes in an event of the record, in order.
    pub fn learn(&mut self, event: v1::Event) {
        match event.event {
            Some(Event::ClaimAsserted(v1::ClaimAsserted { claim: Some(claim) })) => self.learn_claim(claim),
            Some(Event::ClaimRevised(v1::ClaimRevised { claim: Some(claim), .. })) => self.learn_claim(claim),
            Some(Event::ClaimRetracted(retracted)) => self.learn_retracted(&retracted.claim_id, true),
            Some(Event::ClaimReinstated(reinstated)) => self.learn_retracted(&reinstated.claim_id, false),
            _ => {}
        }
    }

    fn learn_claim(&mut self, claim: v1::Claim) {
        let Ok(id) = Uuid::try_parse(&claim.claim_id) else { return };
        let id = id.as_u128();
        if !claim.external_ids.iter().any(|known| known.scheme == self.scheme) {
            return;
        }
        if let Some(whole) = &mut self.whole {
            whole.insert(id, claim.clone());
        }
        let content = ContentDigest::of(claim, &self.scheme).0;
        if let Some(entry) = self.find(id) {
            entry.content = content;
            return;
        }
        let order = self.recorded;
        self.recorded = self.recorded.saturating_add(1);
        self.insert(ReleaseEntry { id, content, order, row: 0, retracted: false });
    }

    fn learn_retracted(&mut self, claim_id: &str, retracted: bool) {
        let Ok(id) = Uuid::try_parse(claim_id) else { return };
        if let Some(entry) = self.find(id.as_u128()) {
            entry.retracted = retracted;
        }
    }

    /// Returns the number of claims of it that are recorded and not retracted.
    pub fn in_force(&self) -> usize {
        self.claims.iter().filter(|entry| !entry.retracted && entry.order != u32::MAX).count()
    }

    /// The row of this file that named a claim before.
    pub fn named_by(&self, id: Uuid) -> Option<u32> {
        let id = id.as_u128();
        self.claims
            .find(hash(id), |entry| entry.id == id)
            .map(|entry| entry.row)
            .filter(|row| !matches!(*row, 0 | KEPT))
    }

    /// Returns true if an earlier row of this file has said the same of a claim.
    pub fn says_again(&self, id: Uuid, content: ContentDigest) -> bool {
        let id = id.as_u128();
        let known = self.claims.find(hash(id), |entry| entry.id == id);
        known.is_some_and(|entry| !matches!(entry.row, 0 | KEPT) && entry.content == content.0)
    }

    /// Returns true if a row of this file named a claim, good or not.
    pub fn is_named(&self, claim_id: &str) -> bool {
        let id = Uuid::try_parse(claim_id).unwrap_or_default().as_u128();
        self.claims.find(hash(id), |entry| entry.id == id).is_some_and(|entry| entry.row != 0)
    }

    /// Compares a row with the record, and marks the claim as named by this row.
    pub fn judge(&mut self, id: Uuid, content: ContentDigest, row: u32) -> Verdict {
        let id = id.as_u128();
        let Some(entry) = self.find(id) else {
            self.insert(ReleaseEntry { id, content: content.0, order: u32::MAX, row, retracted: false });
            return Verdict::Assert;
        };
        entry.row = row;
        match (std::mem::replace(&mut entry.content, content.0) == content.0, entry.retracted) {
            (true, false) => Verdict::Nothing,
            (true, true) => Verdict::Reinstate,
            (false, reinstate) => Verdict::Revise { reinstate },
        }
    }

    /// Takes a claim back on behalf of a row, and marks it as named by this row.
    pub fn take_back(&mut self, id: Uuid, row: u32) -> TakenBack {
        let Some(entry) = self.find(id.as_u128()) else { return TakenBack::Never };
        entry.row = row;
        if std::mem::replace(&mut entry.retracted, true) { TakenBack::Before } else { TakenBack::Now }
    }

    /// A rejected row has named a claim, which stays as it is.
    pub fn keep(&mut self, id: Uuid) {
        if let Some(entry) = self.find(id.as_u128()).filter(|entry| entry.row == 0) {
            entry.row = KEPT;
        }
    }

    /// The claims that no row has named and that are not retracted, in the order they were recorded.
    pub fn vanished_claims(&self) -> Vec<Uuid> {
        let gone = self.claims.iter().filter(|entry| entry.row == 0 && !entry.retracted);
        let mut gone: Vec<(u32, u128)> = gone.map(|entry| (entry.order, entry.id)).collect();
        gone.sort_unstable();
        gone.into_iter().map(|(_, id)| Uuid::from_u128(id)).collect()
    }

    fn find(&mut self, id: u128) -> Option<&mut ReleaseEntry> {
        self.claims.find_mut(hash(id), |entry| entry.id == id)
    }

    fn insert(&mut self, entry: ReleaseEntry) {
        self.claims.insert_unique(hash(entry.id), entry, |entry| hash(entry.id));
    }
}

/// Ids are digests already: any bits of them will do.
fn hash(id: u128) -> u64 {
    let [high, low] = [id >> 64, id].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default());
    high ^ low.rotate_left(32)
}

/// The ids of the claims of a data set: UUIDs of version 5, which anybody can compute from the keys.
#[derive(Clone, Copy, Debug)]
pub struct ClaimIds(Uuid);

impl ClaimIds {
    /// Those of the data set with a name.
    pub fn of(dataset: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("detente:dataset:{dataset}").as_bytes()))
    }

    /// That of the claim with a key.
    pub fn id(self, key: &str) -> Uuid {
        Uuid::new_v5(&self.0, to_nfc(key).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(key: &str, text: &str) -> v1::Claim {
        v1::Claim {
            claim_id: ClaimIds::of("x").id(key).to_string(),
            texts: vec![v1::Text { lang: "en".into(), text: text.into(), original: false }],
            external_ids: vec![v1::ExternalId { scheme: "x".into(), id: key.into(), release: "1".into() }],
            ..v1::Claim::default()
        }
    }

    fn assertion(claim: v1::Claim) -> v1::Event {
        let event = Some(Event::ClaimAsserted(v1::ClaimAsserted { claim: Some(claim) }));
        v1::Event { event, ..v1::Event::default() }
    }

    fn retraction(key: &str) -> v1::Event {
        let claim_id = ClaimIds::of("x").id(key).to_string();
        let event = Some(Event::ClaimRetracted(v1::ClaimRetracted { claim_id, reason: 4 }));
        v1::Event { event, ..v1::Event::default() }
    }

    #[test]
    fn a_row_is_new_the_same_changed_or_back_and_what_no_row_names_has_vanished() {
        let mut recorded = RecordedDataSet::of("x");
        for key in ["same", "changed", "gone", "bad"] {
            recorded.learn(assertion(claim(key, "a")));
        }
        for key in ["back", "back-changed", "gone-before"] {
            recorded.learn(assertion(claim(key, "a")));
            recorded.learn(retraction(key));
        }
        let ids = ClaimIds::of("x");
        let mut judge =
            |key: &str, text: &str, row| recorded.judge(ids.id(key), ContentDigest::of(claim(key, text), "x"), row);
        assert_eq!(judge("new", "a", 1), Verdict::Assert);
        assert_eq!(judge("same", "a", 2), Verdict::Nothing);
        assert_eq!(judge("changed", "b", 3), Verdict::Revise { reinstate: false });
        assert_eq!(judge("back", "a", 4), Verdict::Reinstate);
        assert_eq!(judge("back-changed", "b", 5), Verdict::Revise { reinstate: true });
        recorded.keep(ids.id("bad"));
        assert_eq!(recorded.vanished_claims(), [ids.id("gone")]);
        assert_eq!((recorded.named_by(ids.id("new")), recorded.named_by(ids.id("gone"))), (Some(1), None));
    }

    #[test]
    fn the_release_the_ids_and_what_the_ledger_computes_are_not_part_of_what_a_claim_says() {
        let of = |claim: &v1::Claim| ContentDigest::of(claim.clone(), "x");
        let one = claim("k", "a");
        let mut other = claim("l", "a");
        other.external_ids[0].release = "2".into();
        assert_eq!(of(&one), of(&other));
        other.external_ids.push(v1::ExternalId { scheme: "y".into(), ..v1::ExternalId::default() });
        assert_ne!(of(&one), of(&other));
    }

    #[test]
    fn a_claim_is_named_by_a_good_row_or_a_bad_one() {
        let mut recorded = RecordedDataSet::of("x");
        for key in ["good", "bad", "gone"] {
            recorded.learn(assertion(claim(key, "a")));
        }
        let ids = ClaimIds::of("x");
        recorded.judge(ids.id("good"), ContentDigest::of(claim("good", "a"), "x"), 1);
        recorded.keep(ids.id("bad"));
        assert_eq!(["good", "bad", "gone"].map(|key| recorded.is_named(&ids.id(key).to_string())), [true, true, false]);
    }

    #[test]
    fn a_claim_id_can_be_computed_by_anybody() {
        // uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, "detente:dataset:disputes"), "1") in Python.
        assert_eq!(ClaimIds::of("disputes").id("1").to_string(), "0775d407-627a-5f4c-af87-8aab2c71f708");
    }
}
