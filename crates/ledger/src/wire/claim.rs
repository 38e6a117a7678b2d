//! Claims: as a client writes them, as they were recorded, and as they are returned.
//!
//! Fields that the ledger adds to a claim (revision, recorded time, retraction, disputes) are ignored when a client sends
//! them, so that an answer can be edited and sent back. They are not rendered here: the caller sets them.

use super::ids::{Ids, uuid_text};
use super::limits::MAX_NAME_BYTES;
use super::parts;
use super::path::At;
use super::scalar::{date, text, word};
use super::sink::{Sink, Unreadable};
use super::valid_time::{self, StatedTimes};
use super::vocabulary::{Twin as _, number, optional_member, required_member};
use detente_domain::claim::Claim;
use detente_proto::v1;
use uuid::Uuid;

/// Parses a claim. Errors go to the sink; if there are any, the claim is not to be used.
pub fn parse_claim(claim: v1::Claim, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Claim> {
    let id = ids.own(&claim.claim_id, &at.field("claim_id"), sink);
    let kind = word(&claim.kind, &at.field("kind"), sink);
    let stated = StatedTimes { valid: claim.valid, from: claim.valid_from, to: claim.valid_to };
    let time = valid_time::time(claim.temporal_type, stated, at, sink);
    let modality = required_member(claim.modality, &at.field("modality"), sink);
    Some(Claim {
        texts: parts::texts(claim.texts, &at.field("texts"), sink),
        parties: parts::parties(claim.parties, &at.field("parties"), sink),
        relationships: parts::relationships(claim.relationships, &at.field("relationships"), sink),
        as_of: date(&claim.as_of, &at.field("as_of"), sink),
        refers_to: date(&claim.refers_to, &at.field("refers_to"), sink),
        attribution: parts::attribution(claim.attribution, &at.field("attribution"), sink),
        polarity: optional_member(claim.polarity, &at.field("polarity"), sink),
        status: optional_member(claim.status, &at.field("status"), sink),
        due: date(&claim.due, &at.field("due"), sink),
        quantities: parts::quantities(claim.quantities, &at.field("quantities"), sink),
        place: text(claim.place, MAX_NAME_BYTES, &at.field("place"), sink),
        codes: parts::codes(claim.codes, &at.field("codes"), sink),
        sources: parts::citations(claim.sources, &at.field("sources"), sink),
        links: parts::links(claim.links, ids, &at.field("links"), sink),
        external_ids: parts::external_ids(claim.external_ids, &at.field("external_ids"), sink),
        labels: parts::labels(claim.labels, &at.field("labels"), sink),
        id: id?,
        kind: kind?,
        time: time?,
        modality: modality?,
    })
}

/// Reads back the content of a claim that was recorded.
///
/// # Errors
/// [`Unreadable`] when it lacks what no claim can be without, for example when a newer version wrote it.
pub fn read_claim(claim: v1::Claim) -> Result<Claim, Unreadable> {
    let mut sink = Sink::for_stored();
    let claim = stored_claim(claim, &At::root(""), &mut sink);
    sink.read("claim", claim)
}

/// Parses a claim that was recorded, which has an id and names others by theirs.
pub(super) fn stored_claim(claim: v1::Claim, at: &At<'_>, sink: &mut Sink) -> Option<Claim> {
    parse_claim(claim, &mut Ids::new(&mut Uuid::nil), at, sink)
}

/// The message with the content of a claim.
#[must_use]
pub fn render_claim(claim: &Claim) -> v1::Claim {
    into_message(claim.clone())
}

/// The message with the content of a claim, made of its strings.
#[must_use]
pub fn into_message(claim: Claim) -> v1::Claim {
    let temporal_type = claim.time.temporal_type().to_wire();
    let (valid_from, valid_to) = valid_time::render_ends(claim.time);
    v1::Claim {
        claim_id: uuid_text(claim.id.0),
        kind: claim.kind.as_str().to_owned(),
        temporal_type,
        texts: parts::render(claim.texts, parts::render_text),
        parties: parts::render(claim.parties, parts::render_party),
        relationships: parts::render(claim.relationships, |id| id.as_str().to_owned()),
        valid_from,
        valid_to,
        as_of: parts::render_date(claim.as_of),
        refers_to: parts::render_date(claim.refers_to),
        attribution: parts::render(claim.attribution, parts::render_attribution),
        modality: claim.modality.to_wire(),
        polarity: number(claim.polarity),
        status: number(claim.status),
        due: parts::render_date(claim.due),
        quantities: parts::render(claim.quantities, parts::render_quantity),
        place: claim.place.into(),
        codes: parts::render(claim.codes, parts::render_code),
        sources: parts::render(claim.sources, parts::render_citation),
        links: parts::render(claim.links, parts::render_link),
        external_ids: parts::render(claim.external_ids, parts::render_external_id),
        labels: parts::render(claim.labels, String::from),
        ..v1::Claim::default()
    }
}
