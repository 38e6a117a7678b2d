//! Requests that are malformed, of every rpc in every protocol: refused with a reason and words, never called an error of the
//! server.

use crate::served::Served;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use prost_reflect::DescriptorPool;
use serde_json::Value;
use std::collections::BTreeMap;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::{Service as _, ServiceExt as _};

const LEDGER: &str = "/detente.v1.LedgerService/";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/// Every rpc of the ledger, one that there is not, and those of health.
fn rpcs() -> Vec<String> {
    let pool = DescriptorPool::decode(detente_proto::DESCRIPTOR).unwrap();
    let service = pool.get_service_by_name("detente.v1.LedgerService").unwrap();
    let ledger = service.methods().map(|method| format!("{LEDGER}{}", method.name()));
    let rpcs: Vec<String> = ledger.collect();
    assert!(rpcs.len() > 25);
    let others = [CHECK, "/grpc.health.v1.Health/Watch", "/grpc.health.v1.Health/Nothing", "/nobody.Service/Call"];
    rpcs.into_iter().chain([format!("{LEDGER}Nothing")]).chain(others.map(str::to_owned)).collect()
}

fn frame(flag: u8, length: u32, message: &[u8]) -> Vec<u8> {
    [&[flag], length.to_be_bytes().as_slice(), message].concat()
}

/// Bodies in the frames of gRPC.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let mut trailing = frame(0, 0, b"");
    trailing.extend_from_slice(b"xyz");
    vec![
        ("empty", Vec::new()),
        ("a head cut short", vec![0, 0, 0]),
        ("a message cut short", frame(0, 20, b"\x0a\x03abc")),
        ("a large message cut short", frame(0, 9000, &[0x0a; 100])),
        ("bytes behind the message", trailing),
        ("a length beyond the limit", frame(0, 17 << 20, b"abc")),
        ("a length beyond all", frame(0, u32::MAX, b"abc")),
        ("no protobuf", frame(0, 3, b"\xff\xff\xff")),
        ("much that is no protobuf", frame(0, 8000, &[0xff; 8000])),
        ("a group without an end", frame(0, 1, b"\x0b")),
        ("compressed without saying how", frame(1, 3, b"abc")),
        ("an unknown flag", frame(9, 3, b"abc")),
        ("a frame of trailers", frame(0x80, 3, b"abc")),
    ]
}

struct Client(Channel);

impl Client {
    async fn to(server: &Served) -> Self {
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
        Self(endpoint.connect().await.unwrap())
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, HeaderMap, Vec<u8>) {
        let mut request = Request::post(path).body(Body::new(http_body_util::Full::from(body))).unwrap();
        for (name, value) in headers {
            let name = tonic::codegen::http::HeaderName::try_from(*name).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let mut channel = self.0.clone();
        let answer = channel.ready().await.unwrap().call(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap();
        let mut headers = head.headers;
        headers.extend(body.trailers().cloned().unwrap_or_default());
        (head.status.as_u16(), headers, body.to_bytes().to_vec())
    }

    /// The gRPC status of an answer, in whichever form of gRPC.
    async fn status(&self, kind: &str, path: &str, body: &[u8]) -> Status {
        let is_text = kind.contains("text");
        let sent = if is_text { STANDARD.encode(body).into_bytes() } else { body.to_vec() };
        let headers = [("content-type", kind), ("accept", kind), ("te", "trailers")];
        let (http, mut headers, answer) = self.ask(path, &headers, sent).await;
        assert_eq!(http, 200, "{kind} {path}");
        let mut answer = if is_text { decode(&answer) } else { answer };
        while answer.len() >= 5 && answer[0] != 0x80 {
            let length = u32::from_be_bytes(answer[1..5].try_into().unwrap()) as usize;
            answer.drain(..5 + length);
        }
        for line in String::from_utf8_lossy(answer.get(5..).unwrap_or_default()).lines() {
            let (name, value) = line.split_once(':').unwrap();
            let name = tonic::codegen::http::HeaderName::try_from(name).unwrap();
            headers.insert(name, value.trim().parse().unwrap());
        }
        Status::from_header_map(&headers).unwrap_or_else(|| panic!("{kind} {path}: no status: {headers:?}"))
    }
}

/// Base64 that is padded at the end of each piece.
fn decode(text: &[u8]) -> Vec<u8> {
    text.chunks(4).flat_map(|four| STANDARD.decode(four).unwrap()).collect()
}

#[tokio::test]
async fn what_is_malformed_in_grpc_is_never_an_error_of_the_server() {
    let server = Served::demo().await;
    let client = Client::to(&server).await;
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for kind in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        for (what, body) in bodies() {
            for rpc in rpcs() {
                let status = client.status(kind, &rpc, &body).await;
                let told = format!("{kind} {rpc}, {what}: {status:?}");
                let reason = status.get_details_error_info().unwrap_or_else(|| panic!("{told}")).reason;
                let expected = match status.code() {
                    Code::InvalidArgument => "INVALID_REQUEST",
                    Code::ResourceExhausted => "LIMIT_EXCEEDED",
                    Code::Unimplemented => "UNSUPPORTED",
                    _ => panic!("{told}"),
                };
                assert!(reason == expected && !status.message().is_empty(), "{told}");
                *reasons.entry(reason).or_default() += 1;
            }
            let status = client.status(kind, REFLECTION, &body).await;
            let is_fine = matches!(status.code(), Code::Ok | Code::InvalidArgument | Code::ResourceExhausted);
            assert!(is_fine, "{kind} reflection, {what}: {status:?}");
        }
    }
    assert!(reasons.len() == 3 && reasons["INVALID_REQUEST"] > 500, "{reasons:?}");
    let encoded = [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-encoding", "br")];
    for rpc in rpcs() {
        let (_, headers, _) = client.ask(&rpc, &encoded, frame(1, 3, b"abc")).await;
        let status = Status::from_header_map(&headers).unwrap();
        assert_eq!(status.code(), Code::Unimplemented, "{rpc}: {status:?}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "UNSUPPORTED", "{rpc}: {status:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn every_refusal_over_http_has_a_reason_and_words() {
    let server = Served::demo().await;
    let client = Client::to(&server).await;
    let json: [&[u8]; 12] = [
        b"{\"a\":",
        b"[]",
        b"null",
        b"\"x\"",
        b"7",
        b"\xff\xfe",
        b"{} x",
        b"{\"noSuchField\":1}",
        b"\0\0\0\0\0",
        &[b'['; 3000],
        &[b' '; 9000],
        b"{\"requestId\":\"\xff\"}",
    ];
    let proto: [&[u8]; 4] = [b"\xff\xff\xff", b"\x0a\x7fabc", b"\x0b", &[0xff; 9000]];
    let of = |kind: &'static str, bodies: &[&[u8]]| bodies.iter().map(|body| (kind, body.to_vec())).collect::<Vec<_>>();
    let mut refused = 0;
    for rpc in rpcs().iter().filter(|rpc| rpc.starts_with(LEDGER)) {
        for (kind, body) in of("application/json", &json).into_iter().chain(of("application/proto", &proto)) {
            let said = format!("{kind} {rpc} {:?}", String::from_utf8_lossy(&body[..body.len().min(20)]));
            for encoding in ["identity", "gzip", "br"] {
                let headers = [("content-type", kind), ("content-encoding", encoding)];
                let (status, _, answer) = client.ask(rpc, &headers, body.clone()).await;
                assert_refused(&format!("{said} {encoding}"), status, &answer);
                refused += 1;
            }
        }
    }
    assert!(refused > 1000);
    for (path, headers) in [
        ("/nobody.Service/Call", [("content-type", "application/json")]),
        ("/nowhere", [("content-type", "text/plain")]),
        ("/api/v1/state", [("content-type", "text/plain")]),
        ("/detente.v1.LedgerService/GetState", [("content-type", "text/plain")]),
        ("/detente.v1.LedgerService/GetState", [("connect-timeout-ms", "soon")]),
    ] {
        let (status, _, answer) = client.ask(path, &headers, b"{}".to_vec()).await;
        assert_refused(path, status, &answer);
    }
    for path in [
        "/api/v1/nothing",
        "/api/v1/state?relation=x&page_size=many",
        "/api/v1/state?valid_at=2025-13",
        "/api/v1/state?format=xml",
        "/api/v1/state?known_at=yesterday",
        "/api/v1/state?position=99999999",
        "/api/v1/claim?claim_id=x",
        "/api/v1/events?after_position=99999999",
        "/api/v1/feed?after_position=x",
        "/api/v1/feed?after_position=99999999",
    ] {
        let answer = server.ask("GET", path, "", "").await;
        assert_refused(path, answer.status, &answer.body);
    }
    server.end().await;
}

fn assert_refused(said: &str, status: u16, answer: &[u8]) {
    let words = String::from_utf8_lossy(answer);
    assert!((400..500).contains(&status) || status == 501, "{said}: {status} {words}");
    let failure: Value = serde_json::from_slice(answer).unwrap_or_else(|_| panic!("{said}: {status} {words}"));
    assert!(failure["message"].as_str().is_some_and(|message| !message.is_empty()), "{said}: {words}");
    let details = failure["details"].as_array().unwrap_or_else(|| panic!("{said}: no details: {words}"));
    let info = details.iter().find(|detail| detail["type"] == "google.rpc.ErrorInfo");
    let info = &info.unwrap_or_else(|| panic!("{said}: {words}"))["debug"];
    assert_eq!(info["domain"], "detente", "{said}: {words}");
    assert!(info["reason"].as_str().is_some_and(|reason| reason != "INTERNAL"), "{said}: {words}");
}
