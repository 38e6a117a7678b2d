//! Calls of rpcs with a stream of replies, each in an envelope, and an end behind them.
//!
//! In binary the envelopes are the frames that the service sends, already compressed if the client accepts that, and go
//! through as they are. For JSON each message is rewritten. A stream whose time is over ends there.

use super::end::end;
use super::envelopes::{EnvelopeFault, SmallMessages, only};
use super::protocol::Invocation;
use super::{Codec, body, compress, message, metadata};
use crate::grpc::inflate::{Compression, Payload};
use crate::grpc::local::{FRAME_HEAD, FramedMessage, LocalCall, Problem, Replies, frame_head};
use crate::grpc::status::CallRefusal;
use crate::http::failure::HttpFailure;
use crate::http::feed::FOR_PROXIES;
use crate::http::json::{self, Defaults};
use crate::http::reply_memory::write_reply;
use crate::http::transcode::RpcKind;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use http_body::{Body as HttpBody, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Sleep, sleep_until};
use tokio_stream::Stream as _;

/// The compression of messages.
const ENCODING: HeaderName = HeaderName::from_static("connect-content-encoding");

/// Answers a call.
pub(super) async fn answer(call: &Invocation, codec: Codec, body: &mut Body) -> Result<Response, HttpFailure> {
    let head = LocalCall {
        path: call.rpc.path.clone(),
        timeout: call.grpc_timeout(),
        accepts: call.wanted.filter(|_| codec == Codec::Proto).map(Compression::name),
        only_validated: false,
    };
    let local = &call.web.local;
    let mut fault = EnvelopeFault::default();
    let response = if call.rpc.kind == RpcKind::BothWays {
        let messages;
        (messages, fault) = SmallMessages::new(call.clone(), codec, std::mem::take(body));
        local.call(&head, messages).await?
    } else {
        let Payload { bytes, reserved } = body::read(&call.web, body, FRAME_HEAD).await?;
        let (bytes, compression) = only(&bytes, call.sent)?;
        let message = message::message(call, codec, compression, Payload { bytes, reserved }).await?;
        local.call(&head, FramedMessage::new(message)?).await?
    };
    if let Some(problem) = Problem::in_headers(response.headers()) {
        return Ok(failure(codec, &problem));
    }
    let (parts, replies) = response.into_parts();
    let packed = match codec {
        Codec::Proto => parts.headers.get("grpc-encoding").cloned(),
        Codec::Json => call.wanted.map(|wanted| HeaderValue::from_static(wanted.name())),
    };
    let source = match codec {
        Codec::Proto => EnvelopeSource::Frames(Body::new(replies)),
        Codec::Json => EnvelopeSource::Messages(Replies::of(replies), None),
    };
    let deadline = call.deadline.map(|deadline| Box::pin(sleep_until(deadline)));
    let mut answer = begin(codec, Body::new(Envelopes { source, deadline, fault, call: call.clone() }));
    answer.headers_mut().extend(packed.map(|packed| (ENCODING, packed)));
    for (name, value) in metadata(&parts.headers) {
        answer.headers_mut().append(HeaderName::try_from(name).map_err(HttpFailure::defect)?, value.clone());
    }
    Ok(answer)
}

/// The answer to a call that failed before there was a reply.
pub(super) fn failure(codec: Codec, problem: &Problem) -> Response {
    begin(codec, Body::from(end(Some(problem), &HeaderMap::new())))
}

fn begin(codec: Codec, body: Body) -> Response {
    let kind = match codec {
        Codec::Json => "application/connect+json",
        Codec::Proto => "application/connect+proto",
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in FOR_PROXIES {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The body of an answer.
struct Envelopes {
    source: EnvelopeSource,
    /// Fires when the time of the call is over.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The fault that the request was found to have.
    fault: EnvelopeFault,
    call: Invocation,
}

/// An envelope that is being written.
type EnvelopeWrite = Pin<Box<dyn Future<Output = Result<Bytes, HttpFailure>> + Send>>;

/// The source of envelopes.
enum EnvelopeSource {
    /// Frames of the service, which are envelopes.
    Frames(Body),
    /// Messages of the service, each of which becomes an envelope.
    Messages(Replies, Option<EnvelopeWrite>),
    /// The end has been told.
    Ended,
}

/// The next piece of an answer.
enum Piece {
    /// Envelopes.
    Data(Bytes),
    /// The end of the stream, with the trailers of the service.
    End(Option<Problem>, HeaderMap),
}

impl Envelopes {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Piece> {
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Piece::End(Some(self.call.expiry()), HeaderMap::new()));
        }
        match &mut self.source {
            EnvelopeSource::Ended => Poll::Ready(Piece::End(None, HeaderMap::new())),
            EnvelopeSource::Frames(frames) => poll_frames(frames, context),
            EnvelopeSource::Messages(replies, writing) => loop {
                if let Some(envelope) = writing {
                    let envelope = ready!(envelope.as_mut().poll(context));
                    *writing = None;
                    return Poll::Ready(match envelope {
                        Ok(envelope) => Piece::Data(envelope),
                        Err(failure) => Piece::End(Some(failure.0), HeaderMap::new()),
                    });
                }
                match ready!(Pin::new(&mut *replies).poll_next(context)) {
                    Some(Ok(reply)) => *writing = Some(Box::pin(envelope(self.call.clone(), reply))),
                    other => {
                        let problem = other.and_then(Result::err);
                        return Poll::Ready(Piece::End(problem, replies.trailers().clone()));
                    }
                }
            },
        }
    }
}

fn poll_frames(frames: &mut Body, context: &mut Context<'_>) -> Poll<Piece> {
    let piece = match ready!(Pin::new(frames).poll_frame(context)) {
        Some(Ok(frame)) => match frame.into_data() {
            Ok(bytes) => Piece::Data(bytes),
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                Piece::End(Problem::in_headers(&trailers), trailers)
            }
        },
        Some(Err(error)) => {
            let problem = Problem::of_body(&error).unwrap_or_else(|| CallRefusal::Defect.into());
            Piece::End(Some(problem), HeaderMap::new())
        }
        None => Piece::End(None, HeaderMap::new()),
    };
    Poll::Ready(piece)
}

/// The envelope of a reply as JSON.
async fn envelope(call: Invocation, reply: Bytes) -> Result<Bytes, HttpFailure> {
    let (output, wanted) = (call.rpc.method.output(), call.wanted);
    write_reply(&call.web, reply.len(), move || {
        let mut envelope = vec![0; FRAME_HEAD];
        json::into(&output, &reply, Defaults::LeftOut, &mut envelope)?;
        let json = envelope.get(FRAME_HEAD..).unwrap_or_default();
        let compression = compress::choose(wanted, json.len());
        if let Some(compression) = compression {
            envelope = compress::append(compression, json, vec![0; FRAME_HEAD]).map_err(HttpFailure::defect)?;
        }
        let head = frame_head(u8::from(compression.is_some()), envelope.len().saturating_sub(FRAME_HEAD))?;
        if let Some(place) = envelope.first_chunk_mut() {
            *place = head;
        }
        Ok(envelope)
    })
    .await
}

impl HttpBody for Envelopes {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if matches!(self.source, EnvelopeSource::Ended) {
            return Poll::Ready(None);
        }
        let bytes = match ready!(self.poll_piece(context)) {
            Piece::Data(bytes) => bytes,
            Piece::End(problem, trailers) => {
                // The service gives back at once whatever it holds for the stream.
                self.source = EnvelopeSource::Ended;
                end(problem.as_ref().or(self.fault.get()), &trailers)
            }
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, EnvelopeSource::Ended)
    }
}
