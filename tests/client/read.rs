//! Questions: the cut they stand at, page by page, over broken connections.

use crate::running::party;
use crate::site::{Site, one, request, within};
use detente_proto::v1::{
    Coordinate, DiffRequest, GetServerInfoRequest, GetStateRequest, ListClaimsRequest, ListPartiesRequest,
};
use tokio_stream::StreamExt;

#[tokio::test]
async fn a_client_at_a_basis_sees_what_was_recorded_then_and_its_own_write() {
    let site = Site::new().await;
    let client = site.client().await;
    let basis = client.append(one(1)).await.unwrap().context.unwrap().basis;
    client.append(one(2)).await.unwrap();
    let then = client.at(&basis);
    let claims = then.ask(ListClaimsRequest::default()).await.unwrap();
    assert_eq!((claims.claims.len(), claims.context.unwrap().basis), (1, basis));
    assert_eq!(client.ask(ListClaimsRequest::default()).await.unwrap().claims.len(), 2);
}

#[tokio::test]
async fn a_session_sees_one_record_which_changes_by_its_own_appends_only() {
    let site = Site::new().await;
    let client = site.client().await;
    let session = client.session();
    let claims = async || session.ask(ListClaimsRequest::default()).await.unwrap().claims.len();
    assert_eq!(claims().await, 0);
    client.append(one(1)).await.unwrap();
    assert_eq!(claims().await, 0);
    session.append(one(2)).await.unwrap();
    assert_eq!(claims().await, 2);
    client.append(one(3)).await.unwrap();
    assert_eq!(claims().await, 2);
    session.refresh();
    assert_eq!(claims().await, 3);
}

#[tokio::test]
async fn a_session_compares_at_the_record_it_sees() {
    let site = Site::new().await;
    let session = site.client().await.session();
    let basis = session.append(one(1)).await.unwrap().context.unwrap().basis;
    site.client().await.append(one(2)).await.unwrap();
    let from = Some(Coordinate { cut: Some(detente_proto::v1::Cut::position(2)), ..Default::default() });
    let diff = session.ask(DiffRequest { from, ..Default::default() }).await.unwrap();
    assert_eq!((diff.changes.len(), diff.to.unwrap().basis), (1, basis));
}

#[tokio::test]
async fn a_question_survives_a_broken_connection() {
    let site = Site::new().await;
    let client = site.client().await;
    client.ask(GetServerInfoRequest {}).await.unwrap();
    site.proxy.hold_replies();
    let asking = tokio::spawn(async move { client.ask(GetServerInfoRequest {}).await });
    within(site.proxy.reply_waits()).await;
    site.proxy.cut();
    assert_eq!(within(asking).await.unwrap().unwrap().head.unwrap().position, 2);
}

#[tokio::test]
async fn all_pages_are_one_answer_whatever_is_recorded_and_breaks_meanwhile() {
    let mut site = Site::new().await;
    site.record(1, 10).await;
    for client in [site.client().await, site.client().await.session()] {
        let mut pages = client.pages(ListClaimsRequest { page_size: 3, ..Default::default() });
        let mut seen = Vec::new();
        while let Some(claim) = pages.next().await.unwrap() {
            seen.push(claim.position);
            if seen.len() % 3 == 1 {
                client.append(request(vec![party(&format!("P{}", uuid::Uuid::new_v4().simple()))])).await.unwrap();
                site.proxy.cut();
            }
        }
        assert_eq!(seen, (3..13).collect::<Vec<u64>>());
        assert!(pages.context().unwrap().position >= 12);
    }
}

#[tokio::test]
async fn pages_are_a_stream_too() {
    let mut site = Site::new().await;
    site.record(1, 5).await;
    let client = site.client().await;
    let state = GetStateRequest { valid_at: "2025-07".to_owned(), page_size: 2, ..Default::default() };
    let matches: Vec<_> = client.pages(state).into_stream().map(Result::unwrap).collect().await;
    assert_eq!(matches.len(), 5);
    let mut parties = client.pages(ListPartiesRequest { page_token: "not a token".to_owned(), ..Default::default() });
    assert!(parties.next().await.is_err());
}
