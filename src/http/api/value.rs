//! The value of a parameter, held to the shape that its table gives it and to the field it goes to.

use super::table::{FieldPlace, Param, ValueShape};
use detente_ledger::wire::pasted_date::restore_pasted;
use detente_ledger::wire::time::{read_instant, recorded_at};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

/// The field of a request that a parameter goes to.
pub(super) fn field_of(param: &Param, request: &MessageDescriptor) -> Option<FieldDescriptor> {
    let under = |message: &MessageDescriptor, field: &str| match message.get_field_by_json_name(field)?.kind() {
        Kind::Message(message) => Some(message),
        _ => None,
    };
    match param.place {
        FieldPlace::At(path) => {
            let (messages, field) = path.rsplit_once('.').unwrap_or(("", path));
            let mut names = messages.split('.').filter(|name| !name.is_empty());
            names.try_fold(request.clone(), |message, name| under(&message, name))?.get_field_by_json_name(field)
        }
        FieldPlace::Filter(field) => under(&under(request, "filter")?, "items")?.get_field_by_json_name(field),
    }
}

/// Returns true if a parameter has one value.
pub(super) const fn is_single(shape: ValueShape) -> bool {
    !matches!(shape, ValueShape::Texts | ValueShape::Members(_) | ValueShape::Pairs(..))
}

/// The value of a field as JSON, of all that are given; of a single one the first.
///
/// # Errors
/// The fault of each value that is none, in words.
pub(super) fn value(param: &Param, field: &FieldDescriptor, given: &[String]) -> Result<Value, Vec<String>> {
    let list = |read: &dyn Fn(&String) -> Result<Value, String>| {
        let (read, faults): (Vec<_>, Vec<_>) = given.iter().map(read).partition(Result::is_ok);
        let faults: Vec<String> = faults.into_iter().filter_map(Result::err).collect();
        let read = read.into_iter().filter_map(Result::ok).collect();
        if faults.is_empty() { Ok(Value::Array(read)) } else { Err(faults) }
    };
    match param.shape {
        ValueShape::Texts => Ok(given.into()),
        ValueShape::Members(prefix) => list(&|value| member(field, prefix, value, false)),
        ValueShape::Pairs(first, second) => list(&|value| pair(first, second, value)),
        single => one(single, field, given.first().map_or("", String::as_str)).map_err(|fault| vec![fault]),
    }
}

fn one(shape: ValueShape, field: &FieldDescriptor, value: &str) -> Result<Value, String> {
    match (shape, value) {
        (ValueShape::Flag, "true" | "1" | "") => Ok(true.into()),
        (ValueShape::Flag, "false" | "0") => Ok(false.into()),
        (ValueShape::Flag, _) => Err(format!("`{value}` is neither true nor false")),
        (ValueShape::Empty, "true" | "1" | "") => Ok(json!({})),
        (ValueShape::Empty, _) => Err(format!("`{value}` is not true; leave it out where it is not meant")),
        (ValueShape::Number, digits) => number(field, digits),
        (ValueShape::Instant, _) => instant(value).map(Into::into),
        (ValueShape::Date, _) => Ok(restore_pasted(value).into()),
        (ValueShape::Member(prefix), name) => member(field, prefix, name, true),
        _ => Ok(value.into()),
    }
}

/// A number that its field holds.
fn number(field: &FieldDescriptor, digits: &str) -> Result<Value, String> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{digits}` is not a number"));
    }
    let most = match field.kind() {
        Kind::Uint32 | Kind::Fixed32 => u64::from(u32::MAX),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => u64::from(u32::MAX >> 1),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => u64::MAX >> 1,
        _ => u64::MAX,
    };
    match digits.parse::<u64>() {
        Ok(number) if number <= most => Ok(number.to_string().into()),
        _ => Err(format!("`{digits}` is larger than {most}")),
    }
}

/// The whole name of a member of the enum of a field. The member of no meaning stands for a value that is left out.
fn member(field: &FieldDescriptor, prefix: &str, given: &str, may_be_none: bool) -> Result<Value, String> {
    let name = given.to_ascii_uppercase().replace('-', "_");
    let name = if name.starts_with(prefix) { name } else { format!("{prefix}{name}") };
    let Kind::Enum(members) = field.kind() else { return Ok(name.into()) };
    if members.get_value_by_name(&name).is_some_and(|member| may_be_none || member.number() != 0) {
        return Ok(name.into());
    }
    let short = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase();
    let known: Vec<String> =
        members.values().filter(|member| member.number() != 0).map(|member| short(member.name())).collect();
    Err(format!("`{given}` is not one of {}", known.join(", ")))
}

/// A day stands for its first moment, and a number of 11 to 15 digits for milliseconds since 1970, as dashboards write them.
fn instant(given: &str) -> Result<String, String> {
    let wrong = |lacks: &str| format!("`{given}` is no instant: {lacks}");
    let instant = read_instant(&restore_pasted(given)).map_err(|lacks| wrong(&lacks))?;
    recorded_at(&instant).map_err(|expected| wrong(&format!("expected {expected}")))?;
    Ok(instant.to_string())
}

fn pair(first: &str, second: &str, value: &str) -> Result<Value, String> {
    let (one, other) = value.split_once(':').ok_or_else(|| format!("`{value}`: expected {first}:{second}"))?;
    Ok(json!({ first: one, second: other }))
}
