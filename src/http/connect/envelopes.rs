//! Envelopes of a request: one that is the whole of it, or one after the other as they come.
//!
//! An envelope is a flag, a length of four bytes, and a message: a frame of gRPC. The flag is 0, or 1 where the message is
//! compressed.

use super::protocol::Invocation;
use super::{Codec, message};
use crate::grpc::inflate::{Compression, inflate_small};
use crate::grpc::local::{FRAME_HEAD, Problem, frame_head};
use crate::grpc::status::CallRefusal;
use crate::http::transcode;
use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

/// Maximum bytes of a message where they come one after the other: requests of reflection name a symbol.
const MOST: usize = 16 << 10;

/// The head of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EnvelopeHead {
    is_compressed: bool,
    length: usize,
}

impl EnvelopeHead {
    /// The head that bytes begin with, if all of it is there.
    fn of(bytes: &[u8], compression: Option<Compression>) -> Result<Option<Self>, CallRefusal> {
        let Some(([flag, length @ ..], _)) = bytes.split_first_chunk::<FRAME_HEAD>() else { return Ok(None) };
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        match (flag, compression) {
            (0, _) => Ok(Some(Self { is_compressed: false, length })),
            (1, Some(_)) => Ok(Some(Self { is_compressed: true, length })),
            (1, None) => Err(malformed_envelope(
                "an envelope has the flag of a compressed message; name the compression in connect-content-encoding",
            )),
            (other, _) => Err(malformed_envelope(&format!(
                "an envelope has the flags {other}; those of a request are 0, or 1 if it is compressed"
            ))),
        }
    }
}

fn malformed_envelope(what: &str) -> CallRefusal {
    CallRefusal::invalid(vec![(String::new(), what.to_owned())])
}

/// The one message in the body of a request, and its compression.
pub(super) fn only(
    body: &Bytes,
    compression: Option<Compression>,
) -> Result<(Bytes, Option<Compression>), CallRefusal> {
    if body.is_empty() {
        return Err(CallRefusal::Unsupported("the rpc takes one message, and none was sent".to_owned()));
    }
    let cut_off = || malformed_envelope("the request ends before its message is whole");
    let EnvelopeHead { is_compressed, length } = EnvelopeHead::of(body, compression)?.ok_or_else(cut_off)?;
    match (body.len() - FRAME_HEAD).cmp(&length) {
        std::cmp::Ordering::Less => Err(cut_off()),
        std::cmp::Ordering::Equal => Ok((body.slice(FRAME_HEAD..), compression.filter(|_| is_compressed))),
        std::cmp::Ordering::Greater => {
            Err(CallRefusal::Unsupported("the rpc takes one message, and more than that was sent".to_owned()))
        }
    }
}

/// The fault of a request that is still coming. A service may end its replies there without a word of it.
pub(super) type EnvelopeFault = Arc<OnceLock<Problem>>;

/// A body of small messages that become frames of gRPC as they come. It ends at a fault.
pub(super) struct SmallMessages {
    body: Body,
    read: Vec<u8>,
    codec: Codec,
    call: Invocation,
    fault: EnvelopeFault,
}

impl SmallMessages {
    /// The messages in the body of a request, and the place of the fault that there may be.
    pub(super) fn new(call: Invocation, codec: Codec, body: Body) -> (Self, EnvelopeFault) {
        let fault = EnvelopeFault::default();
        (Self { body, read: Vec::new(), codec, call, fault: Arc::clone(&fault) }, fault)
    }

    /// The frame of the next message, if all of it is there.
    fn next_whole(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(head) = EnvelopeHead::of(&self.read, self.call.sent)? else { return Ok(None) };
        if head.length > MOST {
            return Err(CallRefusal::too_large("", format!("a message is larger than {MOST} bytes")).into());
        }
        let whole = FRAME_HEAD + head.length;
        let Some(message) = self.read.get(FRAME_HEAD..whole) else { return Ok(None) };
        let framed = self.frame(head, message)?;
        self.read.drain(..whole);
        Ok(Some(framed))
    }

    fn frame(&self, head: EnvelopeHead, sent: &[u8]) -> Result<Bytes, Problem> {
        let compression = self.call.sent.filter(|_| head.is_compressed && !sent.is_empty());
        let inflated = match compression {
            None => sent.to_vec(),
            Some(compression) => inflate_small(compression, Bytes::copy_from_slice(sent), MOST)?,
        };
        let method = &self.call.rpc.method;
        let message = match self.codec {
            Codec::Proto => inflated,
            Codec::Json => transcode::request(method, message::text(&inflated)).map_err(|failure| failure.0)?,
        };
        let head = frame_head(0, message.len())?;
        Ok([&head[..], &*message].concat().into())
    }

    /// Gives up the rest of the request.
    fn end(&mut self, fault: Problem) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // There is one fault: nothing is read behind it.
        let _ = self.fault.set(fault);
        self.body = Body::empty();
        self.read.clear();
        Poll::Ready(None)
    }
}

impl HttpBody for SmallMessages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            match self.next_whole() {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(Frame::data(frame)))),
                Err(fault) => return self.end(fault),
                Ok(None) => {}
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => self.read.extend_from_slice(frame.data_ref().map_or(&[][..], |bytes| bytes)),
                Some(Err(error)) => {
                    let cut_off = || malformed_envelope("the request ends before it is whole").into();
                    return self.end(Problem::of_body(&error).unwrap_or_else(cut_off));
                }
                None if self.read.is_empty() => return Poll::Ready(None),
                None => return self.end(malformed_envelope("the request ends before its message is whole").into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_envelope_and_no_more() {
        let of = |body: &'static [u8], compression| {
            only(&Bytes::from_static(body), compression).map_err(|refusal| refusal.reason().as_str_name())
        };
        let gzip = Some(Compression::Gzip);
        assert_eq!(of(b"\0\0\0\0\x02{}", gzip), Ok((Bytes::from_static(b"{}"), None)));
        assert_eq!(of(b"\x01\0\0\0\x02{}", gzip), Ok((Bytes::from_static(b"{}"), gzip)));
        assert_eq!(of(b"\0\0\0\0\0", None), Ok((Bytes::new(), None)));
        for (body, reason) in [
            (&b""[..], "ERROR_REASON_UNSUPPORTED"),
            (b"\0\0\0\0\0\0\0\0\0\0", "ERROR_REASON_UNSUPPORTED"),
            (b"\0\0\0", "ERROR_REASON_INVALID_REQUEST"),
            (b"\0\0\0\0\x02{", "ERROR_REASON_INVALID_REQUEST"),
            (b"\0\xff\xff\xff\xff{", "ERROR_REASON_INVALID_REQUEST"),
            (b"\x01\0\0\0\x02{}", "ERROR_REASON_INVALID_REQUEST"),
            (b"\x02\0\0\0\x02{}", "ERROR_REASON_INVALID_REQUEST"),
            (b"\x80\0\0\0\x02{}", "ERROR_REASON_INVALID_REQUEST"),
        ] {
            assert_eq!(of(body, None), Err(reason), "{body:?}");
        }
    }
}
