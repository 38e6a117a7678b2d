//! Entries as rows. The columns follow from the descriptor of the entries alone, so a table always has the same ones: a field
//! is a column, a message in it is spread out under its name with dots, a list is one cell (words joined by `; `, anything
//! else as JSON).

use crate::http::failure::Failure;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, SerializeOptions, Value};

/// How deep messages are spread out; what lies deeper is JSON in a cell.
const DEPTH: usize = 3;

/// A row for each entry, under a row of names.
pub(super) fn written(
    entry: &MessageDescriptor,
    entries: impl Iterator<Item = Result<DynamicMessage, Failure>>,
) -> Result<Vec<u8>, Failure> {
    let failed = |error: csv::Error| Failure::defect(format!("the table could not be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = columns_of(entry);
    writer.write_record(columns.iter().map(|column| column.name.as_str())).map_err(failed)?;
    for entry in entries {
        let entry = entry?;
        writer.write_record(columns.iter().map(|column| cell(&entry, &column.path))).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| failed(csv::Error::from(error.into_error())))
}

struct Column {
    name: String,
    path: Vec<FieldDescriptor>,
}

fn columns_of(message: &MessageDescriptor) -> Vec<Column> {
    let mut columns = Vec::new();
    spread(message, &[], &mut columns);
    columns
}

fn spread(message: &MessageDescriptor, above: &[FieldDescriptor], columns: &mut Vec<Column>) {
    for field in message.fields() {
        let path: Vec<FieldDescriptor> = above.iter().cloned().chain([field.clone()]).collect();
        match field.kind() {
            Kind::Message(inner) if !field.is_list() && !is_plain(&inner) && path.len() < DEPTH => {
                spread(&inner, &path, columns);
            }
            _ => {
                let name = path.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".");
                columns.push(Column { name, path });
            }
        }
    }
}

/// Whether a message is one value in JSON.
fn is_plain(message: &MessageDescriptor) -> bool {
    message.parent_file().package_name() == "google.protobuf" || message.fields().len() == 0
}

fn cell(entry: &DynamicMessage, path: &[FieldDescriptor]) -> String {
    let Some((field, rest)) = path.split_first() else { return String::new() };
    if field.supports_presence() && !entry.has_field(field) {
        return String::new();
    }
    let value = entry.get_field(field);
    match (&*value, rest) {
        (Value::Message(inner), [_, ..]) => cell(inner, rest),
        (value, _) => shown(field, value),
    }
}

fn shown(field: &FieldDescriptor, value: &Value) -> String {
    match value {
        Value::List(items) if items.iter().all(|item| matches!(item, Value::String(_) | Value::EnumNumber(_))) => {
            items.iter().map(|item| shown(field, item)).collect::<Vec<_>>().join("; ")
        }
        Value::List(items) => {
            let all: Vec<serde_json::Value> = items.iter().filter_map(json).collect();
            if all.is_empty() { String::new() } else { serde_json::Value::from(all).to_string() }
        }
        Value::EnumNumber(number) => {
            let kind = field.kind();
            let member = kind.as_enum().and_then(|of| of.get_value(*number));
            member.map_or_else(|| number.to_string(), |member| member.name().to_owned())
        }
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::U32(n) => n.to_string(),
        Value::U64(n) => n.to_string(),
        Value::I32(n) => n.to_string(),
        Value::I64(n) => n.to_string(),
        Value::F64(n) => n.to_string(),
        Value::F32(n) => n.to_string(),
        other => match json(other) {
            Some(serde_json::Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        },
    }
}

fn json(value: &Value) -> Option<serde_json::Value> {
    let Value::Message(message) = value else { return None };
    message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new()).ok()
}
