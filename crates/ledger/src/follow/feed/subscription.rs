//! One follower, and its next frame.
//!
//! ```text
//!   Confirmed ──> catching up ──CaughtUp──> live ──┐
//!                     ^                            │ too far behind
//!                     └────────FellBehind──────────┘        Heartbeat: nothing to tell for a while, in either
//! ```
//!
//! Nothing happens between two frames: a follower whose reader does not read is a place in the log and no more.

use super::Feed;
use super::followers::FollowerPlace;
use super::live::{FeedHead, Live};
use super::reading::{FeedReading, FeedStep, Search, load};
use super::search::{SearchResult, search_piece};
use super::{Delivery, EndReason, FeedFrame};
use crate::budget::Peer;
use crate::error::{QueryError, ReadFailure};
use crate::follow::cursors::HeldCursor;
use crate::read::cut::ResolvedCut;
use detente_domain::filter::Filter;
use detente_domain::position::{Position, RecordedAt};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::Instant;

/// A live follower with more events than this to read has fallen behind.
const BEHIND: u64 = 8192;
/// The number of events without a match after which a frame reports the place.
const PASSED_OVER: u64 = 16_384;
/// The number of steps without a result after which other tasks have their turn.
const STEPS: u32 = 2;

type RunningSearch = Pin<Box<dyn Future<Output = Result<SearchResult, QueryError>> + Send>>;

/// A follower of the log.
pub struct Subscription {
    feed: Arc<Feed>,
    live: Arc<Live>,
    head: watch::Receiver<FeedHead>,
    reading: FeedReading,
    /// Events recorded before this instant are not wanted, until a later one comes.
    not_before: Option<RecordedAt>,
    held: Option<HeldCursor>,
    phase: Phase,
    /// The peer that follows, in whose turn its searches are made.
    peer: Option<Peer>,
    /// A search that continues over frames which only say that nothing was found yet.
    searching: Option<RunningSearch>,
    heartbeat: Duration,
    /// The time and the position of the last frame.
    last: (Instant, Position),
    /// The place of this follower among all.
    place: FollowerPlace,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing has been given yet. The head at the beginning.
    Opening(ResolvedCut),
    CatchingUp,
    Live,
    Ended,
}

impl Subscription {
    pub(super) fn new(
        feed: Arc<Feed>,
        live: Arc<Live>,
        (head, after, not_before): (ResolvedCut, Position, Option<RecordedAt>),
        filter: Option<Filter>,
        held: Option<HeldCursor>,
        heartbeat: Duration,
    ) -> Self {
        Self {
            place: feed.followers.join(after),
            head: live.head(),
            feed,
            live,
            reading: FeedReading::after(after, filter),
            not_before,
            held,
            phase: Phase::Opening(head),
            peer: Peer::current(),
            searching: None,
            heartbeat,
            last: (Instant::now(), after),
        }
    }

    /// The position of the last frame: one can go on right after it.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.last.1
    }

    /// The next frame, as soon as there is one; none after [`FeedFrame::End`] or an error.
    ///
    /// # Errors
    /// If stored bytes are damaged.
    pub async fn next(&mut self) -> Option<Result<Delivery, QueryError>> {
        let frame = match self.phase {
            Phase::Ended => return None,
            Phase::Opening(head) => {
                self.phase = Phase::CatchingUp;
                Ok(FeedFrame::Confirmed(head))
            }
            Phase::CatchingUp | Phase::Live => self.advance().await,
        };
        let position = self.reading.position();
        self.last = (Instant::now(), position);
        match &frame {
            Ok(FeedFrame::End(_)) | Err(_) => self.phase = Phase::Ended,
            Ok(_) => self.held.iter().for_each(|held| held.deliver(position)),
        }
        Some(frame.map(|frame| Delivery { position, frame }))
    }

    async fn advance(&mut self) -> Result<FeedFrame, QueryError> {
        let mut steps = 0;
        loop {
            if let Some(why) = self.held.as_ref().and_then(HeldCursor::end_reason) {
                return Ok(FeedFrame::End(why));
            }
            let head = self.look();
            self.pass_over_what_is_too_old(head.last);
            let at = self.reading.position();
            self.place.set(at);
            if at >= head.last {
                if matches!(self.phase, Phase::CatchingUp) {
                    self.phase = Phase::Live;
                    return Ok(FeedFrame::CaughtUp);
                }
                if let Some(frame) = self.wait().await {
                    return Ok(frame);
                }
                continue;
            }
            // A follower that is still at the group published last is not behind, however large that is.
            let behind = head.last.0 - at.0;
            if matches!(self.phase, Phase::Live) && behind > BEHIND && at < head.newest_after {
                self.phase = Phase::CatchingUp;
                return Ok(FeedFrame::FellBehind(behind));
            }
            if let Some(frame) = self.read(head.last).await? {
                return Ok(frame);
            }
            steps += 1;
            if steps % STEPS == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The head that all followers go up to, so that the same frames do for all. A follower that has reached it looks
    /// for more.
    fn look(&mut self) -> FeedHead {
        let head = *self.head.borrow_and_update();
        if self.reading.position() < head.last || !self.live.catch_up(&self.feed.record) {
            return head;
        }
        *self.head.borrow_and_update()
    }

    /// The events that come next, or a heartbeat if there have been none for long; none if the caller has to continue.
    async fn read(&mut self, head: Position) -> Result<Option<FeedFrame>, QueryError> {
        if let Some((events, through)) = self.recent() {
            self.reading.skip_to(through);
            return Ok(Some(FeedFrame::Events(events)));
        }
        if let Some(searching) = &mut self.searching {
            let found = tokio::select! {
                biased;
                why = losing(&mut self.held) => return Ok(Some(FeedFrame::End(why))),
                found = searching => found,
                () = tokio::time::sleep_until(self.last.0 + self.heartbeat) => return Ok(Some(self.sign_of_life())),
            };
            self.searching = None;
            self.reading.find(found?);
        }
        match self.reading.step(&self.feed.record, head) {
            FeedStep::Events(events) => return Ok(Some(FeedFrame::Events(events))),
            FeedStep::Nothing => {}
            FeedStep::Load(blocks) => self.load(blocks).await?,
            FeedStep::Search(Search { filter, span }) => {
                let (feed, peer) = (Arc::clone(&self.feed), self.peer);
                self.searching = Some(Box::pin(async move { search_piece(&feed, &filter, span, peer).await }));
            }
        }
        let (since, told) = self.last;
        let is_due = since.elapsed() >= self.heartbeat || self.reading.position().0 - told.0 >= PASSED_OVER;
        Ok(is_due.then(|| self.sign_of_life()))
    }

    /// The events that all followers at this place get next, if there is no filter.
    fn recent(&self) -> Option<(super::Events, Position)> {
        if !self.reading.is_unfiltered() || self.not_before.is_some() {
            return None;
        }
        self.live.right_after(self.reading.position())
    }

    async fn load(&mut self, blocks: Vec<usize>) -> Result<(), QueryError> {
        let failed = |error: JoinError| match error.is_panic() {
            true => QueryError::Defect,
            false => ReadFailure::NoThread("the log could not be read").into(),
        };
        let Ok(turn) = Arc::clone(&self.feed.loads).acquire_owned().await else { return Ok(()) };
        let record = Arc::clone(&self.feed.record);
        let loading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            load(&record, &blocks)
        });
        self.reading.take_in(loading.await.map_err(failed)??);
        Ok(())
    }

    /// Waits until there is more to read; a frame if there is something to tell instead.
    async fn wait(&mut self) -> Option<FeedFrame> {
        let deadline = self.last.0 + self.heartbeat;
        self.live.want();
        tokio::select! {
            biased;
            why = losing(&mut self.held) => Some(FeedFrame::End(why)),
            () = tokio::time::sleep_until(deadline) => Some(FeedFrame::Heartbeat(self.feed.record.clock.now())),
            moved = self.head.changed() => moved.is_err().then_some(FeedFrame::End(EndReason::Stopping)),
        }
    }

    fn sign_of_life(&self) -> FeedFrame {
        FeedFrame::Heartbeat(self.feed.record.clock.now())
    }

    /// Goes past what was recorded before the instant to begin with, if that came after the head was looked at.
    fn pass_over_what_is_too_old(&mut self, head: Position) {
        let Some(instant) = self.not_before else { return };
        let last = self.feed.record.last_before(&self.feed.record.store.view().index, instant).min(head);
        self.reading.skip_to(last);
        if last < head {
            self.not_before = None;
        }
    }
}

/// Waits until the cursor that is held is taken away; for ever without one.
async fn losing(held: &mut Option<HeldCursor>) -> EndReason {
    match held {
        Some(held) => held.losing().await,
        None => std::future::pending().await,
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("position", &self.position()).field("phase", &self.phase).finish()
    }
}
