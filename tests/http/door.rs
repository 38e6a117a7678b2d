//! Refusals before any work: other hosts, pages from elsewhere, rpcs that are not called as rpcs are, bodies
//! that do not come, and more than a client's share.

use crate::served::Served;
use detente::grpc::limits::Limits;
use detente::server::{Pace, ServerOptions};
use detente_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_types::StatusExt as _;

const APPEND: &str = "/detente.v1.LedgerService/Append";
const INFO: &str = "/detente.v1.LedgerService/GetServerInfo";

/// Sends a request as it stands, over HTTP/1.1, and reads the whole answer.
async fn raw(server: &Served, request: &str) -> String {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    socket.read_to_end(&mut read).await.unwrap();
    String::from_utf8_lossy(&read).into_owned()
}

fn post(path: &str, host: &str, content: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{content}{more}content-length: {length}\r\n\r\n{body}"
    )
}

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")
}

fn party(id: &str) -> String {
    let party = json!({ "partyId": id, "type": "PARTY_TYPE_STATE", "names": [{ "lang": "en", "name": id }] });
    json!({ "recordedBy": "page", "commands": [{ "registerParty": { "party": party } }] }).to_string()
}

async fn head(server: &mut Served) -> u64 {
    server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner().head.unwrap().position
}

#[tokio::test]
async fn a_name_that_somebody_points_here_reaches_no_route_and_records_nothing() {
    let mut server = Served::empty().await;
    let port = server.address.port();
    let json = "content-type: application/json\r\n";
    let evil = format!("origin: http://evil.example:{port}\r\nsec-fetch-site: same-origin\r\n");
    let refused = raw(&server, &post(APPEND, &format!("evil.example:{port}"), json, &evil, &party("AAA"))).await;
    assert!(refused.starts_with("HTTP/1.1 421") && refused.contains("allowed_hosts"), "{refused}");
    assert!(refused.contains("HOST_NOT_ALLOWED"), "{refused}");
    let web = "content-type: application/grpc-web+proto\r\n";
    let refused = raw(&server, &post(INFO, "evil.example", web, "", "\0\0\0\0\0")).await;
    assert!(refused.starts_with("HTTP/1.1 421") && refused.contains("grpc-status: 7"), "{refused}");
    for path in [
        "/",
        "/api/v1/info",
        "/api/v1/feed",
        "/api/v1/openapi.json",
        "/metrics",
        "/healthz",
        "/readyz",
        "/page/page.js",
        "/none",
    ] {
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "127.1"] {
            let answer = raw(&server, &get(path, &format!("host: {host}\r\n"))).await;
            assert!(answer.starts_with("HTTP/1.1 421"), "{host} {path}: {answer}");
        }
    }
    for (target, headers, status) in [
        ("/healthz", "", "400"),
        ("/healthz", "host: localhost\r\nhost: localhost\r\n", "400"),
        ("http://evil.example/healthz", "host: localhost\r\n", "421"),
        ("http://localhost/healthz", "host: localhost\r\n", "200"),
        ("/healthz", "host: [::1]:1\r\n", "200"),
        ("/healthz", "host: LocalHost.\r\n", "200"),
        ("/healthz", "host: desk.localhost:7\r\n", "200"),
    ] {
        let answer = raw(&server, &get(target, headers)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{target} {headers}: {answer}");
    }
    assert_eq!(head(&mut server).await, 0, "something was recorded");
    server.end().await;
    let named = vec!["ledger.example".to_owned()];
    let server = Served::empty_with(ServerOptions { allowed_hosts: named, ..ServerOptions::default() }).await;
    assert!(raw(&server, &get("/healthz", "host: Ledger.Example:443\r\n")).await.starts_with("HTTP/1.1 200"));
    assert!(raw(&server, &get("/healthz", "host: evil.example\r\n")).await.starts_with("HTTP/1.1 421"));
    server.end().await;
}

#[tokio::test]
async fn grpc_for_another_host_is_told_so_as_a_status() {
    let server = Served::empty().await;
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    let channel = endpoint.origin("http://evil.example".parse().unwrap()).connect().await.unwrap();
    let mut client = v1::ledger_service_client::LedgerServiceClient::new(channel);
    let status = client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert_eq!(status.get_details_error_info().unwrap().reason, "HOST_NOT_ALLOWED");
    assert!(status.message().contains("allowed_hosts"), "{status:?}");
    server.end().await;
}

#[tokio::test]
async fn a_page_from_elsewhere_asks_and_records_nothing_and_the_servers_own_does() {
    let mut server = Served::empty().await;
    let host = server.address.to_string();
    let json = "content-type: application/json\r\n";
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        let answer = raw(&server, &post(APPEND, &host, json, &format!("origin: {origin}\r\n"), &party("AAA"))).await;
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("allowed_origins"), "{origin}: {answer}");
        for path in ["/", "/api/v1/state", "/api/v1/feed", "/metrics"] {
            let answer = raw(&server, &get(path, &format!("host: {host}\r\norigin: {origin}\r\n"))).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{origin} {path}: {answer}");
        }
    }
    let picture = format!("host: {host}\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\n");
    assert!(raw(&server, &get("/api/v1/state", &picture)).await.starts_with("HTTP/1.1 403"));
    let link = format!("host: {host}\r\nsec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\n");
    assert!(raw(&server, &get("/", &link)).await.starts_with("HTTP/1.1 200"));
    assert_eq!(head(&mut server).await, 0, "something was recorded");
    let own = raw(&server, &post(APPEND, &host, json, &format!("origin: http://{host}\r\n"), &party("AAA"))).await;
    assert!(own.starts_with("HTTP/1.1 200"), "{own}");
    server.end().await;
}

#[tokio::test]
async fn an_rpc_is_entered_by_its_own_media_types_and_every_refusal_says_what_would_work() {
    let mut server = Served::empty().await;
    let host = server.address.to_string();
    for content in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: multipart/form-data; boundary=x\r\n",
        "content-type: application/connect+json\r\n",
        "content-type: application/grpc+json\r\n",
        "content-type: application/grpc\r\n",
        "content-type: application/jsonp\r\n",
        "content-type: application/json\r\ncontent-type: text/plain\r\n",
    ] {
        let answer = raw(&server, &post(APPEND, &host, content, "", &party("AAA"))).await;
        assert!(answer.starts_with("HTTP/1.1 415"), "{content}: {answer}");
        assert!(answer.contains("accept-post: ") && answer.contains("send one of application/"), "{content}: {answer}");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let answer = raw(&server, &get(APPEND, &format!("host: {host}\r\n")).replacen("GET", method, 1)).await;
        assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: POST, OPTIONS"), "{method}: {answer}");
    }
    for (method, path, status, says) in [
        ("POST", "/api/v1/state", "405", "allow: GET,HEAD"),
        ("DELETE", "/", "405", "allow: GET,HEAD"),
        ("PUT", "/what-if", "405", "is not asked for by PUT"),
        ("OPTIONS", "/api/v1/state", "204", "allow: GET,HEAD"),
        ("OPTIONS", APPEND, "204", "allow: POST, OPTIONS"),
        ("OPTIONS", INFO, "204", "allow: GET, HEAD, POST, OPTIONS"),
        ("HEAD", "/healthz", "200", "content-length: 3"),
        ("HEAD", "/api/v1/info", "200", "application/json"),
        ("GET", "/none", "404", "there is nothing at"),
    ] {
        let answer = raw(&server, &get(path, &format!("host: {host}\r\n")).replacen("GET", method, 1)).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(says),
            "{method} {path}: {answer}"
        );
    }
    assert_eq!(head(&mut server).await, 0, "something was recorded");
    let loud =
        raw(&server, &post(APPEND, &host, "content-type: Application/JSON; charset=UTF-8\r\n", "", &party("AAA")))
            .await;
    assert!(loud.starts_with("HTTP/1.1 200"), "{loud}");
    let binary = raw(&server, &post(INFO, &host, "content-type: application/proto\r\n", "", "")).await;
    assert!(binary.starts_with("HTTP/1.1 200") && binary.contains("content-type: application/proto"), "{binary}");
    server.end().await;
}

#[tokio::test]
async fn an_encoded_request_is_decoded_or_told_which_encodings_there_are() {
    use std::io::Write as _;
    let server = Served::empty().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"{}").unwrap();
    let zstd = zstd::bulk::compress(b"{}", 1).unwrap();
    for (encoding, body) in [("gzip", gzip.finish().unwrap()), ("zstd", zstd), ("identity", b"\xef\xbb\xbf{}".to_vec())]
    {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let more = format!("content-encoding: {encoding}\r\n");
        let whole = post(INFO, &server.address.to_string(), "content-type: application/json\r\n", &more, "");
        let whole = whole.replace("content-length: 0", &format!("content-length: {}", body.len()));
        socket.write_all(&[whole.as_bytes(), &body].concat()).await.unwrap();
        let mut read = String::new();
        socket.read_to_string(&mut read).await.unwrap();
        assert!(read.starts_with("HTTP/1.1 200"), "{encoding}: {read}");
    }
    let answer = server.ask("POST", INFO, "content-type: application/json\r\ncontent-encoding: br\r\n", "{}").await;
    let failure: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(failure["code"], "unimplemented");
    assert!(failure["message"].as_str().unwrap().contains("gzip, zstd, identity"), "{failure}");
    server.end().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let pace = Pace { grace: Duration::from_millis(200), ..Pace::default() };
    let server = Served::empty_with(ServerOptions { pace, ..ServerOptions::default() }).await;
    let whole = post(APPEND, &server.address.to_string(), "content-type: application/json\r\n", "", "{");
    let request = whole.replace("content-length: 1", "content-length: 1000");
    let answer = tokio::time::timeout(Duration::from_secs(10), raw(&server, &request)).await.expect("it is given up");
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("REQUEST_TOO_SLOW"), "{answer}");
    server.end().await;
}

#[tokio::test]
async fn a_body_that_is_still_coming_when_the_server_stops_is_refused_for_now() {
    let drain = Duration::from_millis(300);
    let server = Served::empty_with(ServerOptions { drain, ..ServerOptions::default() }).await;
    let json = "content-type: application/json\r\n";
    let whole = post(APPEND, &server.address.to_string(), json, "", &party("AAA"));
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let (begun, _) = whole.split_at(whole.len() - 1);
    socket.write_all(begun.as_bytes()).await.unwrap();
    // It is in the hands of a call when another connection has been answered.
    raw(&server, &get("/healthz", "")).await;
    server.end().await;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("NOT_SERVING"), "{answer}");
    assert!(answer.contains("\"code\":\"unavailable\"") && answer.contains("shutting down"), "{answer}");
}

#[tokio::test]
async fn one_connection_leaves_streams_to_the_next_and_its_place_comes_back() {
    let limits = Limits { subscriptions: 8, ..Limits::default() };
    let mut server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let mut held = Vec::new();
    let refused = loop {
        match server.client.subscribe(v1::SubscribeRequest::default()).await {
            Ok(stream) => held.push(stream),
            Err(status) => break status,
        }
    };
    assert_eq!((held.len(), refused.code()), (6, Code::ResourceExhausted), "{refused:?}");
    assert!(refused.message().contains("share of the subscriptions"), "{refused:?}");
    assert_eq!(refused.get_details_error_info().unwrap().reason, "OVERLOADED");
    let other = Endpoint::from_shared(format!("http://{}", server.address)).unwrap().connect().await.unwrap();
    let mut other = v1::ledger_service_client::LedgerServiceClient::new(other);
    other.subscribe(v1::SubscribeRequest::default()).await.expect("another connection has its share");
    let metrics = server.ask("GET", "/metrics", "", "").await;
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(text.contains("detente_refusals_total{why=\"share_of_subscriptions\"} 1"), "{text}");
    drop(held);
    server.end().await;
}

#[tokio::test]
async fn a_stage_that_nobody_touches_is_dropped() {
    let options =
        ServerOptions { limits: Limits { stage_age: Duration::ZERO, ..Limits::default() }, ..ServerOptions::default() };
    let mut server = Served::empty_with(options).await;
    let request_id = uuid::Uuid::from_u128(7).to_string();
    let open = v1::OpenStageRequest { request_id, recorded_by: "tests".to_owned(), ..Default::default() };
    server.client.open_stage(open).await.unwrap();
    let gone = async {
        while !server.client.list_stages(v1::ListStagesRequest {}).await.unwrap().into_inner().stages.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the stage stays");
    server.end().await;
}

#[tokio::test]
async fn stages_and_cursors_tell_when_they_end_and_a_cursor_that_nobody_uses_is_deleted() {
    let age = Duration::from_secs(1000);
    let limits = Limits { stage_age: age, cursor_age: age, ..Limits::default() };
    let mut server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let request_id = uuid::Uuid::from_u128(7).to_string();
    let open = v1::OpenStageRequest { request_id, recorded_by: "tests".to_owned(), ..Default::default() };
    let stage = server.client.open_stage(open).await.unwrap().into_inner().stage.unwrap();
    let new = v1::CreateCursorRequest { cursor_id: "desk".to_owned(), ..Default::default() };
    let cursor = server.client.create_cursor(new.clone()).await.unwrap().into_inner().cursor.unwrap();
    let now = server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner().now.unwrap();
    for expires_at in [stage.expires_at, cursor.expires_at] {
        let left = expires_at.unwrap().seconds - now.seconds;
        assert!((990..=1000).contains(&left), "{left} s are left");
    }
    let held = v1::subscribe_request::Start::CursorId("desk".to_owned());
    let held = v1::SubscribeRequest { start: Some(held), ..Default::default() };
    let subscription = server.client.subscribe(held).await.unwrap();
    let listed = server.client.list_cursors(v1::ListCursorsRequest {}).await.unwrap().into_inner().cursors;
    assert_eq!(listed[0].expires_at, None, "somebody subscribes to it");
    drop(subscription);
    server.end().await;

    let limits = Limits { cursor_age: Duration::ZERO, ..Limits::default() };
    let mut server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    server.client.create_cursor(new).await.unwrap();
    let gone = async {
        while !server.client.list_cursors(v1::ListCursorsRequest {}).await.unwrap().into_inner().cursors.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the cursor stays");
    server.end().await;
}
