//! Search for the contents that can touch a span of valid time, among all that bear on one relationship.
//!
//! A content may hold from its earliest start to its latest end. Contents are kept in runs sorted by earliest start, each
//! with the greatest latest end of every stretch of sixteen and of the stretches above (an implicit tree); a question walks
//! only stretches that can hold an answer, so its cost grows with the answer and the logarithm of the rest. Runs of one
//! size are merged as contents come in. Nothing is ever removed: the caller decides if a content is current.

use super::numbers::ContentNo;
use detente_domain::moment::Moment;
use std::sync::Arc;

const TAIL: usize = 32;
const FAN: usize = 16;

/// One content's span: `[start, end)` of the days it may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its earliest start.
    pub(crate) start: Moment,
    /// Its latest end.
    pub(crate) end: Moment,
    /// The content.
    pub(crate) content: ContentNo,
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
    ends: Vec<Vec<Moment>>,
}

impl Intervals {
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
        self.tail.iter().filter(|s| s.start < b && s.end > a).for_each(|s| found(s.content));
        self.runs.iter().for_each(|run| run.touching(a, b, &mut found));
    }
}

impl SpanRun {
    fn new(spans: Vec<Span>) -> Self {
        let mut ends: Vec<Vec<Moment>> = Vec::new();
        let greatest = |ends: &[Moment]| ends.iter().copied().max().unwrap_or(Moment::MIN);
        let mut level: Vec<Moment> =
            spans.chunks(FAN).map(|c| greatest(&c.iter().map(|s| s.end).collect::<Vec<_>>())).collect();
        while level.len() > 1 {
            let above = level.chunks(FAN).map(greatest).collect();
            ends.push(std::mem::replace(&mut level, above));
        }
        ends.push(level);
        Self { spans, ends }
    }

    fn touching(&self, a: Moment, b: Moment, found: &mut impl FnMut(ContentNo)) {
        let until = self.spans.partition_point(|span| span.start < b);
        let top = self.ends.len().saturating_sub(1);
        self.walk(top, 0, a, until, found);
    }

    /// Walks the stretches of `level` that lie under the one stretch `parent` of the level above.
    fn walk(&self, level: usize, parent: usize, a: Moment, until: usize, found: &mut impl FnMut(ContentNo)) {
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

    fn leaf(&self, at: usize, a: Moment, until: usize, found: &mut impl FnMut(ContentNo)) {
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

    fn brute(spans: &[Span], a: Moment, b: Moment) -> Vec<ContentNo> {
        spans.iter().filter(|s| s.start < b && s.end > a).map(|s| s.content).collect()
    }

    proptest! {
        #[test]
        fn the_tree_finds_exactly_what_looking_at_every_span_finds(
            spans in prop::collection::vec((-50_i64..50, 0_i64..30, 0_u8..12), 0..700),
            asked in prop::collection::vec((-60_i64..60, 0_i64..20), 1..20),
        ) {
            let spans: Vec<Span> = spans.iter().enumerate().map(|(n, (start, length, open))| Span {
                start: if *open == 0 { Moment::MIN } else { Moment(*start) },
                end: if *open == 1 { Moment::MAX } else { Moment(start + length) },
                content: ContentNo::of_place(n),
            }).collect();
            let mut tree = Intervals::default();
            spans.iter().for_each(|span| tree.insert(*span));
            for (a, length) in asked {
                let (a, b) = (Moment(a), Moment(a + length));
                let mut found = Vec::new();
                tree.touching(a, b, |content| found.push(content));
                found.sort_unstable();
                prop_assert_eq!(found, brute(&spans, a, b));
            }
        }
    }
}
