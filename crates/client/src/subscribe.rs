//! A subscription that outlives its connections: each event once, in order, none missed.
//!
//! Every frame has the position up to which everything has been delivered, and after a break the feed resumes from
//! there. With a cursor the server keeps the consumer's place. Events that it sends again, because they were delivered
//! and not acknowledged, are dropped here.

use super::follow::{Came, Following};
use super::stream::unfold;
use super::{Client, Error};
use detente_proto::v1::{
    Confirmed, EndReason, ErrorReason, Event, ReplyContext, SubscribeRequest, SubscribeResponse,
    subscribe_request::Start, subscribe_response::Frame,
};
use std::collections::VecDeque;
use tokio::time::Instant;
use tokio_stream::Stream;

/// The news of a subscription.
#[derive(Clone, Debug)]
pub enum News {
    /// It stands, for the first time or again: all that is acknowledged to a writer from now on will be delivered.
    /// Holds the head.
    Confirmed(ReplyContext),
    /// Events, in order, at least one.
    Events(Vec<Event>),
    /// Nothing matched for a while.
    Heartbeat,
    /// All that was recorded before has been delivered; the events that follow are live.
    CaughtUp,
    /// The number of positions that the consumer is behind; nothing is missing.
    FellBehind(u64),
    /// The connection broke or the server stops; it will be mended. [`Subscription::next`] goes on after a pause.
    Interrupted(Error),
}

/// A subscription.
#[derive(Debug)]
pub struct Subscription {
    client: Client,
    /// The request that goes on behind what has been delivered.
    request: SubscribeRequest,
    following: Following<SubscribeResponse>,
    /// The news that arrived while the client waited for something else, each with its position.
    waiting: VecDeque<(News, u64)>,
    /// Everything that matches up to here has been handed to the consumer.
    position: u64,
    /// Everything that matches up to here has come.
    received: u64,
    /// The same of this connection alone.
    reached: u64,
    ledger_id: String,
}

impl Subscription {
    pub(super) async fn begin(client: Client, request: SubscribeRequest) -> Result<Self, Error> {
        let following = Following::new(&client.options);
        let (waiting, ledger_id) = (VecDeque::new(), String::new());
        let (position, received, reached) = (0, 0, 0);
        let mut subscription = Self { client, request, following, waiting, position, received, reached, ledger_id };
        let until = subscription.following.patience_ends();
        loop {
            match subscription.pull().await? {
                News::Interrupted(why) if Instant::now() >= until => return Err(why),
                News::Interrupted(_) => {}
                news => {
                    subscription.position = subscription.received;
                    subscription.keep(news);
                    return Ok(subscription);
                }
            }
        }
    }

    /// Waits for the next news. A caller that stops waiting loses nothing.
    ///
    /// # Errors
    /// [`Error::Ended`] if the cursor was taken over or deleted, [`Error::OtherLedger`], and [`Error::Refused`] if
    /// coming back would not help.
    pub async fn next(&mut self) -> Result<News, Error> {
        let (news, position) = match self.waiting.pop_front() {
            Some(kept) => kept,
            None => (self.pull().await?, self.received),
        };
        self.position = position;
        Ok(news)
    }

    /// Waits for the next events, whatever else comes before them.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub async fn events(&mut self) -> Result<Vec<Event>, Error> {
        loop {
            if let News::Events(events) = self.next().await? {
                return Ok(events);
            }
        }
    }

    /// Up to here everything that matches has been handed out; `after_position` of a subscription that goes on.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Has the server note durably that everything up to a position is done with. If the server was restarted since it
    /// delivered that position, the events that it sends again are passed over first. Without a cursor this does
    /// nothing.
    ///
    /// # Errors
    /// As [`Subscription::next`]; with CURSOR_BEYOND_DELIVERED for a position that has not been delivered.
    pub async fn acknowledge(&mut self, position: u64) -> Result<(), Error> {
        let Some(Start::CursorId(cursor_id)) = self.request.start.clone() else { return Ok(()) };
        loop {
            while self.reached < position && position <= self.position {
                let news = self.pull().await?;
                self.keep(news);
            }
            match self.client.acknowledge_cursor(&cursor_id, position).await {
                Err(error)
                    if error.reason() == Some(ErrorReason::CursorBeyondDelivered) && position <= self.position =>
                {
                    self.let_go();
                }
                done => return done.map(|_| ()),
            }
        }
    }

    /// The news as a stream, which ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<News, Error>> + Send + Unpin {
        unfold(Some(self), |subscription| {
            Box::pin(async move {
                let mut subscription = subscription?;
                match subscription.next().await {
                    Ok(news) => Some((Ok(news), Some(subscription))),
                    Err(error) => Some((Err(error), None)),
                }
            })
        })
    }

    /// The next thing to tell, from the server.
    async fn pull(&mut self) -> Result<News, Error> {
        loop {
            let (mut stub, request) = (self.client.stub(), self.request.clone());
            let frame = match self.following.next(async move { stub.subscribe(request).await }).await? {
                Came::Frame(frame) => frame,
                Came::Break(why) => {
                    self.reached = 0;
                    return Ok(News::Interrupted(why));
                }
            };
            if let Some(news) = self.take(frame)? {
                return Ok(news);
            }
        }
    }

    fn take(&mut self, SubscribeResponse { position, frame }: SubscribeResponse) -> Result<Option<News>, Error> {
        let news = match frame {
            Some(Frame::Confirmed(confirmed)) => Some(self.handle_confirmation(confirmed)?),
            Some(Frame::Events(events)) => self.new_of(events.events),
            Some(Frame::CaughtUp(_)) => Some(News::CaughtUp),
            Some(Frame::FellBehind(fell)) => Some(News::FellBehind(fell.behind)),
            Some(Frame::End(end)) => return self.handle_end(end.reason()).map(Some),
            Some(Frame::Heartbeat(_)) | None => Some(News::Heartbeat),
        };
        self.reached = position;
        self.received = self.received.max(position);
        if !matches!(self.request.start, Some(Start::CursorId(_))) {
            self.request.start = Some(Start::AfterPosition(self.received));
        }
        Ok(news)
    }

    fn handle_confirmation(&mut self, confirmed: Confirmed) -> Result<News, Error> {
        let head = confirmed.head.unwrap_or_default();
        if self.ledger_id.is_empty() {
            self.ledger_id.clone_from(&head.ledger_id);
        }
        if self.ledger_id != head.ledger_id {
            self.let_go();
            return Err(Error::OtherLedger { expected: self.ledger_id.clone(), found: head.ledger_id });
        }
        Ok(News::Confirmed(head))
    }

    /// Keeps the events that have not come before.
    fn new_of(&self, mut events: Vec<Event>) -> Option<News> {
        events.retain(|event| event.position > self.received);
        (!events.is_empty()).then_some(News::Events(events))
    }

    /// Reasons that this client does not know are taken for a server that stops.
    fn handle_end(&mut self, reason: EndReason) -> Result<News, Error> {
        self.let_go();
        match reason {
            EndReason::CursorTakenOver | EndReason::CursorDeleted => Err(Error::Ended(reason)),
            EndReason::ServerStopping | EndReason::Unspecified => Ok(News::Interrupted(Error::Ended(reason))),
        }
    }

    fn keep(&mut self, news: News) {
        self.waiting.push_back((news, self.received));
    }

    fn let_go(&mut self) {
        self.reached = 0;
        self.following.let_go(None);
    }
}
