//! Appends: recorded once, whatever happens to the connection; and what is said where they are not recorded.

use crate::running::{assert, claim, party};
use crate::site::{Site, one, quick, request, within};
use detente_client::{Compression, Error, Options};
use detente_proto::v1::{self, ErrorReason};
use std::time::Duration;

#[tokio::test]
async fn an_append_whose_reply_is_lost_is_recorded_once() {
    let mut site = Site::new().await;
    let client = site.client().await;
    site.proxy.hold_replies();
    let append = tokio::spawn(async move { client.append(one(1)).await });
    site.wait_until_recorded(3).await;
    site.proxy.cut();
    let reply = within(append).await.unwrap().unwrap();
    assert!(reply.replayed);
    assert_eq!(reply.results[0].position, 3);
    assert_eq!(site.running().ledger.head().position().0, 3);
}

#[tokio::test]
async fn an_append_waits_for_a_server_that_is_started_anew() {
    let mut site = Site::new().await;
    let client = site.client().await;
    site.stop().await;
    let append = tokio::spawn(async move { client.append(one(1)).await });
    site.start().await;
    let reply = within(append).await.unwrap().unwrap();
    assert_eq!((reply.replayed, reply.results[0].position), (false, 3));
}

#[tokio::test]
async fn an_append_that_was_given_up_can_be_sent_again_with_the_id_it_had() {
    let mut site = Site::new().await;
    let client = site.client_with(Options { patience: Duration::ZERO, ..quick() }).await;
    site.proxy.hold_replies();
    let impatient = client.clone();
    let append = tokio::spawn(async move { impatient.append(one(1)).await });
    site.wait_until_recorded(3).await;
    site.proxy.cut();
    let error = within(append).await.unwrap().unwrap_err();
    assert!(error.outcome_is_unknown(), "{error}");
    assert_eq!(error.reason(), None);
    let request_id = error.refusal().unwrap().request_id.clone().unwrap();
    let again = site.client().await.append(v1::AppendRequest { request_id, ..one(1) }).await.unwrap();
    assert!(again.replayed);
    assert_eq!(site.running().ledger.head().position().0, 3);
}

#[tokio::test]
async fn each_append_has_an_id_of_its_own() {
    let mut site = Site::new().await;
    let client = site.client().await;
    client.append(request(vec![party("ARM")])).await.unwrap();
    let error = client.append(request(vec![party("ARM")])).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::CommandRejected), "{error}");
    assert_eq!(site.running().ledger.head().position().0, 3);
}

#[tokio::test]
async fn a_malformed_append_is_refused_at_once_with_every_violation() {
    let site = Site::new().await;
    let malformed = v1::Claim { kind: String::new(), valid: "2025-13".to_owned(), ..claim(1, "RUS", "") };
    let error = site.client().await.append(request(vec![assert(malformed)])).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::InvalidRequest));
    let fields: Vec<_> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
    let of = |field: &str| format!("commands[0].assert_claim.claim.{field}");
    assert_eq!(fields, [of("kind"), of("valid"), of("relationships[0]")]);
    assert!(error.conflicts().is_empty() && !error.outcome_is_unknown());
    assert_eq!(error.refusal().unwrap().attempts, 1);
}

#[tokio::test]
async fn a_precondition_that_does_not_hold_is_told_with_what_is() {
    let site = Site::new().await;
    let client = site.client().await;
    client.append(one(1)).await.unwrap();
    let claim_id = claim(1, "AZE-RUS", "").claim_id;
    let expectation = Some(v1::expected_revision::Expectation::Exact(7));
    let expected = v1::ExpectedRevision { claim_id: claim_id.clone(), expectation };
    let precondition = v1::precondition::Precondition::ExpectedRevision(expected);
    let preconditions = vec![v1::Precondition { precondition: Some(precondition) }];
    let error = client.append(v1::AppendRequest { preconditions, ..one(2) }).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::PreconditionFailed));
    let [conflict] = error.conflicts() else { panic!("{error:?}") };
    assert_eq!(conflict.kind, "EXPECTED_REVISION");
    assert!(conflict.subject.contains(&claim_id) && conflict.description.contains("found revision 1"), "{conflict}");
}

#[tokio::test]
async fn what_may_not_be_done_twice_is_not_tried_again() {
    let mut site = Site::new().await;
    let client = site.client().await;
    client.create_cursor(v1::CreateCursorRequest { cursor_id: "desk".into(), ..Default::default() }).await.unwrap();
    site.proxy.hold_replies();
    let deleting = client.clone();
    let delete = tokio::spawn(async move { deleting.delete_cursor("desk").await });
    while !site.running().ledger.list_cursors().is_empty() {
        tokio::task::yield_now().await;
    }
    site.proxy.cut();
    let error = within(delete).await.unwrap().unwrap_err();
    assert!(error.outcome_is_unknown());
    assert_eq!(error.refusal().unwrap().attempts, 1);
    assert!(client.ask(v1::ListCursorsRequest {}).await.unwrap().cursors.is_empty());
}

#[tokio::test]
async fn requests_and_replies_can_be_compressed() {
    let site = Site::new().await;
    for (compression, id) in [(Compression::None, 1), (Compression::Replies, 2), (Compression::Both, 3)] {
        let client = site.client_with(Options { compression, ..quick() }).await;
        client.append(one(id)).await.unwrap();
        let claims = client.ask(v1::ListClaimsRequest::default()).await.unwrap().claims;
        assert_eq!(claims.len() as u128, id);
    }
}

#[tokio::test]
async fn where_nobody_listens_that_is_said() {
    let mut site = Site::new().await;
    let address = site.running().address;
    site.stop().await;
    let error = detente_client::Client::connect(&address.to_string()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}
