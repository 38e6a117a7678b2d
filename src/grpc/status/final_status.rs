//! A refusal in its final form, never larger than its carrier allows.
//!
//! A status travels in HTTP headers. nginx gives up an answer whose headers exceed 4 KiB, grpc-java and grpcio one that
//! exceeds 8 KiB, each by its defaults, and the client then sees a broken transport instead of the refusal. So the
//! finished headers are measured: the message percent-encoded, the details as base64, each header with the 32 bytes
//! that HTTP/2 counts for it. Violations that do not fit are left out from the end of the list, and counted.
//!
//! | carrier | bound | what is measured |
//! |---|---|---|
//! | headers or trailers: gRPC, gRPC-Web, health, reflection | [`HEADER_BYTES`] with [`OTHER_HEADER_BYTES`] | the sum of all headers |
//! | a body: the JSON of Connect and of the flat queries | [`BODY_BYTES`] | the details before base64 |

use super::detail::{DOMAIN, Details};
use super::listing::shorten;
use super::reason;
use crate::grpc::intake::Intake;
use detente_proto::v1::ErrorReason;
use tonic::Status;
use tonic::codegen::http::HeaderMap;
use tonic_types::StatusExt as _;

/// The largest sum of all headers of a refusal: 3.8 KiB, so that 4 KiB hold them with the frames around.
pub(super) const HEADER_BYTES: usize = 3891;
/// Bytes kept for the headers around a status: `:status`, `date`, media type, request id, permissions of pages.
pub(super) const OTHER_HEADER_BYTES: usize = 960;
/// The largest details of a refusal in a body.
const BODY_BYTES: usize = 64 << 10;
/// The bytes that HTTP/2 counts for a header in addition to its name and value (RFC 9113, 6.5.2).
const AROUND_HEADER: usize = 32;

/// The carrier of a refusal to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Headers or trailers.
    Headers,
    /// A body that is made of the status.
    Body,
}

impl Carrier {
    /// The carrier for the call that is being answered.
    pub(super) fn current() -> Self {
        if Intake::is_answered_in_a_body() { Self::Body } else { Self::Headers }
    }

    /// Lengths to which texts are cut, one after the other until the refusal fits.
    const fn text_lengths(self) -> &'static [usize] {
        match self {
            Self::Headers => &[480, 240, 120, 60],
            Self::Body => &[2048, 240],
        }
    }

    /// Returns true if the carrier holds the status.
    fn holds(self, status: &Status) -> bool {
        match self {
            Self::Headers => header_bytes(status) <= HEADER_BYTES - OTHER_HEADER_BYTES,
            Self::Body => status.details().len() <= BODY_BYTES,
        }
    }

    /// The most details that can fit, before they are encoded.
    const fn most_details(self) -> usize {
        match self {
            Self::Headers => HEADER_BYTES * 3 / 4,
            Self::Body => BODY_BYTES,
        }
    }

    /// The advice where violations are left out.
    const fn advice(self) -> &'static str {
        match self {
            Self::Headers => "call it as JSON over HTTP to have more of them listed, or mend these and send it again",
            Self::Body => "mend these and send it again, or send it in parts",
        }
    }
}

/// Bytes of the headers that a status becomes.
pub(super) fn header_bytes(status: &Status) -> usize {
    let mut headers = HeaderMap::new();
    // A status that cannot be written counts as too large.
    let is_written = status.add_header(&mut headers).is_ok();
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + AROUND_HEADER).sum();
    if is_written { bytes } else { usize::MAX }
}

/// The status of a refusal, with as much of its list as the carrier holds.
pub(super) fn status(reason: ErrorReason, details: &Details, carrier: Carrier) -> Status {
    for longest_text in carrier.text_lengths() {
        let draft = StatusDraft { reason, details, carrier, longest_text: *longest_text };
        if let Some(status) = draft.longest() {
            return status;
        }
    }
    let nothing = Details::saying(details.message.clone());
    StatusDraft { reason, details: &nothing, carrier, longest_text: 60 }.listing(0)
}

/// A refusal that is being written.
struct StatusDraft<'a> {
    reason: ErrorReason,
    details: &'a Details,
    carrier: Carrier,
    longest_text: usize,
}

impl StatusDraft<'_> {
    /// The status with the longest list that fits, of one violation at least; none where not even that fits.
    fn longest(&self) -> Option<Status> {
        let all = self.details.listing.entries.len();
        let mut left = self.carrier.most_details();
        let may_fit = self.details.listing.entries.iter().take_while(|entry| {
            let rest = left.checked_sub(entry.least_bytes(self.longest_text));
            left = rest.unwrap_or_default();
            rest.is_some()
        });
        let (mut most, least) = (may_fit.count().max(all.min(1)), all.min(1));
        let mut best = Some(self.listing(least)).filter(|status| self.carrier.holds(status))?;
        let mut fits = least;
        while fits < most {
            let middle = (fits + most).div_ceil(2);
            let status = self.listing(middle);
            if self.carrier.holds(&status) {
                (best, fits) = (status, middle);
            } else {
                most = middle - 1;
            }
        }
        Some(best)
    }

    /// The status with the first of the violations.
    fn listing(&self, listed: usize) -> Status {
        let Details { metadata, details, listing, .. } = self.details;
        let mut details = (**details).clone();
        let short = |text: &String| shorten(text, self.longest_text);
        let told = metadata.iter().filter(|(_, value)| !value.is_empty());
        let mut metadata = told.map(|(key, value)| (key.clone(), short(value))).collect();
        for entry in listing.entries.iter().take(listed) {
            entry.add_to(&mut details, &mut metadata, self.longest_text);
        }
        let left_out = listing.count.saturating_sub(listed as u64);
        if let (1.., Some(entry)) = (left_out, listing.entries.first()) {
            entry.add_left_out(&mut details, left_out);
            metadata.insert("violations_listed".to_owned(), listed.to_string());
        }
        details.set_error_info(reason::short_name(self.reason), DOMAIN, metadata);
        Status::with_error_details(reason::code(self.reason), self.message(listed, left_out), details)
    }

    fn message(&self, listed: usize, left_out: u64) -> String {
        let Details { message, listing, is_summary, .. } = self.details;
        let said = match listing.count {
            _ if !is_summary => message.clone(),
            0 | 1 => format!("{message}: {}", listing.first()),
            count if left_out == 0 => format!("{message}: {count} violations, the first: {}", listing.first()),
            count => {
                let advice = self.carrier.advice();
                let first = listing.first();
                format!("{message}: {count} violations, of which {listed} are listed ({advice}), the first: {first}")
            }
        };
        shorten(&said, self.longest_text)
    }
}
