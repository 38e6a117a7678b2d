//! `ReadEvents`: the log in order, in batches, up to the head captured when the call began.
//!
//! ```text
//!   a thread that may wait: read a batch ──> 4 batches at most ──> the call's stream ──> the socket
//!                           waits while the client does not read        ends when the server stops
//! ```
//!
//! A stream ends in one of three ways: with the batch that has a context (all of it was sent), with a status, or
//! because the client went away. In each case the receiving end is dropped, which ends the reading thread at its next
//! batch. A client that reads nothing for minutes loses its thread and its place among the streams, and learns of it if
//! it ever reads on.

use super::context::context;
use super::encoded_reply::EncodedReply;
use super::parse::Parse;
use super::sending;
use super::service::Service;
use super::share::enter;
use super::status::CallRefusal;
use super::work::here;
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use detente_domain::rejection::Violation;
use detente_ledger::Ledger;
use detente_ledger::budget::{PeerPlace, Reservation};
use detente_ledger::query::events::{EventReading, Start};
use detente_ledger::wire::time::recorded_from;
use detente_proto::v1;
use detente_proto::v1::read_events_request::Start as Asked;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;
use tokio_stream::Stream;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::Status;

/// The number of batches that may wait for a client.
const WAITING: usize = 4;
/// The bytes of a batch, approximately: enough that the cost per event is small, and few enough that bytes copied from
/// one place to the next are still in the processor's cache.
const BATCH_BYTES: usize = 128 << 10;

/// The bytes that one reading holds: the batches that wait, and the one that is being read.
const READ_AHEAD: usize = (WAITING + 1) * BATCH_BYTES;

/// The range to read.
struct EventsQuestion {
    start: Start,
    filter: Option<Filter>,
    limit: u64,
}

pub(super) async fn read_events(service: &Service, request: v1::ReadEventsRequest) -> Result<EventStream, CallRefusal> {
    let question = here(|| parse(request))?;
    let permit = enter(service, &service.streams, "streams")?;
    let room = sending::reserve(&service.memory, READ_AHEAD).await?;
    let ledger = Arc::clone(&service.ledger);
    let reading = service.threads.ask(move || begin(&ledger, &question)).await?;
    let (sender, batches) = mpsc::channel(WAITING);
    let (ledger, patience) = (Arc::clone(&service.ledger), service.limits.patience);
    let permit = Arc::new(Mutex::new(Some(permit)));
    let lent = Arc::clone(&permit);
    // It ends by itself when its receiver does.
    drop(tokio::task::spawn_blocking(move || {
        if read(&ledger, reading, &sender, patience).is_err() {
            lent.lock().take();
        }
    }));
    let stopping = Some(Box::pin(service.stopping.clone().cancelled_owned()));
    Ok(EventStream { batches, stopping, permit, _room: room })
}

fn parse(request: v1::ReadEventsRequest) -> Result<EventsQuestion, CallRefusal> {
    let mut parse = Parse::new();
    let filter = request.filter.map(|filter| parse.filter(Some(filter), false));
    let start = match request.start {
        None => Start::After(Position::START),
        Some(Asked::AfterPosition(position)) => Start::After(Position(position)),
        Some(Asked::RecordedFrom(instant)) => {
            let expected = |expected| Violation::new("recorded_from", format!("expected {expected}"));
            let from = parse.take(recorded_from(&instant).map_err(expected));
            from.map_or(Start::After(Position::START), Start::RecordedFrom)
        }
    };
    parse.finish()?;
    Ok(EventsQuestion { start, filter, limit: request.limit })
}

fn begin(ledger: &Ledger, question: &EventsQuestion) -> Result<EventReading, CallRefusal> {
    Ok(ledger.begin_reading(question.start, question.filter.as_ref(), question.limit)?)
}

/// Reads until the end, a failure, or nobody listens; an error if somebody is there who does not read.
fn read(
    ledger: &Ledger,
    mut reading: EventReading,
    batches: &mpsc::Sender<Result<EncodedReply, Status>>,
    patience: Duration,
) -> Result<(), Elapsed> {
    let runtime = Handle::current();
    loop {
        let batch = here(|| next(ledger, &mut reading));
        let done = batch.as_ref().map_or(true, |(_, done)| *done);
        let sending = batches.send(batch.map(|(reply, _)| reply).map_err(Status::from));
        let sent = runtime.block_on(async { tokio::time::timeout(patience, sending).await })?;
        if done || sent.is_err() {
            return Ok(());
        }
    }
}

fn next(ledger: &Ledger, reading: &mut EventReading) -> Result<(EncodedReply, bool), CallRefusal> {
    let batch = ledger.read_on(reading, BATCH_BYTES)?;
    let done = batch.done;
    let last = done.then(|| context(&reading.until, ""));
    Ok((EncodedReply::events(batch, last.as_ref()), done))
}

/// The batches of one reading.
pub(super) struct EventStream {
    batches: mpsc::Receiver<Result<EncodedReply, Status>>,
    /// Fires when the server stops; none once that has been told.
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// Counts this stream among those there may be; none once the reading has given up on the client.
    permit: Arc<Mutex<Option<PeerPlace>>>,
    /// The memory reserved for the batches.
    _room: Reservation,
}

impl Stream for EventStream {
    type Item = Result<EncodedReply, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stopping) = &mut self.stopping else { return Poll::Ready(None) };
        if stopping.as_mut().poll(context).is_ready() {
            self.stopping = None;
            self.batches.close();
            return Poll::Ready(Some(Err(CallRefusal::Stopping.into())));
        }
        let batch = ready!(self.batches.poll_recv(context));
        if batch.is_some() {
            return Poll::Ready(batch);
        }
        self.stopping = None;
        let given_up = self.permit.lock().is_none();
        Poll::Ready(given_up.then(|| Err(CallRefusal::Overloaded("streams that are not read").into())))
    }
}
