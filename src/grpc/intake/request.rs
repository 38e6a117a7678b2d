//! A large or compressed message: gathered, inflated, weighed and decoded, each with its memory reserved before.

use super::body::{BodyHead, HEAD, PLAIN};
use crate::grpc::codec::{decode, weight};
use crate::grpc::inflate::{Compression, Payload, aside, inflate};
use crate::grpc::status::CallRefusal;
use detente_domain::rejection::Violation;
use detente_ledger::budget::{MemoryBudget, Reservation, ReservedBuffer, SMALL};
use http_body_util::BodyExt as _;
use prost::bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use std::any::Any;
use std::sync::Arc;
use tonic::Status;
use tonic::body::Body;

/// A message that was taken in.
pub(super) enum Message {
    /// A small one, plain and with its head, which is decoded where it came.
    Small(Bytes),
    /// A large one, decoded, with what it takes.
    Large(Box<dyn Any + Send>, Reservation),
}

/// A message that is taken in aside, since it is large or may become so.
pub(super) struct LargeMessage {
    /// The rpc that it is for.
    pub(super) rpc: &'static str,
    /// Its compression, if it is compressed.
    pub(super) compression: Option<Compression>,
    /// Maximum bytes of the request.
    pub(super) limit: usize,
    /// The budget of its memory.
    pub(super) budget: Arc<MemoryBudget>,
}

/// The functions that weigh and decode the request of an rpc.
#[derive(Clone, Copy)]
struct RequestType {
    weight: fn(&[u8], usize) -> Result<usize, CallRefusal>,
    decoded: fn(Bytes) -> Result<Box<dyn Any + Send>, CallRefusal>,
}

/// The rpcs by their names.
const REQUEST_TYPES: &[(&str, RequestType)] = include!(concat!(env!("OUT_DIR"), "/requests.rs"));

const fn request_type<M: prost::Message + Default + 'static>() -> RequestType {
    RequestType { weight: weight::<M>, decoded: |bytes| Ok(Box::new(decode::<M>(bytes)?)) }
}

/// The name of the rpc at a path; `unknown` where there is none, since such a name could be anything.
pub(in crate::grpc) fn rpc_named(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    REQUEST_TYPES.iter().find(|(known, _)| *known == name).map_or("unknown", |(known, _)| known)
}

/// The refusal of a request with more than one message.
pub(super) fn one_message() -> Status {
    CallRefusal::Unsupported("the rpc takes one message, and more than that was sent".to_owned()).into()
}

fn cut_off() -> Status {
    CallRefusal::Invalid(vec![Violation::new("", "the request ends before its message is whole")]).into()
}

/// The next bytes of a body; none at its end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Status> {
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => return Ok(Some(bytes)),
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

impl LargeMessage {
    /// Takes in the message that begins with `first`, and hands back the rest of the body.
    pub(super) async fn take_in(self, first: Bytes, mut body: Body) -> Result<(Message, Body), Status> {
        let (head, mut begun) = head(first, &mut body).await?;
        if head.passes(self.compression) && head.flag != 0 {
            return Ok((Message::Small(frame(head, &begun)), body));
        }
        begun.advance(HEAD);
        if head.length > self.limit {
            let what = format!("the request is larger than {} bytes", self.limit);
            return Err(CallRefusal::TooLarge(Violation::new("", what)).into());
        }
        let mut message = self.gather(head.length, begun, &mut body).await?;
        if let Some(compression) = self.compression.filter(|_| head.flag != 0) {
            message = inflate(compression, message, self.limit, &self.budget).await?;
        }
        let length = message.bytes.len();
        if length <= PLAIN {
            return Ok((Message::Small(frame(BodyHead { flag: 0, length }, &message.bytes)), body));
        }
        let (message, reserved) = self.decode(message).await?;
        Ok((Message::Large(message, reserved), body))
    }

    /// Gathers the given number of bytes of a body, and no more.
    async fn gather(&self, length: usize, mut begun: Bytes, body: &mut Body) -> Result<Payload, Status> {
        if begun.is_empty() && length > 0 {
            begun = next(body).await?.ok_or_else(cut_off)?;
        }
        if begun.len() == length {
            let mut reserved = self.budget.nothing();
            reserved.extend(if length > SMALL { length } else { 0 }).await.map_err(CallRefusal::from)?;
            return Ok(Payload { bytes: begun, reserved });
        }
        let mut message = ReservedBuffer::new(&self.budget, length);
        let mut bytes = begun;
        loop {
            if message.as_slice().len() + bytes.len() > length {
                return Err(one_message());
            }
            message.put(&bytes).await.map_err(CallRefusal::from)?;
            if message.as_slice().len() == length {
                return Ok(message.into());
            }
            bytes = next(body).await?.ok_or_else(cut_off)?;
        }
    }

    /// A message, decoded, and what it takes.
    async fn decode(&self, message: Payload) -> Result<(Box<dyn Any + Send>, Reservation), CallRefusal> {
        let unknown = || CallRefusal::Unsupported(format!("there is no rpc {:?}", self.rpc));
        let (_, request_type) = REQUEST_TYPES.iter().find(|(name, _)| *name == self.rpc).ok_or_else(unknown)?;
        let Payload { bytes, reserved: of_bytes } = message;
        let (beside, is_small) = (of_bytes.beside(), bytes.len() <= SMALL);
        let RequestType { weight, decoded } = *request_type;
        let weigh = {
            let bytes = bytes.clone();
            move || weight(&bytes, beside)
        };
        let weight = if is_small { weigh() } else { aside(weigh).await? }?;
        let mut reserved = self.budget.nothing();
        reserved.extend(if weight > SMALL { weight } else { 0 }).await?;
        let message = if is_small { decoded(bytes) } else { aside(move || decoded(bytes)).await? }?;
        Ok((message, reserved))
    }
}

/// The head of a message, and what has come of it, the head included.
async fn head(first: Bytes, body: &mut Body) -> Result<(BodyHead, Bytes), Status> {
    let mut begun = first;
    loop {
        if let Some(head) = BodyHead::of(&begun) {
            return Ok((head, begun));
        }
        let more = next(body).await?.ok_or_else(cut_off)?;
        begun = [&*begun, &*more].concat().into();
    }
}

/// A message behind a head.
fn frame(head: BodyHead, message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + message.len());
    frame.put_u8(head.flag);
    frame.put_u32(u32::try_from(head.length).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}
