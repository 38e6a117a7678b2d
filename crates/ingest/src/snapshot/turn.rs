//! The effect of a row on the episodes of its key, and of a row that is gone.
//!
//! Both are found as if the snapshot came for the first time: from the episode before its day, and from what an earlier
//! import of the same day has made of it. So a snapshot that was wrong is imported once more, and what followed from the
//! mistake is undone.

use super::episode::{Episode, OPEN, RowContent};
use super::{Episodes, RowKey, Window, begun_after};
use crate::day::Day;
use detente_domain::edtf::PartialDate;
use uuid::Uuid;

/// A change to the claims of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpisodeStep {
    /// An episode begins: the claim of the row is asserted. It takes the place of one that has ended, if `after` is given.
    Begin {
        /// The claim that it takes the place of.
        after: Option<Uuid>,
        /// The EDTF date of its start, unless the row says it.
        begun: String,
    },
    /// An episode has ended, and the claim of the row takes its place.
    Succeed {
        /// The claim that has ended.
        claim: Uuid,
        /// The EDTF date of its end.
        ended: String,
        /// The EDTF date of the start of the next one, unless the row says it.
        begun: String,
    },
    /// A claim gets what the row says, in place.
    Replace {
        /// The claim of the episode.
        claim: Uuid,
        /// The snapshot that had it first.
        began: Day,
        /// The EDTF date of its start, unless the row says it.
        begun: String,
        /// The claim that it takes the place of.
        supersedes: Option<Uuid>,
    },
    /// A claim was not wrong after all.
    Reinstate(Uuid),
    /// A claim has ended.
    End {
        /// The claim of the episode.
        claim: Uuid,
        /// The EDTF date of its end.
        ended: String,
        /// The last day on which it was seen.
        seen: Day,
    },
    /// A claim was wrong.
    Retract(Uuid),
}

impl EpisodeStep {
    /// Returns true if it records what the row says.
    pub const fn takes_row(&self) -> bool {
        matches!(self, Self::Begin { .. } | Self::Succeed { .. } | Self::Replace { .. })
    }
}

impl Episodes {
    /// Applies a row to the episodes of its key and returns the changes; none if its episode goes on. `claim` is the claim
    /// of the episode that the row would begin. `corrects`: a change means that the earlier content was wrong.
    pub fn turn(
        &mut self,
        key: Uuid,
        claim: Uuid,
        said: RowContent,
        window: &Window,
        corrects: bool,
    ) -> Vec<EpisodeStep> {
        let mut of_key = self.by_key.remove(&key).unwrap_or_default();
        let is_of_the_day = of_key.of_day_mut(&window.day).is_some_and(|episode| !episode.is_retracted);
        // A correction is about the claim that an earlier import of the day made of the row.
        let before = before(&of_key, &window.day).filter(|_| !(corrects && is_of_the_day));
        let steps = match before {
            Some(at) => self.goes_on((key, &mut of_key), at, (claim, &said), window, corrects),
            None => self.of_the_day((key, &mut of_key), &said, window).unwrap_or_else(|| {
                let begun = fitting(self.episode_start((key, &of_key), window), &said, &window.day);
                of_key.episodes.push(self.episode(claim, &said, window));
                vec![EpisodeStep::Begin { after: None, begun }]
            }),
        };
        self.by_key.insert(key, of_key);
        steps
    }

    /// A row whose key had an episode that went on until the snapshot.
    fn goes_on(
        &self,
        (key, of_key): (Uuid, &mut RowKey),
        at: usize,
        (claim, said): (Uuid, &RowContent),
        window: &Window,
        corrects: bool,
    ) -> Vec<EpisodeStep> {
        let Some(episode) = of_key.episodes.get_mut(at) else { return Vec::new() };
        let is_same = episode.says(said) && episode.ends_as(said);
        // A row that says its end itself is over: its content can be wrong, but not change.
        let is_in_place = corrects || episode.has_own_end() || &*said.to != OPEN;
        if is_same || is_in_place {
            let mut steps = Vec::new();
            if !is_same || episode.is_ended {
                steps.push(self.replace(key, episode, said, window));
            }
            if let Some(of_the_day) = of_key.of_day_mut(&window.day).filter(|other| !other.is_retracted) {
                of_the_day.is_retracted = true;
                steps.insert(0, EpisodeStep::Retract(of_the_day.claim));
            }
            return steps;
        }
        let (before, was_ended) = (episode.claim, episode.is_ended);
        let seen = self.seen_before(episode, &window.day);
        let (ended, begun) = (window.ended_since(&seen), begun_after(Some(&seen), &window.day));
        episode.is_ended = true;
        episode.to = ended.as_str().into();
        let of_the_day = self.of_the_day((key, of_key), said, window);
        // A succession leaves the claim as of the day on which it was confirmed, which is wrong if that is this one.
        let is_confirmed = self.last_confirmed().is_some_and(|last| *last >= window.day);
        let is_one_step = !was_ended && of_the_day.is_none() && !is_confirmed;
        let mut steps = of_the_day.unwrap_or_else(|| {
            let next = Episode { supersedes: Some(before), ..self.episode(claim, said, window) };
            of_key.episodes.push(next);
            if is_one_step {
                return vec![EpisodeStep::Succeed { claim: before, ended: ended.clone(), begun }];
            }
            vec![EpisodeStep::Begin { after: Some(before), begun }]
        });
        if !was_ended && !is_one_step {
            steps.insert(0, EpisodeStep::End { claim: before, ended, seen });
        }
        steps
    }

    /// The changes to the episode that an earlier import of the day has begun; none if it has begun none.
    fn of_the_day(
        &self,
        (key, of_key): (Uuid, &mut RowKey),
        said: &RowContent,
        window: &Window,
    ) -> Option<Vec<EpisodeStep>> {
        let episode = of_key.of_day_mut(&window.day)?;
        let mut steps = Vec::new();
        if std::mem::replace(&mut episode.is_retracted, false) {
            steps.push(EpisodeStep::Reinstate(episode.claim));
        }
        if episode.is_ended || !episode.says(said) || !episode.ends_as(said) {
            steps.push(self.replace(key, episode, said, window));
        }
        Some(steps)
    }

    /// An episode that begins in a snapshot.
    fn episode(&self, claim: Uuid, said: &RowContent, window: &Window) -> Episode {
        Episode {
            claim,
            began: window.day.clone(),
            content: said.content,
            from: said.from.clone().unwrap_or_default(),
            to: said.to.clone(),
            is_ended: false,
            is_retracted: false,
            supersedes: None,
            seen: [window.day.clone(), window.day.clone()],
            since: self.confirmations.len(),
            order: self.keys.len(),
        }
    }

    fn replace(&self, key: Uuid, episode: &mut Episode, said: &RowContent, window: &Window) -> EpisodeStep {
        let begun = if episode.began_in_window() {
            String::from(&*episode.from)
        } else {
            begun_after(self.absent_before(&episode.began, key), &episode.began)
        };
        let begun = fitting(begun, said, &episode.began);
        episode.content = said.content;
        (episode.from, episode.to) = (said.from.clone().unwrap_or_else(|| begun.as_str().into()), said.to.clone());
        episode.is_ended = false;
        episode.see(window.day.clone());
        let (claim, began, supersedes) = (episode.claim, episode.began.clone(), episode.supersedes);
        EpisodeStep::Replace { claim, began, begun, supersedes }
    }

    /// The start of an episode whose key has none that goes on.
    fn episode_start(&self, (key, of_key): (Uuid, &RowKey), window: &Window) -> String {
        let ended = of_key.episodes.iter().rev().find(|episode| !episode.is_retracted).and_then(Episode::ended_on);
        let ended = ended.filter(|ended| *ended < window.day);
        begun_after(ended.as_ref().max(self.absent_before(&window.day, key)), &window.day)
    }

    /// The changes that follow from the rows that are gone, in the order in which their episodes were recorded.
    pub fn steps_of_missing_rows(&self, window: &Window) -> Vec<EpisodeStep> {
        let mut gone: Vec<(usize, EpisodeStep)> = Vec::new();
        for of_key in self.by_key.values().filter(|of_key| of_key.row == 0) {
            let last = before(of_key, &window.day).and_then(|at| of_key.episodes.get(at));
            if let Some(last) = last.filter(|last| last.goes_on() && !last.has_own_end()) {
                let seen = self.seen_before(last, &window.day);
                let ended = window.ended_since(&seen);
                gone.push((last.order, EpisodeStep::End { claim: last.claim, ended, seen }));
            }
            let of_the_day = of_key.episodes.iter().rev().find(|episode| episode.began == window.day);
            if let Some(wrong) = of_the_day.filter(|wrong| !wrong.is_retracted) {
                gone.push((wrong.order, EpisodeStep::Retract(wrong.claim)));
            }
        }
        gone.sort_unstable_by_key(|(order, _)| *order);
        gone.into_iter().map(|(_, step)| step).collect()
    }
}

/// The place of the episode before the day of a snapshot that went on until then.
fn before(of_key: &RowKey, day: &Day) -> Option<usize> {
    let mut earlier = of_key.episodes.iter().enumerate().rev();
    let (at, last) = earlier.find(|(_, episode)| episode.began < *day && !episode.is_retracted)?;
    (!last.is_ended || last.ended_at(day)).then_some(at)
}

/// The start of an episode, or all that is known of it if that lies after the end that its row says.
fn fitting(begun: String, said: &RowContent, day: &Day) -> String {
    let first = PartialDate::parse(&begun).ok().and_then(|begun| begun.earliest());
    let last = PartialDate::parse(&said.to).ok().and_then(|to| to.latest());
    let is_after = first.zip(last).is_some_and(|(first, last)| first > last);
    if is_after { begun_after(None, day) } else { begun }
}
