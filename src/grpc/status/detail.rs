//! The words and the machine-readable details of each refusal ([`super::reason`] has the table, [`super::final_status`] the bound
//! on what becomes of them).

use super::listing::Listing;
use detente_domain::name::{ClaimId, CursorId};
use detente_domain::position::{Position, RecordedAt};
use detente_domain::rejection::{Conflict, Violation};
use detente_journal::Obstacle;
use detente_ledger::wire::time::timestamp;
use detente_ledger::write::stage::Unfit;
use std::collections::HashMap;
use std::time::Duration;
use tonic_types::ErrorDetails;
use uuid::Uuid;

/// The fault of a page token.
pub(in crate::grpc) const NO_PAGE_TOKEN: &str =
    "is not a token that this query returned; leave it out to begin with the first page";

/// The domain of the reasons.
pub(super) const DOMAIN: &str = "detente";

/// The message and details of a refusal.
#[derive(Debug)]
pub(super) struct Details {
    /// The message, in one line.
    pub(super) message: String,
    /// True if the message is followed by the number of violations and the first of them.
    pub(super) is_summary: bool,
    /// All violations.
    pub(super) listing: Listing,
    /// Metadata of `ErrorInfo`: the things concerned.
    pub(super) metadata: HashMap<String, String>,
    /// The details apart from `ErrorInfo`.
    pub(super) details: Box<ErrorDetails>,
}

impl Details {
    /// Only a message.
    pub(super) fn saying(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_summary: false,
            listing: Listing::default(),
            metadata: HashMap::new(),
            details: Box::new(ErrorDetails::new()),
        }
    }

    pub(super) fn with(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.metadata.insert(key.into(), value.to_string());
        self
    }

    /// The violations, counted; the message sums them up.
    fn summing_up(self, listing: Listing) -> Self {
        let details = self.with("violations", listing.count);
        Self { is_summary: true, listing, ..details }
    }
}

/// All that is wrong with a request, field by field.
pub(super) fn violations(what: &str, violations: Vec<Violation>) -> Details {
    Details::saying(what).summing_up(Listing::of_fields(violations))
}

/// Returns the details of a stage that does not fit the record, already cut to the first violations.
pub(super) fn unfit(what: &str, unfit: Unfit) -> Details {
    let listing = Listing { count: unfit.count, ..Listing::of_fields(unfit.first) };
    Details::saying(what).summing_up(listing)
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
    Details::saying("a precondition does not hold").summing_up(Listing::of_preconditions(conflicts))
}

/// A page token that is not one of the query's.
pub(super) fn page_token() -> Details {
    let listing = Listing::of_fields(vec![Violation::new("page_token", NO_PAGE_TOKEN)]);
    Details { listing, ..Details::saying(format!("page_token {NO_PAGE_TOKEN}")) }
}

/// Something that is too large.
pub(super) fn too_large(violation: Violation) -> Details {
    let details = Details::saying(violation_text(&violation)).with("field", &violation.field);
    let details = details.with("limits", "GetServerInfo");
    if violation.field.is_empty() {
        return details;
    }
    Details { listing: Listing::of_fields(vec![violation]), ..details }
}

/// Too much of something at once.
pub(super) fn overload(what: &str, retry_after: Duration) -> Details {
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

/// Cuts of a comparison that cannot be resolved, each at its field; the metadata are about the first.
pub(super) fn of_sides(sides: impl Iterator<Item = (&'static str, Details)>) -> Details {
    let mut first = None;
    let mut violations = Vec::new();
    for (field, details) in sides {
        violations.push(Violation::new(field, details.message.clone()));
        first.get_or_insert(details);
    }
    let message = violations.iter().map(violation_text).collect::<Vec<_>>().join("; ");
    Details { message, listing: Listing::of_fields(violations), ..first.unwrap_or_else(|| Details::saying("")) }
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

/// A deadline that passed in the midst of a write.
pub(super) fn late_write() -> Details {
    const WHAT: &str = "the deadline passed before it was known whether this is recorded; send it again with the same \
                        request_id or name, which does it once, and wait longer";
    Details::saying(WHAT).with("outcome", "unknown")
}

/// Stored bytes that are damaged.
pub(super) fn damage(place: &str, what: &str) -> Details {
    Details::saying(what).with("place", place).with("command", "detente verify --data DIR")
}

/// Stored bytes that the system cannot hand over for now.
pub(super) fn lacking(what: &str, obstacle: Obstacle, retry_after: Duration) -> Details {
    again(what, retry_after).with("advice", obstacle.advice())
}

/// Stored bytes that the disk or the file system refuses to hand over.
pub(super) fn disk_refusal(what: &str, obstacle: Obstacle) -> Details {
    Details::saying(what).with("advice", obstacle.advice())
}

fn violation_text(violation: &Violation) -> String {
    let Violation { field, description } = violation;
    if field.is_empty() { description.clone() } else { format!("{field}: {description}") }
}
