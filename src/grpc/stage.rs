//! Staged appends: laid out on the server piece by piece, recorded whole.

use super::caller::recorder;
use super::context::context;
use super::limits::{MAX_COMMANDS, expiry};
use super::parse::Parse;
use super::service::Service;
use super::share::share_refusal;
use super::status::CallRefusal;
use detente_domain::position::Position;
use detente_domain::rejection::Violation;
use detente_ledger::budget::{Peer, Share};
use detente_ledger::wire::command::over_limit;
use detente_ledger::wire::ids::parse_uuid;
use detente_ledger::wire::limits::{MAX_NAME_BYTES, MAX_RECORDED_BY_BYTES};
use detente_ledger::wire::staged_commands::parse_preconditions;
use detente_ledger::wire::time::{recorded_at, timestamp};
use detente_ledger::write::stage::{
    Commit, CommitOutcome, MOST_TOLD, NewStage, Stage, StageState, StagedAppend, TOLD, Unfit,
};
use detente_proto::v1;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

pub(super) async fn open_stage(
    service: &Service,
    mut request: v1::OpenStageRequest,
) -> Result<v1::OpenStageResponse, CallRefusal> {
    request.recorded_by = recorder(request.recorded_by)?;
    let new = parse_new(request)?;
    let ledger = Arc::clone(&service.ledger);
    let (peer, owners, refused) = (Peer::current(), Arc::clone(&service.owners), share_refusal(service, "stages"));
    let share = Share::of(ledger.stage_limits().stages, service.limits.peer_share_percent);
    let open = move || {
        let all: HashSet<Uuid> = ledger.list_stages().into_iter().map(|stage| stage.id).collect();
        owners.stages.make(peer, &new.id, &all, share, || Ok(ledger.open_stage(&new)?), refused)
    };
    let opened = service.threads.run(open).await?;
    Ok(v1::OpenStageResponse { stage: Some(stage(service, opened)) })
}

fn parse_new(request: v1::OpenStageRequest) -> Result<NewStage, CallRefusal> {
    let mut parse = Parse::new();
    let id = parse_id("request_id", &request.request_id, &mut parse);
    let sized =
        [("recorded_by", &request.recorded_by, MAX_RECORDED_BY_BYTES), ("title", &request.title, MAX_NAME_BYTES)];
    for (field, text, most) in sized {
        if text.len() > most {
            parse.wrong(field, format!("{} bytes long; at most {most} are allowed", text.len()));
        }
    }
    if request.recorded_by.is_empty() {
        parse.wrong("recorded_by", "required");
    }
    let at = request.recorded_at.as_ref().map(recorded_at).transpose();
    let at = parse.take(at.map_err(|expected| Violation::new("recorded_at", format!("expected {expected}"))));
    parse.finish()?;
    let id = id.ok_or(CallRefusal::Defect)?;
    Ok(NewStage { id, recorded_by: request.recorded_by, recorded_at: at.flatten(), title: request.title })
}

pub(super) async fn stage_commands(
    service: &Service,
    request: v1::StageCommandsRequest,
) -> Result<v1::StageCommandsResponse, CallRefusal> {
    let v1::StageCommandsRequest { stage_id, first_command, commands } = request;
    let id = parse_stage_id(&stage_id)?;
    if commands.len() > MAX_COMMANDS {
        let much = format!("{} commands; at most {MAX_COMMANDS} are allowed", commands.len());
        return Err(CallRefusal::TooLarge(Violation::new("commands", much)));
    }
    let ledger = Arc::clone(&service.ledger);
    let add = move || {
        if let Some(violation) = over_limit(&commands) {
            return Err(CallRefusal::TooLarge(violation));
        }
        Ok(ledger.add_to_stage(id, first_command, &commands)?)
    };
    let staged = service.threads.run(add).await?;
    Ok(v1::StageCommandsResponse { next_command: staged.next, bytes: staged.bytes })
}

pub(super) async fn commit_stage(
    service: &Service,
    request: v1::CommitStageRequest,
) -> Result<v1::CommitStageResponse, CallRefusal> {
    let v1::CommitStageRequest { stage_id, preconditions, validate_only, leave_out, max_violations } = request;
    let id = parse_stage_id(&stage_id)?;
    let preconditions = parse_preconditions(preconditions)?;
    let told = violation_limit(max_violations).filter(|_| validate_only).unwrap_or(TOLD);
    let commit = Commit { id, preconditions, validate_only, leave_out, told };
    let ledger = Arc::clone(&service.ledger);
    let committed = service.threads.run(move || Ok(ledger.commit_stage(&commit)?)).await?;
    let CommitOutcome { append: recorded, replayed, unfit } = committed;
    let Unfit { first, count, .. } = unfit;
    let violations = first.into_iter().map(violation).collect();
    Ok(v1::CommitStageResponse { append: Some(append(recorded)), replayed, violations, violation_count: count })
}

/// Returns the number of violations to list; none if the request has no number.
fn violation_limit(asked: u32) -> Option<usize> {
    (asked > 0).then(|| usize::try_from(asked).unwrap_or(MOST_TOLD).min(MOST_TOLD))
}

pub(super) async fn get_stage(
    service: &Service,
    request: v1::GetStageRequest,
) -> Result<v1::GetStageResponse, CallRefusal> {
    let id = parse_stage_id(&request.stage_id)?;
    let ledger = Arc::clone(&service.ledger);
    let found = service.threads.run(move || Ok(ledger.stage(id)?)).await?;
    Ok(v1::GetStageResponse { stage: Some(stage(service, found)) })
}

pub(super) async fn list_stages(
    service: &Service,
    _: v1::ListStagesRequest,
) -> Result<v1::ListStagesResponse, CallRefusal> {
    let ledger = Arc::clone(&service.ledger);
    let all = service.threads.run(move || Ok(ledger.list_stages())).await?;
    Ok(v1::ListStagesResponse { stages: all.into_iter().map(|of| stage(service, of)).collect() })
}

pub(super) async fn drop_stage(
    service: &Service,
    request: v1::DropStageRequest,
) -> Result<v1::DropStageResponse, CallRefusal> {
    let id = parse_stage_id(&request.stage_id)?;
    let ledger = Arc::clone(&service.ledger);
    let dropped = service.threads.run(move || Ok(ledger.drop_stage(id)?)).await?;
    Ok(v1::DropStageResponse { dropped })
}

fn parse_stage_id(stage_id: &str) -> Result<Uuid, CallRefusal> {
    let mut parse = Parse::new();
    let id = parse_id("stage_id", stage_id, &mut parse);
    parse.finish()?;
    id.ok_or(CallRefusal::Defect)
}

fn parse_id(field: &str, text: &str, parse: &mut Parse) -> Option<Uuid> {
    let required = if text.is_empty() { "required: " } else { "expected " };
    parse.take(parse_uuid(text).map_err(|expected| Violation::new(field, format!("{required}{expected}"))))
}

fn stage(service: &Service, of: Stage) -> v1::Stage {
    let idle = service.ledger.stage_idle(of.id);
    let expires_at = expiry(service.ledger.clock().now(), service.limits.stage_age, idle).map(timestamp);
    let stage = v1::Stage { stage_id: of.id.to_string(), state: v1::StageState::Open.into(), ..v1::Stage::default() };
    match of.state {
        StageState::Open { title, recorded_by, recorded_at, created_at, progress } => v1::Stage {
            title,
            recorded_by,
            recorded_at: recorded_at.map(timestamp),
            next_command: progress.next,
            bytes: progress.bytes,
            created_at: Some(timestamp(created_at)),
            expires_at,
            ..stage
        },
        StageState::Recorded(recorded) => {
            v1::Stage { state: v1::StageState::Recorded.into(), append: Some(append(recorded)), ..stage }
        }
        StageState::Damaged => v1::Stage { damaged: true, ..stage },
    }
}

fn append(of: StagedAppend) -> v1::StagedAppend {
    let count = |(event, count): (&str, u64)| v1::EventCount { event: event.to_owned(), count };
    let (first, last) = of.span.unwrap_or((Position::START, Position::START));
    v1::StagedAppend {
        context: Some(context(&of.at, "")),
        first_position: first.0,
        last_position: last.0,
        recorded_at: of.recorded_at.map(timestamp),
        counts: of.tally.counts().map(count).collect(),
    }
}

/// The number of its command stands in the path of its field.
fn violation(of: Violation) -> v1::StageViolation {
    let number = of.field.strip_prefix("commands[").and_then(|rest| rest.split_once(']'));
    let command = number.and_then(|(number, _)| number.parse().ok()).unwrap_or_default();
    v1::StageViolation { command, field: of.field, description: of.description }
}
