//! Transitions to come: those of valid time in a span, as known at a cut.
//!
//! Only a claim whose valid time touches the span, or ends where it begins, can have a transition in it, and only a promise that falls
//! due in it: these are looked for, so the cost grows with what is in force and not with the record.

use crate::Ledger;
use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::query::kept_answers::AnswerKey;
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::{Filter, MemberSet};
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::transition::{SETTLING, Transition, Transitions, settles_by};
use detente_domain::vocabulary::Vocabulary;
use detente_proto::v1;
use prost::Message;
use std::collections::HashSet;

/// A question for the transitions to come.
#[derive(Clone, Debug)]
pub struct UpcomingQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The span: from the first instant up to and not including the second.
    pub span: (Moment, Moment),
    /// The transitions to list.
    pub transitions: MemberSet<Transition>,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The number of transitions to skip.
    pub skip: u64,
    /// The size of the page.
    pub page: PageSize,
}

/// The transitions to come, by time, then by the order in which the claims were first recorded.
#[derive(Clone, Debug)]
pub struct UpcomingTransitions {
    /// The cut.
    pub at: ResolvedCut,
    /// The transitions of this page.
    pub transitions: Vec<UpcomingTransition>,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// A transition of a claim.
#[derive(Clone, Debug)]
pub struct UpcomingTransition {
    /// The transition.
    pub transition: Transition,
    /// The instant of the transition.
    pub at: Moment,
    /// The claim as of the cut.
    pub claim: v1::Claim,
}

impl Ledger {
    /// The transitions to come.
    ///
    /// # Errors
    /// If the cut cannot be resolved, the suppositions do not fit it, or stored bytes are damaged.
    pub fn upcoming(&self, query: &UpcomingQuery) -> Result<UpcomingTransitions, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let asked = UpcomingScope { span: query.span, transitions: query.transitions };
            let key = AnswerKey::of(sight, &query.filter, &query.supposed, asked);
            let reading =
                self.kept_answers.read(key, query.skip > 0, || Ok::<_, QueryError>(transitions(sight, query)))?;
            let page = page(sight, query, &reading.entries)?;
            let count = reading.entries.len();
            reading.end(page.next.is_some(), count, count * size_of::<OrderedTurn>());
            Ok(page)
        })
    }
}

/// A transition in the order of the answer: when, of which claim (its place in the order of first recording), and which.
type OrderedTurn = (Moment, u64, Transition, ClaimId);

/// The parameters that the list depends on, besides filter, cut and suppositions.
#[derive(Debug, PartialEq)]
struct UpcomingScope {
    span: (Moment, Moment),
    transitions: MemberSet<Transition>,
}

/// Every transition in the span, in order.
fn transitions(sight: &Sight<'_>, query: &UpcomingQuery) -> Vec<OrderedTurn> {
    let (a, b) = query.span;
    let mut transitions = Vec::new();
    let mut known = HashSet::new();
    // A claim that ends exactly where the span begins does not touch it any more, but has a transition there.
    let touching = sight.touching(&query.filter, a.plus_seconds(-1), b, false);
    for seen in touching.into_iter().chain(sight.falling_due(&query.filter, a, b)) {
        budget::step();
        if known.insert(seen.order) {
            let of_claim = transitions_in(sight, &seen, query);
            let wanted = of_claim.iter().filter(|(_, at)| a <= *at && *at < b);
            let wanted = wanted.filter(|(transition, _)| query.transitions.admits(Some(transition.code())));
            let before = transitions.len();
            transitions.extend(wanted.map(|(transition, at)| (at, seen.order, transition, seen.id)));
            budget::hold((transitions.len() - before) * size_of::<OrderedTurn>());
        }
    }
    transitions.sort_unstable();
    transitions
}

/// The transitions of a claim at the cut. A promise that is settled by the day it is due has no such day; who settles it is not
/// looked for where that day is not asked for.
fn transitions_in(sight: &Sight<'_>, seen: &ClaimSight, query: &UpcomingQuery) -> Transitions {
    let (a, b) = query.span;
    let due = sight.due(seen).filter(|due| {
        let mut settlements = SETTLING.iter().flat_map(|link_type| sight.linking_to(seen.id, Some(*link_type)));
        let is_settled = |settlement: ClaimSight| settles_by(settlement.valid.as_ref(), *due);
        a <= *due && *due < b && !settlements.any(is_settled)
    });
    Transitions::of(seen.temporal_type, seen.valid.as_ref(), due)
}

fn page(
    sight: &Sight<'_>,
    query: &UpcomingQuery,
    transitions: &[OrderedTurn],
) -> Result<UpcomingTransitions, ReadFailure> {
    let mut upcoming = UpcomingTransitions { at: sight.at, transitions: Vec::new(), next: None };
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let mut bytes = 0;
    for (nth, (at, _, transition, claim)) in transitions.iter().enumerate().skip(skip) {
        if upcoming.transitions.len() >= query.page.entries || bytes >= query.page.bytes {
            upcoming.next = Some(nth as u64);
            break;
        }
        let claim = sight.message(&sight.found_again(*claim)?)?;
        bytes += claim.encoded_len();
        upcoming.transitions.push(UpcomingTransition { transition: *transition, at: *at, claim });
    }
    Ok(upcoming)
}
