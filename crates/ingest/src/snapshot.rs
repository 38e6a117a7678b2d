//! Snapshots: releases that report the state of one day. The content of a row is true for a time, an *episode* of its
//! key.
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
//! | says when it ends | goes on | the same claim, revised |
//!
//! *The snapshot before* is the last one that tells whether it had the episode. A snapshot with a rejected row tells
//! nothing of the key of that row. A snapshot that is not confirmed tells nothing of any key that it lacks. A
//! confirmation lists the rejected rows: by their claims that continue, and by their keys if none does.
//!
//! ```text
//!   snapshot.rs   what is recorded: episodes, days, confirmations
//!   episode.rs    one episode, and what of a row is compared with it
//!   turn.rs       what a row, or its absence, changes
//!   unknown.rs    the rows that were rejected
//! ```
//!
//! The times that follow from the snapshots are no part of a row's content; the times that the mapping reads from the
//! row are.

mod episode;
mod turn;
mod unknown;

pub use episode::RowContent;
pub use turn::EpisodeStep;

use super::day::Day;
use super::release::ClaimIds;
use detente_proto::v1::{self, bound::Bound, event::Event};
use episode::{Episode, content, text_of, window_of};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// In the place of a row: one that was rejected.
const KEPT: u32 = u32::MAX;

/// The episodes of a data set.
#[derive(Debug, Default)]
pub struct Episodes {
    scheme: String,
    label: String,
    by_key: HashMap<Uuid, RowKey>,
    /// The keys of rejected rows of this file, as they are written.
    rejected: HashMap<Uuid, Box<str>>,
    /// The key of each claim.
    keys: HashMap<Uuid, Uuid>,
    /// The confirmations that are recorded, in order.
    confirmations: Vec<Confirmation>,
    /// The day of the last snapshot of which anything is recorded.
    last: Option<Day>,
    /// True if claims of the data set were recorded otherwise than as snapshots.
    others: bool,
}

/// The episodes of a key, in order, and the row of the file that has the key: 0 for none.
#[derive(Debug, Default)]
struct RowKey {
    episodes: Vec<Episode>,
    row: u32,
}

/// A confirmation of all episodes that went on.
#[derive(Debug)]
struct Confirmation {
    day: Day,
    /// The claims of which nothing is known.
    except: HashSet<Uuid>,
    /// The keys without a claim that goes on of which nothing is known.
    unknown: HashSet<Uuid>,
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its day.
    pub day: Day,
}

impl Window {
    /// The EDTF date of a start of which nothing else is known.
    pub fn start_date(&self) -> String {
        begun_after(None, &self.day)
    }

    /// The EDTF date of the end of an episode that was last seen on a day.
    fn ended_since(&self, seen: &Day) -> String {
        format!("[{}..{}]", seen.text(), self.day.before())
    }
}

/// The EDTF date of a start after one day and not after another.
fn begun_after(before: Option<&Day>, day: &Day) -> String {
    let first = before.map(Day::after).unwrap_or_default();
    format!("[{first}..{}]", day.text())
}

impl RowKey {
    fn of_day_mut(&mut self, day: &Day) -> Option<&mut Episode> {
        self.episodes.iter_mut().rev().find(|episode| episode.began == *day)
    }
}

impl Episodes {
    /// Nothing yet, of the data set with this scheme.
    pub fn of(scheme: &str) -> Self {
        Self { scheme: scheme.to_owned(), label: format!("dataset:{scheme}"), ..Self::default() }
    }

    /// Takes in an event of the record, in order.
    pub fn learn(&mut self, event: &v1::Event) {
        match &event.event {
            Some(Event::ClaimAsserted(v1::ClaimAsserted { claim: Some(claim) })) => self.learn_claim(claim, false),
            Some(Event::ClaimRevised(v1::ClaimRevised { claim: Some(claim), kind })) => {
                self.learn_claim(claim, *kind == i32::from(v1::RevisionKind::WorldChange));
            }
            Some(Event::ClaimRetracted(retracted)) => self.learn_retracted(&retracted.claim_id, true),
            Some(Event::ClaimReinstated(reinstated)) => self.learn_retracted(&reinstated.claim_id, false),
            Some(Event::ClaimConfirmed(confirmed)) => self.learn_confirmed(confirmed),
            Some(Event::ClaimsConfirmed(confirmed)) if confirmed.label == self.label => {
                let Some(day) = Day::parse(&confirmed.as_of) else { return };
                let except = confirmed.except_claim_ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect();
                let ids = ClaimIds::of(&self.scheme);
                let unknown = confirmed.unknown_external_ids.iter().map(|key| ids.id(key)).collect();
                self.last = self.last.take().max(Some(day.clone()));
                self.confirmations.push(Confirmation { day, except, unknown });
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
        let key = ClaimIds::of(&self.scheme).id(key);
        self.last = self.last.take().max(Some(began.clone()));
        let mut said = claim.clone();
        let mut supersedes = None;
        said.links.retain(|link| {
            let target = Uuid::try_parse(&link.claim_id).unwrap_or_default();
            let is_of_key = self.keys.get(&target) == Some(&key) && target != id;
            let is_succession = is_of_key && link.r#type == i32::from(v1::LinkType::Supersedes);
            supersedes = supersedes.or(is_succession.then_some(target));
            !is_succession
        });
        let content = content(said, &self.scheme);
        let (order, since) = (self.keys.len(), self.confirmations.len());
        self.keys.insert(id, key);
        let episodes = &mut self.by_key.entry(key).or_default().episodes;
        let at = episodes.iter().position(|known| known.claim == id).unwrap_or_else(|| {
            let at = episodes.partition_point(|known| known.began <= began);
            let seen = [began.clone(), began.clone()];
            let (from, to) = (Box::default(), Box::default());
            let (is_ended, is_retracted) = (false, false);
            episodes.insert(
                at,
                Episode { claim: id, began, content, from, to, is_ended, is_retracted, supersedes, seen, since, order },
            );
            at
        });
        let Some(episode) = episodes.get_mut(at) else { return };
        (episode.content, episode.supersedes) = (content, supersedes);
        (episode.from, episode.to) = (text_of(claim.valid_from.as_ref()), text_of(claim.valid_to.as_ref()));
        let had_ended = episode.is_ended;
        let has_end = matches!(claim.valid_to.as_ref().and_then(|to| to.bound.as_ref()), Some(Bound::Known(_)));
        let window = window_of(&episode.to).map(|(first, _)| first.to_owned());
        episode.is_ended = has_end && (had_ended || (of_the_world && window.is_some()));
        let ended = window.filter(|_| episode.is_ended).and_then(|seen| Day::parse(&seen));
        ended.into_iter().chain(Day::parse(&claim.as_of)).for_each(|day| episode.see(day));
        if had_ended && !episode.is_ended {
            episode.since = since;
        }
        self.last = self.last.take().max(episode.ended_on());
    }

    fn learn_retracted(&mut self, claim_id: &str, is_retracted: bool) {
        let since = self.confirmations.len();
        if let Some(episode) = self.episode_mut(claim_id) {
            episode.is_retracted = is_retracted;
            episode.since = since;
        }
    }

    fn learn_confirmed(&mut self, confirmed: &v1::ClaimConfirmed) {
        let Some(day) = Day::parse(&confirmed.as_of) else { return };
        if let Some(episode) = self.episode_mut(&confirmed.claim_id) {
            episode.see(day);
        }
    }

    fn episode_mut(&mut self, claim_id: &str) -> Option<&mut Episode> {
        let id = Uuid::try_parse(claim_id).unwrap_or_default();
        let of_key = self.by_key.get_mut(self.keys.get(&id)?)?;
        of_key.episodes.iter_mut().find(|episode| episode.claim == id)
    }

    /// Returns true if claims of the data set were recorded otherwise than as snapshots.
    pub const fn has_others(&self) -> bool {
        self.others
    }

    /// The day of the last snapshot of which anything is recorded.
    pub const fn last(&self) -> Option<&Day> {
        self.last.as_ref()
    }

    /// The day of the last snapshot that is confirmed.
    pub fn last_confirmed(&self) -> Option<&Day> {
        self.confirmations.iter().map(|known| &known.day).max()
    }

    /// The day of the last snapshot before a day of which it is known that it did not have a key.
    fn absent_before(&self, day: &Day, key: Uuid) -> Option<&Day> {
        let confirmed = self.confirmations.iter().filter(|known| known.day < *day && !known.unknown.contains(&key));
        confirmed.map(|known| &known.day).max()
    }

    /// The last day before another on which the claim of an episode was true.
    fn seen_before(&self, episode: &Episode, day: &Day) -> Day {
        let confirmed = self.confirmations.iter().skip(episode.since);
        let confirmed = confirmed.filter(|known| known.day < *day && !known.except.contains(&episode.claim));
        let known = episode.seen.iter().chain(confirmed.map(|known| &known.day)).filter(|known| *known < day);
        known.max().unwrap_or(&episode.began).clone()
    }

    /// The number of episodes that go on.
    pub fn going_on(&self) -> usize {
        self.by_key.values().flat_map(|of_key| &of_key.episodes).filter(|episode| episode.goes_on()).count()
    }

    /// The row of this file that has a key.
    pub fn named_by(&self, key: Uuid) -> Option<u32> {
        self.by_key.get(&key).map(|of_key| of_key.row).filter(|row| !matches!(*row, 0 | KEPT))
    }

    /// Notes the row that has a key.
    pub fn name(&mut self, key: Uuid, row: u32) {
        self.by_key.entry(key).or_default().row = row;
    }

    fn going_on_where(&self, is_meant: impl Fn(&RowKey, &Episode) -> bool) -> Vec<Uuid> {
        let mut claims: Vec<Uuid> = Vec::new();
        for of_key in self.by_key.values() {
            let meant = of_key.episodes.iter().filter(|episode| episode.goes_on() && is_meant(of_key, episode));
            claims.extend(meant.map(|episode| episode.claim));
        }
        claims.sort_unstable();
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_and_ends_between_two_snapshots() {
        let day = |text: &str| Day::parse(text).unwrap();
        assert_eq!(begun_after(Some(&day("2020-01-01")), &day("2020-06-01")), "[2020-01-02..2020-06-01]");
        assert_eq!(begun_after(None, &day("2020-01-01")), "[..2020-01-01]");
        let window = Window { day: day("2020-06-01") };
        assert_eq!(window.ended_since(&day("2020-01-01")), "[2020-01-01..2020-05-31]");
    }
}
