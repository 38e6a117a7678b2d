//! The body of a call that the door gets back if the call is answered before it has been read.
//!
//! HTTP/2 lets a server answer early and reset what the client still sends (RFC 9113, 8.1). Some clients lose the answer
//! then: curl 7.88.1 reports a stream error if its body is not yet sent. A short body of known length is on its way in any
//! case, so the rest of it is read before the answer is given. Clients of gRPC do not say the length, and cope.
//!
//! Over HTTP/1.1 a connection whose body is not read to its end is closed, and a client that still sends gets a broken pipe in
//! place of the answer. So a little of every body is read there, and a connection that is closed all the same says so.
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

/// Returns true for a request of whose body the rest is read before it is answered: over HTTP/2 one whose body has a length that
/// is known and short, over HTTP/1.1 every one with a body. A client that waits to be told to go on sends none.
pub(super) fn is_read_on(request: &Request<Body>) -> bool {
    if request.version() <= Version::HTTP_11 {
        return !request.body().is_end_stream() && !request.headers().contains_key(header::EXPECT);
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<usize>().ok());
    let is_timed = request.headers().contains_key("grpc-timeout");
    !is_timed && length.is_some_and(|length| (1..=READ_ON).contains(&length))
}

/// The hold that the door keeps of a body.
pub(super) struct LentBody {
    body: Arc<Mutex<Body>>,
    /// True over HTTP/1.1, where a body that is not read to its end makes the connection useless.
    pub(super) is_old: bool,
}

/// The same body, as the call reads it.
struct BorrowedBody(Arc<Mutex<Body>>);

impl LentBody {
    /// Lends the body of a request to a call.
    pub(super) fn lend(request: Request<Body>) -> (Request<Body>, Option<Self>) {
        let is_old = request.version() <= Version::HTTP_11;
        let (parts, body) = request.into_parts();
        let shared = Arc::new(Mutex::new(body));
        let body = Body::new(BorrowedBody(Arc::clone(&shared)));
        (Request::from_parts(parts, body), Some(Self { body: shared, is_old }))
    }

    /// The rest of the body, unless somebody still reads it or it has been read.
    pub(super) fn take_back(self) -> Option<Body> {
        Arc::into_inner(self.body).map(Mutex::into_inner).filter(|body| !body.is_end_stream())
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
