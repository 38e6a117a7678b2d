//! Deadlines over gRPC: a call whose client has stopped waiting ends with a status that says so, in every protocol and service.

use crate::failing::Failures;
use crate::running::{Running, batch, party};
use detente::server::ServerOptions;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::sync::atomic::Ordering;
use tokio_stream::StreamExt as _;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// A request whose deadline is as the header says it. The client itself keeps no time.
fn by<T>(limit: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("grpc-timeout", limit.parse().unwrap());
    request
}

/// A client without the timer that tonic's has for the same header.
macro_rules! without_timer {
    ($server:expr) => {{
        let io = hyper_util::rt::TokioIo::new(tokio::net::TcpStream::connect($server.address).await.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        let (send, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        tokio::spawn(connection);
        tower::service_fn(move |request: tonic::codegen::http::Request<Body>| {
            let mut send = send.clone();
            async move { send.send_request(request).await }
        })
    }};
}

fn origin(server: &Running) -> tonic::codegen::http::Uri {
    format!("http://{}", server.address).parse().unwrap()
}

fn late(status: &Status) -> std::collections::HashMap<String, String> {
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.reason, "DEADLINE_EXCEEDED", "{status:?}");
    info.metadata
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_comes_too_late_is_refused_with_its_reason_each_time() {
    let server = Running::in_memory().await;
    let plain = without_timer!(server);
    let mut client = LedgerServiceClient::with_origin(plain.clone(), origin(&server));
    let mut health = HealthClient::with_origin(plain, origin(&server));
    for nth in 0..60 {
        let limit = ["1n", "0S", "1u"][nth % 3];
        let status = client.append(by(limit, batch(vec![party("LATE")]))).await.unwrap_err();
        assert!(!late(&status).contains_key("outcome"), "nothing was begun: {status:?}");
        late(&client.get_state(by(limit, v1::GetStateRequest::default())).await.unwrap_err());
        late(&client.subscribe(by(limit, v1::SubscribeRequest::default())).await.unwrap_err());
        late(&health.check(by(limit, HealthCheckRequest::default())).await.unwrap_err());
        late(&health.watch(by(limit, HealthCheckRequest::default())).await.unwrap_err());
    }
    assert_eq!(server.ledger.head().position().0, 0, "something was recorded");
    client.append(by("5S", batch(vec![party("SOON")]))).await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_deadline_passes_says_that_it_may_be_recorded() {
    let failures = Failures::default();
    let server = Running::of(failures.ledger(), ServerOptions::default()).await;
    let mut client = LedgerServiceClient::with_origin(without_timer!(server), origin(&server));
    failures.stall.store(true, Ordering::SeqCst);
    let request_id = Uuid::from_u128(9).to_string();
    let request = v1::AppendRequest { request_id, ..batch(vec![party("AZE")]) };
    let status = client.append(by("100m", request.clone())).await.unwrap_err();
    assert_eq!(late(&status)["outcome"], "unknown");
    failures.stall.store(false, Ordering::SeqCst);
    let again = client.append(by("10S", request)).await.unwrap().into_inner();
    assert_eq!(again.context.unwrap().position, 1, "it is recorded once");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_at_its_deadline() {
    let server = Running::in_memory().await;
    let plain = without_timer!(server);
    let mut client = LedgerServiceClient::with_origin(plain.clone(), origin(&server));
    let mut feed = client.subscribe(by("300m", v1::SubscribeRequest::default())).await.unwrap().into_inner();
    let mut health = HealthClient::with_origin(plain, origin(&server));
    let mut watch = health.watch(by("300m", HealthCheckRequest::default())).await.unwrap().into_inner();
    assert!(watch.next().await.unwrap().is_ok());
    late(&watch.next().await.unwrap().unwrap_err());
    let last = loop {
        match feed.next().await.expect("the stream ends with its status") {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert!(!late(&last).contains_key("outcome"), "{last:?}");
    server.stop().await.unwrap();
}
