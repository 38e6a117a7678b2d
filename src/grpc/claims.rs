//! `GetClaim`, `ListClaims`, `ListRevisions`: claims themselves, whatever their valid time, and the history of one.

use super::context::{context, with_hints};
use super::encoded_reply::EncodedReply;
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::status::CallRefusal;
use detente_domain::cut::Cut;
use detente_domain::name::ClaimId;
use detente_domain::rejection::Violation;
use detente_domain::vocabulary::RevisionKind;
use detente_ledger::Ledger;
use detente_ledger::error::ReadFailure;
use detente_ledger::query::claims::{ClaimsQuery, RevisionEvent, RevisionPage, RevisionsQuery};
use detente_ledger::query::hints::NamedIds;
use detente_ledger::wire::ids::parse_uuid;
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use prost::Message;
use std::sync::Arc;

pub(super) async fn get_claim(service: &Service, request: v1::GetClaimRequest) -> Result<EncodedReply, CallRefusal> {
    let mut parse = Parse::new();
    let claim = parse.take(asked_claim(&request.claim_id));
    let cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let claim = claim.unwrap_or(NO_CLAIM);
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let (at, claim) = if supposed.is_empty() {
            ledger.claim(claim, cut)?
        } else {
            ledger.supposed_claim(claim, cut, &supposed)?
        };
        Ok(EncodedReply::claim(&context(&at, ""), claim))
    };
    service.threads.ask(answer).await
}

/// Stands for an id that could not be parsed until the request is refused for it.
const NO_CLAIM: ClaimId = ClaimId(uuid::Uuid::nil());

fn asked_claim(text: &str) -> Result<ClaimId, Violation> {
    let needed = if text.is_empty() { "required" } else { "expected" };
    parse_uuid(text).map(ClaimId).map_err(|expected| Violation::new("claim_id", format!("{needed}: {expected}")))
}

pub(super) async fn list_claims(
    service: &Service,
    mut request: v1::ListClaimsRequest,
) -> Result<EncodedReply, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let filter = parse.filter(request.filter, true);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let query = ClaimsQuery {
        filter,
        cut: page.cut(asked_cut),
        include_retracted: request.include_retracted,
        newest_first: request.newest_first,
        after: number(&page.cursor)?,
        page: page.size,
        supposed,
    };
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer_claims(&ledger, &query, &page, asked_cut)).await
}

fn answer_claims(ledger: &Ledger, query: &ClaimsQuery, page: &Page, asked: Cut) -> Result<EncodedReply, CallRefusal> {
    let found = ledger.claims(query)?;
    let next = page.token(found.at.basis, found.next.into(), "");
    let context = context(&Page::at(found.at, asked), "");
    let is_empty = found.claims.is_empty() && query.after.is_none();
    let context = with_hints(context, ledger, || NamedIds::of(&query.filter), is_empty);
    Ok(EncodedReply::claims(&context, found.claims, &next))
}

fn number(cursor: &PageCursor) -> Result<Option<u64>, CallRefusal> {
    match cursor {
        PageCursor::Start => Ok(None),
        PageCursor::Number(number) => Ok(Some(*number)),
        PageCursor::Id(_) => Err(CallRefusal::PageToken),
    }
}

pub(super) async fn list_revisions(
    service: &Service,
    mut request: v1::ListRevisionsRequest,
) -> Result<v1::ListRevisionsResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let claim = parse.take(asked_claim(&request.claim_id));
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let query = RevisionsQuery {
        claim: claim.unwrap_or(NO_CLAIM),
        cut: page.cut(asked_cut),
        newest_first: request.newest_first,
        skip: number(&page.cursor)?.unwrap_or(0),
        page: page.size,
        supposed,
    };
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer_revisions(&ledger, &query, &page, asked_cut)).await
}

fn answer_revisions(
    ledger: &Ledger,
    query: &RevisionsQuery,
    page: &Page,
    asked: Cut,
) -> Result<v1::ListRevisionsResponse, CallRefusal> {
    let found = ledger.revisions(query)?;
    let next_page_token = page.token(found.at.basis, found.next.into(), "");
    let context = Some(context(&Page::at(found.at, asked), ""));
    Ok(v1::ListRevisionsResponse { context, revisions: revisions(&found)?, next_page_token })
}

fn revisions(page: &RevisionPage) -> Result<Vec<v1::Revision>, CallRefusal> {
    let revisions = page.made_by.iter().zip(&page.claims).zip(&page.disputes);
    let mut told = Vec::with_capacity(page.made_by.len());
    for ((made_by, (after, before)), dispute) in revisions {
        let revision = revision(*made_by, after, before.as_deref())?;
        told.push(v1::Revision { dispute: dispute.clone(), ..revision });
    }
    Ok(told)
}

fn revision(
    (event, kind): (RevisionEvent, Option<RevisionKind>),
    after: &[u8],
    before: Option<&[u8]>,
) -> Result<v1::Revision, CallRefusal> {
    let after = decode_claim(after)?;
    let before = before.map(decode_claim).transpose()?;
    Ok(v1::Revision {
        event: event_of(event).into(),
        kind: kind.map_or(0, Twin::to_wire),
        changed_fields: before.map(|before| changed_fields(before, after.clone())).unwrap_or_default(),
        claim: Some(after),
        dispute: None,
    })
}

fn decode_claim(claim: &[u8]) -> Result<v1::Claim, CallRefusal> {
    let unreadable =
        |error: prost::DecodeError| ReadFailure::Damaged(format!("a recorded claim cannot be decoded: {error}"));
    v1::Claim::decode(claim).map_err(|error| CallRefusal::Query(unreadable(error).into()))
}

const fn event_of(event: RevisionEvent) -> v1::RevisionEvent {
    match event {
        RevisionEvent::Asserted => v1::RevisionEvent::Asserted,
        RevisionEvent::Revised => v1::RevisionEvent::Revised,
        RevisionEvent::Confirmed => v1::RevisionEvent::Confirmed,
        RevisionEvent::Retracted => v1::RevisionEvent::Retracted,
        RevisionEvent::Reinstated => v1::RevisionEvent::Reinstated,
        RevisionEvent::Disputed => v1::RevisionEvent::Disputed,
        RevisionEvent::DisputeResolved => v1::RevisionEvent::DisputeResolved,
    }
}

macro_rules! differing {
    ($before:expr, $after:expr; $($field:ident),+ $(,)?) => {{
        let mut names = Vec::new();
        $(if $before.$field != $after.$field {
            names.push(stringify!($field).to_owned());
        })+
        names
    }};
}

/// The names of the fields that differ, what every revision changes (its number, time, recorder, position, note) and
/// book-keeping aside, as `domain::diff` compares them.
fn changed_fields(mut before: v1::Claim, mut after: v1::Claim) -> Vec<String> {
    for claim in [&mut before, &mut after] {
        claim.external_ids.iter_mut().for_each(|id| id.release.clear());
        claim.sources.iter_mut().for_each(|citation| citation.retrieved_at = None);
    }
    let mut names = differing!(before, after;
        kind, temporal_type, texts, parties, relationships, valid_from, valid_to, as_of, refers_to, attribution,
        modality, polarity, status, due, quantities, place, codes, sources, links, external_ids, labels, retraction,
        disputes,
    );
    // One of very many may have ended that neither of the two lists.
    let unlisted = |claim: &v1::Claim| (claim.unlisted_disputes, claim.unlisted_standing_disputes);
    if unlisted(&before) != unlisted(&after) && names.last().is_none_or(|last| last != "disputes") {
        names.push("disputes".to_owned());
    }
    names
}
