//! States that are being read page by page: which claims they have, in order, so that a page need not find its place anew.
//!
//! The answer at a basis never changes, so what is kept stays right; where it is not kept any more, a page costs what the
//! first one did. Of a claim its number is kept and how sure it is.

use super::StateQuery;
use crate::domain::certainty::{Certainty, Mode};
use crate::domain::cut::Basis;
use crate::domain::emptiness::Emptiness;
use crate::domain::filter::Filter;
use crate::domain::period::Period;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most states that are kept.
const MOST: usize = 16;
/// The most claims of all of them, 8 bytes each.
const MOST_CLAIMS: usize = 4 << 20;

/// A state, in order.
#[derive(Debug)]
pub(super) struct Ordered {
    /// Its claims, by their numbers in the index.
    pub(super) claims: Vec<(u32, Certainty)>,
    /// Which nothing it is.
    pub(super) emptiness: Emptiness,
}

/// The states that are being read.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Begun {
    /// The one that was read last is the last.
    kept: Mutex<VecDeque<(Asked, Arc<Ordered>)>>,
}

/// Everything that an answer depends on.
#[derive(Debug, PartialEq)]
struct Asked {
    filter: Filter,
    valid_at: Period,
    mode: Option<Mode>,
    include_retracted: bool,
    basis: Basis,
}

impl Asked {
    fn of(query: &StateQuery, basis: Basis) -> Self {
        let StateQuery { filter, valid_at, mode, include_retracted, .. } = query;
        let (filter, include_retracted) = (filter.clone(), *include_retracted);
        Self { filter, valid_at: *valid_at, mode: *mode, include_retracted, basis }
    }
}

impl Begun {
    /// The state that a page is of, if it is kept.
    pub(super) fn find(&self, query: &StateQuery, basis: Basis) -> Option<Arc<Ordered>> {
        let asked = Asked::of(query, basis);
        let mut kept = self.kept.lock();
        let at = kept.iter().position(|(of, _)| *of == asked)?;
        let found = kept.remove(at)?;
        let ordered = Arc::clone(&found.1);
        kept.push_back(found);
        Some(ordered)
    }

    /// Keeps a state of which there are more pages.
    pub(super) fn keep(&self, query: &StateQuery, basis: Basis, ordered: Ordered) {
        let asked = Asked::of(query, basis);
        let mut kept = self.kept.lock();
        kept.retain(|(of, _)| *of != asked);
        kept.push_back((asked, Arc::new(ordered)));
        let claims = |kept: &VecDeque<(Asked, Arc<Ordered>)>| kept.iter().map(|(_, of)| of.claims.len()).sum::<usize>();
        while kept.len() > MOST || claims(&kept) > MOST_CLAIMS {
            kept.pop_front();
        }
    }

    /// Lets go of a state whose last page was read.
    pub(super) fn let_go(&self, query: &StateQuery, basis: Basis) {
        let asked = Asked::of(query, basis);
        self.kept.lock().retain(|(of, _)| *of != asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cut::Cut;
    use crate::domain::position::Position;
    use crate::ledger::query::PageSize;

    fn query(valid_at: &str) -> StateQuery {
        StateQuery {
            filter: Filter::default(),
            valid_at: Period::parse(valid_at).unwrap(),
            mode: None,
            cut: Cut::Head,
            supposed: crate::domain::command::Supposed::default(),
            include_retracted: false,
            skip: 0,
            page: PageSize { entries: 1, bytes: 1 },
        }
    }

    fn ordered(claims: usize) -> Ordered {
        Ordered { claims: vec![(0, Certainty::Definite); claims], emptiness: Emptiness::NotEmpty }
    }

    const BASIS: Basis = Basis { position: Position(3), mark: [0; 8] };

    #[test]
    fn a_state_is_found_by_all_that_was_asked_and_by_its_basis() {
        let begun = Begun::default();
        begun.keep(&query("2025"), BASIS, ordered(2));
        assert_eq!(begun.find(&query("2025"), BASIS).unwrap().claims.len(), 2);
        assert!(begun.find(&query("2024"), BASIS).is_none());
        assert!(begun.find(&query("2025"), Basis { position: Position(4), ..BASIS }).is_none());
        begun.let_go(&query("2025"), BASIS);
        assert!(begun.find(&query("2025"), BASIS).is_none());
    }

    #[test]
    fn those_that_were_not_read_for_longest_go_first() {
        let begun = Begun::default();
        for year in 2000..=2000 + MOST {
            begun.keep(&query(&year.to_string()), BASIS, ordered(1));
            begun.find(&query("2000"), BASIS).unwrap();
        }
        assert!(begun.find(&query("2001"), BASIS).is_none());
        begun.keep(&query("1900"), BASIS, ordered(MOST_CLAIMS));
        assert!(begun.find(&query("2000"), BASIS).is_none() && begun.find(&query("1900"), BASIS).is_some());
    }
}
