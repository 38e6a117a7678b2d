//! Staged appends over a socket.

use crate::running::{Running, assert, claim, ledger_id, party};
use detente::server::ServerOptions;
use detente_ledger::Ledger;
use detente_ledger::open::LedgerOptions;
use detente_ledger::write::stage::StageLimits;
use detente_proto::v1;
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn open(number: u128) -> v1::OpenStageRequest {
    v1::OpenStageRequest {
        request_id: id(number),
        recorded_by: "importer".to_owned(),
        title: "a release".to_owned(),
        ..Default::default()
    }
}

fn commands(number: u128, first_command: u64, commands: Vec<v1::Command>) -> v1::StageCommandsRequest {
    v1::StageCommandsRequest { stage_id: id(number), first_command, commands }
}

fn commit(number: u128) -> v1::CommitStageRequest {
    v1::CommitStageRequest { stage_id: id(number), ..Default::default() }
}

/// Checks code and reason, and returns the status with its metadata.
fn expect_refusal<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: Code,
    reason: &str,
) -> (Status, std::collections::HashMap<String, String>) {
    let status = answer.expect_err("this should have been refused");
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{status:?}");
    (status, info.metadata)
}

fn fields(status: &Status) -> Vec<String> {
    status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field).collect()
}

#[tokio::test]
async fn a_stage_is_opened_filled_committed_and_found_recorded() {
    let mut server = Running::in_memory().await;
    let opened = server.client.open_stage(open(7)).await.unwrap().into_inner().stage.unwrap();
    assert_eq!((opened.state(), opened.next_command, opened.title.as_str()), (v1::StageState::Open, 0, "a release"));
    let first = commands(7, 0, vec![assert(claim(1, "AZE-RUS", "2025/..")), party("AZE")]);
    for _ in 0..2 {
        assert_eq!(server.client.stage_commands(first.clone()).await.unwrap().into_inner().next_command, 2);
    }
    let staged = server.client.stage_commands(commands(7, 2, vec![party("RUS")])).await.unwrap().into_inner();
    let listed = server.client.list_stages(v1::ListStagesRequest {}).await.unwrap().into_inner().stages;
    assert_eq!((listed.len(), listed[0].next_command, listed[0].bytes), (1, 3, staged.bytes));
    let checked = v1::CommitStageRequest { validate_only: true, ..commit(7) };
    let checked = server.client.commit_stage(checked).await.unwrap().into_inner();
    assert_eq!((checked.violation_count, checked.append.as_ref().unwrap().last_position), (0, 0));
    let committed = server.client.commit_stage(commit(7)).await.unwrap().into_inner();
    let append = committed.append.clone().unwrap();
    assert_eq!((append.first_position, append.last_position, committed.replayed), (1, 3, false));
    let counts: Vec<_> = append.counts.iter().map(|count| (count.event.as_str(), count.count)).collect();
    assert_eq!(counts, [("claim_asserted", 1), ("party_registered", 2)]);
    let again = server.client.commit_stage(commit(7)).await.unwrap().into_inner();
    assert!(again.replayed && again.append.as_ref() == Some(&append));
    let request = v1::GetStageRequest { stage_id: id(7) };
    let found = server.client.get_stage(request).await.unwrap().into_inner().stage.unwrap();
    assert_eq!((found.state(), found.append), (v1::StageState::Recorded, Some(append)));
    assert!(server.client.list_stages(v1::ListStagesRequest {}).await.unwrap().into_inner().stages.is_empty());
    let dropped = server.client.drop_stage(v1::DropStageRequest { stage_id: id(7) }).await.unwrap().into_inner();
    assert!(!dropped.dropped);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_reported_at_its_fields() {
    let mut server = Running::in_memory().await;
    let bad = v1::OpenStageRequest {
        title: "x".repeat(1025),
        recorded_at: Some(Timestamp { seconds: 0, nanos: -1 }),
        ..Default::default()
    };
    let (status, _) = expect_refusal(server.client.open_stage(bad).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&status), ["request_id", "title", "recorded_by", "recorded_at"]);
    let future = v1::OpenStageRequest { recorded_at: Some(Timestamp { seconds: 1 << 36, nanos: 0 }), ..open(7) };
    let (status, _) = expect_refusal(server.client.open_stage(future).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&status), ["recorded_at"]);
    let nameless = server.client.commit_stage(v1::CommitStageRequest::default()).await;
    assert_eq!(fields(&expect_refusal(nameless, Code::InvalidArgument, "INVALID_REQUEST").0), ["stage_id"]);
    server.client.open_stage(open(7)).await.unwrap();
    let malformed = commands(7, 0, vec![party("AZE"), v1::Command::default()]);
    let (status, _) =
        expect_refusal(server.client.stage_commands(malformed).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&status), ["commands[1]"]);
    let nothing = v1::CommitStageRequest { preconditions: vec![v1::Precondition::default()], ..commit(7) };
    let (status, _) =
        expect_refusal(server.client.commit_stage(nothing).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&status), ["preconditions[0]"]);
}

#[tokio::test]
async fn each_reason_for_refusing_a_stage_is_told_with_what_it_is_about() {
    let mut server = Running::in_memory().await;
    let missing = server.client.commit_stage(commit(7)).await;
    assert_eq!(expect_refusal(missing, Code::NotFound, "STAGE_NOT_FOUND").1["stage_id"], id(7));
    server.client.open_stage(open(7)).await.unwrap();
    let gap = server.client.stage_commands(commands(7, 2, vec![party("AZE")])).await;
    assert_eq!(expect_refusal(gap, Code::FailedPrecondition, "STAGE_GAP").1["next_command"], "0");
    let other = v1::OpenStageRequest { title: "another".to_owned(), ..open(7) };
    expect_refusal(server.client.open_stage(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
    server.client.stage_commands(commands(7, 0, vec![party("AZE")])).await.unwrap();
    server.client.commit_stage(commit(7)).await.unwrap();
    let more = server.client.stage_commands(commands(7, 1, vec![party("RUS")])).await;
    expect_refusal(more, Code::FailedPrecondition, "STAGE_RECORDED");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_in_a_status_and_listed_by_a_check() {
    let mut server = Running::in_memory().await;
    server.client.open_stage(open(7)).await.unwrap();
    let unknown = (0..1_000).map(|number| assert(claim(number + 1, "AAA-BBB", "2025/.."))).collect();
    server.client.stage_commands(commands(7, 0, unknown)).await.unwrap();
    let (status, metadata) =
        expect_refusal(server.client.commit_stage(commit(7)).await, Code::FailedPrecondition, "COMMAND_REJECTED");
    assert!(metadata["violations"].parse::<u64>().unwrap() >= 1_000, "{metadata:?}");
    assert!(fields(&status)[0].starts_with("commands[0].assert_claim.claim."));
    assert!(status.details().len() < 9 << 10);
    let check = v1::CommitStageRequest { validate_only: true, ..commit(7) };
    let checked = server.client.commit_stage(check).await.unwrap().into_inner();
    assert_eq!((checked.violations.len(), checked.violation_count.to_string()), (100, metadata["violations"].clone()));
    let last = checked.violations.last().unwrap();
    assert!(last.field.starts_with(&format!("commands[{}].", last.command)), "{last:?}");
}

#[tokio::test]
async fn limits_are_told_and_held() {
    let options = LedgerOptions { stages: StageLimits { stages: 1, bytes: 1_000 }, ..LedgerOptions::default() };
    let ledger = Ledger::in_memory(ledger_id(), &options).unwrap();
    let mut server = Running::of(ledger, ServerOptions::default()).await;
    let info = server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    let limits = info.limits.unwrap();
    assert_eq!((limits.max_stages, limits.max_stage_bytes), (1, 1_000));
    assert!(info.features.contains(&"staged_append".to_owned()));
    server.client.open_stage(open(7)).await.unwrap();
    let (status, _) =
        expect_refusal(server.client.open_stage(open(8)).await, Code::ResourceExhausted, "LIMIT_EXCEEDED");
    assert_eq!(fields(&status), ["request_id"]);
    let large = commands(7, 0, vec![party("AZE"); 40]);
    let (status, _) =
        expect_refusal(server.client.stage_commands(large).await, Code::ResourceExhausted, "LIMIT_EXCEEDED");
    assert_eq!(fields(&status), ["commands"]);
    let many = commands(7, 0, vec![v1::Command::default(); 10_001]);
    expect_refusal(server.client.stage_commands(many).await, Code::ResourceExhausted, "LIMIT_EXCEEDED");
}
