//! The valid time of a claim: two bounds, or one `valid` string for both, as its temporal type demands.
//!
//! The days of a bound are computed once, when a client writes it. They are part of the message from then on, and a
//! recorded bound is read back with the days it was recorded with.

use super::path::At;
use super::scalar::is_too_long_for_a_date;
use super::sink::Sink;
use super::vocabulary::required_member;
use detente_domain::bound::Bound;
use detente_domain::claim::Time;
use detente_domain::edtf::{Atom, PartialDate, parse_valid};
use detente_domain::vocabulary::TemporalType;
use detente_proto::v1;
use v1::bound::Bound as Wire;

/// The fields of a claim message about its valid time.
pub(super) struct StatedTimes {
    pub(super) valid: String,
    pub(super) from: Option<v1::Bound>,
    pub(super) to: Option<v1::Bound>,
}

/// An end that is wrong, which has been noted.
pub(super) struct NotedViolation;

/// An end as far as it is said.
pub(super) type BoundResult = Result<Option<Bound>, NotedViolation>;

/// The valid time of a claim.
pub(super) fn time(temporal_type: i32, stated: StatedTimes, at: &At<'_>, sink: &mut Sink) -> Option<Time> {
    let temporal_type = required_member(temporal_type, &at.field("temporal_type"), sink);
    let by_one = !stated.valid.is_empty();
    let (from, to) = ends(stated, at, sink);
    match (temporal_type?, by_one, from, to) {
        (TemporalType::None, true, Ok(_), Ok(_)) => {
            sink.refuse(&at.field("valid"), TIMELESS);
            None
        }
        (temporal_type, _, Ok(from), Ok(to)) => combine(temporal_type, from, to, at, sink),
        _ => None,
    }
}

/// Both ends, as far as they are said.
pub(super) fn ends(stated: StatedTimes, at: &At<'_>, sink: &mut Sink) -> (BoundResult, BoundResult) {
    if stated.valid.is_empty() {
        return (end(stated.from, &at.field("valid_from"), sink), end(stated.to, &at.field("valid_to"), sink));
    }
    let at = at.field("valid");
    if stated.from.is_some() || stated.to.is_some() {
        sink.refuse(&at, "give either this, or valid_from and valid_to");
        return (Err(NotedViolation), Err(NotedViolation));
    }
    if is_too_long_for_a_date(&stated.valid, &at, sink) {
        return (Err(NotedViolation), Err(NotedViolation));
    }
    match parse_valid(&stated.valid) {
        Ok((from, to)) => (Ok(Some(from)), Ok(Some(to))),
        Err(error) => {
            sink.refuse(&at, error.to_string());
            (Err(NotedViolation), Err(NotedViolation))
        }
    }
}

/// One end, as far as it is said.
pub(super) fn end(bound: Option<v1::Bound>, at: &At<'_>, sink: &mut Sink) -> BoundResult {
    match bound.map(|bound| bound.bound) {
        None => Ok(None),
        Some(Some(Wire::Unknown(_))) => Ok(Some(Bound::Unknown)),
        Some(Some(Wire::Open(_))) => Ok(Some(Bound::Open)),
        Some(Some(Wire::Known(date))) => {
            known_date(date, &at.field("known"), sink).map(|date| Some(Bound::Known(date))).ok_or(NotedViolation)
        }
        Some(None) => {
            sink.refuse(at, "say which sort of end it is: known, unknown or open");
            Err(NotedViolation)
        }
    }
}

/// The time that a type and two ends make, if they fit.
pub(super) fn combine(
    temporal_type: TemporalType,
    from: Option<Bound>,
    to: Option<Bound>,
    at: &At<'_>,
    sink: &mut Sink,
) -> Option<Time> {
    match (temporal_type, from, to) {
        (TemporalType::Event, Some(from), Some(to)) => Some(Time::Event(from, to)),
        (TemporalType::State, Some(from), Some(to)) => Some(Time::State(from, to)),
        (TemporalType::None, None, None) => Some(Time::None),
        (temporal_type, from, to) => {
            let timeless = temporal_type == TemporalType::None;
            for (name, end) in [("valid_from", from), ("valid_to", to)] {
                match end {
                    Some(_) if timeless => sink.refuse(&at.field(name), TIMELESS),
                    None if !timeless => sink.refuse(&at.field(name), BOUNDLESS),
                    _ => {}
                }
            }
            None
        }
    }
}

const TIMELESS: &str = "a claim without time has no valid time: leave it out, or make the claim an event or a state";
const BOUNDLESS: &str = "required for an event or a state: known, unknown or open; or give both ends by `valid`";

fn known_date(date: v1::KnownDate, at: &At<'_>, sink: &mut Sink) -> Option<PartialDate> {
    if sink.is_stored() {
        let earliest = atom(&date.earliest, &at.field("earliest"), sink);
        let latest = atom(&date.latest, &at.field("latest"), sink);
        return Some(PartialDate::from_parts(date.edtf, earliest, latest));
    }
    super::scalar::required_date(&date.edtf, &at.field("edtf"), sink)
}

fn atom(text: &str, at: &At<'_>, sink: &mut Sink) -> Option<Atom> {
    if text.is_empty() {
        return None;
    }
    let atom = Atom::from_text(text);
    if atom.is_none() {
        sink.refuse(at, "expected a day or a second");
    }
    atom
}

/// The message for a bound, with the days it may mean.
pub(super) fn render_bound(bound: Bound) -> v1::Bound {
    let side = |atom: Option<Atom>| atom.map(Atom::to_text).unwrap_or_default();
    let bound = match bound {
        Bound::Unknown => Wire::Unknown(v1::UnknownEnd {}),
        Bound::Open => Wire::Open(v1::OpenEnd {}),
        Bound::Known(date) => Wire::Known(v1::KnownDate {
            edtf: date.text().to_owned(),
            earliest: side(date.earliest()),
            latest: side(date.latest()),
        }),
    };
    v1::Bound { bound: Some(bound) }
}

/// The two bounds of a valid time, where it has them.
pub(super) fn render_ends(time: Time) -> (Option<v1::Bound>, Option<v1::Bound>) {
    match time {
        Time::Event(from, to) | Time::State(from, to) => (Some(render_bound(from)), Some(render_bound(to))),
        Time::None => (None, None),
    }
}
