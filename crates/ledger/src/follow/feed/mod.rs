//! Following the log: what was recorded from a place on, then what is being recorded, each event once, in order.
//!
//! ```text
//!  writer ── publishes a group ──> a watch on the number of durable appends
//!                                     │ one wake-up a group, none where nobody waits for news
//!                                  Live (one task while there are subscriptions)
//!                                     │ the last few groups, as pieces of the log's own blocks
//!            ┌───────────────┬────────┴──────┐
//!       Subscription    Subscription    Subscription        at its own pace, as fast as its reader takes frames
//!            └── what it is too far behind for it reads from the log: blocks in memory, sled, the journal
//! ```
//!
//! The writer never waits for a subscription and knows of none. A subscription holds a place in the log, not a queue: it
//! looks at the log when its reader wants a frame, so it takes no more memory when it falls behind, and it cannot lose
//! anything. Only what is durable is looked at, since the head is that of what was published.
//!
//! A frame says up to where everything has been delivered ([`Delivery::position`]). With a filter that place moves on
//! where nothing matches; frames without events tell it.
//!
//! Reasons: `docs/design/feed.md`.

mod assemble;
mod events;
mod followers;
mod live;
mod reading;
mod search;
mod subscription;

pub use events::Events;
pub use subscription::Subscription;

use crate::Ledger;
use crate::error::QueryError;
use crate::follow::cursors::{Cursor, CursorError, NewCursor};
use crate::read::cut::ResolvedCut;
use crate::read::reader::RecordReader;
use crate::wire::filter::parse_filter;
use crate::wire::sink::Sink;
use detente_domain::filter::Filter;
use detente_domain::name::CursorId;
use detente_domain::position::{Position, RecordedAt};
use followers::Followers;
use live::Live;
use parking_lot::Mutex;
use search::SearchThreads;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The place at which a follower begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Right after this position.
    After(Position),
    /// With the first event recorded at this instant or later.
    RecordedFrom(RecordedAt),
    /// With what is recorded from now on.
    Head,
}

/// The source that a subscription follows.
#[derive(Clone, Debug)]
pub enum FeedSource {
    /// The log from a place on, with a filter only events about claims that match before or after them, and merges of
    /// parties that it names.
    Log(Beginning, Option<Filter>),
    /// The events of a cursor, from its place on; the subscription that held it loses it.
    Cursor(CursorId),
}

/// One frame for the follower.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Everything that matches up to here has been delivered: one can go on right after it.
    pub position: Position,
    /// The frame.
    pub frame: FeedFrame,
}

/// The content of a frame.
#[derive(Clone, Debug)]
pub enum FeedFrame {
    /// The subscription stands; whatever is acknowledged to a writer from now on will be delivered.
    Confirmed(ResolvedCut),
    /// Events, in order.
    Events(Events),
    /// Nothing matched for a while. Has the present time of the ledger's clock.
    Heartbeat(RecordedAt),
    /// The frames after this one are live.
    CaughtUp,
    /// The number of positions between the last delivery and the head; the events after it are read from the log again.
    FellBehind(u64),
    /// There are no more frames.
    End(EndReason),
}

/// The reason why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The server is stopping.
    Stopping,
    /// Another subscription took the cursor.
    CursorTakenOver,
    /// The cursor was deleted.
    CursorDeleted,
}

/// The reason why there is no subscription or cursor.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FeedError {
    /// The place cannot be followed from, or stored bytes are damaged.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Something is the matter with the cursor.
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

/// The parts that all subscriptions of a ledger share.
pub(crate) struct Feed {
    record: Arc<RecordReader>,
    live: Mutex<Weak<Live>>,
    /// One permit for each subscription that may wait for a disk at once.
    loads: Arc<Semaphore>,
    searches: SearchThreads,
    followers: Arc<Followers>,
}

impl Feed {
    /// The feed of a record that nobody follows yet.
    pub(crate) fn new(record: Arc<RecordReader>) -> Self {
        const LOADS: usize = 8;
        Self {
            record,
            live: Mutex::default(),
            loads: Arc::new(Semaphore::new(LOADS)),
            searches: SearchThreads::default(),
            followers: Arc::default(),
        }
    }
}

impl Ledger {
    /// Begins to follow the log. After a time of `heartbeat` without a frame there is a [`FeedFrame::Heartbeat`].
    ///
    /// Must be called within a tokio runtime. With a cursor it may wait for a disk.
    ///
    /// # Errors
    /// If the beginning lies in the future, or there is no such cursor.
    pub fn subscribe(&self, followed: FeedSource, heartbeat: Duration) -> Result<Subscription, FeedError> {
        let live = Live::join(&self.feed);
        let (beginning, filter, held) = match followed {
            FeedSource::Log(beginning, filter) => (beginning, filter, None),
            FeedSource::Cursor(id) => {
                let (held, cursor) = self.cursors.hold(&id)?;
                let filter = cursor.filter.map(|filter| parse(&id, filter)).transpose()?;
                (Beginning::After(cursor.acknowledged), filter, Some(held))
            }
        };
        let (head, after) = self.record.beginning(beginning)?;
        let not_before = match beginning {
            Beginning::RecordedFrom(instant) => Some(instant),
            Beginning::After(_) | Beginning::Head => None,
        };
        Ok(Subscription::new(Arc::clone(&self.feed), live, (head, after, not_before), filter, held, heartbeat))
    }

    /// Makes a cursor; an existing one with the same start and filter stays as it is. Waits for the disk.
    ///
    /// # Errors
    /// If the beginning lies in the future, there is another cursor of that name, or it cannot be written.
    pub fn create_cursor(&self, new: NewCursor) -> Result<Cursor, FeedError> {
        let (_, after) = self.record.beginning(new.start)?;
        Ok(self.cursors.create(new, after, self.record.clock.now())?)
    }

    /// Notes that everything up to a position is done with: it is on stable storage when this returns.
    ///
    /// # Errors
    /// If there is no such cursor, the position was not delivered in this run, or the cursor cannot be written.
    pub fn acknowledge(&self, id: &CursorId, to: Position) -> Result<Cursor, CursorError> {
        self.cursors.acknowledge(id, to, self.record.clock.now())
    }

    /// The time since the last use of a cursor; none where it is damaged or a subscription holds it.
    #[must_use]
    pub fn cursor_idle(&self, id: &CursorId) -> Option<Duration> {
        self.cursors.idle(id)
    }

    /// Deletes the cursors that nobody has used for so long. Waits for the disk.
    pub fn delete_idle_cursors(&self, age: Duration) {
        let ids = self.list_cursors().into_iter().map(|cursor| cursor.id);
        for id in ids.filter(|id| self.cursor_idle(id).is_some_and(|idle| idle >= age)) {
            match self.delete_cursor(&id) {
                Ok(()) => tracing::warn!(cursor = %id, "a cursor that nobody used was deleted"),
                Err(error) => tracing::warn!(cursor = %id, %error, "a cursor that nobody used cannot be deleted"),
            }
        }
    }

    /// All cursors, by name.
    #[must_use]
    pub fn list_cursors(&self) -> Vec<Cursor> {
        self.cursors.list()
    }

    /// Deletes a cursor; a subscription that holds it ends.
    ///
    /// # Errors
    /// If there is no such cursor, or its file cannot be removed.
    pub fn delete_cursor(&self, id: &CursorId) -> Result<(), CursorError> {
        self.cursors.delete(id)
    }
}

impl Feed {
    /// Number of followers, and the number of events that the last of them is behind the head.
    pub(crate) fn standing(&self) -> (u64, u64) {
        let head = self.record.head().position();
        let (count, last) = self.followers.standing();
        (count, last.map_or(0, |last| head.0.saturating_sub(last.0)))
    }
}

impl RecordReader {
    /// The head, and the position after which a beginning begins.
    fn beginning(&self, beginning: Beginning) -> Result<(ResolvedCut, Position), QueryError> {
        let view = self.store.view();
        let head = self.after_append(&view.index, self.last_published());
        let now = self.now(&view.index);
        let in_future = || QueryError::CutInFuture { head: head.position(), now };
        let after = match beginning {
            Beginning::After(position) if position > head.position() => return Err(in_future()),
            Beginning::After(position) => position,
            Beginning::RecordedFrom(instant) if instant > now => return Err(in_future()),
            Beginning::RecordedFrom(instant) => self.last_before(&view.index, instant),
            Beginning::Head => head.position(),
        };
        Ok((head, after))
    }

    /// The last position that was recorded before an instant.
    fn last_before(&self, index: &crate::store::Index, instant: RecordedAt) -> Position {
        let before = RecordedAt(instant.0.saturating_sub(1));
        index.appends.last(index.appends.known_at(before, self.last_published()))
    }
}

/// The filter of a cursor; it was parsed when the cursor was made.
fn parse(id: &CursorId, filter: detente_proto::v1::Filter) -> Result<Filter, CursorError> {
    let mut sink = Sink::input();
    let filter = parse_filter(Some(filter), "filter", false, &mut sink);
    let why = |violations: Vec<detente_domain::rejection::Violation>| {
        let why = violations.into_iter().next().map(|first| format!("{}: {}", first.field, first.description));
        CursorError::Damaged { id: id.clone(), why: why.unwrap_or_default() }
    };
    sink.finish().map_err(why)?;
    Ok(filter)
}
