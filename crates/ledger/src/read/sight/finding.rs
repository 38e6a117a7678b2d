//! The claims that a sight finds.

use super::{ClaimSight, FoundRevision, Sight};
use crate::error::ReadFailure;
use crate::store::{ClaimNo, ListPage};
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::position::Position;
use detente_domain::vocabulary::LinkType;

/// A part of a list of claims in the order in which they were first recorded.
pub(crate) struct ListedPart {
    /// The place behind which it begins.
    pub(crate) after: Option<u64>,
    /// True if the last recorded claim comes first.
    pub(crate) newest_first: bool,
    /// True if retracted claims are included.
    pub(crate) include_retracted: bool,
    /// Maximum number of claims.
    pub(crate) limit: usize,
}

impl Sight<'_> {
    /// The claims that match, in the order they were first recorded.
    pub(crate) fn matching(&self, filter: &Filter, include_retracted: bool) -> Vec<ClaimSight> {
        let page = ListPage { after: None, newest_first: false, include_retracted, limit: usize::MAX };
        let wide = self.widen(filter);
        self.all_seen(|layer| layer.view.index.list(&wide, layer.cut, &page))
    }

    /// An upper bound of the number of claims that match.
    pub(crate) fn most_matching(&self, filter: &Filter) -> usize {
        let wide = self.widen(filter);
        self.layers().map(|layer| layer.index.most_matching(&wide)).sum()
    }

    /// The claims that match and whose valid time may touch `[a, b)`, in the order they were first recorded.
    pub(crate) fn touching(&self, filter: &Filter, a: Moment, b: Moment, include_retracted: bool) -> Vec<ClaimSight> {
        let wide = self.widen(filter);
        let mut seen = self.all_seen(|layer| layer.view.index.touching_span(&wide, layer.cut, (a, b)));
        seen.retain(|seen| include_retracted || !seen.retracted);
        seen
    }

    /// The claims that match and whose due date passes in `[a, b)`, in the order they were first recorded.
    pub(crate) fn falling_due(&self, filter: &Filter, a: Moment, b: Moment) -> Vec<ClaimSight> {
        let wide = self.widen(filter);
        let mut seen = self.all_seen(|layer| layer.view.index.falling_due(&wide, layer.cut, (a, b)));
        seen.retain(|seen| !seen.retracted);
        seen
    }

    /// The claims that match and are not retracted, in the order they were first recorded, behind a place in that order;
    /// at most `limit`.
    pub(crate) fn list(&self, filter: &Filter, after: Option<u64>, limit: usize) -> Vec<ClaimSight> {
        self.listed_as(filter, &ListedPart { after, newest_first: false, include_retracted: false, limit })
    }

    /// A page of the claims that match.
    pub(crate) fn listed_as(&self, filter: &Filter, listed: &ListedPart) -> Vec<ClaimSight> {
        let ListedPart { after, newest_first, include_retracted, limit } = *listed;
        // Of the record as many more are looked at as may be seen in what is supposed instead.
        let hidden = self.supposed.as_ref().map_or(0, |(overlay, _)| overlay.hidden_count());
        let of_record = ListPage {
            after: after.map(ClaimNo::of_order),
            newest_first,
            include_retracted,
            limit: limit.saturating_add(hidden),
        };
        let of_overlay = ListPage { after: None, newest_first, include_retracted, limit: usize::MAX };
        let wide = self.widen(filter);
        let mut seen = self.all_seen(|layer| {
            let page = if std::ptr::eq(layer, &self.record) { &of_record } else { &of_overlay };
            layer.view.index.list(&wide, layer.cut, page)
        });
        if newest_first {
            seen.reverse();
        }
        let is_behind = |order, after| if newest_first { order < after } else { order > after };
        seen.retain(|seen| after.is_none_or(|after| is_behind(seen.order, after)));
        seen.truncate(limit);
        seen
    }

    /// The claims of which a dispute stands and that are not retracted, in the order they were first recorded.
    pub(crate) fn disputed_claims(&self) -> Vec<ClaimSight> {
        let mut seen = self.all_seen(|layer| {
            let claims = layer.view.index.claims();
            let current = |claim| claims.current(claim, layer.cut).map(|(number, revision)| (claim, number, revision));
            let found = claims.disputes().claims().filter_map(current);
            found.map(|(claim, number, revision)| FoundRevision { claim, number, revision }).collect()
        });
        seen.retain(|seen| seen.disputed && !seen.retracted);
        seen
    }

    /// A claim by its id, if the cut knows it.
    pub(crate) fn find(&self, id: ClaimId) -> Option<ClaimSight> {
        let layers = self.supposed.iter().map(|(_, layer)| (layer, true)).chain([(&self.record, false)]);
        layers.into_iter().find_map(|(layer, supposed)| {
            let claims = layer.view.index.claims();
            let claim = claims.find(id.0)?;
            let (number, revision) = claims.current(claim, layer.cut)?;
            self.claim_sight(FoundRevision { claim, number, revision }, supposed)
        })
    }

    /// A claim that was found before.
    pub(crate) fn found_again(&self, id: ClaimId) -> Result<ClaimSight, ReadFailure> {
        self.find(id).ok_or_else(|| ReadFailure::Damaged(format!("claim {} is found and not found again", id.0)))
    }

    /// The claims with a link to a claim, of a type if one is given, in the order they were first recorded.
    pub(crate) fn linking_to(&self, target: ClaimId, link_type: Option<LinkType>) -> Vec<ClaimSight> {
        self.matching(&Filter::linking_to(target, link_type), false)
    }

    /// The claims that were touched after a position, or would be by what is supposed; sorted by id.
    pub(crate) fn touched_since(&self, after: Position) -> Vec<ClaimId> {
        let recorded = &self.record.view.index;
        let touched = recorded.changed_between(after, self.at.position()).into_iter().map(|claim| (recorded, claim));
        let supposed = self.supposed.iter().flat_map(|(_, layer)| {
            let index = &layer.view.index;
            index.changed_between(Position::START, layer.cut).into_iter().map(move |claim| (index, claim))
        });
        let ids = touched.chain(supposed).filter_map(|(index, claim)| index.claims().id(claim)).map(ClaimId);
        let mut ids: Vec<ClaimId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
