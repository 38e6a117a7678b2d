//! Gaps of the record at one cut: uncovered days, and claims that rest on too little.
//!
//! All gaps are found first, as small notes, and put in order; a claim is put together only for the page that shows it. The
//! origins of a source are found once, however many claims cite it.

use crate::Ledger;
use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::query::kept_answers::AnswerKey;
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::{FacetKind, Filter};
use detente_domain::gaps::{GapType, age_days, uncovered_runs};
use detente_domain::moment::Moment;
use detente_domain::name::{ClaimId, DisputeId};
use detente_domain::origins::{Origin, OriginCounts};
use detente_domain::period::Period;
use detente_domain::relationship::RelationshipId;
use detente_domain::valid_time::ValidTime;
use detente_domain::validity::Validity;
use detente_proto::v1;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A question for gaps.
#[derive(Clone, Debug)]
pub struct GapsQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// Only these types.
    pub types: BTreeSet<GapType>,
    /// The first instant of the span in which uncovered days are looked for; none: where the first claim may begin.
    pub from: Option<Moment>,
    /// The instant after that span; none: the end of the asked date.
    pub until: Option<Moment>,
    /// The date to whose end age is counted.
    pub valid_at: Period,
    /// The age in days from which knowledge is stale.
    pub stale_days: i64,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The number of gaps to skip.
    pub skip: u64,
    /// The size of the page.
    pub page: PageSize,
}

/// A page of gaps.
#[derive(Clone, Debug)]
pub struct GapsPage {
    /// The cut.
    pub at: ResolvedCut,
    /// The gaps, by sort; uncovered days by relationship and time, the rest by first recording of the claim.
    pub gaps: Vec<Gap>,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// A gap.
#[derive(Clone, Debug, PartialEq)]
pub enum Gap {
    /// Days of a relationship that no sourced claim covers: the first instant, and the one after.
    UncoveredSpan(String, Moment, Moment),
    /// A claim lacks something.
    Of(Box<v1::Claim>, Lack),
}

/// The thing that a claim lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A date.
    Date,
    /// A second origin; has the only one, if there is one.
    Origins(Option<String>),
    /// A recent confirmation; has the age of the last one in days, if there is one.
    Confirmation(Option<i64>),
    /// The end of a dispute.
    Resolution(DisputeId),
}

/// The parameters that gaps depend on, besides filter, cut and suppositions.
#[derive(Debug, PartialEq)]
struct GapsScope {
    types: BTreeSet<GapType>,
    from: Option<Moment>,
    until: Option<Moment>,
    valid_at: Period,
    stale_days: i64,
}

/// A gap before it is shown.
enum Note {
    Span(Arc<str>, Moment, Moment),
    Claim(ClaimId, Lack),
}

impl Note {
    fn bytes(&self) -> usize {
        let origin = match self {
            Self::Claim(_, Lack::Origins(Some(origin))) => origin.len(),
            _ => 0,
        };
        size_of::<Self>() + origin
    }
}

impl Ledger {
    /// The gaps.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or stored bytes are damaged.
    pub fn gaps(&self, query: &GapsQuery) -> Result<GapsPage, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let GapsQuery { from, until, valid_at, stale_days, .. } = *query;
            let asked = GapsScope { types: query.types.clone(), from, until, valid_at, stale_days };
            let key = AnswerKey::of(sight, &query.filter, &query.supposed, asked);
            let reading = self.kept_answers.read(key, query.skip > 0, || notes(sight, query))?;
            let (gaps, next) = page(sight, &reading.entries, query)?;
            let (count, bytes) = (reading.entries.len(), reading.entries.iter().map(Note::bytes).sum());
            reading.end(next.is_some(), count, bytes);
            Ok(GapsPage { at: sight.at, gaps, next })
        })
    }
}

/// All gaps, in order.
fn notes(sight: &Sight<'_>, query: &GapsQuery) -> Result<Vec<Note>, ReadFailure> {
    let claims = sight.matching(&query.filter, false);
    let mut sources = Sources { sight, counts: OriginCounts::default(), withdrawn: HashMap::new() };
    let mut notes = Vec::new();
    for gap_type in &query.types {
        match gap_type {
            GapType::UncoveredSpan => notes.extend(spans(query, &claims, &mut sources)),
            other => note_claims(*other, query, &claims, &mut sources, &mut notes)?,
        }
    }
    Ok(notes)
}

fn note_claims(
    gap_type: GapType,
    query: &GapsQuery,
    claims: &[ClaimSight],
    sources: &mut Sources<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<(), ReadFailure> {
    for seen in claims {
        budget::step();
        let lacks = match gap_type {
            GapType::UncoveredSpan => Vec::new(),
            GapType::NoDate => no_date(sources.sight, seen)?.into_iter().collect(),
            GapType::SingleOrigin => sources.single_origin(seen).into_iter().collect(),
            GapType::Stale => stale(query, seen).into_iter().collect(),
            GapType::OpenDispute => {
                let standing = sources.sight.standing_disputes(seen).into_iter();
                standing.map(|dispute| Lack::Resolution(DisputeId(dispute.id))).collect()
            }
        };
        budget::hold(lacks.len().saturating_mul(size_of::<Note>()));
        notes.extend(lacks.into_iter().map(|lack| Note::Claim(seen.id, lack)));
    }
    Ok(())
}

/// The corners rule out most claims; whether an end without a limit is a date all the same (`[..2025]`), its words say.
fn no_date(sight: &Sight<'_>, seen: &ClaimSight) -> Result<Option<Lack>, ReadFailure> {
    let is_limited = |v: &Validity| v.earliest_start.is_finite() || v.latest_end.is_finite();
    if seen.valid.as_ref().is_none_or(|valid| is_limited(valid.instants())) {
        return Ok(None);
    }
    let claim = sight.claim(seen)?;
    let has_date = claim.time.bounds().is_none_or(|(from, to)| from.date().or(to.date()).is_some());
    Ok((!has_date).then_some(Lack::Date))
}

fn stale(query: &GapsQuery, seen: &ClaimSight) -> Option<Lack> {
    let corners = seen.valid.as_ref().map(|valid| valid.for_period(&query.valid_at));
    let may_hold = corners.is_some_and(|corners| corners.earliest_start < query.valid_at.b);
    if !(seen.end_open && may_hold) {
        return None;
    }
    let age = seen.as_of.map(|as_of| age_days(as_of, &query.valid_at));
    age.is_none_or(|age| age > query.stale_days).then_some(Lack::Confirmation(age))
}

/// The uncovered days of each relationship, by its id.
fn spans(query: &GapsQuery, claims: &[ClaimSight], sources: &mut Sources<'_, '_>) -> Vec<Note> {
    let starts = claims.iter().filter_map(|seen| seen.valid.as_ref()).map(|valid| valid.dates().earliest_start);
    let Some(from) = query.from.or_else(|| starts.filter(|start| start.is_finite()).min()) else { return Vec::new() };
    let span = (from, query.until.unwrap_or(query.valid_at.b));
    let asked = asked_relationships(sources.sight, &query.filter);
    // A relationship that the filter names is uncovered throughout if no claim bears on it.
    let mut covers: BTreeMap<String, Vec<(Moment, Moment)>> =
        asked.iter().flatten().map(|asked| (asked.clone(), Vec::new())).collect();
    for seen in claims {
        budget::step();
        let covered = stretches_in(seen.valid.as_ref().filter(|_| sources.has_any(seen)), span);
        for relationship in sources.sight.relationships_of(seen) {
            if asked.as_ref().is_none_or(|asked| asked.contains(&relationship)) {
                budget::hold(size_of_val(covered.as_slice()));
                covers.entry(relationship).or_default().extend(&covered);
            }
        }
    }
    let gaps_of = |(relationship, covers): (String, Vec<_>)| {
        let relationship: Arc<str> = relationship.into();
        uncovered_runs(span, covers).into_iter().map(move |(a, b)| Note::Span(Arc::clone(&relationship), a, b))
    };
    covers.into_iter().flat_map(gaps_of).collect()
}

/// The stretches of a span that a valid time may cover, by the dates it is written with.
fn stretches_in(valid: Option<&ValidTime>, span: (Moment, Moment)) -> Vec<(Moment, Moment)> {
    let stretches = valid.into_iter().flat_map(|valid| valid.stretches(valid.dates(), span));
    stretches.inspect(|_| budget::step()).collect()
}

/// The relationships that a filter names, if each of its items names some; merged parties answer as their survivors, and
/// where that leaves one party there is no relationship.
fn asked_relationships(sight: &Sight<'_>, filter: &Filter) -> Option<BTreeSet<String>> {
    let named = filter.items.iter().all(|item| !item.relationships.is_empty());
    let today = |relationship: &RelationshipId| {
        let survivors: BTreeSet<&str> = relationship.parties().map(|party| sight.survivor(party)).collect();
        (survivors.len() > 1).then(|| survivors.into_iter().collect::<Vec<_>>().join("-"))
    };
    let all = filter.items.iter().flat_map(|item| &item.relationships).filter_map(today);
    (named && !filter.items.is_empty()).then(|| all.collect())
}

/// The gaps of a page, and where the next one begins.
fn page(sight: &Sight<'_>, notes: &[Note], query: &GapsQuery) -> Result<(Vec<Gap>, Option<u64>), ReadFailure> {
    let (mut gaps, mut bytes) = (Vec::new(), 0);
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    for (note, nth) in notes.iter().zip(0_u64..).skip(skip) {
        if gaps.len() >= query.page.entries || bytes >= query.page.bytes {
            return Ok((gaps, Some(nth)));
        }
        gaps.push(match note {
            Note::Span(relationship, from, until) => {
                bytes += relationship.len() + 32;
                Gap::UncoveredSpan(relationship.to_string(), *from, *until)
            }
            Note::Claim(id, lack) => {
                let claim = sight.message(&sight.found_again(*id)?)?;
                bytes += claim.encoded_len() + 64;
                Gap::Of(Box::new(claim), lack.clone())
            }
        });
    }
    Ok((gaps, None))
}

/// The sources that claims cite, with what has been found of them.
struct Sources<'s, 'v> {
    sight: &'s Sight<'v>,
    counts: OriginCounts,
    /// Maps each source to true if it is withdrawn.
    withdrawn: HashMap<String, bool>,
}

impl Sources<'_, '_> {
    /// Returns true if a claim cites a source that is not withdrawn.
    fn has_any(&mut self, seen: &ClaimSight) -> bool {
        self.sources_of(seen).into_iter().any(|source| !self.is_withdrawn(source))
    }

    fn single_origin(&mut self, seen: &ClaimSight) -> Option<Lack> {
        let mut found = None;
        for source in self.sources_of(seen) {
            if self.is_withdrawn(source.clone()) {
                continue;
            }
            let sight = self.sight;
            let of = |id: &str| {
                budget::step();
                sight.source(id).map(|(source, _)| source.derives_from).unwrap_or_default()
            };
            let Origin::One(origin) = self.counts.of(&source, of) else { return None };
            if found.as_ref().is_some_and(|found| *found != origin) {
                return None;
            }
            found = Some(origin);
        }
        Some(Lack::Origins(found))
    }

    fn sources_of(&self, seen: &ClaimSight) -> Vec<String> {
        let mut cited = Vec::new();
        self.sight.facets(seen, FacetKind::Source, |source| cited.push(source.to_owned()));
        cited
    }

    fn is_withdrawn(&mut self, source: String) -> bool {
        let sight = self.sight;
        let is_withdrawn = |source: &String| sight.source(source).is_some_and(|(_, withdrawn)| withdrawn);
        *self.withdrawn.entry(source).or_insert_with_key(is_withdrawn)
    }
}
