//! Contents: the claim as an assertion or revision states it, once more for each confirmation that moved its times.
//!
//! One record holds together the properties of every candidate that a question needs: its valid time, its members, and the
//! revisions of the claim in which it counts (from `since` until another took its place). So one look into memory is enough
//! to pass over a superseded candidate and to evaluate a current one; in a large ledger every other look would be a wait.
//! Properties of few contents lie elsewhere: the reach of the knowledge of them, and a valid time that has more to it than
//! four corners.

use super::claims::Revision;
use super::numbers::{ClaimNo, ContentNo, Term};
use super::stored_terms;
use crate::store::entry::{Action, ContentEntry};
use crate::store::shared::{SharedList, SliceArena, SliceStart};
use detente_domain::edtf::Atom;
use detente_domain::moment::Moment;
use detente_domain::position::Position;
use detente_domain::valid_time::ValidTime;
use detente_domain::validity::Validity;
use std::sync::Arc;

const HAS_TIME: u8 = 1;
const END_OPEN: u8 = 2;
const START_UNKNOWN: u8 = 4;
/// More than one revision has it.
const SHARED: u8 = 8;
/// It came when the claim was retracted.
const RETRACTED: u8 = 16;
/// It renews another.
const RENEWED: u8 = 32;
/// Its valid time has more to it than its corners, which then are those of all readings.
const MORE_THAN_CORNERS: u8 = 64;

/// Beyond all positions.
const NEVER: Position = Position(u64::MAX);
const NO_TIME: Validity = Validity {
    earliest_start: Moment::MAX,
    latest_start: Moment::MAX,
    earliest_end: Moment::MIN,
    latest_end: Moment::MIN,
};

/// A content, as far as it is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The corners of when it holds or happens, if it [`HAS_TIME`].
    validity: Validity,
    /// The event that gave it to the claim.
    since: Position,
    /// The event that gave the claim another.
    until: Position,
    claim: ClaimNo,
    /// The number of the first revision that has it.
    nth: u32,
    facets_from: SliceStart,
    /// The place of its reach in `reaches`; none beyond the end.
    reach: u32,
    members: [u8; 4],
    facets: u16,
    action: Action,
    flags: u8,
}

/// The reach of the knowledge of a content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// Its last day or second now.
    pub(crate) as_of: Option<Atom>,
    /// The earliest that the claim ever had.
    pub(crate) earliest_as_of: Option<Atom>,
    /// The content that has its words, if it renews one.
    pub(crate) renews: Option<ContentNo>,
    /// Its valid time, if that has more to it than its corners.
    valid: Option<Arc<ValidTime>>,
}

/// The reach of a content that says no more than its corners.
static NO_FURTHER: Reach = Reach { as_of: None, earliest_as_of: None, renews: None, valid: None };

impl Content {
    /// The claim it is of.
    pub(crate) const fn claim(&self) -> ClaimNo {
        self.claim
    }

    /// The event that gave it to the claim.
    pub(crate) const fn since(&self) -> Position {
        self.since
    }

    /// Returns true if a cut sees it as the content of its claim. A cut may be beyond all positions too.
    pub(super) fn is_seen_at(&self, cut: Position) -> bool {
        self.since <= cut && (cut < self.until || self.until == NEVER)
    }

    /// The corners of when it holds or happens, in all readings; none for a claim without time.
    pub(crate) const fn hull(&self) -> Option<Validity> {
        if self.flags & HAS_TIME != 0 { Some(self.validity) } else { None }
    }

    /// Returns true if its valid time has no more to it than its corners.
    pub(crate) const fn is_told_by_corners(&self) -> bool {
        self.flags & MORE_THAN_CORNERS == 0
    }

    /// The code of its temporal type.
    pub(crate) const fn temporal_type(&self) -> u8 {
        self.members[0]
    }

    /// The code of its modality.
    pub(crate) const fn modality(&self) -> u8 {
        self.members[1]
    }

    /// The code of its polarity, if it has one.
    pub(crate) const fn polarity(&self) -> Option<u8> {
        self.members[2].checked_sub(1)
    }

    /// The code of its status, if it has one.
    pub(crate) const fn status(&self) -> Option<u8> {
        self.members[3].checked_sub(1)
    }

    /// Returns true if its end is open.
    pub(crate) const fn is_end_open(&self) -> bool {
        self.flags & END_OPEN != 0
    }

    /// Returns true if its start is unknown.
    pub(crate) const fn is_start_unknown(&self) -> bool {
        self.flags & START_UNKNOWN != 0
    }

    /// Returns true if its words are those of the content that a confirmation renewed.
    pub(crate) const fn is_renewed(&self) -> bool {
        self.flags & RENEWED != 0
    }

    /// The only revision that has it, and its number; none if several have.
    pub(super) const fn only_revision(&self, number: ContentNo) -> Option<(u32, Revision)> {
        if self.flags & SHARED != 0 {
            return None;
        }
        let retracted = self.flags & RETRACTED != 0;
        Some((self.nth, Revision { position: self.since, content: number, action: self.action, retracted }))
    }
}

/// All contents.
#[derive(Clone, Default)]
pub(super) struct Contents {
    all: SharedList<Content, 256>,
    facets: SliceArena<Term>,
    reaches: SharedList<Reach, 256>,
}

impl Contents {
    /// A content.
    pub(super) fn get(&self, number: ContentNo) -> Option<&Content> {
        self.all.get(number.place())
    }

    /// The facets of a content, sorted.
    pub(super) fn facets(&self, number: ContentNo) -> &[Term] {
        let Some(content) = self.get(number) else { return &[] };
        self.facets.get(content.facets_from, usize::from(content.facets))
    }

    /// The reach of the knowledge of a content.
    pub(super) fn reach(&self, number: ContentNo) -> &Reach {
        self.get(number).and_then(|content| self.reaches.get(content.reach as usize)).unwrap_or(&NO_FURTHER)
    }

    /// The valid time of a content; none for a claim without time.
    pub(super) fn valid_time(&self, content: &Content) -> Option<ValidTime> {
        let told_elsewhere = if content.is_told_by_corners() { None } else { self.reaches.get(content.reach as usize) };
        told_elsewhere.and_then(|reach| reach.valid.as_deref().cloned()).or_else(|| content.hull().map(ValidTime::from))
    }

    /// A new content of a claim.
    pub(super) fn add(&mut self, claim: ClaimNo, entry: &ContentEntry) -> ContentNo {
        let facets_from = self.facets.push(stored_terms(&entry.facets));
        let facets = u16::try_from(entry.facets.len()).unwrap_or(u16::MAX);
        let flags =
            if entry.is_end_open() { END_OPEN } else { 0 } | if entry.is_start_unknown() { START_UNKNOWN } else { 0 };
        let content = Content {
            validity: NO_TIME,
            since: NEVER,
            until: NEVER,
            claim,
            nth: 0,
            facets_from,
            reach: u32::MAX,
            members: entry.members.to_le_bytes(),
            facets,
            action: Action::Asserted,
            flags,
        };
        self.push(entry, None, content)
    }

    /// A content once more, with the times of the entry.
    pub(super) fn renew(&mut self, last: ContentNo, entry: &ContentEntry) -> Option<ContentNo> {
        let content = self.get(last)?.clone();
        let words = self.reach(last).renews.unwrap_or(last);
        let flags = (content.flags & (END_OPEN | START_UNKNOWN)) | RENEWED;
        Some(self.push(entry, Some(words), Content { flags, since: NEVER, until: NEVER, ..content }))
    }

    fn push(&mut self, entry: &ContentEntry, renews: Option<ContentNo>, mut content: Content) -> ContentNo {
        let valid = entry.times();
        content.validity = valid.as_ref().map_or(NO_TIME, ValidTime::hull);
        content.flags |= if valid.is_some() { HAS_TIME } else { 0 };
        let valid = valid.filter(|valid| !valid.is_told_by_corners()).map(Arc::new);
        content.flags |= if valid.is_some() { MORE_THAN_CORNERS } else { 0 };
        let reach = Reach { as_of: entry.as_of_atom(), earliest_as_of: entry.earliest_atom(), renews, valid };
        if reach.as_of.is_some() || reach.earliest_as_of.is_some() || renews.is_some() || reach.valid.is_some() {
            content.reach = u32::try_from(self.reaches.len()).unwrap_or(u32::MAX);
            self.reaches.push(reach);
        } else {
            content.reach = u32::MAX;
        }
        let number = ContentNo::of_place(self.all.len());
        self.all.push(content);
        number
    }

    /// Notes the next revision of a claim, and which content it had before.
    pub(super) fn note_revision(&mut self, before: Option<ContentNo>, nth: u32, revision: &Revision) {
        if before == Some(revision.content) {
            if let Some(content) = self.all.get_mut(revision.content.place()) {
                content.flags |= SHARED;
            }
            return;
        }
        if let Some(before) = before.and_then(|before| self.all.get_mut(before.place())) {
            before.until = revision.position;
        }
        if let Some(content) = self.all.get_mut(revision.content.place()) {
            (content.since, content.nth, content.action) = (revision.position, nth, revision.action);
            content.flags |= if revision.retracted { RETRACTED } else { 0 };
        }
    }
}
