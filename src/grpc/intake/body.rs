//! The body of a request, handed on as it comes where it is small, and gathered where it is large or compressed.

use super::Intake;
use super::request::{LargeMessage, Message, one_message};
use crate::grpc::inflate::Compression;
use crate::grpc::status::CallRefusal;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

/// Messages up to this size are decoded in place, whatever they contain.
pub(super) const PLAIN: usize = 4 << 10;
/// Bytes in front of a message: a flag, and a length of four bytes.
pub(super) const HEAD: usize = 5;

/// The head of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyHead {
    /// 0 for a plain message, 1 for a compressed one.
    pub(super) flag: u8,
    /// The bytes of the message.
    pub(super) length: usize,
}

impl BodyHead {
    /// The head that bytes begin with, if all of it is there.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (flag, length) = bytes.first_chunk::<HEAD>()?.split_first()?;
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        Some(Self { flag: *flag, length })
    }

    /// Returns true if the message goes on as it comes: it is small, or the transport refuses it at its head.
    pub(super) const fn passes(self, compression: Option<Compression>) -> bool {
        match (self.flag, compression) {
            (0, _) => self.length <= PLAIN,
            (1, Some(_)) => false,
            _ => true,
        }
    }
}

/// The body of a request with one message.
pub(super) struct RequestBody {
    body: Body,
    step: BodyStep,
    compression: Option<Compression>,
    limit: usize,
}

enum BodyStep {
    /// Nothing has come.
    Fresh,
    /// The message is passed on as it comes; the number is its remaining bytes.
    Passing(usize),
    /// The message is gathered.
    Aside(Pin<Box<dyn Future<Output = TakeInResult> + Send>>),
}

/// The message and the rest of the body, or a refusal.
type TakeInResult = Result<(Message, Body), Status>;

impl RequestBody {
    /// The compression of a request's messages, if it is one that is known here.
    pub(super) fn compression(headers: &HeaderMap) -> Option<Compression> {
        headers.get("grpc-encoding").and_then(|said| Compression::by_name(said.as_bytes()))
    }

    pub(super) const fn new(body: Body, compression: Option<Compression>, limit: usize) -> Self {
        Self { body, step: BodyStep::Fresh, compression, limit }
    }

    fn begin(&mut self, first: &Bytes) -> Result<Option<Bytes>, Status> {
        if let Some(head) = BodyHead::of(first).filter(|head| head.passes(self.compression)) {
            let missing = head.length.checked_sub(first.len() - HEAD);
            self.step = BodyStep::Passing(missing.ok_or_else(one_message)?);
            return Ok(Some(first.clone()));
        }
        let (rpc, budget) = Intake::current().ok_or(CallRefusal::Defect)?;
        let message = LargeMessage { rpc, compression: self.compression, limit: self.limit, budget };
        self.step = BodyStep::Aside(Box::pin(message.take_in(first.clone(), std::mem::take(&mut self.body))));
        Ok(None)
    }
}

/// A frame that stands for a message which is there already.
const EMPTY_MESSAGE: &[u8] = &[0; HEAD];

fn data(bytes: Bytes) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
    Poll::Ready(Some(Ok(Frame::data(bytes))))
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            if let BodyStep::Aside(taking_in) = &mut self.step {
                let taken = ready!(taking_in.as_mut().poll(context));
                self.step = BodyStep::Passing(0);
                let (message, body) = match taken {
                    Ok(taken) => taken,
                    Err(status) => return Poll::Ready(Some(Err(status))),
                };
                self.body = body;
                return data(match message {
                    Message::Small(frame) => frame,
                    Message::Large(decoded, reserved) => {
                        Intake::keep(decoded, reserved);
                        Bytes::from_static(EMPTY_MESSAGE)
                    }
                });
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            let Some(bytes) = frame.data_ref().filter(|bytes| !bytes.is_empty()) else {
                return Poll::Ready(Some(Ok(frame)));
            };
            if let BodyStep::Passing(missing) = &mut self.step {
                let Some(left) = missing.checked_sub(bytes.len()) else {
                    return Poll::Ready(Some(Err(one_message())));
                };
                *missing = left;
                return Poll::Ready(Some(Ok(frame)));
            }
            match self.begin(bytes) {
                Ok(Some(bytes)) => return data(bytes),
                Ok(None) => {}
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        !matches!(self.step, BodyStep::Aside(_)) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole_and_says_what_passes() {
        assert_eq!(BodyHead::of(b"\0\0\0\x01"), None);
        let head = BodyHead::of(b"\x01\x01\0\0\x02more").unwrap();
        assert_eq!(head, BodyHead { flag: 1, length: (1 << 24) + 2 });
        let passes = |flag, length, compression| BodyHead { flag, length }.passes(compression);
        assert!(passes(0, PLAIN, None) && !passes(0, PLAIN + 1, None));
        assert!(!passes(1, 1, Some(Compression::Gzip)), "it may become large");
        assert!(passes(1, 1 << 30, None) && passes(9, 1 << 30, None), "the transport refuses it");
    }
}
