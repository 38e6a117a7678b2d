//! Every field tells claims apart, by what it matches and by its facets alike.

use super::facet::link_key;
use super::*;
use crate::claim::{Attribution, Citation, ClaimParty, Code, ExternalId, Link, Text, Time};
use crate::vocabulary::AttributionRole;
use uuid::Uuid;

const AT: RecordedAt = RecordedAt(1_000);

fn party(text: &str) -> PartyId {
    PartyId::parse(text).unwrap()
}

fn word(text: &str) -> Word {
    Word::parse(text).unwrap()
}

fn relationship(text: &str) -> RelationshipId {
    RelationshipId::parse(text).unwrap()
}

fn source(text: &str) -> SourceId {
    SourceId::parse(text).unwrap()
}

fn id(number: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(number))
}

/// A claim that bears on relationships, with parties in their roles, said by others.
pub(super) fn claim_between(
    relationships: Vec<RelationshipId>,
    taking_part: Vec<(PartyId, Word)>,
    saying: Vec<PartyId>,
) -> Claim {
    let parties = taking_part.into_iter().map(|(party, role)| ClaimParty { party, role, as_text: "".into() });
    let said =
        |party| Attribution { party: Some(party), name: "".into(), role: AttributionRole::Speaker, said_at: None };
    Claim { relationships, parties: parties.collect(), attribution: saying.into_iter().map(said).collect(), ..claim() }
}

/// A claim with one of everything that is looked for.
fn claim() -> Claim {
    Claim {
        id: id(1),
        kind: word("agreement_signed"),
        time: Time::None,
        texts: vec![
            Text { lang: "en".into(), text: "A border accord".into(), original: true },
            Text { lang: "fr".into(), text: "Élysée".into(), original: false },
        ],
        parties: vec![ClaimParty { party: party("AZE"), role: word("actor"), as_text: "".into() }],
        relationships: vec![relationship("AZE-RUS")],
        as_of: None,
        refers_to: None,
        attribution: vec![Attribution {
            party: Some(party("TUR")),
            name: "".into(),
            role: AttributionRole::Speaker,
            said_at: None,
        }],
        modality: Modality::Reported,
        polarity: Some(Polarity::Tension),
        status: None,
        due: None,
        quantities: Vec::new(),
        place: "".into(),
        codes: vec![Code { scheme: "CAMEO".into(), code: "057".into() }],
        sources: vec![Citation {
            source: source("gazette"),
            locator: "".into(),
            quote: "".into(),
            retrieved_at: None,
            granularity: None,
        }],
        links: vec![Link { link_type: LinkType::Supports, target: id(2) }],
        external_ids: vec![ExternalId { scheme: "gdelt".into(), id: "a".into(), release: "r".into() }],
        labels: vec!["trade".into()],
    }
}

fn with(change: impl FnOnce(&mut FilterItem)) -> FilterItem {
    let mut item = FilterItem::default();
    change(&mut item);
    item
}

/// For every field: an item that the claim answers and one that it does not.
fn pairs() -> Vec<(FilterItem, FilterItem)> {
    let text = SearchWords::parse;
    vec![
        (
            with(|i| i.relationships = vec![relationship("RUS-AZE")]),
            with(|i| i.relationships = vec![relationship("ARM-AZE")]),
        ),
        (with(|i| i.parties = vec![party("AZE")]), with(|i| i.parties = vec![party("TUR")])),
        (
            with(|i| i.party_roles = vec![(party("AZE"), word("actor"))]),
            with(|i| i.party_roles = vec![(party("AZE"), word("target"))]),
        ),
        (with(|i| i.kinds = vec![Pattern::parse("agreement*")]), with(|i| i.kinds = vec![Pattern::parse("agreement")])),
        (with(|i| i.asserted_by = vec![party("TUR")]), with(|i| i.asserted_by = vec![party("AZE")])),
        (with(|i| i.modalities.insert(Modality::Reported)), with(|i| i.modalities.insert(Modality::Asserted))),
        (with(|i| i.polarities.insert(Polarity::Tension)), with(|i| i.polarities.insert(Polarity::Neutral))),
        (with(|i| i.statuses = MemberSet::default()), with(|i| i.statuses.insert(Status::Signed))),
        (with(|i| i.temporal_types.insert(TemporalType::None)), with(|i| i.temporal_types.insert(TemporalType::State))),
        (with(|i| i.sources = vec![source("gazette")]), with(|i| i.sources = vec![source("gaz")])),
        (with(|i| i.links = vec![(None, id(2))]), with(|i| i.links = vec![(None, id(1))])),
        (
            with(|i| i.links = vec![(Some(LinkType::Supports), id(2))]),
            with(|i| i.links = vec![(Some(LinkType::Ends), id(2))]),
        ),
        (
            with(|i| i.external_ids = vec![("gdelt".into(), "a".into())]),
            with(|i| i.external_ids = vec![("acled".into(), "a".into())]),
        ),
        (with(|i| i.labels = vec!["trade".into()]), with(|i| i.labels = vec!["Trade".into()])),
        (with(|i| i.claim_ids = vec![id(3), id(1)]), with(|i| i.claim_ids = vec![id(3)])),
        (
            with(|i| i.codes = vec![("CAMEO".into(), Pattern::parse("05*"))]),
            with(|i| i.codes = vec![("CAMEO".into(), Pattern::parse("05"))]),
        ),
        (
            with(|i| i.codes = vec![("CAMEO".into(), Pattern::parse("*"))]),
            with(|i| i.codes = vec![("CAME".into(), Pattern::parse("*"))]),
        ),
        (with(|i| i.recorded_from = Some(AT)), with(|i| i.recorded_from = Some(AT.next()))),
        (with(|i| i.recorded_before = Some(AT.next())), with(|i| i.recorded_before = Some(AT))),
        (with(|i| i.text = text("accord elys")), with(|i| i.text = text("acc elysee"))),
        (with(|i| i.voices = vec![Voice::Party(party("TUR"))]), with(|i| i.voices = vec![Voice::Party(party("AZE"))])),
        (
            with(|i| i.voices = vec![Voice::Source(source("gazette"))]),
            with(|i| i.voices = vec![Voice::Source(source("memo"))]),
        ),
    ]
}

#[test]
fn the_key_of_a_link_tells_its_type_and_target() {
    for link_type in LinkType::ALL.iter().copied().map(Some).chain([None]) {
        assert_eq!(link_of(&link_key(link_type, id(7))), Some((link_type, id(7))));
    }
    assert_eq!(link_of("7"), None);
}

#[test]
fn every_field_tells_claims_apart() {
    for (answered, not) in pairs() {
        assert!(answered.matches(&claim(), AT), "{answered:?}");
        assert!(!not.matches(&claim(), AT), "{not:?}");
    }
}

#[test]
fn fields_of_an_item_must_all_match_and_one_of_the_items_will_do() {
    let mut all = FilterItem::default();
    for (answered, _) in pairs() {
        all.kinds.extend(answered.kinds);
        all.labels.extend(answered.labels);
        if !answered.text.is_empty() {
            all.text = answered.text;
        }
    }
    assert!(all.matches(&claim(), AT));
    let spoilt = FilterItem { parties: vec![party("TUR")], ..all.clone() };
    assert!(!spoilt.matches(&claim(), AT));
    let either = Filter { items: vec![spoilt.clone(), all] };
    assert!(either.matches(&claim(), AT));
    assert!(!Filter { items: vec![spoilt] }.matches(&claim(), AT));
    assert!(Filter::default().matches(&claim(), AT));
}

#[test]
fn what_an_index_finds_by_facets_is_what_matches() {
    let mut present: Vec<(FacetKind, String)> = Vec::new();
    facets_of(&claim(), |kind, key| present.push((kind, key.to_owned())));
    tokens_of(&claim(), |token| present.push((FacetKind::Token, token.to_owned())));
    let has = |test: &FacetTest| {
        present.iter().any(|(kind, key)| {
            *kind == test.kind && if test.prefix { key.starts_with(&*test.key) } else { **key == *test.key }
        })
    };
    let mut compared = 0;
    for item in pairs().into_iter().flat_map(|(answered, not)| [answered, not]) {
        let by_facets = item.facets().iter().all(|group| group.iter().any(has));
        let others =
            item.admits_time(AT) && item.matches_members(&claim()) && any(&item.claim_ids, |of| *of == claim().id);
        assert_eq!(by_facets && others, item.matches(&claim(), AT), "{item:?}");
        compared += 1;
    }
    assert_eq!(compared, 44);
}

#[test]
fn a_voice_narrows_every_item_and_is_added_to_who_else_is_asked_for() {
    let voices = [Voice::Party(party("TUR")), Voice::Source(source("memo"))];
    let from = |filter: &Filter, voices: &[Voice]| filter.from_voices(voices).matches(&claim(), AT);
    assert!(from(&Filter::default(), &voices) && !from(&Filter::default(), &voices[1..]));
    let by = |name| FilterItem { asserted_by: vec![party(name)], ..FilterItem::default() };
    assert!(from(&Filter { items: vec![by("AZE"), by("TUR")] }, &voices));
    assert!(!from(&Filter { items: vec![by("AZE")] }, &voices));
}

#[test]
fn a_link_is_read_back_from_its_facet() {
    let mut links = Vec::new();
    facets_of(&claim(), |kind, key| links.extend((kind == FacetKind::Link).then(|| link_of(key))));
    assert_eq!(links, [Some((Some(LinkType::Supports), id(2))), Some((None, id(2)))]);
}

#[test]
fn a_filter_among_some_claims_matches_what_it_matched_of_these() {
    let of = |claim_ids: &[u128]| FilterItem {
        claim_ids: claim_ids.iter().map(|number| id(*number)).collect(),
        ..FilterItem::default()
    };
    let elsewhere = FilterItem { labels: vec!["nowhere".into()], ..FilterItem::default() };
    for items in [vec![], vec![of(&[])], vec![of(&[1, 3])], vec![elsewhere.clone(), of(&[2])], vec![elsewhere]] {
        let filter = Filter { items };
        for among in [&[][..], &[id(1)], &[id(2), id(3)], &[id(1), id(2), id(4)]] {
            for number in 1..5 {
                let claim = Claim { id: id(number), ..claim() };
                let expected = filter.matches(&claim, AT) && among.contains(&claim.id);
                let got = filter.among(among).is_some_and(|filter| filter.matches(&claim, AT));
                assert_eq!(got, expected, "{number} among {among:?} of {filter:?}");
            }
        }
    }
}
