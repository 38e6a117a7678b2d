//! Whole tables: page by page of the same rpc, each when the client has taken the one before.
//!
//! ```text
//!   first page ──> tag, basis, head of the table        every later page is at the cut of the first: its token pins it
//!   rows of a page ──> the client reads ──> next page ──> ... ──> the end
//!                                              ├──> no memory for it: asked for again; the log is read again from behind
//!                                              │    the last rows that were written
//!                                              └──> another failure: the transfer breaks off
//! ```
//!
//! One page of rows is in memory at a time, reserved until the client has it. Each page is a call of its own, with the
//! limits of a call; none is made once the client has left. No status can report a failure after the first page, so the
//! body is not ended: a chunked transfer without its last chunk over HTTP/1.1, a reset stream over HTTP/2. Readers
//! report that, while a part of a table would look like the whole. HTTP/1.0 has no such mark: there a table is gathered
//! before it is sent, and refused if it is large.

use super::etag::ETag;
use super::flat_query::FlatParameters;
use super::form::{ReplyForm, ReplyFormat};
use super::path_of;
use super::rows::RouteTable;
use super::table::Route;
use crate::grpc::local::Replies;
use crate::grpc::sending::with_reservation;
use crate::grpc::status::CallRefusal;
use crate::http::failure::HttpFailure;
use crate::http::reply_memory::write_reply_within;
use crate::http::{Web, json, transcode};
use axum::body::{Body, Bytes};
use axum::http::Version;
use detente_ledger::budget::{Peer, ReservedBuffer};
use detente_ledger::read::cut::ResolvedCut;
use prost_reflect::{MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt as _};

/// Entries of the first page of a whole table, and of the largest and the smallest page.
const FIRST: usize = 250;
const MOST: usize = 1000;
const LEAST: usize = 20;
/// Bytes of a page as rows that later pages come near to: what a client that does not read holds.
const PIECE: usize = 1 << 20;
/// Bytes of a row in addition to its values, for each column: its name in JSON, a mark, `null`.
const CELL: usize = 40;
/// Number of times that a page may be larger as rows.
const GROWS: usize = 8;

/// The time after which a page that found no memory is requested again.
const AGAIN: Duration = Duration::from_millis(500);

/// Largest table that is gathered before it is sent, in bytes.
const GATHERED: usize = 16 << 20;

/// A table on its way to a client.
pub(super) struct Transfer {
    web: Web,
    route: &'static Route,
    method: MethodDescriptor,
    request: Value,
    table: Arc<RouteTable>,
    form: ReplyForm,
    /// Set where no page follows: only one is wanted, or it is the last one.
    is_last: bool,
    source: ReplySource,
    /// The reply whose rows come next.
    reply: Option<Bytes>,
    /// The head of the log when the transfer began, where it is the log: the table ends there.
    head: Option<ResolvedCut>,
    /// Set once rows of a JSON array have been written.
    has_rows: bool,
    is_first: bool,
}

/// The rest of the replies.
enum ReplySource {
    /// Pages, each requested with the token of the one before.
    Pages,
    /// A stream of replies about the log; none while it is to be opened again.
    Stream(Option<Replies>),
}

impl Transfer {
    /// Requests the first page, so that its failure is reported as a failure.
    pub(super) async fn begin(
        web: &Web,
        route: &'static Route,
        method: MethodDescriptor,
        asked: &FlatParameters,
    ) -> Result<Self, HttpFailure> {
        let table = Arc::new(RouteTable::of(route, &method.output(), &asked.form.languages));
        let mut request = asked.request.clone();
        if method.input().get_field_by_name("page_size").is_some()
            && let (false, Some(request)) = (asked.is_part, request.as_object_mut())
        {
            request.insert("pageSize".to_owned(), FIRST.into());
        }
        let (web, form, is_last) = (web.clone(), asked.form.clone(), asked.is_part);
        let head = method.is_server_streaming().then(|| web.ledger.head());
        let source = if method.is_server_streaming() {
            let message = transcode::request(&method, request.to_string().as_bytes())?;
            ReplySource::Stream(Some(web.local.stream(&path_of(route), message, None).await?))
        } else {
            ReplySource::Pages
        };
        let mut transfer = Self {
            web,
            route,
            method,
            request,
            table,
            form,
            is_last,
            source,
            reply: None,
            head,
            has_rows: false,
            is_first: true,
        };
        transfer.reply = transfer.ask().await?;
        Ok(transfer)
    }

    /// The tag of the table.
    pub(super) fn tag(&self, asked: &FlatParameters) -> ETag {
        match self.basis() {
            Some(basis) if self.head.is_some() => ETag::at(self.route, asked, [basis.as_bytes()]),
            _ => ETag::of(self.route, asked, &self.method.output(), self.reply.as_deref().unwrap_or_default()),
        }
    }

    /// The cut of the table. Of the log it is the head at the beginning of the transfer.
    pub(super) fn basis(&self) -> Option<String> {
        match &self.head {
            Some(head) => Some(head.basis.to_string()),
            None => basis(&self.method.output(), self.reply.as_deref()?),
        }
    }

    /// The token of the page after the first one, if there is one.
    pub(super) fn next_page(&self) -> Option<String> {
        next_page(&self.method.output(), self.reply.as_deref()?)
    }

    /// The body of the answer. A table of one page is sent at once.
    pub(super) async fn body(mut self, version: Version) -> Result<Body, HttpFailure> {
        let is_more = matches!(self.source, ReplySource::Stream(_)) || !self.is_last && self.next_page().is_some();
        let first = self.piece().await?.unwrap_or_default();
        if is_more && version >= Version::HTTP_11 {
            let rest = Rest { peer: Peer::current(), step: Some(Box::pin(self.step())) };
            return Ok(Body::from_stream(tokio_stream::once(Ok(first)).chain(rest)));
        }
        if !is_more && self.end().is_empty() {
            return Ok(first.into());
        }
        Ok(self.gather(first).await?.into())
    }

    /// All of the table at once.
    async fn gather(self, first: Bytes) -> Result<Bytes, HttpFailure> {
        let mut all = ReservedBuffer::new(&self.web.memory, GATHERED);
        all.put(&first).await.map_err(CallRefusal::from)?;
        let mut transfer = self;
        loop {
            let (rows, next) = match transfer.step().await {
                TransferStep::Rows(rows, next) => (rows, Some(next)),
                TransferStep::End(end) => (end, None),
                TransferStep::Failed(failure) => return Err(failure),
            };
            if all.as_slice().len() + rows.len() > GATHERED {
                let how = "a table that is larger than 16 MiB is sent over HTTP/1.1 or HTTP/2 alone (in nginx: \
                    `proxy_http_version 1.1`); otherwise ask for pages, with page_size or limit";
                return Err(CallRefusal::too_large("format", how).into());
            }
            all.put(&rows).await.map_err(CallRefusal::from)?;
            match next {
                Some(next) => transfer = *next,
                None => break,
            }
        }
        let (bytes, reserved) = all.into_parts();
        Ok(with_reservation(bytes, reserved))
    }

    /// The next reply, if there is one.
    async fn ask(&mut self) -> Result<Option<Bytes>, HttpFailure> {
        if let ReplySource::Stream(Some(replies)) = &mut self.source {
            return Ok(replies.next().await.transpose()?);
        }
        let (path, message) =
            (path_of(self.route), transcode::request(&self.method, self.request.to_string().as_bytes())?);
        match &mut self.source {
            ReplySource::Stream(replies) => {
                let opened = replies.insert(self.web.local.stream(&path, message, None).await?);
                Ok(opened.next().await.transpose()?)
            }
            ReplySource::Pages => Ok(Some(self.web.local.unary(&path, message, None).await?)),
        }
    }

    /// Notes that the rows of a reply about the log have been written, so that the next request begins behind them.
    fn go_behind(&mut self, through: u64, rows: usize) {
        let Some(request) = self.request.as_object_mut() else { return };
        request.remove("recordedFrom");
        request.insert("afterPosition".to_owned(), through.to_string().into());
        let left = request.get("limit").and_then(Value::as_str).and_then(|limit| limit.parse::<u64>().ok());
        let left = left.map(|limit| limit.saturating_sub(rows as u64));
        if let Some(left) = left {
            request.insert("limit".to_owned(), left.to_string().into());
        }
        self.is_last = left == Some(0) || self.head.as_ref().is_some_and(|head| through >= head.position().0);
    }

    /// The rows of the reply that is there, if there is one.
    async fn piece(&mut self) -> Result<Option<Bytes>, HttpFailure> {
        let Some(reply) = self.reply.take() else { return Ok(None) };
        let next = next_page(&self.method.output(), &reply).filter(|_| !self.is_last);
        let (table, form, is_first) = (Arc::clone(&self.table), self.form.clone(), self.is_first);
        let until = self.head.as_ref().map_or(u64::MAX, |head| head.position().0);
        let (bytes, has_rows) = (reply.len(), self.has_rows);
        let rows = entries(&self.method.output(), self.route, &reply);
        let through = self.method.output().get_field_by_name("through_position");
        let through = through.map_or(0, |field| json::number(&reply, field.number()));
        let most = bytes.saturating_mul(GROWS).saturating_add(rows.saturating_mul(table.width()).saturating_mul(CELL));
        let write = move || {
            let rows = table.write(&form, is_first, &reply, until)?;
            Ok(if form.format == ReplyFormat::Rows { in_an_array(&rows, has_rows) } else { rows })
        };
        let written = write_reply_within(&self.web, bytes, most, write).await?;
        self.has_rows |= !written.is_empty();
        self.is_first = false;
        if let (Some(token), Some(request)) = (next, self.request.as_object_mut()) {
            let fitting = rows.saturating_mul(PIECE) / written.len().max(1);
            request.insert("pageSize".to_owned(), fitting.clamp(LEAST, MOST).into());
            request.insert("pageToken".to_owned(), token.into());
        } else {
            match self.source {
                ReplySource::Stream(_) => self.go_behind(through, rows),
                // There is no page behind this one.
                ReplySource::Pages => self.is_last = true,
            }
        }
        Ok(Some(written))
    }

    /// The end of the body.
    fn end(&self) -> Bytes {
        match (self.form.format, self.has_rows) {
            (ReplyFormat::Rows, true) => Bytes::from_static(b"\n]\n"),
            (ReplyFormat::Rows, false) => Bytes::from_static(b"[]\n"),
            _ => Bytes::new(),
        }
    }

    /// Returns the rows of the next reply, if there is one. A page that finds no memory or no thread is requested again
    /// for as long as the client stays, and so is the rest of the log. Nothing is held meanwhile, so that tables that
    /// wait do not wait for each other.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, HttpFailure> {
        loop {
            let is_over = !matches!(self.source, ReplySource::Stream(Some(_))) && self.is_last;
            let asked = if is_over { Ok(None) } else { self.ask().await };
            let piece = match asked {
                Ok(reply) => {
                    self.reply = reply;
                    self.piece().await
                }
                Err(failure) => Err(failure),
            };
            match piece {
                Err(failure) if passes(&failure) => {
                    if let ReplySource::Stream(replies) = &mut self.source {
                        *replies = None;
                    }
                    sleep(AGAIN).await;
                }
                piece => return piece,
            }
        }
    }

    /// Goes on to the rows of the next reply; without one the table is whole.
    async fn step(mut self) -> TransferStep {
        match self.next_piece().await {
            Ok(Some(piece)) => TransferStep::Rows(piece, Box::new(self)),
            Ok(None) => TransferStep::End(self.end()),
            Err(failure) => {
                tracing::warn!(route = self.route.name, why = failure.0.message, "a table broke off");
                TransferStep::Failed(failure)
            }
        }
    }
}

/// Returns true for a failure that passes when others have been answered.
fn passes(failure: &HttpFailure) -> bool {
    failure.0.reason() == "OVERLOADED"
}

/// The next piece of a table.
enum TransferStep {
    Rows(Bytes, Box<Transfer>),
    End(Bytes),
    Failed(HttpFailure),
}

/// The rows behind those of the first reply, on behalf of the peer that asked.
struct Rest {
    peer: Option<Peer>,
    step: Option<Pin<Box<dyn Future<Output = TransferStep> + Send>>>,
}

impl Stream for Rest {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let peer = self.peer;
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        let step = match peer {
            Some(peer) => ready!(peer.poll(step, context)),
            None => ready!(step.as_mut().poll(context)),
        };
        Poll::Ready(match step {
            TransferStep::Rows(rows, transfer) => {
                self.step = Some(Box::pin(transfer.step()));
                Some(Ok(rows))
            }
            TransferStep::End(end) => {
                self.step = None;
                (!end.is_empty()).then_some(Ok(end))
            }
            TransferStep::Failed(failure) => {
                self.step = None;
                Some(Err(io::Error::other(failure.0.message)))
            }
        })
    }
}

/// Lines of JSON as elements of an array, which opens with the first of them.
fn in_an_array(lines: &[u8], is_open: bool) -> Vec<u8> {
    let mut array = Vec::with_capacity(lines.len() + 64);
    let mut before: &[u8] = if is_open { b",\n" } else { b"[\n" };
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        array.extend_from_slice(before);
        array.extend_from_slice(line);
        before = b",\n";
    }
    array
}

/// Number of entries in a reply.
fn entries(message: &MessageDescriptor, route: &Route, reply: &[u8]) -> usize {
    let list = route.list.and_then(|list| message.get_field_by_name(list));
    list.map_or(1, |list| json::parts(reply, list.number()).count())
}

/// The token in a reply that leads to the next page, if there is one.
pub(super) fn next_page(message: &MessageDescriptor, reply: &[u8]) -> Option<String> {
    let token = message.get_field_by_name("next_page_token")?;
    let token = json::parts(reply, token.number()).last()?;
    String::from_utf8(token.to_vec()).ok().filter(|token| !token.is_empty())
}

/// The cut that a reply states; of a comparison the later one.
pub(super) fn basis(message: &MessageDescriptor, reply: &[u8]) -> Option<String> {
    let context = ["context", "to", "head"].iter().find_map(|name| message.get_field_by_name(name))?;
    let basis = context.kind().as_message()?.get_field_by_name("basis")?;
    let context = json::parts(reply, context.number()).last()?;
    String::from_utf8(json::parts(context, basis.number()).last()?.to_vec()).ok()
}
