//! `ListCorroboration`: how well claims are backed.

use super::context::{context, with_hints};
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::status::CallRefusal;
use detente_domain::corroboration::Backing;
use detente_ledger::query::corroboration::{Corroboration, CorroborationQuery};
use detente_ledger::query::hints::NamedIds;
use detente_proto::v1;
use std::sync::Arc;

/// The most origins that are named.
const NAMED_ORIGINS: usize = 100;

pub(super) async fn list_corroboration(
    service: &Service,
    mut request: v1::ListCorroborationRequest,
) -> Result<v1::ListCorroborationResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let after = match page.cursor {
        PageCursor::Start => None,
        PageCursor::Number(after) => Some(after),
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let query = CorroborationQuery { filter, cut: page.cut(asked_cut), supposed, after, page: page.size };
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.corroboration(&query)?;
        let context = context(&Page::at(found.at, asked_cut), "");
        let context = with_hints(context, &ledger, || NamedIds::of(&query.filter), found.claims.is_empty());
        Ok(v1::ListCorroborationResponse {
            context: Some(context),
            corroborations: found.claims.into_iter().map(corroboration).collect(),
            next_page_token: page.token(found.at.basis, found.next.into(), ""),
        })
    };
    service.threads.ask(answer).await
}

fn corroboration(of: Corroboration) -> v1::Corroboration {
    v1::Corroboration {
        claim_id: of.claim.0.to_string(),
        same_side: Some(backing(of.same_side)),
        opposite_side: Some(backing(of.opposite_side)),
        standing_disputes: count(of.standing_disputes),
    }
}

fn backing(backing: Backing) -> v1::Backing {
    v1::Backing {
        claims: count(backing.claims),
        reports: count(backing.reports),
        origins: count(backing.origins.len()),
        origin_ids: backing.origins.into_iter().take(NAMED_ORIGINS).collect(),
        voices: count(backing.voices),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
