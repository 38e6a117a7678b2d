//! Calls by GET: of what has no side effects, with the message in the address, and answers that a cache may keep.

use super::client::{BOTH, Http, LEDGER, Reply, failure, gzip, inflate};
use crate::served::Served;
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use detente_proto::v1;
use prost::Message as _;

/// The rpcs that GET reaches. A client that was made when an rpc was one of them asks by GET for ever, so that none leaves.
const BY_GET: [&str; 22] = [
    "ComparePerspectives",
    "Diff",
    "GetClaim",
    "GetSeries",
    "GetServerInfo",
    "GetStage",
    "GetState",
    "GetTimeline",
    "ListClaims",
    "ListCommitments",
    "ListConflicts",
    "ListCorroboration",
    "ListCursors",
    "ListGaps",
    "ListKinds",
    "ListParties",
    "ListRelationships",
    "ListRevisions",
    "ListSchemes",
    "ListSources",
    "ListStages",
    "ListUpcoming",
];

impl Served {
    async fn get(&self, http: Http, rpc: &str, query: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(http, "GET", &format!("{LEDGER}/{rpc}?{query}"), headers, b"").await
    }
}

#[tokio::test]
async fn get_reaches_what_has_no_side_effects_and_nothing_else() {
    let server = Served::empty().await;
    for http in BOTH {
        for rpc in BY_GET {
            let reply = server.get(http, rpc, "encoding=json&message=%7B%7D", &[]).await;
            assert_ne!(reply.status, 405, "{http:?} {rpc}: {reply:?}");
            assert_eq!(reply.header("content-type"), "application/json", "{http:?} {rpc}");
        }
        for rpc in ["Append", "OpenStage", "CommitStage", "DropStage", "CreateCursor", "DeleteCursor", "Subscribe"] {
            let reply = server.get(http, rpc, "encoding=json&message=%7B%7D", &[]).await;
            assert_eq!((reply.status, reply.header("allow")), (405, "POST, OPTIONS"), "{http:?} {rpc}");
        }
        let other = server.send(http, "DELETE", &format!("{LEDGER}/GetState"), &[], b"").await;
        assert_eq!((other.status, other.header("allow")), (405, "GET, HEAD, POST, OPTIONS"), "{http:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_question_by_get_has_the_answer_of_the_same_by_post() {
    let server = Served::demo().await;
    let request = v1::ListClaimsRequest { page_size: 7, ..Default::default() }.encode_to_vec();
    let posted = server.post(Http::Two, "ListClaims", &[("content-type", "application/proto")], &request).await;
    let claims = |bytes: &[u8]| v1::ListClaimsResponse::decode(bytes).unwrap().claims;
    let expected = claims(&posted.body);
    let (padded, unpadded) = (URL_SAFE.encode(&request).replace('=', "%3D"), URL_SAFE_NO_PAD.encode(&request));
    let packed = URL_SAFE_NO_PAD.encode(gzip(&request));
    let escaped: String = request.iter().map(|byte| format!("%{byte:02X}")).collect();
    for http in BOTH {
        for query in [
            format!("connect=v1&encoding=proto&base64=1&message={unpadded}"),
            format!("message={padded}&base64=1&encoding=proto&beside=everything"),
            format!("compression=gzip&encoding=proto&message={packed}&base64=1"),
            format!("encoding=proto&message={escaped}"),
        ] {
            let reply = server.get(http, "ListClaims", &query, &[("accept-encoding", "identity")]).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, "application/proto"), "{query}: {reply:?}");
            assert_eq!(claims(&reply.body), expected, "{http:?} {query}");
        }
        let json = server.get(http, "ListClaims", "connect=v1&encoding=json&message={%22pageSize%22:7}", &[]).await;
        assert_eq!(json.json()["claims"].as_array().unwrap().len(), expected.len(), "{http:?}");
        // A media type says nothing of a request without a body, least of all that it is of another protocol.
        let odd = [("content-type", "application/grpc")];
        let odd = server.get(http, "ListClaims", "encoding=json&message={}", &odd).await;
        assert_eq!((odd.status, odd.header("content-type")), (200, "application/json"), "{http:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_cache_is_told_what_it_may_keep_and_gets_nothing_anew_that_it_has() {
    let server = Served::demo().await;
    let basis = server.get(Http::Two, "GetServerInfo", "encoding=json&message={}", &[]).await.json();
    let basis = basis["head"]["basis"].as_str().unwrap().to_owned();
    let query = format!("connect=v1&encoding=json&message={{%22cut%22:{{%22basis%22:%22{basis}%22}}}}");
    for http in BOTH {
        let plain = server.get(http, "ListClaims", &query, &[]).await;
        let tag = plain.header("etag").to_owned();
        assert_eq!((plain.header("vary"), plain.header("cache-control")), ("accept-encoding", "no-cache"), "{http:?}");
        let same = server.get(http, "ListClaims", &query, &[("if-none-match", &tag)]).await;
        assert_eq!((same.status, same.header("etag"), same.body.len()), (304, &*tag, 0), "{http:?}");
        let packed =
            server.get(http, "ListClaims", &query, &[("accept-encoding", "gzip"), ("if-none-match", &tag)]).await;
        assert_eq!((packed.status, packed.header("content-encoding")), (200, "gzip"), "in another form it is another");
        assert_eq!(inflate("gzip", &packed.body), plain.body, "{http:?}");
        let other = server.get(http, "ListParties", "encoding=json&message={}", &[("if-none-match", &tag)]).await;
        assert_eq!(other.status, 200, "{http:?}");
        let head = server.send(http, "HEAD", &format!("{LEDGER}/ListClaims?{query}"), &[], b"").await;
        assert_eq!((head.status, head.header("etag"), head.body.len()), (200, &*tag, 0), "{http:?}");
        assert_eq!(head.header("content-length"), plain.body.len().to_string(), "{http:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told_by_the_names_in_it() {
    let server = Served::demo().await;
    for http in BOTH {
        for (query, status, code, says) in [
            ("", 400, "invalid_argument", "encoding: required"),
            ("encoding=json", 400, "invalid_argument", "message: required"),
            ("encoding=json&message={}&connect=v9", 400, "invalid_argument", "connect: "),
            ("encoding=json&message=e*&base64=1", 400, "invalid_argument", "message: not base64"),
            ("encoding=json&message={%22no%22:1}", 400, "invalid_argument", "unrecognized field name"),
            ("encoding=xml&message={}", 415, "unimplemented", "json, proto"),
            ("encoding=json&message={}&compression=br", 501, "unimplemented", "gzip, zstd, identity"),
            ("encoding=json&message={}&compression=gzip", 400, "invalid_argument", "not gzip"),
            ("encoding=json&message={%22validAt%22:%22July%22}", 400, "invalid_argument", "valid_at"),
        ] {
            let reply = server.get(http, "GetState", query, &[]).await;
            assert_eq!((reply.status, &*reply.failure().0), (status, code), "{http:?} {query}: {reply:?}");
            let said = reply.json()["message"].as_str().unwrap().to_owned();
            assert!(said.contains(says), "{http:?} {query}: {said}");
        }
        let hurried = server.get(http, "GetState", "encoding=json&message={}", &[("connect-timeout-ms", "0")]).await;
        assert_eq!((hurried.status, hurried.failure()), (504, failure("deadline_exceeded", "DEADLINE_EXCEEDED")));
    }
    server.end().await;
}
