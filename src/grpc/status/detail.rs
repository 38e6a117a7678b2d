//! The words and the machine-readable details of each refusal ([`super::reason`] has the table).
//!
//! A status travels in HTTP/2 headers, and clients refuse large ones (16 KiB in several implementations). So violations are
//! listed up to [`DETAIL_BYTES`]; the last one then gives the number of the rest, and the metadata counts all.

use crate::domain::name::{ClaimId, CursorId};
use crate::domain::position::{Position, RecordedAt};
use crate::domain::rejection::{Conflict, Violation};
use crate::journal::Obstacle;
use crate::ledger::stage::Unfit;
use crate::wire::time::timestamp;
use std::collections::HashMap;
use std::time::Duration;
use tonic_types::ErrorDetails;
use uuid::Uuid;

/// Maximum bytes of violations in one status.
const DETAIL_BYTES: usize = 4096;

/// The domain of the reasons.
pub(super) const DOMAIN: &str = "detente";
/// The longest message, in bytes: it travels in a header, each byte that is not ASCII as three.
const MESSAGE_BYTES: usize = 240;

/// The message and details of a refusal.
#[derive(Debug)]
pub(super) struct Details {
    /// In one line.
    pub(super) message: String,
    /// Metadata of `ErrorInfo`: the things concerned.
    pub(super) metadata: HashMap<String, String>,
    /// The details apart from `ErrorInfo`.
    pub(super) details: Box<ErrorDetails>,
}

impl Details {
    /// Only a message.
    pub(super) fn saying(message: impl Into<String>) -> Self {
        let message = shortened(message.into(), MESSAGE_BYTES);
        Self { message, metadata: HashMap::new(), details: Box::new(ErrorDetails::new()) }
    }

    fn with(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.metadata.insert(key.into(), shortened(value.to_string(), MESSAGE_BYTES));
        self
    }
}

/// All that is wrong with a request, field by field.
pub(super) fn violations(what: &str, violations: Vec<Violation>) -> Details {
    let count = violations.len();
    let first = violations.first().map(told).unwrap_or_default();
    let mut details = Details::saying(summary(what, count, &first)).with("violations", count);
    let mut room = Room::default();
    for (nth, Violation { field, description }) in violations.into_iter().enumerate() {
        let (field, description) = (shortened(field, MESSAGE_BYTES), shortened(description, 2 * MESSAGE_BYTES));
        if !room.takes(field.len() + description.len()) {
            details.details.add_bad_request_violation("", more(count - nth));
            break;
        }
        details.details.add_bad_request_violation(field, description);
    }
    details
}

/// What does not fit the record of a stage, which has been cut to the first violations already.
pub(super) fn unfit(what: &str, unfit: Unfit) -> Details {
    let (kept, count) = (unfit.first.len(), unfit.count);
    let details = violations(what, unfit.first);
    if kept as u64 == count { details } else { details.with("violations", count) }
}

/// A stage that is not there, or is recorded.
pub(super) fn stage(id: Uuid, what: &str) -> Details {
    let mut details = Details::saying(what).with("stage_id", id);
    details.details.set_resource_info("detente.v1.Stage", id.to_string(), "", what);
    details
}

/// Commands that are missing in a stage.
pub(super) fn stage_gap(id: Uuid, next: u64, what: &str) -> Details {
    Details::saying(what).with("stage_id", id).with("next_command", next)
}

/// A stage whose file cannot be read.
pub(super) fn damaged_stage(id: Uuid, what: &str) -> Details {
    let command = format!("detente stages drop {id}");
    Details::saying(what).with("place", format!("stages/{id}.stage")).with("command", command)
}

/// Preconditions that did not hold: of each what was expected and what is.
pub(super) fn conflicts(conflicts: &[Conflict]) -> Details {
    let count = conflicts.len();
    let told: Vec<Told> = conflicts.iter().map(Told::of).collect();
    let first = told.first().map(|told| format!("{}: {}", told.subject, told.description())).unwrap_or_default();
    let mut details = Details::saying(summary("a precondition does not hold", count, &first)).with("violations", count);
    let mut room = Room::default();
    for (nth, told) in told.iter().enumerate() {
        if !room.takes(2 * (told.subject.len() + told.expected.len() + told.actual.len())) {
            details.details.add_precondition_failure_violation("", "", more(count - nth));
            break;
        }
        details = details
            .with(format!("preconditions_{}_expected", told.index), &told.expected)
            .with(format!("preconditions_{}_actual", told.index), &told.actual);
        details.details.add_precondition_failure_violation(told.kind, &told.subject, told.description());
    }
    details
}

struct Told {
    index: usize,
    kind: &'static str,
    subject: String,
    expected: String,
    actual: String,
}

impl Told {
    fn of(conflict: &Conflict) -> Self {
        match conflict {
            Conflict::Revision { index, claim, expected, actual } => Self {
                index: *index,
                kind: "EXPECTED_REVISION",
                subject: format!("preconditions[{index}] claim {}", claim.0),
                expected: expected.clone(),
                actual: actual.map_or_else(|| "not recorded".to_owned(), |revision| format!("revision {revision}")),
            },
            Conflict::Boundary { index, after, touched_at } => Self {
                index: *index,
                kind: "QUERY_BOUNDARY",
                subject: format!("preconditions[{index}]"),
                expected: format!("nothing after position {after}"),
                actual: format!("an event at position {touched_at}"),
            },
        }
    }

    fn description(&self) -> String {
        format!("expected {}, found {}", self.expected, self.actual)
    }
}

/// A page token that is not one of the query's.
pub(super) fn page_token() -> Details {
    const WHAT: &str = "is not a token that this query returned; leave it out to begin with the first page";
    let mut details = Details::saying(format!("page_token {WHAT}"));
    details.details.add_bad_request_violation("page_token", WHAT);
    details
}

/// Something that is too large.
pub(super) fn too_large(violation: Violation) -> Details {
    let details = Details::saying(told(&violation)).with("field", &violation.field);
    let mut details = details.with("limits", "GetServerInfo");
    if !violation.field.is_empty() {
        details.details.add_bad_request_violation(violation.field, violation.description);
    }
    details
}

/// Too much of something at once.
pub(super) fn overloaded(what: &str, retry_after: Duration) -> Details {
    let mut details = Details::saying(format!("too many {what} at once; try again")).with("what", what);
    details.details.set_retry_info(Some(retry_after));
    details
}

/// Something that is lacking for now.
pub(super) fn again(what: &str, retry_after: Duration) -> Details {
    let mut details = Details::saying(what);
    details.details.set_retry_info(Some(retry_after));
    details
}

/// A peer that holds its share, where what is left is kept for others.
pub(super) fn over_share(what: &str, retry_after: Duration) -> Details {
    let said =
        format!("this client holds its share of the {what}, and those left are kept for others; end some of them");
    let mut details = Details::saying(said).with("what", what).with("setting", "peer_share_percent");
    details.details.set_retry_info(Some(retry_after));
    details
}

/// A cut beyond what is recorded.
pub(super) fn cut_in_future(head: Position, now: RecordedAt) -> Details {
    let now = timestamp(now);
    Details::saying(format!("the cut lies in the future: the last position is {head}, it is {now}"))
        .with("head", head)
        .with("now", now)
}

/// A position inside an append.
pub(super) fn cut_inside_append(before: Position, after: Position) -> Details {
    Details::saying(format!(
        "the position lies inside an append, which is seen whole or not at all: ask at {before} or {after}"
    ))
    .with("before", before)
    .with("after", after)
}

/// A claim that the cut does not know.
pub(super) fn claim_not_found(claim: ClaimId) -> Details {
    let id = claim.0.to_string();
    let mut details = Details::saying(format!("no claim {id} at this cut")).with("claim_id", &id);
    details.details.set_resource_info("detente.v1.Claim", id, "", "no such claim at this cut");
    details
}

/// A cursor that is not there, or is there already.
pub(super) fn cursor(id: &CursorId, what: &str) -> Details {
    let mut details = Details::saying(what).with("cursor_id", id);
    details.details.set_resource_info("detente.v1.Cursor", id.to_string(), "", what);
    details
}

/// An acknowledgement of what was not delivered.
pub(super) fn beyond_delivered(id: &CursorId, delivered: Position, what: &str) -> Details {
    Details::saying(what).with("cursor_id", id).with("delivered", delivered)
}

/// A cursor whose file cannot be read.
pub(super) fn damaged_cursor(id: &CursorId, what: &str) -> Details {
    let command = format!("detente cursors delete {id}");
    Details::saying(what).with("place", format!("cursors/{id}.cursor")).with("command", command)
}

/// Stored bytes that are damaged.
pub(super) fn damaged(place: &str, what: &str) -> Details {
    Details::saying(what).with("place", place).with("command", "detente verify --data DIR")
}

/// Stored bytes that the system cannot hand over for now.
pub(super) fn lacking(what: &str, obstacle: Obstacle, retry_after: Duration) -> Details {
    again(what, retry_after).with("advice", obstacle.advice())
}

/// Stored bytes that the disk or the file system refuses to hand over.
pub(super) fn refused(what: &str, obstacle: Obstacle) -> Details {
    Details::saying(what).with("advice", obstacle.advice())
}

/// How much more is told.
struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(DETAIL_BYTES)
    }
}

impl Room {
    fn takes(&mut self, bytes: usize) -> bool {
        const AROUND: usize = 24;
        let left = self.0.checked_sub(bytes + AROUND);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

fn told(violation: &Violation) -> String {
    let Violation { field, description } = violation;
    if field.is_empty() { description.clone() } else { format!("{field}: {description}") }
}

fn summary(what: &str, count: usize, first: &str) -> String {
    match count {
        0 | 1 => format!("{what}: {first}"),
        _ => format!("{what}: {count} violations, the first: {first}"),
    }
}

fn more(count: usize) -> String {
    format!("and {count} more, left out to keep this reply small")
}

/// A text of at most so many bytes.
fn shortened(mut text: String, most: usize) -> String {
    const ELLIPSIS: &str = "...";
    if text.len() > most {
        let cut = (0..=most - ELLIPSIS.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(cut);
        text.push_str(ELLIPSIS);
    }
    text
}
