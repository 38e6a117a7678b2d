//! The origins of reports: the sources at the root of those that are cited.
//!
//! Ten articles that all draw on one agency are one origin, however many are cited. A source names what it draws on
//! (`derives_from`); its origins are what is found at the end of that way.
//!
//! ```text
//!   cited      article_1   article_2   blog           article_3
//!                  \         /          |                 |
//!   draws on         agency         quotes_a <-> quotes_b  (nothing)
//!
//!   origins          agency             quotes_a          article_3      three
//! ```
//!
//! Sources that draw on one another in a circle, and on nothing else, are one origin: nobody can say which of them was
//! first. It is named by the smallest of their ids. In terms of graphs: an origin is a strongly connected component
//! without a way out.
//!
//! This does not ask whether an origin is right, or whether two of them agree by chance; it counts nothing but origins.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The sources that each source draws on.
type Ways = BTreeMap<String, Vec<String>>;

/// The origins of what is cited, sorted. `derives_from` gives the sources that a source draws on; it is called once for
/// each.
pub fn origins<'c>(
    cited: impl IntoIterator<Item = &'c str>,
    mut derives_from: impl FnMut(&str) -> Vec<String>,
) -> BTreeSet<String> {
    let mut ways = Ways::new();
    let mut waiting: Vec<String> = cited.into_iter().map(str::to_owned).collect();
    while let Some(source) = waiting.pop() {
        if ways.contains_key(&source) {
            continue;
        }
        let drawn_on = derives_from(&source);
        waiting.extend(drawn_on.iter().cloned());
        ways.insert(source, drawn_on);
    }
    without_a_way_out(&ways)
}

/// Memoizes if a source has one origin or several, however many others draw on it.
#[derive(Debug, Default)]
pub struct OriginCounts {
    known: HashMap<String, Origin>,
}

/// The origin of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One origin.
    One(String),
    /// More than one.
    Several,
}

impl Origin {
    fn join(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(if one == other { one } else { Self::Several }),
            (one, other) => one.or(other),
        }
    }
}

/// A source on the way of a walk in depth.
struct SourceVisit {
    source: String,
    /// Index of its entry, and the earliest index on the path that it leads back to.
    at: usize,
    back_to: usize,
    untried: Vec<String>,
    /// The origins of what it draws on outside of its circle.
    found: Option<Origin>,
}

impl OriginCounts {
    /// The origin of a source. `derives_from` returns the sources that it draws on, and is called once for each source.
    pub fn of(&mut self, source: &str, mut derives_from: impl FnMut(&str) -> Vec<String>) -> Origin {
        // Tarjan's walk: a source whose circle is known is done, all others that were entered are on the way.
        let (mut entered, mut order, mut way) = (HashMap::new(), Vec::new(), Vec::new());
        let mut next = (!self.known.contains_key(source)).then(|| source.to_owned());
        loop {
            if let Some(source) = next.take() {
                let at = order.len();
                entered.insert(source.clone(), at);
                order.push(source.clone());
                way.push(SourceVisit { untried: derives_from(&source), source, at, back_to: at, found: None });
            }
            let Some(place) = way.last_mut() else { break };
            let Some(other) = place.untried.pop() else {
                self.leave(&mut way, &mut order);
                continue;
            };
            if let Some(known) = self.known.get(&other) {
                place.found = Origin::join(place.found.take(), Some(known.clone()));
            } else if let Some(at) = entered.get(&other) {
                place.back_to = place.back_to.min(*at);
            } else {
                next = Some(other);
            }
        }
        self.known.get(source).cloned().unwrap_or_else(|| Origin::One(source.to_owned()))
    }

    /// Goes back one step. Sources that lead back to none before them are a circle of their own.
    fn leave(&mut self, way: &mut Vec<SourceVisit>, order: &mut Vec<String>) {
        let Some(SourceVisit { source, at, back_to, mut found, .. }) = way.pop() else { return };
        if back_to == at {
            let circle = order.split_off(at.min(order.len()));
            let origin = found.unwrap_or_else(|| Origin::One(circle.iter().min().cloned().unwrap_or(source)));
            self.known.extend(circle.into_iter().map(|source| (source, origin.clone())));
            found = Some(origin);
        }
        if let Some(before) = way.last_mut() {
            before.back_to = before.back_to.min(if back_to == at { before.at } else { back_to });
            before.found = Origin::join(before.found.take(), found);
        }
    }
}

/// Kosaraju's two walks. The first goes against the ways and notes in which order it is done with each source. The second
/// goes along them, beginning with what was done last: each time it finds one component, and whatever else it touches lies
/// in one that was found before. A component that touches no other is an origin.
fn without_a_way_out(ways: &Ways) -> BTreeSet<String> {
    let mut against: BTreeMap<&str, Vec<&str>> = ways.keys().map(|source| (&**source, Vec::new())).collect();
    for (source, drawn_on) in ways {
        for other in drawn_on {
            against.entry(other).or_default().push(source);
        }
    }
    let drawn_on_by = |source: &str| against.get(source).map(Vec::as_slice).unwrap_or_default();
    let draws_on = |source: &str| ways.get(source).map(Vec::as_slice).unwrap_or_default();
    let mut found = BTreeSet::new();
    let mut origins = BTreeSet::new();
    for first in in_order_of_leaving(against.keys().copied(), drawn_on_by).into_iter().rev() {
        if !found.insert(first) {
            continue;
        }
        let (mut component, mut waiting) = (BTreeSet::from([first]), vec![first]);
        let mut has_a_way_out = false;
        while let Some(source) = waiting.pop() {
            for other in draws_on(source).iter().map(String::as_str) {
                if found.insert(other) {
                    component.insert(other);
                    waiting.push(other);
                } else {
                    has_a_way_out |= !component.contains(other);
                }
            }
        }
        origins.extend(component.first().filter(|_| !has_a_way_out).map(|source| (*source).to_owned()));
    }
    origins
}

/// Every node, each after all that a walk in depth finds from it first.
fn in_order_of_leaving<'n>(nodes: impl Iterator<Item = &'n str>, next: impl Fn(&str) -> &'n [&'n str]) -> Vec<&'n str> {
    let mut entered = BTreeSet::new();
    let mut left = Vec::new();
    for node in nodes {
        if !entered.insert(node) {
            continue;
        }
        let mut way = vec![(node, next(node).iter())];
        while let Some((node, untried)) = way.last_mut() {
            match untried.find(|other| entered.insert(**other)) {
                Some(other) => way.push((other, next(other).iter())),
                None => {
                    left.push(*node);
                    way.pop();
                }
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The origins of what is cited, where each source is one letter: `a>bc` draws on b and c.
    fn of(cited: &str, graph: &str) -> String {
        let draws_on = |source: &str| -> Vec<String> {
            let rule = graph.split(' ').find_map(|rule| rule.strip_prefix(source)?.strip_prefix('>'));
            rule.unwrap_or_default().chars().map(|letter| letter.to_string()).collect()
        };
        let cited: Vec<String> = cited.chars().map(String::from).collect();
        origins(cited.iter().map(String::as_str), draws_on).into_iter().collect()
    }

    #[test]
    fn a_source_that_draws_on_nothing_is_its_own_origin() {
        assert_eq!(of("", ""), "");
        assert_eq!(of("ba", "c>d"), "ab");
    }

    #[test]
    fn many_reports_of_one_agency_are_one_origin() {
        assert_eq!(of("abc", "a>d b>d c>ad"), "d");
        assert_eq!(of("ad", "a>d"), "d", "the agency itself adds none");
        assert_eq!(of("abd", "a>d b>d d>m"), "m");
        assert_eq!(of("e", "e>br b>d d>m"), "mr", "one that draws on two has two");
    }

    #[test]
    fn sources_that_draw_on_one_another_are_one_origin_named_by_the_smallest() {
        assert_eq!(of("c", "c>b b>a a>c"), "a");
        assert_eq!(of("cx", "c>b b>c x>c"), "b");
        assert_eq!(of("a", "a>a"), "a");
    }

    #[test]
    fn a_circle_with_a_way_out_is_no_origin() {
        assert_eq!(of("a", "a>b b>ac"), "c");
        assert_eq!(of("a", "a>b b>ac c>d d>c"), "c");
    }

    #[test]
    fn a_chain_of_any_length_is_followed() {
        let next = |source: &str| -> Vec<String> {
            let number: u32 = source.parse().unwrap();
            if number < 100_000 { vec![(number + 1).to_string()] } else { Vec::new() }
        };
        assert_eq!(origins(["0"], next), BTreeSet::from(["100000".to_owned()]));
    }

    proptest! {
        #[test]
        fn there_is_one_origin_or_there_are_several_as_the_whole_graph_says(
            drawn in prop::collection::vec((0_u8..9, 0_u8..9), 0..20),
        ) {
            let draws = |source: &str| -> Vec<String> {
                let of = drawn.iter().filter(|(from, _)| from.to_string() == source);
                of.map(|(_, on)| on.to_string()).collect()
            };
            let mut counts = OriginCounts::default();
            for source in (0..9).map(|source| source.to_string()) {
                let mut all = origins([source.as_str()], draws);
                let expected = if all.len() > 1 { Origin::Several } else { Origin::One(all.pop_first().unwrap()) };
                prop_assert_eq!(counts.of(&source, draws), expected, "{} in {:?}", source, &drawn);
            }
        }
    }

    proptest! {
        #[test]
        fn an_origin_is_what_all_it_leads_to_leads_back_to(
            edges in prop::collection::vec((0_usize..8, 0_usize..8), 0..16),
            cited in prop::collection::btree_set(0_usize..8, 0..4),
        ) {
            let reached = |from: usize| {
                let mut reached = BTreeSet::from([from]);
                while let Some((_, to)) = edges.iter().find(|(a, b)| reached.contains(a) && !reached.contains(b)) {
                    reached.insert(*to);
                }
                reached
            };
            let is_origin = |source: &usize| reached(*source).into_iter().all(|other| reached(other).contains(source));
            let ends = cited.iter().flat_map(|source| reached(*source)).filter(is_origin);
            let expected: BTreeSet<String> = ends
                .map(|source| reached(source).first().unwrap().to_string())
                .collect();
            let draws_on = |source: &str| -> Vec<String> {
                edges.iter().filter(|(a, _)| a.to_string() == source).map(|(_, b)| b.to_string()).collect()
            };
            let cited: Vec<String> = cited.iter().map(ToString::to_string).collect();
            prop_assert_eq!(origins(cited.iter().map(String::as_str), draws_on), expected);
        }
    }
}
