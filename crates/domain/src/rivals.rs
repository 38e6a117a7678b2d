//! Rivals of a claim among many claims on one matter, found without looking at every pair.
//!
//! A matter is a kind and a relationship of which there can be one value at a time ([`super::conflict`]). Of two claims on
//! it that have different values and may overlap, each is the rival of the other. In a record where everything is open
//! ended and few values are used, the pairs are as many as the square of the claims, so a caller that wants a page of them,
//! or only wants to know whether there is one, must not make them all.
//!
//! ```text
//!   sides, by earliest start       s0   s1   s2   s3   s4   s5   s6   s7
//!                                  |---------- may overlap X ----------|   start before X ends: a stretch from the left
//!   a tree over them,             [ reach 90 IN_FORCE, 70 otherwise ]
//!   of those that entered          [ 90, 40 ]              [ 70, 70 ]      the latest end, and the latest end of those
//!                                 [90,-] [40,-]          [70,-] [70,-]     with another value than that one has
//! ```
//!
//! A side may overlap X iff it may start before X ends, which a stretch of the sorted sides does, and may end after X starts.
//! A node of the tree knows how far its sides reach with a value that X does not have, so the walk enters only nodes that
//! hold a rival: each costs the logarithm of the sides. The exceptions are pairs where one supersedes the other, of which
//! there are no more than links, and ranges of numbers, where a node knows the greatest lower end and the least upper end and
//! may be entered in vain.
//!
//! Sides enter one by one ([`CountingSides`]), so that a claim can be held against those that were recorded before it, or against
//! those of a higher authority that count.

use super::certainty::Certainty;
use super::conflict::{ConflictValue, overlap};
use super::moment::Moment;
use super::name::ClaimId;
use super::valid_time::ValidTime;
use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

/// A claim on a matter.
#[derive(Clone, Debug)]
pub struct Side<C> {
    /// The caller's own key of the claim.
    pub claim: C,
    /// Identifier of the claim.
    pub id: ClaimId,
    /// Time at which the claim holds or happens.
    pub valid: ValidTime,
    /// Its value.
    pub value: ConflictValue,
    /// The claims that it takes the place of.
    pub supersedes: Vec<ClaimId>,
}

/// The claims on one matter, by unit of their values and earliest start.
#[derive(Clone, Debug)]
pub struct Matter<C> {
    sides: Vec<Side<C>>,
    marks: Vec<RivalMark>,
}

/// Properties of a side that the tree compares.
#[derive(Clone, Copy, Debug)]
struct RivalMark {
    /// Values of different units are not compared.
    unit: u32,
    /// Equal exactly where the values are.
    value: u32,
    low: f64,
    high: f64,
}

/// The sides of a matter that count.
#[derive(Clone, Debug)]
pub struct CountingSides {
    /// A binary tree: the children of node n are 2n and 2n + 1, the leaves are its second half.
    nodes: Vec<Node>,
}

/// Summary of the sides beneath a node.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The latest end of any.
    reach: Moment,
    /// The value of the one that has it.
    value: u32,
    /// The latest end of those with another value.
    reach_of_others: Moment,
    /// The greatest lower end of a value.
    low: f64,
    /// The least upper end of a value.
    high: f64,
}

const NOBODY: Node = Node {
    reach: Moment::MIN,
    value: u32::MAX,
    reach_of_others: Moment::MIN,
    low: f64::NEG_INFINITY,
    high: f64::INFINITY,
};

impl Node {
    fn of(valid: &ValidTime, mark: &RivalMark) -> Self {
        let (reach, reach_of_others) = (valid.hull().latest_end, Moment::MIN);
        Self { reach, value: mark.value, reach_of_others, low: mark.low, high: mark.high }
    }

    fn both(one: Self, two: Self) -> Self {
        let (far, near) = if one.reach >= two.reach { (one, two) } else { (two, one) };
        let of_near = if near.value == far.value { near.reach_of_others } else { near.reach };
        Self {
            reach_of_others: far.reach_of_others.max(of_near),
            low: far.low.max(near.low),
            high: far.high.min(near.high),
            ..far
        }
    }

    /// Returns true if a rival of a side that starts at an instant may be beneath this node.
    fn may_rival(&self, start: Moment, mark: &RivalMark) -> bool {
        let reach = if self.value == mark.value { self.reach_of_others } else { self.reach };
        reach > start && (mark.high < self.low || mark.low > self.high)
    }
}

impl<C> Matter<C> {
    /// The matter of these claims.
    #[must_use]
    pub fn new(sides: Vec<Side<C>>) -> Self {
        let (mut units, mut values) = (HashMap::new(), HashMap::new());
        let mut marked: Vec<(RivalMark, Side<C>)> =
            sides.into_iter().map(|side| (mark(&side.value, &mut units, &mut values), side)).collect();
        marked.sort_by_key(|(mark, side)| (mark.unit, side.valid.hull().earliest_start));
        let (marks, sides) = marked.into_iter().unzip();
        Self { sides, marks }
    }

    /// The claims, by place.
    #[must_use]
    pub fn sides(&self) -> &[Side<C>] {
        &self.sides
    }

    /// The trees of the claims that count from the beginning.
    pub fn counting_sides(&self, counts: impl Fn(&Side<C>) -> bool) -> CountingSides {
        let leaves = self.sides.len().next_power_of_two();
        let mut nodes = vec![NOBODY; leaves];
        let of = |(side, mark): (&Side<C>, &RivalMark)| {
            if counts(side) { Node::of(&side.valid, mark) } else { NOBODY }
        };
        nodes.extend(self.sides.iter().zip(&self.marks).map(of));
        nodes.resize(leaves * 2, NOBODY);
        let mut entered = CountingSides { nodes };
        (1..leaves).rev().for_each(|node| entered.sum_up(node));
        entered
    }

    /// Lets the claim at a place count.
    pub fn enter(&self, entered: &mut CountingSides, place: usize) {
        let Some((side, mark)) = self.sides.get(place).zip(self.marks.get(place)) else { return };
        let mut node = entered.nodes.len() / 2 + place;
        if let Some(leaf) = entered.nodes.get_mut(node) {
            *leaf = Node::of(&side.valid, mark);
        }
        while node > 1 {
            node /= 2;
            entered.sum_up(node);
        }
    }

    /// Calls `found` with each claim that counts and contradicts the one at a place, until it breaks; in no order. `tick` is
    /// called for each step.
    pub fn rivals<'m>(
        &'m self,
        entered: &CountingSides,
        place: usize,
        tick: impl FnMut(),
        found: impl FnMut(&'m Side<C>, Certainty) -> ControlFlow<()>,
    ) {
        let Some((side, mark)) = self.sides.get(place).zip(self.marks.get(place)) else { return };
        let begins = self.marks.partition_point(|other| other.unit < mark.unit);
        let of_unit = self.marks.partition_point(|other| other.unit <= mark.unit);
        let others = self.sides.get(begins..of_unit).unwrap_or_default();
        let hull = side.valid.hull();
        let starting = others.partition_point(|other| other.valid.hull().earliest_start < hull.latest_end);
        let stretch = begins..begins + starting;
        let start = hull.earliest_start;
        let mut walk = Walk { matter: self, entered, side, start, mark, stretch, tick, found };
        // An early end of the walk makes no difference here.
        let _ = walk.enter(1, 0..entered.nodes.len() / 2);
    }
}

impl CountingSides {
    fn sum_up(&mut self, node: usize) {
        let of = |at: usize| self.nodes.get(at).copied().unwrap_or(NOBODY);
        let sum = Node::both(of(node * 2), of(node * 2 + 1));
        if let Some(node) = self.nodes.get_mut(node) {
            *node = sum;
        }
    }
}

/// A walk to the rivals of a side.
struct Walk<'m, 'w, C, T, F> {
    matter: &'m Matter<C>,
    entered: &'w CountingSides,
    side: &'m Side<C>,
    /// The first instant at which it may start.
    start: Moment,
    mark: &'m RivalMark,
    /// The places of those that may start before it ends.
    stretch: Range<usize>,
    tick: T,
    found: F,
}

impl<'m, C, T: FnMut(), F: FnMut(&'m Side<C>, Certainty) -> ControlFlow<()>> Walk<'m, '_, C, T, F> {
    /// Looks beneath a node, which stands for these places.
    fn enter(&mut self, node: usize, places: Range<usize>) -> ControlFlow<()> {
        (self.tick)();
        let is_beside = places.start >= self.stretch.end || places.end <= self.stretch.start;
        let known = self.entered.nodes.get(node);
        if is_beside || !known.is_some_and(|known| known.may_rival(self.start, self.mark)) {
            return ControlFlow::Continue(());
        }
        if places.len() == 1 {
            return self.meet(places.start);
        }
        let middle = places.start + places.len() / 2;
        self.enter(node * 2, places.start..middle)?;
        self.enter(node * 2 + 1, middle..places.end)
    }

    fn meet(&mut self, place: usize) -> ControlFlow<()> {
        let (side, Some(other)) = (self.side, self.matter.sides.get(place)) else { return ControlFlow::Continue(()) };
        let follows = side.supersedes.contains(&other.id) || other.supersedes.contains(&side.id);
        if follows || !side.value.differs_from(&other.value) {
            return ControlFlow::Continue(());
        }
        match overlap(&side.valid, &other.valid) {
            Some(certainty) => (self.found)(other, certainty),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Reduces a value to its mark in a tree. Every word has a mark of its own.
fn mark(
    value: &ConflictValue,
    units: &mut HashMap<Option<Box<str>>, u32>,
    values: &mut HashMap<RivalKey, u32>,
) -> RivalMark {
    let (unit, key, low, high) = match value {
        ConflictValue::Word(word) => (None, RivalKey::Word(word.clone()), f64::INFINITY, f64::NEG_INFINITY),
        ConflictValue::Number { low, high, unit } => {
            // The two zeros are equal and have one mark.
            let ends = [low + 0.0, high + 0.0].map(f64::to_bits);
            (Some(unit.clone()), RivalKey::Number(ends, unit.clone()), *low, *high)
        }
    };
    let next = u32::try_from(units.len()).unwrap_or(u32::MAX);
    let unit = *units.entry(unit).or_insert(next);
    let next = u32::try_from(values.len()).unwrap_or(u32::MAX);
    RivalMark { unit, value: *values.entry(key).or_insert(next), low, high }
}

/// A value, as far as it equals another.
#[derive(PartialEq, Eq, Hash)]
enum RivalKey {
    Word(Box<str>),
    Number([u64; 2], Box<str>),
}

#[cfg(test)]
mod tests {
    use super::super::validity::Validity;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn id(number: usize) -> ClaimId {
        ClaimId(Uuid::from_u128(number as u128))
    }

    /// A start between two days and an end between two, cut back to where the start is before the end; sometimes open.
    fn days() -> impl Strategy<Value = Validity> {
        (0_i64..8, 0_i64..5, 1_i64..5, 0_i64..4, 0..4_u8).prop_map(|(start, more, length, longer, open)| {
            let (earliest_end, latest_end) = (start + length, start + length + longer);
            let latest_end = if open == 0 { Moment::MAX } else { Moment(latest_end) };
            Validity {
                earliest_start: if open == 1 { Moment::MIN } else { Moment(start) },
                latest_start: Moment((start + more).min(latest_end.0 - 1)),
                earliest_end: if open == 0 { Moment::MAX } else { Moment(earliest_end) },
                latest_end,
            }
        })
    }

    fn word() -> impl Strategy<Value = ConflictValue> {
        prop::sample::select(vec!["SIGNED", "IN_FORCE", "ENDED"]).prop_map(|word| ConflictValue::Word(word.into()))
    }

    fn number() -> impl Strategy<Value = ConflictValue> {
        let number = |(low, more, unit): (i32, i32, bool)| {
            let (low, high) = (f64::from(low) * -0.5, f64::from(more - low) * 0.5);
            ConflictValue::number(None, Some(low.min(high)), Some(high.max(low)), if unit { "km" } else { "" })
        };
        (0_i32..3, 0_i32..2, any::<bool>()).prop_map(number)
    }

    fn sides() -> impl Strategy<Value = Vec<Side<usize>>> {
        let of = |value: BoxedStrategy<ConflictValue>| prop::collection::vec((days(), value, 0_usize..20), 0..20);
        prop_oneof![of(word().boxed()), of(number().boxed())].prop_map(|drawn| {
            let side = |(nth, (validity, value, superseded)): (usize, (Validity, ConflictValue, usize))| Side {
                claim: nth,
                id: id(nth),
                valid: validity.into(),
                value,
                supersedes: vec![id(superseded)],
            };
            drawn.into_iter().enumerate().map(side).collect()
        })
    }

    /// The rivals of one among some, by looking at each.
    fn by_pairs(sides: &[Side<usize>], of: usize, counts: impl Fn(usize) -> bool) -> BTreeSet<(usize, bool)> {
        let one = &sides[of];
        let others = sides.iter().filter(|two| {
            let follows = one.supersedes.contains(&two.id) || two.supersedes.contains(&one.id);
            counts(two.claim) && two.claim != of && !follows && one.value.differs_from(&two.value)
        });
        let certain = |two: &Side<usize>| overlap(&one.valid, &two.valid).map(|c| c == Certainty::Definite);
        others.filter_map(|two| Some((two.claim, certain(two)?))).collect()
    }

    proptest! {
        #[test]
        fn the_walk_finds_exactly_the_rivals_that_looking_at_every_pair_finds(
            sides in sides(),
            first in 0_usize..20,
        ) {
            let matter = Matter::new(sides.clone());
            let mut entered = matter.counting_sides(|side| side.claim < first);
            let place_of = |of: usize| matter.sides().iter().position(|side| side.claim == of).unwrap();
            for of in 0..sides.len() {
                if of > first {
                    matter.enter(&mut entered, place_of(of - 1));
                }
                let mut found = Vec::new();
                matter.rivals(&entered, place_of(of), || (), |other, certainty| {
                    found.push((other.claim, certainty == Certainty::Definite));
                    ControlFlow::Continue(())
                });
                let expected = by_pairs(&sides, of, |other| other < first.max(of));
                prop_assert_eq!(found.len(), expected.len(), "a rival was found twice");
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
            }
        }
    }

    /// Counts the steps of finding no rival among this many claims, all of which overlap.
    fn steps(many: usize, value: impl Fn(usize) -> ConflictValue, days: impl Fn(usize) -> Validity) -> usize {
        let side =
            |nth| Side { claim: nth, id: id(nth), valid: days(nth).into(), value: value(nth), supersedes: Vec::new() };
        let matter = Matter::new((0..many).map(side).collect());
        let entered = matter.counting_sides(|_| true);
        let (mut steps, mut found) = (0, 0);
        for place in 0..many {
            matter.rivals(
                &entered,
                place,
                || steps += 1,
                |_, _| {
                    found += 1;
                    ControlFlow::Continue(())
                },
            );
        }
        assert_eq!(found, 0);
        steps
    }

    #[test]
    fn where_nothing_contradicts_nothing_is_compared_however_much_overlaps_or_differs() {
        let open = |nth: usize| Validity {
            earliest_start: Moment(nth as i64),
            latest_start: Moment(nth as i64),
            earliest_end: Moment::MAX,
            latest_end: Moment::MAX,
        };
        let one_after_the_other = |nth: usize| {
            let end = Moment(nth as i64 + 1);
            Validity { earliest_end: end, latest_end: end, ..open(nth) }
        };
        let word = |word: String| ConflictValue::Word(word.into());
        assert!(steps(4096, |_| word("SIGNED".into()), open) <= 4096);
        assert!(steps(4096, |nth| word(nth.to_string()), one_after_the_other) < 4096 * 40);
        assert!(
            steps(4096, |nth| ConflictValue::number(Some(nth as f64), None, None, &nth.to_string()), open) < 4096 * 40
        );
    }
}
