//! Refusals as they arrive: every header of the answer counted, in gRPC and gRPC-Web, at the ledger, health and reflection.

use crate::running::{Running, assert, batch, claim, in_memory, party};
use detente::server::ServerOptions;
use detente_proto::v1;
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_types::StatusExt as _;
use tower::ServiceExt as _;

/// The header bytes that nginx takes by its defaults, with room for the frames around: 3.8 KiB.
const MOST: usize = 3891;
const APPEND: &str = "/detente.v1.LedgerService/Append";
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// An origin as long as the names of real sites become.
const ORIGIN: &str = "https://a-desk-with-a-long-name.of-a-ministry.government.example:8443";

fn frame(message: &impl Message) -> Bytes {
    let bytes = message.encode_to_vec();
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0][..], &length, &bytes].concat().into()
}

/// Sends a request with the headers that make an answer longest; its headers and trailers.
async fn ask(channel: &Channel, path: &str, kind: &str, message: Bytes) -> (HeaderMap, HeaderMap) {
    let mut request = Request::post(format!("http://localhost{path}"))
        .header("content-type", kind)
        .header("te", "trailers")
        .header("x-request-id", "r".repeat(64))
        .header("grpc-accept-encoding", "gzip, zstd, identity");
    if kind.contains("web") {
        request = request.header("origin", ORIGIN);
    }
    let request = request.body(Body::new(Full::new(message))).unwrap();
    let response: Response<Body> = channel.clone().oneshot(request).await.unwrap();
    let headers = response.headers().clone();
    let trailers = response.into_body().collect().await.unwrap().trailers().cloned().unwrap_or_default();
    (headers, trailers)
}

/// The header list of an answer as HTTP/2 counts it, the status line in it.
fn size(headers: &HeaderMap) -> usize {
    let of = |name: &str, value: usize| name.len() + value + 32;
    headers.iter().map(|(name, value)| of(name.as_str(), value.len())).sum::<usize>() + of(":status", 3)
}

/// The status in the headers of a refusal, of which none is too large.
fn refusal_status(what: &str, headers: &HeaderMap, trailers: &HeaderMap) -> Status {
    for list in [headers, trailers] {
        assert!(size(list) <= MOST, "{what}: {} bytes of headers: {list:?}", size(list));
    }
    let status = Status::from_header_map(headers).or_else(|| Status::from_header_map(trailers));
    let status = status.unwrap_or_else(|| panic!("{what}: no status in {headers:?} {trailers:?}"));
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("{what}: no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "detente", "{what}");
    status
}

/// Commands of which each is wrong in a few ways.
fn wrong(count: usize, text: &str) -> v1::AppendRequest {
    let one = |nth: usize| {
        let kind = format!("{text} {nth}");
        assert(v1::Claim { kind, valid: text.to_owned(), ..claim(nth as u128, "AZE-RUS", "") })
    };
    batch((0..count).map(one).collect())
}

fn boundaries(count: usize) -> v1::AppendRequest {
    let boundary = || v1::Precondition {
        precondition: Some(v1::precondition::Precondition::QueryBoundary(v1::QueryBoundary {
            filter: Some(v1::Filter { items: vec![v1::FilterItem::default()] }),
            after_position: 0,
        })),
    };
    let preconditions = (0..count).map(|_| boundary()).collect();
    v1::AppendRequest { preconditions, ..batch(vec![party("NEW")]) }
}

#[tokio::test]
async fn every_refusal_arrives_within_the_headers_that_proxies_and_clients_take() {
    let options = ServerOptions { allowed_origins: vec![ORIGIN.to_owned()], ..ServerOptions::default() };
    let mut server = Running::of(in_memory(), options).await;
    server.append(vec![party("AZE"), party("RUS"), assert(claim(10_000, "AZE-RUS", "2025"))]).await;
    let parties = |count: usize, text: &str| batch((0..count).map(|nth| party(&format!("{text} {nth}"))).collect());
    for kind in ["application/grpc", "application/grpc-web+proto"] {
        for count in [1, 3, 20, 100, 1000] {
            for text in ["a b", "نص عربي", &"long words ".repeat(30), &"كلمات ".repeat(60)] {
                for (what, request) in [("claims", wrong(count, text)), ("parties", parties(count, text))] {
                    let (headers, trailers) = ask(&server.channel, APPEND, kind, frame(&request)).await;
                    let status = refusal_status(what, &headers, &trailers);
                    let violations = status.get_details_error_info().unwrap().metadata["violations"].clone();
                    let counts = violations.parse::<usize>().unwrap() >= count;
                    assert!(counts && status.message().contains(&violations) | (violations == "1"), "{status:?}");
                }
            }
            // No more of them are judged at once.
            let few = boundaries(count.min(16));
            let (headers, trailers) = ask(&server.channel, APPEND, kind, frame(&few)).await;
            let status = refusal_status("boundaries", &headers, &trailers);
            assert_eq!(status.get_details_error_info().unwrap().reason, "PRECONDITION_FAILED");
        }
        for text in ["خدمة ".repeat(1000), "service ".repeat(1000)] {
            let (headers, trailers) =
                ask(&server.channel, CHECK, kind, frame(&HealthCheckRequest { service: text })).await;
            assert_eq!(
                refusal_status("health", &headers, &trailers).get_details_error_info().unwrap().reason,
                "SERVICE_NOT_FOUND"
            );
        }
        for path in [
            "/grpc.health.v1.Health/Nothing",
            "/detente.v1.LedgerService/Nothing",
            "/grpc.reflection.v1.ServerReflection/No",
        ] {
            let (headers, trailers) = ask(&server.channel, path, kind, frame(&HealthCheckRequest::default())).await;
            assert_eq!(refusal_status(path, &headers, &trailers).code(), tonic::Code::Unimplemented);
        }
    }
    server.stop().await.unwrap();
}
