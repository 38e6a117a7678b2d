//! Every reason of `detente.v1.ErrorReason`, reached over a socket, with its code and its details.

use crate::failing::Failures;
use crate::running::{Running, about, assert, batch, claim, command, in_memory, ledger_id, much, options, party};
use detente::grpc::limits::{Limits, MAX_COMMANDS};
use detente::server::ServerOptions;
use detente_ledger::Ledger;
use detente_ledger::open::{LedgerOptions, journal_dir, store_dir};
use detente_proto::v1;
use detente_proto::v1::command::Command;
use prost_types::Timestamp;
use std::sync::atomic::Ordering;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// Checks code and reason, and returns the metadata.
fn expect_refusal<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: Code,
    reason: &str,
) -> (Status, std::collections::HashMap<String, String>) {
    let status = answer.expect_err("this should have been refused");
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!((status.code(), info.reason.as_str(), info.domain.as_str()), (code, reason, "detente"), "{status:?}");
    (status, info.metadata)
}

fn fields(status: &Status) -> Vec<String> {
    status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field).collect()
}

fn uuid(id: u128) -> String {
    Uuid::from_u128(id).to_string()
}

fn state_at(cut: v1::Cut) -> v1::GetStateRequest {
    v1::GetStateRequest { cut: Some(cut), ..Default::default() }
}

fn expecting(commands: Vec<v1::Command>, revision: u32, of: u128) -> v1::AppendRequest {
    use v1::expected_revision::Expectation::Exact;
    use v1::precondition::Precondition;
    let expected = v1::ExpectedRevision { claim_id: uuid(of), expectation: Some(Exact(revision)) };
    let boundary = v1::QueryBoundary { filter: about("AZE-RUS"), after_position: 0 };
    let preconditions = [Precondition::ExpectedRevision(expected), Precondition::QueryBoundary(boundary)];
    let preconditions = preconditions.map(|precondition| v1::Precondition { precondition: Some(precondition) });
    v1::AppendRequest { preconditions: preconditions.into(), ..batch(commands) }
}

#[tokio::test]
async fn a_malformed_request_is_told_all_that_is_wrong_with_it() {
    let mut server = Running::in_memory().await;
    let request = batch(vec![assert(v1::Claim { kind: "Not a word".into(), ..claim(1, "AZE-RUS", "2025-13") })]);
    let (status, metadata) =
        expect_refusal(server.client.append(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&status), ["commands[0].assert_claim.claim.kind", "commands[0].assert_claim.claim.valid"]);
    assert_eq!(metadata["violations"], "2");

    let request =
        v1::GetStateRequest { valid_at: "2025~".into(), mode: 9, cut: Some(v1::Cut::basis("x")), ..Default::default() };
    let (status, _) = expect_refusal(server.client.get_state(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&status), ["valid_at", "mode", "cut.basis"]);
}

#[tokio::test]
async fn bytes_that_are_no_message_are_malformed_too() {
    let server = Running::in_memory().await;
    let mut raw = tonic::client::Grpc::new(server.channel.clone());
    raw.ready().await.unwrap();
    // Field 1 of GetState is a message; here it is a text.
    let request =
        tonic::Request::new(v1::ListPartiesRequest { party_ids: vec!["\u{7f}".into()], ..Default::default() });
    let path = "/detente.v1.LedgerService/GetState".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<v1::ListPartiesRequest, v1::GetStateResponse>::default();
    expect_refusal(raw.unary(request, path, codec).await, Code::InvalidArgument, "INVALID_REQUEST");
}

#[tokio::test]
async fn a_command_that_does_not_fit_the_record_is_rejected() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), assert(claim(1, "AZE-RUS", "2025/.."))]).await;
    let request = batch(vec![assert(claim(1, "AZE-RUS", "2025/..")), assert(claim(2, "AZE-XXX", "2025/.."))]);
    let (status, _) = expect_refusal(server.client.append(request).await, Code::FailedPrecondition, "COMMAND_REJECTED");
    let said = fields(&status);
    assert!(said.iter().any(|field| field == "commands[0].assert_claim.claim.claim_id"), "{said:?}");
    assert!(said.iter().any(|field| field.starts_with("commands[1].")), "{said:?}");
}

#[tokio::test]
async fn a_rejection_of_very_much_still_reaches_the_client() {
    let mut server = Running::in_memory().await;
    let commands = (1..=5000).map(|id| assert(claim(id, "AAA-BBB", "2025/.."))).collect();
    let answer = server.client.append(batch(commands)).await;
    let (status, metadata) = expect_refusal(answer, Code::FailedPrecondition, "COMMAND_REJECTED");
    assert!(metadata["violations"].parse::<usize>().unwrap() >= 5000);
    let last = status.get_details_bad_request().unwrap().field_violations.pop().unwrap();
    assert!(last.description.starts_with("and ") && last.description.contains("more"), "{last:?}");
}

#[tokio::test]
async fn a_failed_precondition_names_what_was_expected_and_what_is() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), assert(claim(1, "AZE-RUS", "2025/.."))]).await;
    let request = expecting(vec![party("TUR")], 7, 1);
    let (status, metadata) = expect_refusal(server.client.append(request).await, Code::Aborted, "PRECONDITION_FAILED");
    let failed = status.get_details_precondition_failure().unwrap().violations;
    assert_eq!((failed[0].r#type.as_str(), failed[1].r#type.as_str()), ("EXPECTED_REVISION", "QUERY_BOUNDARY"));
    assert!(failed[0].subject.contains(&uuid(1)), "{failed:?}");
    assert_eq!(failed[0].description, "expected revision 7, found revision 1");
    assert_eq!(metadata["preconditions_1_expected"], "nothing after position 0");
    assert_eq!(metadata["preconditions_1_actual"], "an event at position 3");
}

#[tokio::test]
async fn a_request_id_is_for_one_body_for_ever() {
    let mut server = Running::in_memory().await;
    let named = |commands| v1::AppendRequest { request_id: uuid(9), ..batch(commands) };
    server.client.append(named(vec![party("AZE")])).await.unwrap();
    assert!(server.client.append(named(vec![party("AZE")])).await.unwrap().into_inner().replayed);
    let answer = server.client.append(named(vec![party("RUS")])).await;
    expect_refusal(answer, Code::AlreadyExists, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_claim_that_the_cut_does_not_know_is_not_found() {
    let mut server = Running::in_memory().await;
    let request = v1::GetClaimRequest { claim_id: uuid(4), ..Default::default() };
    let (status, metadata) = expect_refusal(server.client.get_claim(request).await, Code::NotFound, "CLAIM_NOT_FOUND");
    assert_eq!(metadata["claim_id"], uuid(4));
    assert_eq!(status.get_details_resource_info().unwrap().resource_name, uuid(4));

    server.append(vec![party("AZE"), party("RUS")]).await;
    server.append(vec![assert(claim(1, "AZE-RUS", "2025/.."))]).await;
    let cut = Some(v1::Cut::position(2));
    let before = v1::GetClaimRequest { claim_id: uuid(1), cut, ..Default::default() };
    expect_refusal(server.client.get_claim(before).await, Code::NotFound, "CLAIM_NOT_FOUND");
    let revisions = v1::ListRevisionsRequest { claim_id: uuid(8), ..Default::default() };
    expect_refusal(server.client.list_revisions(revisions).await, Code::NotFound, "CLAIM_NOT_FOUND");
}

#[tokio::test]
async fn a_cut_must_be_one_of_this_history_and_not_in_the_future() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), party("TUR")]).await;

    let future = state_at(v1::Cut::position(4));
    let (_, metadata) = expect_refusal(server.client.get_state(future).await, Code::OutOfRange, "CUT_IN_FUTURE");
    assert_eq!(metadata["head"], "3");
    let future = state_at(v1::Cut::known_at(Timestamp { seconds: 32_503_680_000, nanos: 0 }));
    expect_refusal(server.client.get_state(future).await, Code::OutOfRange, "CUT_IN_FUTURE");
    let start = Some(v1::read_events_request::Start::AfterPosition(4));
    let future = v1::ReadEventsRequest { start, ..Default::default() };
    expect_refusal(server.client.read_events(future).await, Code::OutOfRange, "CUT_IN_FUTURE");

    let inside = state_at(v1::Cut::position(2));
    let (_, metadata) =
        expect_refusal(server.client.get_state(inside).await, Code::InvalidArgument, "CUT_INSIDE_APPEND");
    assert_eq!((metadata["before"].as_str(), metadata["after"].as_str()), ("0", "3"));

    let other = state_at(v1::Cut::basis("3-0000000000000000"));
    expect_refusal(server.client.get_state(other).await, Code::FailedPrecondition, "BASIS_MISMATCH");
}

#[tokio::test]
async fn a_page_token_belongs_to_one_query() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    let first = v1::ListPartiesRequest { page_size: 1, ..Default::default() };
    let page_token = server.client.list_parties(first.clone()).await.unwrap().into_inner().next_page_token;
    assert!(!page_token.is_empty());
    let other = v1::ListPartiesRequest { name: "RUS".into(), page_token: page_token.clone(), ..Default::default() };
    let (status, _) =
        expect_refusal(server.client.list_parties(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    assert_eq!(fields(&status), ["page_token"]);
    let other = v1::ListSourcesRequest { page_token, ..Default::default() };
    expect_refusal(server.client.list_sources(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn a_cursor_is_there_or_not_and_moves_only_over_what_was_delivered() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    let create = |after| v1::CreateCursorRequest {
        cursor_id: "desk-1".into(),
        start: Some(v1::create_cursor_request::Start::AfterPosition(after)),
        filter: None,
    };
    let move_to = |position| v1::AcknowledgeCursorRequest { cursor_id: "desk-1".into(), position };
    let delete = v1::DeleteCursorRequest { cursor_id: "desk-1".into() };
    let start = Some(v1::subscribe_request::Start::CursorId("desk-1".into()));
    let subscribe = v1::SubscribeRequest { start, ..Default::default() };

    let answer = server.client.acknowledge_cursor(move_to(1)).await;
    let (status, metadata) = expect_refusal(answer, Code::NotFound, "CURSOR_NOT_FOUND");
    assert_eq!(metadata["cursor_id"], "desk-1");
    assert_eq!(status.get_details_resource_info().unwrap().resource_name, "desk-1");
    expect_refusal(server.client.subscribe(subscribe.clone()).await, Code::NotFound, "CURSOR_NOT_FOUND");
    expect_refusal(server.client.delete_cursor(delete.clone()).await, Code::NotFound, "CURSOR_NOT_FOUND");

    server.client.create_cursor(create(1)).await.unwrap();
    server.client.create_cursor(create(1)).await.unwrap();
    expect_refusal(server.client.create_cursor(create(0)).await, Code::AlreadyExists, "CURSOR_EXISTS");

    let answer = server.client.acknowledge_cursor(move_to(2)).await;
    let (_, metadata) = expect_refusal(answer, Code::FailedPrecondition, "CURSOR_BEYOND_DELIVERED");
    assert_eq!(metadata["delivered"], "1");
    let mut frames = server.client.subscribe(subscribe).await.unwrap().into_inner();
    while frames.message().await.unwrap().unwrap().position < 2 {}
    let moved = server.client.acknowledge_cursor(move_to(2)).await.unwrap().into_inner().cursor.unwrap();
    assert_eq!((moved.acknowledged_position, moved.delivered_position), (2, 2));
    let listed = server.client.list_cursors(v1::ListCursorsRequest {}).await.unwrap().into_inner().cursors;
    assert_eq!(listed, [moved]);
    server.client.delete_cursor(delete).await.unwrap();
    let end = loop {
        let frame = frames.message().await.unwrap().unwrap();
        if let Some(v1::subscribe_response::Frame::End(end)) = frame.frame {
            break end;
        }
    };
    assert_eq!(end.reason(), v1::EndReason::CursorDeleted);
    assert!(frames.message().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_too_large_is_told_which_limit_it_exceeds() {
    let limits = Limits { request_bytes: 2 << 20, ..Limits::default() };
    let mut server = Running::of(in_memory(), options(limits)).await;

    let commands = vec![v1::Command::default(); MAX_COMMANDS + 1];
    let answer = server.client.append(batch(commands)).await;
    let (status, _) = expect_refusal(answer, Code::ResourceExhausted, "LIMIT_EXCEEDED");
    assert_eq!(fields(&status), ["commands"]);

    let large = v1::Claim { place: "x".repeat(65 << 10), ..claim(1, "AZE-RUS", "2025/..") };
    let answer = server.client.append(batch(vec![assert(large)])).await;
    let (_, metadata) = expect_refusal(answer, Code::ResourceExhausted, "LIMIT_EXCEEDED");
    assert_eq!(metadata["field"], "commands[0].assert_claim.claim");

    let answer = server.client.append(batch(much(1))).await;
    let (status, _) = expect_refusal(answer, Code::ResourceExhausted, "LIMIT_EXCEEDED");
    assert!(status.message().contains("2097152"), "{}", status.message());
}

#[tokio::test]
async fn one_stream_too_many_is_told_when_to_come_again() {
    let mut server = Running::of(in_memory(), options(Limits { streams: 1, ..Limits::default() })).await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    for from in [1, 1000, 2000] {
        server.append(much(from)).await;
    }
    let unread = server.client.read_events(v1::ReadEventsRequest::default()).await.unwrap();
    let answer = server.client.read_events(v1::ReadEventsRequest::default()).await;
    let (status, _) = expect_refusal(answer, Code::ResourceExhausted, "OVERLOADED");
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    drop(unread);
}

#[tokio::test]
async fn a_ledger_that_is_closed_takes_no_appends_and_still_answers() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE")]).await;
    server.ledger.close();
    expect_refusal(server.client.append(batch(vec![party("RUS")])).await, Code::Unavailable, "NOT_SERVING");
    server.client.get_state(v1::GetStateRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_appends_and_reads_go_on() {
    let failures = Failures::default();
    let mut server = Running::of(failures.ledger(), ServerOptions::default()).await;
    server.append(vec![party("AZE")]).await;
    failures.room.store(true, Ordering::SeqCst);
    expect_refusal(server.client.append(batch(vec![party("RUS")])).await, Code::ResourceExhausted, "DISK_FULL");
    server.client.list_parties(v1::ListPartiesRequest::default()).await.unwrap();
    failures.room.store(false, Ordering::SeqCst);
    assert_eq!(server.append(vec![party("RUS")]).await.results[0].position, 2);
}

#[tokio::test]
async fn what_the_system_lacks_refuses_an_append_and_the_next_one_is_recorded() {
    let failures = Failures::default();
    let mut server = Running::of(failures.ledger(), ServerOptions::default()).await;
    server.append(vec![party("AZE")]).await;

    failures.descriptors.store(true, Ordering::SeqCst);
    let answer = server.client.append(batch(vec![party("RUS")])).await;
    let (status, _) = expect_refusal(answer, Code::ResourceExhausted, "OVERLOADED");
    assert!(status.message().contains("Too many open files"), "{}", status.message());
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    failures.descriptors.store(false, Ordering::SeqCst);

    failures.read_only.store(true, Ordering::SeqCst);
    let answer = server.client.append(batch(vec![party("RUS")])).await;
    let (status, _) = expect_refusal(answer, Code::FailedPrecondition, "READ_ONLY");
    assert!(status.message().contains("read-only"), "{}", status.message());
    failures.read_only.store(false, Ordering::SeqCst);

    failures.early.store(true, Ordering::SeqCst);
    let answer = server.client.append(batch(vec![party("RUS")])).await;
    let (status, _) = expect_refusal(answer, Code::FailedPrecondition, "CLOCK_WRONG");
    assert!(status.message().contains("behind the last record"), "{}", status.message());
    server.client.list_parties(v1::ListPartiesRequest::default()).await.unwrap();
    failures.early.store(false, Ordering::SeqCst);

    assert_eq!(server.append(vec![party("RUS")]).await.results[0].position, 2, "nothing is missing between");
}

#[tokio::test]
async fn a_write_that_fails_half_way_has_an_unknown_outcome_and_ends_the_server() {
    let failures = Failures::default();
    let mut server = Running::of(failures.ledger(), ServerOptions::default()).await;
    failures.write.store(true, Ordering::SeqCst);
    expect_refusal(server.client.append(batch(vec![party("AZE")])).await, Code::Unknown, "OUTCOME_UNKNOWN");
    let ended = server.wait_for_end().await.unwrap_err().to_string();
    assert!(ended.contains("stopped writing"), "{ended}");
}

#[tokio::test]
async fn a_defect_ends_one_call_and_not_the_server() {
    let failures = Failures::default();
    let mut server = Running::of(failures.ledger(), ServerOptions::default()).await;
    failures.clock.store(true, Ordering::SeqCst);
    let answer = server.client.get_server_info(v1::GetServerInfoRequest {}).await;
    expect_refusal(answer, Code::Internal, "INTERNAL");
    failures.clock.store(false, Ordering::SeqCst);
    server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
}

#[tokio::test]
async fn damage_is_told_with_its_place_and_never_answered_around() {
    let dir = tempfile::tempdir().unwrap();
    let opened = LedgerOptions { cache_bytes: 0, ..LedgerOptions::default() };
    let mut server =
        Running::of(Ledger::create(dir.path(), ledger_id(), &opened).unwrap(), ServerOptions::default()).await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    server.append((1..=200).map(|id| assert(claim(id, "AZE-RUS", "2025/.."))).collect()).await;
    server.append(vec![party("TUR")]).await;
    server.stop().await.unwrap();
    damage(dir.path());

    let (ledger, _) = Ledger::open(dir.path(), &opened, &|_, _| {}).unwrap();
    let mut server = Running::of(ledger, ServerOptions::default()).await;
    let request = v1::GetClaimRequest { claim_id: uuid(20), ..Default::default() };
    let (_, metadata) = expect_refusal(server.client.get_claim(request).await, Code::DataLoss, "DAMAGED");
    assert!(!metadata["place"].is_empty());
    assert!(metadata["command"].starts_with("detente verify"));
    // Its neighbour in the same block and frame is whole, and says so itself.
    let request = v1::GetClaimRequest { claim_id: uuid(21), ..Default::default() };
    assert!(server.client.get_claim(request).await.is_ok());
}

/// Damages a block in sled, and a word of claim 20 in the journal that it would be made from again.
fn damage(data: &std::path::Path) {
    let db = sled::open(store_dir(data)).unwrap();
    let log = db.open_tree("log").unwrap();
    let (key, block) = log.iter().nth(1).unwrap().unwrap();
    let mut block = block.to_vec();
    *block.last_mut().unwrap() ^= 0x20;
    log.insert(key, block).unwrap();
    db.flush().unwrap();
    let mut files = std::fs::read_dir(journal_dir(data)).unwrap().map(|entry| entry.unwrap().path());
    let segment = files.find(|path| path.extension().is_some_and(|extension| extension == "seg")).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(19).position(|window| window == b"Agreement number 20").unwrap();
    bytes[at] ^= 0x20;
    std::fs::write(segment, bytes).unwrap();
}

#[tokio::test]
async fn a_withdrawal_of_what_is_not_there_names_its_field() {
    let mut server = Running::in_memory().await;
    let withdraw = command(Command::WithdrawSource(v1::WithdrawSource { source_id: "nothing".into() }));
    let (status, _) =
        expect_refusal(server.client.append(batch(vec![withdraw])).await, Code::FailedPrecondition, "COMMAND_REJECTED");
    assert_eq!(fields(&status), ["commands[0].withdraw_source.source_id"]);
}
