//! Health and reflection in the Connect protocol.

use super::client::{BOTH, Http, envelope, failure, gzip, inflate};
use crate::served::Served;
use prost::Message as _;
use serde_json::{Value, json};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTIONS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

const PROTO: (&str, &str) = ("content-type", "application/connect+proto");
const JSON: (&str, &str) = ("content-type", "application/connect+json");

#[tokio::test]
async fn health_is_told_in_both_forms() {
    let server = Served::empty().await;
    let ledger = HealthCheckRequest { service: "detente.v1.LedgerService".to_owned() };
    for http in BOTH {
        let headers = [("content-type", "application/json")];
        let reply = server.send(http, "POST", CHECK, &headers, b"{\"service\":\"detente.v1.LedgerService\"}").await;
        assert_eq!((reply.status, reply.json()), (200, json!({ "status": "SERVING" })), "{http:?}");
        let headers = [("content-type", "application/proto"), ("content-encoding", "zstd")];
        let body = zstd::bulk::compress(&ledger.encode_to_vec(), 1).unwrap();
        let reply = server.send(http, "POST", CHECK, &headers, &body).await;
        assert_eq!(HealthCheckResponse::decode(&*reply.body).unwrap().status, 1, "{http:?} {reply:?}");
        let unknown =
            server.send(http, "POST", CHECK, &[("content-type", "application/json")], b"{\"service\":\"x\"}").await;
        assert_eq!((unknown.status, &*unknown.failure().0), (404, "not_found"), "{http:?}");
        let watched =
            server.send(http, "POST", WATCH, &[JSON, ("connect-timeout-ms", "200")], &envelope(0, b"{}")).await;
        let (envelopes, _) = watched.envelopes();
        assert_eq!(serde_json::from_slice::<Value>(&envelopes[0].1).unwrap(), json!({ "status": "SERVING" }));
        assert_eq!(watched.failure().0, "deadline_exceeded", "{http:?}");
    }
    server.end().await;
}

fn asking(request: MessageRequest) -> Vec<u8> {
    ServerReflectionRequest { host: String::new(), message_request: Some(request) }.encode_to_vec()
}

#[tokio::test]
async fn reflection_answers_each_question_of_a_stream_over_http_2() {
    let server = Served::empty().await;
    for path in REFLECTIONS {
        let list = asking(MessageRequest::ListServices(String::new()));
        let symbol = asking(MessageRequest::FileContainingSymbol("detente.v1.LedgerService".to_owned()));
        let questions = [envelope(0, &list), envelope(1, &gzip(&symbol))].concat();
        let packed = [PROTO, ("connect-content-encoding", "gzip"), ("connect-accept-encoding", "gzip")];
        let reply = server.send(Http::Two, "POST", path, &packed, &questions).await;
        let (envelopes, end) = reply.envelopes();
        assert_eq!((envelopes.len(), end), (2, json!({})), "{path}");
        let answers = envelopes.iter().map(|(flags, message)| {
            let message = if *flags == 1 { inflate("gzip", message) } else { message.clone() };
            ServerReflectionResponse::decode(&*message).unwrap().message_response.unwrap()
        });
        let answers: Vec<MessageResponse> = answers.collect();
        let MessageResponse::ListServicesResponse(services) = &answers[0] else { panic!("{answers:?}") };
        assert!(services.service.iter().any(|service| service.name == "detente.v1.LedgerService"), "{path}");
        assert!(
            matches!(&answers[1], MessageResponse::FileDescriptorResponse(files) if !files.file_descriptor_proto.is_empty())
        );
        let questions =
            [envelope(0, b"{\"listServices\":\"\"}"), envelope(0, b"\xef\xbb\xbf{\"fileByFilename\":\"none.proto\"}")]
                .concat();
        let reply = server.send(Http::Two, "POST", path, &[JSON], &questions).await;
        let (envelopes, _) = reply.envelopes();
        let first: Value = serde_json::from_slice(&envelopes[0].1).unwrap();
        let names = first["listServicesResponse"]["service"].as_array().unwrap();
        assert!(names.contains(&json!({ "name": "detente.v1.LedgerService" })), "{first}");
    }
    server.end().await;
}

#[tokio::test]
async fn streams_both_ways_need_http_2_and_their_messages_are_small_and_whole() {
    let server = Served::empty().await;
    for path in REFLECTIONS {
        for content in [PROTO, JSON] {
            let reply = server.send(Http::One, "POST", path, &[content], &envelope(0, b"")).await;
            assert_eq!((reply.status, &*reply.failure().0), (505, "unimplemented"), "{path}");
            assert!(reply.json()["message"].as_str().unwrap().contains("HTTP/2"), "{reply:?}");
        }
        let limit = failure("resource_exhausted", "LIMIT_EXCEEDED");
        let malformed = failure("invalid_argument", "INVALID_REQUEST");
        let dense = gzip(&vec![b' '; 1 << 20]);
        for (more, body, failure) in [
            (("x", "y"), envelope(0, &vec![b' '; (16 << 10) + 1]), &limit),
            (("connect-content-encoding", "gzip"), envelope(1, &dense), &limit),
            (("x", "y"), envelope(1, &dense), &malformed),
            (("x", "y"), envelope(4, b"{}"), &malformed),
            (("x", "y"), envelope(0, b"{\"no\":1}"), &malformed),
            (("x", "y"), envelope(0, b"{}")[..6].to_vec(), &malformed),
        ] {
            let reply = server.send(Http::Two, "POST", path, &[JSON, more], &body).await;
            assert_eq!(reply.failure(), *failure, "{path} {more:?}");
        }
        let old = server.send(Http::Two, "POST", path, &[("content-type", "application/json")], b"{}").await;
        assert_eq!(old.status, 415, "{old:?}");
    }
    server.end().await;
}
