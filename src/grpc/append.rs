//! `Append`: a batch of commands becomes events, or is refused with all that is wrong with it.

use super::caller::recorder;
use super::context::context;
use super::limits::MAX_COMMANDS;
use super::service::Service;
use super::status::CallRefusal;
use super::work::here;
use detente_domain::command::Precondition;
use detente_domain::rejection::Violation;
use detente_journal::RequestKey;
use detente_ledger::Ledger;
use detente_ledger::clock::new_id;
use detente_ledger::wire::command::{ParsedAppend, over_limit, parse_append};
use detente_ledger::wire::time::timestamp;
use detente_ledger::write::append::{AppendReceipt, AppendRequest, CommandResult};
use detente_proto::v1;
use std::sync::Arc;
use uuid::Uuid;

/// The number of commands that are parsed without going to another thread.
const FEW: usize = 256;

pub(super) async fn append(
    service: &Service,
    mut request: v1::AppendRequest,
) -> Result<v1::AppendResponse, CallRefusal> {
    check_count(request.commands.len())?;
    request.recorded_by = recorder(request.recorded_by)?;
    let is_large = request.commands.len() > FEW;
    let ledger = Arc::clone(&service.ledger);
    let parse = move || parse(&ledger, request);
    let mut parsed = if is_large { service.threads.prepare(parse).await? } else { here(parse)? };
    let preconditions = std::mem::take(&mut parsed.batch.preconditions);
    parsed.batch.preconditions = judge_boundaries(service, preconditions, parsed.request).await?;
    let appended = service.ledger.append(parsed).await?;
    if is_large { service.threads.prepare(move || Ok(reply(appended))).await } else { Ok(reply(appended)) }
}

/// Judges query boundaries, if there are any, on the caller's side, before the writer gets the append.
async fn judge_boundaries(
    service: &Service,
    preconditions: Vec<Precondition>,
    request: Option<RequestKey>,
) -> Result<Vec<Precondition>, CallRefusal> {
    if !preconditions.iter().any(|precondition| matches!(precondition, Precondition::Boundary(..))) {
        return Ok(preconditions);
    }
    let ledger = Arc::clone(&service.ledger);
    let judge = move || Ok(ledger.judge_boundaries(&preconditions, request.map(|mark| mark.id))?);
    service.threads.ask(judge).await
}

fn check_count(commands: usize) -> Result<(), CallRefusal> {
    if commands > MAX_COMMANDS {
        let much = format!("{commands} commands; at most {MAX_COMMANDS} are allowed");
        return Err(CallRefusal::TooLarge(Violation::new("commands", much)));
    }
    Ok(())
}

fn parse(ledger: &Ledger, request: v1::AppendRequest) -> Result<AppendRequest, CallRefusal> {
    if let Some(violation) = over_limit(&request.commands) {
        return Err(CallRefusal::TooLarge(violation));
    }
    let parsed = parse_append(request, &mut || new_id(ledger.clock()))?;
    let ParsedAppend { request, recorded_by, batch, validate_only } = parsed;
    Ok(AppendRequest { request, recorded_by, batch, validate_only })
}

fn reply(appended: AppendReceipt) -> v1::AppendResponse {
    v1::AppendResponse {
        context: Some(context(&appended.at, "")),
        results: appended.results.into_iter().map(result).collect(),
        recorded_at: appended.recorded_at.map(timestamp),
        replayed: appended.replayed,
    }
}

fn result(of: CommandResult) -> v1::CommandResult {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    v1::CommandResult {
        claim_id: id(of.claim),
        party_id: of.party.unwrap_or_default().into(),
        source_id: of.source.unwrap_or_default().into(),
        dispute_id: id(of.dispute),
        revision: of.revision,
        position: of.position.map_or(0, |position| position.0),
        kind: of.kind.unwrap_or_default().into(),
        scheme: of.scheme.unwrap_or_default().into(),
    }
}
