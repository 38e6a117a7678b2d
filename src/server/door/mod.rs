//! The door: the conditions that every request must meet before anything looks at it, on any route and protocol.
//!
//! ```text
//!   request ──> host.rs      is it for a host of ours?            421   HOST_NOT_ALLOWED
//!           ──> origin.rs    may the page that sends it ask?      403   ORIGIN_NOT_ALLOWED
//!           ──> media.rs     is an rpc called as rpcs are?        405, 415, 505   UNSUPPORTED
//!           ──> ../link.rs   may there be one more call?          429   OVERLOADED
//!           ──> ../identity  who calls, if that is asked?         401   UNAUTHENTICATED
//!           ──> the services, with a body that must come (pace.rs) and a reply that must be read (../link.rs)
//! ```
//!
//! A refusal ([`refusal`]) has the form of the protocol of the call, and is sent before the body is read. A little of the body
//! is read all the same, as for every answer that needs no body, since many clients read no answer before they have sent
//! everything: over HTTP/1.1 always, over HTTP/2 where the body is short and its length known ([`lent`]).
//!
//! Reasons: `docs/design/http-and-page.md`.

mod host;
mod lent;
mod media;
mod origin;
mod pace;
mod refusal;

use super::identity::IdentityKeeper;
use super::link::{ConnectionLink, Turn};
use super::reply::Reply;
use crate::grpc::caller::Caller;
use crate::grpc::deadline::timeout;
use crate::grpc::status::CallRefusal;
use detente_ledger::Ledger;
use detente_ledger::budget::Peer;
use host::{Hosts, WrongHost};
use http_body::Body as _;
use lent::LentBody;
use media::RpcEntrance;
use origin::Origins;
pub use pace::Pace;
use pace::PacedBody;
use refusal::DoorRefusal;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use tower::{Layer, Service};

/// Maximum bytes of an unwanted body that are read, and the time that they are waited for.
const READ_ON: usize = 256 << 10;
const READ_ON_FOR: Duration = Duration::from_millis(500);

/// Puts the door in front of a service.
#[derive(Clone)]
pub(super) struct Door(Arc<Rules>);

struct Rules {
    hosts: Hosts,
    origins: Origins,
    pace: Pace,
    identity: Option<Arc<IdentityKeeper>>,
    ledger: Arc<Ledger>,
    host_told: AtomicBool,
    origin_told: AtomicBool,
}

impl Door {
    /// The door of a server that listens at an address.
    pub(super) fn new(
        options: &super::ServerOptions,
        listen: Option<SocketAddr>,
        ledger: Arc<Ledger>,
        identity: Option<Arc<IdentityKeeper>>,
    ) -> Self {
        Self(Arc::new(Rules {
            hosts: Hosts::new(&options.allowed_hosts, listen),
            origins: Origins::new(&options.allowed_origins),
            pace: options.pace,
            identity,
            ledger,
            host_told: AtomicBool::new(false),
            origin_told: AtomicBool::new(false),
        }))
    }
}

impl<S> Layer<S> for Door {
    type Service = GuardedService<S>;

    fn layer(&self, inner: S) -> GuardedService<S> {
        GuardedService { rules: Arc::clone(&self.0), inner }
    }
}

impl Rules {
    /// The entrance of the request; an error if it has none.
    fn judge(&self, request: &Request<Body>) -> Result<RpcEntrance, DoorRefusal> {
        let (version, headers) = (request.version(), request.headers());
        let host = match self.hosts.judge(version, request.uri(), headers) {
            Ok(host) => host,
            Err(wrong) => return Err(self.wrong_host(&wrong)),
        };
        self.origins.judge(request.method(), &host, headers).map_err(|origin| self.wrong_origin(&origin))?;
        match media::entry(version, request.method(), request.uri().path(), headers) {
            RpcEntrance::Method => Err(self.wrong_method(request)),
            RpcEntrance::Media(accepted) => Err(self.wrong_media(request, accepted)),
            RpcEntrance::Version => Err(self.wrong_version(request)),
            entry => Ok(entry),
        }
    }

    /// Refuses a call in excess of those there may be at once.
    fn admit(&self, turn: Option<&Turn>, entry: RpcEntrance) -> Result<RpcEntrance, DoorRefusal> {
        if turn.is_none_or(|turn| turn.is_admitted) {
            return Ok(entry);
        }
        self.ledger.metrics().count_refusal("calls");
        Err(DoorRefusal::new(StatusCode::TOO_MANY_REQUESTS, CallRefusal::Overloaded("calls")))
    }

    /// The caller of a request, where callers are asked who they are; none where they are not, and for probes and preflights.
    fn identify(
        &self,
        request: &Request<Body>,
        entry: RpcEntrance,
        link: Option<&ConnectionLink>,
    ) -> Result<Option<Arc<Caller>>, DoorRefusal> {
        let Some(identity) = &self.identity else { return Ok(None) };
        if entry == RpcEntrance::Options || *request.method() == Method::OPTIONS || is_open(request.uri().path()) {
            return Ok(None);
        }
        let certificate = link.and_then(|link| link.certificate.get());
        identity.judge(request.headers(), certificate).map(Some).map_err(|fault| {
            self.ledger.metrics().count_refusal("unauthenticated");
            let address = link.map(|link| link.peer.address);
            tracing::debug!(?address, %fault, "refused a call of nobody that is known");
            let refusal = CallRefusal::Unauthenticated(fault.to_string());
            DoorRefusal { challenge: true, ..DoorRefusal::new(StatusCode::UNAUTHORIZED, refusal) }
        })
    }

    fn wrong_host(&self, wrong: &WrongHost) -> DoorRefusal {
        self.ledger.metrics().count_refusal("host");
        let (status, said) = match wrong {
            WrongHost::Count(0) => (StatusCode::BAD_REQUEST, "the request names no host".to_owned()),
            WrongHost::Count(count) => (StatusCode::BAD_REQUEST, format!("the request names {count} hosts; name one")),
            WrongHost::Other(host) => {
                let host = quote(host);
                let words = format!(
                    "this server does not answer to the host {host}: call it by its address or as localhost, or name the \
                     host in allowed_hosts of its configuration"
                );
                if !self.host_told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        host,
                        "refused a request for another host; behind a proxy or under a name of its own the server needs \
                         allowed_hosts (this is told once)"
                    );
                }
                (StatusCode::MISDIRECTED_REQUEST, words)
            }
        };
        DoorRefusal::new(status, CallRefusal::Host(said))
    }

    fn wrong_origin(&self, origin: &str) -> DoorRefusal {
        self.ledger.metrics().count_refusal("origin");
        let origin = quote(origin);
        if !self.origin_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                origin,
                "refused a request of a page from elsewhere; name its origin in allowed_origins if it may ask, and have a \
                 proxy hand the host on (this is told once)"
            );
        }
        let said = format!(
            "a page from elsewhere ({origin}) may not ask this server from a browser: name its origin in allowed_origins of \
             the server's configuration"
        );
        DoorRefusal::new(StatusCode::FORBIDDEN, CallRefusal::Origin(said))
    }

    fn wrong_method(&self, request: &Request<Body>) -> DoorRefusal {
        self.ledger.metrics().count_refusal("method");
        let methods = media::methods(request.uri().path());
        let said = format!("this rpc is called by {methods}, not by {}", quote(request.method().as_str()));
        let refused = DoorRefusal::new(StatusCode::METHOD_NOT_ALLOWED, CallRefusal::Unsupported(said));
        DoorRefusal { allow: Some(methods), ..refused }
    }

    fn wrong_version(&self, request: &Request<Body>) -> DoorRefusal {
        self.ledger.metrics().count_refusal("media_type");
        let path = quote(request.uri().path());
        let words =
            format!("{path} has streams both ways, which need HTTP/2 (a client of Connect may have to be told so)");
        DoorRefusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, CallRefusal::Unsupported(words))
    }

    fn wrong_media(&self, request: &Request<Body>, accepted: &'static str) -> DoorRefusal {
        self.ledger.metrics().count_refusal("media_type");
        let content = request.headers().get(header::CONTENT_TYPE);
        let said = content.map(|content| quote(&String::from_utf8_lossy(content.as_bytes())));
        let said = said.map_or_else(|| "no content-type".to_owned(), |said| format!("the content-type {said}"));
        let version = if request.version() >= Version::HTTP_2 { "HTTP/2" } else { "HTTP/1.1" };
        let words = format!("no rpc is called with {said} over {version}; send one of {accepted}");
        let refused = DoorRefusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, CallRefusal::Unsupported(words));
        DoorRefusal { accept_post: Some(accepted), ..refused }
    }
}

/// Returns true for what supervisors and balancers ask, who are no callers.
fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz") || path.starts_with("/grpc.health.v1.Health/")
}

/// Text from a client, safe for a log and a header.
fn quote(said: &str) -> String {
    const MOST: usize = 60;
    let (shown, rest) = said.char_indices().nth(MOST).map_or((said, ""), |(at, _)| said.split_at(at));
    format!("{shown:?}{}", if rest.is_empty() { "" } else { "..." })
}

/// A service behind the door.
#[derive(Clone)]
pub(super) struct GuardedService<S> {
    rules: Arc<Rules>,
    inner: S,
}

impl<S> Service<Request<Body>> for GuardedService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response<Reply>;
    type Error = Infallible;
    type Future = DoorAnswer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let link = request.extensions_mut().remove::<Arc<ConnectionLink>>();
        let turn = link.as_ref().map(|link| link.begin(timeout(request.headers())));
        let judged = self.rules.judge(&request).and_then(|entry| self.rules.admit(turn.as_deref(), entry));
        let judged = judged.and_then(|entry| Ok((entry, self.rules.identify(&request, entry, link.as_deref())?)));
        // Nobody further in needs it, and no log shall have it.
        request.headers_mut().remove(header::AUTHORIZATION);
        let (judged, caller) = match judged {
            Ok((entry, caller)) => (Ok(entry), caller),
            Err(refused) => (Err(refused), None),
        };
        let as_known = match judged {
            Err(refused) => {
                let answer =
                    refused.answer(request.version(), request.headers(), media::intended_protocol(request.headers()));
                return DoorAnswer { turn, way: DoorWay::Refused(Box::new(UnwantedRequest::new(request, answer))) };
            }
            Ok(RpcEntrance::Options) if !is_preflight(&request) => {
                let answer = options(request.uri().path());
                return DoorAnswer { turn, way: DoorWay::Refused(Box::new(UnwantedRequest::new(request, answer))) };
            }
            Ok(RpcEntrance::Rpc(as_known)) => as_known,
            Ok(RpcEntrance::Query) => {
                // It has no body, so that a media type would only lead it to another protocol.
                request.headers_mut().remove(header::CONTENT_TYPE);
                None
            }
            Ok(_) => None,
        };
        if let Some(as_known) = as_known {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(as_known));
        }
        let pace = self.rules.pace;
        let goes_on = request.uri().path().ends_with("/ServerReflectionInfo");
        let is_read_on = lent::is_read_on(&request);
        let request = request.map(|body| Body::new(PacedBody::new(body, pace, goes_on)));
        let (request, lent) = if is_read_on { LentBody::lend(request) } else { (request, None) };
        let peer = link.map(|link| link.peer);
        let asking = Asker { peer, caller };
        let answer = asking.scope(|| self.inner.call(request));
        DoorAnswer { turn, way: DoorWay::Inside(answer, asking, lent) }
    }
}

/// Returns true if a browser asks for the permissions of a page. Such a request carries nothing that could be a call.
fn is_preflight(request: &Request<Body>) -> bool {
    let headers = request.headers();
    headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) && !headers.contains_key(header::CONTENT_TYPE)
}

/// Lists the methods of an rpc. A preflight of a permitted page is answered with its permissions further in.
fn options(path: &str) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(media::methods(path)));
    answer
}

/// The peer and the caller of a call, as far as they are known.
struct Asker {
    peer: Option<Peer>,
    caller: Option<Arc<Caller>>,
}

impl Asker {
    /// Runs what belongs to the call.
    fn scope<T>(&self, run: impl FnOnce() -> T) -> T {
        let run = || match &self.caller {
            Some(caller) => caller.scope(run),
            None => run(),
        };
        match self.peer {
            Some(peer) => peer.scope(run),
            None => run(),
        }
    }
}

/// The answer to a request.
pub(super) struct DoorAnswer<F> {
    turn: Option<Arc<Turn>>,
    way: DoorWay<F>,
}

enum DoorWay<F> {
    Inside(F, Asker, Option<LentBody>),
    Refused(Box<UnwantedRequest>),
    Over,
}

impl<F> Future for DoorAnswer<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = Result<Response<Reply>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match &mut self.way {
            DoorWay::Inside(answer, asker, _) => asker.scope(|| Pin::new(answer).poll(context)),
            DoorWay::Refused(unwanted) => unwanted.poll(context).map(Ok),
            DoorWay::Over => Poll::Pending,
        };
        let Poll::Ready(Ok(answer)) = polled else { return Poll::Pending };
        let lent = if let DoorWay::Inside(_, _, lent) = &mut self.way { lent.take() } else { None };
        let Some(lent) = lent else { return Poll::Ready(Ok(Reply::to(self.turn.take(), answer))) };
        // The hold of the body ends with the call.
        self.way = DoorWay::Over;
        let is_old = lent.is_old;
        let Some(rest) = lent.take_back() else { return Poll::Ready(Ok(Reply::to(self.turn.take(), answer))) };
        let answered = UnwantedRequest { body: Some(rest), is_old, ..UnwantedRequest::with_answer(answer) };
        self.way = DoorWay::Refused(Box::new(answered));
        self.poll(context)
    }
}

/// A request that is refused, of whose body a little is read.
struct UnwantedRequest {
    answer: Option<Response<Body>>,
    body: Option<Body>,
    /// True over HTTP/1.1, where a body that is not read to its end makes the connection useless.
    is_old: bool,
    left: usize,
    until: Pin<Box<Sleep>>,
}

impl UnwantedRequest {
    fn new(request: Request<Body>, answer: Response<Body>) -> Self {
        let is_old = request.version() <= Version::HTTP_11;
        let is_read = is_old || lent::is_read_on(&request);
        let body = Some(request.into_body()).filter(|body| is_read && !body.is_end_stream());
        Self { body, is_old, ..Self::with_answer(answer) }
    }

    /// A request with an answer, and nothing that is left to read.
    fn with_answer(answer: Response<Body>) -> Self {
        let until = Box::pin(tokio::time::sleep(READ_ON_FOR));
        Self { answer: Some(answer), body: None, is_old: false, left: READ_ON, until }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Response<Body>> {
        while let Some(body) = &mut self.body {
            match Pin::new(body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) if self.left > 0 => {
                    self.left = self.left.saturating_sub(frame.data_ref().map_or(1, |data| data.len().max(1)));
                }
                Poll::Ready(None) => self.body = None,
                Poll::Pending if self.until.as_mut().poll(context).is_pending() => return Poll::Pending,
                _ => {
                    self.body = None;
                    let close = HeaderValue::from_static("close");
                    self.answer.as_mut().filter(|_| self.is_old).into_iter().for_each(|answer| {
                        answer.headers_mut().insert(header::CONNECTION, close.clone());
                    });
                }
            }
        }
        self.answer.take().map_or(Poll::Pending, Poll::Ready)
    }
}
