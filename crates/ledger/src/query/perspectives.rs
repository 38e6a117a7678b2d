//! The state at a date from several points of view, side by side.
//!
//! From the view of a party or a source it is the state of the claims that come from it. From the view of an order of
//! authorities it is the state of the claims that come from any of them; of claims that contradict one another, those of
//! the higher authority count (`domain::perspective`). Claims contradict one another by a link, or because of two values
//! where there can be one; a dispute alone does not make a claim give way.

use crate::Ledger;
use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::query::contradiction::{About, SingleValued};
use crate::query::page_size::PageSize;
use crate::query::state::StateMatch;
use crate::read::cut::ResolvedCut;
use crate::read::evaluation::EvaluatedState;
use crate::read::sight::{ClaimSight, Sight};
use crate::store::StateQuestion;
use detente_domain::certainty::{Certainty, Mode};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::emptiness::{Emptiness, Findings};
use detente_domain::filter::{FacetKind, Filter, Voice};
use detente_domain::gaps::age_days;
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_domain::perspective::{RankedClaim, Rivals, counting};
use detente_domain::rivals::{CountingSides, Matter};
use detente_domain::vocabulary::LinkType;
use detente_proto::v1;
use prost::Message;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// A question for the state from several points of view.
#[derive(Clone, Debug)]
pub struct PerspectivesQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The points of view.
    pub perspectives: Vec<Perspective>,
    /// The asked date.
    pub valid_at: Period,
    /// The mode; none: HOLDS_AT for states and OCCURRED_BY for events.
    pub mode: Option<Mode>,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The number of matches in each view, and the bytes of all views together.
    pub page: PageSize,
}

/// One point of view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Perspective {
    /// The view of one voice.
    Of(Voice),
    /// The view of an order of authorities, the highest first.
    Authorities(Vec<Voice>),
}

/// The state from several points of view.
#[derive(Clone, Debug)]
pub struct Perspectives {
    /// The cut.
    pub at: ResolvedCut,
    /// The states, one for each point of view of the query, in that order.
    pub views: Vec<PerspectiveState>,
}

/// The state from one point of view.
#[derive(Clone, Debug)]
pub struct PerspectiveState {
    /// The first claims, as in the state.
    pub matches: Vec<(StateMatch, v1::Claim)>,
    /// The reason why it is empty, or that it is not.
    pub emptiness: Emptiness,
    /// The number of claims.
    pub total: u64,
    /// The number of claims that gave way to one of a higher authority.
    pub overruled: u64,
}

/// The bytes of the numbers that are kept of each claim until it is decided, about.
const NUMBER_BYTES: usize = 100;

impl Ledger {
    /// The state from several points of view.
    ///
    /// # Errors
    /// If the cut cannot be resolved, the suppositions do not fit, or stored bytes are damaged.
    pub fn perspectives(&self, query: &PerspectivesQuery) -> Result<Perspectives, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let views = query.perspectives.iter().map(|perspective| view(sight, query, perspective));
            Ok(Perspectives { at: sight.at, views: views.collect::<Result<_, ReadFailure>>()? })
        })
    }
}

fn view(sight: &Sight<'_>, query: &PerspectivesQuery, from: &Perspective) -> Result<PerspectiveState, ReadFailure> {
    let voices = match from {
        Perspective::Of(voice) => std::slice::from_ref(voice),
        Perspective::Authorities(voices) => voices,
    };
    let filter = query.filter.from_voices(voices);
    let question = StateQuestion { filter: &filter, asked: query.valid_at, mode: query.mode, include_retracted: false };
    let mut state = sight.state(&question);
    let all = state.matches.len();
    if matches!(from, Perspective::Authorities(_)) {
        state = by_authority(sight, state, voices)?;
    }
    let bytes = query.page.bytes / query.perspectives.len().max(1);
    Ok(PerspectiveState {
        emptiness: state.findings.emptiness(),
        total: state.matches.len() as u64,
        overruled: (all - state.matches.len()) as u64,
        matches: first_matches(sight, &state, query.valid_at, PageSize { bytes, ..query.page })?,
    })
}

/// The first matches with their claims.
fn first_matches(
    sight: &Sight<'_>,
    state: &EvaluatedState,
    asked: Period,
    page: PageSize,
) -> Result<Vec<(StateMatch, v1::Claim)>, ReadFailure> {
    let (mut shown, mut bytes) = (Vec::new(), 0);
    for (seen, certainty) in state.matches.iter().take(page.entries) {
        let claim = sight.message(seen)?;
        bytes += claim.encoded_len();
        // There may be many points of view, each with a claim too many.
        if bytes > page.bytes && !shown.is_empty() {
            break;
        }
        let reached = seen.as_of.filter(|_| seen.end_open);
        let as_of_age_days = reached.map(|reached| age_days(reached, &asked));
        shown.push((StateMatch { certainty: *certainty, as_of_age_days }, claim));
    }
    Ok(shown)
}

/// The state that is left if claims give way to those of a higher authority.
fn by_authority(
    sight: &Sight<'_>,
    state: EvaluatedState,
    authorities: &[Voice],
) -> Result<EvaluatedState, ReadFailure> {
    budget::hold(state.matches.len().saturating_mul(size_of::<RankedClaim>() + NUMBER_BYTES));
    let ranked: Vec<RankedClaim> = state
        .matches
        .iter()
        .map(|(seen, certainty)| RankedClaim { rank: rank(sight, seen, authorities), certainty: *certainty })
        .collect();
    let counts = counting(&ranked, &mut Contradictions::among(sight, &state.matches)?);
    let mut findings = state.findings;
    if counts.contains(&false) {
        findings = Findings::default();
    }
    let mut matches = state.matches;
    let mut counts = counts.into_iter();
    matches.retain(|_| counts.next().unwrap_or(true));
    matches.iter().for_each(|(seen, certainty)| findings.note(*certainty, seen.modality.is_absence()));
    Ok(EvaluatedState { matches, findings })
}

/// The place of the highest authority that a claim comes from.
fn rank(sight: &Sight<'_>, seen: &ClaimSight, authorities: &[Voice]) -> usize {
    let says = |voice: &Voice| {
        let mut says = false;
        match voice {
            Voice::Party(party) => sight.facets(seen, FacetKind::AssertedBy, |key| {
                says |= sight.survivor(key) == sight.survivor(party.as_str());
            }),
            Voice::Source(source) => sight.facets(seen, FacetKind::Source, |key| says |= key == source.as_str()),
        }
        says
    };
    authorities.iter().position(says).unwrap_or(authorities.len())
}

/// Claims that contradict one another, by their numbers, and those of them that count.
struct Contradictions {
    certainties: Vec<Certainty>,
    counts: Vec<bool>,
    /// Maps each claim to the claims that a link joins to it.
    linked: HashMap<usize, Vec<usize>>,
    matters: Vec<CountingMatter>,
    /// Maps each claim to its matters and its place in them.
    places: HashMap<usize, Vec<(usize, usize)>>,
}

/// A matter, with those of its claims that count.
struct CountingMatter {
    matter: Matter<usize>,
    definite: CountingSides,
    all: CountingSides,
}

impl Contradictions {
    fn among(sight: &Sight<'_>, claims: &[(ClaimSight, Certainty)]) -> Result<Self, ReadFailure> {
        let numbers: HashMap<ClaimId, usize> =
            claims.iter().enumerate().map(|(nth, (seen, _))| (seen.id, nth)).collect();
        let mut linked: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut matters: HashMap<About, Vec<(ClaimSight, usize)>> = HashMap::new();
        let mut kinds = SingleValued::default();
        for (nth, (seen, _)) in claims.iter().enumerate() {
            budget::step();
            let targets = sight.links_of(seen).into_iter().filter(|(of, _)| *of == LinkType::Contradicts);
            for other in targets.filter_map(|(_, target)| numbers.get(&target).copied()) {
                linked.entry(nth).or_default().push(other);
                linked.entry(other).or_default().push(nth);
            }
            for about in kinds.matters(sight, seen) {
                budget::hold(size_of::<(ClaimSight, usize)>());
                matters.entry(about).or_default().push((seen.clone(), nth));
            }
        }
        let certainties = claims.iter().map(|(_, certainty)| *certainty).collect();
        let counts = vec![false; claims.len()];
        let mut found = Self { certainties, counts, linked, matters: Vec::new(), places: HashMap::new() };
        for ((kind, _), claims) in matters.into_iter().filter(|(_, claims)| claims.len() > 1) {
            let Some(part) = kinds.part(sight, kind) else { continue };
            found.add(sight.matter(part, claims)?);
        }
        Ok(found)
    }

    fn add(&mut self, matter: Matter<usize>) {
        for (place, side) in matter.sides().iter().enumerate() {
            self.places.entry(side.claim).or_default().push((self.matters.len(), place));
        }
        let nobody = matter.counting_sides(|_| false);
        self.matters.push(CountingMatter { definite: nobody.clone(), all: nobody, matter });
    }

    fn certainty(&self, nth: usize) -> Certainty {
        self.certainties.get(nth).copied().unwrap_or(Certainty::Possible)
    }

    fn places(&self, nth: usize) -> impl Iterator<Item = (usize, usize)> {
        self.places.get(&nth).into_iter().flatten().copied()
    }
}

impl Rivals for Contradictions {
    fn overrule(&mut self, nth: usize) -> bool {
        let certainty = self.certainty(nth);
        let counts = |rival: &usize| self.counts.get(*rival).is_some_and(|counts| *counts);
        let mut linked = self.linked.get(&nth).into_iter().flatten();
        if linked.any(|rival| counts(rival) && self.certainty(*rival) <= certainty) {
            return true;
        }
        self.places(nth).any(|(at, place)| {
            let Some(CountingMatter { matter, definite, all }) = self.matters.get(at) else { return false };
            let entered = if certainty == Certainty::Definite { definite } else { all };
            let mut is_overruled = false;
            matter.rivals(entered, place, budget::step, |_, _| {
                is_overruled = true;
                ControlFlow::Break(())
            });
            is_overruled
        })
    }

    fn note(&mut self, nth: usize) {
        if let Some(counts) = self.counts.get_mut(nth) {
            *counts = true;
        }
        let is_definite = self.certainty(nth) == Certainty::Definite;
        for (at, place) in self.places(nth).collect::<Vec<_>>() {
            let Some(CountingMatter { matter, definite, all }) = self.matters.get_mut(at) else { continue };
            matter.enter(all, place);
            if is_definite {
                matter.enter(definite, place);
            }
        }
    }
}
