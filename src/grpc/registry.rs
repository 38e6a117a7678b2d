//! `ListParties`, `ListSources`, `ListKinds`, `ListSchemes`, `ListRelationships`: what is registered, and between whom there
//! are claims.

use super::context::{context, with_hints};
use super::page::{MAX_BYTES, Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::status::CallRefusal;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::period::Period;
use detente_ledger::query::hints::NamedIds;
use detente_ledger::query::parties::PartiesQuery;
use detente_ledger::query::registry::{RegistryEntry, RegistryPage, RegistryQuery, RelationshipEntry};
use detente_ledger::wire::time::timestamp;
use detente_proto::v1;
use prost::Message;
use std::sync::Arc;

pub(super) async fn list_parties(
    service: &Service,
    mut request: v1::ListPartiesRequest,
) -> Result<v1::ListPartiesResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let types = asked_types(&request.types, &mut parse);
    let valid_at = asked_date(&request.valid_at, &mut parse);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    check_ids("party_ids", &request.party_ids, &mut parse);
    check_length("name", &request.name, &mut parse);
    check_length("merged_into", &request.merged_into, &mut parse);
    parse.finish()?;
    let registry = query(request.party_ids, &page, asked_cut, supposed)?;
    let query = PartiesQuery { registry, types, words: request.name, merged_into: request.merged_into, valid_at };
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.parties(&query)?;
        let asked = (asked_cut, request.valid_at.as_str());
        let (parties, context, next_page_token) = fill_page(found, &page, asked, party, |party| &party.party_id);
        let named = NamedIds::default().with_parties(query.registry.ids.iter().map(|id| &**id));
        let named = named.with_parties([query.merged_into.as_str()]);
        let context = Some(with_hints(context, &ledger, || named, parties.is_empty()));
        Ok(v1::ListPartiesResponse { context, parties, next_page_token })
    };
    service.threads.ask(answer).await
}

pub(super) async fn list_sources(
    service: &Service,
    mut request: v1::ListSourcesRequest,
) -> Result<v1::ListSourcesResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    check_ids("source_ids", &request.source_ids, &mut parse);
    parse.finish()?;
    let query = query(request.source_ids, &page, asked_cut, supposed)?;
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.sources(&query)?;
        let (sources, context, next_page_token) =
            fill_page(found, &page, (asked_cut, ""), source, |source| &source.source_id);
        let named = NamedIds::default().with_sources(query.ids.iter().map(|id| &**id));
        let context = Some(with_hints(context, &ledger, || named, sources.is_empty()));
        Ok(v1::ListSourcesResponse { context, sources, next_page_token })
    };
    service.threads.ask(answer).await
}

pub(super) async fn list_kinds(
    service: &Service,
    mut request: v1::ListKindsRequest,
) -> Result<v1::ListKindsResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    check_ids("kinds", &request.kinds, &mut parse);
    parse.finish()?;
    let query = query(request.kinds, &page, asked_cut, supposed)?;
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.kinds(&query)?;
        let (kinds, context, next_page_token) = fill_page(found, &page, (asked_cut, ""), kind, |kind| &kind.kind);
        Ok(v1::ListKindsResponse { context: Some(context), kinds, next_page_token })
    };
    service.threads.ask(answer).await
}

pub(super) async fn list_schemes(
    service: &Service,
    mut request: v1::ListSchemesRequest,
) -> Result<v1::ListSchemesResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    check_ids("schemes", &request.schemes, &mut parse);
    parse.finish()?;
    let query = query(request.schemes, &page, asked_cut, supposed)?;
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.schemes(&query)?;
        let (schemes, context, next_page_token) =
            fill_page(found, &page, (asked_cut, ""), scheme, |scheme| &scheme.scheme);
        Ok(v1::ListSchemesResponse { context: Some(context), schemes, next_page_token })
    };
    service.threads.ask(answer).await
}

pub(super) async fn list_relationships(
    service: &Service,
    mut request: v1::ListRelationshipsRequest,
) -> Result<v1::ListRelationshipsResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    check_length("party_id", &request.party_id, &mut parse);
    parse.finish()?;
    let query = query(Vec::new(), &page, asked_cut, supposed)?;
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.relationships(&query, &request.party_id)?;
        let (relationships, context, next_page_token) =
            fill_page(found, &page, (asked_cut, ""), relationship, |relationship| &relationship.relationship_id);
        let named = NamedIds::default().with_parties([request.party_id.as_str()]);
        let context = Some(with_hints(context, &ledger, || named, relationships.is_empty()));
        Ok(v1::ListRelationshipsResponse { context, relationships, next_page_token })
    };
    service.threads.ask(answer).await
}

/// Parses the date at which names are to be in use, if there is one.
fn asked_date(text: &str, parse: &mut Parse) -> Option<Period> {
    if text.is_empty() {
        return None;
    }
    Period::parse(text).map_err(|error| parse.wrong("valid_at", error.to_string())).ok()
}

fn asked_types(types: &[i32], parse: &mut Parse) -> Vec<i32> {
    for (index, number) in types.iter().enumerate() {
        if !v1::PartyType::try_from(*number).is_ok_and(|member| member != v1::PartyType::Unspecified) {
            parse.wrong(&format!("types[{index}]"), format!("{number} is no PartyType to ask for"));
        }
    }
    types.to_vec()
}

fn check_ids(field: &str, ids: &[String], parse: &mut Parse) {
    const MOST: usize = 1000;
    if ids.len() > MOST {
        parse.wrong(field, format!("{} ids; at most {MOST} are allowed", ids.len()));
    }
}

fn check_length(field: &str, text: &str, parse: &mut Parse) {
    const MOST: usize = 1024;
    if text.len() > MOST {
        parse.wrong(field, format!("{} bytes long; at most {MOST} are allowed", text.len()));
    }
}

fn query(ids: Vec<String>, page: &Page, asked: Cut, supposed: Suppositions) -> Result<RegistryQuery, CallRefusal> {
    let after = match &page.cursor {
        PageCursor::Start => String::new(),
        PageCursor::Id(id) => id.clone(),
        PageCursor::Number(_) => return Err(CallRefusal::PageToken),
    };
    let ids = ids.into_iter().map(String::into_boxed_str).collect();
    Ok(RegistryQuery { ids, cut: page.cut(asked), supposed, after, entries: page.size.entries })
}

/// The messages of a page, fewer where it would grow too large, with its context and the token of the next one.
fn fill_page<E, M: Message>(
    found: RegistryPage<E>,
    page: &Page,
    (asked, valid_at): (Cut, &str),
    convert: impl Fn(E) -> M,
    id: impl Fn(&M) -> &String,
) -> (Vec<M>, v1::ReplyContext, String) {
    let mut bytes = 0;
    let mut messages: Vec<M> = Vec::with_capacity(found.entries.len());
    let mut next = found.next;
    for entry in found.entries {
        if bytes >= MAX_BYTES {
            next = messages.last().map(|last| id(last).clone());
            break;
        }
        let message = convert(entry);
        bytes += message.encoded_len();
        messages.push(message);
    }
    let token = page.token(found.at.basis, next.into(), valid_at);
    (messages, context(&Page::at(found.at, asked), valid_at), token)
}

fn party(entry: RegistryEntry<v1::Party>) -> v1::Party {
    v1::Party {
        revision: entry.revision,
        recorded_at: entry.recorded_at.map(timestamp),
        recorded_by: entry.recorded_by,
        position: entry.position.0,
        ..entry.message
    }
}

fn source(entry: RegistryEntry<v1::Source>) -> v1::Source {
    v1::Source {
        withdrawn: entry.withdrawn,
        revision: entry.revision,
        recorded_at: entry.recorded_at.map(timestamp),
        recorded_by: entry.recorded_by,
        position: entry.position.0,
        ..entry.message
    }
}

fn kind(entry: RegistryEntry<v1::Kind>) -> v1::Kind {
    v1::Kind {
        revision: entry.revision,
        recorded_at: entry.recorded_at.map(timestamp),
        recorded_by: entry.recorded_by,
        position: entry.position.0,
        ..entry.message
    }
}

fn scheme(entry: RegistryEntry<v1::Scheme>) -> v1::Scheme {
    v1::Scheme {
        revision: entry.revision,
        recorded_at: entry.recorded_at.map(timestamp),
        recorded_by: entry.recorded_by,
        position: entry.position.0,
        ..entry.message
    }
}

fn relationship(entry: RelationshipEntry) -> v1::Relationship {
    let party_ids = entry.id.split('-').map(str::to_owned).collect();
    v1::Relationship { relationship_id: entry.id, party_ids, claims: entry.claims }
}
