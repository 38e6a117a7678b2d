//! Clients that leave replies unread: what they cost others, and when their connections are closed.

use crate::served::{Served, claim, party};
use detente::server::ServerOptions;
use detente_proto::v1;
use prost::Message as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::Code;

const LONG: Duration = Duration::from_secs(20);
const RESERVED: &str = "detente_memory_reserved_bytes";
const REFUSED: &str = "detente_refusals_total{why=\"memory\"}";
/// Windows that let everything come, and nothing.
const OPEN: u32 = 0x7fff_ffff;
const SHUT: u32 = 0;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn literal(name: &str, value: &str) -> Vec<u8> {
    let sized = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], sized(name), sized(value)].concat()
}

/// A client of HTTP/2 that has small buffers and reads only on demand.
struct Silent {
    socket: TcpStream,
    calls: u32,
}

impl Silent {
    async fn connect(address: SocketAddr, window: u32) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let mut socket = socket.connect(address).await.unwrap();
        let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        sent.extend(frame(4, 0, 0, &settings));
        sent.extend(frame(8, 0, 0, &(OPEN - 65_535).to_be_bytes()));
        socket.write_all(&sent).await.unwrap();
        Self { socket, calls: 0 }
    }

    async fn call(&mut self, rpc: &str, message: &[u8], timeout: Option<&str>) {
        let mut head = vec![0x83, 0x86];
        head.extend(literal(":path", &format!("/detente.v1.LedgerService/{rpc}")));
        head.extend(literal(":authority", "127.0.0.1"));
        head.extend(literal("content-type", "application/grpc"));
        timeout.into_iter().for_each(|timeout| head.extend(literal("grpc-timeout", timeout)));
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let body = [&[0][..], &length, message].concat();
        let stream = self.calls * 2 + 1;
        self.calls += 1;
        self.socket.write_all(&[frame(1, 4, stream, &head), frame(0, 1, stream, &body)].concat()).await.unwrap();
    }

    /// Reads until the connection ends.
    async fn ends(mut self) -> bool {
        let mut read = Vec::new();
        tokio::time::timeout(LONG, self.socket.read_to_end(&mut read)).await.is_ok()
    }
}

async fn metric(server: &Served, name: &str) -> u64 {
    let metrics = String::from_utf8(server.ask("GET", "/metrics", "", "").await.body).unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
}

async fn becomes(server: &Served, name: &str, expected: impl Fn(u64) -> bool) {
    let looking = async { while !expected(metric(server, name).await) {} };
    let found = tokio::time::timeout(LONG, looking).await;
    assert!(found.is_ok(), "{name} is {}", metric(server, name).await);
}

/// A server with some MiB of claims.
async fn filled_server(options: ServerOptions) -> Served {
    let mut server = Served::empty_with(options).await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    let text = "words of some length ".repeat(150);
    for from in (1..=1500).step_by(250) {
        server.append((from..from + 250).map(|one| claim(one, "2025-01/..", &text)).collect()).await;
    }
    server
}

fn page() -> v1::ListClaimsRequest {
    v1::ListClaimsRequest { page_size: 1000, ..Default::default() }
}

#[tokio::test]
async fn a_client_that_leaves_its_reply_unread_loses_its_connection() {
    let options = ServerOptions { unread: Duration::from_millis(400), ..ServerOptions::default() };
    let server = Served::empty_with(options).await;
    let mut silent = Silent::connect(server.address, SHUT).await;
    silent.call("GetServerInfo", &[], None).await;
    assert!(silent.ends().await, "the connection stays open");
    server.end().await;
}

#[tokio::test]
async fn a_reply_that_is_unread_after_the_deadline_of_its_call_is_given_up() {
    let (unread, stalled) = (Duration::from_secs(80), Duration::from_secs(4));
    let server = filled_server(ServerOptions { unread, stalled, ..ServerOptions::default() }).await;
    let (page, following) = (page().encode_to_vec(), v1::SubscribeRequest::default().encode_to_vec());
    for (rpc, message, timeout) in [("ListClaims", &page, "1S"), ("Subscribe", &following, "1500m")] {
        for window in [SHUT, 1 << 10] {
            let mut silent = Silent::connect(server.address, window).await;
            silent.call(rpc, message, Some(timeout)).await;
            if rpc == "ListClaims" {
                becomes(&server, RESERVED, |bytes| bytes > 0).await;
            }
            becomes(&server, RESERVED, |bytes| bytes == 0).await;
            assert!(silent.ends().await, "{rpc} with a window of {window}");
        }
    }
    server.end().await;
}

#[tokio::test]
async fn a_client_that_leaves_all_of_the_memory_unread_makes_room_for_others() {
    let (unread, stalled) = (Duration::from_secs(60), Duration::from_secs(1));
    let server = filled_server(ServerOptions { unread, stalled, memory: 20 << 20, ..ServerOptions::default() }).await;
    let mut idle = server.client.clone();
    let news = idle.subscribe(v1::SubscribeRequest { start: Some(from_head()), ..Default::default() });
    let mut news = news.await.unwrap().into_inner();
    let mut greedy = Silent::connect(server.address, SHUT).await;
    for _ in 0..20 {
        greedy.call("ListClaims", &page().encode_to_vec(), None).await;
    }
    becomes(&server, REFUSED, |refused| refused > 0).await;
    let other = server.client.clone();
    let refused = other.clone().list_claims(page()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    let answered = async { while other.clone().list_claims(page()).await.is_err() {} };
    tokio::time::timeout(LONG, answered).await.expect("others are answered when it is cut");
    assert!(greedy.ends().await);
    let mut server = server;
    server.append(vec![party("CCC", "Cland")]).await;
    let told = async {
        loop {
            if let Some(v1::subscribe_response::Frame::Events(_)) = news.message().await.unwrap().unwrap().frame {
                return;
            }
        }
    };
    tokio::time::timeout(LONG, told).await.expect("a stream that waits for news is not unread");
    server.end().await;
}

fn from_head() -> v1::subscribe_request::Start {
    v1::subscribe_request::Start::FromHead(v1::FromHead {})
}

/// The bound is ten times what a debug build on a busy machine takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_is_answered_at_once_while_very_many_subscriptions_are_left_unread() {
    const CONNECTIONS: u32 = 30;
    const SUBSCRIPTIONS: u32 = 10;
    let server = filled_server(ServerOptions::default()).await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        silent.push(Silent::connect(server.address, OPEN).await);
    }
    for _ in 0..SUBSCRIPTIONS {
        for one in &mut silent {
            one.call("Subscribe", &[], None).await;
        }
    }
    let mut longest = Duration::ZERO;
    for _ in 0..200 {
        let begun = Instant::now();
        assert_eq!(server.ask("GET", "/healthz", "", "").await.status, 200);
        longest = longest.max(begun.elapsed());
    }
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    becomes(&server, RESERVED, |bytes| bytes > 10 << 20).await;
    drop(silent);
    server.end().await;
}
