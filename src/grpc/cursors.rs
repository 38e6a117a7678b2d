//! Named cursors: places in the feed that the server keeps.

use super::feed::{beginning_at, cursor_id};
use super::limits::expiry;
use super::parse::Parse;
use super::service::Service;
use super::share::share_refusal;
use super::status::CallRefusal;
use detente_domain::name::CursorId;
use detente_domain::position::Position;
use detente_domain::rejection::Violation;
use detente_ledger::budget::{Peer, Share};
use detente_ledger::follow::cursors::{Cursor, MOST, NewCursor};
use detente_ledger::follow::feed::Beginning;
use detente_ledger::wire::time::timestamp;
use detente_proto::v1;
use detente_proto::v1::create_cursor_request::Start as Asked;
use prost::Message;
use std::collections::HashSet;
use std::sync::Arc;

/// The largest filter of a cursor, encoded: a list of all cursors must fit into a reply.
const MAX_FILTER_BYTES: usize = 8 << 10;

pub(super) async fn create_cursor(
    service: &Service,
    request: v1::CreateCursorRequest,
) -> Result<v1::CreateCursorResponse, CallRefusal> {
    let filter_bytes = request.filter.as_ref().map_or(0, Message::encoded_len);
    if filter_bytes > MAX_FILTER_BYTES {
        let much = format!("{filter_bytes} bytes; at most {MAX_FILTER_BYTES} are kept with a cursor");
        return Err(CallRefusal::TooLarge(Violation::new("filter", much)));
    }
    let new = parse(request)?;
    let ledger = Arc::clone(&service.ledger);
    let (peer, owners, refused) = (Peer::current(), Arc::clone(&service.owners), share_refusal(service, "cursors"));
    let share = Share::of(MOST, service.limits.peer_share_percent);
    let make = move || {
        let all: HashSet<CursorId> = ledger.list_cursors().into_iter().map(|cursor| cursor.id).collect();
        let id = new.id.clone();
        owners.cursors.make(peer, &id, &all, share, || Ok(ledger.create_cursor(new)?), refused)
    };
    let made = service.threads.run(make).await?;
    Ok(v1::CreateCursorResponse { cursor: Some(cursor(service, made)) })
}

fn parse(request: v1::CreateCursorRequest) -> Result<NewCursor, CallRefusal> {
    let mut parse = Parse::new();
    let id = cursor_id(&request.cursor_id, &mut parse);
    let start = match request.start {
        None => Beginning::After(Position::START),
        Some(Asked::AfterPosition(position)) => Beginning::After(Position(position)),
        Some(Asked::RecordedFrom(instant)) => beginning_at(&instant, &mut parse),
        Some(Asked::FromHead(v1::FromHead {})) => Beginning::Head,
    };
    if request.filter.is_some() {
        parse.filter(request.filter.clone(), false);
    }
    parse.finish()?;
    Ok(NewCursor { id: id.ok_or(CallRefusal::Defect)?, start, filter: request.filter })
}

pub(super) async fn acknowledge_cursor(
    service: &Service,
    request: v1::AcknowledgeCursorRequest,
) -> Result<v1::AcknowledgeCursorResponse, CallRefusal> {
    let (id, to) = (parse_cursor_id(&request.cursor_id)?, Position(request.position));
    let ledger = Arc::clone(&service.ledger);
    let moved = service.threads.run(move || Ok(ledger.acknowledge(&id, to)?)).await?;
    Ok(v1::AcknowledgeCursorResponse { cursor: Some(cursor(service, moved)) })
}

pub(super) async fn list_cursors(
    service: &Service,
    _: v1::ListCursorsRequest,
) -> Result<v1::ListCursorsResponse, CallRefusal> {
    let ledger = Arc::clone(&service.ledger);
    let all = service.threads.run(move || Ok(ledger.list_cursors())).await?;
    Ok(v1::ListCursorsResponse { cursors: all.into_iter().map(|of| cursor(service, of)).collect() })
}

pub(super) async fn delete_cursor(
    service: &Service,
    request: v1::DeleteCursorRequest,
) -> Result<v1::DeleteCursorResponse, CallRefusal> {
    let id = parse_cursor_id(&request.cursor_id)?;
    let ledger = Arc::clone(&service.ledger);
    service.threads.run(move || Ok(ledger.delete_cursor(&id)?)).await?;
    Ok(v1::DeleteCursorResponse {})
}

fn parse_cursor_id(id: &str) -> Result<CursorId, CallRefusal> {
    let mut parse = Parse::new();
    let id = cursor_id(id, &mut parse);
    parse.finish()?;
    id.ok_or(CallRefusal::Defect)
}

fn cursor(service: &Service, of: Cursor) -> v1::Cursor {
    let idle = service.ledger.cursor_idle(&of.id);
    let expires_at = expiry(service.ledger.clock().now(), service.limits.cursor_age, idle).map(timestamp);
    v1::Cursor {
        cursor_id: of.id.to_string(),
        acknowledged_position: of.acknowledged.0,
        delivered_position: of.delivered.0,
        filter: of.filter,
        updated_at: (!of.damaged).then(|| timestamp(of.updated_at)),
        damaged: of.damaged,
        expires_at,
    }
}
