//! The limits of a server. `GetServerInfo` reports them to clients.

use super::page;
use super::status::CallRefusal;
use detente_domain::position::RecordedAt;
use detente_ledger::budget::DEFAULT_PERCENT;
use detente_ledger::wire::limits::MAX_CLAIM_BYTES;
use detente_ledger::write::stage::StageLimits;
use detente_proto::v1;
use std::time::Duration;

/// The most commands in one append.
pub const MAX_COMMANDS: usize = 10_000;
/// The largest reply, in bytes before it is compressed: what gRPC libraries read by default. Pages end at 3 MiB or so, and no
/// entry is larger than 400 KiB.
pub const MAX_REPLY_BYTES: usize = 4 << 20;
/// Maximum number of jobs that wait for a disk at once; others queue.
pub(super) const BLOCKING_JOBS: usize = 32;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The instant at which a thing with an age ends, idle so long already; none where it does not end.
pub(super) fn expiry(now: RecordedAt, age: Duration, idle: Option<Duration>) -> Option<RecordedAt> {
    let left = i64::try_from(age.saturating_sub(idle?).as_micros()).ok()?;
    now.0.checked_add(left).map(RecordedAt)
}

/// The limits that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request, in bytes.
    pub request_bytes: usize,
    /// The most streams at once.
    pub streams: usize,
    /// The most subscriptions at once.
    pub subscriptions: usize,
    /// The time that a reading of the log waits for a client that does not read, before it gives its place to another.
    pub patience: Duration,
    /// Share of one peer in shared resources, in percent.
    pub peer_share_percent: u8,
    /// Age at which an untouched stage is dropped.
    pub stage_age: Duration,
    /// Age at which a cursor that nobody uses is deleted.
    pub cursor_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 16 << 20,
            streams: 256,
            subscriptions: 4096,
            patience: Duration::from_secs(300),
            peer_share_percent: DEFAULT_PERCENT,
            stage_age: 7 * DAY,
            cursor_age: 90 * DAY,
        }
    }
}

impl Limits {
    /// Returns the limits as `GetServerInfo` reports them.
    pub(super) fn message(self, stages: StageLimits, memory: usize) -> v1::Limits {
        v1::Limits {
            max_request_bytes: self.request_bytes as u64,
            max_commands: saturate(MAX_COMMANDS),
            max_claim_bytes: saturate(MAX_CLAIM_BYTES),
            max_page_size: saturate(page::MAX_ENTRIES),
            max_reply_bytes: MAX_REPLY_BYTES as u64,
            max_streams: saturate(self.streams),
            max_subscriptions: saturate(self.subscriptions),
            max_stages: saturate(stages.stages),
            max_stage_bytes: stages.bytes,
            memory_bytes: memory as u64,
        }
    }
}

/// Holds the size of a reply against the largest.
pub(super) fn admit_reply(bytes: usize) -> Result<(), CallRefusal> {
    if bytes <= MAX_REPLY_BYTES {
        return Ok(());
    }
    let how = "ask for a smaller page, for fewer claims or for a shorter span";
    Err(CallRefusal::too_large(
        "",
        format!("the reply would have {bytes} bytes; at most {MAX_REPLY_BYTES} are sent: {how}"),
    ))
}

fn saturate(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}
