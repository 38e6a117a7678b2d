//! A client for Rust: what one would otherwise write around the generated code.
//!
//! ```no_run
//! use detente_client::Client;
//! use detente_proto::v1::{self, command::Command};
//!
//! # async fn example(address: &str) -> Result<(), detente_client::Error> {
//! let client = Client::connect(address).await?;
//!
//! // Recorded once, however often the connection breaks on the way.
//! let names = vec![v1::PartyName { lang: "en".into(), name: "Azerbaijan".into(), ..Default::default() }];
//! let party = v1::Party { party_id: "AZE".into(), r#type: v1::PartyType::State.into(), names, ..Default::default() };
//! let register = Command::RegisterParty(v1::RegisterParty { party: Some(party) });
//! let commands = vec![v1::Command { command: Some(register), ..Default::default() }];
//! let recorded = client.append(v1::AppendRequest { recorded_by: "desk".into(), commands, ..Default::default() }).await?;
//!
//! // Asked at the basis of that append: the answer has it, and is the same for ever.
//! let basis = recorded.context.unwrap_or_default().basis;
//! let parties = client.at(&basis).ask(v1::ListPartiesRequest::default()).await?.parties;
//! assert_eq!(parties[0].party_id, "AZE");
//!
//! // Followed over broken connections and restarts of the server: each event once, in order.
//! let mut feed = client.subscribe(v1::SubscribeRequest::default()).await?;
//! assert_eq!(feed.events().await?[0].position, 1);
//!
//! // Refused, with everything that is wrong.
//! let refused = client.append(v1::AppendRequest::default()).await.unwrap_err();
//! let fields: Vec<_> = refused.violations().iter().map(|violation| violation.field.as_str()).collect();
//! assert_eq!(fields, ["recorded_by", "commands"]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Requests and replies** are the messages of the contract ([`detente_proto::v1`]), whatever is done with them here.
//! * **Broken connections** are mended: [`Client::ask`] and [`Client::append`] try again where that is safe ([`Options`] says for
//!   how long), [`Subscription`] and [`ClockWatch`] go on where they were, for ever.
//! * **The cut** is carried along: [`Client::at`] asks at one basis, [`Client::session`] gives a client whose questions all see
//!   the same record, and its own appends.
//! * **Keys and tokens**, **TLS** and certificates of clients are in [`Access`]; TLS needs the feature `tls`.
//! * **Errors** have types: [`Error::reason`], [`Error::violations`], [`Error::conflicts`].
//!
//! A client is cheap to clone, and its clones share a connection. For what it has no word for (`ReadEvents`, say) there is
//! [`Client::stub`].
//!
//! Reasons: `docs/design/client.md`.

mod access;
mod authorized_channel;
mod connect;
mod cut;
mod error;
mod follow;
mod handshake;
mod options;
mod pages;
mod question;
mod retry;
mod stage;
mod status;
mod stream;
mod subscribe;
#[cfg(feature = "tls")]
mod tls;
mod watch;

pub use self::{
    access::Access,
    authorized_channel::AuthorizedChannel,
    error::{Conflict, Error, Refusal, Violation},
    handshake::Side,
    options::{Compression, Options},
    pages::Pages,
    question::{PagedQuestion, Question},
    status::short_reason,
    subscribe::{News, Subscription},
    watch::{ClockNews, ClockWatch},
};

use self::{
    connect::Stub,
    cut::Cut,
    retry::{Repeat, retry},
};
use detente_proto::v1::{
    AcknowledgeCursorRequest, AppendRequest, AppendResponse, CreateCursorRequest, Cursor, DeleteCursorRequest,
    SubscribeRequest, WatchClockRequest,
};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// A new id of a request.
#[expect(clippy::disallowed_methods, reason = "the id has the time for its order alone; nothing depends on it")]
fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// A connected client.
#[derive(Clone, Debug)]
pub struct Client {
    stub: Stub,
    options: Options,
    cut: Cut,
}

impl Client {
    /// Connects to the server at a URL, for example `http://127.0.0.1:7443`; the scheme may be left out. Tried once.
    ///
    /// # Errors
    /// [`Error::Address`] or [`Error::Unreachable`].
    pub async fn connect(server: &str) -> Result<Self, Error> {
        Self::connect_with(server, Options::default()).await
    }

    /// Connects, and behaves as the options say.
    ///
    /// # Errors
    /// [`Error::Address`] or [`Error::Unreachable`].
    pub async fn connect_with(server: &str, options: Options) -> Result<Self, Error> {
        Self::connect_as(server, options, &Access::default()).await
    }

    /// Connects with proof of who calls, trusting the server as said; over TLS if the URL begins with `https`.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unreachable`], [`Error::Access`] or [`Error::Handshake`]. A server that refuses a certificate
    /// may do so with the first call, whose [`Refusal`] then has the code `Unauthenticated`.
    pub async fn connect_as(server: &str, options: Options, access: &Access) -> Result<Self, Error> {
        Ok(Self { stub: connect::connect(server, &options, access).await?, options, cut: Cut::Head })
    }

    /// The same client, asking at a basis wherever a question names no cut.
    #[must_use]
    pub fn at(&self, basis: &str) -> Self {
        Self { cut: Cut::At(basis.into()), ..self.clone() }
    }

    /// The same client as a session: questions that name no cut are all asked at the cut of the first answer, and after an
    /// append of this session at that of the append. So what it reads is one record, which changes by its own doing only.
    /// Clones are in the same session.
    #[must_use]
    pub fn session(&self) -> Self {
        Self { cut: Cut::Session(Arc::default()), ..self.clone() }
    }

    /// The basis at which this client asks; none is the head.
    #[must_use]
    pub fn basis(&self) -> Option<String> {
        self.cut.basis()
    }

    /// Lets a session see what others have recorded meanwhile: its next question is answered at the head.
    pub fn refresh(&self) {
        self.cut.forget();
    }

    /// Records a batch, all or nothing. A request without a `request_id` gets one, so that it is recorded once however
    /// often it has to be sent.
    ///
    /// # Errors
    /// [`Error::Refused`]. If its outcome is unknown, the same request with the [`Refusal::request_id`] it was sent
    /// with can be sent again at any time.
    pub async fn append(&self, mut request: AppendRequest) -> Result<AppendResponse, Error> {
        if request.request_id.is_empty() {
            request.request_id = new_id().to_string();
        }
        let reply = self.call(Repeat::Safe, &request, async |mut stub: Stub, request| stub.append(request).await).await;
        let reply = reply.map_err(|refusal| Refusal { request_id: Some(request.request_id), ..refusal })?;
        if reply.recorded_at.is_some() {
            self.cut.notice(reply.context.as_ref());
        }
        Ok(reply)
    }

    /// Asks a question. For an answer in pages that is one of them; [`Client::pages`] turns them.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn ask<Q: Question>(&self, mut question: Q) -> Result<Q::Answer, Error> {
        self.stand(&mut question);
        self.put(question).await
    }

    /// Returns the entries of an answer that comes in pages, one after the other. All pages are answered at the cut of
    /// the first.
    #[must_use]
    pub fn pages<Q: PagedQuestion>(&self, question: Q) -> Pages<Q> {
        Pages::new(self.clone(), question)
    }

    /// Follows the log. Returns once the subscription stands.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn subscribe(&self, request: SubscribeRequest) -> Result<Subscription, Error> {
        Subscription::begin(self.clone(), request).await
    }

    /// Watches what time makes of claims. Returns once there is a token to resume with.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn watch(&self, request: WatchClockRequest) -> Result<ClockWatch, Error> {
        ClockWatch::begin(self.clone(), request).await
    }

    /// Makes a cursor; one that was made with the same start and filter stays where it stands.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn create_cursor(&self, request: CreateCursorRequest) -> Result<Cursor, Error> {
        let reply =
            self.call(Repeat::Safe, &request, async |mut stub: Stub, request| stub.create_cursor(request).await);
        Ok(reply.await?.cursor.unwrap_or_default())
    }

    /// Notes that everything up to a position is done with; durably so when it returns.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn acknowledge_cursor(&self, cursor_id: &str, position: u64) -> Result<Cursor, Error> {
        let request = AcknowledgeCursorRequest { cursor_id: cursor_id.to_owned(), position };
        let call = async |mut stub: Stub, request| stub.acknowledge_cursor(request).await;
        Ok(self.call(Repeat::Safe, &request, call).await?.cursor.unwrap_or_default())
    }

    /// Deletes a cursor. Not tried again where the first attempt may have succeeded: somebody may have made one of that name
    /// meanwhile.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn delete_cursor(&self, cursor_id: &str) -> Result<(), Error> {
        let request = DeleteCursorRequest { cursor_id: cursor_id.to_owned() };
        let call = async |mut stub: Stub, request| stub.delete_cursor(request).await;
        self.call(Repeat::Unsafe, &request, call).await?;
        Ok(())
    }

    /// The generated client on the same connection: every rpc as it is, tried once.
    #[must_use]
    pub fn stub(&self) -> Stub {
        self.stub.clone()
    }

    /// Makes it a question at the basis of this client.
    fn stand(&self, question: &mut impl Question) {
        if let Some(basis) = self.cut.basis() {
            question.stand_at(basis);
        }
    }

    /// Asks a question as it is.
    async fn put<Q: Question>(&self, question: Q) -> Result<Q::Answer, Error> {
        let answer = self.call(Repeat::Safe, &question, async |stub, question| Q::put(question, stub).await).await?;
        self.cut.notice(Q::context(&answer));
        Ok(answer)
    }

    async fn call<Q: Clone, A>(
        &self,
        repeat: Repeat,
        request: &Q,
        call: impl AsyncFn(Stub, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Refusal> {
        self.call_within(Some(self.options.call_timeout), repeat, request, call).await
    }

    /// The same, where one attempt may take so long; none: as long as the connection lives.
    async fn call_within<Q: Clone, A>(
        &self,
        timeout: Option<Duration>,
        repeat: Repeat,
        request: &Q,
        call: impl AsyncFn(Stub, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Refusal> {
        retry(&self.options, repeat, || {
            let mut request = Request::new(request.clone());
            timeout.into_iter().for_each(|timeout| request.set_timeout(timeout));
            call(self.stub.clone(), request)
        })
        .await
    }
}
