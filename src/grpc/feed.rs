//! `Subscribe`: a stream that never ends by itself.
//!
//! The stream asks the subscription for a frame only if the transport has room for one. So a client that does not read
//! holds up nobody and costs nothing but what the transport has for it already. At the server's stop the last frame
//! says so.

use super::context::context;
use super::encoded_reply::EncodedReply;
use super::heartbeat::heartbeat;
use super::parse::Parse;
use super::service::Service;
use super::share::enter;
use super::status::CallRefusal;
use super::work::here;
use detente_domain::name::CursorId;
use detente_domain::position::Position;
use detente_domain::rejection::Violation;
use detente_ledger::budget::PeerPlace;
use detente_ledger::error::QueryError;
use detente_ledger::follow::feed::{Beginning, Delivery, EndReason, FeedFrame, FeedSource, Subscription};
use detente_ledger::wire::time::{recorded_from, timestamp};
use detente_proto::v1;
use detente_proto::v1::subscribe_request::Start as Asked;
use detente_proto::v1::subscribe_response::Frame as Told;
use prost_types::Timestamp;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio_stream::Stream;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::Status;

pub(super) async fn subscribe(
    service: &Service,
    request: v1::SubscribeRequest,
) -> Result<SubscribeStream, CallRefusal> {
    let (followed, heartbeat) = here(|| parse(request))?;
    let permit = enter(service, &service.feeds, "subscriptions")?;
    let ledger = Arc::clone(&service.ledger);
    let subscription = match followed {
        FeedSource::Log(..) => here(|| Ok(ledger.subscribe(followed, heartbeat)?))?,
        // A cursor may be on its way to the disk.
        FeedSource::Cursor(_) => service.threads.run(move || Ok(ledger.subscribe(followed, heartbeat)?)).await?,
    };
    let stopping = Box::pin(service.stopping.clone().cancelled_owned());
    Ok(SubscribeStream {
        position: subscription.position(),
        next: next(subscription),
        stopping: Some(stopping),
        _permit: permit,
    })
}

fn parse(request: v1::SubscribeRequest) -> Result<(FeedSource, Duration), CallRefusal> {
    let mut parse = Parse::new();
    let heartbeat = heartbeat(request.heartbeat, &mut parse);
    let filtered = request.filter.is_some();
    let filter = request.filter.map(|filter| parse.filter(Some(filter), false));
    let beginning = match request.start {
        Some(Asked::CursorId(id)) => {
            if filtered {
                parse.wrong("filter", "a cursor has the filter it was made with; leave it out");
            }
            let id = cursor_id(&id, &mut parse);
            parse.finish()?;
            return Ok((FeedSource::Cursor(id.ok_or(CallRefusal::Defect)?), heartbeat));
        }
        Some(Asked::AfterPosition(position)) => Beginning::After(Position(position)),
        Some(Asked::RecordedFrom(instant)) => beginning_at(&instant, &mut parse),
        Some(Asked::FromHead(v1::FromHead {})) => Beginning::Head,
        None => Beginning::After(Position::START),
    };
    parse.finish()?;
    Ok((FeedSource::Log(beginning, filter), heartbeat))
}

/// The beginning at an instant.
pub(super) fn beginning_at(instant: &Timestamp, parse: &mut Parse) -> Beginning {
    let expected = |expected| Violation::new("recorded_from", format!("expected {expected}"));
    let from = parse.take(recorded_from(instant).map_err(expected));
    from.map_or(Beginning::Head, Beginning::RecordedFrom)
}

/// The name of a cursor, at the field `cursor_id`.
pub(super) fn cursor_id(id: &str, parse: &mut Parse) -> Option<CursorId> {
    let needed = if id.is_empty() { "required" } else { "expected" };
    parse.take(CursorId::parse(id).map_err(|expected| Violation::new("cursor_id", format!("{needed}: {expected}"))))
}

type Next = Pin<Box<dyn Future<Output = (Option<Result<Delivery, QueryError>>, Subscription)> + Send>>;

fn next(mut subscription: Subscription) -> Next {
    Box::pin(async move { (subscription.next().await, subscription) })
}

/// The frames of one subscription.
pub(super) struct SubscribeStream {
    next: Next,
    /// That of the last frame.
    position: Position,
    /// Fires when the server stops; none once the stream has ended.
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// Counts this subscription among those there may be.
    _permit: PeerPlace,
}

impl Stream for SubscribeStream {
    type Item = Result<EncodedReply, Status>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stopping) = &mut self.stopping else { return Poll::Ready(None) };
        if stopping.as_mut().poll(task).is_ready() {
            self.stopping = None;
            let end = Delivery { position: self.position, frame: FeedFrame::End(EndReason::Stopping) };
            return Poll::Ready(Some(Ok(reply(end))));
        }
        let (delivery, subscription) = ready!(self.next.as_mut().poll(task));
        self.next = next(subscription);
        let Some(delivery) = delivery else {
            self.stopping = None;
            return Poll::Ready(None);
        };
        let delivery = delivery.inspect(|delivery| self.position = delivery.position);
        Poll::Ready(Some(delivery.map(reply).map_err(|error| CallRefusal::from(error).into())))
    }
}

fn reply(Delivery { position, frame }: Delivery) -> EncodedReply {
    let told = match frame {
        FeedFrame::Events(events) => return EncodedReply::feed_events(position.0, events),
        FeedFrame::Confirmed(head) => Told::Confirmed(v1::Confirmed { head: Some(context(&head, "")) }),
        FeedFrame::Heartbeat(now) => Told::Heartbeat(v1::Heartbeat { now: Some(timestamp(now)) }),
        FeedFrame::CaughtUp => Told::CaughtUp(v1::CaughtUp {}),
        FeedFrame::FellBehind(behind) => Told::FellBehind(v1::FellBehind { behind }),
        FeedFrame::End(why) => Told::End(v1::End { reason: reason(why).into() }),
    };
    EncodedReply::feed_frame(&v1::SubscribeResponse { position: position.0, frame: Some(told) })
}

const fn reason(why: EndReason) -> v1::EndReason {
    match why {
        EndReason::Stopping => v1::EndReason::ServerStopping,
        EndReason::CursorTakenOver => v1::EndReason::CursorTakenOver,
        EndReason::CursorDeleted => v1::EndReason::CursorDeleted,
    }
}
