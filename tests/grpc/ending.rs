//! The end of a server, and its treatment of silent connections.

use crate::failing::Failures;
use crate::running::{Running, batch, in_memory, much, party};
use detente::server::ServerOptions;
use detente_proto::v1;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_types::StatusExt;

#[tokio::test]
async fn a_server_ends_in_time_with_a_stream_open_that_nobody_reads() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    for from in [1, 1000, 2000] {
        server.append(much(from)).await;
    }
    let unread = server.client.read_events(v1::ReadEventsRequest::default()).await.unwrap();
    let ledger = Arc::clone(&server.ledger);
    let began = Instant::now();
    server.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(unread);
    // Nothing of the server is left that holds the ledger.
    for _ in 0..100 {
        if Arc::strong_count(&ledger) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} still hold the ledger", Arc::strong_count(&ledger) - 1);
}

#[tokio::test]
async fn a_stream_that_is_read_is_told_that_the_server_stops() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    for from in [1, 1000, 2000] {
        server.append(much(from)).await;
    }
    let mut stream = server.client.read_events(v1::ReadEventsRequest::default()).await.unwrap().into_inner();
    stream.next().await.unwrap().unwrap();
    let stopped = tokio::spawn(server.stop());
    let mut last = None;
    tokio::time::sleep(Duration::from_millis(100)).await;
    while let Some(batch) = stream.next().await {
        last = Some(batch);
    }
    let status = last.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.get_details_error_info().unwrap().reason, "NOT_SERVING");
    stopped.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_watches_its_health_is_told_and_an_idle_server_ends_at_once() {
    let server = Running::in_memory().await;
    let mut watch =
        HealthClient::new(server.channel.clone()).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let other = HealthCheckRequest { service: "nobody.Knows".to_owned() };
    let mut unknown = HealthClient::new(server.channel.clone()).watch(other).await.unwrap().into_inner();
    assert_eq!(unknown.next().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
    let mut reflection = ServerReflectionClient::new(server.channel.clone());
    let mut reflection = reflection.server_reflection_info(tokio_stream::pending()).await.unwrap().into_inner();
    let stopped = tokio::spawn(server.stop());
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let began = Instant::now();
    assert!(watch.next().await.is_none() && unknown.next().await.unwrap().is_ok() && unknown.next().await.is_none());
    assert_eq!(reflection.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    stopped.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_and_counts_until_then() {
    let options = ServerOptions { preface: Duration::from_millis(200), ..ServerOptions::default() };
    let server = Running::of(in_memory(), options).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 8])).await.unwrap();
    assert_eq!(read.unwrap_or(0), 0, "the connection should be closed");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn while_a_write_does_not_end_the_server_says_that_it_does_not_serve_and_answers_all_the_same() {
    let failures = Failures::default();
    let options = ServerOptions { slow_write: Duration::from_millis(50), ..ServerOptions::default() };
    let mut server = Running::of(failures.ledger(), options).await;
    server.append(vec![party("AZE")]).await;
    let mut watch =
        HealthClient::new(server.channel.clone()).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    failures.stall.store(true, Ordering::SeqCst);
    let mut other = server.client.clone();
    let stalled = tokio::spawn(async move { other.append(batch(vec![party("RUS")])).await });
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let info = server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.head.unwrap().position, 1, "what is not durable is not shown");
    failures.stall.store(false, Ordering::SeqCst);
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    assert_eq!(stalled.await.unwrap().unwrap().into_inner().context.unwrap().position, 2);
    server.stop().await.unwrap();
}
