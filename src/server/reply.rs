//! A reply on its way to a client, which holds the turn of its call until the transport has sent the last of it.

use super::link::Turn;
use http_body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderValue, Response};

/// Bytes that hold the turn of their call.
struct TurnBytes<B> {
    bytes: B,
    _turn: Arc<Turn>,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for TurnBytes<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

fn holding(bytes: impl AsRef<[u8]> + Send + 'static, turn: &Arc<Turn>) -> Bytes {
    Bytes::from_owner(TurnBytes { bytes, _turn: Arc::clone(turn) })
}

/// Has the head of a reply without a body hold the turn of its call.
fn hold_by_head(headers: &mut HeaderMap, turn: &Arc<Turn>) {
    let Some(value) = headers.values_mut().next() else { return };
    let held = holding(value.as_bytes().to_vec(), turn);
    if let Ok(mut held) = HeaderValue::from_maybe_shared(held) {
        // The table of a connection's compressed headers would keep it otherwise.
        held.set_sensitive(true);
        *value = held;
    }
}

/// A reply, watched while it is handed over.
#[derive(Debug)]
pub(super) struct Reply {
    body: Body,
    turn: Option<Arc<Turn>>,
}

impl Reply {
    /// A reply to a call of a connection; within the process there is none.
    pub(super) fn to(turn: Option<Arc<Turn>>, reply: Response<Body>) -> Response<Self> {
        let (mut head, body) = reply.into_parts();
        if let Some(turn) = &turn {
            // Its head waits for the client already.
            turn.hand_over();
            if body.is_end_stream() {
                hold_by_head(&mut head.headers, turn);
            }
        }
        Response::from_parts(head, Self { body, turn })
    }
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let Some(turn) = &self.turn else { return polled };
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                turn.hand_over();
                // The last data hold the turn: trailers go out right behind them.
                Poll::Ready(Some(Ok(frame.map_data(|bytes| holding(bytes, turn)))))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Pending => {
                turn.wait();
                Poll::Pending
            }
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
