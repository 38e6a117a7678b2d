//! The messages of the contract as JSON schemas, with the comments of the proto files: a message is an object, an enum the
//! list of its names, a number of 64 bits one in flat queries, where a double holds it, and else a string of digits.

use crate::http::transcode;
use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// The schemas that were referred to, and those they refer to, by the names they are referred to by.
#[derive(Default)]
pub(super) struct Schemas {
    made: BTreeMap<String, Value>,
    comments: HashMap<String, HashMap<Vec<i32>, String>>,
}

impl Schemas {
    /// A reference to the schema of a message, which is made where it is not yet.
    pub(super) fn message(&mut self, message: &MessageDescriptor) -> Value {
        match message.full_name() {
            "google.protobuf.Timestamp" => return json!({ "type": "string", "format": "date-time" }),
            "google.protobuf.Duration" => return json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$" }),
            "google.protobuf.FieldMask" => return json!({ "type": "string" }),
            _ => {}
        }
        let name = short(message.full_name());
        if !self.made.contains_key(&name) {
            // It may contain itself, so its place is taken before it is made.
            self.made.insert(name.clone(), Value::Null);
            let schema = self.object(message);
            self.made.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// Returns the comment of an element of a file.
    pub(super) fn comment(&mut self, file: &FileDescriptor, path: &[i32]) -> String {
        let comments = self.comments.entry(file.name().to_owned()).or_insert_with(|| comments_of(file));
        comments.get(path).cloned().unwrap_or_default()
    }

    /// All of them.
    pub(super) fn all(self) -> BTreeMap<String, Value> {
        self.made
    }

    fn object(&mut self, message: &MessageDescriptor) -> Value {
        let mut properties = Map::new();
        for field in message.fields() {
            let about = self.comment(&message.parent_file(), field.path());
            let mut schema = self.field(&field);
            if let Some(schema) = schema.as_object_mut().filter(|_| !about.is_empty()) {
                schema.insert("description".to_owned(), about.into());
            }
            properties.insert(field.json_name().to_owned(), schema);
        }
        let about = self.comment(&message.parent_file(), message.path());
        json!({ "type": "object", "description": about, "properties": properties, "additionalProperties": false })
    }

    fn field(&mut self, field: &FieldDescriptor) -> Value {
        let value = match field.kind() {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer" }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
                json!({ "type": ["integer", "string"], "pattern": "^-?[0-9]+$" })
            }
            Kind::Float | Kind::Double => json!({ "type": ["number", "string"] }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "format": "byte" }),
            Kind::Enum(of) => self.members(&of),
            Kind::Message(of) => self.message(&of),
        };
        if field.cardinality() == Cardinality::Repeated { json!({ "type": "array", "items": value }) } else { value }
    }

    fn members(&mut self, of: &EnumDescriptor) -> Value {
        let name = short(of.full_name());
        if !self.made.contains_key(&name) {
            let file = of.parent_file();
            let names: Vec<String> = of.values().map(|member| member.name().to_owned()).collect();
            let mut about = self.comment(&file, of.path());
            for member in of.values() {
                let said = self.comment(&file, member.path());
                about.push_str(&format!("\n* `{}`: {said}", member.name()));
            }
            self.made.insert(name.clone(), json!({ "type": "string", "description": about, "enum": names }));
        }
        reference(&name)
    }
}

/// A reference to a schema of the document.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The name of a message without its package, as the schemas have it.
pub(super) fn short(full_name: &str) -> String {
    let package = transcode::SERVICE.rsplit_once('.').map_or("", |(package, _)| package);
    full_name.strip_prefix(package).unwrap_or(full_name).trim_start_matches('.').to_owned()
}

/// The comments of a file by the paths of what they are about, on one line each.
fn comments_of(file: &FileDescriptor) -> HashMap<Vec<i32>, String> {
    let places = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
    let said = places.filter_map(|place| Some((place.path.clone(), place.leading_comments.as_deref()?)));
    said.map(|(path, comment)| (path, comment.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
}
