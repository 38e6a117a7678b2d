//! Snapshots: releases that say what held on a day. What a row says is true for a time, an *episode* of its key.
//!
//! ```text
//!   snapshots         2020-01-01   2020-06-01   2020-12-01   2021-06-01
//!   AAA-BBB           free         visa         visa         (no row)
//!
//!   AAA-BBB@2020-01-01  free  from [..2020-01-01]              to [2020-01-01..2020-05-31]
//!   AAA-BBB@2020-06-01  visa  from [2020-01-02..2020-06-01]    to [2020-12-01..2021-05-31]
//! ```
//!
//! | the row | its last episode | becomes |
//! |---|---|---|
//! | is new, or back | none, or one that has ended | a claim, begun since the snapshot before |
//! | says the same | goes on | nothing: one event confirms all that go on |
//! | says something else | goes on | succeeded: the episode has ended since the snapshot before, another has begun |
//! | is gone | goes on | ended since the snapshot before |
//!
//! The times that follow from the snapshots are no part of what a row says; those that the mapping reads from the row are.

use super::day::Day;
use super::release::{ClaimIds, ContentDigest};
use crate::v1::{self, bound::Bound, event::Event};
use std::collections::HashMap;
use uuid::Uuid;

/// In the place of a row: one that was rejected.
const KEPT: u32 = u32::MAX;

/// The episodes of a data set, the last of each key.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    scheme: String,
    label: String,
    by_key: HashMap<Uuid, Episode>,
    keys: HashMap<Uuid, Uuid>,
    /// The days of the snapshots that are recorded, in order.
    snapshots: Vec<Day>,
    /// True if claims of the data set were recorded otherwise than as snapshots.
    others: bool,
}

/// An episode.
#[derive(Clone, Debug)]
pub(crate) struct Episode {
    /// Its claim.
    pub(crate) claim: Uuid,
    /// The snapshot that had it first.
    pub(crate) began: Day,
    content: ContentDigest,
    /// True if the episode goes on.
    goes_on: bool,
    /// True if the row itself says when the episode ends.
    has_own_end: bool,
    order: usize,
    row: u32,
}

/// The effect of a row on the episodes of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A new one begins.
    Begins,
    /// The last one goes on.
    GoesOn,
    /// The claim of the last one is wrong, of this snapshot.
    Corrected(Uuid),
    /// The claim of the last one is succeeded.
    Succeeded(Uuid),
    /// One has begun and ended in this snapshot.
    Twice,
}

/// The outcome for an episode whose row is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// It has ended.
    Ended(Uuid),
    /// It was of this snapshot, and wrong.
    Wrong(Uuid),
}

/// A snapshot, with what follows from the one before.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Its day.
    pub(crate) day: Day,
    /// The EDTF date on which new episodes began.
    pub(crate) begun: String,
    /// The EDTF date on which vanished episodes ended; none if there was no earlier snapshot.
    pub(crate) ended: Option<String>,
}

impl Window {
    /// The window between a snapshot and the one before.
    pub(crate) fn new(day: Day, before: Option<&Day>) -> Self {
        let begun = before
            .map_or_else(|| format!("[..{}]", day.text()), |before| format!("[{}..{}]", before.after(), day.text()));
        let ended = before.map(|before| format!("[{}..{}]", before.text(), day.before()));
        Self { day, begun, ended }
    }
}

impl Episodes {
    /// Nothing yet, of the data set with this scheme.
    pub(crate) fn of(scheme: &str) -> Self {
        Self { scheme: scheme.to_owned(), label: format!("dataset:{scheme}"), ..Self::default() }
    }

    /// Takes in an event of the record, in order.
    pub(crate) fn learn(&mut self, event: &v1::Event) {
        match &event.event {
            Some(Event::ClaimAsserted(v1::ClaimAsserted { claim: Some(claim) })) => self.learn_claim(claim, false),
            Some(Event::ClaimRevised(v1::ClaimRevised { claim: Some(claim), kind })) => {
                self.learn_claim(claim, *kind == i32::from(v1::RevisionKind::WorldChange));
            }
            Some(Event::ClaimRetracted(retracted)) => self.set_going(&retracted.claim_id, false),
            Some(Event::ClaimReinstated(reinstated)) => self.set_going(&reinstated.claim_id, true),
            Some(Event::ClaimsConfirmed(confirmed)) if confirmed.label == self.label => {
                self.snapshots.extend(Day::parse(&confirmed.as_of));
            }
            _ => {}
        }
    }

    fn learn_claim(&mut self, claim: &v1::Claim, of_the_world: bool) {
        let Ok(id) = Uuid::try_parse(&claim.claim_id) else { return };
        let Some(own) = claim.external_ids.iter().find(|known| known.scheme == self.scheme) else { return };
        let Some((key, began)) = own.id.rsplit_once('@').and_then(|(key, day)| Some((key, Day::parse(day)?))) else {
            self.others = true;
            return;
        };
        let end = claim.valid_to.as_ref().and_then(|to| to.bound.as_ref());
        let has_end = matches!(end, Some(Bound::Known(_)));
        let key = ClaimIds::of(&self.scheme).id(key);
        let (order, row) = (self.by_key.len(), 0);
        let episode = Episode {
            claim: id,
            began,
            content: digest(claim.clone(), &self.scheme),
            goes_on: !(has_end && of_the_world),
            has_own_end: has_end && !of_the_world,
            order,
            row,
        };
        self.keys.insert(id, key);
        let is_older = self.by_key.get(&key).is_some_and(|known| known.claim != id && known.began > episode.began);
        if !is_older {
            self.by_key.insert(key, episode);
        }
    }

    fn set_going(&mut self, claim_id: &str, goes_on: bool) {
        let id = Uuid::try_parse(claim_id).unwrap_or_default();
        let episode = self.keys.get(&id).and_then(|key| self.by_key.get_mut(key));
        if let Some(episode) = episode.filter(|episode| episode.claim == id) {
            episode.goes_on = goes_on;
        }
    }

    /// Returns true if claims of the data set were recorded otherwise than as snapshots.
    pub(crate) const fn has_others(&self) -> bool {
        self.others
    }

    /// The day of the last snapshot that is recorded.
    pub(crate) fn last(&self) -> Option<&Day> {
        self.snapshots.iter().max()
    }

    /// The window of the snapshot of a day.
    pub(crate) fn window(&self, day: &Day) -> Window {
        Window::new(day.clone(), self.snapshots.iter().filter(|known| *known < day).max())
    }

    /// The number of episodes that go on.
    pub(crate) fn going_on(&self) -> usize {
        self.by_key.values().filter(|episode| episode.goes_on).count()
    }

    /// The row of this file that has a key.
    pub(crate) fn named_by(&self, key: Uuid) -> Option<u32> {
        self.by_key.get(&key).map(|episode| episode.row).filter(|row| !matches!(*row, 0 | KEPT))
    }

    /// Applies a row to the episodes of its key and returns the effect. `claim` is the claim of the episode that the
    /// row would begin. `corrects`: a change means that the earlier content was wrong.
    pub(crate) fn turn(&mut self, key: Uuid, claim: Uuid, made: v1::Claim, window: &Window, corrects: bool) -> Turn {
        let content = digest(made, &self.scheme);
        let order = self.by_key.len();
        let begun =
            |row| Episode { claim, began: window.day.clone(), content, goes_on: true, has_own_end: false, order, row };
        match self.by_key.get_mut(&key) {
            Some(episode) if episode.goes_on && episode.content == content => Turn::GoesOn,
            Some(episode) if episode.goes_on && (corrects || window.ended.is_none() || episode.began == window.day) => {
                episode.content = content;
                Turn::Corrected(episode.claim)
            }
            Some(episode) if episode.goes_on => {
                let before = episode.claim;
                *episode = begun(0);
                Turn::Succeeded(before)
            }
            Some(episode) if episode.claim == claim => Turn::Twice,
            known => {
                match known {
                    Some(episode) => *episode = begun(0),
                    None => drop(self.by_key.insert(key, begun(0))),
                }
                Turn::Begins
            }
        }
    }

    /// Notes the row that has a key.
    pub(crate) fn name(&mut self, key: Uuid, row: u32) {
        if let Some(episode) = self.by_key.get_mut(&key) {
            episode.row = row;
        }
    }

    /// A rejected row has a key: its episode stays as it is.
    pub(crate) fn keep(&mut self, key: Uuid) {
        if let Some(episode) = self.by_key.get_mut(&key).filter(|episode| episode.row == 0) {
            episode.row = KEPT;
        }
    }

    /// The claims that go on and whose rows were rejected: nothing is known of them.
    pub(crate) fn kept(&self) -> Vec<Uuid> {
        let kept = self.by_key.values().filter(|episode| episode.goes_on && episode.row == KEPT);
        let mut kept: Vec<Uuid> = kept.map(|episode| episode.claim).collect();
        kept.sort_unstable();
        kept
    }

    /// The outcomes for the episodes that go on without a row or an end of their own, in the order they were recorded.
    pub(crate) fn gone(&self, window: &Window) -> Vec<Gone> {
        let gone = self.by_key.values().filter(|episode| episode.goes_on && episode.row == 0 && !episode.has_own_end);
        let mut gone: Vec<&Episode> = gone.collect();
        gone.sort_unstable_by_key(|episode| episode.order);
        let what = |episode: &&Episode| match &window.ended {
            Some(_) if episode.began < window.day => Gone::Ended(episode.claim),
            _ => Gone::Wrong(episode.claim),
        };
        gone.iter().map(what).collect()
    }
}

/// The digest of a claim without the times that follow from the snapshots.
fn digest(mut claim: v1::Claim, scheme: &str) -> ContentDigest {
    claim.as_of.clear();
    claim.links.retain(|link| link.r#type != i32::from(v1::LinkType::Supersedes));
    let is_window = |bound: &v1::Bound| match &bound.bound {
        Some(Bound::Known(date)) => date.edtf.starts_with('['),
        Some(Bound::Open(_)) => true,
        _ => false,
    };
    claim.valid_from = claim.valid_from.filter(|from| !is_window(from));
    claim.valid_to = claim.valid_to.filter(|to| !is_window(to));
    ContentDigest::of(claim, scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_window_begins_and_ends_between_two_snapshots() {
        let window = Window::new(day("2020-06-01"), Some(&day("2020-01-01")));
        assert_eq!(window.begun, "[2020-01-02..2020-06-01]");
        assert_eq!(window.ended.as_deref(), Some("[2020-01-01..2020-05-31]"));
        let first = Window::new(day("2020-01-01"), None);
        assert_eq!((first.begun.as_str(), first.ended), ("[..2020-01-01]", None));
    }

    #[test]
    fn the_times_of_a_snapshot_are_no_part_of_what_a_row_says() {
        let known = |edtf: &str| {
            let date = v1::KnownDate { edtf: edtf.to_owned(), ..v1::KnownDate::default() };
            Some(v1::Bound { bound: Some(Bound::Known(date)) })
        };
        let one = v1::Claim { valid_from: known("[..2020-01-01]"), as_of: "2020-01-01".into(), ..v1::Claim::default() };
        let other = v1::Claim { valid_from: known("[2020-01-02..2020-06-01]"), ..v1::Claim::default() };
        assert_eq!(digest(one.clone(), "x"), digest(other, "x"));
        assert_ne!(digest(one, "x"), digest(v1::Claim { valid_from: known("2019"), ..v1::Claim::default() }, "x"));
    }
}
