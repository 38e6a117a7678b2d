//! Walks the bytes of a message along its shape.

use super::shapes::{Field, Form, Shape, Shapes};
use super::text;
use prost::Message as _;
use prost::bytes::Buf;
use prost::encoding::decode_varint;
use std::borrow::Cow;

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

/// Writes a message.
pub(super) fn message(shapes: &Shapes, shape: &Shape, bytes: &[u8], json: &mut Vec<u8>) -> Written {
    let undecodable = |_| Malformed("a time is malformed");
    match shape {
        Shape::Instant => {
            text::instant(&prost_types::Timestamp::decode(bytes).map_err(undecodable)?, json);
            Ok(())
        }
        Shape::Duration => {
            let duration = prost_types::Duration::decode(bytes).map_err(undecodable)?;
            text::plain(&duration.to_string(), json);
            Ok(())
        }
        Shape::Fields(fields) => object(shapes, fields, bytes, json),
        Shape::Missing => Err(Malformed("its shape is missing")),
    }
}

fn object(shapes: &Shapes, fields: &[Field], bytes: &[u8], json: &mut Vec<u8>) -> Written {
    let mut found = Vec::with_capacity(32);
    for field in Fields(bytes) {
        found.push(field?);
    }
    // Encoders write fields in the order of their numbers; a claim put together out of two events may not be in it.
    if !found.is_sorted_by_key(|field| field.number) {
        found.sort_by_key(|field| field.number);
    }
    let mut rest: &[Found<'_>] = &found;
    let open = json.len();
    json.push(b'{');
    for field in fields {
        let unknown = rest.iter().take_while(|one| one.number < field.number).count();
        let known = rest.get(unknown..).unwrap_or_default();
        let (own, later) = known.split_at(known.iter().take_while(|one| one.number == field.number).count());
        rest = later;
        if own.is_empty() && field.may_be_absent {
            continue;
        }
        if json.len() > open + 1 {
            json.push(b',');
        }
        json.extend_from_slice(field.key.as_bytes());
        if field.is_list { list(shapes, &field.form, own, json)? } else { single(shapes, &field.form, own, json)? }
    }
    json.push(b'}');
    Ok(())
}

fn list(shapes: &Shapes, form: &Form, own: &[Found<'_>], json: &mut Vec<u8>) -> Written {
    let open = json.len();
    json.push(b'[');
    let entry = |value: Value<'_>, json: &mut Vec<u8>| {
        if json.len() > open + 1 {
            json.push(b',');
        }
        self::value(shapes, form, value, json)
    };
    for field in own {
        match (field.value, form) {
            (value @ Value::Bytes(_), Form::Text | Form::Bytes | Form::Message(_)) => entry(value, json)?,
            (Value::Bytes(packed), form) => unpacked(form, packed, |value| entry(value, json))?,
            (value, _) => entry(value, json)?,
        }
    }
    json.push(b']');
    Ok(())
}

/// Numbers that lie one behind the other.
fn unpacked(form: &Form, mut packed: &[u8], mut entry: impl FnMut(Value<'_>) -> Written) -> Written {
    let cut_off = |_| Malformed("a list of numbers is cut off");
    while !packed.is_empty() {
        let value = match form {
            Form::Fixed64 | Form::Sfixed64 | Form::Double => Value::Eight(packed.try_get_u64_le().map_err(cut_off)?),
            Form::Fixed32 | Form::Sfixed32 | Form::Float => Value::Four(packed.try_get_u32_le().map_err(cut_off)?),
            _ => Value::Varint(decode_varint(&mut packed).map_err(|_| Malformed("a number does not end"))?),
        };
        entry(value)?;
    }
    Ok(())
}

/// The last value counts; the parts of a message are merged.
fn single(shapes: &Shapes, form: &Form, own: &[Found<'_>], json: &mut Vec<u8>) -> Written {
    match (own, form) {
        ([_, _, ..], Form::Message(_)) => {
            let parts = own.iter().filter_map(|one| if let Value::Bytes(part) = one.value { Some(part) } else { None });
            let whole: Cow<'_, [u8]> = parts.collect::<Vec<_>>().concat().into();
            value(shapes, form, Value::Bytes(&whole), json)
        }
        ([.., last], _) => value(shapes, form, last.value, json),
        ([], Form::Text | Form::Bytes) => value(shapes, form, Value::Bytes(b""), json),
        ([], Form::Fixed64 | Form::Sfixed64 | Form::Double) => value(shapes, form, Value::Eight(0), json),
        ([], Form::Fixed32 | Form::Sfixed32 | Form::Float) => value(shapes, form, Value::Four(0), json),
        ([], _) => value(shapes, form, Value::Varint(0), json),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "numbers are cut as protobuf cuts them")]
fn value(shapes: &Shapes, form: &Form, value: Value<'_>, json: &mut Vec<u8>) -> Written {
    match (form, value) {
        (Form::Message(number), Value::Bytes(bytes)) => {
            let shape = shapes.at(*number).ok_or(Malformed("its shape is missing"))?;
            return message(shapes, shape, bytes, json);
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
        (Form::Int64, Value::Varint(n)) => text::large(n as i64, json),
        (Form::Uint64, Value::Varint(n)) => text::large(n, json),
        (Form::Sint64, Value::Varint(n)) => text::large((n >> 1) as i64 ^ -((n & 1) as i64), json),
        (Form::Fixed64, Value::Eight(n)) => text::large(n, json),
        (Form::Sfixed64, Value::Eight(n)) => text::large(n as i64, json),
        (Form::Float, Value::Four(n)) => text::float(f32::from_bits(n), json),
        (Form::Double, Value::Eight(n)) => text::float(f64::from_bits(n), json),
        _ => return Err(Malformed("a field has another type than it should")),
    }
    Ok(())
}
