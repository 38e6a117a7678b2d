//! The party of a filter that each id answers as, over all of recorded time.
//!
//! A filter that names the survivor of very many merges means another set of ids after each. Writing them all out costs with
//! their square. Kept here instead, for each id, are the positions at which it comes to answer as another of the named
//! parties, or as none. A merge or an unmerge costs the ids for which this changes, or the ids of the party that it moves.
//!
//! ```text
//!    named: RUS, ROS          RUS   RUF   ROS          the first named party among those that answer as one
//!       before any             RUS    -    ROS          stands for them all
//!       10  RUS into RUF       RUS   RUS   ROS
//!       20  RUF into ROS       ROS   ROS   ROS          (ROS comes before RUS)
//!       30  RUS unmerged       RUS   ROS   ROS
//! ```

use super::{Answering, Merges, named_parties};
use crate::filter::Filter;
use crate::name::PartyId;
use crate::position::Position;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The number of a named party, in order.
type NamedNo = usize;

/// The party of a filter that each id answers as, over the record.
#[derive(Debug)]
pub struct AnsweringHistory<'m> {
    /// The parties that the filter names, in order, each once.
    named: Vec<&'m str>,
    /// The changes of each id that ever answered as a named party, in order.
    changes: HashMap<&'m str, Vec<(Position, Option<NamedNo>)>>,
    /// The positions at which named parties come to answer as one, or no longer do, in order.
    regrouped: Vec<Position>,
}

/// The party of a filter that each id answers as at a cut.
#[derive(Clone, Copy, Debug)]
pub struct AnsweringAt<'h, 'm> {
    history: &'h AnsweringHistory<'m>,
    cut: Position,
}

/// The merges that stand while the log is gone through.
struct Sweep<'m, S> {
    history: AnsweringHistory<'m>,
    parents: HashMap<&'m str, &'m str>,
    children: HashMap<&'m str, HashSet<&'m str>>,
    /// The named parties that answer as one, by the first of them.
    groups: HashMap<NamedNo, BTreeSet<NamedNo>>,
    step: S,
}

impl<'m> AnsweringHistory<'m> {
    /// The history up to a position of the parties that a filter names. `step` is called once for each id and change that
    /// is looked at.
    #[must_use]
    pub fn new(merges: &'m Merges, filter: &'m Filter, until: Position, step: impl FnMut()) -> Self {
        let mut parties: Vec<&str> = named_parties(filter).collect();
        parties.sort_unstable();
        parties.dedup();
        let mut changes: Vec<(Position, &str, Option<&str>)> = Vec::new();
        for id in merges.ever_alike(parties.iter().copied()) {
            let Some((id, turns)) = merges.turns.get_key_value(id) else { continue };
            let turns = turns.iter().take_while(|(at, _)| *at <= until);
            changes.extend(turns.map(|(at, into)| (*at, id.as_str(), into.as_ref().map(PartyId::as_str))));
        }
        changes.sort_unstable();
        let mut sweep = Sweep::new(parties, step);
        for (position, party, into) in changes {
            (sweep.step)();
            match into {
                Some(into) => sweep.merge(position, party, into),
                None => sweep.unmerge(position, party),
            }
        }
        sweep.history
    }

    /// The number of ids that ever answered as a named party, and of the changes of all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len() + self.changes.values().map(Vec::len).sum::<usize>()
    }

    /// Returns true if no party is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The positions at which an id comes to answer as another named party, or as none.
    pub fn changes_of(&self, id: &str) -> impl Iterator<Item = Position> {
        self.changes.get(id).into_iter().flatten().map(|(at, _)| *at)
    }

    /// The positions at which named parties come to answer as one, or no longer do, in order.
    #[must_use]
    pub fn regroupings(&self) -> &[Position] {
        &self.regrouped
    }

    /// The history as it stands at a cut.
    #[must_use]
    pub const fn at(&self, cut: Position) -> AnsweringAt<'_, 'm> {
        AnsweringAt { history: self, cut }
    }
}

impl Answering for AnsweringAt<'_, '_> {
    fn is_plain(&self) -> bool {
        false
    }

    /// The first named party that answers as a party does; the party itself where none does.
    fn survivor<'p>(&'p self, party: &'p str) -> &'p str {
        let changes = self.history.changes.get(party).map(Vec::as_slice).unwrap_or_default();
        let seen = changes.partition_point(|(at, _)| *at <= self.cut);
        let last = seen.checked_sub(1).and_then(|last| changes.get(last));
        last.and_then(|(_, named)| self.history.named.get((*named)?)).copied().unwrap_or(party)
    }
}

impl<'m, S: FnMut()> Sweep<'m, S> {
    fn new(named: Vec<&'m str>, step: S) -> Self {
        let begin = |(number, party): (NamedNo, &&'m str)| (*party, vec![(Position::START, Some(number))]);
        let changes = named.iter().enumerate().map(begin).collect();
        let groups = (0..named.len()).map(|number| (number, BTreeSet::from([number]))).collect();
        let history = AnsweringHistory { named, changes, regrouped: Vec::new() };
        Self { history, parents: HashMap::new(), children: HashMap::new(), groups, step }
    }

    /// Two trees become one.
    fn merge(&mut self, position: Position, party: &'m str, into: &'m str) {
        match (self.group_of(party), self.group_of(into)) {
            (None, None) => {}
            (group, None) => self.regroup(position, into, group),
            (None, group) => self.regroup(position, party, group),
            (Some(of_party), Some(of_into)) => {
                self.history.regrouped.push(position);
                let (first, other, moved) =
                    if of_party < of_into { (of_party, of_into, into) } else { (of_into, of_party, party) };
                let others = self.groups.remove(&other).unwrap_or_default();
                self.groups.entry(first).or_default().extend(others);
                self.regroup(position, moved, Some(first));
            }
        }
        self.parents.insert(party, into);
        self.children.entry(into).or_default().insert(party);
    }

    /// A tree becomes two.
    fn unmerge(&mut self, position: Position, party: &'m str) {
        let Some(parent) = self.parents.remove(party) else { return };
        if let Some(children) = self.children.get_mut(parent) {
            children.remove(party);
        }
        let Some(group) = self.group_of(party) else { return };
        let together = self.groups.remove(&group).unwrap_or_default();
        let below: HashSet<&str> = self.tree(party).into_iter().collect();
        let is_below = |number: &NamedNo| self.history.named.get(*number).is_some_and(|id| below.contains(id));
        let (below, rest): (BTreeSet<NamedNo>, BTreeSet<NamedNo>) = together.into_iter().partition(is_below);
        let (first_below, first_of_rest) = (below.first().copied(), rest.first().copied());
        if first_below.is_some() && first_of_rest.is_some() {
            self.history.regrouped.push(position);
        }
        self.groups.extend(first_below.map(|first| (first, below)));
        self.groups.extend(first_of_rest.map(|first| (first, rest)));
        if first_below == Some(group) {
            let root = self.root(parent);
            self.regroup(position, root, first_of_rest);
        } else {
            self.regroup(position, party, first_below);
        }
    }

    /// Every id of a tree comes to answer as another named party, or as none.
    fn regroup(&mut self, position: Position, root: &'m str, group: Option<NamedNo>) {
        for id in self.tree(root) {
            self.history.changes.entry(id).or_default().push((position, group));
        }
    }

    fn group_of(&self, id: &str) -> Option<NamedNo> {
        self.history.changes.get(id)?.last()?.1
    }

    fn root(&mut self, id: &'m str) -> &'m str {
        let mut root = id;
        while let Some(parent) = self.parents.get(root) {
            (self.step)();
            root = parent;
        }
        root
    }

    /// A party and all that are merged into it, directly or not.
    fn tree(&mut self, root: &'m str) -> Vec<&'m str> {
        let mut ids = vec![root];
        let mut next = 0;
        while let Some(id) = ids.get(next) {
            (self.step)();
            ids.extend(self.children.get(id).into_iter().flatten());
            next += 1;
        }
        ids
    }
}
