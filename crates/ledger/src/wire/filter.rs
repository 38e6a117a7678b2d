//! Filters, as reads, feeds and preconditions ask with them.
//!
//! A filter asks, so it is held to shapes only where no claim could ever answer: that a party is not registered or a
//! relationship unknown is an answer, not an error.

use super::ids::claim_id;
use super::limits::{MAX_CODE_BYTES, MAX_FILTER_ITEMS, MAX_FILTER_TEXT_BYTES, MAX_FILTER_VALUES, MAX_LABEL_BYTES};
use super::path::At;
use super::scalar::{each, key_text, party_id, source_id, word};
use super::sink::Sink;
use super::time::recorded_from;
use super::vocabulary::{Twin, optional_member, required_member};
use detente_domain::filter::{Filter, FilterItem, MemberSet, Pattern};
use detente_domain::name::{ClaimId, PartyId, Word};
use detente_domain::position::RecordedAt;
use detente_domain::relationship::RelationshipId;
use detente_domain::text::SearchWords;
use detente_domain::vocabulary::LinkType;
use detente_proto::v1;
use prost_types::Timestamp;

/// Parses the filter at a path of a request; none is every claim. Text is for lists only.
pub fn parse_filter(filter: Option<v1::Filter>, path: &str, text_allowed: bool, sink: &mut Sink) -> Filter {
    filter_at(filter, &At::root(path), text_allowed, sink)
}

/// Parses the filter at a place of a request.
pub(super) fn filter_at(filter: Option<v1::Filter>, at: &At<'_>, text_allowed: bool, sink: &mut Sink) -> Filter {
    let at = at.field("items");
    let items = filter.map(|filter| filter.items).unwrap_or_default();
    if items.len() > MAX_FILTER_ITEMS {
        sink.refuse(&at, format!("{} items; at most {MAX_FILTER_ITEMS} are allowed", items.len()));
        return Filter::default();
    }
    Filter { items: each(items, &at, sink, |value, at, sink| Some(item(value, text_allowed, at, sink))) }
}

fn item(value: v1::FilterItem, text_allowed: bool, at: &At<'_>, sink: &mut Sink) -> FilterItem {
    FilterItem {
        relationships: limited_values(value.relationships, &at.field("relationships"), sink, |id, at, sink| {
            sink.expect_shape(at, &id, RelationshipId::parse(&id))
        }),
        parties: limited_values(value.parties, &at.field("parties"), sink, party),
        party_roles: limited_values(value.party_roles, &at.field("party_roles"), sink, party_role),
        kinds: limited_values(value.kinds, &at.field("kinds"), sink, kind),
        asserted_by: limited_values(value.asserted_by, &at.field("asserted_by"), sink, party),
        modalities: members(value.modalities, &at.field("modalities"), sink),
        statuses: members(value.statuses, &at.field("statuses"), sink),
        polarities: members(value.polarities, &at.field("polarities"), sink),
        temporal_types: members(value.temporal_types, &at.field("temporal_types"), sink),
        sources: limited_values(value.sources, &at.field("sources"), sink, |id, at, sink| source_id(&id, at, sink)),
        links: limited_values(value.links, &at.field("links"), sink, link),
        external_ids: limited_values(value.external_ids, &at.field("external_ids"), sink, external_id),
        labels: limited_values(value.labels, &at.field("labels"), sink, |label, at, sink| {
            Some(key_text(label, MAX_LABEL_BYTES, at, sink))
        }),
        claim_ids: limited_values(value.claim_ids, &at.field("claim_ids"), sink, |id, at, sink| {
            claim_id(&id, at, sink)
        }),
        codes: limited_values(value.codes, &at.field("codes"), sink, code),
        recorded_from: recorded_time(value.recorded_from, &at.field("recorded_from"), sink),
        recorded_before: recorded_time(value.recorded_before, &at.field("recorded_before"), sink),
        text: text(&value.text, text_allowed, &at.field("text"), sink),
        voices: Vec::new(),
    }
}

/// The values of a field, if they are not too many.
fn limited_values<V, T>(
    values: Vec<V>,
    at: &At<'_>,
    sink: &mut Sink,
    convert: impl FnMut(V, &At<'_>, &mut Sink) -> Option<T>,
) -> Vec<T> {
    if values.len() > MAX_FILTER_VALUES {
        sink.refuse(at, format!("{} values; at most {MAX_FILTER_VALUES} are allowed", values.len()));
        return Vec::new();
    }
    each(values, at, sink, convert)
}

fn members<V: Twin>(values: Vec<i32>, at: &At<'_>, sink: &mut Sink) -> MemberSet<V> {
    limited_values(values, at, sink, |number, at, sink| required_member(number, at, sink)).into_iter().collect()
}

fn party(id: String, at: &At<'_>, sink: &mut Sink) -> Option<PartyId> {
    party_id(&id, at, sink)
}

fn party_role(value: v1::PartyInRole, at: &At<'_>, sink: &mut Sink) -> Option<(PartyId, Word)> {
    let party = party_id(&value.party_id, &at.field("party_id"), sink);
    let role = word(&value.role, &at.field("role"), sink);
    party.zip(role)
}

fn kind(value: String, at: &At<'_>, sink: &mut Sink) -> Option<Pattern> {
    let begun = value.strip_suffix('*');
    if begun != Some("") {
        word(begun.unwrap_or(&value), at, sink)?;
    }
    Some(Pattern::parse(&value))
}

fn link(value: v1::LinkFilter, at: &At<'_>, sink: &mut Sink) -> Option<(Option<LinkType>, ClaimId)> {
    let link_type = optional_member(value.r#type, &at.field("type"), sink);
    let target = claim_id(&value.claim_id, &at.field("claim_id"), sink);
    Some((link_type, target?))
}

fn external_id(value: v1::ExternalIdFilter, at: &At<'_>, sink: &mut Sink) -> Option<(Box<str>, Box<str>)> {
    let scheme = key_text(value.scheme, MAX_CODE_BYTES, &at.field("scheme"), sink);
    let id = key_text(value.id, MAX_CODE_BYTES, &at.field("id"), sink);
    Some((scheme, id))
}

fn code(value: v1::Code, at: &At<'_>, sink: &mut Sink) -> Option<(Box<str>, Pattern)> {
    let scheme = key_text(value.scheme, MAX_CODE_BYTES, &at.field("scheme"), sink);
    let code = key_text(value.code, MAX_CODE_BYTES, &at.field("code"), sink);
    Some((scheme, Pattern::parse(&code)))
}

fn recorded_time(value: Option<Timestamp>, at: &At<'_>, sink: &mut Sink) -> Option<RecordedAt> {
    value.and_then(|value| sink.expect_shape(at, "given", recorded_from(&value)))
}

fn text(value: &str, allowed: bool, at: &At<'_>, sink: &mut Sink) -> SearchWords {
    if value.is_empty() {
        return SearchWords::default();
    }
    sink.rule(at, allowed, "only lists of claims search text; leave it out");
    sink.at_most(at, value, MAX_FILTER_TEXT_BYTES);
    let words = SearchWords::parse(value);
    sink.rule(at, !words.is_empty(), "has no word in it: no letter and no digit");
    words
}
