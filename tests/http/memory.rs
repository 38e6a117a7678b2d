//! Requests over HTTP take memory within the budget, and are refused like those over gRPC if there is none.

use crate::served::{Served, claim, party};
use detente::server::ServerOptions;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use serde_json::Value;
use std::io::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::transport::Endpoint;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

const APPEND: &str = "/detente.v1.LedgerService/Append";
const INFO: &str = "/detente.v1.LedgerService/GetServerInfo";
const LONG: Duration = Duration::from_secs(20);

/// Begins a request that says how long its body is.
async fn begin(server: &Served, path: &str, more: &str, length: usize) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let address = server.address;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

/// The status and the body of an answer.
async fn answer(mut socket: TcpStream) -> (u16, Value) {
    let mut read = String::new();
    socket.read_to_string(&mut read).await.unwrap();
    let (head, body) = read.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// The value of a metric once it has been the same twenty times.
async fn stood_still(server: &Served, name: &str) -> u64 {
    let (mut last, mut same) = (metric(server, name).await, 0);
    while same < 20 {
        let now = metric(server, name).await;
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

async fn post(server: &Served, path: &str, more: &str, body: &[u8]) -> (u16, Value) {
    let mut socket = begin(server, path, more, body.len()).await;
    // A server that refuses what comes reads on for a while, not for ever.
    drop(socket.write_all(body).await);
    answer(socket).await
}

/// The answer to a request that says that it is large.
async fn post_begun(server: &Served, length: usize) -> (u16, Value) {
    answer(begin(server, APPEND, "", length).await).await
}

/// Returns the status, the reason and the details of a failure.
fn summary((status, failure): &(u16, Value)) -> (u16, &str, Vec<&str>) {
    let details = failure["details"].as_array().unwrap_or_else(|| panic!("{failure}"));
    let reason = details.iter().find_map(|detail| detail["debug"]["reason"].as_str()).unwrap();
    (*status, reason, details.iter().map(|detail| detail["type"].as_str().unwrap()).collect())
}

fn empty_commands(count: usize) -> Vec<u8> {
    let commands = vec!["{}"; count].join(",");
    format!(r#"{{"recordedBy":"x","commands":[{commands}]}}"#).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn what_is_too_much_is_refused_with_its_reason_however_it_is_sent() {
    let server = Served::empty().await;
    let many = empty_commands(10_001);
    for (more, body) in [("", many.clone()), ("content-encoding: gzip\r\n", gzip(&many))] {
        let failure = post(&server, APPEND, more, &body).await;
        let details = vec!["google.rpc.ErrorInfo", "google.rpc.BadRequest"];
        let (status, reason, mut found) = summary(&failure);
        found.sort_by_key(|name| name.ends_with("BadRequest"));
        assert_eq!((status, reason, found), (429, "LIMIT_EXCEEDED", details));
        assert!(failure.1["message"].as_str().unwrap().contains("at most 10000 are allowed"), "{failure:?}");
    }
    let dense = gzip(&empty_commands(1 << 20));
    let failure = post(&server, APPEND, "content-encoding: gzip\r\n", &dense).await;
    assert_eq!(summary(&failure).1, "LIMIT_EXCEEDED");
    assert!(failure.1["message"].as_str().unwrap().contains("more than 100 times"), "{failure:?}");
    let large = post_begun(&server, (16 << 20) + 1).await;
    assert_eq!(summary(&large).1, "LIMIT_EXCEEDED");
    let (status, failure) = post(&server, INFO, "content-encoding: gzip\r\n", b"not gzip").await;
    assert_eq!((status, failure["code"].as_str()), (400, Some("invalid_argument")), "{failure}");
    server.end().await;
}

async fn metric(server: &Served, name: &str) -> u64 {
    let metrics = String::from_utf8(server.ask("GET", "/metrics", "", "").await.body).unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
}

#[tokio::test]
async fn a_body_has_memory_as_it_comes_and_whoever_finds_none_is_told_when_to_come_again() {
    const REFUSED: &str = "detente_refusals_total{why=\"memory\"}";
    let server = Served::empty_with(ServerOptions { memory: 20 << 20, ..ServerOptions::default() }).await;
    assert_eq!(metric(&server, "detente_memory_budget_bytes").await, 20 << 20);
    let mut unfinished = begin(&server, INFO, "", 12 << 20).await;
    unfinished.write_all(&vec![b' '; (12 << 20) - 1]).await.unwrap();
    let held = async { while metric(&server, "detente_memory_reserved_bytes").await < 12 << 20 {} };
    tokio::time::timeout(LONG, held).await.expect("what has come is reserved");
    let body = [&vec![b' '; 6 << 20][..], b"{}"].concat();
    let failure = post(&server, INFO, "", &body).await;
    let (status, reason, details) = summary(&failure);
    assert_eq!((status, reason), (429, "OVERLOADED"));
    assert!(details.contains(&"google.rpc.RetryInfo"), "{details:?}");
    assert_eq!(metric(&server, REFUSED).await, 1);
    drop(unfinished);
    let again = async { while post(&server, INFO, "", &body).await.0 != 200 {} };
    tokio::time::timeout(LONG, again).await.expect("what was reserved is given back");
    server.end().await;
}

/// Replies of some KiB, each of which is small, to a client that takes only their first bytes.
#[tokio::test]
async fn small_replies_that_nobody_reads_have_memory_and_give_it_back() {
    const CALLS: usize = 200;
    const RESERVED: &str = "detente_memory_reserved_bytes";
    let server = Served::empty().await;
    let party = |nth: usize| {
        format!(
            r#"{{"registerParty":{{"party":{{"partyId":"P{nth}","type":"PARTY_TYPE_STATE","names":[{{"lang":"en","name":"{}"}}]}}}}}}"#,
            "name ".repeat(40)
        )
    };
    let commands = (0..20).map(party).collect::<Vec<_>>().join(",");
    let (status, reply) =
        post(&server, APPEND, "", format!(r#"{{"recordedBy":"x","commands":[{commands}]}}"#).as_bytes()).await;
    assert_eq!(status, 200, "{reply}");
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap().initial_stream_window_size(16);
    // A connection carries 256 calls.
    let (channel, other) = (endpoint.connect().await.unwrap(), endpoint.connect().await.unwrap());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        let mut client = LedgerServiceClient::new(channel.clone());
        calls.spawn(async move {
            client.list_parties(v1::ListPartiesRequest::default()).await.unwrap();
        });
        let mut reflection = ServerReflectionClient::new(other.clone());
        calls.spawn(async move {
            let symbol = MessageRequest::FileContainingSymbol("detente.v1.LedgerService".to_owned());
            let request = ServerReflectionRequest { host: String::new(), message_request: Some(symbol) };
            let replies = reflection.server_reflection_info(tokio_stream::once(request)).await.unwrap();
            replies.into_inner().message().await.unwrap();
        });
    }
    let held = async { while metric(&server, RESERVED).await < (CALLS * 2 * 4096) as u64 {} };
    tokio::time::timeout(LONG, held).await.expect("what nobody reads is reserved");
    calls.shutdown().await;
    drop((channel, other));
    let free = async { while metric(&server, RESERVED).await > 0 {} };
    tokio::time::timeout(LONG, free).await.expect("what was reserved is given back");
    server.end().await;
}

#[tokio::test]
async fn a_table_that_finds_no_memory_waits_while_its_client_stays_and_is_whole() {
    let rows = rows_in_spite_of_want("/api/v1/claims?format=ndjson", "\"claim_id\":").await;
    assert_eq!(rows.len(), CLAIMS);
}

#[tokio::test]
async fn a_table_of_events_is_read_on_from_behind_its_last_row_when_there_is_memory_again() {
    for (query, first, count) in [("", 1, CLAIMS + 2), ("&after_position=7&limit=2000", 8, 2000)] {
        let path = format!("/api/v1/events?format=ndjson{query}");
        let rows = rows_in_spite_of_want(&path, "\"position\":").await;
        let digits = |row: &String| row.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>();
        let positions: Vec<_> = rows.iter().map(|row| digits(row).unwrap()).collect();
        assert_eq!(positions, (first..first + count).collect::<Vec<_>>(), "each once, in order");
    }
}

const CLAIMS: usize = 2_500;

/// A table of several pieces whose client leaves it while others hold the memory; what its rows have behind some words.
async fn rows_in_spite_of_want(path: &str, words: &str) -> Vec<String> {
    const REFUSED: &str = "detente_refusals_total{why=\"memory\"}";
    const RESERVED: &str = "detente_memory_reserved_bytes";
    let mut server = Served::empty_with(ServerOptions { memory: 20 << 20, ..ServerOptions::default() }).await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    let text = "words of some length ".repeat(150);
    for from in (1..=CLAIMS).step_by(250) {
        server.append((from..from + 250).map(|one| claim(one as u128, "2025-01/..", &text)).collect()).await;
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let mut table = socket.connect(server.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address);
    table.write_all(head.as_bytes()).await.unwrap();
    let mut read = vec![0; 1 << 10];
    table.read_exact(&mut read).await.unwrap();

    // The table stands still once it fills the sockets; others take what is left, piece by piece.
    tokio::time::timeout(LONG, stood_still(&server, RESERVED)).await.expect("its client reads nothing");
    const PIECE: usize = 512 << 10;
    let mut others = Vec::new();
    for _ in 0..40 {
        let mut unfinished = begin(&server, INFO, "", PIECE).await;
        others.push(tokio::spawn(async move {
            // One that is refused cannot write all of it.
            let _ = unfinished.write_all(&vec![b' '; PIECE - 1]).await;
            unfinished
        }));
    }
    let filled = async { while metric(&server, REFUSED).await == 0 {} };
    tokio::time::timeout(LONG, filled).await.expect("one finds no memory in the end");
    let before =
        tokio::time::timeout(LONG, stood_still(&server, REFUSED)).await.expect("those that hold memory keep it");
    let reading = tokio::spawn(async move {
        table.read_to_end(&mut read).await.unwrap();
        read
    });
    let refused = async { while metric(&server, REFUSED).await < before + 2 {} };
    tokio::time::timeout(LONG, refused).await.expect("a page of the table finds no memory, and is asked for again");
    assert!(!reading.is_finished());
    drop(others);
    let read = tokio::time::timeout(LONG, reading).await.expect("the table goes on").unwrap();
    assert!(read.ends_with(b"\r\n0\r\n\r\n"), "it is whole");
    server.end().await;
    let chunks = String::from_utf8_lossy(&read);
    chunks.split(words).skip(1).map(|row| row.chars().take(20).collect()).collect()
}
