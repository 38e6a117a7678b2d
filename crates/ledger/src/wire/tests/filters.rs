//! Filters: what each field means, and what is refused where.

use super::{Sink, fields, small_claim, uuid};
use crate::wire::filter::parse_filter;
use detente_domain::filter::{Filter, Pattern};
use detente_domain::position::RecordedAt;
use detente_domain::rejection::Violation;
use detente_domain::text::SearchWords;
use detente_domain::vocabulary::{LinkType, Modality, Vocabulary};
use detente_proto::v1;
use prost_types::Timestamp;

fn parse(item: v1::FilterItem, text_allowed: bool) -> Result<Filter, Vec<Violation>> {
    let mut sink = Sink::input();
    let filter = parse_filter(Some(v1::Filter { items: vec![item] }), "filter", text_allowed, &mut sink);
    sink.finish().map(|()| filter)
}

#[test]
fn no_filter_is_every_claim() {
    let mut sink = Sink::input();
    assert_eq!(parse_filter(None, "filter", false, &mut sink), Filter::default());
    assert_eq!(sink.finish(), Ok(()));
}

#[test]
fn every_field_is_taken_over() {
    let item = v1::FilterItem {
        relationships: vec!["RUS-AZE".into()],
        parties: vec!["AZE".into()],
        party_roles: vec![v1::PartyInRole { party_id: "RUS".into(), role: "actor".into() }],
        kinds: vec!["agreement".into(), "agree*".into(), "*".into()],
        asserted_by: vec!["TASS".into()],
        modalities: vec![v1::Modality::Denied.into()],
        statuses: vec![v1::Status::Signed.into()],
        polarities: vec![v1::Polarity::Mixed.into()],
        sources: vec!["s:1".into()],
        links: vec![v1::LinkFilter { r#type: 0, claim_id: uuid(7) }, v1::LinkFilter { r#type: 1, claim_id: uuid(7) }],
        external_ids: vec![v1::ExternalIdFilter { scheme: "wikidata".into(), id: "Q1".into() }],
        labels: vec!["border".into()],
        temporal_types: vec![v1::TemporalType::State.into()],
        claim_ids: vec![uuid(8)],
        codes: vec![v1::Code { scheme: "CAMEO".into(), code: "05*".into() }],
        recorded_from: Some(Timestamp { seconds: 1, nanos: 1 }),
        recorded_before: Some(Timestamp { seconds: 2, nanos: 0 }),
        text: "Élysée BORDER".into(),
    };
    let filter = parse(item, true).unwrap();
    let item = &filter.items[0];
    assert_eq!(item.relationships[0].as_str(), "AZE-RUS");
    assert_eq!((item.parties[0].as_str(), item.party_roles[0].1.as_str()), ("AZE", "actor"));
    let prefix = |text: &str| Pattern::Prefix(text.into());
    assert_eq!(item.kinds, [Pattern::Exact("agreement".into()), prefix("agree"), prefix("")]);
    assert_eq!((item.asserted_by[0].as_str(), item.sources[0].as_str()), ("TASS", "s:1"));
    assert!(item.modalities.admits(Some(Modality::Denied.code())) && !item.modalities.admits(Some(0)));
    assert!(!item.statuses.is_empty() && !item.polarities.is_empty() && !item.temporal_types.is_empty());
    assert_eq!((item.links[0].0, item.links[1].0), (None, Some(LinkType::CausedBy)));
    assert_eq!(item.external_ids, [("wikidata".into(), "Q1".into())]);
    assert_eq!((&*item.labels[0], item.claim_ids.len()), ("border", 1));
    assert_eq!(item.codes, [("CAMEO".into(), prefix("05"))]);
    assert_eq!((item.recorded_from, item.recorded_before), (Some(RecordedAt(1_000_001)), Some(RecordedAt(2_000_000))));
    assert_eq!(item.text, SearchWords::parse("elysee border"));
}

#[test]
fn what_no_claim_can_answer_is_refused_at_its_field() {
    let item = v1::FilterItem {
        relationships: vec!["AZE".into()],
        parties: vec!["AZE".into(), "A-B".into()],
        party_roles: vec![v1::PartyInRole::default()],
        kinds: vec!["Agree*".into(), String::new()],
        modalities: vec![0],
        statuses: vec![99],
        links: vec![v1::LinkFilter { r#type: 99, claim_id: "$x".into() }],
        external_ids: vec![v1::ExternalIdFilter { scheme: "a\0".into(), id: "Q1".into() }],
        labels: vec![String::new()],
        claim_ids: vec!["x".into(); 101],
        codes: vec![v1::Code::default()],
        recorded_from: Some(Timestamp { seconds: 0, nanos: -1 }),
        text: "?!".into(),
        ..Default::default()
    };
    let expected = [
        "relationships[0]",
        "parties[1]",
        "party_roles[0].party_id",
        "party_roles[0].role",
        "kinds[0]",
        "kinds[1]",
        "modalities[0]",
        "statuses[0]",
        "links[0].type",
        "links[0].claim_id",
        "external_ids[0].scheme",
        "labels[0]",
        "claim_ids",
        "codes[0].scheme",
        "codes[0].code",
        "recorded_from",
        "text",
    ];
    let violations = parse(item, true).unwrap_err();
    assert_eq!(fields(&violations), expected.map(|field| format!("filter.items[0].{field}")));
}

#[test]
fn text_is_for_lists_and_items_are_few() {
    let item = v1::FilterItem { text: "border".into(), ..Default::default() };
    assert_eq!(fields(&parse(item.clone(), false).unwrap_err()), ["filter.items[0].text"]);
    let mut sink = Sink::input();
    let filter = parse_filter(Some(v1::Filter { items: vec![item; 17] }), "filter", true, &mut sink);
    assert_eq!(filter, Filter::default());
    assert_eq!(fields(&sink.finish().unwrap_err()), ["filter.items"]);
}

#[test]
fn a_parsed_filter_finds_what_it_asks_for() {
    let mut ids = super::counting();
    let mut sink = Sink::input();
    let claim = crate::wire::claim::parse_claim(
        small_claim(),
        &mut crate::wire::ids::Ids::new(&mut ids),
        &super::At::root("claim"),
        &mut sink,
    )
    .unwrap();
    let asked = |kind: &str| parse(v1::FilterItem { kinds: vec![kind.into()], ..Default::default() }, false).unwrap();
    assert!(asked("agree*").matches(&claim, RecordedAt(0)));
    assert!(!asked("agree").matches(&claim, RecordedAt(0)));
}
