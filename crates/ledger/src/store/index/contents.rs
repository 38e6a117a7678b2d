//! Contents: the claim as an assertion or revision states it, once more for each confirmation that moved its times.
//!
//! One record holds together the properties of every candidate that a question needs: its valid time, its members, and the
//! revisions of the claim in which it counts (from `since` until another took its place). So one look into memory is enough
//! to pass over a superseded candidate and to evaluate a current one; in a large ledger every other look would be a wait.
//! Properties that few questions look at lie elsewhere ([`super::content_tail`]): facets, the reach of the knowledge, and a
//! valid time that has more to it than four corners.

use super::claims::Revision;
use super::content_tail::{Facets, Tail, TailParts, TailWriter};
use super::corners::DayCorners;
use super::numbers::{ClaimNo, ContentNo};
use super::stored_terms;
use crate::store::entry::{Action, ContentEntry};
use crate::store::sections::{SectionWriter, put_bytes, take, take_bytes};
use crate::store::shared::{SharedList, SliceArena, SliceStart, fitting};
use detente_domain::edtf::Atom;
use detente_domain::moment::Moment;
use detente_domain::position::Position;
use detente_domain::valid_time::ValidTime;
use detente_domain::validity::Validity;
use std::io::{self, Write};

const HAS_TIME: u16 = 1;
const END_OPEN: u16 = 2;
const START_UNKNOWN: u16 = 4;
/// More than one revision has it, or its number among the revisions does not fit.
const SHARED: u16 = 8;
/// It came when the claim was retracted.
const RETRACTED: u16 = 16;
/// It renews another.
const RENEWED: u16 = 32;
/// Its valid time has more to it than its corners, which then are those of all readings.
const MORE_THAN_CORNERS: u16 = 64;
/// Its tail has atoms.
const HAS_ATOMS: u16 = 128;
/// Its corners are kept elsewhere.
const CORNERS_ELSEWHERE: u16 = 256;
/// The bits above these flags are the code of the action that gave it to the claim.
const ACTION_SHIFT: u32 = 12;

/// A content, as far as it is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The corners of when it holds or happens, if it [`HAS_TIME`].
    corners: DayCorners,
    claim: ClaimNo,
    tail: SliceStart,
    /// The number of the first revision that has it.
    nth: u16,
    members: Members,
    flags: u16,
    /// The event that gave it to the claim.
    since: ShortPosition,
    /// The event that gave the claim another.
    until: ShortPosition,
}

/// A position in five bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShortPosition([u8; 5]);

impl ShortPosition {
    /// Beyond all positions.
    const NEVER: Self = Self([u8::MAX; 5]);

    #[inline]
    fn of(position: Position) -> Self {
        let [a, b, c, d, e, 0, 0, 0] = position.0.to_le_bytes() else { return Self::NEVER };
        Self([a, b, c, d, e])
    }

    #[inline]
    const fn get(self) -> Position {
        let [a, b, c, d, e] = self.0;
        Position(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]))
    }
}

/// Temporal type, modality, polarity + 1 and status + 1, in 2, 5, 4 and 5 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Members(u16);

impl Members {
    const WIDTHS: [u32; 4] = [2, 5, 4, 5];

    /// The members of an entry, a byte each.
    fn of(members: u32) -> Self {
        let mut shift = 0;
        let mut packed = 0;
        for (code, width) in members.to_le_bytes().into_iter().zip(Self::WIDTHS) {
            packed |= (u16::from(code) & ((1 << width) - 1)) << shift;
            shift += width;
        }
        Self(packed)
    }

    const fn temporal_type(self) -> u8 {
        (self.0 & 3) as u8
    }

    const fn modality(self) -> u8 {
        (self.0 >> 2 & 31) as u8
    }

    const fn polarity(self) -> u8 {
        (self.0 >> 7 & 15) as u8
    }

    const fn status(self) -> u8 {
        (self.0 >> 11 & 31) as u8
    }
}

/// The reach of the knowledge of a content.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// Its last day or second now.
    pub(crate) as_of: Option<Atom>,
    /// The earliest that the claim ever had.
    pub(crate) earliest_as_of: Option<Atom>,
    /// The content that has its words, if it renews one.
    pub(crate) renews: Option<ContentNo>,
}

impl Content {
    /// The claim it is of.
    pub(crate) const fn claim(&self) -> ClaimNo {
        self.claim
    }

    /// The event that gave it to the claim.
    pub(crate) const fn since(&self) -> Position {
        self.since.get()
    }

    /// Returns true if a cut sees it as the content of its claim. A cut may be beyond all positions too.
    pub(super) fn is_seen_at(&self, cut: Position) -> bool {
        self.since.get() <= cut && (cut < self.until.get() || self.until == ShortPosition::NEVER)
    }

    /// Returns true if its valid time has no more to it than its corners.
    pub(crate) const fn is_told_by_corners(&self) -> bool {
        self.flags & MORE_THAN_CORNERS == 0
    }

    /// The code of its temporal type.
    pub(crate) const fn temporal_type(&self) -> u8 {
        self.members.temporal_type()
    }

    /// The code of its modality.
    pub(crate) const fn modality(&self) -> u8 {
        self.members.modality()
    }

    /// The code of its polarity, if it has one.
    pub(crate) const fn polarity(&self) -> Option<u8> {
        self.members.polarity().checked_sub(1)
    }

    /// The code of its status, if it has one.
    pub(crate) const fn status(&self) -> Option<u8> {
        self.members.status().checked_sub(1)
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
    pub(super) fn only_revision(&self, number: ContentNo) -> Option<(u32, Revision)> {
        if self.flags & SHARED != 0 {
            return None;
        }
        self.first_revision(number).map(|(nth, revision)| (u32::from(nth), revision))
    }

    /// The revision that gave it to the claim, and its number; 0 if that does not fit.
    pub(super) fn first_revision(&self, number: ContentNo) -> Option<(u16, Revision)> {
        let action = Action::from_code(u32::from(self.flags >> ACTION_SHIFT))?;
        let retracted = self.flags & RETRACTED != 0;
        Some((self.nth, Revision { position: self.since.get(), content: number, action, retracted }))
    }

    const fn tail_parts(&self) -> TailParts {
        TailParts {
            renews: self.flags & RENEWED != 0,
            longer_time: self.flags & MORE_THAN_CORNERS != 0,
            atoms: self.flags & HAS_ATOMS != 0,
        }
    }
}

/// All contents.
#[derive(Clone, Default)]
pub(super) struct Contents {
    all: SharedList<Content, { fitting::<Content>(8 << 10) }>,
    tails: SliceArena<u8>,
    /// Corners that are no days.
    corners: SharedList<Validity, 256>,
    /// Valid times that have more to them than their corners.
    longer_times: SharedList<ValidTime, 256>,
    writer: TailWriter,
}

impl Contents {
    /// A content.
    pub(super) fn get(&self, number: ContentNo) -> Option<&Content> {
        self.all.get(number.place())
    }

    /// The facets of a content, ascending.
    #[inline]
    pub(super) fn facets(&self, number: ContentNo) -> Facets<'_> {
        let tail = self.tail(number);
        tail.renews.map_or(tail, |words| self.tail(words)).facets()
    }

    /// The reach of the knowledge of a content.
    pub(super) fn reach(&self, number: ContentNo) -> Reach {
        let has_any = |content: &&Content| content.flags & (HAS_ATOMS | RENEWED) != 0;
        let Some(content) = self.get(number).filter(has_any) else { return Reach::default() };
        let Tail { as_of, earliest_as_of, renews, .. } = self.tail_of(content);
        Reach { as_of, earliest_as_of, renews }
    }

    /// The corners of when a content holds or happens, in all readings; none for a claim without time.
    #[inline]
    pub(super) fn hull(&self, content: &Content) -> Option<Validity> {
        if content.flags & HAS_TIME == 0 {
            return None;
        }
        if content.flags & CORNERS_ELSEWHERE == 0 {
            return Some(content.corners.validity());
        }
        self.corners.get(content.corners.place()).copied()
    }

    /// The valid time of a content; none for a claim without time.
    pub(super) fn valid_time(&self, content: &Content) -> Option<ValidTime> {
        if content.is_told_by_corners() {
            return self.hull(content).map(ValidTime::from);
        }
        self.longer_times.get(self.tail_of(content).longer_time? as usize).cloned()
    }

    /// A new content of a claim.
    pub(super) fn add(&mut self, claim: ClaimNo, entry: &ContentEntry) -> ContentNo {
        let ends = [(entry.is_end_open(), END_OPEN), (entry.is_start_unknown(), START_UNKNOWN)];
        let flags = ends.into_iter().filter(|(is_so, _)| *is_so).fold(0, |flags, (_, flag)| flags | flag);
        self.push(claim, entry, None, (Members::of(entry.members), flags))
    }

    /// A content once more, with the times of the entry.
    pub(super) fn renew(&mut self, last: ContentNo, entry: &ContentEntry) -> Option<ContentNo> {
        let content = self.get(last)?;
        let (claim, kept) = (content.claim, (content.members, content.flags & (END_OPEN | START_UNKNOWN)));
        let words = self.reach(last).renews.unwrap_or(last);
        Some(self.push(claim, entry, Some(words), kept))
    }

    fn push(
        &mut self,
        claim: ClaimNo,
        entry: &ContentEntry,
        renews: Option<ContentNo>,
        (members, mut flags): (Members, u16),
    ) -> ContentNo {
        self.writer.clear();
        if let Some(words) = renews {
            flags |= RENEWED;
            self.writer.put(words.get());
        }
        let valid = entry.times();
        let corners = self.corners_of(valid.as_ref(), &mut flags);
        if let Some(longer) = valid.filter(|valid| !valid.is_told_by_corners()) {
            flags |= MORE_THAN_CORNERS;
            self.writer.put(u32::try_from(self.longer_times.len()).unwrap_or(u32::MAX));
            self.longer_times.push(longer);
        }
        let (as_of, earliest) = (entry.as_of_atom(), entry.earliest_atom());
        if as_of.is_some() || earliest.is_some() {
            flags |= HAS_ATOMS;
            self.writer.put_atoms(as_of, earliest);
        }
        if renews.is_none() {
            self.writer.put_facets(stored_terms(&entry.facets));
        }
        let tail = self.tails.push(self.writer.bytes().iter().copied());
        let number = ContentNo::of_place(self.all.len());
        let (since, until) = (ShortPosition::NEVER, ShortPosition::NEVER);
        self.all.push(Content { corners, claim, tail, nth: 0, members, flags, since, until });
        number
    }

    fn corners_of(&mut self, valid: Option<&ValidTime>, flags: &mut u16) -> DayCorners {
        let Some(hull) = valid.map(ValidTime::hull) else { return DayCorners::elsewhere(u32::MAX) };
        *flags |= HAS_TIME;
        DayCorners::of(&hull).unwrap_or_else(|| {
            *flags |= CORNERS_ELSEWHERE;
            let place = u32::try_from(self.corners.len()).unwrap_or(u32::MAX);
            self.corners.push(hull);
            DayCorners::elsewhere(place)
        })
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
            before.until = ShortPosition::of(revision.position);
        }
        if let Some(content) = self.all.get_mut(revision.content.place()) {
            content.since = ShortPosition::of(revision.position);
            content.nth = u16::try_from(nth).unwrap_or_default();
            content.flags |= if content.nth == 0 { SHARED } else { 0 } | if revision.retracted { RETRACTED } else { 0 };
            content.flags |= (revision.action as u16) << ACTION_SHIFT;
        }
    }

    /// Writes all but longer valid times, to be read by [`Contents::load`] and [`Contents::load_corners`].
    pub(super) fn dump(&self, sections: [u8; 2], to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(sections[0])?;
        self.all.iter().try_for_each(|content| to.row(|row| self.dump_content(content, row)))?;
        to.begin(sections[1])?;
        self.corners.iter().try_for_each(|v| {
            let corners = [v.earliest_start, v.latest_start, v.earliest_end, v.latest_end];
            to.row(|row| corners.iter().for_each(|moment| row.extend_from_slice(&moment.0.to_le_bytes())))
        })
    }

    fn dump_content(&self, content: &Content, row: &mut Vec<u8>) {
        let Content { corners, claim, tail: _, nth, members, flags, since, until } = content;
        corners.numbers().iter().for_each(|day| row.extend_from_slice(&day.to_le_bytes()));
        row.extend_from_slice(&claim.get().to_le_bytes());
        [*nth, members.0, *flags].iter().for_each(|number| row.extend_from_slice(&number.to_le_bytes()));
        row.extend_from_slice(&since.0);
        row.extend_from_slice(&until.0);
        let from = self.tails.rest(content.tail);
        let length = from.len() - self.tail_of(content).rest_behind(content.flags & RENEWED == 0).len();
        put_bytes(row, from.get(..length).into_iter());
    }

    pub(super) fn load(&mut self, rows: &mut &[u8]) -> Option<()> {
        while !rows.is_empty() {
            let mut corners = [0; 4];
            for day in &mut corners {
                *day = i32::from_le_bytes(take(rows)?);
            }
            let claim = ClaimNo::new(u32::from_le_bytes(take(rows)?));
            let nth = u16::from_le_bytes(take(rows)?);
            let members = Members(u16::from_le_bytes(take(rows)?));
            let flags = u16::from_le_bytes(take(rows)?);
            let (since, until) = (ShortPosition(take(rows)?), ShortPosition(take(rows)?));
            let tail = self.tails.push(take_bytes(rows)?.iter().copied());
            let corners = DayCorners::of_numbers(corners);
            self.all.push(Content { corners, claim, tail, nth, members, flags, since, until });
        }
        Some(())
    }

    pub(super) fn load_corners(&mut self, rows: &mut &[u8]) -> Option<()> {
        let mut moment = || take(rows).map(|bytes| Moment(i64::from_le_bytes(bytes)));
        while let Some(earliest_start) = moment() {
            let (latest_start, earliest_end, latest_end) = (moment()?, moment()?, moment()?);
            self.corners.push(Validity { earliest_start, latest_start, earliest_end, latest_end });
        }
        Some(())
    }

    /// Adds the valid time of the next content that has more to it than its corners.
    pub(super) fn load_longer_time(&mut self, entry: &ContentEntry) {
        if let Some(longer) = entry.times().filter(|valid| !valid.is_told_by_corners()) {
            self.longer_times.push(longer);
        }
    }

    /// The number of contents.
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// Every content, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Content> {
        self.all.iter()
    }

    fn tail(&self, number: ContentNo) -> Tail<'_> {
        self.get(number).map_or_else(Tail::default, |content| self.tail_of(content))
    }

    #[inline]
    fn tail_of(&self, content: &Content) -> Tail<'_> {
        Tail::read(content.tail_parts(), self.tails.rest(content.tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_small() {
        assert_eq!(size_of::<Content>(), 40);
    }

    #[test]
    fn positions_and_members_come_back_as_they_were() {
        for position in [0, 1, 255, 256, 1 << 32, (1 << 40) - 2].map(Position) {
            assert_eq!(ShortPosition::of(position).get(), position);
        }
        assert_eq!(ShortPosition::of(Position(1 << 40)), ShortPosition::NEVER);
        for codes in [[0, 0, 0, 0], [2, 10, 5, 17], [3, 31, 15, 31]] {
            let members = Members::of(u32::from_le_bytes(codes));
            let read = [members.temporal_type(), members.modality(), members.polarity(), members.status()];
            assert_eq!(read, codes);
        }
    }

    #[test]
    fn every_action_fits_above_the_flags() {
        let last = (0..).take_while(|code| Action::from_code(*code).is_some()).last().unwrap();
        assert!(last < 1 << (u16::BITS - ACTION_SHIFT) && CORNERS_ELSEWHERE < 1 << ACTION_SHIFT);
    }

    #[test]
    fn every_member_of_a_vocabulary_fits() {
        use detente_domain::vocabulary::{Modality, Polarity, Status, TemporalType, Vocabulary};
        let lengths = [TemporalType::ALL.len(), Modality::ALL.len(), Polarity::ALL.len() + 1, Status::ALL.len() + 1];
        assert!(lengths.iter().zip(Members::WIDTHS).all(|(length, width)| *length <= 1 << width));
    }
}
