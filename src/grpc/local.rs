//! Calls from within the process: another protocol asks the same services, with the same limits, errors and order of things,
//! by handing the bytes of a request to the router that a connection would hand them to.

use super::status::Refusal;
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes, BytesMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codegen::Body as _;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Version, header};
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::ServiceExt;

/// A frame of a message on the wire begins with a flag and a length.
const FRAME_HEAD: usize = 5;

/// The services, called without a connection.
#[derive(Clone, Debug)]
pub struct Local(Routes);

/// Why a call failed, in words any protocol can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code, as the Connect protocol names it: `invalid_argument`.
    pub code: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// In one line.
    pub message: String,
    /// The details: of each the name of its message and its bytes.
    pub details: Vec<(String, Vec<u8>)>,
}

impl Local {
    /// Calls over the services of a server.
    #[must_use]
    pub const fn new(routes: Routes) -> Self {
        Self(routes)
    }

    /// Calls an rpc with one reply. `path` is `/package.Service/Method`, `message` the encoded request, `limit` how long it
    /// may take, as `grpc-timeout` says it.
    ///
    /// # Errors
    /// What the rpc answers instead of a reply.
    pub async fn unary(&self, path: &str, message: &[u8], limit: Option<&str>) -> Result<Bytes, Problem> {
        let mut replies = self.stream(path, message, limit).await?;
        let reply = std::future::poll_fn(|context| Pin::new(&mut replies).poll_next(context)).await;
        reply.unwrap_or_else(|| Err(Status::internal("there was no reply").into()))
    }

    /// Calls an rpc with many replies.
    ///
    /// # Errors
    /// What the rpc answers instead of a first reply.
    pub async fn stream(&self, path: &str, message: &[u8], limit: Option<&str>) -> Result<Replies, Problem> {
        let request = request(path, message, limit)?;
        let Ok(response) = self.0.clone().oneshot(request).await;
        if let Some(status) = failure(response.headers()) {
            return Err(status.into());
        }
        Ok(Replies { body: response.into_body(), read: Bytes::new() })
    }
}

fn request(path: &str, message: &[u8], limit: Option<&str>) -> Result<Request<Body>, Problem> {
    let malformed = |what: &str| Problem::from(Status::invalid_argument(what));
    let mut frame = BytesMut::with_capacity(FRAME_HEAD + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).map_err(|_| malformed("the request is too large"))?);
    frame.put_slice(message);
    let mut request = Request::post(path)
        .version(Version::HTTP_2)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
        .header(header::TE, HeaderValue::from_static("trailers"));
    if let Some(limit) = limit {
        request = request.header("grpc-timeout", limit);
    }
    let body = Body::new(http_body_util::Full::new(frame.freeze()));
    request.body(body).map_err(|error| malformed(&error.to_string()))
}

fn failure(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).filter(|status| status.code() != Code::Ok)
}

/// The encoded replies of a call, one after the other.
#[derive(Debug)]
pub struct Replies {
    body: Body,
    /// What has come and is not a whole message yet.
    read: Bytes,
}

impl Replies {
    fn next_whole(&mut self) -> Option<Bytes> {
        let mut head = self.read.get(1..FRAME_HEAD)?;
        let length = usize::try_from(head.get_u32()).ok()?;
        if self.read.len() < FRAME_HEAD + length {
            return None;
        }
        self.read.advance(FRAME_HEAD);
        Some(self.read.split_to(length))
    }
}

impl Stream for Replies {
    type Item = Result<Bytes, Problem>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(reply) = self.next_whole() {
                return Poll::Ready(Some(Ok(reply)));
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(status)) => return Poll::Ready(Some(Err(status.into()))),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                // A frame ends where a message ends, as a rule: then nothing is copied.
                Ok(data) if self.read.is_empty() => self.read = data,
                Ok(data) => self.read = [&*self.read, &*data].concat().into(),
                Err(frame) => {
                    let status = frame.trailers_ref().and_then(failure);
                    return Poll::Ready(status.map(|status| Err(status.into())));
                }
            }
        }
    }
}

impl Problem {
    /// The reason the server itself gave up a request's body before it was complete, if it did.
    #[must_use]
    pub fn of_body(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let statuses = causes.filter_map(|cause| cause.downcast_ref::<Status>());
        statuses.into_iter().next().map(|status| status.clone().into())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Status::from(refusal).into()
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let (code, http) = named(status.code());
        let details = tonic_types::pb::Status::decode(status.details()).unwrap_or_default().details;
        let named = |any: prost_types::Any| {
            let name = any.type_url.rsplit('/').next().unwrap_or_default().to_owned();
            (name, any.value)
        };
        Self {
            code,
            status: http,
            message: status.message().to_owned(),
            details: details.into_iter().map(named).collect(),
        }
    }
}

/// The name and the HTTP status of a code in the Connect protocol.
const fn named(code: Code) -> (&'static str, u16) {
    match code {
        Code::Ok => ("ok", 200),
        Code::Cancelled => ("canceled", 499),
        Code::Unknown => ("unknown", 500),
        Code::InvalidArgument => ("invalid_argument", 400),
        Code::DeadlineExceeded => ("deadline_exceeded", 504),
        Code::NotFound => ("not_found", 404),
        Code::AlreadyExists => ("already_exists", 409),
        Code::PermissionDenied => ("permission_denied", 403),
        Code::ResourceExhausted => ("resource_exhausted", 429),
        Code::FailedPrecondition => ("failed_precondition", 400),
        Code::Aborted => ("aborted", 409),
        Code::OutOfRange => ("out_of_range", 400),
        Code::Unimplemented => ("unimplemented", 501),
        Code::Internal => ("internal", 500),
        Code::Unavailable => ("unavailable", 503),
        Code::DataLoss => ("data_loss", 500),
        Code::Unauthenticated => ("unauthenticated", 401),
    }
}
