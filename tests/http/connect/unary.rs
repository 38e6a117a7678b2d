//! Calls with one reply: as JSON and in binary, compressed both ways, and what is wrong with them.

use super::client::{BOTH, Http, failure, gzip, inflate};
use crate::served::Served;
use detente_proto::v1;
use prost::Message as _;
use serde_json::json;

const PROTO: (&str, &str) = ("content-type", "application/proto");
const JSON: (&str, &str) = ("content-type", "application/json");

fn founding() -> v1::GetStateRequest {
    let item = v1::FilterItem {
        relationships: vec!["AZE-RUS".to_owned()],
        kinds: vec!["agreement".to_owned()],
        ..Default::default()
    };
    v1::GetStateRequest {
        filter: Some(v1::Filter { items: vec![item] }),
        valid_at: "2025-07".to_owned(),
        mode: v1::StateMode::HoldsAt.into(),
        cut: Some(v1::Cut::known_at("2025-08-02T00:00:00Z".parse().unwrap())),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_founding_question_has_the_same_answer_in_binary_as_over_grpc() {
    let mut server = Served::demo().await;
    let expected = server.client.get_state(founding()).await.unwrap().into_inner();
    for http in BOTH {
        for content in ["application/proto", "Application/Proto; charset=utf-8"] {
            let headers = [("content-type", content), ("connect-protocol-version", "1")];
            let reply = server.post(http, "GetState", &headers, &founding().encode_to_vec()).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, "application/proto"), "{http:?}");
            assert_eq!(v1::GetStateResponse::decode(&*reply.body).unwrap(), expected, "{http:?}");
        }
    }
    server.end().await;
}

#[tokio::test]
async fn a_message_of_no_bytes_is_a_message_however_it_is_said_to_be_compressed() {
    let server = Served::empty().await;
    for http in BOTH {
        for content in [PROTO, JSON] {
            for encoding in ["identity", "gzip", "zstd"] {
                let reply = server.post(http, "GetServerInfo", &[content, ("content-encoding", encoding)], b"").await;
                assert_eq!(reply.status, 200, "{http:?} {content:?} {encoding}: {reply:?}");
            }
        }
    }
    server.end().await;
}

#[tokio::test]
async fn a_compressed_request_is_inflated_and_a_reply_is_compressed_as_its_client_likes_best() {
    let server = Served::demo().await;
    let request = v1::ListClaimsRequest::default().encode_to_vec();
    for http in BOTH {
        let plain = server.post(http, "ListClaims", &[PROTO], &request).await;
        assert_eq!(plain.header("content-encoding"), "");
        let plain = v1::ListClaimsResponse::decode(&*plain.body).unwrap();
        for (accepts, compression) in [
            ("gzip", "gzip"),
            ("zstd", "zstd"),
            ("br, zstd, gzip", "zstd"),
            ("gzip;q=0.1, zstd;q=0.9", "zstd"),
            ("deflate, gzip, br, zstd", "gzip"),
            ("identity", ""),
            ("br", ""),
        ] {
            let headers = [PROTO, ("accept-encoding", accepts), ("content-encoding", "gzip")];
            let reply = server.post(http, "ListClaims", &headers, &gzip(&request)).await;
            assert_eq!((reply.status, reply.header("content-encoding")), (200, compression), "{http:?} {accepts}");
            let body = if compression.is_empty() { reply.body } else { inflate(compression, &reply.body) };
            assert_eq!(v1::ListClaimsResponse::decode(&*body).unwrap().claims, plain.claims, "{http:?} {accepts}");
        }
        let reply = server.post(http, "ListClaims", &[JSON, ("content-encoding", "gzip")], &gzip(b"{}")).await;
        assert_eq!(reply.header("content-encoding"), "gzip", "what a client sends it reads");
        let json: serde_json::Value = serde_json::from_slice(&inflate("gzip", &reply.body)).unwrap();
        assert_eq!(json["claims"].as_array().unwrap().len(), plain.claims.len());
        let little = server.post(http, "GetServerInfo", &[PROTO, ("accept-encoding", "gzip")], b"").await;
        assert_eq!(little.header("content-encoding"), "", "little is not compressed");
    }
    server.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_call_has_its_code_status_and_reason_in_every_form() {
    let server = Served::demo().await;
    let unknown =
        v1::GetClaimRequest { claim_id: "019862ed-ac00-7000-8000-0000000fffff".to_owned(), ..Default::default() };
    let unknown = unknown.encode_to_vec();
    for http in BOTH {
        for (rpc, more, body, status, failure) in [
            ("GetClaim", ("x", "y"), &unknown[..], 404, failure("not_found", "CLAIM_NOT_FOUND")),
            ("GetClaim", ("x", "y"), b"\xff", 400, failure("invalid_argument", "INVALID_REQUEST")),
            ("GetState", ("connect-protocol-version", "2"), b"", 400, failure("invalid_argument", "INVALID_REQUEST")),
            ("GetState", ("connect-timeout-ms", "soon"), b"", 400, failure("invalid_argument", "INVALID_REQUEST")),
            (
                "GetState",
                ("connect-timeout-ms", "10000000000"),
                b"",
                400,
                failure("invalid_argument", "INVALID_REQUEST"),
            ),
            ("GetState", ("connect-timeout-ms", "0"), b"", 504, failure("deadline_exceeded", "DEADLINE_EXCEEDED")),
            ("GetState", ("content-encoding", "br"), b"x", 501, failure("unimplemented", "UNSUPPORTED")),
            ("GetState", ("content-encoding", "gzip"), b"x", 400, failure("invalid_argument", "INVALID_REQUEST")),
            ("NoSuchRpc", ("x", "y"), b"", 404, failure("unimplemented", "UNSUPPORTED")),
        ] {
            let reply = server.post(http, rpc, &[PROTO, more], body).await;
            assert_eq!((reply.status, reply.failure()), (status, failure), "{http:?} {rpc} {more:?}");
            assert_eq!(reply.header("content-type"), "application/json", "an error is JSON in every form");
            if more.0 == "content-encoding" && status == 501 {
                assert_eq!(reply.header("accept-encoding"), "gzip, zstd");
                assert!(reply.json()["message"].as_str().unwrap().contains("gzip, zstd, identity"), "{reply:?}");
            }
        }
        let unhurried = server.post(http, "GetState", &[PROTO, ("connect-timeout-ms", "9999999999")], b"").await;
        assert_eq!(unhurried.status, 200, "{unhurried:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_stream_is_not_called_as_one_message_nor_one_message_as_a_stream() {
    let server = Served::empty().await;
    for http in BOTH {
        for (rpc, content, would_work) in [
            ("Subscribe", "application/json", "application/connect+json"),
            ("ReadEvents", "application/proto", "application/connect+proto"),
            ("GetState", "application/connect+json", "application/json"),
            ("Append", "application/connect+proto", "application/proto"),
        ] {
            let reply = server.post(http, rpc, &[("content-type", content)], b"").await;
            assert_eq!((reply.status, reply.failure()), (415, failure("unimplemented", "UNSUPPORTED")), "{rpc}");
            let accepts = reply.header("accept-post");
            assert!(accepts.split(", ").any(|one| one == would_work), "{rpc}: {accepts}");
            assert!(accepts.split(", ").all(|one| one != content), "{rpc}: {accepts}");
        }
    }
    server.end().await;
}

#[tokio::test]
async fn what_was_recorded_in_binary_is_recorded_once_and_a_refusal_lists_every_violation() {
    let server = Served::empty().await;
    let party = |id: &str| crate::served::party(id, id);
    let append = |commands| v1::AppendRequest {
        request_id: uuid::Uuid::from_u128(9).to_string(),
        recorded_by: "tests".to_owned(),
        commands,
        ..Default::default()
    };
    let request = append(vec![party("AAA"), party("BBB")]).encode_to_vec();
    let first = server.post(Http::One, "Append", &[PROTO], &request).await;
    let first = v1::AppendResponse::decode(&*first.body).unwrap();
    let again = server.post(Http::Two, "Append", &[PROTO], &request).await;
    let again = v1::AppendResponse::decode(&*again.body).unwrap();
    assert_eq!((first.replayed, again.replayed, &again.context), (false, true, &first.context));
    let refused =
        server.post(Http::Two, "Append", &[PROTO], &append(vec![party(""), party("a b")]).encode_to_vec()).await;
    let details = refused.json()["details"].clone();
    let details = details.as_array().unwrap();
    let request = details.iter().find(|one| one["type"] == "google.rpc.BadRequest").unwrap();
    assert!(request["debug"]["fieldViolations"].as_array().unwrap().len() >= 2, "{request}");
    server.end().await;
}

#[tokio::test]
async fn a_large_request_in_binary_has_the_limits_of_every_other_and_leaves_no_memory_reserved() {
    let server = Served::empty().await;
    let many = v1::AppendRequest {
        recorded_by: "tests".to_owned(),
        commands: vec![v1::Command::default(); 10_001],
        ..Default::default()
    };
    let many = many.encode_to_vec();
    for http in BOTH {
        for (more, body) in [(("x", "y"), many.clone()), (("content-encoding", "gzip"), gzip(&many))] {
            let reply = server.post(http, "Append", &[PROTO, more], &body).await;
            let expected = (429, failure("resource_exhausted", "LIMIT_EXCEEDED"));
            assert_eq!((reply.status, reply.failure()), expected, "{http:?} {more:?}");
        }
        let large = v1::GetStateRequest { page_token: "x".repeat(3 << 20), ..Default::default() };
        let reply = server.post(http, "GetState", &[PROTO], &large.encode_to_vec()).await;
        assert_eq!(reply.failure().1, "PAGE_TOKEN_INVALID", "{http:?}: it is read, whole");
        let padded = json!({ "pageToken": "x".repeat(17 << 20) }).to_string();
        let reply = server.post(http, "GetState", &[JSON], padded.as_bytes()).await;
        assert_eq!(reply.failure(), failure("resource_exhausted", "LIMIT_EXCEEDED"), "{http:?}");
    }
    let metrics = String::from_utf8(server.ask("GET", "/metrics", "", "").await.body).unwrap();
    assert!(metrics.contains("detente_memory_reserved_bytes 0\n"), "{metrics}");
    assert!(metrics.contains(r#"detente_rpc_seconds_count{rpc="Append",code="RESOURCE_EXHAUSTED"} 4"#), "{metrics}");
    server.end().await;
}

#[tokio::test]
async fn an_append_whose_time_is_over_already_is_not_begun() {
    let mut server = Served::empty().await;
    let commands = vec![crate::served::party("AAA", "Aland")];
    let request = v1::AppendRequest { recorded_by: "tests".to_owned(), commands, ..Default::default() };
    for http in BOTH {
        let hurried = [PROTO, ("connect-timeout-ms", "0")];
        let reply = server.post(http, "Append", &hurried, &request.encode_to_vec()).await;
        let expected = (504, failure("deadline_exceeded", "DEADLINE_EXCEEDED"));
        assert_eq!((reply.status, reply.failure()), expected, "{http:?}");
    }
    let info = server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.head.unwrap().position, 0, "something was recorded");
    server.end().await;
}
