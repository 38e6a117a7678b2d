//! Terms in the order of their keys, kept in sorted runs that are merged when they are of one size, so that adding stays
//! cheap and a prefix is found by binary search in each of the few runs.

use super::numbers::Term;
use crate::budget::step;
use std::sync::Arc;

const TAIL: usize = 256;

/// The runs, longest first, and an unsorted tail.
#[derive(Clone, Default)]
pub(crate) struct Runs {
    sorted: Vec<Arc<Vec<Term>>>,
    tail: Vec<Term>,
}

impl Runs {
    /// Adds a term; `key` tells the key of any.
    pub(crate) fn insert<'k>(&mut self, term: Term, key: impl Fn(Term) -> &'k [u8]) {
        self.tail.push(term);
        if self.tail.len() < TAIL {
            return;
        }
        let mut run = std::mem::take(&mut self.tail);
        run.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));
        while self.sorted.last().is_some_and(|last| last.len() <= run.len()) {
            let Some(last) = self.sorted.pop() else { break };
            run = merge(&last, &run, &key);
        }
        self.sorted.push(Arc::new(run));
    }

    /// Every term whose key begins with `prefix`.
    pub(crate) fn with_prefix<'k>(&self, prefix: &[u8], key: impl Fn(Term) -> &'k [u8]) -> Vec<Term> {
        let mut found: Vec<Term> = self.tail.iter().copied().filter(|t| key(*t).starts_with(prefix)).collect();
        for run in &self.sorted {
            let start = run.partition_point(|t| key(*t) < prefix);
            let rest = run.get(start..).unwrap_or_default().iter().copied();
            found.extend(rest.inspect(|_| step()).take_while(|t| key(*t).starts_with(prefix)));
        }
        found
    }
}

fn merge<'k>(left: &[Term], right: &[Term], key: &impl Fn(Term) -> &'k [u8]) -> Vec<Term> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if key(*a) <= key(*b) { &mut left } else { &mut right };
        merged.extend(from.next());
    }
    merged.extend(left.chain(right));
    merged
}
