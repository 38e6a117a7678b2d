//! The limits of sizes. Lengths are in bytes of UTF-8; a value of exactly the limit is within it.

use detente_proto::v1;
use prost::Message as _;

/// The largest claim, as encoded, its output-only fields aside. Larger ones are a matter of limits, not of shape:
/// [`super::command::over_limit`].
pub const MAX_CLAIM_BYTES: usize = 64 * 1024;
/// The words of a claim in one language, of a quote, of the statement of a dispute.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// The note of the recorder with a command.
pub const MAX_NOTE_BYTES: usize = 4096;
/// The name of the recorder.
pub const MAX_RECORDED_BY_BYTES: usize = 256;
/// A name, a title, a place, a locator, a voice as written.
pub const MAX_NAME_BYTES: usize = 1024;
/// The address of a source.
pub const MAX_URL_BYTES: usize = 4096;
/// A date as written.
pub const MAX_DATE_BYTES: usize = 512;
/// A scheme, a code, an id elsewhere, a release.
pub const MAX_CODE_BYTES: usize = 256;
/// The claims that a confirmation of a label leaves out.
pub(super) const MAX_CONFIRMATION_EXCEPTIONS: usize = 1000;
/// The external ids of which a confirmation of a label says nothing.
pub(super) const MAX_CONFIRMATION_UNKNOWN: usize = 10_000;
/// The same, together: sixteen events of this size still go into one batch of a reading.
pub(super) const MAX_CONFIRMATION_UNKNOWN_BYTES: usize = 200 * 1024;
/// A label.
pub const MAX_LABEL_BYTES: usize = 128;
/// A unit.
pub const MAX_UNIT_BYTES: usize = 64;
/// The characters after the `$` of a name for a claim of the same append.
pub const MAX_ALIAS_BYTES: usize = 64;
/// The values of one repeated field of a claim, party or source. It keeps the search for repeats, which compares all with
/// all, short.
pub const MAX_VALUES: usize = 512;
/// The entries of a scale.
pub const MAX_SCALE_ENTRIES: usize = 10_000;
/// A scale, as encoded: sixteen events of this size still go into one batch of a reading.
pub const MAX_SCALE_BYTES: usize = 200 * 1024;
/// The items of a filter.
pub const MAX_FILTER_ITEMS: usize = 16;
/// The values of one field of a filter.
pub const MAX_FILTER_VALUES: usize = 100;
/// The text of a filter.
pub const MAX_FILTER_TEXT_BYTES: usize = 1024;

/// The description of the error that a text is too long.
pub(super) fn too_long(bytes: usize, most: usize) -> String {
    format!("{bytes} bytes long; at most {most} are allowed")
}

/// The encoded size of a claim's content, if it is too large.
pub(super) fn excess(claim: &v1::Claim) -> Option<usize> {
    let too_large = |bytes: usize| (bytes > MAX_CLAIM_BYTES).then_some(bytes);
    too_large(claim.encoded_len()).and_then(|_| too_large(content_only(claim.clone()).encoded_len()))
}

fn content_only(claim: v1::Claim) -> v1::Claim {
    v1::Claim {
        revision: 0,
        recorded_at: None,
        recorded_by: String::new(),
        position: 0,
        note: String::new(),
        retraction: None,
        disputes: Vec::new(),
        unlisted_disputes: 0,
        unlisted_standing_disputes: 0,
        ..claim
    }
}
