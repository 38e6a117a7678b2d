//! Long answers that are being read page by page: their entries in order, so that a later page costs the page and not the
//! whole answer again.
//!
//! The answer at a basis never changes, so what is kept stays right; where it is not kept any more, a page costs what the
//! first one did. Entries are small: which claim, and little about it. All questions share one room.

use crate::budget::taken_by_call;
use crate::read::sight::Sight;
use detente_domain::command::Suppositions;
use detente_domain::cut::Basis;
use detente_domain::filter::Filter;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use std::any::Any;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

/// Maximum number of kept answers.
const MOST: usize = 64;
/// Maximum bytes of the entries of all of them.
const MOST_BYTES: usize = 96 << 20;
/// Number of entries, and of steps that finding them took, from which finding the place of a page again takes longer than
/// sending it.
pub(crate) const WORTH_KEEPING: usize = 2_000;

/// Answers that are being read.
#[derive(Debug, Default)]
pub(crate) struct KeptAnswers {
    /// The one that was read last is the last.
    kept: Mutex<VecDeque<KeptAnswer>>,
}

#[derive(Debug)]
struct KeptAnswer {
    question: Box<dyn Any + Send>,
    entries: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

impl KeptAnswer {
    fn is_of<Q: PartialEq + 'static>(&self, question: &Q) -> bool {
        self.question.downcast_ref::<Q>().is_some_and(|of| of == question)
    }
}

impl KeptAnswers {
    /// The entries of the answer to a question, if they are kept. The type of the question tells which question it is.
    pub(crate) fn find<Q: PartialEq + 'static, E: Send + Sync + 'static>(&self, question: &Q) -> Option<Arc<E>> {
        let mut kept = self.kept.lock();
        let at = kept.iter().position(|kept| kept.is_of(question))?;
        let found = kept.remove(at)?;
        let entries = Arc::clone(&found.entries);
        kept.push_back(found);
        drop(kept);
        entries.downcast().ok()
    }

    /// Keeps the entries of an answer that has more pages; `bytes` is their size.
    pub(crate) fn keep<Q, E>(&self, question: Q, entries: Arc<E>, bytes: usize)
    where
        Q: PartialEq + Send + 'static,
        E: Send + Sync + 'static,
    {
        let mut kept = self.kept.lock();
        kept.retain(|kept| !kept.is_of(&question));
        kept.push_back(KeptAnswer { question: Box::new(question), entries, bytes });
        let mut in_all = kept.iter().map(|kept| kept.bytes).sum::<usize>();
        while kept.len() > MOST || in_all > MOST_BYTES {
            in_all -= kept.pop_front().map_or(in_all, |dropped| dropped.bytes);
        }
    }

    /// Drops the entries of an answer whose last page was read.
    pub(crate) fn drop_answer<Q: PartialEq + 'static>(&self, question: &Q) {
        self.kept.lock().retain(|kept| !kept.is_of(question));
    }

    /// Reads the entries of an answer: for a later page those that are kept, else new ones.
    pub(crate) fn read<A, E, X>(
        &self,
        question: AnswerKey<A>,
        is_later: bool,
        make: impl FnOnce() -> Result<E, X>,
    ) -> Result<AnswerReading<'_, A, E>, X>
    where
        A: PartialEq + Send + 'static,
        E: Send + Sync + 'static,
    {
        let kept = if is_later { self.find(&question) } else { None };
        if let Some(entries) = kept {
            return Ok(AnswerReading { kept: self, question, entries, made_in: None });
        }
        let before = taken_by_call();
        let entries = Arc::new(make()?);
        let made_in = Some(taken_by_call().saturating_sub(before));
        Ok(AnswerReading { kept: self, question, entries, made_in })
    }
}

/// All that an answer depends on; `A` is a type of its own for each question, with its parameters apart from filter, cut
/// and suppositions.
#[derive(Debug, PartialEq)]
pub(crate) struct AnswerKey<A> {
    filter: Filter,
    /// The fingerprint of what is supposed.
    supposed: [u8; 32],
    basis: Basis,
    scope: A,
}

impl<A> AnswerKey<A> {
    /// The key of an answer from what a sight sees.
    pub(crate) fn of(sight: &Sight<'_>, filter: &Filter, supposed: &Suppositions, scope: A) -> Self {
        Self { filter: filter.clone(), supposed: fingerprint(supposed), basis: sight.at.basis, scope }
    }
}

/// A fingerprint of commands: of the text that tells every field of them.
pub(crate) fn fingerprint(supposed: &Suppositions) -> [u8; 32] {
    struct TextHasher(Sha256);

    impl Write for TextHasher {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.update(text);
            Ok(())
        }
    }

    let mut hashing = TextHasher(Sha256::new());
    // Hashing cannot fail.
    let _ = write!(hashing, "{supposed:?}");
    hashing.0.finalize().into()
}

/// An answer of which a page is being read.
pub(crate) struct AnswerReading<'k, A, E> {
    kept: &'k KeptAnswers,
    question: AnswerKey<A>,
    /// The entries of the answer.
    pub(crate) entries: Arc<E>,
    /// The steps it took; none if the entries were kept.
    made_in: Option<u64>,
}

impl<A, E> AnswerReading<'_, A, E>
where
    A: PartialEq + Send + 'static,
    E: Send + Sync + 'static,
{
    /// Ends the reading of a page: keeps the entries if there is a next one and they are worth it, and drops them if not.
    pub(crate) fn end(self, has_next: bool, count: usize, bytes: usize) {
        let Self { kept, question, entries, made_in } = self;
        match made_in {
            None if !has_next => kept.drop_answer(&question),
            Some(steps) if has_next && (count >= WORTH_KEEPING || steps >= WORTH_KEEPING as u64) => {
                kept.keep(question, entries, bytes);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_by_its_question_until_its_last_page_was_read() {
        let kept = KeptAnswers::default();
        kept.keep("2025", Arc::new(vec![1, 2]), 8);
        assert_eq!(*kept.find::<_, Vec<i32>>(&"2025").unwrap(), [1, 2]);
        assert!(kept.find::<_, Vec<i32>>(&"2024").is_none());
        assert!(kept.find::<_, Vec<i32>>(&2025).is_none(), "another question that looks alike");
        kept.drop_answer(&"2025");
        assert!(kept.find::<_, Vec<i32>>(&"2025").is_none());
    }

    #[test]
    fn those_that_were_not_read_for_longest_go_first() {
        let kept = KeptAnswers::default();
        let find = |year: usize| kept.find::<usize, ()>(&year);
        for year in 2000..=2000 + MOST {
            kept.keep(year, Arc::new(()), 1);
            find(2000).unwrap();
        }
        assert!(find(2001).is_none());
        kept.keep(1900_usize, Arc::new(()), MOST_BYTES);
        assert!(find(2000).is_none() && find(1900).is_some());
        kept.keep(1901_usize, Arc::new(()), MOST_BYTES + 1);
        assert!(find(1900).is_none() && find(1901).is_none(), "what is larger than the room is not kept");
    }
}
