//! Every protocol and path, with a proof and without.

use crate::site::{INFO, Site, issue};
use detente_identity::KeyFile;

const HOUR: i64 = 3600;

/// Requests of every protocol: a method, a path, headers and a body.
const REQUESTS: [(&str, &str, &str, &str); 9] = [
    ("POST", INFO, "content-type: application/json\r\n", "{}"),
    ("POST", INFO, "content-type: application/grpc-web+proto\r\n", "\0\0\0\0\0"),
    ("GET", "/api/v1/info", "", ""),
    ("GET", "/api/v1/claims?format=csv", "", ""),
    ("GET", "/api/v1/feed", "accept: text/event-stream\r\n", ""),
    ("GET", "/", "accept: text/html\r\n", ""),
    ("GET", "/api/v1/openapi.json", "", ""),
    ("GET", "/metrics", "", ""),
    ("GET", "/nothing", "", ""),
];

#[tokio::test]
async fn every_protocol_and_path_asks_who_calls_and_answers_who_proves_it() {
    let mut keys = KeyFile::default();
    let (good, expired, revoked) =
        (issue(&mut keys, "desk", HOUR), issue(&mut keys, "desk", -1), issue(&mut keys, "desk", HOUR));
    keys.revoke(&revoked.id, jiff::Timestamp::UNIX_EPOCH);
    let other = issue(&mut KeyFile::default(), "desk", HOUR);
    let site = Site::new(keys).await;
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    let wrong = [
        (String::new(), "no credential"),
        ("authorization: Basic YTpi\r\n".to_owned(), "Bearer"),
        (bearer(&good.reveal()).repeat(2), "Bearer"),
        (bearer("dk_nothing"), "not known"),
        (bearer(&other.reveal()), "not known"),
        (bearer(&expired.reveal()), "has expired"),
        (bearer(&revoked.reveal()), "is revoked"),
        (bearer("a.b.c"), "token"),
    ];
    for (method, path, headers, body) in REQUESTS {
        let ask = async |proof: &str| {
            let headers = format!("{proof}{headers}");
            if method == "GET" { site.get(path, &headers).await } else { site.post(path, &headers, body).await }
        };
        for (proof, words) in &wrong {
            let answer = ask(proof).await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{path} {proof}: {answer}");
            assert!(answer.to_lowercase().contains("www-authenticate: bearer"), "{path}: {answer}");
            assert!(answer.contains(words) || answer.contains(&words.replace(' ', "%20")), "{path} {words}: {answer}");
        }
        let answer = ask(&bearer(&good.reveal())).await;
        let status = if path == "/nothing" { "HTTP/1.1 404" } else { "HTTP/1.1 200" };
        assert!(answer.starts_with(status), "{path}: {answer}");
        let lower = ask(&bearer(&good.reveal()).replace("Bearer", "bearer")).await;
        assert!(lower.starts_with(status), "{path}: {lower}");
    }
    site.end().await;
}

#[tokio::test]
async fn probes_and_preflights_need_no_proof() {
    let site = Site::new(KeyFile::default()).await;
    for path in ["/healthz", "/readyz"] {
        assert!(site.get(path, "").await.starts_with("HTTP/1.1 200"), "{path}");
    }
    let health = "content-type: application/json\r\n";
    let answer = site.post("/grpc.health.v1.Health/Check", health, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let preflight = format!(
        "OPTIONS {INFO} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\norigin: https://desk.example\r\n\
         access-control-request-method: POST\r\naccess-control-request-headers: authorization,content-type\r\n\r\n",
        site.address
    );
    let answer = site.send(&preflight).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 200") || answer.starts_with("http/1.1 204"), "{answer}");
    assert!(answer.contains("access-control-allow-headers") && answer.contains("authorization"), "{answer}");
    site.end().await;
}
