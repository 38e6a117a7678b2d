//! How well a claim is backed: who says the same, on how many reports, and from how many independent origins.
//!
//! ```text
//!   claim A   cites  daily ----derives_from----> agency --+
//!   claim B   cites  site  ----derives_from----> agency --+--> ministry      three reports, one origin
//!   claim C   cites  agency -------------------------------+
//! ```
//!
//! A report is a source that is cited; an **origin** is a source at the root of `derives_from`. Many reports that draw on
//! one origin are one voice said often. A source that draws on none is its own origin, one that draws on two has two.
//! Sources that draw on one another in a circle, and on nothing outside it, are one origin, named by the smallest id of
//! the circle: none of them is the root, and none adds to the others.
//!
//! Counts, never a score: how much a report weighs is for the reader to say.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

/// The most claims on one side that are counted.
pub const MOST_ON_A_SIDE: usize = 1000;

/// What one claim adds to its side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// The sources that it cites, withdrawn ones aside.
    pub reports: BTreeSet<String>,
    /// The outermost voice of its attribution.
    pub voice: Option<String>,
}

/// How many stand on one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backing {
    /// How many claims.
    pub claims: usize,
    /// How many different sources.
    pub reports: usize,
    /// The sources at the root.
    pub origins: BTreeSet<String>,
    /// How many different outermost voices.
    pub voices: usize,
}

impl Backing {
    /// What claims come to, whose sources draw on what `parents` tells.
    pub fn of(testimonies: &[Testimony], parents: impl FnMut(&str) -> Vec<String>) -> Self {
        let reports: BTreeSet<&String> = testimonies.iter().flat_map(|testimony| &testimony.reports).collect();
        let voices: BTreeSet<&String> = testimonies.iter().filter_map(|testimony| testimony.voice.as_ref()).collect();
        Self {
            claims: testimonies.len(),
            reports: reports.len(),
            origins: origins(reports.into_iter().cloned(), parents),
            voices: voices.len(),
        }
    }
}

/// All that can be reached from `start` by `neighbours` without stepping on what is against it; `start` first, those that
/// are nearer before those that are farther, at most [`MOST_ON_A_SIDE`].
pub fn same_side<C: Copy + Eq + Hash, E>(
    start: C,
    against: &[C],
    mut neighbours: impl FnMut(C) -> Result<Vec<C>, E>,
) -> Result<Vec<C>, E> {
    let mut met: HashSet<C> = against.iter().copied().chain([start]).collect();
    let mut side = vec![start];
    let mut next = 0;
    while let Some(at) = side.get(next).copied() {
        next += 1;
        for neighbour in neighbours(at)? {
            if side.len() < MOST_ON_A_SIDE && met.insert(neighbour) {
                side.push(neighbour);
            }
        }
    }
    Ok(side)
}

/// The sources at the root of what these draw on.
pub fn origins(cited: impl IntoIterator<Item = String>, parents: impl FnMut(&str) -> Vec<String>) -> BTreeSet<String> {
    let graph = drawn_on(cited, parents);
    let circles = circles(&graph);
    let circle = |id: &str| circles.get(id).copied();
    // Roots are the circles, mostly of one, that draw on nothing outside.
    let draws_on_others = |(id, parents): (&String, &Vec<String>)| {
        let outside = parents.iter().any(|parent| circle(parent) != circle(id));
        circle(id).filter(|_| outside)
    };
    let inner: HashSet<&str> = graph.iter().filter_map(draws_on_others).collect();
    circles.values().filter(|circle| !inner.contains(*circle)).map(|circle| (*circle).to_owned()).collect()
}

/// Each source with those that it draws on itself.
type Graph = BTreeMap<String, Vec<String>>;

/// All that the sources draw on, directly and indirectly.
fn drawn_on(cited: impl IntoIterator<Item = String>, mut parents: impl FnMut(&str) -> Vec<String>) -> Graph {
    let mut graph = Graph::new();
    let mut waiting: Vec<String> = cited.into_iter().collect();
    while let Some(id) = waiting.pop() {
        if graph.contains_key(&id) {
            continue;
        }
        let parents = parents(&id);
        waiting.extend(parents.iter().cloned());
        graph.insert(id, parents);
    }
    graph
}

/// Of each source the smallest id of its circle: of those that draw on it and on which it draws; mostly itself.
///
/// Kosaraju's way: what comes last to an end when following the graph begins a circle, which is all that then leads to it.
fn circles(graph: &Graph) -> HashMap<&str, &str> {
    let mut drawing: HashMap<&str, Vec<&str>> = HashMap::new();
    for (id, parents) in graph {
        parents.iter().for_each(|parent| drawing.entry(parent).or_default().push(id));
    }
    let mut circles = HashMap::new();
    for start in ended(graph).into_iter().rev() {
        let mut circle = Vec::new();
        let mut waiting = vec![start];
        while let Some(id) = waiting.pop() {
            if !circles.contains_key(id) {
                circles.insert(id, id);
                circle.push(id);
                waiting.extend(drawing.get(id).into_iter().flatten());
            }
        }
        let smallest = circle.iter().min().copied();
        circles.extend(circle.iter().filter_map(|id| Some((*id, smallest?))));
    }
    circles
}

/// The sources in the order in which following all that they draw on comes to an end.
fn ended(graph: &Graph) -> Vec<&str> {
    let (mut begun, mut ended) = (HashSet::new(), Vec::new());
    for (start, parents) in graph {
        let mut path = if begun.insert(start.as_str()) { vec![(start.as_str(), parents.iter())] } else { Vec::new() };
        while let Some((id, parents)) = path.last_mut() {
            let Some(parent) = parents.next() else {
                ended.push(*id);
                path.pop();
                continue;
            };
            if begun.insert(parent) {
                path.push((parent, graph.get(parent).map(Vec::as_slice).unwrap_or_default().iter()));
            }
        }
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(number: usize) -> String {
        format!("s{number}")
    }

    /// The origins by what reaches what: a source is at the root if all that it reaches reaches it.
    fn by_reach(cited: &[usize], edges: &[BTreeSet<usize>]) -> BTreeSet<String> {
        let reach = |from: usize| {
            let mut reached = BTreeSet::from([from]);
            loop {
                let more: BTreeSet<usize> = reached.iter().flat_map(|at| edges[*at].iter().copied()).collect();
                if more.is_subset(&reached) {
                    return reached;
                }
                reached.extend(more);
            }
        };
        let all: BTreeSet<usize> = cited.iter().flat_map(|from| reach(*from)).collect();
        let roots = all.into_iter().filter(|at| reach(*at).iter().all(|other| reach(*other).contains(at)));
        roots.filter_map(|root| reach(root).into_iter().map(named).min()).collect()
    }

    proptest! {
        #[test]
        fn origins_are_what_reaching_back_from_every_source_comes_to(
            edges in prop::collection::vec(prop::collection::btree_set(0_usize..9, 0..3), 9),
            cited in prop::collection::vec(0_usize..9, 0..4),
        ) {
            let parents = |id: &str| edges[id[1..].parse::<usize>().unwrap()].iter().copied().map(named).collect();
            prop_assert_eq!(origins(cited.iter().copied().map(named), parents), by_reach(&cited, &edges));
        }
    }

    /// Sources that draw on others, as `daily > agency`.
    fn draws(on: &'static [(&str, &str)]) -> impl FnMut(&str) -> Vec<String> {
        move |id| on.iter().filter(|(from, _)| *from == id).map(|(_, to)| (*to).to_owned()).collect()
    }

    fn origins_of(cited: &[&str], on: &'static [(&str, &str)]) -> Vec<String> {
        origins(cited.iter().map(ToString::to_string), draws(on)).into_iter().collect()
    }

    #[test]
    fn reports_that_draw_on_one_origin_count_once() {
        let on =
            &[("daily", "agency"), ("site", "agency"), ("agency", "ministry"), ("blog", "site"), ("blog", "radio")];
        assert_eq!(origins_of(&["daily", "site", "agency"], on), ["ministry"]);
        assert_eq!(origins_of(&["daily", "radio"], on), ["ministry", "radio"]);
        assert_eq!(origins_of(&["blog"], on), ["ministry", "radio"]);
        assert_eq!(origins_of(&[], on), Vec::<String>::new());
    }

    #[test]
    fn a_circle_is_one_origin_unless_it_draws_on_something_outside() {
        assert_eq!(origins_of(&["c", "d"], &[("c", "b"), ("b", "c"), ("d", "c")]), ["b"]);
        assert_eq!(origins_of(&["a"], &[("a", "a")]), ["a"]);
        assert_eq!(origins_of(&["c"], &[("c", "b"), ("b", "c"), ("b", "a")]), ["a"]);
    }

    #[test]
    fn a_side_is_what_is_reached_without_stepping_on_what_is_against_it() {
        let links = [(1, 2), (2, 3), (1, 4), (4, 5), (9, 8)];
        let neighbours = |at: u32| {
            let near = links.iter().filter(|(a, b)| *a == at || *b == at).map(|(a, b)| if *a == at { *b } else { *a });
            Ok::<_, ()>(near.collect())
        };
        assert_eq!(same_side(1, &[], neighbours), Ok(vec![1, 2, 4, 3, 5]));
        assert_eq!(same_side(5, &[1], neighbours), Ok(vec![5, 4]));
        assert_eq!(same_side(7, &[], neighbours), Ok(vec![7]));
        let endless = |at: usize| Ok::<_, ()>(vec![at + 1]);
        assert_eq!(same_side(0, &[], endless).unwrap().len(), MOST_ON_A_SIDE);
    }

    #[test]
    fn what_two_claims_have_in_common_counts_once() {
        let testimony = |reports: &[&str], voice: &str| Testimony {
            reports: reports.iter().map(ToString::to_string).collect(),
            voice: Some(voice.to_owned()).filter(|voice| !voice.is_empty()),
        };
        let testimonies = [testimony(&["daily", "radio"], "DOC"), testimony(&["daily"], "DOC"), testimony(&[], "")];
        let backing = Backing::of(&testimonies, draws(&[("daily", "radio")]));
        let origins = BTreeSet::from(["radio".to_owned()]);
        assert_eq!(backing, Backing { claims: 3, reports: 2, origins, voices: 1 });
    }
}
