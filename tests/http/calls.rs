//! Calls at once: the memory of a call, other than for its request and its reply, is bounded for all connections
//! together, and a client that leaves replies unread makes room for others.

use crate::served::Served;
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const LONG: Duration = Duration::from_secs(20);
/// Calls that one connection may carry.
const STREAMS: u32 = 256;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The field of a header, neither indexed nor compressed.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// Asks as often as a connection may, and grants no room for a reply.
async fn ask_and_read_nothing(server: &Served, path: &str) -> TcpStream {
    const NO_WINDOW: [u8; 6] = [0, 4, 0, 0, 0, 0];
    let host = server.address.to_string();
    let headers =
        [field(":method", "GET"), field(":scheme", "http"), field(":authority", &host), field(":path", path)].concat();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &NO_WINDOW));
    for nth in 0..STREAMS {
        bytes.extend(frame(1, 5, 2 * nth + 1, &headers));
    }
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(&bytes).await.unwrap();
    socket
}

async fn metric(server: &Served, name: &str) -> u64 {
    let metrics = String::from_utf8(server.ask("GET", "/metrics", "", "").await.body).unwrap();
    metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .map_or(0, |count| count.parse().unwrap())
}

/// Asks for what is not there on connections that read nothing, until one of them is cut.
#[tokio::test]
async fn replies_that_nobody_reads_do_not_add_up_and_others_are_answered() {
    const CUT: &str = "detente_refusals_total{why=\"unread_reply\"}";
    let limits = Limits { streams: 1, subscriptions: 1, ..Limits::default() };
    let server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let mut sockets = Vec::new();
    for path in ["/healthz", "/nothing", "/api/v1/claims", "/healthz?", "/readyz", "/metrics"] {
        sockets.push(ask_and_read_nothing(&server, path).await);
    }
    let cut = async { while metric(&server, CUT).await == 0 {} };
    tokio::time::timeout(LONG, cut).await.expect("a connection that reads nothing is cut");
    let answer = server.ask("GET", "/api/v1/claims", "", "").await;
    assert_eq!(answer.status, 200, "who reads is answered");
    server.end().await;
}
