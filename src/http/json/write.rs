//! Walks the bytes of a message along its shape.

use super::Defaults;
use super::shapes::{Field, Form, Shape, Shapes};
use super::text;
use prost::Message as _;
use prost::bytes::Buf;
use prost::encoding::decode_varint;
use std::ops::Range;

/// Bytes that are not the message they should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed(pub(super) &'static str);

type Written = Result<(), Malformed>;

/// A value as it lies in the bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::http::json) enum Value<'a> {
    /// Of one to ten bytes.
    Varint(u64),
    /// Of four bytes.
    Four(u32),
    /// Of eight bytes.
    Eight(u64),
    /// Of as many as it says.
    Bytes(&'a [u8]),
}

impl Value<'_> {
    /// Whether it is what is meant where there is none.
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
pub(in crate::http::json) struct Found<'a> {
    pub(in crate::http::json) number: u32,
    pub(in crate::http::json) value: Value<'a>,
}

/// The fields of a message, as they lie in its bytes.
pub(in crate::http::json) struct Fields<'a>(pub(in crate::http::json) &'a [u8]);

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<Found<'a>, Malformed> {
        const CUT_OFF: Malformed = Malformed("it is cut off");
        let varint = |rest: &mut &[u8]| decode_varint(rest).map_err(|_| Malformed("a number does not end"));
        let key = varint(&mut self.0)?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed("a field number is too large"))?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.0)?),
            1 => Value::Eight(self.0.try_get_u64_le().map_err(|_| CUT_OFF)?),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).map_err(|_| CUT_OFF)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Four(self.0.try_get_u32_le().map_err(|_| CUT_OFF)?),
            _ => return Err(Malformed("a field has no type")),
        };
        Ok(Found { number, value })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Found<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.read())
    }
}

/// Writes messages along their shapes.
pub(super) struct Writer<'j> {
    pub(super) shapes: &'static Shapes,
    pub(super) defaults: Defaults,
    pub(super) json: &'j mut Vec<u8>,
    pub(super) day: text::Day,
}

impl Writer<'_> {
    /// Writes a message.
    pub(super) fn message(&mut self, shape: &Shape, bytes: &[u8]) -> Written {
        self.part(shape, bytes, &mut Vec::with_capacity(64))
    }

    /// The same for a message that may be within another: what is found in its bytes lies on the stack for as long.
    fn part<'a>(&mut self, shape: &Shape, bytes: &'a [u8], stack: &mut Vec<Found<'a>>) -> Written {
        let undecodable = |_| Malformed("a time is malformed");
        match shape {
            Shape::Instant => {
                text::instant(&prost_types::Timestamp::decode(bytes).map_err(undecodable)?, &mut self.day, self.json);
                Ok(())
            }
            Shape::Duration => {
                let duration = prost_types::Duration::decode(bytes).map_err(undecodable)?;
                text::plain(&duration.to_string(), self.json);
                Ok(())
            }
            Shape::Fields(fields) => self.object(fields, bytes, stack),
            Shape::Missing => Err(Malformed("its shape is missing")),
        }
    }

    fn object<'a>(&mut self, fields: &[Field], bytes: &'a [u8], stack: &mut Vec<Found<'a>>) -> Written {
        let below = stack.len();
        for field in Fields(bytes) {
            stack.push(field?);
        }
        let found = stack.get_mut(below..).unwrap_or_default();
        // Encoders write fields in the order of their numbers; a claim put together out of two events may not be in it.
        if !found.is_sorted_by_key(|field| field.number) {
            found.sort_by_key(|field| field.number);
        }
        let number_at = |stack: &[Found<'_>], at: usize| stack.get(at).map_or(u32::MAX, |one| one.number);
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

    fn is_left_out(&self, field: &Field, own: &[Found<'_>]) -> bool {
        match (own, self.defaults) {
            ([], _) if field.may_be_absent => true,
            (_, Defaults::Written) => false,
            (own, Defaults::LeftOut) if field.is_list => {
                own.iter().all(|part| field.form.is_packed() && matches!(part.value, Value::Bytes(b"")))
            }
            (own, Defaults::LeftOut) => !field.may_be_absent && own.last().is_none_or(|last| last.value.is_default()),
        }
    }

    fn list<'a>(&mut self, form: &Form, own: Range<usize>, stack: &mut Vec<Found<'a>>) -> Written {
        let open = self.json.len();
        self.json.push(b'[');
        for at in own {
            let Some(Found { value, .. }) = stack.get(at).copied() else { break };
            match (value, form) {
                (Value::Bytes(_), Form::Text | Form::Bytes | Form::Message(_)) => {
                    self.entry(open, form, value, stack)?
                }
                (Value::Bytes(packed), form) => self.unpacked(open, form, packed, stack)?,
                (value, _) => self.entry(open, form, value, stack)?,
            }
        }
        self.json.push(b']');
        Ok(())
    }

    /// One entry of the list that opens there.
    fn entry<'a>(&mut self, open: usize, form: &Form, value: Value<'a>, stack: &mut Vec<Found<'a>>) -> Written {
        if self.json.len() > open + 1 {
            self.json.push(b',');
        }
        self.value(form, value, stack)
    }

    /// Numbers that lie one behind the other.
    fn unpacked<'a>(&mut self, open: usize, form: &Form, mut packed: &'a [u8], stack: &mut Vec<Found<'a>>) -> Written {
        let cut_off = |_| Malformed("a list of numbers is cut off");
        while !packed.is_empty() {
            let value = match form {
                Form::Fixed64 | Form::Sfixed64 | Form::Double => {
                    Value::Eight(packed.try_get_u64_le().map_err(cut_off)?)
                }
                Form::Fixed32 | Form::Sfixed32 | Form::Float => Value::Four(packed.try_get_u32_le().map_err(cut_off)?),
                _ => Value::Varint(decode_varint(&mut packed).map_err(|_| Malformed("a number does not end"))?),
            };
            self.entry(open, form, value, stack)?;
        }
        Ok(())
    }

    /// The last value counts; the parts of a message are merged.
    fn single<'a>(&mut self, form: &Form, own: Range<usize>, stack: &mut Vec<Found<'a>>) -> Written {
        match (stack.get(own).unwrap_or_default(), form) {
            (own @ [_, _, ..], Form::Message(_)) => {
                let parts = own.iter().filter_map(|one| match one.value {
                    Value::Bytes(part) => Some(part),
                    _ => None,
                });
                let whole = parts.collect::<Vec<_>>().concat();
                self.value(form, Value::Bytes(&whole), &mut Vec::new())
            }
            ([.., last], _) => self.value(form, last.value, stack),
            ([], Form::Text | Form::Bytes) => self.value(form, Value::Bytes(b""), stack),
            ([], Form::Fixed64 | Form::Sfixed64 | Form::Double) => self.value(form, Value::Eight(0), stack),
            ([], Form::Fixed32 | Form::Sfixed32 | Form::Float) => self.value(form, Value::Four(0), stack),
            ([], _) => self.value(form, Value::Varint(0), stack),
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
    fn value<'a>(&mut self, form: &Form, value: Value<'a>, stack: &mut Vec<Found<'a>>) -> Written {
        let json = &mut *self.json;
        match (form, value) {
            (Form::Message(number), Value::Bytes(bytes)) => {
                let shape = self.shapes.at(*number).ok_or(Malformed("its shape is missing"))?;
                return self.part(shape, bytes, stack);
            }
            (Form::Text, Value::Bytes(bytes)) => {
                let words = std::str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))?;
                text::quoted(words, json);
            }
            (Form::Bytes, Value::Bytes(bytes)) => text::base64(bytes, json),
            (Form::Bool, Value::Varint(n)) => json.extend_from_slice(if n == 0 { b"false" } else { b"true" }),
            (Form::Enum(members), Value::Varint(n)) => match members.get(&(n as i32)) {
                Some(name) => json.extend_from_slice(name.as_bytes()),
                None => text::number(n as i32, json),
            },
            (Form::Int32, Value::Varint(n)) => text::number(n as i32, json),
            (Form::Uint32, Value::Varint(n)) => text::number(n as u32, json),
            (Form::Sint32, Value::Varint(n)) => text::number(((n as u32) >> 1) as i32 ^ -((n & 1) as i32), json),
            (Form::Fixed32, Value::Four(n)) => text::number(n, json),
            (Form::Sfixed32, Value::Four(n)) => text::number(n as i32, json),
            (Form::Int64, Value::Varint(n)) => self.large(n as i64),
            (Form::Uint64, Value::Varint(n)) => self.large(n),
            (Form::Sint64, Value::Varint(n)) => self.large((n >> 1) as i64 ^ -((n & 1) as i64)),
            (Form::Fixed64, Value::Eight(n)) => self.large(n),
            (Form::Sfixed64, Value::Eight(n)) => self.large(n as i64),
            (Form::Float, Value::Four(n)) => text::float(f32::from_bits(n), json),
            (Form::Double, Value::Eight(n)) => text::float(f64::from_bits(n), json),
            _ => return Err(Malformed("a field has another type than it should")),
        }
        Ok(())
    }
}
