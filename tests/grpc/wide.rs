//! Questions that look at much of the record: they end at their deadline and when nobody waits for them, and others do not
//! wait for them.

use crate::running::{Running, assert, batch, claim, party};
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// More than a question may look at where it arrives.
const CLAIMS: u128 = 20_000;

/// A server with many claims of one relationship, each from another day on.
async fn much_recorded() -> Running {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    let commands: Vec<v1::Command> = (1..=CLAIMS).map(|id| assert(day_claim(id))).collect();
    for some in commands.chunks(5_000) {
        server.client.append(batch(some.to_vec())).await.unwrap();
    }
    server
}

fn day_claim(id: u128) -> v1::Claim {
    let (year, day) = (1900 + id / 336, id % 336);
    claim(id, "AZE-RUS", &format!("{year}-{:02}-{:02}/..", day / 28 + 1, day % 28 + 1))
}

async fn timeline(mut client: LedgerServiceClient<Channel>) -> Result<v1::GetTimelineResponse, Status> {
    client.get_timeline(v1::GetTimelineRequest::default()).await.map(tonic::Response::into_inner)
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

#[tokio::test]
async fn a_wide_question_is_answered_whole_from_a_snapshot() {
    let mut server = much_recorded().await;
    let filter = v1::ListClaimsRequest { page_size: 1, ..Default::default() };
    assert!(server.client.list_claims(filter).await.is_ok());
    let state = v1::GetStateRequest { valid_at: "1990".to_owned(), page_size: 1000, ..Default::default() };
    let (mut found, mut token) = (0, String::new());
    loop {
        let page = v1::GetStateRequest { page_token: token, ..state.clone() };
        let page = server.client.get_state(page).await.unwrap().into_inner();
        found += page.matches.len();
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected = (1..=CLAIMS).filter(|id| 1900 + id / 336 <= 1990).count();
    assert_eq!(found, expected);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_and_small_questions_go_on_while_wide_ones_are_computed() {
    let mut server = much_recorded().await;
    let mut wide = JoinSet::new();
    for _ in 0..8 {
        wide.spawn(timeline(server.client.clone()));
    }
    for id in CLAIMS + 1..CLAIMS + 20 {
        let recorded = server.append(vec![assert(day_claim(id))]).await;
        let asked = v1::GetClaimRequest { claim_id: day_claim(id).claim_id, ..Default::default() };
        let seen = server.client.get_claim(asked).await.unwrap().into_inner();
        assert_eq!(
            seen.context.unwrap().position,
            recorded.context.unwrap().position,
            "an answer does not see what was recorded"
        );
    }
    while let Some(answer) = wide.join_next().await {
        let refused = answer.unwrap().err();
        assert!(refused.as_ref().is_none_or(|status| reason(status) == "OVERLOADED"), "{refused:?}");
    }
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_nobody_waits_for_any_more_gives_its_place_back() {
    let server = much_recorded().await;
    for _ in 0..40 {
        let left = tokio::time::timeout(Duration::from_millis(2), timeline(server.client.clone())).await;
        assert!(left.is_err() || left.unwrap().is_err(), "the question was too small to leave it");
    }
    timeline(server.client.clone()).await.expect("the places of those that left are taken");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_wide_questions_than_may_wait_are_refused_with_a_delay() {
    let server = much_recorded().await;
    let most = 64 * std::thread::available_parallelism().unwrap().get();
    let mut wide = JoinSet::new();
    for _ in 0..2 * most {
        wide.spawn(timeline(server.client.clone()));
    }
    let mut overloaded = 0;
    while let Some(answer) = wide.join_next().await {
        if let Err(status) = answer.unwrap() {
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::ResourceExhausted, "OVERLOADED"),
                "{status:?}"
            );
            assert!(status.get_details_retry_info().is_some());
            overloaded += 1;
        }
    }
    assert!(overloaded > 0);
    server.stop().await.unwrap();
}
