//! Calls from within the process: another protocol asks the same services, with the same limits, errors and order of things,
//! by handing the bytes of a request to the router that a connection would hand them to.

use super::intake::{AnsweredInBody, OnlyValidated};
use super::status::CallRefusal;
use http_body::Frame;
use prost::Message;
use prost::bytes::{Buf, Bytes};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codegen::Body as _;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response, Version, header};
use tonic::service::Routes;
use tonic::{Code, Status};
use tonic_types::pb::bad_request::FieldViolation;
use tonic_types::pb::{BadRequest, ErrorInfo};
use tower::ServiceExt;

/// A frame of a message on the wire begins with a flag and a length.
pub const FRAME_HEAD: usize = 5;
/// The detail that has the reason.
const ERROR_INFO: &str = "google.rpc.ErrorInfo";
/// The detail that lists violations.
const BAD_REQUEST: &str = "google.rpc.BadRequest";
/// The code of a malformed request, as the Connect protocol names it.
const INVALID_ARGUMENT: &str = "invalid_argument";
/// Messages up to this size are copied behind their head, so that they are one piece.
const COPIED: usize = 4096;

/// The services, called without a connection.
#[derive(Clone, Debug)]
pub struct Local(Routes);

/// The head of a call from within the process.
#[derive(Clone, Debug, Default)]
pub struct LocalCall {
    /// `/package.Service/Method`.
    pub path: String,
    /// The time that the call may take, as `grpc-timeout` says it.
    pub timeout: Option<String>,
    /// The compression that messages of the reply may have, as `grpc-accept-encoding` says it.
    pub accepts: Option<&'static str>,
    /// Set where the request is only validated, and not answered.
    pub only_validated: bool,
}

/// The one reply of a call.
#[derive(Debug)]
pub struct OneReply {
    /// The encoded message.
    pub message: Bytes,
    /// Trailers, the status among them.
    pub trailers: HeaderMap,
}

/// The reason why a call failed, in terms that fit any protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code, as the Connect protocol names it: `invalid_argument`.
    pub code: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// The message, in one line.
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
    /// The problem that the rpc answers instead of a reply.
    pub async fn unary(&self, path: &str, message: impl Into<Bytes>, limit: Option<&str>) -> Result<Bytes, Problem> {
        Ok(self.one(path, message, limit).await?.message)
    }

    /// The same, with the trailers of the reply.
    ///
    /// # Errors
    /// The problem that the rpc answers instead of a reply.
    pub async fn one(&self, path: &str, message: impl Into<Bytes>, limit: Option<&str>) -> Result<OneReply, Problem> {
        let mut replies = self.stream(path, message, limit).await?;
        let mut first = None;
        while let Some(reply) = std::future::poll_fn(|context| Pin::new(&mut replies).poll_next(context)).await {
            first.get_or_insert(reply?);
        }
        let message = first.ok_or_else(|| Problem::from(Status::internal("there was no reply")))?;
        Ok(OneReply { message, trailers: replies.trailers })
    }

    /// Calls an rpc with many replies.
    ///
    /// # Errors
    /// The problem that the rpc returns instead of a first reply.
    pub async fn stream(&self, path: &str, message: impl Into<Bytes>, limit: Option<&str>) -> Result<Replies, Problem> {
        let call = LocalCall { path: path.to_owned(), timeout: limit.map(str::to_owned), ..LocalCall::default() };
        let response = self.call(&call, FramedMessage::new(message.into())?).await?;
        match Problem::in_headers(response.headers()) {
            Some(problem) => Err(problem),
            None => Ok(Replies::of(response.into_body())),
        }
    }

    /// Validates a request without answering it: of each violation its field and what is wrong. None where there is none.
    ///
    /// # Errors
    /// The problem that keeps the service from looking at the request.
    pub async fn validate(&self, path: &str, message: impl Into<Bytes>) -> Result<Vec<(String, String)>, Problem> {
        let call = LocalCall { path: path.to_owned(), only_validated: true, ..LocalCall::default() };
        let response = self.call(&call, FramedMessage::new(message.into())?).await?;
        match Problem::in_headers(response.headers()) {
            Some(problem) if problem.code == INVALID_ARGUMENT => Ok(problem.violations()),
            Some(problem) => Err(problem),
            None => Ok(Vec::new()),
        }
    }

    /// Calls an rpc with a body of frames, as they are on the wire. The response has frames too.
    ///
    /// # Errors
    /// If the head of the call cannot be written.
    pub async fn call<B>(&self, call: &LocalCall, body: B) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let request = request(call, Body::new(body))?;
        let Ok(response) = self.0.clone().oneshot(request).await;
        Ok(response)
    }
}

fn request(call: &LocalCall, body: Body) -> Result<Request<Body>, Problem> {
    let malformed = |what: &str| Problem::from(Status::invalid_argument(what));
    let mut request = Request::post(&call.path)
        .version(Version::HTTP_2)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
        .header(header::TE, HeaderValue::from_static("trailers"))
        .extension(AnsweredInBody);
    if let Some(timeout) = &call.timeout {
        request = request.header("grpc-timeout", timeout);
    }
    if call.only_validated {
        request = request.extension(OnlyValidated);
    }
    if let Some(accepts) = call.accepts {
        request = request.header("grpc-accept-encoding", accepts);
    }
    request.body(body).map_err(|error| malformed(&error.to_string()))
}

/// The head of a message on the wire.
///
/// # Errors
/// If it is too large to have one.
pub fn frame_head(flag: u8, length: usize) -> Result<[u8; FRAME_HEAD], CallRefusal> {
    let length = u32::try_from(length).map_err(|_| CallRefusal::too_large("", "the message is larger than 4 GiB"))?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([flag, a, b, c, d])
}

/// The body of a request with one message, which is not copied.
#[derive(Debug)]
pub struct FramedMessage {
    parts: [Bytes; 2],
}

impl FramedMessage {
    /// The body of a request with this message.
    ///
    /// # Errors
    /// If it is too large for a frame.
    pub fn new(message: Bytes) -> Result<Self, CallRefusal> {
        let head = frame_head(0, message.len())?;
        if message.len() <= COPIED {
            let whole = [&head[..], &*message].concat();
            return Ok(Self { parts: [whole.into(), Bytes::new()] });
        }
        Ok(Self { parts: [Bytes::copy_from_slice(&head), message] })
    }
}

impl http_body::Body for FramedMessage {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.parts.iter_mut().find(|part| !part.is_empty());
        Poll::Ready(next.map(|part| Ok(Frame::data(std::mem::take(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.iter().all(Bytes::is_empty)
    }
}

/// The encoded replies of a call, one after the other.
#[derive(Debug)]
pub struct Replies {
    body: Body,
    /// The bytes that have come and are not a whole message yet.
    read: Bytes,
    /// The trailers, once they have come.
    trailers: HeaderMap,
}

impl Replies {
    /// The replies in a body of frames.
    #[must_use]
    pub fn of(body: Body) -> Self {
        Self { body, read: Bytes::new(), trailers: HeaderMap::new() }
    }

    /// The trailers behind the last reply, the status among them.
    #[must_use]
    pub const fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }

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
                    self.trailers = frame.into_trailers().unwrap_or_default();
                    return Poll::Ready(Problem::in_headers(&self.trailers).map(Err));
                }
            }
        }
    }
}

impl Problem {
    /// The failure that headers or trailers tell of, if they do.
    #[must_use]
    pub fn in_headers(headers: &HeaderMap) -> Option<Self> {
        let status = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok);
        status.map(Self::from)
    }

    /// The violations among the details: of each the field, empty for the request as a whole, and what is wrong.
    #[must_use]
    pub fn violations(&self) -> Vec<(String, String)> {
        let details = self.details.iter().filter(|(name, _)| name == BAD_REQUEST);
        let decoded = details.filter_map(|(_, bytes)| BadRequest::decode(bytes.as_slice()).ok());
        decoded.flat_map(|bad| bad.field_violations).map(|one| (one.field, one.description)).collect()
    }

    /// The reason among the details; empty where there is none.
    #[must_use]
    pub fn reason(&self) -> String {
        let info = self.details.iter().find(|(name, _)| name == ERROR_INFO);
        info.and_then(|(_, bytes)| ErrorInfo::decode(bytes.as_slice()).ok()).map(|info| info.reason).unwrap_or_default()
    }

    /// The same problem with other violations.
    #[must_use]
    pub fn with_violations(mut self, violations: Vec<(String, String)>) -> Self {
        let violation = |(field, description)| FieldViolation { field, description, ..Default::default() };
        let bad = BadRequest { field_violations: violations.into_iter().map(violation).collect() };
        self.details.retain(|(name, _)| name != BAD_REQUEST);
        self.details.push((BAD_REQUEST.to_owned(), bad.encode_to_vec()));
        self
    }

    /// The reason the server itself gave up a request's body before it was complete, if it did. A status without details is a
    /// failure of the connection.
    #[must_use]
    pub fn of_body(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let statuses = causes.filter_map(|cause| cause.downcast_ref::<Status>());
        statuses.map(|status| Self::from(status.clone())).find(|problem| !problem.details.is_empty())
    }
}

impl From<CallRefusal> for Problem {
    fn from(refusal: CallRefusal) -> Self {
        refusal.told_in_a_body().into()
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let (code, http) = connect_code(status.code());
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
const fn connect_code(code: Code) -> (&'static str, u16) {
    match code {
        Code::Ok => ("ok", 200),
        Code::Cancelled => ("canceled", 499),
        Code::Unknown => ("unknown", 500),
        Code::InvalidArgument => (INVALID_ARGUMENT, 400),
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
