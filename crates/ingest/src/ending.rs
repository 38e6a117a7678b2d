//! The end of a claim that a later version of its record no longer has, or that its own row closes.
//!
//! The day of that version is the last on which it can have ended, and the day of the last version that had it is the first.

use super::day::Day;
use super::release::ContentDigest;
use detente_domain::edtf::{Atom, PartialDate};
use detente_proto::v1::{self, bound::Bound};

/// The outcome of ending a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has another end now.
    Ended,
    /// It had ended before.
    Before,
    /// It cannot have ended: it is no state, or had not begun.
    Never,
}

/// Ends a claim by a day. `seen`: the last day on which it is known to have been true. Without `by` the end is unknown.
pub fn end(claim: &mut v1::Claim, seen: Option<&Day>, by: Option<&Day>) -> Ending {
    if claim.temporal_type != i32::from(v1::TemporalType::State) {
        return Ending::Never;
    }
    let to = claim.valid_to.as_ref().and_then(|to| to.bound.as_ref());
    let Some(by) = by else {
        if !matches!(to, None | Some(Bound::Open(_))) {
            return Ending::Before;
        }
        claim.valid_to = Some(v1::Bound { bound: Some(Bound::Unknown(v1::UnknownEnd {})) });
        return Ending::Ended;
    };
    let last = latest(by.text());
    if date_of(to).and_then(latest) <= last && date_of(to).is_some() {
        return Ending::Before;
    }
    let from = claim.valid_from.as_ref().and_then(|from| from.bound.as_ref());
    if date_of(from).and_then(earliest) > last {
        return Ending::Never;
    }
    let begun = date_of(from).and_then(latest);
    let seen = seen.filter(|seen| *seen < by && begun <= latest(seen.text()));
    let text = seen.map_or_else(|| format!("[..{}]", by.text()), |seen| format!("[{}..{}]", seen.text(), by.text()));
    claim.valid_to =
        Some(v1::Bound { bound: Some(Bound::Known(v1::KnownDate { edtf: text, ..v1::KnownDate::default() })) });
    Ending::Ended
}

/// The digest of a claim, and its size, once its end has changed.
pub fn digest(claim: &v1::Claim, scheme: &str) -> (ContentDigest, usize) {
    (ContentDigest::of(claim.clone(), scheme), prost::Message::encoded_len(claim))
}

/// The first day of the end of a claim that is a range up to a day.
pub fn seen_before(claim: &v1::Claim, by: &Day) -> Option<Day> {
    let to = claim.valid_to.as_ref().and_then(|to| to.bound.as_ref());
    let (first, last) = date_of(to)?.strip_prefix('[')?.strip_suffix(']')?.split_once("..")?;
    Day::parse(first).filter(|_| last == by.text())
}

fn date_of(bound: Option<&Bound>) -> Option<&str> {
    match bound? {
        Bound::Known(date) => Some(&date.edtf),
        _ => None,
    }
}

fn earliest(edtf: &str) -> Option<Atom> {
    PartialDate::parse(edtf).ok()?.earliest()
}

fn latest(edtf: &str) -> Option<Atom> {
    PartialDate::parse(edtf).ok()?.latest()
}
