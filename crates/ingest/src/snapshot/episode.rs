//! One episode of a key: the claim that records it, and what a later snapshot compares with it.

use crate::claim::MadeClaim;
use crate::day::Day;
use crate::release::ContentDigest;
use detente_proto::v1::{self, bound::Bound};
use uuid::Uuid;

/// An open end, as it is compared.
pub(super) const OPEN: &str = "..";

/// An episode.
#[derive(Clone, Debug)]
pub(super) struct Episode {
    /// Its claim.
    pub(super) claim: Uuid,
    /// The snapshot that had it first.
    pub(super) began: Day,
    /// Its content, without its ends.
    pub(super) content: ContentDigest,
    /// Its ends, as they are recorded.
    pub(super) from: Box<str>,
    pub(super) to: Box<str>,
    /// True if it has ended because its row vanished or changed.
    pub(super) is_ended: bool,
    /// True if its claim is retracted.
    pub(super) is_retracted: bool,
    /// The claim of the episode whose place it takes.
    pub(super) supersedes: Option<Uuid>,
    /// The last two days on which its claim is recorded to have been true, the earlier one first.
    pub(super) seen: [Day; 2],
    /// The number of confirmations that were recorded before it went on.
    pub(super) since: usize,
    /// Its place in the order of the record.
    pub(super) order: usize,
}

impl Episode {
    /// Returns true if it goes on.
    pub(super) const fn goes_on(&self) -> bool {
        !self.is_ended && !self.is_retracted
    }

    /// Returns true if the row itself says when it ends.
    pub(super) fn has_own_end(&self) -> bool {
        !self.is_ended && &*self.to != OPEN
    }

    /// Returns true if it ended in the snapshot of a day, and not before.
    pub(super) fn ended_at(&self, day: &Day) -> bool {
        self.is_ended && window_of(&self.to).is_some_and(|(_, last)| last == day.before())
    }

    /// The day of the snapshot in which it had ended, where its end tells.
    pub(super) fn ended_on(&self) -> Option<Day> {
        let (_, last) = window_of(&self.to).filter(|_| self.is_ended)?;
        Day::parse(&Day::parse(last)?.after())
    }

    /// Returns true if its start follows from the snapshots.
    pub(super) fn began_in_window(&self) -> bool {
        let (first, last) = range_of(&self.from).unwrap_or_default();
        last == self.began.text() && (first.is_empty() || Day::parse(first).is_some())
    }

    /// Returns true if a row says the same as it, apart from its end.
    pub(super) fn says(&self, said: &RowContent) -> bool {
        let same_start = said.from.as_ref().map_or_else(|| self.began_in_window(), |from| *from == self.from);
        self.content == said.content && same_start
    }

    /// Returns true if a row says the same of its end. An end that follows from a snapshot is none of the row.
    pub(super) fn ends_as(&self, said: &RowContent) -> bool {
        (self.is_ended && &*said.to == OPEN) || self.to == said.to
    }

    /// Notes a day on which its claim was true.
    pub(super) fn see(&mut self, day: Day) {
        let [_, last] = &mut self.seen;
        if day > *last {
            let before = std::mem::replace(last, day);
            let [earlier, _] = &mut self.seen;
            *earlier = before;
        }
    }
}

/// The content of a row, as far as it is compared with an episode.
#[derive(Clone, Debug)]
pub struct RowContent {
    /// The digest of all but the ends.
    pub(super) content: ContentDigest,
    /// The start, where the row has one.
    pub(super) from: Option<Box<str>>,
    /// The end; open where the row has none.
    pub(super) to: Box<str>,
}

impl RowContent {
    /// The content of a claim that a row of the data set with a scheme makes.
    pub fn of(made: &MadeClaim, scheme: &str) -> Self {
        let claim = &made.claim;
        Self {
            content: content(claim.clone(), scheme),
            from: made.own.from.then(|| text_of(claim.valid_from.as_ref())),
            to: if made.own.to { text_of(claim.valid_to.as_ref()) } else { OPEN.into() },
        }
    }
}

/// The digest of a claim without its ends and the day of its snapshot.
pub(super) fn content(mut claim: v1::Claim, scheme: &str) -> ContentDigest {
    claim.as_of.clear();
    (claim.valid_from, claim.valid_to) = (None, None);
    ContentDigest::of(claim, scheme)
}

/// An end, as it is compared.
pub(super) fn text_of(end: Option<&v1::Bound>) -> Box<str> {
    match end.and_then(|end| end.bound.as_ref()) {
        Some(Bound::Known(date)) => date.edtf.as_str().into(),
        Some(Bound::Open(_)) | None => OPEN.into(),
        Some(Bound::Unknown(_)) => "?".into(),
    }
}

/// The first and the last day of an end that follows from two snapshots; none for any other end.
pub(super) fn window_of(text: &str) -> Option<(&str, &str)> {
    range_of(text).filter(|(first, last)| Day::parse(first).is_some() && Day::parse(last).is_some())
}

fn range_of(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.strip_suffix(']')?.split_once("..")
}
