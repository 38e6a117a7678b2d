//! The state over a span of valid time, at one cut: the segments of [`detente_domain::timeline`], page by page.
//!
//! A page holds at most a number of segments, and ends after a number of bytes: ids in lists and their claims, each named
//! once a page. One segment may name more claims than fit, so a page can end inside a segment; the next one then begins
//! with the same segment and the rest of its claims. Segments are numbered from the beginning of the span. Claims that
//! entered or left did so against the segment before, even if that is on the page before.

use crate::Ledger;
use crate::budget;
use crate::error::QueryError;
use crate::query::kept_answers::AnswerKey;
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::certainty::Certainty;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::edtf::DayRun;
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::timeline::{Course, Member, Segment, Timeline, Walk};
use detente_domain::valid_time::ValidTime;
use detente_proto::v1;
use parking_lot::Mutex;
use prost::Message;
use std::collections::HashSet;
use std::sync::Arc;

/// The bytes of an id in a list, about.
const ID_BYTES: usize = 38;
/// The bytes of a claim's course and of where it cuts the line, about.
const COURSE_BYTES: usize = 250;
/// The bytes of one of its stretches, where it has gaps, with all that is made of it, about.
const STRETCH_BYTES: usize = 200;
/// The bytes of a segment without its lists, about.
const SEGMENT_BYTES: usize = 64;

/// A question for the course of the state.
#[derive(Clone, Debug)]
pub struct TimelineQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The first instant of the span; none: where the first of the claims may begin.
    pub from: Option<Moment>,
    /// The instant after the span; none: where the last of the claims may end.
    pub until: Option<Moment>,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The place at which the page begins.
    pub start: TimelinePlace,
    /// The size of the page.
    pub page: PageSize,
}

/// A place in a timeline: a segment, and the number of its claims that were returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimelinePlace {
    /// The number of the segment.
    pub segment: u32,
    /// The number of its claims before the place.
    pub member: u32,
}

impl From<u64> for TimelinePlace {
    fn from(number: u64) -> Self {
        let half = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self { segment: half(number >> 32), member: half(number) }
    }
}

impl From<TimelinePlace> for u64 {
    fn from(place: TimelinePlace) -> Self {
        Self::from(place.segment) << 32 | Self::from(place.member)
    }
}

/// A page of the course of the state.
#[derive(Clone, Debug)]
pub struct TimelinePage {
    /// The cut.
    pub at: ResolvedCut,
    /// The whole span: its first instant, and the one after it; none where there are no segments.
    pub span: Option<(Moment, Moment)>,
    /// The segments, in order.
    pub segments: Vec<TimelineSegment>,
    /// The claims that they name, each once.
    pub claims: Vec<v1::Claim>,
    /// The start of the next page, if there is one.
    pub next: Option<TimelinePlace>,
}

/// A stretch of valid time in which nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineSegment {
    /// Its first instant.
    pub from: Moment,
    /// The first instant after it.
    pub until: Moment,
    /// The claims that are so in all readings.
    pub definite: Vec<ClaimId>,
    /// The claims that are so in some readings.
    pub possible: Vec<ClaimId>,
    /// The claims that are more certain than in the segment before.
    pub entered: Vec<ClaimId>,
    /// The claims that are less certain than in the segment before.
    pub left: Vec<ClaimId>,
    /// True if the next page has the rest of it.
    pub continues: bool,
}

impl Ledger {
    /// The course of the state.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or stored bytes are damaged.
    pub fn timeline(&self, query: &TimelineQuery) -> Result<TimelinePage, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let asked = TimelineScope { from: query.from, until: query.until };
            let key = AnswerKey::of(sight, &query.filter, &query.supposed, asked);
            let is_later = query.start != TimelinePlace::default();
            let reading =
                self.kept_answers.read(key, is_later, || Ok::<_, QueryError>(OrderedTimeline::of(sight, query)))?;
            let ordered = Arc::clone(&reading.entries);
            let mut page = TimelinePageDraft::new(sight, &ordered.claims, query.page);
            let walk = ordered.reached.lock().take().unwrap_or_default();
            let (next, reached) = page.fill(&ordered.timeline, walk, query.start)?;
            page.next = next;
            let bytes = ordered.bytes() + reached.bytes();
            *ordered.reached.lock() = Some(reached);
            reading.end(page.next.is_some(), ordered.claims.len(), bytes);
            let (at, span) = (sight.at, ordered.timeline.span());
            Ok(TimelinePage { at, span, segments: page.segments, claims: page.messages, next: page.next })
        })
    }
}

/// The parameters that a timeline depends on, besides filter, cut and suppositions.
#[derive(Debug, PartialEq)]
struct TimelineScope {
    from: Option<Moment>,
    until: Option<Moment>,
}

/// A timeline with its claims, and the place that the last page of it came to.
struct OrderedTimeline {
    timeline: Timeline,
    claims: Vec<ClaimId>,
    reached: Mutex<Option<Walk>>,
}

impl OrderedTimeline {
    fn of(sight: &Sight<'_>, query: &TimelineQuery) -> Self {
        let (claims, courses) = claims_with_courses(sight, query);
        let timeline = Timeline::of(&courses, query.from, query.until);
        Self { timeline, claims: claims.iter().map(|seen| seen.id).collect(), reached: Mutex::default() }
    }

    fn bytes(&self) -> usize {
        self.timeline.bytes() + self.claims.len() * size_of::<ClaimId>()
    }
}

/// The claims that can be in a segment, each with its course.
fn claims_with_courses(sight: &Sight<'_>, query: &TimelineQuery) -> (Vec<ClaimSight>, Vec<Course>) {
    let seen = match query.from.zip(query.until) {
        Some((from, until)) => sight.touching(&query.filter, from, until, false),
        None => sight.matching(&query.filter, false),
    };
    budget::hold(seen.len().saturating_mul(size_of::<ClaimSight>() + COURSE_BYTES));
    let span = DayRun::of(query.from.unwrap_or(Moment::MIN), query.until.unwrap_or(Moment::MAX));
    let with_course = |seen: ClaimSight| {
        let stretches = seen.valid.as_ref().and_then(ValidTime::days).map_or(0, |days| days.most_runs(span));
        budget::hold(stretches.saturating_mul(STRETCH_BYTES));
        budget::steps(u32::try_from(stretches).unwrap_or(u32::MAX).saturating_add(1));
        Course::of(seen.temporal_type, seen.valid.clone()).map(|course| (seen, course))
    };
    seen.into_iter().filter_map(with_course).unzip()
}

/// A page while it is filled.
struct TimelinePageDraft<'s, 'v> {
    sight: &'s Sight<'v>,
    claims: &'s [ClaimId],
    size: PageSize,
    bytes: usize,
    named: HashSet<usize>,
    segments: Vec<TimelineSegment>,
    messages: Vec<v1::Claim>,
    next: Option<TimelinePlace>,
}

impl<'s, 'v> TimelinePageDraft<'s, 'v> {
    fn new(sight: &'s Sight<'v>, claims: &'s [ClaimId], size: PageSize) -> Self {
        let (named, segments, messages) = (HashSet::new(), Vec::new(), Vec::new());
        Self { sight, claims, size, bytes: 0, named, segments, messages, next: None }
    }

    /// Puts in segments from a place on, with what an earlier walk knows. Returns where it had to stop, if it had to, and the
    /// walk up to there.
    fn fill(
        &mut self,
        timeline: &Timeline,
        walk: Walk,
        start: TimelinePlace,
    ) -> Result<(Option<TimelinePlace>, Walk), QueryError> {
        let mut place = start;
        let mut segments = timeline.segments_after(walk, start.segment as usize);
        loop {
            let walk = segments.walk().clone();
            let Some(segment) = segments.next() else { return Ok((None, walk)) };
            if self.segments.len() >= self.size.entries || self.bytes >= self.size.bytes {
                return Ok((Some(place), walk));
            }
            let mut told = self.begin(&segment);
            budget::steps(u32::try_from(segment.members.len()).unwrap_or(u32::MAX));
            for member in segment.members.iter().skip(place.member as usize) {
                if self.bytes >= self.size.bytes {
                    told.continues = true;
                    self.segments.push(told);
                    return Ok((Some(place), walk));
                }
                self.tell(member, &mut told)?;
                place.member = place.member.saturating_add(1);
            }
            self.segments.push(told);
            place = TimelinePlace { segment: place.segment.saturating_add(1), member: 0 };
        }
    }

    fn begin(&mut self, segment: &Segment) -> TimelineSegment {
        self.bytes += SEGMENT_BYTES;
        let (definite, possible, entered, left) = Default::default();
        let (from, until) = (segment.from, segment.until);
        TimelineSegment { from, until, definite, possible, entered, left, continues: false }
    }

    fn tell(&mut self, member: &Member, told: &mut TimelineSegment) -> Result<(), QueryError> {
        let Some(id) = self.claims.get(member.claim).copied() else { return Ok(()) };
        let mut list = |ids: &mut Vec<ClaimId>| {
            ids.push(id);
            self.bytes += ID_BYTES;
        };
        match member.now {
            Some(Certainty::Definite) => list(&mut told.definite),
            Some(Certainty::Possible) => list(&mut told.possible),
            None => {}
        }
        match surer(member.now).cmp(&surer(member.before)) {
            std::cmp::Ordering::Greater => list(&mut told.entered),
            std::cmp::Ordering::Less => list(&mut told.left),
            std::cmp::Ordering::Equal => {}
        }
        if self.named.insert(member.claim) {
            let message = self.sight.message(&self.sight.found_again(id)?)?;
            self.bytes += message.encoded_len();
            self.messages.push(message);
        }
        Ok(())
    }
}

/// Not at all, possibly, surely.
const fn surer(certainty: Option<Certainty>) -> u8 {
    match certainty {
        None => 0,
        Some(Certainty::Possible) => 1,
        Some(Certainty::Definite) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_through_a_page_token() {
        for (segment, member) in [(0, 0), (0, 1), (1, 0), (u32::MAX, u32::MAX)] {
            let place = TimelinePlace { segment, member };
            assert_eq!(TimelinePlace::from(u64::from(place)), place);
        }
    }
}
