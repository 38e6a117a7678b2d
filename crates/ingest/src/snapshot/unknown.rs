//! The rows of a snapshot that were rejected. Such a row says nothing: neither that its key was there nor that it was not.

use super::{Confirmation, Episodes, KEPT};
use crate::day::Day;
use uuid::Uuid;

/// The longest key of which a claim can be recorded: its external id has the day behind it.
const LONGEST_KEY: usize = 256 - "@2020-06-01".len();

impl Episodes {
    /// A rejected row has a key: its episode stays as it is.
    pub fn keep(&mut self, key: Uuid, text: &str) {
        let of_key = self.by_key.entry(key).or_default();
        if of_key.row == 0 {
            of_key.row = KEPT;
            self.rejected.insert(key, text.into());
        }
    }

    /// The claims that go on and whose rows were rejected.
    pub fn rejected_claims(&self) -> Vec<Uuid> {
        self.going_on_where(|of_key, _| of_key.row == KEPT)
    }

    /// The keys of rejected rows of which no claim goes on, as they are written; none that no claim could have.
    pub fn unknown(&self) -> Vec<String> {
        let is_unknown = |key: &Uuid| {
            let of_key = self.by_key.get(key);
            of_key.is_some_and(|of_key| of_key.row == KEPT && !of_key.episodes.iter().any(|one| one.goes_on()))
        };
        let can_be = |text: &str| text.len() <= LONGEST_KEY && !text.trim().is_empty() && !text.contains('\0');
        let unknown = self.rejected.iter().filter(|(key, text)| is_unknown(key) && can_be(text));
        let mut unknown: Vec<String> = unknown.map(|(_, text)| text.to_string()).collect();
        unknown.sort_unstable();
        unknown
    }

    /// The claims that go on, have a row, and were left out of the confirmation of this day.
    pub fn left_out(&self, day: &Day) -> Vec<Uuid> {
        let confirmations = self.of_day(day);
        self.going_on_where(|of_key, episode| {
            let is_left_out = confirmations.iter().all(|known| known.except.contains(&episode.claim));
            let is_known = episode.began == *day || episode.seen.contains(day);
            is_left_out && !is_known && !episode.has_own_end() && !matches!(of_key.row, 0 | KEPT)
        })
    }

    /// Returns true if this file does not have a key of which the confirmation of this day says nothing.
    pub fn has_unknown_absent(&self, day: &Day) -> bool {
        let confirmations = self.of_day(day);
        let Some((first, others)) = confirmations.split_first() else { return false };
        let has_row = |key: &Uuid| self.by_key.get(key).is_some_and(|of_key| of_key.row != 0);
        let mut unknown = first.unknown.iter().filter(|key| others.iter().all(|known| known.unknown.contains(*key)));
        unknown.any(|key| !has_row(key))
    }

    fn of_day(&self, day: &Day) -> Vec<&Confirmation> {
        self.confirmations.iter().filter(|known| known.day == *day).collect()
    }
}
