//! Follows a log over a socket and keeps account, across as many subscriptions as it takes.
#![allow(dead_code, reason = "every test crate uses its own part of this")]

use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use detente_proto::v1::subscribe_request::Start;
use detente_proto::v1::subscribe_response::Frame;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// The deliveries to a follower so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    pub(crate) filter: Option<v1::Filter>,
    /// The position to continue after.
    pub(crate) position: u64,
    pub(crate) events: Vec<v1::Event>,
    pub(crate) frames: usize,
    pub(crate) subscriptions: usize,
    pub(crate) caught_up: bool,
    /// The most positions between two frames.
    pub(crate) largest_step: u64,
    /// True if it leaves after a frame or a few, however far it has come.
    pub(crate) restless: bool,
}

/// Frames as they come.
pub(crate) type Frames = Streaming<v1::SubscribeResponse>;

impl Watched {
    /// Returns the request to continue.
    pub(crate) fn request(&self) -> v1::SubscribeRequest {
        v1::SubscribeRequest {
            start: Some(Start::AfterPosition(self.position)),
            filter: self.filter.clone(),
            heartbeat: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        }
    }

    /// Goes on where it is.
    pub(crate) async fn subscribe(&mut self, client: &mut LedgerServiceClient<Channel>) -> Result<Frames, Status> {
        let frames = client.subscribe(self.request()).await?.into_inner();
        self.subscriptions += 1;
        self.caught_up = false;
        Ok(frames)
    }

    /// Takes the next frame; none if the feed has ended.
    pub(crate) async fn next(&mut self, frames: &mut Frames) -> Result<Option<v1::SubscribeResponse>, Status> {
        let next = tokio::time::timeout(Duration::from_secs(60), frames.message()).await;
        let Some(frame) = next.expect("no frame comes")? else { return Ok(None) };
        assert!(frame.position >= self.position, "the position goes back from {} to {}", self.position, frame.position);
        match frame.frame.as_ref().expect("a frame of a kind that is not known") {
            Frame::Events(events) => {
                for event in &events.events {
                    assert!((self.position + 1..=frame.position).contains(&event.position), "{}", event.position);
                }
                self.events.extend(events.events.iter().cloned());
            }
            Frame::CaughtUp(_) => self.caught_up = true,
            Frame::FellBehind(_) => self.caught_up = false,
            Frame::Confirmed(_) | Frame::Heartbeat(_) | Frame::End(_) => {}
        }
        self.largest_step = self.largest_step.max(frame.position - self.position);
        self.position = frame.position;
        self.frames += 1;
        Ok(Some(frame))
    }

    /// Takes frames until it has caught up at a position or beyond.
    pub(crate) async fn until(&mut self, frames: &mut Frames, position: u64) -> Result<(), Status> {
        while self.position < position || !self.caught_up {
            self.next(frames).await?.expect("the feed has ended");
        }
        Ok(())
    }

    /// Checks that these are the events of the log, event by event, from the first on.
    pub(crate) async fn must_be_the_log(&self, client: &mut LedgerServiceClient<Channel>) {
        let request = v1::ReadEventsRequest { filter: self.filter.clone(), ..Default::default() };
        let mut log = Vec::new();
        let mut batches = client.read_events(request).await.unwrap().into_inner();
        while let Some(batch) = batches.message().await.unwrap() {
            log.extend(batch.events);
        }
        let positions = |events: &[v1::Event]| events.iter().map(|event| event.position).collect::<Vec<_>>();
        assert_eq!(positions(&self.events), positions(&log));
        assert!(self.events == log, "the words of an event differ");
    }
}
