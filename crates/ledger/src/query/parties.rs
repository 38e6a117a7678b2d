//! The parties of the record at a cut: found by id, type and any of their names; names of their time; merged ones as one.
//!
//! A merged party is no longer one of its own: lists leave it out, and a search for one of its names finds its survivor. A
//! query for its id still finds it, with the party that answers for it.

use crate::Ledger;
use crate::budget;
use crate::error::QueryError;
use crate::query::registry::{RegistryEntry, RegistryPage, RegistryQuery, page};
use crate::read::list_bound::{MOST_IDS, unlisted_count};
use crate::read::sight::Sight;
use detente_domain::party::NameValid;
use detente_domain::period::Period;
use detente_domain::text::SearchWords;
use detente_proto::v1;
use prost::Message;
use std::collections::HashSet;

/// A question for parties.
#[derive(Clone, Debug, Default)]
pub struct PartiesQuery {
    /// The ids, the cut, and the page.
    pub registry: RegistryQuery,
    /// Only parties of these types, if any are given, as the contract numbers them.
    pub types: Vec<i32>,
    /// Only parties of which an id or a name has all these words, the last one as a prefix.
    pub words: String,
    /// Only parties that this one answers for, if it is given.
    pub merged_into: String,
    /// Only names that may be in use then are searched and returned, if it is given.
    pub valid_at: Option<Period>,
}

/// A question, prepared to be compared with each party.
struct Search<'q> {
    query: &'q PartiesQuery,
    words: SearchWords,
}

impl Ledger {
    /// The parties that answer the question, in the order of their ids.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or the suppositions do not fit the record.
    pub fn parties(&self, query: &PartiesQuery) -> Result<RegistryPage<RegistryEntry<v1::Party>>, QueryError> {
        let search = Search { query, words: SearchWords::parse(&query.words) };
        self.record.look(query.registry.cut, &query.registry.supposed, |sight| {
            let render = |sight: &Sight<'_>, id: &str, party| search.render(sight, id, party);
            let of = |registry| Ok(page(sight, |index| &index.parties, registry, render));
            if query.merged_into.is_empty() {
                return of(&query.registry);
            }
            let merged = sight.merges().merged_parties(&query.merged_into).into_iter().map(|id| id.as_str());
            let asked: HashSet<&str> = query.registry.ids.iter().map(|id| &**id).collect();
            let ids: Vec<Box<str>> =
                merged.filter(|id| asked.is_empty() || asked.contains(id)).map(Box::from).collect();
            if ids.is_empty() {
                return Ok(RegistryPage { at: sight.at, entries: Vec::new(), next: None });
            }
            budget::steps(u32::try_from(ids.len()).unwrap_or(u32::MAX));
            of(&RegistryQuery { ids, ..query.registry.clone() })
        })
    }
}

impl Search<'_> {
    /// A party as the answer tells it, if it is wanted.
    fn render(&self, sight: &Sight<'_>, id: &str, mut party: v1::Party) -> Option<v1::Party> {
        let merges = sight.merges();
        if merges.merged_into(id).is_some() {
            if self.query.registry.ids.is_empty() && self.query.merged_into.is_empty() {
                return None;
            }
            party.merged_into = sight.survivor(id).to_owned();
        } else {
            let merged = merges.merged_parties(id);
            party.merged_party_ids = merged.iter().take(MOST_IDS).map(ToString::to_string).collect();
            party.unlisted_merged_parties = unlisted_count(merged.len(), party.merged_party_ids.len());
        }
        if !self.query.types.is_empty() && !self.query.types.contains(&party.r#type) {
            return None;
        }
        self.keep_names_in_use(&mut party);
        (self.is_named(&party) || self.is_one_it_answers_for_named(sight, &party)).then_some(party)
    }

    fn keep_names_in_use(&self, party: &mut v1::Party) {
        let Some(asked) = &self.query.valid_at else { return };
        let in_use = |valid: &str| NameValid::parse(valid).is_ok_and(|valid| valid.covers(asked));
        party.names.retain(|name| name.valid.is_empty() || in_use(&name.valid));
    }

    fn is_named(&self, party: &v1::Party) -> bool {
        let mut names = party.names.iter().map(|name| name.name.as_str()).chain([party.party_id.as_str()]);
        self.words.is_empty() || names.any(|name| self.words.matches(&[name]))
    }

    fn is_one_it_answers_for_named(&self, sight: &Sight<'_>, survivor: &v1::Party) -> bool {
        !self.words.is_empty()
            && sight.merges().merged_parties(&survivor.party_id).into_iter().any(|id| {
                budget::step();
                let record = sight.registry_entry(|index| &index.parties, id.as_str());
                let party = record.and_then(|record| v1::Party::decode(&*record.bytes).ok());
                party.is_some_and(|mut party| {
                    self.keep_names_in_use(&mut party);
                    self.is_named(&party)
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::LedgerOptions;
    use crate::wire::command::parse_append;
    use crate::wire::json;
    use crate::write::append::AppendRequest;
    use detente_domain::command::Suppositions;
    use detente_domain::cut::Cut;
    use detente_domain::filter::{Filter, FilterItem};
    use detente_domain::moment::Moment;
    use detente_domain::position::{Position, RecordedAt};
    use detente_domain::relationship::RelationshipId;
    use detente_journal::LedgerId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn record(ledger: &Ledger, at: i64, commands: Value) {
        let request: v1::AppendRequest = json::read(json!({ "recordedBy": "desk", "commands": commands })).unwrap();
        let parsed = parse_append(request, &mut || Uuid::from_u128(1)).unwrap();
        let request =
            AppendRequest { request: None, recorded_by: "desk".into(), batch: parsed.batch, validate_only: false };
        ledger.backfill(request, RecordedAt(at)).unwrap();
    }

    fn party(id: &str) -> Value {
        let names = json!([{ "lang": "en", "name": id }]);
        json!({ "registerParty": { "party": { "partyId": id, "type": "PARTY_TYPE_STATE", "names": names } } })
    }

    /// AZE-RUS has a claim; at the last position RUS is merged into RUF.
    fn ledger() -> Ledger {
        let ledger = Ledger::in_memory(LedgerId(Uuid::from_u128(7)), &LedgerOptions::default()).unwrap();
        let claim = json!({
            "kind": "agreement", "temporalType": "TEMPORAL_TYPE_STATE", "texts": [{ "lang": "en", "text": "They sign." }],
            "relationships": ["AZE-RUS"], "valid": "2025-07-01/..", "modality": "MODALITY_ASSERTED",
        });
        let kind = json!({ "registerKind": { "kind": { "kind": "agreement", "promise": true } } });
        let scheme = json!({ "registerScheme": { "scheme": { "scheme": "CAMEO", "title": "A table" } } });
        let asserted = json!({ "assertClaim": { "claim": claim } });
        record(&ledger, 1, json!([party("AZE"), party("RUS"), party("RUF"), asserted, kind, scheme]));
        let merge = json!({ "mergeParties": { "mergedPartyId": "RUS", "survivingPartyId": "RUF" } });
        record(&ledger, 2, json!([merge]));
        ledger
    }

    /// The parts that a sight at a cut has of `AZE-RUF`: the number of claims that match and of those that touch 2025,
    /// the relationships, and the survivor of RUS.
    fn look_at(ledger: &Ledger, cut: Cut) -> (usize, usize, Vec<String>, String) {
        let relationships = vec![RelationshipId::parse("AZE-RUF").unwrap()];
        let filter = Filter { items: vec![FilterItem { relationships, ..FilterItem::default() }] };
        let look = |sight: &Sight<'_>| {
            let matching = sight.matching(&filter, false);
            let touching = sight.touching(&filter, Moment::MIN, Moment::MAX, false);
            let all = sight.matching(&Filter::default(), false);
            let relationships = all.iter().flat_map(|seen| sight.relationships_of(seen)).collect();
            Ok((matching.len(), touching.len(), relationships, sight.survivor("RUS").to_owned()))
        };
        ledger.record.look(cut, &Suppositions::default(), look).unwrap()
    }

    #[test]
    fn a_sight_sees_merged_parties_as_their_survivors_and_an_earlier_one_does_not() {
        let ledger = ledger();
        assert_eq!(look_at(&ledger, Cut::Head), (1, 1, vec!["AZE-RUF".into()], "RUF".into()));
        assert_eq!(look_at(&ledger, Cut::At(Position(6))), (0, 0, vec!["AZE-RUS".into()], "RUS".into()));
    }

    #[test]
    fn a_party_is_found_by_its_names_as_others_write_them() {
        let ledger = ledger();
        let named = |id: &str, name: &str| {
            let names = json!([{ "lang": "mul", "name": name }]);
            json!({ "registerParty": { "party": { "partyId": id, "type": "PARTY_TYPE_STATE", "names": names } } })
        };
        record(
            &ledger,
            3,
            json!([named("CYP", "Κύπρος"), named("KWT", "Al-Kuwayt / Kuvʼejt"), named("NAX", "Naxçıvan")]),
        );
        let found = |words: &str| -> Vec<String> {
            let query = PartiesQuery { words: words.to_owned(), ..PartiesQuery::default() };
            let query = PartiesQuery { registry: RegistryQuery { entries: 100, ..query.registry }, ..query };
            ledger.parties(&query).unwrap().entries.into_iter().map(|entry| entry.message.party_id).collect()
        };
        for (words, id) in
            [("ΚΥΠΡΟΣ", "CYP"), ("kuv'e", "KWT"), ("Kuvejt", "KWT"), ("NAXÇIVAN", "NAX"), ("naxcivan", "NAX")]
        {
            assert_eq!(found(words), [id], "{words}");
        }
    }

    #[test]
    fn a_sight_knows_the_kinds_and_schemes_of_its_cut() {
        let ledger = ledger();
        let known = |cut| {
            let look = |sight: &Sight<'_>| Ok((sight.kind("agreement"), sight.scheme("CAMEO"), sight.kind("trade")));
            ledger.record.look(cut, &Suppositions::default(), look).unwrap()
        };
        let (kind, scheme, other) = known(Cut::Head);
        assert_eq!((kind.unwrap().promise, scheme.unwrap().title.as_str(), other), (true, "A table", None));
        assert_eq!(known(Cut::At(Position::START)), (None, None, None));
    }
}
