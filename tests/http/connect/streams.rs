//! Calls with a stream of replies: envelopes in both forms, compressed both ways, and their end.

use super::client::{BOTH, Http, LEDGER, envelope, failure, gzip, inflate};
use crate::served::{Served, party};
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_proto::v1;
use http_body_util::BodyExt as _;
use prost::Message as _;
use serde_json::{Value, json};

const PROTO: (&str, &str) = ("content-type", "application/connect+proto");
const JSON: (&str, &str) = ("content-type", "application/connect+json");

async fn over_grpc(server: &mut Served) -> Vec<v1::Event> {
    let mut stream = server.client.read_events(v1::ReadEventsRequest::default()).await.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(reply) = stream.message().await.unwrap() {
        events.extend(reply.events);
    }
    events
}

#[tokio::test]
async fn the_log_comes_in_envelopes_of_either_form_as_over_grpc() {
    let mut server = Served::demo().await;
    let expected = over_grpc(&mut server).await;
    for http in BOTH {
        for content in ["application/connect+proto", "Application/Connect+Proto; charset=utf-8"] {
            let reply = server.post(http, "ReadEvents", &[("content-type", content)], &envelope(0, b"")).await;
            assert_eq!(reply.header("content-type"), "application/connect+proto", "{http:?}");
            assert_eq!(reply.header("x-accel-buffering"), "no", "proxies hand on each envelope");
            let (envelopes, end) = reply.envelopes();
            let replies = envelopes.iter().map(|(_, message)| v1::ReadEventsResponse::decode(&**message).unwrap());
            assert_eq!(replies.flat_map(|reply| reply.events).collect::<Vec<_>>(), expected, "{http:?}");
            assert_eq!(end, json!({}));
        }
        let reply = server.post(http, "ReadEvents", &[JSON], &envelope(0, b"{}")).await;
        assert_eq!(reply.header("content-type"), "application/connect+json", "{http:?}");
        let (envelopes, end) = reply.envelopes();
        let replies: Vec<Value> = envelopes.iter().map(|(_, json)| serde_json::from_slice(json).unwrap()).collect();
        let events: Vec<&Value> = replies.iter().flat_map(|reply| reply["events"].as_array().unwrap()).collect();
        let ids = |event: &v1::Event| event.position.to_string();
        assert_eq!(
            events.iter().map(|event| event["position"].as_str().unwrap()).collect::<Vec<_>>(),
            expected.iter().map(ids).collect::<Vec<_>>()
        );
        assert_eq!(end, json!({}));
    }
    server.end().await;
}

#[tokio::test]
async fn messages_are_compressed_each_for_itself_both_ways() {
    let mut server = Served::demo().await;
    let expected = over_grpc(&mut server).await.len();
    for http in BOTH {
        for compression in ["gzip", "zstd"] {
            for (content, message) in [(PROTO, &b""[..]), (JSON, b"{}")] {
                let sent = ("connect-content-encoding", compression);
                let packed =
                    if compression == "gzip" { gzip(message) } else { zstd::bulk::compress(message, 1).unwrap() };
                let reply = server.post(http, "ReadEvents", &[content, sent], &envelope(1, &packed)).await;
                assert_eq!(reply.header("connect-content-encoding"), compression, "what it sends it reads");
                let (envelopes, end) = reply.envelopes();
                assert_eq!(end, json!({}));
                assert!(envelopes.iter().any(|(flags, _)| *flags == 1), "{http:?} {content:?}");
                let mut events = 0;
                for (flags, message) in envelopes {
                    let message = if flags == 1 { inflate(compression, &message) } else { message };
                    events += if content == PROTO {
                        v1::ReadEventsResponse::decode(&*message).unwrap().events.len()
                    } else {
                        serde_json::from_slice::<Value>(&message).unwrap()["events"].as_array().unwrap().len()
                    };
                }
                assert_eq!(events, expected, "{http:?} {content:?} {compression}");
                // A message may be sent as it is, whatever compression others would have.
                let plain = [content, sent, ("connect-accept-encoding", "identity")];
                let reply = server.post(http, "ReadEvents", &plain, &envelope(0, message)).await;
                assert_eq!(reply.header("connect-content-encoding"), "", "{http:?}");
                assert!(reply.envelopes().0.iter().all(|(flags, _)| *flags == 0), "{http:?} {content:?}");
            }
        }
    }
    server.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_stream_is_reported_at_its_end() {
    let server = Served::demo().await;
    let start = Some(v1::read_events_request::Start::AfterPosition(999_999));
    let future = v1::ReadEventsRequest { start, ..Default::default() };
    let (future, dense) = (envelope(0, &future.encode_to_vec()), gzip(&vec![b' '; 4 << 20]));
    let twice = [envelope(0, b"{}"), envelope(0, b"{}")].concat();
    let malformed = || failure("invalid_argument", "INVALID_REQUEST");
    for http in BOTH {
        for (content, more, body, failure) in [
            (PROTO, ("x", "y"), future.clone(), failure("out_of_range", "CUT_IN_FUTURE")),
            (JSON, ("x", "y"), b"".to_vec(), failure("unimplemented", "UNSUPPORTED")),
            (PROTO, ("x", "y"), b"".to_vec(), failure("unimplemented", "UNSUPPORTED")),
            (JSON, ("x", "y"), twice.clone(), failure("unimplemented", "UNSUPPORTED")),
            (JSON, ("x", "y"), envelope(0, b"{}")[..6].to_vec(), malformed()),
            (JSON, ("x", "y"), envelope(0, b"{\"no\":1}"), malformed()),
            (PROTO, ("x", "y"), envelope(0, b"\xff"), malformed()),
            (PROTO, ("x", "y"), envelope(2, b""), malformed()),
            (PROTO, ("x", "y"), envelope(1, &gzip(b"")), malformed()),
            (PROTO, ("connect-content-encoding", "identity"), envelope(1, &gzip(b"")), malformed()),
            (PROTO, ("connect-content-encoding", "gzip"), envelope(1, b"not gzip"), malformed()),
            (
                JSON,
                ("connect-content-encoding", "gzip"),
                envelope(1, &dense),
                failure("resource_exhausted", "LIMIT_EXCEEDED"),
            ),
            (PROTO, ("connect-content-encoding", "br"), envelope(0, b""), failure("unimplemented", "UNSUPPORTED")),
            (PROTO, ("connect-timeout-ms", "-1"), envelope(0, b""), malformed()),
            (PROTO, ("connect-protocol-version", "2"), envelope(0, b""), malformed()),
            (JSON, ("connect-timeout-ms", "0"), envelope(0, b"{}"), failure("deadline_exceeded", "DEADLINE_EXCEEDED")),
        ] {
            let reply = server.post(http, "ReadEvents", &[content, more], &body).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, content.1), "{http:?} {more:?}");
            assert_eq!(reply.failure(), failure, "{http:?} {content:?} {more:?} {body:?}");
            if more.1 == "br" {
                assert_eq!(reply.header("connect-accept-encoding"), "gzip, zstd");
            }
        }
        let none = server.post(http, "NoSuchRpc", &[PROTO], &envelope(0, b"")).await;
        assert_eq!((none.status, none.failure()), (404, failure("unimplemented", "UNSUPPORTED")));
    }
    server.end().await;
}

#[tokio::test]
async fn a_stream_ends_when_its_time_is_over() {
    let server = Served::demo().await;
    for http in BOTH {
        for (content, message) in [(PROTO, &b""[..]), (JSON, b"{}")] {
            let hurried = [content, ("connect-timeout-ms", "300")];
            let reply = server.post(http, "Subscribe", &hurried, &envelope(0, message)).await;
            let (envelopes, _) = reply.envelopes();
            assert!(!envelopes.is_empty(), "what was there before came");
            assert_eq!(reply.failure(), failure("deadline_exceeded", "DEADLINE_EXCEEDED"), "{http:?} {content:?}");
        }
    }
    let open = async {
        loop {
            let metrics = String::from_utf8(server.ask("GET", "/metrics", "", "").await.body).unwrap();
            if metrics.contains("detente_subscriptions 0\n") {
                assert!(metrics.contains(r#"detente_rpc_seconds_count{rpc="Subscribe",code="OK"} 4"#), "{metrics}");
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), open).await.expect("its place is given back");
    server.end().await;
}

/// The envelopes that have come, until one has this in it.
async fn until(body: &mut tonic::body::Body, part: &str) {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(part) {
        let frame = body.frame().await.unwrap_or_else(|| panic!("no {part} in {}", String::from_utf8_lossy(&read)));
        read.extend(frame.unwrap().into_data().unwrap());
    }
}

#[tokio::test]
async fn a_subscriber_is_sent_what_is_recorded_and_told_when_the_server_stops() {
    let mut server = Served::empty().await;
    let path = format!("{LEDGER}/Subscribe");
    let mut reply = server.begin("POST", &path, &[JSON], &envelope(0, b"{\"fromHead\":{}}")).await;
    until(reply.body_mut(), "caughtUp").await;
    server.append(vec![party("AAA", "Aland")]).await;
    until(reply.body_mut(), "Aland").await;
    let ending = tokio::spawn(async move {
        until(reply.body_mut(), "END_REASON_SERVER_STOPPING").await;
        until(reply.body_mut(), "\u{2}\0\0\0\u{2}{}").await;
        assert!(reply.body_mut().frame().await.is_none(), "nothing is behind the end");
    });
    server.end().await;
    ending.await.unwrap();
}

#[tokio::test]
async fn subscribers_have_their_share_in_this_protocol_too() {
    let limits = Limits { subscriptions: 1, ..Limits::default() };
    let server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let path = format!("{LEDGER}/Subscribe");
    let mut held = server.begin("POST", &path, &[PROTO], &envelope(0, b"")).await;
    held.body_mut().frame().await.unwrap().unwrap();
    for http in BOTH {
        let refused = server.send(http, "POST", &path, &[JSON], &envelope(0, b"{}")).await;
        assert_eq!(refused.failure(), failure("resource_exhausted", "OVERLOADED"), "{http:?}");
    }
    drop(held);
    server.end().await;
}

#[tokio::test]
async fn a_large_request_of_a_stream_is_weighed_and_leaves_no_memory_reserved() {
    let server = Served::empty().await;
    let items = vec![v1::FilterItem::default(); 10_001];
    let many = v1::SubscribeRequest { filter: Some(v1::Filter { items }), ..Default::default() };
    let json = json!({ "filter": { "items": vec![json!({}); 10_001] } }).to_string();
    for http in BOTH {
        for (content, message) in [(PROTO, many.encode_to_vec()), (JSON, json.clone().into_bytes())] {
            let reply = server.post(http, "Subscribe", &[content], &envelope(0, &message)).await;
            assert_eq!(reply.failure(), failure("resource_exhausted", "LIMIT_EXCEEDED"), "{http:?} {content:?}");
        }
        let larger = envelope(0, &vec![b' '; (16 << 20) + 1]);
        let reply = server.post(http, "Subscribe", &[JSON], &larger).await;
        assert_eq!(reply.failure(), failure("resource_exhausted", "LIMIT_EXCEEDED"), "{http:?}");
    }
    let largest = [b"{}", &vec![b' '; (16 << 20) - 2][..]].concat();
    let reply = server.post(Http::One, "ReadEvents", &[JSON], &envelope(0, &largest)).await;
    assert_eq!(reply.envelopes().1, json!({}), "the largest request is taken");
    let metrics = String::from_utf8(server.ask("GET", "/metrics", "", "").await.body).unwrap();
    assert!(metrics.contains("detente_memory_reserved_bytes 0\n"), "{metrics}");
    server.end().await;
}
