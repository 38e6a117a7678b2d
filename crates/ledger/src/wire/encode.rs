//! Encodes the events that are recorded by the hundred thousand, assertions and revisions, straight from the domain: no
//! message in between, no string copied twice. A test holds the bytes equal to those of the message.
//!
//! Fields are written in the order of their numbers and left out at their default, as prost does.

use super::event::Stamp;
use super::time::timestamp;
use super::vocabulary::{Twin, number};
use detente_domain::bound::Bound;
use detente_domain::claim::{Attribution, Citation, Claim, ClaimParty, Code, ExternalId, Link, Quantity, Text};
use detente_domain::edtf::{Atom, PartialDate};
use prost::encoding::{WireType, encode_key, encode_varint};
use uuid::Uuid;

/// Writes the fields of an event that the ledger adds, up to what happened.
pub(super) fn put_header(revision: u32, note: &str, stamp: &Stamp<'_>, out: &mut Vec<u8>) {
    put_number(2, u64::from(revision), out);
    let recorded_at = timestamp(stamp.recorded_at);
    put_message(3, out, |out| {
        put_number(1, recorded_at.seconds.cast_unsigned(), out);
        put_number(2, u64::from(recorded_at.nanos.cast_unsigned()), out);
    });
    put_text(4, stamp.recorded_by, out);
    put_number(5, stamp.position.0, out);
    put_text(6, note, out);
    put_number(7, u64::from(stamp.backfilled), out);
}

/// Writes `claim_asserted`.
pub(super) fn put_asserted(claim: &Claim, out: &mut Vec<u8>) {
    put_message(10, out, |out| put_message(1, out, |out| put_claim(claim, out)));
}

/// Writes `claim_revised`.
pub(super) fn put_revised(kind: i32, claim: &Claim, out: &mut Vec<u8>) {
    put_message(11, out, |out| {
        put_enum(1, kind, out);
        put_message(2, out, |out| put_claim(claim, out));
    });
}

fn put_claim(claim: &Claim, out: &mut Vec<u8>) {
    put_uuid(1, claim.id.0, out);
    put_text(7, claim.kind.as_str(), out);
    put_enum(8, claim.time.temporal_type().to_wire(), out);
    each(9, &claim.texts, out, put_text_part);
    each(10, &claim.parties, out, put_party);
    claim.relationships.iter().for_each(|id| put_bytes(11, id.as_str().as_bytes(), out));
    if let Some((from, to)) = claim.time.bounds() {
        put_message(12, out, |out| put_bound(from, out));
        put_message(13, out, |out| put_bound(to, out));
    }
    put_date(15, claim.as_of.as_ref(), out);
    put_date(16, claim.refers_to.as_ref(), out);
    each(17, &claim.attribution, out, put_attribution);
    put_enum(18, claim.modality.to_wire(), out);
    put_enum(19, number(claim.polarity), out);
    put_enum(20, number(claim.status), out);
    put_date(21, claim.due.as_ref(), out);
    each(22, &claim.quantities, out, put_quantity);
    put_text(23, &claim.place, out);
    each(24, &claim.codes, out, put_code);
    each(25, &claim.sources, out, put_citation);
    each(26, &claim.links, out, put_link);
    each(27, &claim.external_ids, out, put_external_id);
    claim.labels.iter().for_each(|label| put_bytes(28, label.as_bytes(), out));
}

fn put_text_part(text: &Text, out: &mut Vec<u8>) {
    put_text(1, &text.lang, out);
    put_text(2, &text.text, out);
    put_number(3, u64::from(text.original), out);
}

fn put_party(party: &ClaimParty, out: &mut Vec<u8>) {
    put_text(1, party.party.as_str(), out);
    put_text(2, party.role.as_str(), out);
    put_text(3, &party.as_text, out);
}

fn put_attribution(voice: &Attribution, out: &mut Vec<u8>) {
    put_text(1, voice.party.as_ref().map_or("", |id| id.as_str()), out);
    put_text(2, &voice.name, out);
    put_enum(3, voice.role.to_wire(), out);
    put_date(4, voice.said_at.as_ref(), out);
}

fn put_quantity(quantity: &Quantity, out: &mut Vec<u8>) {
    put_text(1, quantity.name.as_str(), out);
    for (field, number) in [(2, quantity.value), (3, quantity.low), (4, quantity.high)] {
        if let Some(number) = number {
            encode_key(field, WireType::SixtyFourBit, out);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    put_text(5, &quantity.unit, out);
}

fn put_code(code: &Code, out: &mut Vec<u8>) {
    put_text(1, &code.scheme, out);
    put_text(2, &code.code, out);
}

fn put_citation(citation: &Citation, out: &mut Vec<u8>) {
    put_text(1, citation.source.as_str(), out);
    put_text(2, &citation.locator, out);
    put_text(3, &citation.quote, out);
    if let Some((seconds, nanos)) = citation.retrieved_at {
        put_message(4, out, |out| {
            put_number(1, seconds.cast_unsigned(), out);
            put_enum(2, nanos, out);
        });
    }
    put_enum(5, number(citation.granularity), out);
}

fn put_link(link: &Link, out: &mut Vec<u8>) {
    put_enum(1, link.link_type.to_wire(), out);
    put_uuid(2, link.target.0, out);
}

fn put_external_id(id: &ExternalId, out: &mut Vec<u8>) {
    put_text(1, &id.scheme, out);
    put_text(2, &id.id, out);
    put_text(3, &id.release, out);
}

fn put_bound(bound: &Bound, out: &mut Vec<u8>) {
    match bound {
        Bound::Known(date) => put_message(1, out, |out| {
            put_text(1, date.text(), out);
            put_atom(2, date.earliest(), out);
            put_atom(3, date.latest(), out);
        }),
        Bound::Unknown => put_message(2, out, |_| {}),
        Bound::Open => put_message(3, out, |_| {}),
    }
}

fn put_atom(field: u32, atom: Option<Atom>, out: &mut Vec<u8>) {
    let Some(atom) = atom else { return };
    match plain_day(atom) {
        Some(day) => put_bytes(field, &day, out),
        None => put_text(field, &atom.to_text(), out),
    }
}

/// A day of the years 0 to 9999 without going through a string.
fn plain_day(atom: Atom) -> Option<[u8; 10]> {
    if atom.is_second() {
        return None;
    }
    let (year, month, day) = atom.start.to_civil_day();
    let year = u16::try_from(year).ok().filter(|year| *year <= 9999)?;
    let digit = |number: u16| b'0' + u8::try_from(number % 10).unwrap_or(0);
    let two = |number: u8| [digit(u16::from(number / 10)), digit(u16::from(number))];
    let ([m1, m2], [d1, d2]) = (two(month), two(day));
    Some([digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), b'-', m1, m2, b'-', d1, d2])
}

fn put_date(field: u32, date: Option<&PartialDate>, out: &mut Vec<u8>) {
    put_text(field, date.map_or("", PartialDate::text), out);
}

fn put_uuid(field: u32, uuid: Uuid, out: &mut Vec<u8>) {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    put_bytes(field, uuid.hyphenated().encode_lower(&mut text).as_bytes(), out);
}

fn put_text(field: u32, text: &str, out: &mut Vec<u8>) {
    if !text.is_empty() {
        put_bytes(field, text.as_bytes(), out);
    }
}

fn put_bytes(field: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_enum(field: u32, number: i32, out: &mut Vec<u8>) {
    put_number(field, i64::from(number).cast_unsigned(), out);
}

fn put_number(field: u32, number: u64, out: &mut Vec<u8>) {
    if number != 0 {
        encode_key(field, WireType::Varint, out);
        encode_varint(number, out);
    }
}

fn each<T>(field: u32, parts: &[T], out: &mut Vec<u8>, put: fn(&T, &mut Vec<u8>)) {
    parts.iter().for_each(|part| put_message(field, out, |out| put(part, out)));
}

/// Writes a message field: one byte is kept for its length, and more made room for if it turns out to need them.
fn put_message(field: u32, out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    encode_key(field, WireType::LengthDelimited, out);
    let at = out.len();
    out.push(0);
    put(out);
    let length = out.len() - at - 1;
    if let (Ok(short @ 0..0x80), Some(byte)) = (u8::try_from(length), out.get_mut(at)) {
        *byte = short;
        return;
    }
    let mut varint = Vec::with_capacity(5);
    encode_varint(length as u64, &mut varint);
    out.splice(at..=at, varint);
}
