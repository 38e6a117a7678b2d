//! Claims, their revisions and their contents, by number.
//!
//! A revision is what one event made of a claim: which content it has and whether it is retracted. A content is what an
//! assertion or revision said, once more where a confirmation moved its times. Most claims have one of each.

use super::postings::ContentNo;
use super::terms::Term;
use crate::domain::edtf::Atom;
use crate::domain::position::Position;
use crate::domain::validity::Validity;
use crate::store::entry::{Action, ContentEntry};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::HashMap;
use std::hash::BuildHasher;
use uuid::Uuid;

/// The number of a claim: the order in which claims were first recorded.
pub(crate) type ClaimNo = u32;

/// What one event made of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revision {
    /// The event.
    pub(crate) position: Position,
    /// The content it has.
    pub(crate) content: ContentNo,
    /// What the event did.
    pub(crate) action: Action,
    retracted: bool,
}

impl Revision {
    /// Whether the claim is retracted in this revision.
    pub(crate) const fn is_retracted(&self) -> bool {
        self.retracted
    }
}

/// A content, as far as it is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The event that holds its words.
    pub(crate) words_at: Position,
    /// The claim it is of.
    pub(crate) claim: ClaimNo,
    /// The content whose postings hold its tokens: itself, or the one that a confirmation renewed.
    pub(crate) words: ContentNo,
    /// When it holds or happens; none for a claim without time.
    pub(crate) validity: Option<Validity>,
    /// How far knowledge of it reaches.
    pub(crate) as_of: Option<Atom>,
    /// The earliest `as_of` the claim ever had.
    pub(crate) earliest_as_of: Option<Atom>,
    members: [u8; 4],
    end_open: bool,
    start_unknown: bool,
    facets_from: u32,
    facets: u16,
}

impl Content {
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

    /// Whether its end is open.
    pub(crate) const fn is_end_open(&self) -> bool {
        self.end_open
    }

    /// Whether nobody says when it started.
    pub(crate) const fn is_start_unknown(&self) -> bool {
        self.start_unknown
    }
}

/// A dispute of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DisputeRow {
    /// Identity.
    pub(crate) id: Uuid,
    /// The event that recorded it.
    pub(crate) position: Position,
    /// The event that resolved it.
    pub(crate) resolved_at: Option<Position>,
}

/// All claims.
#[derive(Default)]
pub(crate) struct Claims {
    numbers: HashTable<ClaimNo>,
    hasher: DefaultHashBuilder,
    ids: Vec<Uuid>,
    revisions: Vec<Revisions>,
    contents: Vec<Content>,
    facets: Vec<Term>,
    disputes: HashMap<ClaimNo, Vec<DisputeRow>>,
}

/// The revisions of one claim; most have one, which needs no list.
enum Revisions {
    None,
    One([Revision; 1]),
    Many(Vec<Revision>),
}

impl Revisions {
    fn as_slice(&self) -> &[Revision] {
        match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }

    fn push(&mut self, revision: Revision) {
        match self {
            Self::None => *self = Self::One([revision]),
            Self::One([first]) => *self = Self::Many(vec![*first, revision]),
            Self::Many(many) => many.push(revision),
        }
    }
}

impl Claims {
    /// How many claims there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a claim.
    pub(crate) fn find(&self, id: Uuid) -> Option<ClaimNo> {
        self.numbers.find(self.hasher.hash_one(id), |n| self.ids.get(*n as usize) == Some(&id)).copied()
    }

    /// The id of a claim.
    pub(crate) fn id(&self, claim: ClaimNo) -> Option<Uuid> {
        self.ids.get(claim as usize).copied()
    }

    /// The revisions of a claim, in order.
    pub(crate) fn revisions(&self, claim: ClaimNo) -> &[Revision] {
        self.revisions.get(claim as usize).map(Revisions::as_slice).unwrap_or_default()
    }

    /// The number of revisions of a claim that a cut sees.
    pub(crate) fn revisions_at(&self, claim: ClaimNo, cut: Position) -> usize {
        match self.revisions(claim) {
            [one] => usize::from(one.position <= cut),
            many => many.partition_point(|revision| revision.position <= cut),
        }
    }

    /// The last revision of a claim that a cut sees, and its number.
    pub(crate) fn current(&self, claim: ClaimNo, cut: Position) -> Option<(u32, Revision)> {
        let count = self.revisions_at(claim, cut);
        let revision = self.revisions(claim).get(count.checked_sub(1)?)?;
        Some((u32::try_from(count).unwrap_or(u32::MAX), *revision))
    }

    /// A content.
    pub(crate) fn content(&self, number: ContentNo) -> Option<&Content> {
        self.contents.get(number as usize)
    }

    /// The facets of a content, sorted.
    pub(crate) fn facets(&self, number: ContentNo) -> &[Term] {
        let Some(content) = self.content(number) else { return &[] };
        let from = content.facets_from as usize;
        self.facets.get(from..from + usize::from(content.facets)).unwrap_or_default()
    }

    /// The disputes of a claim, in order.
    pub(crate) fn disputes(&self, claim: ClaimNo) -> &[DisputeRow] {
        if self.disputes.is_empty() {
            return &[];
        }
        self.disputes.get(&claim).map(Vec::as_slice).unwrap_or_default()
    }

    /// The claims that were ever disputed, in no order.
    pub(crate) fn ever_disputed(&self) -> impl Iterator<Item = ClaimNo> {
        self.disputes.keys().copied()
    }

    /// A new claim; none if it is there already.
    pub(super) fn add(&mut self, id: Uuid) -> Option<ClaimNo> {
        let number = ClaimNo::try_from(self.ids.len()).ok()?;
        let (hasher, ids) = (&self.hasher, &self.ids);
        let id_of = |n: &ClaimNo| ids.get(*n as usize);
        let rehash = |n: &ClaimNo| id_of(n).map_or(0, |id| hasher.hash_one(id));
        match self.numbers.entry(hasher.hash_one(id), |n| id_of(n) == Some(&id), rehash) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(room) => room.insert(number),
        };
        self.ids.push(id);
        self.revisions.push(Revisions::None);
        Some(number)
    }

    pub(super) fn add_revision(&mut self, claim: ClaimNo, position: Position, content: ContentNo, action: Action) {
        let Some(revisions) = self.revisions.get_mut(claim as usize) else { return };
        let retracted = match action {
            Action::Retracted => true,
            Action::Reinstated => false,
            _ => revisions.as_slice().last().is_some_and(Revision::is_retracted),
        };
        revisions.push(Revision { position, content, action, retracted });
    }

    pub(super) fn add_content(&mut self, claim: ClaimNo, words_at: Position, entry: &ContentEntry) -> ContentNo {
        let facets_from = u32::try_from(self.facets.len()).unwrap_or(u32::MAX);
        self.facets.extend_from_slice(&entry.facets);
        self.push_content(Content {
            words_at,
            claim,
            words: ContentNo::try_from(self.contents.len()).unwrap_or(ContentNo::MAX),
            validity: entry.times(),
            as_of: entry.as_of_atom(),
            earliest_as_of: entry.earliest_atom(),
            members: entry.members.to_le_bytes(),
            end_open: entry.is_end_open(),
            start_unknown: entry.is_start_unknown(),
            facets_from,
            facets: u16::try_from(entry.facets.len()).unwrap_or(u16::MAX),
        })
    }

    /// A content once more, with the times of the entry.
    pub(super) fn renew_content(&mut self, last: ContentNo, entry: &ContentEntry) -> Option<ContentNo> {
        let last = self.content(last)?.clone();
        Some(self.push_content(Content {
            validity: entry.times(),
            as_of: entry.as_of_atom(),
            earliest_as_of: entry.earliest_atom(),
            ..last
        }))
    }

    pub(super) fn dispute(&mut self, claim: ClaimNo, id: Uuid, position: Position) {
        self.disputes.entry(claim).or_default().push(DisputeRow { id, position, resolved_at: None });
    }

    pub(super) fn resolve(&mut self, claim: ClaimNo, id: Uuid, position: Position) -> Option<()> {
        let row = self.disputes.get_mut(&claim)?.iter_mut().find(|row| row.id == id)?;
        row.resolved_at = Some(position);
        Some(())
    }

    fn push_content(&mut self, content: Content) -> ContentNo {
        let number = ContentNo::try_from(self.contents.len()).unwrap_or(ContentNo::MAX);
        self.contents.push(content);
        number
    }
}
