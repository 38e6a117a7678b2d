//! The body of a call that the door gets back if the call is answered before it has been read.
//!
//! HTTP/2 lets a server answer early and reset what the client still sends (RFC 9113, 8.1). Some clients lose the answer
//! then: curl 7.88.1 reports a stream error if its body is not yet sent. A short body of known length is on its way in any
//! case, so the rest of it is read before the answer is given. Clients of gRPC do not say the length, and cope.
//!
//! A call with `grpc-timeout` is answered at once: the transport has a timer of its own for it, whose refusal is a
//! cancellation without a reason, and which would run out while the body is waited for.

use super::READ_ON;
use http_body::{Body as _, Frame, SizeHint};
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{Request, Version, header};

/// Returns true for a request over HTTP/2 whose body has a length that is known and short.
pub(super) fn is_short(request: &Request<Body>) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<usize>().ok());
    let is_timed = request.headers().contains_key("grpc-timeout");
    request.version() >= Version::HTTP_2 && !is_timed && length.is_some_and(|length| (1..=READ_ON).contains(&length))
}

/// The hold that the door keeps of a body.
pub(super) struct LentBody(Arc<Mutex<Body>>);

/// The same body, as the call reads it.
struct BorrowedBody(Arc<Mutex<Body>>);

impl LentBody {
    /// Lends the body of a request to a call.
    pub(super) fn lend(request: Request<Body>) -> (Request<Body>, Option<Self>) {
        let (parts, body) = request.into_parts();
        let shared = Arc::new(Mutex::new(body));
        let body = Body::new(BorrowedBody(Arc::clone(&shared)));
        (Request::from_parts(parts, body), Some(Self(shared)))
    }

    /// The rest of the body, unless somebody still reads it or it has been read.
    pub(super) fn take_back(self) -> Option<Body> {
        Arc::into_inner(self.0).map(Mutex::into_inner).filter(|body| !body.is_end_stream())
    }
}

impl http_body::Body for BorrowedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut *self.0.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().size_hint()
    }
}
