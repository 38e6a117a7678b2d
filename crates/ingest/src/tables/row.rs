//! The source of a row: a claim or an event, and the coordinates of the question.

use super::columns::Cell;
use detente_domain::edtf::PartialDate;
use detente_domain::moment::{Atom, SECONDS_PER_DAY};
use detente_ledger::wire::json;
use detente_proto::v1;
use prost_types::Timestamp;
use serde_json::{Map, Value};
use std::cell::OnceCell;
use v1::bound::Bound;
use v1::event::Event as What;

/// The coordinates of the question that has these rows as its answer.
pub type RowCoordinates = v1::ReplyContext;

/// A row, before it is put under columns.
#[derive(Debug, Default)]
pub struct OutputRow<'m> {
    /// The coordinates, where there are any.
    pub asked: Option<&'m RowCoordinates>,
    /// The match of the claim in a state.
    pub found: Option<&'m v1::StateMatch>,
    /// The event.
    pub event: Option<&'m v1::Event>,
    claim: Option<&'m v1::Claim>,
    json: OnceCell<Map<String, Value>>,
}

impl<'m> OutputRow<'m> {
    /// Returns the row of a match of a state.
    #[must_use]
    pub fn of_match(found: &'m v1::StateMatch, asked: &'m RowCoordinates) -> Self {
        Self { asked: Some(asked), found: Some(found), claim: found.claim.as_ref(), ..Self::default() }
    }

    /// Returns the row of a claim.
    #[must_use]
    pub fn of_claim(claim: &'m v1::Claim, asked: &'m RowCoordinates) -> Self {
        Self { asked: Some(asked), claim: Some(claim), ..Self::default() }
    }

    /// Of an event; with the claim that it asserts or revises.
    #[must_use]
    pub fn of_event(event: &'m v1::Event) -> Self {
        let claim = match &event.event {
            Some(What::ClaimAsserted(asserted)) => asserted.claim.as_ref(),
            Some(What::ClaimRevised(revised)) => revised.claim.as_ref(),
            _ => None,
        };
        Self { event: Some(event), claim, ..Self::default() }
    }

    /// A cell out of the claim, where there is one.
    pub(super) fn of(&self, cell: impl FnOnce(&'m v1::Claim) -> Cell) -> Cell {
        self.claim.map_or(Cell::Empty, cell)
    }

    /// The words of the claim in a language.
    pub(super) fn words(&self, lang: &str) -> Option<&'m str> {
        let text = self.claim?.texts.iter().find(|text| text.lang.eq_ignore_ascii_case(lang))?;
        Some(&text.text)
    }

    /// A list of the claim in JSON, by its JSON name, all members of its entries included; nothing where it is empty.
    pub(super) fn json(&self, field: &str) -> Cell {
        let Some(claim) = self.claim else { return Cell::Empty };
        let whole = self.json.get_or_init(|| object(json::whole(claim)));
        match whole.get(field) {
            Some(Value::Array(entries)) if !entries.is_empty() => {
                Cell::Text(Value::from(entries.as_slice()).to_string())
            }
            _ => Cell::Empty,
        }
    }
}

/// The object that a message is in JSON; of nothing else than a message that JSON cannot say, there is none.
pub(super) fn object(line: Result<String, json::NotJson>) -> Map<String, Value> {
    line.ok().and_then(|line| serde_json::from_str(&line).ok()).unwrap_or_default()
}

/// A member of a vocabulary, by its name without the prefix, in lower case; nothing where it is not said.
pub(super) fn word<E: TryFrom<i32>>(number: i32, prefix: &str, name: fn(&E) -> &'static str) -> Cell {
    match (number, E::try_from(number)) {
        (0, _) => Cell::Empty,
        (_, Ok(member)) => {
            let name = name(&member);
            Cell::text(name.strip_prefix(prefix).unwrap_or(name).to_lowercase())
        }
        // The number comes from a newer server.
        (number, Err(_)) => Cell::text(number.to_string()),
    }
}

/// An instant in microseconds, to which recorded times are exact.
#[must_use]
pub fn instant(at: Option<&Timestamp>) -> Cell {
    let micros = |at: &Timestamp| at.seconds.checked_mul(1_000_000)?.checked_add(i64::from(at.nanos / 1000));
    at.and_then(micros).map_or(Cell::Empty, Cell::Instant)
}

/// Returns the sort of end that a bound is.
pub(super) fn sort(bound: Option<&v1::Bound>) -> Cell {
    match bound.and_then(|bound| bound.bound.as_ref()) {
        None => Cell::Empty,
        Some(Bound::Known(_)) => Cell::text("known"),
        Some(Bound::Unknown(_)) => Cell::text("unknown"),
        Some(Bound::Open(_)) => Cell::text("open"),
    }
}

/// A part of a date that a bound has.
pub(super) fn known_part(bound: Option<&v1::Bound>, part: fn(&v1::KnownDate) -> &str) -> Cell {
    match bound.and_then(|bound| bound.bound.as_ref()) {
        Some(Bound::Known(date)) => Cell::text(part(date)),
        _ => Cell::Empty,
    }
}

/// The day of such a part; of a date-time the day that its text names. Outside the years 1 to 9999 there is none, since
/// many readers of DATE columns then refuse the whole file.
pub(super) fn day(bound: Option<&v1::Bound>, part: fn(&v1::KnownDate) -> &str) -> Cell {
    let (Cell::Text(text), Cell::Text(written)) = (known_part(bound, part), known_part(bound, |date| &date.edtf))
    else {
        return Cell::Empty;
    };
    let atom = Atom::from_text(&text);
    let date = PartialDate::from_parts(&*written, atom, atom).earliest().map(Atom::date);
    let start = date.map(|date| date.start).filter(|start| (1..=9999).contains(&start.to_civil_day().0));
    let day = start.and_then(|start| i32::try_from(start.0.div_euclid(SECONDS_PER_DAY)).ok());
    day.map_or(Cell::Empty, Cell::Day)
}
