//! Shares: one client leaves room for others in everything that clients open and hold.

use crate::served::Served;
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

async fn channel(server: &Served) -> Channel {
    Endpoint::from_shared(format!("http://{}", server.address)).unwrap().connect().await.unwrap()
}

fn assert_over_share(status: &Status, what: &str) {
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (Code::ResourceExhausted, "OVERLOADED"), "{status:?}");
    assert_eq!((info.metadata["what"].as_str(), info.metadata["setting"].as_str()), (what, "peer_share_percent"));
}

fn stage(number: u128) -> v1::OpenStageRequest {
    let request_id = uuid::Uuid::from_u128(number).to_string();
    v1::OpenStageRequest { request_id, recorded_by: "tests".to_owned(), ..Default::default() }
}

fn cursor(number: usize) -> v1::CreateCursorRequest {
    v1::CreateCursorRequest { cursor_id: format!("desk-{number}"), ..Default::default() }
}

#[tokio::test]
async fn one_client_leaves_stages_and_cursors_to_others() {
    let server = Served::empty().await;
    let mut greedy = server.client.clone();
    let mut other = LedgerServiceClient::new(channel(&server).await);
    for number in 1..=12 {
        greedy.open_stage(stage(number)).await.unwrap();
    }
    assert_over_share(&greedy.open_stage(stage(13)).await.unwrap_err(), "stages");
    greedy.open_stage(stage(12)).await.expect("one that is open already is not counted twice");
    let dropped = v1::DropStageRequest { stage_id: stage(1).request_id };
    greedy.drop_stage(dropped).await.unwrap();
    assert!(greedy.open_stage(stage(15)).await.is_ok(), "what is dropped can be opened again");
    other.open_stage(stage(14)).await.expect("another has its share");

    for number in 1..=750 {
        greedy.create_cursor(cursor(number)).await.unwrap();
    }
    assert_over_share(&greedy.create_cursor(cursor(751)).await.unwrap_err(), "cursors");
    greedy.create_cursor(cursor(750)).await.expect("one that is there already is not counted twice");
    other.create_cursor(cursor(752)).await.expect("another has its share");
    server.end().await;
}

#[tokio::test]
async fn streams_of_health_and_reflection_count_among_the_subscriptions_of_their_client() {
    let limits = Limits { subscriptions: 4, ..Limits::default() };
    let server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let mut greedy = HealthClient::new(channel(&server).await);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(greedy.watch(HealthCheckRequest::default()).await.unwrap());
    }
    assert_over_share(&greedy.watch(HealthCheckRequest::default()).await.unwrap_err(), "subscriptions");
    greedy.check(HealthCheckRequest::default()).await.expect("a question that is no stream takes no place");
    let mut other = HealthClient::new(channel(&server).await);
    let last = other.watch(HealthCheckRequest::default()).await.unwrap();
    let mut reflection =
        tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(channel(&server).await);
    let full = reflection.server_reflection_info(tokio_stream::pending()).await.unwrap_err();
    assert_eq!(full.get_details_error_info().unwrap().reason, "OVERLOADED", "{full:?}");
    drop((held, last));
    let again = async {
        while other.watch(HealthCheckRequest::default()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), again).await.expect("places are not given back");
    server.end().await;
}

/// Asks for a probe on a connection; false if that is closed.
async fn is_served(mut socket: TcpStream) -> bool {
    let mut byte = [0];
    let ask = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut socket, ask).await.is_ok() && matches!(socket.read(&mut byte).await, Ok(1))
}

#[tokio::test]
async fn connections_of_one_address_leave_one_to_another_and_are_served_again_when_some_close() {
    let server = Served::empty_with(ServerOptions { connections: 8, ..ServerOptions::default() }).await;
    // One is the client's own.
    let mut open = Vec::new();
    for _ in 0..6 {
        open.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert!(!is_served(TcpStream::connect(server.address).await.unwrap()).await, "it has its share");
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    assert!(is_served(other.connect(server.address).await.unwrap()).await, "another address has one");
    drop(open);
    let again = async { while !is_served(TcpStream::connect(server.address).await.unwrap()).await {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), again).await.expect("places are not given back");
    server.end().await;
}

/// A channel from another address of this machine.
async fn channel_from(server: &Served, address: [u8; 4]) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    endpoint.local_address(Some(address.into())).connect().await.unwrap()
}

#[tokio::test]
async fn an_address_with_many_connections_leaves_streams_and_stages_to_another_address() {
    let limits = Limits { subscriptions: 16, ..Limits::default() };
    let server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let (mut held, mut stages) = (Vec::new(), 0);
    for number in 1..=20 {
        let channel = channel_from(&server, [127, 0, 0, 1]).await;
        let watched = HealthClient::new(channel.clone()).watch(HealthCheckRequest::default()).await;
        watched.map_or_else(|status| assert_over_share(&status, "subscriptions"), |stream| held.push(stream));
        let opened = LedgerServiceClient::new(channel).open_stage(stage(number)).await;
        opened.map_or_else(|status| assert_over_share(&status, "stages"), |_| stages += 1);
    }
    assert_eq!((held.len(), stages), (14, 14), "seven eighths");
    let other = channel_from(&server, [127, 0, 0, 2]).await;
    for number in 21..=22 {
        held.push(HealthClient::new(other.clone()).watch(HealthCheckRequest::default()).await.unwrap());
        LedgerServiceClient::new(other.clone()).open_stage(stage(number)).await.unwrap();
    }
    server.end().await;
}

/// Clients from an address, each on a connection of its own.
async fn channels_from(server: &Served, address: [u8; 4], count: usize) -> Vec<LedgerServiceClient<Channel>> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(LedgerServiceClient::new(channel_from(server, address).await));
    }
    clients
}

#[tokio::test]
async fn an_address_that_subscribes_and_watches_all_it_can_leaves_both_and_cursors_in_use_to_another_address() {
    let limits = Limits { subscriptions: 16, streams: 16, ..Limits::default() };
    let server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let by_cursor = |number: usize| v1::SubscribeRequest {
        start: Some(v1::subscribe_request::Start::CursorId(format!("desk-{number}"))),
        ..Default::default()
    };
    let (mut feeds, mut clocks) = (Vec::new(), Vec::new());
    for (number, mut client) in channels_from(&server, [127, 0, 0, 1], 20).await.into_iter().enumerate() {
        client.create_cursor(cursor(number)).await.unwrap();
        let subscribed = client.subscribe(by_cursor(number)).await;
        subscribed.map_or_else(|status| assert_over_share(&status, "subscriptions"), |stream| feeds.push(stream));
        let watched = client.watch_clock(v1::WatchClockRequest::default()).await;
        watched.map_or_else(|status| assert_over_share(&status, "streams"), |stream| clocks.push(stream));
    }
    assert_eq!((feeds.len(), clocks.len()), (14, 14), "seven eighths");
    for (number, mut client) in channels_from(&server, [127, 0, 0, 2], 2).await.into_iter().enumerate() {
        client.create_cursor(cursor(100 + number)).await.unwrap();
        feeds.push(client.subscribe(by_cursor(100 + number)).await.expect("another address subscribes"));
        clocks.push(client.watch_clock(v1::WatchClockRequest::default()).await.expect("another address watches"));
    }
    server.end().await;
}

#[tokio::test]
async fn an_address_that_makes_cursors_on_many_connections_leaves_an_eighth_to_another_address() {
    let server = Served::empty().await;
    let mut made = 0;
    for mut client in channels_from(&server, [127, 0, 0, 1], 3).await {
        for _ in 0..750 {
            match client.create_cursor(cursor(made)).await {
                Ok(_) => made += 1,
                Err(status) => {
                    assert_over_share(&status, "cursors");
                    break;
                }
            }
        }
    }
    assert_eq!(made, 875, "seven eighths");
    for mut client in channels_from(&server, [127, 0, 0, 2], 1).await {
        for number in 0..125 {
            client.create_cursor(cursor(2_000 + number)).await.expect("another address has the rest");
        }
    }
    server.end().await;
}
