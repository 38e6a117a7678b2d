//! The shapes of messages: what has to be known of a message to write its bytes as JSON, compiled from its descriptor once.

use crate::http::transcode;
use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// The shapes of the replies of all services, and of all that is in them.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    all: Vec<JsonShape>,
    numbers: HashMap<String, usize>,
}

/// A message.
#[derive(Debug, Default)]
pub(super) enum JsonShape {
    /// One that is an object, with its fields in the order of their numbers.
    Fields(Vec<JsonField>),
    /// An instant, which is a string.
    Instant,
    /// A length of time, which is a string.
    Duration,
    /// Not compiled.
    #[default]
    Missing,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct JsonField {
    pub(super) number: u32,
    /// Its name, quoted, with the colon: `"claimId":`.
    pub(super) key: Box<str>,
    pub(super) form: JsonForm,
    pub(super) is_list: bool,
    /// True if it is left out if it is not set, instead of being written with its default.
    pub(super) may_be_absent: bool,
}

impl JsonForm {
    /// Returns true if values of it may lie one behind the other in one field.
    pub(super) const fn is_packed(&self) -> bool {
        !matches!(self, Self::Text | Self::Bytes | Self::Message(_))
    }
}

/// The form in which a value is written.
#[derive(Debug)]
pub(super) enum JsonForm {
    Bool,
    Int32,
    Int64,
    Sint32,
    Sint64,
    Uint32,
    Uint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Float,
    Double,
    Text,
    Bytes,
    /// Its members by number, their names quoted.
    Enum(BTreeMap<i32, Box<str>>),
    /// The shape with this number.
    Message(usize),
}

static OF_THE_CONTRACT: LazyLock<Shapes> = LazyLock::new(|| {
    let mut shapes = Shapes::default();
    for rpc in transcode::rpcs() {
        shapes.compile(&rpc.method.output());
    }
    shapes
});

impl Shapes {
    /// Those of the contract.
    pub(super) fn of_the_contract() -> &'static Self {
        &OF_THE_CONTRACT
    }

    /// That of a message by its full name.
    pub(super) fn get(&self, name: &str) -> Option<&JsonShape> {
        self.at(*self.numbers.get(name)?)
    }

    pub(super) fn at(&self, number: usize) -> Option<&JsonShape> {
        self.all.get(number)
    }

    /// The number of a message's shape, which is compiled where it is not yet. Messages contain one another in circles, so
    /// a shape has its number before its fields are looked at.
    fn compile(&mut self, message: &MessageDescriptor) -> usize {
        if let Some(number) = self.numbers.get(message.full_name()) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(JsonShape::Missing);
        self.numbers.insert(message.full_name().to_owned(), number);
        let shape = match message.full_name() {
            "google.protobuf.Timestamp" => JsonShape::Instant,
            "google.protobuf.Duration" => JsonShape::Duration,
            // The others have forms of their own, and no reply has them.
            other if other.starts_with("google.protobuf.") => JsonShape::Missing,
            _ => {
                let mut fields: Vec<JsonField> = message.fields().map(|field| self.field(&field)).collect();
                fields.sort_unstable_by_key(|field| field.number);
                JsonShape::Fields(fields)
            }
        };
        if let Some(place) = self.all.get_mut(number) {
            *place = shape;
        }
        number
    }

    fn field(&mut self, field: &FieldDescriptor) -> JsonField {
        // It is only ever sent to the ledger; an empty one would read as if the claim had no valid time.
        let is_input = field.full_name() == "detente.v1.Claim.valid";
        JsonField {
            number: field.number(),
            key: format!("\"{}\":", field.json_name()).into(),
            form: self.form(&field.kind()),
            is_list: field.cardinality() == Cardinality::Repeated,
            may_be_absent: field.supports_presence() || is_input,
        }
    }

    fn form(&mut self, kind: &Kind) -> JsonForm {
        match kind {
            Kind::Bool => JsonForm::Bool,
            Kind::Int32 => JsonForm::Int32,
            Kind::Int64 => JsonForm::Int64,
            Kind::Sint32 => JsonForm::Sint32,
            Kind::Sint64 => JsonForm::Sint64,
            Kind::Uint32 => JsonForm::Uint32,
            Kind::Uint64 => JsonForm::Uint64,
            Kind::Fixed32 => JsonForm::Fixed32,
            Kind::Fixed64 => JsonForm::Fixed64,
            Kind::Sfixed32 => JsonForm::Sfixed32,
            Kind::Sfixed64 => JsonForm::Sfixed64,
            Kind::Float => JsonForm::Float,
            Kind::Double => JsonForm::Double,
            Kind::String => JsonForm::Text,
            Kind::Bytes => JsonForm::Bytes,
            Kind::Enum(of) => JsonForm::Enum(members(of)),
            Kind::Message(of) => JsonForm::Message(self.compile(of)),
        }
    }
}

/// The members of an enum, the first name of a number counting.
fn members(of: &EnumDescriptor) -> BTreeMap<i32, Box<str>> {
    let mut members = BTreeMap::new();
    for member in of.values() {
        members.entry(member.number()).or_insert_with(|| format!("\"{}\"", member.name()).into());
    }
    members
}
