//! The parts of a claim that come in lists, one conversion each way: words, parties, voices, numbers, codes, citations,
//! links, ids elsewhere.

use super::ids::{Ids, uuid_text};
use super::limits::{MAX_CODE_BYTES, MAX_LABEL_BYTES, MAX_NAME_BYTES, MAX_TEXT_BYTES, MAX_UNIT_BYTES};
use super::path::At;
use super::scalar::{
    date, each, each_once, instant, key_text, language, party_id, required_text, source_id, text, word,
};
use super::sink::Sink;
use super::vocabulary::{Twin as _, number, optional_member, required_member};
use detente_domain::claim::{Attribution, Citation, ClaimParty, Code, ExternalId, Link, Quantity, Text};
use detente_domain::edtf::PartialDate;
use detente_domain::relationship::RelationshipId;
use detente_proto::v1;
use prost_types::Timestamp;

/// The words of a claim.
pub(super) fn texts(values: Vec<v1::Text>, at: &At<'_>, sink: &mut Sink) -> Vec<Text> {
    sink.rule(at, !values.is_empty(), "required: at least one text");
    each(values, at, sink, |value, at, sink| {
        let lang = language(value.lang, &at.field("lang"), sink);
        let text = required_text(value.text, MAX_TEXT_BYTES, &at.field("text"), sink);
        Some(Text { lang, text, original: value.original })
    })
}

/// The parties of a claim.
pub(super) fn parties(values: Vec<v1::ClaimParty>, at: &At<'_>, sink: &mut Sink) -> Vec<ClaimParty> {
    each_once(values, at, sink, |value, at, sink| {
        let party = party_id(&value.party_id, &at.field("party_id"), sink);
        let role = word(&value.role, &at.field("role"), sink);
        let as_text = text(value.as_text, MAX_NAME_BYTES, &at.field("as_text"), sink);
        Some(ClaimParty { party: party?, role: role?, as_text })
    })
}

/// The relationships of a claim.
pub(super) fn relationships(values: Vec<String>, at: &At<'_>, sink: &mut Sink) -> Vec<RelationshipId> {
    each_once(values, at, sink, |value, at, sink| sink.expect_shape(at, &value, RelationshipId::parse(&value)))
}

/// The voices of a claim.
pub(super) fn attribution(values: Vec<v1::Attribution>, at: &At<'_>, sink: &mut Sink) -> Vec<Attribution> {
    each(values, at, sink, |value, at, sink| {
        sink.rule(at, !value.party_id.is_empty() || !value.name.is_empty(), "give party_id or name, or both");
        let party =
            if value.party_id.is_empty() { None } else { party_id(&value.party_id, &at.field("party_id"), sink) };
        let name = text(value.name, MAX_NAME_BYTES, &at.field("name"), sink);
        let role = required_member(value.role, &at.field("role"), sink);
        let said_at = date(&value.said_at, &at.field("said_at"), sink);
        Some(Attribution { party, name, role: role?, said_at })
    })
}

/// The numbers of a claim.
pub(super) fn quantities(values: Vec<v1::Quantity>, at: &At<'_>, sink: &mut Sink) -> Vec<Quantity> {
    each(values, at, sink, |value, at, sink| {
        let name = word(&value.name, &at.field("name"), sink);
        let v1::Quantity { value, low, high, unit, .. } = value;
        sink.rule(at, value.or(low).or(high).is_some(), "give value, low or high");
        for (field, number) in [("value", value), ("low", low), ("high", high)] {
            sink.rule(&at.field(field), number.is_none_or(f64::is_finite), "expected a finite number");
        }
        let reversed = low.zip(high).is_some_and(|(low, high)| low > high);
        sink.rule(&at.field("low"), !reversed, "is greater than high");
        let unit = text(unit, MAX_UNIT_BYTES, &at.field("unit"), sink);
        Some(Quantity { name: name?, value, low, high, unit })
    })
}

/// The codes of a claim.
pub(super) fn codes(values: Vec<v1::Code>, at: &At<'_>, sink: &mut Sink) -> Vec<Code> {
    each(values, at, sink, |value, at, sink| {
        let scheme = key_text(value.scheme, MAX_CODE_BYTES, &at.field("scheme"), sink);
        let code = key_text(value.code, MAX_CODE_BYTES, &at.field("code"), sink);
        Some(Code { scheme, code })
    })
}

/// The citations of a claim.
pub(super) fn citations(values: Vec<v1::Citation>, at: &At<'_>, sink: &mut Sink) -> Vec<Citation> {
    each(values, at, sink, |value, at, sink| {
        let source = source_id(&value.source_id, &at.field("source_id"), sink);
        let locator = text(value.locator, MAX_NAME_BYTES, &at.field("locator"), sink);
        let quote = text(value.quote, MAX_TEXT_BYTES, &at.field("quote"), sink);
        let retrieved_at = instant(value.retrieved_at, &at.field("retrieved_at"), sink);
        let granularity = optional_member(value.granularity, &at.field("granularity"), sink);
        Some(Citation { source: source?, locator, quote, retrieved_at, granularity })
    })
}

/// The links of a claim.
pub(super) fn links(values: Vec<v1::Link>, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Vec<Link> {
    each_once(values, at, sink, |value, at, sink| {
        let link_type = required_member(value.r#type, &at.field("type"), sink);
        let target = ids.claim(&value.claim_id, &at.field("claim_id"), sink);
        Some(Link { link_type: link_type?, target: target? })
    })
}

/// The ids of a claim, party or source elsewhere.
pub(super) fn external_ids(values: Vec<v1::ExternalId>, at: &At<'_>, sink: &mut Sink) -> Vec<ExternalId> {
    each(values, at, sink, |value, at, sink| {
        let scheme = key_text(value.scheme, MAX_CODE_BYTES, &at.field("scheme"), sink);
        let id = key_text(value.id, MAX_CODE_BYTES, &at.field("id"), sink);
        let release = text(value.release, MAX_CODE_BYTES, &at.field("release"), sink);
        Some(ExternalId { scheme, id, release })
    })
}

/// The labels of a claim.
pub(super) fn labels(values: Vec<String>, at: &At<'_>, sink: &mut Sink) -> Vec<Box<str>> {
    each_once(values, at, sink, |value, at, sink| Some(key_text(value, MAX_LABEL_BYTES, at, sink)))
}

/// The messages for a list of parts.
pub(super) fn render<T, W>(parts: Vec<T>, message: impl Fn(T) -> W) -> Vec<W> {
    parts.into_iter().map(message).collect()
}

/// The text of a date that need not be there.
pub(super) fn render_date(date: Option<PartialDate>) -> String {
    date.map(|date| date.text().to_owned()).unwrap_or_default()
}

pub(super) fn render_text(text: Text) -> v1::Text {
    v1::Text { lang: text.lang.into(), text: text.text.into(), original: text.original }
}

pub(super) fn render_party(party: ClaimParty) -> v1::ClaimParty {
    v1::ClaimParty {
        party_id: party.party.as_str().to_owned(),
        role: party.role.as_str().to_owned(),
        as_text: party.as_text.into(),
    }
}

pub(super) fn render_attribution(voice: Attribution) -> v1::Attribution {
    v1::Attribution {
        party_id: voice.party.map(|id| id.as_str().to_owned()).unwrap_or_default(),
        name: voice.name.into(),
        role: voice.role.to_wire(),
        said_at: render_date(voice.said_at),
    }
}

pub(super) fn render_quantity(quantity: Quantity) -> v1::Quantity {
    let Quantity { name, value, low, high, unit } = quantity;
    v1::Quantity { name: name.as_str().to_owned(), value, low, high, unit: unit.into() }
}

pub(super) fn render_code(code: Code) -> v1::Code {
    v1::Code { scheme: code.scheme.into(), code: code.code.into() }
}

pub(super) fn render_citation(citation: Citation) -> v1::Citation {
    v1::Citation {
        source_id: citation.source.as_str().to_owned(),
        locator: citation.locator.into(),
        quote: citation.quote.into(),
        retrieved_at: citation.retrieved_at.map(|(seconds, nanos)| Timestamp { seconds, nanos }),
        granularity: number(citation.granularity),
    }
}

pub(super) fn render_link(link: Link) -> v1::Link {
    v1::Link { r#type: link.link_type.to_wire(), claim_id: uuid_text(link.target.0) }
}

pub(super) fn render_external_id(id: ExternalId) -> v1::ExternalId {
    v1::ExternalId { scheme: id.scheme.into(), id: id.id.into(), release: id.release.into() }
}
