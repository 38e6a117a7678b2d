//! What comes next? The turns of valid time in a span, as known at a cut.
//!
//! Only a claim whose valid time touches the span, or ends where it begins, can turn in it, and only a promise that falls
//! due in it: these are looked for, so the cost grows with what is in force and not with the record.

use super::Ledger;
use super::cut::Resolved;
use super::error::{Damaged, QueryError};
use super::query::PageSize;
use super::sight::{Seen, Sight};
use crate::budget;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::filter::{Filter, MemberSet};
use crate::domain::moment::Moment;
use crate::domain::turn::{SETTLING, Turn, Turns, settles_by};
use crate::domain::vocabulary::Vocabulary;
use crate::v1;
use prost::Message;
use std::collections::HashSet;

/// A question for what comes next.
#[derive(Clone, Debug)]
pub struct UpcomingQuery {
    /// Which claims.
    pub filter: Filter,
    /// The span: from the first instant up to and not including the second.
    pub span: (Moment, Moment),
    /// Which turns.
    pub turns: MemberSet<Turn>,
    /// How much of the record to use.
    pub cut: Cut,
    /// What is supposed on top of it.
    pub supposed: Supposed,
    /// How many turns to leave out at the beginning.
    pub skip: u64,
    /// How many are wanted.
    pub page: PageSize,
}

/// What comes next, by time, then by the order in which the claims were first recorded.
#[derive(Clone, Debug)]
pub struct Upcoming {
    /// The cut.
    pub at: Resolved,
    /// The turns of this page.
    pub turns: Vec<UpcomingTurn>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// A turn of a claim.
#[derive(Clone, Debug)]
pub struct UpcomingTurn {
    /// What time makes of it.
    pub turn: Turn,
    /// From when on.
    pub at: Moment,
    /// The claim as of the cut.
    pub claim: v1::Claim,
}

impl Ledger {
    /// Answers what comes next.
    ///
    /// # Errors
    /// When the cut cannot be resolved, the suppositions do not fit it, or what is stored is damaged.
    pub fn upcoming(&self, query: &UpcomingQuery) -> Result<Upcoming, QueryError> {
        self.look(query.cut, &query.supposed, |sight| Ok(page(sight, query, turns(sight, query))?))
    }
}

/// The claims that turn in the span, and every turn of theirs in it: when, of which claim (its order), which, and the claim's
/// place among these.
type Found = (Vec<Seen>, Vec<(Moment, u64, Turn, usize)>);

fn turns(sight: &Sight<'_>, query: &UpcomingQuery) -> Found {
    let (a, b) = query.span;
    let (mut turning, mut turns) = (Vec::new(), Vec::new());
    let mut known = HashSet::new();
    // What ends exactly where the span begins does not touch it any more, but turns there.
    let touching = sight.touching(&query.filter, a.plus_seconds(-1), b, false);
    for seen in touching.into_iter().chain(sight.falling_due(&query.filter, a, b)) {
        budget::step();
        if known.insert(seen.order) {
            let known = turns.len();
            let of_claim = turns_in(sight, &seen, query);
            let wanted = of_claim.iter().filter(|(_, at)| a <= *at && *at < b);
            let wanted = wanted.filter(|(turn, _)| query.turns.admits(Some(turn.code())));
            turns.extend(wanted.map(|(turn, at)| (at, seen.order, turn, turning.len())));
            if turns.len() > known {
                budget::hold(size_of::<Seen>() + (turns.len() - known) * size_of::<(Moment, u64, Turn, usize)>());
                turning.push(seen);
            }
        }
    }
    (turning, turns)
}

/// The turns of a claim at the cut. A promise that is settled by the day it is due has no such day; who settles it is not
/// looked for where that day is not asked for.
fn turns_in(sight: &Sight<'_>, seen: &Seen, query: &UpcomingQuery) -> Turns {
    let (a, b) = query.span;
    let due = sight.due(seen).filter(|due| {
        let mut settlements = SETTLING.iter().flat_map(|link_type| sight.linking_to(seen.id, Some(*link_type)));
        let is_settled = |settlement: Seen| settles_by(settlement.validity.as_ref(), *due);
        a <= *due && *due < b && !settlements.any(is_settled)
    });
    Turns::of(seen.temporal_type, seen.validity.as_ref(), due)
}

/// Puts in order what comes up to the end of the page, and no more.
fn page(sight: &Sight<'_>, query: &UpcomingQuery, (claims, mut turns): Found) -> Result<Upcoming, Damaged> {
    let mut upcoming = Upcoming { at: sight.at, turns: Vec::new(), next: None };
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let through = skip.saturating_add(query.page.entries).saturating_add(1);
    if through < turns.len() {
        turns.select_nth_unstable(through);
    }
    let first = turns.len().min(through);
    let turns = turns.get_mut(..first).unwrap_or_default();
    turns.sort_unstable();
    let mut bytes = 0;
    for (nth, (at, _, turn, claim)) in turns.iter().enumerate().skip(skip) {
        let Some(seen) = claims.get(*claim) else { continue };
        if upcoming.turns.len() >= query.page.entries || bytes >= query.page.bytes {
            upcoming.next = Some(nth as u64);
            break;
        }
        let claim = sight.message(seen)?;
        bytes += claim.encoded_len();
        upcoming.turns.push(UpcomingTurn { turn: *turn, at: *at, claim });
    }
    Ok(upcoming)
}
