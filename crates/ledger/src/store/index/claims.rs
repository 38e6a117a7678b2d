//! Claims and their revisions, by number.
//!
//! A revision is made by one event: it has a content, and may be retracted. Most claims have one. A content knows its
//! revisions ([`super::contents`]), so a search that comes from contents looks here only if several revisions share one.

use super::content_tail::Facets;
use super::contents::{Content, Contents, Reach};
use super::disputes::Disputes;
use super::numbers::{ClaimNo, ContentNo};
use crate::store::entry::{Action, ContentEntry};
use crate::store::sections::{SectionWriter, take};
use crate::store::shared::{SharedList, SharedTable, fitting};
use detente_domain::position::Position;
use detente_domain::valid_time::ValidTime;
use detente_domain::validity::Validity;
use hashbrown::DefaultHashBuilder;
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::sync::Arc;
use uuid::Uuid;

/// One revision of a claim, made by one event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revision {
    /// The event.
    pub(crate) position: Position,
    /// The content it has.
    pub(crate) content: ContentNo,
    /// The action of the event.
    pub(crate) action: Action,
    pub(super) retracted: bool,
}

impl Revision {
    /// Returns true if the claim is retracted in this revision.
    pub(crate) const fn is_retracted(&self) -> bool {
        self.retracted
    }

    fn dump(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(&self.position.0.to_le_bytes());
        row.extend_from_slice(&self.content.get().to_le_bytes());
        row.extend_from_slice(&[self.action as u8, u8::from(self.retracted)]);
    }

    fn load(rows: &mut &[u8]) -> Option<Self> {
        let position = Position(u64::from_le_bytes(take(rows)?));
        let content = ContentNo::new(u32::from_le_bytes(take(rows)?));
        let [action, retracted] = take(rows)?;
        Some(Self { position, content, action: Action::from_code(u32::from(action))?, retracted: retracted != 0 })
    }
}

/// The sections of claims in a file.
#[derive(Clone, Copy)]
pub(super) struct ClaimSections {
    pub(super) ids: u8,
    pub(super) contents: u8,
    pub(super) corners: u8,
    pub(super) revisions: u8,
}

/// A claim in the revision that a cut sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundRevision {
    /// The claim.
    pub(crate) claim: ClaimNo,
    /// The number of the revision.
    pub(crate) number: u32,
    /// The revision.
    pub(crate) revision: Revision,
}

/// All claims.
#[derive(Clone, Default)]
pub(crate) struct Claims {
    numbers: SharedTable<ClaimNo>,
    hasher: DefaultHashBuilder,
    ids: SharedList<Uuid, { fitting::<Uuid>(16 << 10) }>,
    revisions: SharedList<Revisions, { fitting::<Revisions>(16 << 10) }>,
    contents: Contents,
    disputes: Disputes,
}

/// The revisions of one claim; most have one, which needs no list.
#[derive(Clone)]
enum Revisions {
    None,
    One([Revision; 1]),
    Many(Arc<Vec<Revision>>),
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
            Self::One([first]) => *self = Self::Many(Arc::new(vec![*first, revision])),
            Self::Many(many) => Arc::make_mut(many).push(revision),
        }
    }
}

impl Claims {
    /// The number of claims.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a claim.
    pub(crate) fn find(&self, id: Uuid) -> Option<ClaimNo> {
        self.numbers.find(self.hasher.hash_one(id), |n| self.ids.get(n.place()) == Some(&id))
    }

    /// The id of a claim.
    pub(crate) fn id(&self, claim: ClaimNo) -> Option<Uuid> {
        self.ids.get(claim.place()).copied()
    }

    /// The revisions of a claim, in order.
    pub(crate) fn revisions(&self, claim: ClaimNo) -> &[Revision] {
        self.revisions.get(claim.place()).map(Revisions::as_slice).unwrap_or_default()
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

    /// The revision at a cut of the claim that has a content, and its number; none if the cut sees another content there.
    pub(crate) fn revision_with(&self, number: ContentNo, cut: Position) -> Option<(FoundRevision, &Content)> {
        let content = self.content(number)?;
        if !content.is_seen_at(cut) {
            return None;
        }
        let found = match content.only_revision(number) {
            Some((nth, revision)) => FoundRevision { claim: content.claim(), number: nth, revision },
            None => self.find_revision(content.claim(), cut)?,
        };
        Some((found, content))
    }

    /// A claim in the last revision that a cut sees.
    pub(crate) fn find_revision(&self, claim: ClaimNo, cut: Position) -> Option<FoundRevision> {
        self.current(claim, cut).map(|(number, revision)| FoundRevision { claim, number, revision })
    }

    /// A content.
    pub(crate) fn content(&self, number: ContentNo) -> Option<&Content> {
        self.contents.get(number)
    }

    /// The corners of when a content holds or happens, in all readings; none for a claim without time.
    #[inline]
    pub(super) fn hull(&self, content: &Content) -> Option<Validity> {
        self.contents.hull(content)
    }

    /// The valid time of a content; none for a claim without time.
    pub(crate) fn valid_time(&self, content: &Content) -> Option<ValidTime> {
        self.contents.valid_time(content)
    }

    /// The reach of the knowledge of a content.
    pub(crate) fn reach(&self, number: ContentNo) -> Reach {
        self.contents.reach(number)
    }

    /// The content whose postings hold the tokens of another: itself, or the one that a confirmation renewed.
    pub(crate) fn words(&self, number: ContentNo) -> ContentNo {
        if self.content(number).is_some_and(Content::is_renewed) {
            return self.contents.reach(number).renews.unwrap_or(number);
        }
        number
    }

    /// The facets of a content, ascending.
    #[inline]
    pub(crate) fn facets(&self, number: ContentNo) -> Facets<'_> {
        self.contents.facets(number)
    }

    /// The disputes of claims.
    pub(crate) const fn disputes(&self) -> &Disputes {
        &self.disputes
    }

    /// A new claim; none if it is there already.
    pub(super) fn add(&mut self, id: Uuid) -> Option<ClaimNo> {
        let number = u32::try_from(self.ids.len()).ok().map(ClaimNo::new)?;
        let (hasher, ids) = (&self.hasher, &self.ids);
        let hash = hasher.hash_one(id);
        if self.numbers.find(hash, |n| ids.get(n.place()) == Some(&id)).is_some() {
            return None;
        }
        self.numbers.insert(hash, number, |n| ids.get(n.place()).map_or(0, |id| hasher.hash_one(id)));
        self.ids.push(id);
        self.revisions.push(Revisions::None);
        Some(number)
    }

    pub(super) fn add_revision(&mut self, claim: ClaimNo, position: Position, content: ContentNo, action: Action) {
        let Some(revisions) = self.revisions.get_mut(claim.place()) else { return };
        let last = revisions.as_slice().last();
        let retracted = match action {
            Action::Retracted => true,
            Action::Reinstated => false,
            _ => last.is_some_and(Revision::is_retracted),
        };
        let before = last.map(|last| last.content);
        let revision = Revision { position, content, action, retracted };
        revisions.push(revision);
        let nth = u32::try_from(revisions.as_slice().len()).unwrap_or(u32::MAX);
        self.contents.note_revision(before, nth, &revision);
    }

    pub(super) fn add_content(&mut self, claim: ClaimNo, entry: &ContentEntry) -> ContentNo {
        self.contents.add(claim, entry)
    }

    /// A content once more, with the times of the entry.
    pub(super) fn renew_content(&mut self, last: ContentNo, entry: &ContentEntry) -> Option<ContentNo> {
        self.contents.renew(last, entry)
    }

    /// Writes all but disputes, to be read by [`Claims::load`]; the revisions of most claims are told by their contents.
    pub(super) fn dump(&self, sections: ClaimSections, to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(sections.ids)?;
        self.ids.iter().try_for_each(|id| to.row(|row| row.extend_from_slice(id.as_bytes())))?;
        self.contents.dump([sections.contents, sections.corners], to)?;
        to.begin(sections.revisions)?;
        for (revisions, claim) in self.revisions.iter().zip(0_u32..) {
            if let Revisions::Many(many) = revisions {
                to.row(|row| {
                    row.extend_from_slice(&claim.to_le_bytes());
                    row.extend_from_slice(&u32::try_from(many.len()).unwrap_or(u32::MAX).to_le_bytes());
                    many.iter().for_each(|revision| revision.dump(row));
                })?;
            }
        }
        Ok(())
    }

    /// Reads rows of one section; those of contents come before those of revisions.
    pub(super) fn load(&mut self, sections: ClaimSections, section: u8, rows: &mut &[u8]) -> Option<()> {
        match section {
            of if of == sections.ids => {
                while !rows.is_empty() {
                    self.ids.push(Uuid::from_bytes(take(rows)?));
                    self.revisions.push(Revisions::None);
                }
            }
            of if of == sections.contents => {
                let first = self.contents.len();
                self.contents.load(rows)?;
                self.load_first_revisions(first)?;
            }
            of if of == sections.corners => self.contents.load_corners(rows)?,
            _ => {
                while !rows.is_empty() {
                    let claim = u32::from_le_bytes(take(rows)?);
                    let count = u32::from_le_bytes(take(rows)?);
                    let many: Option<Vec<Revision>> = (0..count).map(|_| Revision::load(rows)).collect();
                    *self.revisions.get_mut(claim as usize)? = Revisions::Many(Arc::new(many?));
                }
            }
        }
        Some(())
    }

    fn load_first_revisions(&mut self, from: usize) -> Option<()> {
        for place in from..self.contents.len() {
            let number = ContentNo::of_place(place);
            let content = self.contents.get(number)?;
            if let (1, revision) = content.first_revision(number)? {
                *self.revisions.get_mut(content.claim().place())? = Revisions::One([revision]);
            }
        }
        Some(())
    }

    /// Makes every claim known by its id.
    pub(super) fn make_known(&mut self) {
        let hash_of = |claim: &ClaimNo| self.ids.get(claim.place()).map_or(0, |id| self.hasher.hash_one(id));
        let claims = (0..self.ids.len()).map(ClaimNo::of_place);
        self.numbers = SharedTable::of(claims.map(|claim| (hash_of(&claim), claim)), hash_of);
    }

    /// Every revision of every claim, with the claim.
    pub(super) fn all_revisions(&self) -> impl Iterator<Item = (ClaimNo, &Revision)> {
        let all = self.revisions.iter().enumerate();
        all.flat_map(move |(place, revisions)| {
            revisions.as_slice().iter().map(move |revision| (ClaimNo::of_place(place), revision))
        })
    }

    /// Every content, in order.
    pub(super) fn contents(&self) -> impl Iterator<Item = &Content> {
        self.contents.iter()
    }

    pub(super) fn load_longer_time(&mut self, entry: &ContentEntry) {
        self.contents.load_longer_time(entry);
    }

    pub(super) const fn disputes_mut(&mut self) -> &mut Disputes {
        &mut self.disputes
    }
}
