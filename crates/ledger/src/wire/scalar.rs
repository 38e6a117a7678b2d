//! The smallest conversions: texts, words, ids, dates, and values of a repeated field.
//!
//! Each notes errors in the sink and then returns the value as far as it can, so that its caller can continue with the next
//! field.

use super::limits::{MAX_DATE_BYTES, MAX_VALUES};
use super::path::At;
use super::sink::Sink;
use detente_domain::edtf::PartialDate;
use detente_domain::name::{PartyId, SourceId, Word, check_language};
use prost_types::Timestamp;

/// A text that need not be said.
pub(super) fn text(value: String, most: usize, at: &At<'_>, sink: &mut Sink) -> Box<str> {
    sink.at_most(at, &value, most);
    value.into_boxed_str()
}

/// A text that must be said.
pub(super) fn required_text(value: String, most: usize, at: &At<'_>, sink: &mut Sink) -> Box<str> {
    sink.rule(at, !value.is_empty(), "required: it is empty");
    text(value, most, at, sink)
}

/// A text that must be said and is part of keys: without NUL, by which keys are separated.
pub(super) fn key_text(value: String, most: usize, at: &At<'_>, sink: &mut Sink) -> Box<str> {
    sink.rule(at, !value.contains('\0'), "has a NUL character; leave it out");
    required_text(value, most, at, sink)
}

/// A language tag that must be said.
pub(super) fn language(value: String, at: &At<'_>, sink: &mut Sink) -> Box<str> {
    if !sink.is_stored() {
        sink.expect_shape(at, &value, check_language(&value));
    }
    value.into_boxed_str()
}

/// A word of an open vocabulary.
pub(super) fn word(value: &str, at: &At<'_>, sink: &mut Sink) -> Option<Word> {
    sink.expect_shape(at, value, Word::parse(value))
}

/// A party id.
pub(super) fn party_id(value: &str, at: &At<'_>, sink: &mut Sink) -> Option<PartyId> {
    sink.expect_shape(at, value, PartyId::parse(value))
}

/// A source id.
pub(super) fn source_id(value: &str, at: &At<'_>, sink: &mut Sink) -> Option<SourceId> {
    sink.expect_shape(at, value, SourceId::parse(value))
}

/// A date that need not be said: empty is none.
pub(super) fn date(value: &str, at: &At<'_>, sink: &mut Sink) -> Option<PartialDate> {
    if value.is_empty() { None } else { required_date(value, at, sink) }
}

/// A date that must be said.
pub(super) fn required_date(value: &str, at: &At<'_>, sink: &mut Sink) -> Option<PartialDate> {
    if is_too_long_for_a_date(value, at, sink) {
        return None;
    }
    PartialDate::parse(value).map_err(|error| sink.refuse(at, error.to_string())).ok()
}

/// Notes that a date is too long to be read.
pub(super) fn is_too_long_for_a_date(value: &str, at: &At<'_>, sink: &mut Sink) -> bool {
    sink.at_most(at, value, MAX_DATE_BYTES);
    value.len() > MAX_DATE_BYTES && !sink.is_stored()
}

/// An instant in seconds and nanoseconds.
pub(super) fn instant(value: Option<Timestamp>, at: &At<'_>, sink: &mut Sink) -> Option<(i64, i32)> {
    let value = value?;
    sink.expect_shape(at, "given", super::time::check(&value)).map(|()| (value.seconds, value.nanos))
}

/// Every value of a repeated field that can be converted.
pub(super) fn each<V, T>(
    values: Vec<V>,
    at: &At<'_>,
    sink: &mut Sink,
    mut convert: impl FnMut(V, &At<'_>, &mut Sink) -> Option<T>,
) -> Vec<T> {
    if values.len() > MAX_VALUES && !sink.is_stored() {
        sink.refuse(at, format!("{} values; at most {MAX_VALUES} are allowed", values.len()));
        return Vec::new();
    }
    let mut converted = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        converted.extend(convert(value, &at.index(index), sink));
    }
    converted
}

/// As [`each`], where no value may be there twice.
pub(super) fn each_once<V, T: PartialEq>(
    values: Vec<V>,
    at: &At<'_>,
    sink: &mut Sink,
    mut convert: impl FnMut(V, &At<'_>, &mut Sink) -> Option<T>,
) -> Vec<T> {
    if values.len() > MAX_VALUES || sink.is_stored() {
        return each(values, at, sink, convert);
    }
    let mut converted = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let at = at.index(index);
        if let Some(value) = convert(value, &at, sink) {
            sink.rule(&at, !converted.contains(&value), "is there already, further up");
            converted.push(value);
        }
    }
    converted
}
