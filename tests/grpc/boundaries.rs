//! Query boundaries over gRPC: judged before the writer, bounded in number, and no hindrance to a retry.

use crate::running::{Running, about, assert, batch, claim, party};
use detente_proto::v1;
use detente_proto::v1::precondition::Precondition;
use tonic::Code;
use tonic_types::StatusExt;

fn nothing_since(relationship: &str, after_position: u64) -> v1::Precondition {
    let boundary = v1::QueryBoundary { filter: about(relationship), after_position };
    v1::Precondition { precondition: Some(Precondition::QueryBoundary(boundary)) }
}

#[tokio::test]
async fn a_retry_is_replayed_though_its_own_claim_lies_behind_the_boundary() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), assert(claim(1, "AZE-RUS", "2025"))]).await;
    let request = v1::AppendRequest {
        request_id: uuid::Uuid::from_u128(77).to_string(),
        preconditions: vec![nothing_since("AZE-RUS", 3)],
        ..batch(vec![assert(claim(2, "AZE-RUS", "2025"))])
    };
    let first = server.client.append(request.clone()).await.unwrap().into_inner();
    let second = server.client.append(request.clone()).await.unwrap().into_inner();
    assert_eq!((first.replayed, second.replayed, &second.results), (false, true, &first.results));
    let other = v1::AppendRequest { request_id: uuid::Uuid::from_u128(78).to_string(), ..request };
    let refused = server.client.append(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    let violations = refused.get_details_precondition_failure().unwrap().violations;
    assert_eq!(violations.len(), 1);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn every_precondition_that_does_not_hold_is_reported_at_once_with_the_boundary() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), assert(claim(1, "AZE-RUS", "2025"))]).await;
    let expectation = Some(v1::expected_revision::Expectation::Exact(2));
    let expected = v1::ExpectedRevision { claim_id: claim(1, "AZE-RUS", "2025").claim_id, expectation };
    let expected = v1::Precondition { precondition: Some(Precondition::ExpectedRevision(expected)) };
    let request = v1::AppendRequest {
        preconditions: vec![expected, nothing_since("AZE-RUS", 2), nothing_since("AZE-RUS", 3)],
        ..batch(vec![assert(claim(2, "AZE-RUS", "2025"))])
    };
    let refused = server.client.append(request).await.unwrap_err();
    assert_eq!(refused.get_details_precondition_failure().unwrap().violations.len(), 2);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn more_boundaries_than_sixteen_are_refused_with_their_number() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    let with = |count| v1::AppendRequest {
        preconditions: vec![nothing_since("AZE-RUS", 2); count],
        validate_only: true,
        ..batch(vec![assert(claim(2, "AZE-RUS", "2025"))])
    };
    assert!(server.client.append(with(16)).await.is_ok());
    let refused = server.client.append(with(17)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations.first().map(|violation| violation.field.as_str()), Some("preconditions"));
    assert!(violations.iter().any(|violation| violation.description.contains("17 query boundaries")));
    server.stop().await.unwrap();
}
