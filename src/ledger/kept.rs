//! Long answers that are being read page by page: their entries in order, so that a later page costs the page and not the
//! whole answer again.
//!
//! The answer at a basis never changes, so what is kept stays right; where it is not kept any more, a page costs what the
//! first one did. Entries are small: which claim, and little about it.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Maximum number of kept answers of one kind.
const MOST: usize = 16;
/// Maximum bytes of the entries of all answers of one kind.
const MOST_BYTES: usize = 32 << 20;
/// Number of entries from which finding the place of a page again takes longer than sending it.
pub(super) const WORTH_KEEPING: usize = 2_000;

/// Answers of one kind. `Q` is everything that an answer depends on, its basis too.
#[derive(Debug)]
pub(super) struct KeptAnswers<Q, E> {
    /// The one that was read last is the last.
    kept: Mutex<VecDeque<(Q, Arc<E>, usize)>>,
}

impl<Q, E> Default for KeptAnswers<Q, E> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

impl<Q: PartialEq, E> KeptAnswers<Q, E> {
    /// The entries of the answer to a question, if they are kept.
    pub(super) fn find(&self, question: &Q) -> Option<Arc<E>> {
        let mut kept = self.kept.lock();
        let at = kept.iter().position(|(of, ..)| of == question)?;
        let found = kept.remove(at)?;
        let entries = Arc::clone(&found.1);
        kept.push_back(found);
        Some(entries)
    }

    /// Keeps the entries of an answer that has more pages; `bytes` is their size.
    pub(super) fn keep(&self, question: Q, entries: Arc<E>, bytes: usize) {
        let mut kept = self.kept.lock();
        kept.retain(|(of, ..)| *of != question);
        kept.push_back((question, entries, bytes));
        let in_all = |kept: &VecDeque<(Q, Arc<E>, usize)>| kept.iter().map(|(.., bytes)| bytes).sum::<usize>();
        while kept.len() > MOST || in_all(&kept) > MOST_BYTES {
            kept.pop_front();
        }
    }

    /// Drops the entries of an answer whose last page was read.
    pub(super) fn drop_answer(&self, question: &Q) {
        self.kept.lock().retain(|(of, ..)| of != question);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_by_its_question_until_its_last_page_was_read() {
        let kept = KeptAnswers::default();
        kept.keep("2025", Arc::new(vec![1, 2]), 8);
        assert_eq!(*kept.find(&"2025").unwrap(), [1, 2]);
        assert!(kept.find(&"2024").is_none());
        kept.drop_answer(&"2025");
        assert!(kept.find(&"2025").is_none());
    }

    #[test]
    fn those_that_were_not_read_for_longest_go_first() {
        let kept = KeptAnswers::default();
        for year in 2000..=2000 + MOST {
            kept.keep(year, Arc::new(()), 1);
            kept.find(&2000).unwrap();
        }
        assert!(kept.find(&2001).is_none());
        kept.keep(1900, Arc::new(()), MOST_BYTES);
        assert!(kept.find(&2000).is_none() && kept.find(&1900).is_some());
    }
}
