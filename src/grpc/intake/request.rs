//! A large or compressed message: gathered, inflated, weighed and decoded, each with its memory reserved before.

use super::metered::{HEAD, Head, PLAIN};
use crate::budget::{Growing, MemoryBudget, Reservation, SMALL};
use crate::domain::rejection::Violation;
use crate::grpc::codec::{decoded, weight};
use crate::grpc::inflate::{Compression, Payload, aside, inflate};
use crate::grpc::status::Refusal;
use http_body_util::BodyExt as _;
use prost::Message;
use prost::bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use std::any::Any;
use std::sync::Arc;
use tonic::Status;
use tonic::body::Body;

/// What became of a message.
pub(super) enum Made {
    /// A small one, plain and with its head, which is decoded where it came.
    Frame(Bytes),
    /// A large one, decoded, with what it takes.
    Message(Box<dyn Any + Send>, Reservation),
}

/// What is to be known for taking in a message.
pub(super) struct Taking {
    /// The rpc that it is for.
    pub(super) rpc: Box<str>,
    /// How it is compressed, if it is.
    pub(super) compression: Option<Compression>,
    /// Maximum bytes of the request.
    pub(super) limit: usize,
    /// Where its memory comes from.
    pub(super) budget: Arc<MemoryBudget>,
}

/// How the request of an rpc is weighed and decoded.
#[derive(Clone, Copy)]
struct Maker {
    weight: fn(&[u8], usize) -> Result<usize, Refusal>,
    decoded: fn(Bytes) -> Result<Box<dyn Any + Send>, Refusal>,
}

/// The rpcs by their names.
const MAKERS: &[(&str, Maker)] = include!(concat!(env!("OUT_DIR"), "/requests.rs"));

const fn maker<M: Message + Default + 'static>() -> Maker {
    Maker { weight: weight::<M>, decoded: |bytes| Ok(Box::new(decoded::<M>(bytes)?)) }
}

/// The refusal of a request with more than one message.
pub(super) fn one_message() -> Status {
    Refusal::Unsupported("the rpc takes one message, and more than that was sent".to_owned()).into()
}

fn cut_off() -> Status {
    Refusal::Invalid(vec![Violation::new("", "the request ends before its message is whole")]).into()
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

impl Taking {
    /// Takes in the message that begins with `first`, and hands back the rest of the body.
    pub(super) async fn take_in(self, first: Bytes, mut body: Body) -> Result<(Made, Body), Status> {
        let (head, mut begun) = head(first, &mut body).await?;
        if head.passes(self.compression) && head.flag != 0 {
            return Ok((Made::Frame(framed(head, &begun)), body));
        }
        begun.advance(HEAD);
        if head.length > self.limit {
            let what = format!("the request is larger than {} bytes", self.limit);
            return Err(Refusal::TooLarge(Violation::new("", what)).into());
        }
        let mut message = self.gathered(head.length, begun, &mut body).await?;
        if let Some(compression) = self.compression.filter(|_| head.flag != 0) {
            message = inflate(compression, message, self.limit, &self.budget).await?;
        }
        let length = message.bytes.len();
        if length <= PLAIN {
            return Ok((Made::Frame(framed(Head { flag: 0, length }, &message.bytes)), body));
        }
        let (message, reserved) = self.made(message).await?;
        Ok((Made::Message(message, reserved), body))
    }

    /// So many bytes of a body, and no more.
    async fn gathered(&self, length: usize, begun: Bytes, body: &mut Body) -> Result<Payload, Status> {
        if begun.len() == length {
            let mut reserved = self.budget.nothing();
            reserved.extend(if length > SMALL { length } else { 0 }).await.map_err(Refusal::from)?;
            return Ok(Payload { bytes: begun, reserved });
        }
        let mut message = Growing::new(&self.budget, length);
        let mut bytes = begun;
        loop {
            if message.as_slice().len() + bytes.len() > length {
                return Err(one_message());
            }
            message.put(&bytes).await.map_err(Refusal::from)?;
            if message.as_slice().len() == length {
                return Ok(message.into());
            }
            bytes = next(body).await?.ok_or_else(cut_off)?;
        }
    }

    /// A message, decoded, and what it takes.
    async fn made(&self, message: Payload) -> Result<(Box<dyn Any + Send>, Reservation), Refusal> {
        let unknown = || Refusal::Unsupported(format!("there is no rpc {:?}", self.rpc));
        let (_, maker) = MAKERS.iter().find(|(name, _)| **name == *self.rpc).ok_or_else(unknown)?;
        let Payload { bytes, reserved: of_bytes } = message;
        let (beside, is_small) = (of_bytes.beside(), bytes.len() <= SMALL);
        let Maker { weight, decoded } = *maker;
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
async fn head(first: Bytes, body: &mut Body) -> Result<(Head, Bytes), Status> {
    let mut begun = first;
    loop {
        if let Some(head) = Head::of(&begun) {
            return Ok((head, begun));
        }
        let more = next(body).await?.ok_or_else(cut_off)?;
        begun = [&*begun, &*more].concat().into();
    }
}

/// A message behind a head.
fn framed(head: Head, message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + message.len());
    frame.put_u8(head.flag);
    frame.put_u32(u32::try_from(head.length).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}
