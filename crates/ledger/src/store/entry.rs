//! The index's record of one event: small, flat, with terms by number. Written to sled together with the event itself, so
//! that a start loads the index without looking at events, without parsing a date and without hashing a string.

use detente_domain::edtf::{Atom, DaySet, PartialDate};
use detente_domain::event::Change;
use detente_domain::moment::Moment;
use detente_domain::valid_time::ValidTime;
use detente_domain::validity::Validity;
use uuid::Uuid;

/// The index's record of one event.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Entry {
    /// The action of the event: [`Action::code`].
    #[prost(uint32, tag = "1")]
    pub(crate) action: u32,
    /// The claim it is about, high half.
    #[prost(fixed64, tag = "2")]
    pub(crate) claim_high: u64,
    /// The claim it is about, low half.
    #[prost(fixed64, tag = "3")]
    pub(crate) claim_low: u64,
    /// The dispute it is about, high half.
    #[prost(fixed64, tag = "4")]
    pub(crate) dispute_high: u64,
    /// The dispute it is about, low half.
    #[prost(fixed64, tag = "5")]
    pub(crate) dispute_low: u64,
    /// The content or the reach it gives the claim.
    #[prost(message, optional, tag = "6")]
    pub(crate) content: Option<ContentEntry>,
    /// The id of the party, source, kind or scheme it is about; of two parties that were merged, the merged one.
    #[prost(string, tag = "7")]
    pub(crate) registry_id: String,
    /// The encoded message of that; for a merge the id of the survivor; for a confirmation of a label the ids of the claims
    /// that are left out, 16 bytes each.
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) registry_bytes: Vec<u8>,
    /// The recorder, if the event is about a party, source, kind or scheme.
    #[prost(string, tag = "9")]
    pub(crate) recorded_by: String,
}

/// The content that an event gives a claim, as far as it is looked for. For a confirmation only the times are set: the
/// rest stays what it was. For a confirmation of a label the label is its only facet.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContentEntry {
    /// Temporal type, modality, polarity + 1, status + 1: codes, a byte each.
    #[prost(fixed32, tag = "1")]
    pub(crate) members: u32,
    /// The four corners of its valid time, in seconds; absent for a claim without time.
    #[prost(sint64, repeated, tag = "2")]
    pub(crate) validity: Vec<i64>,
    /// The start of the last day or second of its `as_of`.
    #[prost(sint64, optional, tag = "3")]
    pub(crate) as_of: Option<i64>,
    /// The start of the earliest `as_of` the claim ever had.
    #[prost(sint64, optional, tag = "4")]
    pub(crate) earliest_as_of: Option<i64>,
    /// Bits 0 and 1 are set if these two are seconds, not days; bit 2 if its end is open; bit 3 if its start is
    /// unknown.
    #[prost(uint32, tag = "5")]
    pub(crate) flags: u32,
    /// Its facets.
    #[prost(uint32, repeated, tag = "6")]
    pub(crate) facets: Vec<u32>,
    /// The tokens of its texts.
    #[prost(uint32, repeated, tag = "7")]
    pub(crate) tokens: Vec<u32>,
    /// The end of the last day that its due date can mean; the greatest number where it can be any later.
    #[prost(sint64, optional, tag = "8")]
    pub(crate) due: Option<i64>,
    /// The four corners by which questions for a date go, where they are not those of `validity`.
    #[prost(sint64, repeated, tag = "9")]
    pub(crate) dates: Vec<i64>,
    /// The date with gaps that both its ends are, as it was written.
    #[prost(string, tag = "10")]
    pub(crate) with_gaps: String,
    /// The offsets from UTC, in seconds, that its `as_of` and the earliest one were written with.
    #[prost(sint32, repeated, tag = "11")]
    pub(crate) offsets: Vec<i32>,
}

/// The action of an event, as the index distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Action {
    /// A claim was asserted.
    Asserted,
    /// A claim was revised.
    Revised,
    /// A claim was confirmed.
    Confirmed,
    /// A claim was retracted.
    Retracted,
    /// A claim was reinstated.
    Reinstated,
    /// A claim was disputed.
    Disputed,
    /// A dispute was resolved.
    Resolved,
    /// A party was registered or revised.
    Party,
    /// A source was registered or revised.
    Source,
    /// A source was withdrawn.
    SourceWithdrawn,
    /// A kind was registered or revised.
    Kind,
    /// A code scheme was registered or revised.
    Scheme,
    /// A party was merged into another.
    PartiesMerged,
    /// The merge of a party was undone.
    PartiesUnmerged,
    /// The claims with a label were confirmed.
    LabelConfirmed,
}

impl Action {
    const ALL: [Self; 15] = [
        Self::Asserted,
        Self::Revised,
        Self::Confirmed,
        Self::Retracted,
        Self::Reinstated,
        Self::Disputed,
        Self::Resolved,
        Self::Party,
        Self::Source,
        Self::SourceWithdrawn,
        Self::Kind,
        Self::Scheme,
        Self::PartiesMerged,
        Self::PartiesUnmerged,
        Self::LabelConfirmed,
    ];

    /// The action of a change.
    pub(crate) const fn of(change: &Change) -> Self {
        match change {
            Change::ClaimAsserted(_) => Self::Asserted,
            Change::ClaimRevised(..) => Self::Revised,
            Change::ClaimConfirmed(..) => Self::Confirmed,
            Change::ClaimRetracted(..) => Self::Retracted,
            Change::ClaimReinstated(_) => Self::Reinstated,
            Change::ClaimDisputed(..) => Self::Disputed,
            Change::DisputeResolved(..) => Self::Resolved,
            Change::PartyRegistered(_) | Change::PartyRevised(_) => Self::Party,
            Change::SourceRegistered(_) | Change::SourceRevised(_) => Self::Source,
            Change::SourceWithdrawn(_) => Self::SourceWithdrawn,
            Change::KindRegistered(_) | Change::KindRevised(_) => Self::Kind,
            Change::SchemeRegistered(_) | Change::SchemeRevised(_) => Self::Scheme,
            Change::PartiesMerged(..) => Self::PartiesMerged,
            Change::PartiesUnmerged(_) => Self::PartiesUnmerged,
            Change::ClaimsConfirmed(_) => Self::LabelConfirmed,
        }
    }

    /// Its code in an entry.
    pub(crate) const fn code(self) -> u32 {
        self as u32
    }

    /// The action with a code.
    pub(crate) fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }
}

impl Entry {
    /// The claim it is about.
    pub(crate) fn claim(&self) -> Uuid {
        Uuid::from_u64_pair(self.claim_high, self.claim_low)
    }

    /// The dispute it is about.
    pub(crate) fn dispute(&self) -> Uuid {
        Uuid::from_u64_pair(self.dispute_high, self.dispute_low)
    }

    /// The number of terms that must be known for it to make sense.
    pub(crate) fn terms(&self) -> u64 {
        let content = self.content.iter();
        content.flat_map(|of| of.facets.iter().chain(&of.tokens)).max().map_or(0, |last| u64::from(*last) + 1)
    }

    pub(crate) fn set_claim(&mut self, id: Uuid) {
        (self.claim_high, self.claim_low) = id.as_u64_pair();
    }

    pub(crate) fn set_dispute(&mut self, id: Uuid) {
        (self.dispute_high, self.dispute_low) = id.as_u64_pair();
    }
}

const AS_OF_IS_SECOND: u32 = 1;
const EARLIEST_IS_SECOND: u32 = 2;
const END_IS_OPEN: u32 = 4;
const START_IS_UNKNOWN: u32 = 8;

impl ContentEntry {
    /// Sets the times.
    pub(crate) fn set_times(&mut self, valid: Option<&ValidTime>, as_of: Option<Atom>, earliest: Option<Atom>) {
        self.validity = valid.map_or_else(Vec::new, |valid| numbers_of(valid.instants()));
        let dates = valid.filter(|valid| valid.dates() != valid.instants());
        self.dates = dates.map_or_else(Vec::new, |valid| numbers_of(valid.dates()));
        self.with_gaps = valid.and_then(ValidTime::days).map_or_else(String::new, |days| days.text().to_owned());
        self.as_of = as_of.map(|atom| atom.start.0);
        self.earliest_as_of = earliest.map(|atom| atom.start.0);
        let offsets = [as_of, earliest].map(|atom| atom.map_or(0, |atom| atom.offset));
        self.offsets = if offsets == [0, 0] { Vec::new() } else { offsets.to_vec() };
        self.flag(AS_OF_IS_SECOND, as_of.is_some_and(Atom::is_second));
        self.flag(EARLIEST_IS_SECOND, earliest.is_some_and(Atom::is_second));
    }

    /// Notes whether its end is open and whether its start is unknown.
    pub(crate) fn set_ends(&mut self, end_open: bool, start_unknown: bool) {
        self.flag(END_IS_OPEN, end_open);
        self.flag(START_IS_UNKNOWN, start_unknown);
    }

    /// Returns true if its start is unknown.
    pub(crate) const fn is_start_unknown(&self) -> bool {
        self.flags & START_IS_UNKNOWN != 0
    }

    /// Returns true if its end is open.
    pub(crate) const fn is_end_open(&self) -> bool {
        self.flags & END_IS_OPEN != 0
    }

    /// Its valid time; none for a claim without time.
    pub(crate) fn times(&self) -> Option<ValidTime> {
        let instants = corners_of(&self.validity)?;
        let dates = corners_of(&self.dates).unwrap_or(instants);
        Some(ValidTime::from_parts(instants, dates, self.days()))
    }

    fn days(&self) -> Option<DaySet> {
        if self.with_gaps.is_empty() { None } else { PartialDate::from_parts(&*self.with_gaps, None, None).days() }
    }

    /// The last day or second of its `as_of`.
    pub(crate) fn as_of_atom(&self) -> Option<Atom> {
        self.as_of.map(|start| self.atom(start, self.flags & AS_OF_IS_SECOND != 0, 0))
    }

    /// The earliest `as_of` the claim ever had.
    pub(crate) fn earliest_atom(&self) -> Option<Atom> {
        self.earliest_as_of.map(|start| self.atom(start, self.flags & EARLIEST_IS_SECOND != 0, 1))
    }

    fn atom(&self, start: i64, is_second: bool, nth: usize) -> Atom {
        let start = Moment(start);
        let offset = self.offsets.get(nth).copied().unwrap_or(0);
        if is_second { Atom::second(start).written_at(offset) } else { Atom::day(start) }
    }

    fn flag(&mut self, bit: u32, set: bool) {
        self.flags = if set { self.flags | bit } else { self.flags & !bit };
    }
}

fn numbers_of(v: &Validity) -> Vec<i64> {
    vec![v.earliest_start.0, v.latest_start.0, v.earliest_end.0, v.latest_end.0]
}

fn corners_of(numbers: &[i64]) -> Option<Validity> {
    let [earliest_start, latest_start, earliest_end, latest_end] = *numbers.first_chunk()?;
    Some(Validity {
        earliest_start: Moment(earliest_start),
        latest_start: Moment(latest_start),
        earliest_end: Moment(earliest_end),
        latest_end: Moment(latest_end),
    })
}
