//! Claims themselves: one, a list, and the history of one.

use super::Ledger;
use super::cut::Resolved;
use super::error::{Damaged, QueryError};
use super::query::{ClaimPage, Encoded, PageSize};
use super::render::Renderer;
use crate::domain::cut::Cut;
use crate::domain::filter::Filter;
use crate::domain::name::ClaimId;
use crate::domain::vocabulary::RevisionKind;
use crate::store::{Action, ListPage};
use crate::v1;
use crate::wire::vocabulary::Twin;

/// A question for claims, whatever their valid time.
#[derive(Clone, Debug)]
pub struct ClaimsQuery {
    /// Which claims.
    pub filter: Filter,
    /// How much of the record to use.
    pub cut: Cut,
    /// Whether retracted claims are wanted.
    pub include_retracted: bool,
    /// Whether the last recorded comes first.
    pub newest_first: bool,
    /// Begin behind this one: the `next` of the page before.
    pub after: Option<u64>,
    /// How many are wanted.
    pub page: PageSize,
}

/// A question for the history of one claim.
#[derive(Clone, Copy, Debug)]
pub struct RevisionsQuery {
    /// Which claim.
    pub claim: ClaimId,
    /// How much of the record to use.
    pub cut: Cut,
    /// Whether the last revision comes first.
    pub newest_first: bool,
    /// How many revisions to leave out at the beginning.
    pub skip: u64,
    /// How many are wanted.
    pub page: PageSize,
}

/// A page of the history of one claim.
#[derive(Clone, Debug)]
pub struct RevisionPage {
    /// The cut.
    pub at: Resolved,
    /// What made each revision.
    pub made_by: Vec<(RevisionEvent, Option<RevisionKind>)>,
    /// The claim after each, and before it (none before the first).
    pub claims: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// What made a revision.
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
    /// When the cut does not know it or cannot be resolved, or what is stored is damaged.
    pub fn claim(&self, id: ClaimId, cut: Cut) -> Result<(Resolved, Vec<u8>), QueryError> {
        let view = self.store.view();
        let at = self.resolve(&view.index, cut)?;
        let claims = view.index.claims();
        let claim = claims.find(id.0).ok_or(QueryError::ClaimNotFound(id))?;
        let (number, _) = claims.current(claim, at.position()).ok_or(QueryError::ClaimNotFound(id))?;
        let mut bytes = Vec::new();
        Renderer::new(&self.store, &view).claim(claim, number, &mut bytes)?;
        Ok((at, bytes))
    }

    /// Claims as of a cut.
    ///
    /// # Errors
    /// When the cut cannot be resolved, or what is stored is damaged.
    pub fn claims(&self, query: &ClaimsQuery) -> Result<ClaimPage, QueryError> {
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let filter = view.index.as_answered(&query.filter, at.position());
        let found = view.index.list(
            &filter,
            at.position(),
            &ListPage {
                after: query.after.map(|after| u32::try_from(after).unwrap_or(u32::MAX)),
                newest_first: query.newest_first,
                include_retracted: query.include_retracted,
                limit: query.page.entries.saturating_add(1),
            },
        );
        let mut page = ClaimPage { at, claims: Encoded::default(), next: None };
        let mut renderer = Renderer::new(&self.store, &view);
        let mut last = None;
        for found in &found {
            if page.claims.len() >= query.page.entries || page.claims.byte_len() >= query.page.bytes {
                page.next = last;
                break;
            }
            page.claims.add(|out| renderer.claim(found.claim, found.number, out))?;
            last = Some(u64::from(found.claim));
        }
        let loaded = renderer.into_loaded();
        drop(view);
        self.store.adopt(loaded);
        Ok(page)
    }

    /// The history of one claim.
    ///
    /// # Errors
    /// When the cut does not know the claim or cannot be resolved, or what is stored is damaged.
    pub fn revisions(&self, query: &RevisionsQuery) -> Result<RevisionPage, QueryError> {
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let claims = view.index.claims();
        let claim = claims.find(query.claim.0).ok_or(QueryError::ClaimNotFound(query.claim))?;
        let count = claims.revisions_at(claim, at.position());
        if count == 0 {
            return Err(QueryError::ClaimNotFound(query.claim));
        }
        let mut page = RevisionPage { at, made_by: Vec::new(), claims: Vec::new(), next: None };
        let mut renderer = Renderer::new(&self.store, &view);
        let mut bytes = 0;
        for nth in usize::try_from(query.skip).unwrap_or(usize::MAX)..count {
            if page.made_by.len() >= query.page.entries || bytes >= query.page.bytes {
                page.next = Some(nth as u64);
                break;
            }
            let number = if query.newest_first { count - nth } else { nth + 1 };
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let after = rendered(&mut renderer, claim, number)?;
            let before = (number > 1).then(|| rendered(&mut renderer, claim, number - 1)).transpose()?;
            bytes += after.len();
            page.claims.push((after, before));
            let revision = claims.revisions(claim).get(number as usize - 1).copied();
            let revision = revision.ok_or_else(|| Damaged("a revision is missing from the index".to_owned()))?;
            let kind = kind_of(&mut renderer, revision.action, revision.position)?;
            page.made_by.push((event_of(revision.action), kind));
        }
        Ok(page)
    }
}

fn rendered(renderer: &mut Renderer<'_>, claim: u32, number: u32) -> Result<Vec<u8>, Damaged> {
    let mut bytes = Vec::new();
    renderer.claim(claim, number, &mut bytes)?;
    Ok(bytes)
}

fn kind_of(
    renderer: &mut Renderer<'_>,
    action: Action,
    position: crate::domain::position::Position,
) -> Result<Option<RevisionKind>, Damaged> {
    if action != Action::Revised {
        return Ok(None);
    }
    let Some(v1::event::Event::ClaimRevised(revised)) = renderer.event(position)?.event else { return Ok(None) };
    Ok(RevisionKind::from_wire(revised.kind).ok().flatten())
}

const fn event_of(action: Action) -> RevisionEvent {
    match action {
        Action::Asserted => RevisionEvent::Asserted,
        Action::Confirmed => RevisionEvent::Confirmed,
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
