//! Replies as canonical proto3 JSON, written straight from their bytes.
//!
//! A reply is mostly bytes that were encoded when they were recorded, and gRPC sends them as they are. Building messages of
//! them only to write them out again would make JSON many times slower than gRPC, so nothing is built: the descriptors of
//! the contract are compiled once into [`shapes`], and [`write`](mod@write) walks the bytes along them.
//!
//! ```text
//!   descriptors ── once ──> shapes: of each message its fields, by number, their names quoted already
//!   bytes of a reply ── one pass over a message: which field lies where ──> fields in order, those at their default too
//! ```
//!
//! Fields at their default are written for dashboards and spreadsheets, which then need not know the meaning of an
//! absent field. They are left out, as canonical proto3 JSON has it, for programs that know the contract. A field whose
//! absence has a meaning of its own (a message, an `optional`, a member of a `oneof`) is left out in both forms. For
//! dashboards whole numbers below 2^53 are numbers and not strings: every reader holds them exactly, and tells a column
//! of them from one of texts.

mod shapes;
mod text;
mod write;

use super::failure::HttpFailure;
use prost_reflect::MessageDescriptor;
use shapes::Shapes;

/// The treatment of fields at their default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defaults {
    /// They are written, as for dashboards.
    Written,
    /// They are left out.
    LeftOut,
}

/// A message as JSON. `bytes` is its encoding; several encodings one after the other are the merge of their messages, as
/// protobuf has it: lists one behind the other, of all else the last.
pub(super) fn encode(message: &MessageDescriptor, bytes: &[u8], defaults: Defaults) -> Result<Vec<u8>, HttpFailure> {
    let mut json = Vec::with_capacity(bytes.len() * 3 + 64);
    into(message, bytes, defaults, &mut json)?;
    Ok(json)
}

/// The same, behind what is there already.
pub(super) fn into(
    message: &MessageDescriptor,
    bytes: &[u8],
    defaults: Defaults,
    json: &mut Vec<u8>,
) -> Result<(), HttpFailure> {
    let shapes = Shapes::of_the_contract();
    let shape = shapes.get(message.full_name()).ok_or_else(|| HttpFailure::defect("no shape for this message"))?;
    write::JsonWriter { shapes, defaults, json, day: text::DayText::default() }
        .message(shape, bytes)
        .map_err(|malformed| HttpFailure::defect(malformed.0))
}

/// The bytes of each entry of a list, and of each message that stands alone, by the number of its field.
pub(super) fn parts(bytes: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    let fields = write::Fields(bytes).map_while(Result::ok).filter(move |field| field.number == number);
    fields.filter_map(|field| if let write::JsonValue::Bytes(part) = field.value { Some(part) } else { None })
}

/// The number in a field; 0 where it is not set.
pub(super) fn number(bytes: &[u8], number: u32) -> u64 {
    let fields = write::Fields(bytes).map_while(Result::ok).filter(|field| field.number == number);
    fields.fold(0, |earlier, field| if let write::JsonValue::Varint(number) = field.value { number } else { earlier })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::transcode::{method, methods};
    use prost::Message;
    use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, SerializeOptions, Value};

    /// Numbers that look random, the same in each run.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, most: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % most
        }
    }

    fn arbitrary(descriptor: &MessageDescriptor, chance: &mut Chance, depth: u32) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        if descriptor.full_name() == "google.protobuf.Timestamp" {
            let nanos = [0, 5_000_000, 123_456_000, 7][chance.below(4) as usize];
            message.set_field_by_name("seconds", Value::I64(chance.below(5_000_000_000) as i64 - 1_000_000_000));
            message.set_field_by_name("nanos", Value::I32(nanos));
            return message;
        }
        if descriptor.full_name().starts_with("google.protobuf.") {
            return message;
        }
        for field in descriptor.fields() {
            if chance.below(3) == 0 || (depth == 0 && matches!(field.kind(), Kind::Message(_))) {
                continue;
            }
            let count = chance.below(4);
            let value = if field.is_list() {
                Value::List((0..count).map(|_| value(&field, chance, depth)).collect())
            } else {
                value(&field, chance, depth)
            };
            message.set_field(&field, value);
        }
        message
    }

    fn value(field: &FieldDescriptor, chance: &mut Chance, depth: u32) -> Value {
        const TEXTS: [&str; 6] =
            ["", "plain", "\"quoted\\\" \u{7f}\n\t\u{0}\u{1f}", "اتفاق", "👩‍🚀\u{202e}", "</script>"];
        let number = [0, 1, 127, 300, u64::from(u32::MAX), u64::MAX][chance.below(6) as usize];
        match field.kind() {
            Kind::Bool => Value::Bool(chance.below(2) == 1),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number as i64),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number),
            Kind::Float => Value::F32([0.0, -2.25, 1.5, f32::INFINITY][chance.below(4) as usize]),
            Kind::Double => Value::F64([0.0, -2.25, 1.5, 1e300, f64::NAN, f64::NEG_INFINITY][chance.below(6) as usize]),
            Kind::String => Value::String(TEXTS[chance.below(6) as usize].to_owned()),
            Kind::Bytes => Value::Bytes(vec![7; chance.below(9) as usize].into()),
            Kind::Enum(of) => {
                let known = of.values().nth(chance.below(of.values().len() as u64) as usize).unwrap().number();
                Value::EnumNumber(if chance.below(9) == 0 { 9_999 } else { known })
            }
            Kind::Message(inner) => Value::Message(arbitrary(&inner, chance, depth.saturating_sub(1))),
        }
    }

    fn slowly(message: &DynamicMessage, defaults: Defaults) -> Vec<u8> {
        let mut serializer = serde_json::Serializer::new(Vec::new());
        let for_dashboards = defaults == Defaults::Written;
        let options =
            SerializeOptions::new().skip_default_fields(!for_dashboards).stringify_64_bit_integers(!for_dashboards);
        message.serialize_with_options(&mut serializer, &options).unwrap();
        let json = serializer.into_inner();
        if for_dashboards { for_a_dashboard(&json) } else { json }
    }

    /// Makes strings of numbers that a double does not hold, and leaves out what is only ever sent to the ledger.
    fn for_a_dashboard(json: &[u8]) -> Vec<u8> {
        let mut value: serde_json::Value = serde_json::from_slice(json).unwrap();
        adapt(&mut value);
        serde_json::to_vec(&value).unwrap()
    }

    fn adapt(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => items.iter_mut().for_each(adapt),
            serde_json::Value::Object(members) => {
                if members.contains_key("temporalType") && members.get("valid").is_some_and(|valid| valid == "") {
                    members.remove("valid");
                }
                members.values_mut().for_each(adapt);
            }
            serde_json::Value::Number(number) => {
                let whole = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
                if whole.is_some_and(|whole| whole.unsigned_abs() >= 1 << 53) {
                    *value = number.to_string().into();
                }
            }
            _ => {}
        }
    }

    /// JSON in one order of its members, where that of the contract is not kept by the other side.
    fn in_order(json: Vec<u8>, defaults: Defaults) -> String {
        match defaults {
            Defaults::Written => serde_json::from_slice::<serde_json::Value>(&json).unwrap().to_string(),
            Defaults::LeftOut => String::from_utf8(json).unwrap(),
        }
    }

    #[test]
    fn what_is_written_is_what_reflection_writes_for_every_reply_of_the_contract() {
        let mut chance = Chance(1);
        for descriptor in methods().iter().map(prost_reflect::MethodDescriptor::output) {
            for _ in 0..60 {
                let message = arbitrary(&descriptor, &mut chance, 5);
                for defaults in [Defaults::Written, Defaults::LeftOut] {
                    let json = encode(&descriptor, &message.encode_to_vec(), defaults).unwrap();
                    let (json, expected) = (in_order(json, defaults), slowly(&message, defaults));
                    assert_eq!(json, String::from_utf8(expected).unwrap(), "{}", descriptor.full_name());
                }
            }
        }
    }

    #[test]
    fn encodings_one_after_the_other_are_merged() {
        let descriptor = method("ReadEvents").unwrap().output();
        let mut chance = Chance(7);
        for _ in 0..200 {
            let both = [(); 2].map(|()| arbitrary(&descriptor, &mut chance, 4).encode_to_vec()).concat();
            let merged = DynamicMessage::decode(descriptor.clone(), &*both).unwrap();
            for defaults in [Defaults::Written, Defaults::LeftOut] {
                let json = encode(&descriptor, &both, defaults).unwrap();
                assert_eq!(in_order(json, defaults), String::from_utf8(slowly(&merged, defaults)).unwrap());
            }
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let descriptor = method("GetState").unwrap().output();
        for bytes in
            [&b"\x0a\xff"[..], b"\x0a", b"\x0f", b"\x12\x02\x0a\x05", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert!(encode(&descriptor, bytes, Defaults::Written).is_err(), "{bytes:?}");
        }
        let info = method("GetServerInfo").unwrap().output();
        let text = info.fields().find(|field| field.kind() == Kind::String).unwrap();
        let key = u8::try_from(text.number() << 3 | 2).unwrap();
        assert!(encode(&info, &[key, 2, 0xff, 0xfe], Defaults::LeftOut).is_err(), "a text that is not UTF-8");
    }
}
