//! The party that answers for each of many parties at a cut.

use super::MergesAt;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// The length of a chain of merges that is walked each time; the end of a longer one is remembered after each `SHORT`
/// links.
pub(super) const SHORT: u64 = 8;

/// The party that answers for a party.
pub trait Answering {
    /// Returns true if every party answers for itself.
    fn is_plain(&self) -> bool;

    /// The party that answers for a party: itself, unless it is merged.
    fn survivor<'p>(&'p self, party: &'p str) -> &'p str;

    /// The parties of a relationship as they answer, sorted, each once.
    fn survivors<'p>(&'p self, relationship: &'p str) -> Vec<&'p str> {
        let mut parties: Vec<&str> = relationship.split('-').map(|party| self.survivor(party)).collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }
}

/// The survivors at a cut. Parties in one long chain of merges are found in time that does not grow with its length, after
/// the first.
#[derive(Debug)]
pub struct Survivors<'m> {
    merges: MergesAt<'m>,
    /// The survivors of parties on the way along long chains.
    known: RefCell<HashMap<&'m str, &'m str>>,
    /// The merges that were walked along.
    walked: Cell<u64>,
}

impl<'m> Survivors<'m> {
    /// The survivors at the cut of the merges.
    #[must_use]
    pub fn new(merges: MergesAt<'m>) -> Self {
        Self { merges, known: RefCell::default(), walked: Cell::new(0) }
    }

    /// The merges at the same cut.
    #[must_use]
    pub const fn merges(&self) -> MergesAt<'m> {
        self.merges
    }

    /// The party that answers for a party: itself, unless it is merged.
    #[must_use]
    pub fn survivor<'p>(&self, party: &'p str) -> &'p str
    where
        'm: 'p,
    {
        let mut passed: Vec<&'m str> = Vec::new();
        let (mut end, mut links) = (None, 0);
        while let Some(into) = self.merges.merged_into(end.unwrap_or(party)) {
            let into = into.as_str();
            links += 1;
            let known = if links % SHORT == 0 { self.known.borrow().get(into).copied() } else { None };
            end = Some(known.unwrap_or(into));
            if known.is_some() {
                break;
            }
            if links % SHORT == 0 {
                passed.push(into);
            }
        }
        if let Some(end) = end {
            self.known.borrow_mut().extend(passed.into_iter().map(|id| (id, end)));
        }
        self.walked.set(self.walked.get() + links);
        end.unwrap_or(party)
    }

    /// The id under which a relationship answers; none where its parties answer as one.
    #[must_use]
    pub fn relationship<'p>(&self, id: &'p str) -> Option<Cow<'p, str>>
    where
        'm: 'p,
    {
        if self.merges.is_empty() || id.split('-').all(|party| self.merges.merged_into(party).is_none()) {
            return Some(id.into());
        }
        let survivors = self.survivors(id);
        (survivors.len() > 1).then(|| survivors.join("-").into())
    }

    /// The merges that were walked along since the last call.
    pub fn take_walked(&self) -> u64 {
        self.walked.take()
    }
}

impl Answering for Survivors<'_> {
    fn is_plain(&self) -> bool {
        self.merges.is_empty()
    }

    fn survivor<'p>(&'p self, party: &'p str) -> &'p str {
        Survivors::survivor(self, party)
    }
}
