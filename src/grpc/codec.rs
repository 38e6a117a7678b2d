//! Encoding and decoding of messages: protobuf, with room made for a reply before it is written, with a
//! request that would take too much memory refused before it is decoded, and with one that is not protobuf refused the way
//! every other malformed request is.

use super::intake::Intake;
use super::limits::admit_reply;
use super::status::CallRefusal;
use detente_domain::rejection::Violation;
use detente_ledger::wire::weight::{allowance, weigh};
use prost::Message;
use prost::bytes::Buf;
use std::any::TypeId;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{BufferSettings, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// The bytes of a request that takes little memory, whatever is in it: a few hundred KiB if all of it is empty
/// elements.
const LIGHT: usize = 128;

/// The room that is made for a message before its size is known: most requests and the replies to appends fit in it, and
/// growing from it copies little. The default of tonic is eight times as much, for every call.
const BUFFER: usize = 1024;
/// Number of bytes of a stream that are encoded before any of them is sent; tonic's default.
const YIELD_AT: usize = 32 << 10;

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
    type Encoder = MessageWriter<T>;
    type Decoder = MessageReader<U>;

    fn encoder(&mut self) -> MessageWriter<T> {
        MessageWriter(PhantomData)
    }

    fn decoder(&mut self) -> MessageReader<U> {
        MessageReader(PhantomData)
    }
}

/// Writes messages.
pub struct MessageWriter<T>(PhantomData<T>);

impl<T: Message> Encoder for MessageWriter<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        // One reply is looked at before it comes here; of a stream each is.
        let bytes = item.encoded_len();
        admit_reply(bytes)?;
        out.reserve(bytes);
        item.encode_raw(out);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER, YIELD_AT)
    }
}

/// Reads messages.
pub struct MessageReader<U>(PhantomData<U>);

impl<U: Message + Default + 'static> Decoder for MessageReader<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        if bytes.remaining() == 0
            && let Some(message) = Intake::take_message()
        {
            return Ok(Some(message));
        }
        if bytes.remaining() > LIGHT {
            Intake::reserve(weight::<U>(bytes.chunk(), Intake::beside())?)?;
        }
        Ok(Some(decode(bytes)?))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER, YIELD_AT)
    }
}

/// Returns the memory that a request takes once it is decoded, if that is allowed and no more than `most`.
pub(super) fn weight<U: 'static>(bytes: &[u8], most: usize) -> Result<usize, CallRefusal> {
    weigh(TypeId::of::<U>(), bytes, allowance(bytes.len()).min(most)).map_err(CallRefusal::TooLarge)
}

/// A request, decoded.
pub(super) fn decode<U: Message + Default>(bytes: impl Buf) -> Result<U, CallRefusal> {
    U::decode(bytes).map_err(|error| CallRefusal::Invalid(vec![Violation::new("", error.to_string())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::limits::MAX_REPLY_BYTES;
    use detente_proto::v1;
    use tonic::Code;

    #[test]
    fn a_reply_is_held_against_its_limit_before_it_is_compressed() {
        let of = |bytes: usize| v1::Text { text: "a".repeat(bytes), ..Default::default() };
        let beside = of(MAX_REPLY_BYTES).encoded_len() - MAX_REPLY_BYTES;
        let admitted = |bytes: usize| admit_reply(of(bytes - beside).encoded_len()).map_err(Status::from);
        assert!(admitted(MAX_REPLY_BYTES).is_ok());
        let refused = admitted(MAX_REPLY_BYTES + 1).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        let said = (refused.message(), String::from_utf8_lossy(refused.details()));
        assert!(said.0.contains("4194305 bytes") && said.1.contains("LIMIT_EXCEEDED"), "{said:?}");
    }
}
