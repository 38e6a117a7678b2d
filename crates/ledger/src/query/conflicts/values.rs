//! Conflicts of two values where there can be one, in the order in which they are listed: by their later sides.
//!
//! The claims of a matter are brought together when the first later side on it comes, and those before a later side enter
//! the tree of `domain::rivals` as the walk goes on. So a page costs the matters that it comes across and the rivals of its
//! later sides, however many conflicts there are.
//!
//! ```text
//!   all in question       later sides come claim by claim out of the record; a matter is looked up when one comes on it
//!   some in question      these and the other claims on their matters are known before
//! ```

use super::ConflictsQuery;
use crate::budget;
use crate::error::ReadFailure;
use crate::query::contradiction::{About, SingleValued, has_value};
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::certainty::Certainty;
use detente_domain::conflict::ConflictValue;
use detente_domain::filter::{Filter, FilterItem, Pattern};
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::relationship::RelationshipId;
use detente_domain::rivals::{CountingSides, Matter};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// Two values where there can be one: the later recorded claim first.
pub(super) struct Clash<'m> {
    /// The claims and their values.
    pub(super) sides: [(&'m ClaimSight, &'m ConflictValue); 2],
    /// The relationship that can have only one.
    pub(super) relationship: &'m str,
    /// Certain if the two hold together in all readings of their dates.
    pub(super) certainty: Certainty,
}

/// The matters that a question comes across.
pub(super) struct Values<'s, 'v> {
    sight: &'s Sight<'v>,
    /// The span in question, which a claim must touch.
    span: (Moment, Moment),
    kinds: SingleValued,
    numbers: HashMap<About, usize>,
    matters: Vec<KnownMatter>,
}

/// A matter, as far as it is known.
struct KnownMatter {
    about: About,
    /// Its claims, each with true if it is in question, once they are known and until they are opened.
    claims: Option<Vec<(ClaimSight, bool)>>,
    opened: Option<OpenMatter>,
}

/// A claim of an opened matter.
struct ValueEntry {
    seen: ClaimSight,
    is_asked: bool,
}

/// A matter whose claims enter in the order in which they were first recorded.
struct OpenMatter {
    matter: Matter<ValueEntry>,
    all: CountingSides,
    /// The claims in question, unless all are.
    asked: Option<CountingSides>,
    /// The places by order, and how many of them have entered.
    by_order: Vec<(u64, usize)>,
    entered: usize,
}

impl<'s, 'v> Values<'s, 'v> {
    /// Nothing known yet.
    pub(super) fn new(sight: &'s Sight<'v>, query: &ConflictsQuery) -> Self {
        let span = query.valid_at.map_or((Moment::MIN, Moment::MAX), |period| (period.a, period.b));
        Self { sight, span, kinds: SingleValued::default(), numbers: HashMap::new(), matters: Vec::new() }
    }

    /// Brings together the matters of the given claims, with the other claims on these if they count too. Returns every
    /// claim that can be a later side, with its matter, in order.
    pub(super) fn gather(&mut self, asked: &[ClaimSight], with_others: bool) -> Vec<(u64, usize)> {
        let ids: HashSet<u64> = asked.iter().map(|seen| seen.order).collect();
        let mut later = Vec::new();
        for seen in asked {
            budget::step();
            for about in self.kinds.matters(self.sight, seen) {
                let matter = self.number(about);
                self.put(matter, seen, true, &mut later);
            }
        }
        let others = if with_others { self.others(asked) } else { Vec::new() };
        for seen in others.iter().filter(|seen| !ids.contains(&seen.order)) {
            budget::step();
            for about in self.kinds.matters(self.sight, seen) {
                if let Some(matter) = self.numbers.get(&about).copied() {
                    self.put(matter, seen, false, &mut later);
                }
            }
        }
        later.sort_unstable();
        later
    }

    fn put(&mut self, matter: usize, seen: &ClaimSight, is_asked: bool, later: &mut Vec<(u64, usize)>) {
        if let Some(known) = self.matters.get_mut(matter) {
            budget::hold(size_of::<ValueEntry>() + size_of::<(u64, usize)>());
            known.claims.get_or_insert_default().push((seen.clone(), is_asked));
            later.push((seen.order, matter));
        }
    }

    /// The claims on the matters of the asked ones, as far as they can clash with these.
    fn others(&self, asked: &[ClaimSight]) -> Vec<ClaimSight> {
        let validities =
            || asked.iter().filter(|seen| has_value(seen)).filter_map(|seen| Some(seen.valid.as_ref()?.hull()));
        let starts = validities().map(|validity| validity.earliest_start).min();
        let ends = validities().map(|validity| validity.latest_end).max();
        let Some((start, end)) = starts.zip(ends).filter(|_| !self.numbers.is_empty()) else { return Vec::new() };
        let (a, b) = if self.span == (Moment::MIN, Moment::MAX) { (start, end) } else { self.span };
        let (kinds, relationships): (HashSet<_>, HashSet<_>) =
            self.numbers.keys().map(|(kind, relationship)| (kind.as_str(), relationship.as_str())).unzip();
        let mut others = self.sight.touching(&on(&kinds, &relationships), a, b, false);
        if self.span == (a, b) {
            others.retain(|seen| seen.valid.as_ref().is_some_and(|valid| valid.may_touch(&Period { a, b })));
        }
        others
    }

    /// The numbers of the matters of a claim.
    pub(super) fn matters_of(&mut self, seen: &ClaimSight) -> Vec<usize> {
        let matters = self.kinds.matters(self.sight, seen);
        matters.into_iter().map(|about| self.number(about)).collect()
    }

    fn number(&mut self, about: About) -> usize {
        let next = self.matters.len();
        let number = *self.numbers.entry(about.clone()).or_insert(next);
        if number == next {
            budget::hold(size_of::<KnownMatter>() + 2 * (about.0.len() + about.1.len()));
            self.matters.push(KnownMatter { about, claims: None, opened: None });
        }
        number
    }

    /// Calls `found` with each clash on a matter of which the claim with this order is the later side. Later sides must
    /// come in order.
    pub(super) fn clashes(
        &mut self,
        (order, matter): (u64, usize),
        mut found: impl FnMut(Clash<'_>),
    ) -> Result<(), ReadFailure> {
        let Self { sight, span, kinds, matters, .. } = self;
        let Some(known) = matters.get_mut(matter) else { return Ok(()) };
        let opened = match &mut known.opened {
            Some(opened) => opened,
            closed => closed.insert(open(sight, *span, kinds, (&known.about, known.claims.take()), order)?),
        };
        opened.enter_before(order);
        let Some(place) = opened.place_of(order) else { return Ok(()) };
        let OpenMatter { matter, all, asked, .. } = &*opened;
        let Some(later) = matter.sides().get(place) else { return Ok(()) };
        let counting = asked.as_ref().filter(|_| !later.claim.is_asked).unwrap_or(all);
        matter.rivals(counting, place, budget::step, |other, certainty| {
            let sides = [(&later.claim.seen, &later.value), (&other.claim.seen, &other.value)];
            found(Clash { sides, relationship: &known.about.1, certainty });
            ControlFlow::Continue(())
        });
        Ok(())
    }
}

/// Opens a matter with those of its claims entered that come before an order.
fn open(
    sight: &Sight<'_>,
    (a, b): (Moment, Moment),
    kinds: &mut SingleValued,
    ((kind, relationship), claims): (&About, Option<Vec<(ClaimSight, bool)>>),
    order: u64,
) -> Result<OpenMatter, ReadFailure> {
    let all = || {
        let filter = on(&HashSet::from([kind.as_str()]), &HashSet::from([relationship.as_str()]));
        let claims = sight.touching(&filter, a, b, false).into_iter().filter(has_value);
        claims.map(|seen| (seen, true)).collect()
    };
    let claims: Vec<(ClaimSight, bool)> = claims.unwrap_or_else(all);
    let some_are_not_asked = claims.iter().any(|(_, is_asked)| !is_asked);
    let entries = claims.into_iter().map(|(seen, is_asked)| (seen.clone(), ValueEntry { seen, is_asked })).collect();
    let matter = match kinds.part(sight, kind.clone()) {
        Some(part) => sight.matter(part, entries)?,
        None => Matter::new(Vec::new()),
    };
    let mut by_order: Vec<(u64, usize)> =
        matter.sides().iter().zip(0..).map(|(side, place)| (side.claim.seen.order, place)).collect();
    by_order.sort_unstable();
    let entered = by_order.partition_point(|(of, _)| *of < order);
    let all = matter.counting_sides(|side| side.claim.seen.order < order);
    let of_asked = || matter.counting_sides(|side| side.claim.is_asked && side.claim.seen.order < order);
    let asked = some_are_not_asked.then(of_asked);
    Ok(OpenMatter { matter, all, asked, by_order, entered })
}

/// The claims of these kinds that bear on these relationships.
fn on(kinds: &HashSet<&str>, relationships: &HashSet<&str>) -> Filter {
    let kinds = kinds.iter().map(|kind| Pattern::Exact((*kind).into())).collect();
    let relationships = relationships.iter().filter_map(|id| RelationshipId::parse(id).ok()).collect();
    Filter { items: vec![FilterItem { kinds, relationships, ..FilterItem::default() }] }
}

impl OpenMatter {
    /// Lets the claims enter that were first recorded before an order.
    fn enter_before(&mut self, order: u64) {
        while let Some((_, place)) = self.by_order.get(self.entered).filter(|(of, _)| *of < order) {
            budget::step();
            self.matter.enter(&mut self.all, *place);
            let is_asked = self.matter.sides().get(*place).is_some_and(|side| side.claim.is_asked);
            if let Some(asked) = self.asked.as_mut().filter(|_| is_asked) {
                self.matter.enter(asked, *place);
            }
            self.entered += 1;
        }
    }

    fn place_of(&self, order: u64) -> Option<usize> {
        let at = self.by_order.binary_search_by_key(&order, |(of, _)| *of).ok()?;
        self.by_order.get(at).map(|(_, place)| *place)
    }
}
