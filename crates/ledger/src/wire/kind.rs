//! Kinds of claims and code schemes with their scales: as a client writes them, as they were recorded, and as they are
//! returned.

use super::limits::{MAX_CODE_BYTES, MAX_NAME_BYTES, MAX_SCALE_BYTES, MAX_SCALE_ENTRIES, MAX_TEXT_BYTES};
use super::parts::render;
use super::path::At;
use super::scalar::{key_text, text, word};
use super::sink::{Sink, Unreadable};
use detente_domain::kind::{Kind, KindValue, ScaleEntry};
use detente_domain::scheme::Scheme;
use detente_proto::v1;
use prost::Message as _;
use std::collections::HashSet;
use v1::kind_value::Part;

/// Parses a kind. Errors go to the sink; if there are any, the kind is not to be used.
pub fn parse_kind(kind: v1::Kind, at: &At<'_>, sink: &mut Sink) -> Option<Kind> {
    let name = word(&kind.kind, &at.field("kind"), sink);
    let single_valued_fits = !kind.single_valued || kind.value.is_some();
    sink.rule(&at.field("single_valued"), single_valued_fits, "needs `value`: say which part of a claim has one value");
    let value = kind.value.map(|value| value_of(value, &at.field("value"), sink));
    Some(Kind {
        description: text(kind.description, MAX_TEXT_BYTES, &at.field("description"), sink),
        single_valued: kind.single_valued,
        scale: scale(kind.scale, &at.field("scale"), sink),
        promise: kind.promise,
        kind: name?,
        value: value.map_or(Some(None), |value| value.map(Some))?,
    })
}

fn value_of(value: v1::KindValue, at: &At<'_>, sink: &mut Sink) -> Option<KindValue> {
    match value.part {
        Some(Part::Status(_)) => Some(KindValue::Status),
        Some(Part::Polarity(_)) => Some(KindValue::Polarity),
        Some(Part::Quantity(name)) => word(&name, &at.field("quantity"), sink).map(KindValue::Quantity),
        Some(Part::Code(scheme)) => Some(KindValue::Code(key_text(scheme, MAX_CODE_BYTES, &at.field("code"), sink))),
        Some(Part::Role(role)) => word(&role, &at.field("role"), sink).map(KindValue::Role),
        None => {
            sink.refuse(at, "say which part of a claim it is: status, polarity, quantity, code or role");
            None
        }
    }
}

/// Parses a code scheme. Errors go to the sink; if there are any, the scheme is not to be used.
pub fn parse_scheme(scheme: v1::Scheme, at: &At<'_>, sink: &mut Sink) -> Option<Scheme> {
    Some(Scheme {
        scheme: key_text(scheme.scheme, MAX_CODE_BYTES, &at.field("scheme"), sink),
        title: text(scheme.title, MAX_NAME_BYTES, &at.field("title"), sink),
        scale: scale(scheme.scale, &at.field("scale"), sink),
    })
}

fn scale(entries: Vec<v1::ScaleEntry>, at: &At<'_>, sink: &mut Sink) -> Vec<ScaleEntry> {
    if !sink.is_stored() && is_too_large(&entries, at, sink) {
        return Vec::new();
    }
    let mut seen = HashSet::with_capacity(entries.len());
    let mut scale = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let at = at.index(index);
        sink.rule(&at.field("score"), entry.score.is_finite(), "expected a finite number");
        let value = key_text(entry.value, MAX_CODE_BYTES, &at.field("value"), sink);
        sink.rule(&at.field("value"), seen.insert(value.clone()), "is there already, further up");
        scale.push(ScaleEntry { value, score: entry.score });
    }
    scale
}

fn is_too_large(entries: &[v1::ScaleEntry], at: &At<'_>, sink: &mut Sink) -> bool {
    if entries.len() > MAX_SCALE_ENTRIES {
        sink.refuse(at, format!("{} entries; at most {MAX_SCALE_ENTRIES} are allowed", entries.len()));
        return true;
    }
    let bytes: usize = entries.iter().map(v1::ScaleEntry::encoded_len).sum();
    if bytes > MAX_SCALE_BYTES {
        sink.refuse(at, super::limits::too_long(bytes, MAX_SCALE_BYTES));
    }
    bytes > MAX_SCALE_BYTES
}

/// Reads back the content of a kind that was recorded.
///
/// # Errors
/// [`Unreadable`] when it lacks what no kind can be without.
pub fn read_kind(kind: v1::Kind) -> Result<Kind, Unreadable> {
    let mut sink = Sink::for_stored();
    let kind = parse_kind(kind, &At::root(""), &mut sink);
    sink.read("kind", kind)
}

/// Reads back the content of a code scheme that was recorded.
///
/// # Errors
/// [`Unreadable`] when it lacks what no scheme can be without.
pub fn read_scheme(scheme: v1::Scheme) -> Result<Scheme, Unreadable> {
    let mut sink = Sink::for_stored();
    let scheme = parse_scheme(scheme, &At::root(""), &mut sink);
    sink.read("scheme", scheme)
}

/// The message with the content of a kind.
#[must_use]
pub fn render_kind(kind: &Kind) -> v1::Kind {
    kind_message(kind.clone())
}

/// The message with the content of a code scheme.
#[must_use]
pub fn render_scheme(scheme: &Scheme) -> v1::Scheme {
    scheme_message(scheme.clone())
}

/// The message with the content of a kind, made of its strings.
pub(super) fn kind_message(kind: Kind) -> v1::Kind {
    v1::Kind {
        kind: kind.kind.as_str().to_owned(),
        description: kind.description.into(),
        single_valued: kind.single_valued,
        value: kind.value.map(|value| v1::KindValue { part: Some(part(value)) }),
        scale: render(kind.scale, scale_entry),
        promise: kind.promise,
        ..v1::Kind::default()
    }
}

fn part(value: KindValue) -> Part {
    match value {
        KindValue::Status => Part::Status(v1::StatusValue {}),
        KindValue::Polarity => Part::Polarity(v1::PolarityValue {}),
        KindValue::Quantity(name) => Part::Quantity(name.as_str().to_owned()),
        KindValue::Code(scheme) => Part::Code(scheme.into()),
        KindValue::Role(role) => Part::Role(role.as_str().to_owned()),
    }
}

/// The message with the content of a code scheme, made of its strings.
pub(super) fn scheme_message(scheme: Scheme) -> v1::Scheme {
    v1::Scheme {
        scheme: scheme.scheme.into(),
        title: scheme.title.into(),
        scale: render(scheme.scale, scale_entry),
        ..v1::Scheme::default()
    }
}

fn scale_entry(entry: ScaleEntry) -> v1::ScaleEntry {
    v1::ScaleEntry { value: entry.value.into(), score: entry.score }
}
