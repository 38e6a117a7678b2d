//! How messages become bytes on the wire and back: protobuf, with room made for a reply before it is written, with a
//! request that would take too much memory refused before it is decoded, and with one that is not protobuf refused the way
//! every other malformed request is.

use super::intake::Intake;
use super::status::Refusal;
use crate::domain::rejection::Violation;
use crate::wire::weight::{allowance, weigh};
use prost::Message;
use prost::bytes::Buf;
use std::any::TypeId;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{DecodeBuf, Decoder, EncodeBuf, Encoder};

/// The codec of one rpc: it sends `T` and receives `U`.
pub struct Codec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> tonic::codec::Codec for Codec<T, U>
where
    T: Message + 'static,
    U: Message + Default + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Writer<T>;
    type Decoder = Reader<U>;

    fn encoder(&mut self) -> Writer<T> {
        Writer(PhantomData)
    }

    fn decoder(&mut self) -> Reader<U> {
        Reader(PhantomData)
    }
}

/// Writes messages.
pub struct Writer<T>(PhantomData<T>);

impl<T: Message> Encoder for Writer<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(item.encoded_len());
        item.encode_raw(out);
        Ok(())
    }
}

/// Reads messages.
pub struct Reader<U>(PhantomData<U>);

impl<U: Message + Default + 'static> Decoder for Reader<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        allow::<U>(bytes.chunk())?;
        let undecodable = |error: prost::DecodeError| Refusal::Invalid(vec![Violation::new("", error.to_string())]);
        U::decode(bytes).map(Some).map_err(|error| undecodable(error).into())
    }
}

/// Refuses a request that would take too much memory, and reserves what it takes.
fn allow<U: 'static>(bytes: &[u8]) -> Result<(), Refusal> {
    let most = allowance(bytes.len()).min(Intake::most());
    let weight = weigh(TypeId::of::<U>(), bytes, most).map_err(Refusal::TooLarge)?;
    let bytes = weight.max(bytes.len());
    if bytes > most {
        let what = format!("the request is larger than {} MiB, and there is no more memory for requests", most >> 20);
        return Err(Refusal::TooLarge(Violation::new("", what)));
    }
    Intake::reserve(bytes)
}
