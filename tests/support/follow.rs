//! Follows a log and keeps account: what was given, in which frames, and whether one could go on from each of them.

use super::ask;
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use detente_ledger::Ledger;
use detente_ledger::follow::feed::{Beginning, Delivery, Events, FeedFrame, FeedSource, Subscription};
use detente_ledger::query::events::Start;
use detente_proto::v1;
use prost::Message;
use std::time::Duration;

/// The deliveries to a follower.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) events: Vec<v1::Event>,
    /// Of each frame: its position, and how many events had been given with it.
    pub(crate) frames: Vec<(Position, usize)>,
    pub(crate) caught_up: usize,
    pub(crate) fell_behind: usize,
    pub(crate) heartbeats: usize,
    pub(crate) largest_frame: usize,
}

/// Follows a log from right after a position.
pub(crate) fn follow(ledger: &Ledger, after: Position, filter: Option<&Filter>) -> Subscription {
    let followed = FeedSource::Log(Beginning::After(after), filter.cloned());
    ledger.subscribe(followed, Duration::from_secs(60)).unwrap()
}

/// The events of a frame, decoded.
pub(crate) fn decode_events(events: &Events) -> Vec<v1::Event> {
    let bytes = events.pieces().collect::<Vec<_>>().concat();
    assert_eq!(bytes.len(), events.byte_len());
    let decoded = v1::ReadEventsResponse::decode(bytes.as_slice()).unwrap().events;
    assert_eq!(decoded.len() as u64, events.count());
    decoded
}

impl Account {
    /// Takes the next frame, whatever it is.
    pub(crate) async fn next(&mut self, subscription: &mut Subscription) -> Delivery {
        let next = tokio::time::timeout(Duration::from_secs(60), subscription.next()).await.expect("no frame comes");
        let delivery = next.expect("the feed has ended").unwrap();
        self.take(&delivery);
        delivery
    }

    /// Takes frames until everything up to a position has been given.
    pub(crate) async fn until(&mut self, subscription: &mut Subscription, position: Position) {
        while self.frames.last().is_none_or(|(last, _)| *last < position) || self.caught_up <= self.fell_behind {
            self.next(subscription).await;
        }
    }

    fn take(&mut self, delivery: &Delivery) {
        let before = self.frames.last().map_or(Position::START, |(position, _)| *position);
        assert!(delivery.position >= before, "the position goes back from {before} in {delivery:?}");
        match &delivery.frame {
            FeedFrame::Confirmed(_) => assert!(self.frames.is_empty(), "confirmed twice"),
            _ => assert!(!self.frames.is_empty(), "the first frame is {delivery:?}"),
        }
        match &delivery.frame {
            FeedFrame::Events(events) => {
                let events = decode_events(events);
                assert!(!events.is_empty(), "a frame of no events");
                assert!(events.first().unwrap().position > before.0, "an event from before the last frame");
                assert!(events.last().unwrap().position <= delivery.position.0, "an event beyond the frame's position");
                let bytes = events.iter().map(Message::encoded_len).sum();
                self.largest_frame = self.largest_frame.max(bytes);
                self.events.extend(events);
            }
            FeedFrame::CaughtUp => self.caught_up += 1,
            FeedFrame::FellBehind(_) => self.fell_behind += 1,
            FeedFrame::Heartbeat(_) => self.heartbeats += 1,
            FeedFrame::Confirmed(_) | FeedFrame::End(_) => {}
        }
        self.frames.push((delivery.position, self.events.len()));
    }

    /// The positions of the events given, which must be in order and no two the same.
    pub(crate) fn positions(&self) -> Vec<Position> {
        let positions: Vec<_> = self.events.iter().map(|event| Position(event.position)).collect();
        assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "out of order or twice: {positions:?}");
        positions
    }

    /// Checks that these are, event by event, the events of the log after a position, as a reading of the log has them.
    pub(crate) fn must_be_the_log(&self, ledger: &Ledger, after: Position, filter: Option<&Filter>) {
        let log = ask::events(ledger, Start::After(after), filter, 1 << 20);
        let missing: Vec<_> = log.iter().map(|event| event.position).collect();
        let got: Vec<_> = self.positions().into_iter().map(|position| position.0).collect();
        assert_eq!(got, missing);
        assert!(self.events == log, "the bytes of an event differ");
    }
}
