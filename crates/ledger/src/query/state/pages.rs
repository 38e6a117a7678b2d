//! States that are being read page by page: which claims they have, in order.

use super::StateQuery;
use crate::store::ClaimNo;
use detente_domain::certainty::{Certainty, Mode};
use detente_domain::cut::Basis;
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::Filter;
use detente_domain::period::Period;

/// A state, in order.
#[derive(Debug)]
pub(super) struct OrderedState {
    /// Its claims, by their numbers in the index.
    pub(super) claims: Vec<(ClaimNo, Certainty)>,
    /// The reason it is empty.
    pub(super) emptiness: Emptiness,
}

/// Everything that a state depends on.
#[derive(Debug, PartialEq)]
pub(super) struct StateKey {
    filter: Filter,
    valid_at: Period,
    mode: Option<Mode>,
    include_retracted: bool,
    basis: Basis,
}

impl StateKey {
    pub(super) fn of(query: &StateQuery, basis: Basis) -> Self {
        let StateQuery { filter, valid_at, mode, include_retracted, .. } = query;
        let (filter, include_retracted) = (filter.clone(), *include_retracted);
        Self { filter, valid_at: *valid_at, mode: *mode, include_retracted, basis }
    }
}
