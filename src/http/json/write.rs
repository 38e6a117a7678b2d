//! Walks the bytes of a message along its shape.

use super::Defaults;
use super::shapes::{JsonField, JsonForm, JsonShape, Shapes};
use super::text;
use prost::Message as _;
use prost::bytes::Buf;
use prost::encoding::decode_varint;
use std::ops::Range;

/// Bytes that are not the message they should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct MalformedMessage(pub(super) &'static str);

type WriteResult = Result<(), MalformedMessage>;

/// A value as it lies in the bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::http::json) enum JsonValue<'a> {
    /// A value of one to ten bytes.
    Varint(u64),
    /// A value of four bytes.
    Four(u32),
    /// A value of eight bytes.
    Eight(u64),
    /// A value with its own length.
    Bytes(&'a [u8]),
}

impl JsonValue<'_> {
    /// Returns true if it is the default, which an absent field means.
    const fn is_default(self) -> bool {
        match self {
            Self::Varint(number) | Self::Eight(number) => number == 0,
            Self::Four(number) => number == 0,
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }
}

/// A field as it lies in the bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::http::json) struct FieldBytes<'a> {
    pub(in crate::http::json) number: u32,
    pub(in crate::http::json) value: JsonValue<'a>,
}

/// The fields of a message, as they lie in its bytes.
pub(in crate::http::json) struct Fields<'a>(pub(in crate::http::json) &'a [u8]);

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<FieldBytes<'a>, MalformedMessage> {
        const CUT_OFF: MalformedMessage = MalformedMessage("it is cut off");
        let varint = |rest: &mut &[u8]| decode_varint(rest).map_err(|_| MalformedMessage("a number does not end"));
        let key = varint(&mut self.0)?;
        let number = u32::try_from(key >> 3).map_err(|_| MalformedMessage("a field number is too large"))?;
        let value = match key & 7 {
            0 => JsonValue::Varint(varint(&mut self.0)?),
            1 => JsonValue::Eight(self.0.try_get_u64_le().map_err(|_| CUT_OFF)?),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).map_err(|_| CUT_OFF)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
                self.0 = rest;
                JsonValue::Bytes(bytes)
            }
            5 => JsonValue::Four(self.0.try_get_u32_le().map_err(|_| CUT_OFF)?),
            _ => return Err(MalformedMessage("a field has no type")),
        };
        Ok(FieldBytes { number, value })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<FieldBytes<'a>, MalformedMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.read())
    }
}

/// Writes messages along their shapes.
pub(super) struct JsonWriter<'j> {
    pub(super) shapes: &'static Shapes,
    pub(super) defaults: Defaults,
    pub(super) json: &'j mut Vec<u8>,
    pub(super) day: text::DayText,
}

impl JsonWriter<'_> {
    /// Writes a message.
    pub(super) fn message(&mut self, shape: &JsonShape, bytes: &[u8]) -> WriteResult {
        self.part(shape, bytes, &mut Vec::with_capacity(64))
    }

    /// The same for a message that may be within another: what is found in its bytes lies on the stack for as long.
    fn part<'a>(&mut self, shape: &JsonShape, bytes: &'a [u8], stack: &mut Vec<FieldBytes<'a>>) -> WriteResult {
        let undecodable = |_| MalformedMessage("a time is malformed");
        match shape {
            JsonShape::Instant => {
                text::instant(&prost_types::Timestamp::decode(bytes).map_err(undecodable)?, &mut self.day, self.json);
                Ok(())
            }
            JsonShape::Duration => {
                let duration = prost_types::Duration::decode(bytes).map_err(undecodable)?;
                text::plain(&duration.to_string(), self.json);
                Ok(())
            }
            JsonShape::Fields(fields) => self.object(fields, bytes, stack),
            JsonShape::Missing => Err(MalformedMessage("its shape is missing")),
        }
    }

    fn object<'a>(&mut self, fields: &[JsonField], bytes: &'a [u8], stack: &mut Vec<FieldBytes<'a>>) -> WriteResult {
        let below = stack.len();
        for field in Fields(bytes) {
            stack.push(field?);
        }
        let found = stack.get_mut(below..).unwrap_or_default();
        // Encoders write fields in the order of their numbers; a claim put together out of two events may not be in it.
        if !found.is_sorted_by_key(|field| field.number) {
            found.sort_by_key(|field| field.number);
        }
        let number_at = |stack: &[FieldBytes<'_>], at: usize| stack.get(at).map_or(u32::MAX, |one| one.number);
        let (mut at, mut next) = (below, number_at(stack, below));
        let open = self.json.len();
        self.json.push(b'{');
        for field in fields {
            while next < field.number {
                (at, next) = (at + 1, number_at(stack, at + 1));
            }
            let from = at;
            while next == field.number {
                (at, next) = (at + 1, number_at(stack, at + 1));
            }
            if self.is_left_out(field, stack.get(from..at).unwrap_or_default()) {
                continue;
            }
            if self.json.len() > open + 1 {
                self.json.push(b',');
            }
            self.json.extend_from_slice(field.key.as_bytes());
            if field.is_list {
                self.list(&field.form, from..at, stack)?
            } else {
                self.single(&field.form, from..at, stack)?
            }
        }
        stack.truncate(below);
        self.json.push(b'}');
        Ok(())
    }

    fn is_left_out(&self, field: &JsonField, own: &[FieldBytes<'_>]) -> bool {
        match (own, self.defaults) {
            ([], _) if field.may_be_absent => true,
            (_, Defaults::Written) => false,
            (own, Defaults::LeftOut) if field.is_list => {
                own.iter().all(|part| field.form.is_packed() && matches!(part.value, JsonValue::Bytes(b"")))
            }
            (own, Defaults::LeftOut) => !field.may_be_absent && own.last().is_none_or(|last| last.value.is_default()),
        }
    }

    fn list<'a>(&mut self, form: &JsonForm, own: Range<usize>, stack: &mut Vec<FieldBytes<'a>>) -> WriteResult {
        let open = self.json.len();
        self.json.push(b'[');
        for at in own {
            let Some(FieldBytes { value, .. }) = stack.get(at).copied() else { break };
            match (value, form) {
                (JsonValue::Bytes(_), JsonForm::Text | JsonForm::Bytes | JsonForm::Message(_)) => {
                    self.entry(open, form, value, stack)?
                }
                (JsonValue::Bytes(packed), form) => self.unpack(open, form, packed, stack)?,
                (value, _) => self.entry(open, form, value, stack)?,
            }
        }
        self.json.push(b']');
        Ok(())
    }

    /// One entry of the list that opens there.
    fn entry<'a>(
        &mut self,
        open: usize,
        form: &JsonForm,
        value: JsonValue<'a>,
        stack: &mut Vec<FieldBytes<'a>>,
    ) -> WriteResult {
        if self.json.len() > open + 1 {
            self.json.push(b',');
        }
        self.value(form, value, stack)
    }

    /// Numbers that lie one behind the other.
    fn unpack<'a>(
        &mut self,
        open: usize,
        form: &JsonForm,
        mut packed: &'a [u8],
        stack: &mut Vec<FieldBytes<'a>>,
    ) -> WriteResult {
        let cut_off = |_| MalformedMessage("a list of numbers is cut off");
        while !packed.is_empty() {
            let value = match form {
                JsonForm::Fixed64 | JsonForm::Sfixed64 | JsonForm::Double => {
                    JsonValue::Eight(packed.try_get_u64_le().map_err(cut_off)?)
                }
                JsonForm::Fixed32 | JsonForm::Sfixed32 | JsonForm::Float => {
                    JsonValue::Four(packed.try_get_u32_le().map_err(cut_off)?)
                }
                _ => JsonValue::Varint(
                    decode_varint(&mut packed).map_err(|_| MalformedMessage("a number does not end"))?,
                ),
            };
            self.entry(open, form, value, stack)?;
        }
        Ok(())
    }

    /// The last value counts; the parts of a message are merged.
    fn single<'a>(&mut self, form: &JsonForm, own: Range<usize>, stack: &mut Vec<FieldBytes<'a>>) -> WriteResult {
        match (stack.get(own).unwrap_or_default(), form) {
            (own @ [_, _, ..], JsonForm::Message(_)) => {
                let parts = own.iter().filter_map(|one| match one.value {
                    JsonValue::Bytes(part) => Some(part),
                    _ => None,
                });
                let whole = parts.collect::<Vec<_>>().concat();
                self.value(form, JsonValue::Bytes(&whole), &mut Vec::new())
            }
            ([.., last], _) => self.value(form, last.value, stack),
            ([], JsonForm::Text | JsonForm::Bytes) => self.value(form, JsonValue::Bytes(b""), stack),
            ([], JsonForm::Fixed64 | JsonForm::Sfixed64 | JsonForm::Double) => {
                self.value(form, JsonValue::Eight(0), stack)
            }
            ([], JsonForm::Fixed32 | JsonForm::Sfixed32 | JsonForm::Float) => {
                self.value(form, JsonValue::Four(0), stack)
            }
            ([], _) => self.value(form, JsonValue::Varint(0), stack),
        }
    }

    /// Writes a number of 64 bits: as a string, which no reader rounds; for dashboards as a number where a double holds it.
    fn large(&mut self, large: impl itoa::Integer + Into<i128> + Copy) {
        const EXACT: u128 = 1 << 53;
        let wide: i128 = large.into();
        match self.defaults {
            Defaults::Written if wide.unsigned_abs() < EXACT => text::number(large, self.json),
            Defaults::Written | Defaults::LeftOut => text::large(large, self.json),
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "numbers are cut as protobuf cuts them"
    )]
    fn value<'a>(&mut self, form: &JsonForm, value: JsonValue<'a>, stack: &mut Vec<FieldBytes<'a>>) -> WriteResult {
        let json = &mut *self.json;
        match (form, value) {
            (JsonForm::Message(number), JsonValue::Bytes(bytes)) => {
                let shape = self.shapes.at(*number).ok_or(MalformedMessage("its shape is missing"))?;
                return self.part(shape, bytes, stack);
            }
            (JsonForm::Text, JsonValue::Bytes(bytes)) => {
                let words = std::str::from_utf8(bytes).map_err(|_| MalformedMessage("a text is not UTF-8"))?;
                text::quote(words, json);
            }
            (JsonForm::Bytes, JsonValue::Bytes(bytes)) => text::base64(bytes, json),
            (JsonForm::Bool, JsonValue::Varint(n)) => json.extend_from_slice(if n == 0 { b"false" } else { b"true" }),
            (JsonForm::Enum(members), JsonValue::Varint(n)) => match members.get(&(n as i32)) {
                Some(name) => json.extend_from_slice(name.as_bytes()),
                None => text::number(n as i32, json),
            },
            (JsonForm::Int32, JsonValue::Varint(n)) => text::number(n as i32, json),
            (JsonForm::Uint32, JsonValue::Varint(n)) => text::number(n as u32, json),
            (JsonForm::Sint32, JsonValue::Varint(n)) => {
                text::number(((n as u32) >> 1) as i32 ^ -((n & 1) as i32), json)
            }
            (JsonForm::Fixed32, JsonValue::Four(n)) => text::number(n, json),
            (JsonForm::Sfixed32, JsonValue::Four(n)) => text::number(n as i32, json),
            (JsonForm::Int64, JsonValue::Varint(n)) => self.large(n as i64),
            (JsonForm::Uint64, JsonValue::Varint(n)) => self.large(n),
            (JsonForm::Sint64, JsonValue::Varint(n)) => self.large((n >> 1) as i64 ^ -((n & 1) as i64)),
            (JsonForm::Fixed64, JsonValue::Eight(n)) => self.large(n),
            (JsonForm::Sfixed64, JsonValue::Eight(n)) => self.large(n as i64),
            (JsonForm::Float, JsonValue::Four(n)) => text::float(f32::from_bits(n), json),
            (JsonForm::Double, JsonValue::Eight(n)) => text::float(f64::from_bits(n), json),
            _ => return Err(MalformedMessage("a field has another type than it should")),
        }
        Ok(())
    }
}
