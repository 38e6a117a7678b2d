//! The cell of a message under a column.

use detente_ingest::tables::{self, Cell};
use detente_ledger::wire::path::snake_case;
use prost_reflect::{DynamicMessage, FieldDescriptor, SerializeOptions, Value};
use std::borrow::Cow;

/// A place in a message, and the way in which it is shown.
#[derive(Debug)]
pub(super) struct MessagePlace {
    /// The fields that lead there.
    pub(super) path: Vec<FieldDescriptor>,
    /// The way in which it is shown.
    pub(super) view: CellView,
}

/// A way in which a field is shown.
#[derive(Debug)]
pub(super) enum CellView {
    /// A single value.
    Value,
    /// An instant.
    Instant,
    /// True if it is there.
    Presence,
    /// A list of texts or words, joined.
    Ids,
    /// A list of messages: one member of each, joined.
    Members(FieldDescriptor),
    /// A list of messages: the words of the first in a language, or of the first of all.
    Words {
        /// The member with the language.
        lang: FieldDescriptor,
        /// The member with the words.
        words: FieldDescriptor,
        /// The language.
        wanted: Option<String>,
    },
    /// Anything as JSON, all members included.
    Json,
}

impl MessagePlace {
    /// The cell of a message.
    pub(super) fn cell(&self, message: &DynamicMessage) -> Cell {
        cell(message, &self.path, &self.view)
    }
}

fn cell(message: &DynamicMessage, path: &[FieldDescriptor], view: &CellView) -> Cell {
    let Some((field, rest)) = path.split_first() else { return Cell::Empty };
    if matches!(view, CellView::Presence) && rest.is_empty() {
        return Cell::Flag(message.has_field(field));
    }
    if field.supports_presence() && !message.has_field(field) {
        return Cell::Empty;
    }
    let value = message.get_field(field);
    if !rest.is_empty() {
        return value.as_message().map_or(Cell::Empty, |inner| cell(inner, rest, view));
    }
    match view {
        CellView::Value => single(field, &value),
        CellView::Instant => value.as_message().map_or(Cell::Empty, instant),
        CellView::Ids => Cell::ids(
            elements(&value).filter_map(|element| text(field, element)).collect::<Vec<_>>().iter().map(|id| &**id),
        ),
        CellView::Members(member) => members(&value, member),
        CellView::Words { lang, words, wanted } => in_words(&value, lang, words, wanted.as_deref()),
        CellView::Json => in_json(&value),
        CellView::Presence => Cell::Empty,
    }
}

fn single(field: &FieldDescriptor, value: &Value) -> Cell {
    match value {
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::I32(number) => Cell::Integer((*number).into()),
        Value::I64(number) => Cell::Integer(*number),
        Value::U32(number) => Cell::Integer((*number).into()),
        Value::U64(number) => Cell::number(*number),
        Value::F32(number) => Cell::Number((*number).into()),
        Value::F64(number) => Cell::Number(*number),
        other => text(field, other).map_or(Cell::Empty, |text| Cell::text(&*text)),
    }
}

/// A value that is a text, a word of a vocabulary or a whole number, as text; none where it says nothing.
fn text<'v>(field: &FieldDescriptor, value: &'v Value) -> Option<Cow<'v, str>> {
    match value {
        Value::String(text) => (!text.is_empty()).then_some(Cow::Borrowed(text)),
        Value::EnumNumber(number) => word(field, *number).map(Cow::Owned),
        Value::I32(number) => Some(number.to_string().into()),
        Value::I64(number) => Some(number.to_string().into()),
        Value::U32(number) => Some(number.to_string().into()),
        Value::U64(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// A member of a vocabulary in lower_snake, without the name of the vocabulary; none where it is not said.
fn word(field: &FieldDescriptor, number: i32) -> Option<String> {
    let kind = field.kind();
    let (vocabulary, true) = (kind.as_enum()?, number != 0) else { return None };
    let Some(member) = vocabulary.get_value(number) else { return Some(number.to_string()) };
    let (name, of) = (member.name().to_lowercase(), snake_case(vocabulary.name()));
    let short = name.strip_prefix(&of).and_then(|rest| rest.strip_prefix('_'));
    Some(short.unwrap_or(&name).to_owned())
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_list().unwrap_or_default().iter()
}

fn members(list: &Value, member: &FieldDescriptor) -> Cell {
    let of = |element: &DynamicMessage| {
        let value = element.get_field(member);
        text(member, &value).map(Cow::into_owned).unwrap_or_default()
    };
    let all: Vec<String> = elements(list).filter_map(Value::as_message).map(of).collect();
    // A member that no element has is nothing; one that some have keeps the place of the others.
    if all.iter().all(String::is_empty) { Cell::Empty } else { Cell::ids(all.iter().map(String::as_str)) }
}

fn in_words(list: &Value, lang: &FieldDescriptor, words: &FieldDescriptor, wanted: Option<&str>) -> Cell {
    let is_wanted = |element: &&DynamicMessage| {
        let is_in =
            |wanted: &str| element.get_field(lang).as_str().is_some_and(|lang| lang.eq_ignore_ascii_case(wanted));
        wanted.is_none_or(is_in)
    };
    let found = elements(list).filter_map(Value::as_message).find(is_wanted);
    found.map_or(Cell::Empty, |element| Cell::text(element.get_field(words).as_str().unwrap_or_default()))
}

fn instant(message: &DynamicMessage) -> Cell {
    tables::instant(message.transcode_to().ok().as_ref())
}

/// A list or a message in JSON; an empty list is nothing.
fn in_json(value: &Value) -> Cell {
    match value {
        Value::List(elements) if elements.is_empty() => Cell::Empty,
        Value::List(elements) => {
            Cell::text(serde_json::Value::from(elements.iter().filter_map(json).collect::<Vec<_>>()).to_string())
        }
        other => json(other).map_or(Cell::Empty, |json| Cell::text(json.to_string())),
    }
}

fn json(value: &Value) -> Option<serde_json::Value> {
    let options = SerializeOptions::new().skip_default_fields(false).stringify_64_bit_integers(false);
    value.as_message()?.serialize_with_options(serde_json::value::Serializer, &options).ok()
}
