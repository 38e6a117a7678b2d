//! `WatchClock`: a stream that delivers the transitions of valid time as they come, and never ends by itself.
//!
//! ```text
//!   wait      until the next transition, the next heartbeat, or something is published; whichever comes first
//!   settle    nothing can be recorded at or before now any more
//!   advance   what has come is pending
//!   tell      a frame for each, while the client reads; the ledger is not held while it does not
//! ```
//!
//! A frame's token is a place in the sequence of deliveries (`detente_ledger::follow::clock_watch`), and nothing that
//! the server keeps: a watch can resume there after any end of the stream, in another process too.

use super::heartbeat::heartbeat;
use super::page::{from_hex, to_hex};
use super::parse::Parse;
use super::service::Service;
use super::share::enter;
use super::status::CallRefusal;
use super::work::{Threads, briefly, here};
use detente_domain::cut::Basis;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::rejection::Violation;
use detente_ledger::Ledger;
use detente_ledger::Publication;
use detente_ledger::SettledRecord;
use detente_ledger::budget::PeerPlace as StreamPlace;
use detente_ledger::follow::clock_watch::{
    ClockWatch, ResumePoint, TransitionNotice, WatchPlace, WatchQuery, WatchStart,
};
use detente_ledger::wire::time::{recorded_from, timestamp, timestamp_of};
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use prost::Message;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_stream::Stream;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::Status;
use uuid::Uuid;

pub(super) type ClockStream = Pin<Box<dyn Stream<Item = Result<v1::WatchClockResponse, Status>> + Send>>;
type WatchFrame = Result<v1::WatchClockResponse, Status>;

/// Maximum number of frames that wait for a client.
const WAITING: usize = 16;
/// Maximum number of transitions that are put together at once.
const AT_ONCE: usize = 32;
/// Maximum number of new events that are looked at without a thread that may wait.
const FEW_EVENTS: u64 = 1024;
/// Maximum number of transitions that are held for a client: of those that have come, and as many of those to come.
const AT_HAND: usize = 1 << 15;

pub(super) async fn watch_clock(service: &Service, request: v1::WatchClockRequest) -> Result<ClockStream, CallRefusal> {
    let (query, heartbeat) = here(|| parse(service.ledger.ledger_id().0, request))?;
    let permit = enter(service, &service.streams, "streams")?;
    let changes = service.ledger.published_changes();
    let settled =
        service.stopping.run_until_cancelled(service.ledger.settle_now()).await.ok_or(CallRefusal::Stopping)?;
    let ledger = Arc::clone(&service.ledger);
    let watch = service.threads.work(move || Ok(ledger.begin_watch(query, settled)?)).await?;
    let (sender, frames) = mpsc::channel(WAITING);
    let (ledger, threads) = (Arc::clone(&service.ledger), Arc::clone(&service.threads));
    let follower = Follower { ledger, threads, changes, frames: sender, heartbeat, quiet_since: None };
    // It ends by itself when its receiver does.
    drop(tokio::spawn(follower.run(watch)));
    let stopping = Some(Box::pin(service.stopping.clone().cancelled_owned()));
    Ok(Box::pin(WatchFrames { frames, stopping, _permit: permit }))
}

fn parse(ledger: Uuid, request: v1::WatchClockRequest) -> Result<(WatchQuery, Duration), CallRefusal> {
    let mut parse = Parse::new();
    let filter = Arc::new(parse.filter(request.filter, false));
    let transitions = parse.members(&request.transitions, "transitions");
    let start = start(ledger, &request.after, request.from.as_ref(), &mut parse);
    let heartbeat = heartbeat(request.heartbeat, &mut parse);
    parse.finish()?;
    Ok((WatchQuery { filter, transitions, include_late: request.include_late, start, at_hand: AT_HAND }, heartbeat))
}

fn start(ledger: Uuid, after: &str, from: Option<&prost_types::Timestamp>, parse: &mut Parse) -> WatchStart {
    if !after.is_empty() && from.is_some() {
        parse.wrong("from", "either `after` or `from` is given, not both");
    }
    if let Some(from) = from {
        let expected = |expected| Violation::new("from", format!("expected {expected}"));
        return parse.take(recorded_from(from).map_err(expected)).map_or(WatchStart::Now, WatchStart::From);
    }
    if after.is_empty() {
        return WatchStart::Now;
    }
    let mark = WatchToken::read(after, ledger);
    if mark.is_none() {
        parse.wrong("after", "is not the token of a frame that this ledger's clock sent");
    }
    mark.map_or(WatchStart::Now, WatchStart::After)
}

/// The content of a frame's token.
#[derive(Clone, PartialEq, Message)]
struct WatchToken {
    #[prost(sint64, tag = "1")]
    reported_at: i64,
    #[prost(uint64, tag = "2")]
    order: u64,
    #[prost(uint32, tag = "3")]
    transition: u32,
    #[prost(sint64, tag = "4")]
    settled: i64,
    #[prost(uint64, tag = "5")]
    position: u64,
    #[prost(fixed64, tag = "6")]
    mark: u64,
    /// The first half of the id of the ledger.
    #[prost(fixed64, tag = "7")]
    ledger: u64,
}

impl WatchToken {
    fn write(mark: ResumePoint, ledger: Uuid) -> String {
        let ResumePoint { place: WatchPlace { reported_at, order, transition }, settled, basis } = mark;
        let token = Self {
            reported_at: reported_at.0,
            order,
            transition: u32::from(transition),
            settled: settled.0,
            position: basis.position.0,
            mark: u64::from_be_bytes(basis.mark),
            ledger: ledger.as_u64_pair().0,
        };
        to_hex(&token.encode_to_vec())
    }

    fn read(text: &str, ledger: Uuid) -> Option<ResumePoint> {
        let token = Self::decode(from_hex(text)?.as_slice()).ok()?;
        let transition = u8::try_from(token.transition).ok()?;
        let basis = Basis { position: Position(token.position), mark: token.mark.to_be_bytes() };
        let place = WatchPlace { reported_at: RecordedAt(token.reported_at), order: token.order, transition };
        (token.ledger == ledger.as_u64_pair().0).then_some(ResumePoint {
            place,
            settled: RecordedAt(token.settled),
            basis,
        })
    }
}

/// Follows the clock for one client.
struct Follower {
    ledger: Arc<Ledger>,
    threads: Arc<Threads>,
    changes: watch::Receiver<Publication>,
    frames: mpsc::Sender<WatchFrame>,
    heartbeat: Duration,
    /// The time of the last frame; none before the first, which is sent at once.
    quiet_since: Option<Instant>,
}

/// The client has gone.
struct ClientGone;

impl Follower {
    async fn run(mut self, watch: ClockWatch) {
        if let Err(refusal) = self.follow(watch).await {
            // The client may have gone.
            let _ = self.frames.send(Err(refusal.into())).await;
        }
    }

    /// Follows until the client has gone, or it cannot go on.
    async fn follow(&mut self, mut watch: ClockWatch) -> Result<(), CallRefusal> {
        loop {
            loop {
                let told;
                (watch, told) = self.tell(watch).await?;
                if told.is_empty() {
                    break;
                }
                for telling in told {
                    if self.send(self.frame(telling)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            let quiet = self.quiet_since.is_none_or(|since| since.elapsed() >= self.heartbeat);
            if let Some(mark) = watch.mark().filter(|_| quiet)
                && self.send(self.quiet_frame(mark, watch.horizon())).await.is_err()
            {
                return Ok(());
            }
            let Ok(settled) = self.wait(&watch).await else { return Ok(()) };
            watch = self.advance(watch, settled).await?;
        }
    }

    /// Returns the next of the pending transitions.
    async fn tell(&self, mut watch: ClockWatch) -> Result<(ClockWatch, Vec<TransitionNotice>), CallRefusal> {
        let is_long = watch.is_at_end_of_page();
        if !is_long && !watch.has_pending() {
            return Ok((watch, Vec::new()));
        }
        let ledger = Arc::clone(&self.ledger);
        let tell = move || {
            let told = ledger.tell(&mut watch, AT_ONCE)?;
            Ok((watch, told))
        };
        // Putting claims together may read a disk.
        if is_long { self.threads.work(tell).await } else { self.threads.run(tell).await }
    }

    /// Waits until there may be something to tell, and the record has settled.
    async fn wait(&mut self, watch: &ClockWatch) -> Result<SettledRecord, ClientGone> {
        let until = self.wake_at(watch);
        tokio::select! {
            () = self.frames.closed() => return Err(ClientGone),
            () = sleep_until(until) => {}
            _ = self.changes.changed() => {}
        }
        tokio::select! {
            () = self.frames.closed() => Err(ClientGone),
            settled = self.ledger.settle_now() => Ok(settled),
        }
    }

    /// The instant of the next transition or heartbeat. The ledger's clock may be moved meanwhile, so it is looked at
    /// once a minute at least.
    fn wake_at(&self, watch: &ClockWatch) -> Instant {
        const LEAST: Duration = Duration::from_millis(1);
        const MOST: Duration = Duration::from_secs(60);
        let left = |at: RecordedAt| {
            let micros = at.0.saturating_sub(self.ledger.clock().now().0);
            Duration::from_micros(u64::try_from(micros).unwrap_or(0)).clamp(LEAST, MOST)
        };
        let transition = Instant::now() + watch.next_at().map_or(MOST, left);
        self.quiet_since.map_or(transition, |since| transition.min(since + self.heartbeat))
    }

    async fn advance(&self, mut watch: ClockWatch, settled: SettledRecord) -> Result<ClockWatch, CallRefusal> {
        let is_far = self.ledger.is_far(&watch, settled, FEW_EVENTS);
        let ledger = Arc::clone(&self.ledger);
        let advance = move || {
            ledger.advance_watch(&mut watch, settled);
            Ok(watch)
        };
        if is_far { self.threads.work(advance).await } else { briefly(advance) }
    }

    async fn send(&mut self, frame: v1::WatchClockResponse) -> Result<(), ClientGone> {
        self.frames.send(Ok(frame)).await.map_err(|_| ClientGone)?;
        self.quiet_since = Some(Instant::now());
        Ok(())
    }

    /// A frame without a transition: how far everything has been told.
    fn quiet_frame(&self, mark: ResumePoint, now: RecordedAt) -> v1::WatchClockResponse {
        let token = WatchToken::write(mark, self.ledger.ledger_id().0);
        v1::WatchClockResponse { token, now: Some(timestamp(now)), transition: None }
    }

    fn frame(&self, telling: TransitionNotice) -> v1::WatchClockResponse {
        let TransitionNotice { mark, transition, at, late, claim } = telling;
        let reported_at = Some(timestamp(mark.place.reported_at));
        let transition = v1::ClockTransition {
            transition: transition.to_wire(),
            at: timestamp_of(at),
            reported_at,
            late,
            claim: Some(claim),
        };
        let token = WatchToken::write(mark, self.ledger.ledger_id().0);
        v1::WatchClockResponse { token, now: reported_at, transition: Some(transition) }
    }
}

/// The frames of one client.
struct WatchFrames {
    frames: mpsc::Receiver<WatchFrame>,
    /// Fires when the server stops; none once that has been told.
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// Counts this stream among those there may be.
    _permit: StreamPlace,
}

impl Stream for WatchFrames {
    type Item = WatchFrame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<WatchFrame>> {
        let Some(stopping) = &mut self.stopping else { return Poll::Ready(None) };
        if stopping.as_mut().poll(context).is_ready() {
            self.stopping = None;
            self.frames.close();
            return Poll::Ready(Some(Err(CallRefusal::Stopping.into())));
        }
        self.frames.poll_recv(context)
    }
}
