//! Search for the contents that can touch a span of valid time, among all that bear on one relationship.
//!
//! A content may hold from its earliest start to its latest end. Contents are kept in runs sorted by earliest start, each
//! with the greatest latest end of every stretch of sixteen and of the stretches above (an implicit tree); a question walks
//! only stretches that can hold an answer, so its cost grows with the answer and the logarithm of the rest. Runs of one
//! size are merged as contents come in. Nothing is ever removed: the caller decides if a content is current.
//!
//! Spans are kept in whole days, rounded outwards, which takes half the memory. So more may be found than touches the span,
//! never less.

use super::corners::{day_at_or_after, day_at_or_before};
use super::numbers::ContentNo;
use detente_domain::moment::Moment;
use std::sync::Arc;

const TAIL: usize = 32;
const FAN: usize = 16;

/// One content's span: `[start, end)` of the days it may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: i32,
    end: i32,
    content: ContentNo,
}

impl Span {
    /// The span of a content from its earliest start to its latest end.
    pub(crate) fn of(content: ContentNo, start: Moment, end: Moment) -> Self {
        Self { start: day_at_or_before(start), end: day_at_or_after(end), content }
    }

    const fn touches(&self, a: i32, b: i32) -> bool {
        self.start < b && self.end > a
    }
}

/// The spans of one relationship.
#[derive(Clone, Default)]
pub(crate) struct Intervals {
    runs: Vec<Arc<SpanRun>>,
    tail: Vec<Span>,
}

struct SpanRun {
    spans: Vec<Span>,
    /// `ends[level][i]`: the greatest end among the i-th stretch of `FAN^(level+1)` spans.
    ends: Vec<Vec<i32>>,
}

impl Intervals {
    /// The spans that were ever added.
    pub(crate) fn of(mut spans: Vec<Span>) -> Self {
        spans.sort_by_key(|span| span.start);
        if spans.len() < TAIL {
            Self { runs: Vec::new(), tail: spans }
        } else {
            Self { runs: vec![Arc::new(SpanRun::new(spans))], tail: Vec::new() }
        }
    }

    /// Adds a span.
    pub(crate) fn insert(&mut self, span: Span) {
        self.tail.push(span);
        if self.tail.len() < TAIL {
            return;
        }
        let mut spans = std::mem::take(&mut self.tail);
        spans.sort_by_key(|span| span.start);
        while self.runs.last().is_some_and(|last| last.spans.len() <= spans.len()) {
            let Some(last) = self.runs.pop() else { break };
            spans = merge(&last.spans, &spans);
        }
        self.runs.push(Arc::new(SpanRun::new(spans)));
    }

    /// Calls `found` with every content whose span touches `[a, b)`.
    pub(crate) fn touching(&self, a: Moment, b: Moment, mut found: impl FnMut(ContentNo)) {
        let (a, b) = (day_at_or_before(a), day_at_or_after(b));
        self.tail.iter().filter(|span| span.touches(a, b)).for_each(|span| found(span.content));
        self.runs.iter().for_each(|run| run.touching(a, b, &mut found));
    }
}

impl SpanRun {
    fn new(spans: Vec<Span>) -> Self {
        let mut ends: Vec<Vec<i32>> = Vec::new();
        let greatest = |ends: &[i32]| ends.iter().copied().max().unwrap_or(i32::MIN);
        let greatest_of = |spans: &[Span]| spans.iter().map(|span| span.end).max().unwrap_or(i32::MIN);
        let mut level: Vec<i32> = spans.chunks(FAN).map(greatest_of).collect();
        while level.len() > 1 {
            let above = level.chunks(FAN).map(greatest).collect();
            ends.push(std::mem::replace(&mut level, above));
        }
        ends.push(level);
        Self { spans, ends }
    }

    fn touching(&self, a: i32, b: i32, found: &mut impl FnMut(ContentNo)) {
        let until = self.spans.partition_point(|span| span.start < b);
        let top = self.ends.len().saturating_sub(1);
        self.walk(top, 0, a, until, found);
    }

    /// Walks the stretches of `level` that lie under the one stretch `parent` of the level above.
    fn walk(&self, level: usize, parent: usize, a: i32, until: usize, found: &mut impl FnMut(ContentNo)) {
        let Some(ends) = self.ends.get(level) else { return };
        let size = FAN.saturating_pow(u32::try_from(level).unwrap_or(0) + 1);
        let first = parent * FAN;
        for (at, end) in ends.iter().enumerate().skip(first).take(FAN) {
            if at * size >= until {
                return;
            }
            if *end <= a {
                continue;
            }
            match level.checked_sub(1) {
                Some(below) => self.walk(below, at, a, until, found),
                None => self.leaf(at, a, until, found),
            }
        }
    }

    fn leaf(&self, at: usize, a: i32, until: usize, found: &mut impl FnMut(ContentNo)) {
        let stretch = self.spans.get(at * FAN..until.min((at + 1) * FAN)).unwrap_or_default();
        stretch.iter().filter(|span| span.end > a).for_each(|span| found(span.content));
    }
}

fn merge(left: &[Span], right: &[Span]) -> Vec<Span> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if a.start <= b.start { &mut left } else { &mut right };
        merged.extend(from.next());
    }
    merged.extend(left.chain(right));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn brute(spans: &[(Moment, Moment)], a: Moment, b: Moment) -> Vec<ContentNo> {
        let touching = spans.iter().enumerate().filter(|(_, (start, end))| *start < b && *end > a);
        touching.map(|(n, _)| ContentNo::of_place(n)).collect()
    }

    fn ask(spans: &[(Moment, Moment)], a: Moment, b: Moment) -> Vec<ContentNo> {
        let mut tree = Intervals::default();
        spans
            .iter()
            .enumerate()
            .for_each(|(n, (start, end))| tree.insert(Span::of(ContentNo::of_place(n), *start, *end)));
        let mut found = Vec::new();
        tree.touching(a, b, |content| found.push(content));
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn the_tree_finds_exactly_what_looking_at_every_span_of_days_finds(
            spans in prop::collection::vec((-50_i64..50, 0_i64..30, 0_u8..12), 0..700),
            asked in prop::collection::vec((-60_i64..60, 0_i64..20), 1..20),
        ) {
            let spans: Vec<(Moment, Moment)> = spans.iter().map(|(start, length, open)| (
                if *open == 0 { Moment::MIN } else { Moment(*start * DAY) },
                if *open == 1 { Moment::MAX } else { Moment((start + length) * DAY) },
            )).collect();
            for (a, length) in asked {
                let (a, b) = (Moment(a * DAY), Moment((a + length) * DAY));
                prop_assert_eq!(ask(&spans, a, b), brute(&spans, a, b));
            }
        }

        #[test]
        fn the_tree_misses_no_span_of_seconds_however_far_away(
            spans in prop::collection::vec((far(), far()), 0..100),
            asked in prop::collection::vec((far(), far()), 1..20),
        ) {
            for (a, b) in asked {
                let found = ask(&spans, a, b);
                prop_assert!(brute(&spans, a, b).iter().all(|content| found.contains(content)));
            }
        }
    }

    fn far() -> impl Strategy<Value = Moment> {
        let near = (-200_000_i64..200_000).prop_map(Moment);
        let edge =
            prop_oneof![Just(i64::MIN), Just(i64::MAX), (0..4_i64).prop_map(|n| (i64::from(i32::MAX) - 2 + n) * DAY)];
        prop_oneof![
            near,
            edge.clone().prop_map(Moment),
            edge.prop_map(|m| Moment(m.saturating_neg())),
            any::<i64>().prop_map(Moment)
        ]
    }
}
