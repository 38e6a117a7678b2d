//! Claims themselves: one, a list, and the history of one.

use crate::Ledger;
use crate::error::{QueryError, ReadFailure};
use crate::query::page_size::{ClaimPage, EncodedClaims, PageSize};
use crate::read::cut::ResolvedCut;
use crate::read::render::Renderer;
use crate::read::sight::{ClaimSight, ListedPart, Sight};
use crate::store::{Action, ClaimNo, ListPage, Revision};
use crate::wire::vocabulary::Twin;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::name::ClaimId;
use detente_domain::vocabulary::RevisionKind;
use detente_proto::v1;
use prost::Message;

/// A question for claims, whatever their valid time.
#[derive(Clone, Debug)]
pub struct ClaimsQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The cut to answer at.
    pub cut: Cut,
    /// True to include retracted claims.
    pub include_retracted: bool,
    /// True to list the last recorded first.
    pub newest_first: bool,
    /// The place to begin after: the `next` of the previous page.
    pub after: Option<u64>,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The size of the page.
    pub page: PageSize,
}

/// A question for the history of one claim.
#[derive(Clone, Debug)]
pub struct RevisionsQuery {
    /// The claim.
    pub claim: ClaimId,
    /// The cut to answer at.
    pub cut: Cut,
    /// True to list the last revision first.
    pub newest_first: bool,
    /// The number of revisions to skip.
    pub skip: u64,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The size of the page.
    pub page: PageSize,
}

/// A page of the history of one claim.
#[derive(Clone, Debug)]
pub struct RevisionPage {
    /// The cut.
    pub at: ResolvedCut,
    /// The event that made each revision.
    pub made_by: Vec<(RevisionEvent, Option<RevisionKind>)>,
    /// The claim after each, and before it (none before the first).
    pub claims: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The dispute that each began or ended.
    pub disputes: Vec<Option<v1::Dispute>>,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// The event that made a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevisionEvent {
    /// It was asserted.
    Asserted,
    /// It got a new state.
    Revised,
    /// It was said to be still true.
    Confirmed,
    /// It was taken back.
    Retracted,
    /// Its retraction was undone.
    Reinstated,
    /// A party contested it.
    Disputed,
    /// A dispute of it ended.
    DisputeResolved,
}

impl Ledger {
    /// One claim as of a cut, as an encoded message.
    ///
    /// # Errors
    /// If the cut does not know it or cannot be resolved, or stored bytes are damaged.
    pub fn claim(&self, id: ClaimId, cut: Cut) -> Result<(ResolvedCut, Vec<u8>), QueryError> {
        let view = self.record.store.question_view();
        let at = self.record.resolve(&view.index, cut)?;
        let claims = view.index.claims();
        let claim = claims.find(id.0).ok_or(QueryError::ClaimNotFound(id))?;
        let (number, _) = claims.current(claim, at.position()).ok_or(QueryError::ClaimNotFound(id))?;
        let mut bytes = Vec::new();
        Renderer::at(&self.record.store, &view, at.position()).claim(claim, number, &mut bytes)?;
        Ok((at, bytes))
    }

    /// One claim with what is supposed on top of a cut.
    ///
    /// # Errors
    /// As [`Ledger::claim`]; and when what is supposed does not fit the record.
    pub fn supposed_claim(
        &self,
        id: ClaimId,
        cut: Cut,
        supposed: &Suppositions,
    ) -> Result<(ResolvedCut, Vec<u8>), QueryError> {
        self.record.look(cut, supposed, |sight| {
            let seen = sight.find(id).ok_or(QueryError::ClaimNotFound(id))?;
            let mut bytes = Vec::new();
            sight.render(&seen, &mut bytes)?;
            Ok((sight.at, bytes))
        })
    }

    /// Claims as of a cut.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or stored bytes are damaged.
    pub fn claims(&self, query: &ClaimsQuery) -> Result<ClaimPage, QueryError> {
        if !query.supposed.is_empty() {
            return self.record.look(query.cut, &query.supposed, |sight| supposed_claims(sight, query));
        }
        let view = self.record.store.question_view();
        let at = self.record.resolve(&view.index, query.cut)?;
        let filter = view.index.as_answered(&query.filter, at.position());
        let found = view.index.list(
            &filter,
            at.position(),
            &ListPage {
                after: query.after.map(ClaimNo::of_order),
                newest_first: query.newest_first,
                include_retracted: query.include_retracted,
                limit: query.page.entries.saturating_add(1),
            },
        );
        let mut page = ClaimPage { at, claims: EncodedClaims::default(), next: None };
        let mut renderer = Renderer::at(&self.record.store, &view, at.position());
        let mut last = None;
        for found in &found {
            if page.claims.len() >= query.page.entries || page.claims.byte_len() >= query.page.bytes {
                page.next = last;
                break;
            }
            page.claims.add(|out| renderer.claim(found.claim, found.number, out))?;
            last = Some(found.claim.get().into());
        }
        let loaded = renderer.into_loaded();
        drop(view);
        self.record.store.adopt(loaded);
        Ok(page)
    }

    /// The history of one claim.
    ///
    /// # Errors
    /// If the cut does not know the claim or cannot be resolved, or stored bytes are damaged.
    pub fn revisions(&self, query: &RevisionsQuery) -> Result<RevisionPage, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let seen = sight.find(query.claim).ok_or(QueryError::ClaimNotFound(query.claim))?;
            let revisions = sight.revisions(&seen);
            let (made_by, claims, disputes) = Default::default();
            let mut page = RevisionPage { at: sight.at, made_by, claims, disputes, next: None };
            let mut bytes = 0;
            let mut rendered = RenderedRevisions { sight, seen: &seen, known: Vec::new() };
            for nth in usize::try_from(query.skip).unwrap_or(usize::MAX)..revisions.len() {
                if page.made_by.len() >= query.page.entries || bytes >= query.page.bytes {
                    page.next = Some(nth as u64);
                    break;
                }
                let at = if query.newest_first { revisions.len() - nth - 1 } else { nth };
                let missing = || ReadFailure::Damaged("a revision is missing from the index".to_owned());
                let revision = revisions.get(at).copied().ok_or_else(missing)?;
                let after = rendered.after(at)?;
                let before = at.checked_sub(1).map(|before| rendered.after(before)).transpose()?;
                let dispute = sight.dispute_of(&seen, revision)?;
                bytes += after.len() + dispute.as_ref().map_or(0, Message::encoded_len);
                page.claims.push((after, before));
                page.disputes.push(dispute);
                let kind = kind_of(sight, &seen, revision)?;
                page.made_by.push((event_of(revision.action), kind));
            }
            Ok(page)
        })
    }
}

/// Claims with what is supposed.
fn supposed_claims(sight: &Sight<'_>, query: &ClaimsQuery) -> Result<ClaimPage, QueryError> {
    let ClaimsQuery { after, newest_first, include_retracted, .. } = *query;
    let limit = query.page.entries.saturating_add(1);
    let found = sight.listed_as(&query.filter, &ListedPart { after, newest_first, include_retracted, limit });
    let mut page = ClaimPage { at: sight.at, claims: EncodedClaims::default(), next: None };
    let mut last = None;
    for seen in &found {
        if page.claims.len() >= query.page.entries || page.claims.byte_len() >= query.page.bytes {
            page.next = last;
            break;
        }
        page.claims.add(|out| sight.render(seen, out))?;
        last = Some(seen.order);
    }
    Ok(page)
}

/// A claim in its revisions. It was before one what it was after another, so the last two are known.
struct RenderedRevisions<'s, 'v> {
    sight: &'s Sight<'v>,
    seen: &'s ClaimSight,
    known: Vec<(usize, Vec<u8>)>,
}

impl RenderedRevisions<'_, '_> {
    /// The claim after its `at`-th revision, counted from 0.
    fn after(&mut self, at: usize) -> Result<Vec<u8>, ReadFailure> {
        if let Some((_, claim)) = self.known.iter().find(|(of, _)| *of == at) {
            return Ok(claim.clone());
        }
        let mut bytes = Vec::new();
        self.sight.render_revision(self.seen, u32::try_from(at + 1).unwrap_or(u32::MAX), &mut bytes)?;
        if self.known.len() > 1 {
            self.known.remove(0);
        }
        self.known.push((at, bytes.clone()));
        Ok(bytes)
    }
}

fn kind_of(sight: &Sight<'_>, seen: &ClaimSight, revision: Revision) -> Result<Option<RevisionKind>, ReadFailure> {
    if revision.action != Action::Revised {
        return Ok(None);
    }
    let Some(v1::event::Event::ClaimRevised(revised)) = sight.event(seen, revision)?.event else { return Ok(None) };
    Ok(RevisionKind::from_wire(revised.kind).ok().flatten())
}

const fn event_of(action: Action) -> RevisionEvent {
    match action {
        Action::Asserted => RevisionEvent::Asserted,
        Action::Confirmed | Action::LabelConfirmed => RevisionEvent::Confirmed,
        Action::Retracted => RevisionEvent::Retracted,
        Action::Reinstated => RevisionEvent::Reinstated,
        Action::Disputed => RevisionEvent::Disputed,
        Action::Resolved => RevisionEvent::DisputeResolved,
        Action::Revised
        | Action::Party
        | Action::Source
        | Action::SourceWithdrawn
        | Action::Kind
        | Action::Scheme
        | Action::PartiesMerged
        | Action::PartiesUnmerged => RevisionEvent::Revised,
    }
}
