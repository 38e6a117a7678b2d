//! The pages that may call from a browser: the page served here; pages of other origins only if the configuration names
//! them.

use crate::served::{Answer, Served};
use detente::server::ServerOptions;

const PREFLIGHT: &str =
    "access-control-request-method: POST\r\naccess-control-request-headers: content-type,x-grpc-web\r\n";
const RPC: &str = "/detente.v1.LedgerService/GetServerInfo";

async fn allowing(origins: &[&str]) -> Served {
    let allowed_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    Served::empty_with(ServerOptions { allowed_origins, ..ServerOptions::default() }).await
}

async fn from(server: &Served, method: &str, path: &str, origin: &str) -> Answer {
    let preflight = if method == "OPTIONS" { PREFLIGHT } else { "content-type: application/json\r\n" };
    let body = if method == "POST" { "{}" } else { "" };
    server.ask(method, path, &format!("origin: {origin}\r\n{preflight}"), body).await
}

fn permits(answer: &Answer, origin: &str) -> bool {
    answer.head.contains(&format!("access-control-allow-origin: {origin}"))
}

#[tokio::test]
async fn nobody_else_may_ask_unless_they_are_named() {
    let server = allowing(&[]).await;
    for (method, path) in [("OPTIONS", RPC), ("POST", RPC), ("GET", "/api/v1/info"), ("GET", "/metrics"), ("GET", "/")]
    {
        let answer = from(&server, method, path, "http://elsewhere.example").await;
        assert!(!answer.head.contains("access-control"), "{method} {path}: {}", answer.head);
        assert!(method != "OPTIONS" || answer.status >= 400, "a preflight is not granted");
    }
    server.end().await;
}

#[tokio::test]
async fn who_is_named_may_ask_and_read_what_grpc_web_needs() {
    let named = "https://desk.example";
    let server = allowing(&[named, "http://localhost:3000"]).await;
    let preflight = from(&server, "OPTIONS", RPC, named).await;
    assert!(preflight.status == 200 && permits(&preflight, named), "{}", preflight.head);
    for header in [
        "content-type",
        "content-encoding",
        "x-grpc-web",
        "grpc-timeout",
        "connect-protocol-version",
        "connect-timeout-ms",
        "connect-content-encoding",
        "connect-accept-encoding",
        "x-request-id",
    ] {
        assert!(preflight.head.contains(header), "{header} may not be sent: {}", preflight.head);
    }
    let answer = from(&server, "POST", RPC, named).await;
    assert!(answer.status == 200 && permits(&answer, named));
    assert!(answer.head.contains("grpc-status-details-bin") && answer.head.contains("vary: "), "{}", answer.head);
    assert!(answer.head.contains("connect-content-encoding"), "{}", answer.head);
    let query = from(&server, "GET", &format!("{RPC}?encoding=json&message=%7B%7D"), named).await;
    assert!(query.status == 200 && permits(&query, named), "{}", query.head);
    let vary: Vec<&str> = query.head.lines().filter_map(|line| line.strip_prefix("vary: ")).collect();
    assert!(vary.join(",").contains("accept-encoding") && vary.join(",").contains("origin"), "{}", query.head);
    assert!(permits(&from(&server, "GET", "/api/v1/info", named).await, named));
    let other = from(&server, "POST", RPC, "https://other.example").await;
    assert!(!other.head.contains("access-control-allow-origin"), "{}", other.head);
    assert!(!permits(&from(&server, "GET", "/", named).await, named), "the page is for readers, not for other pages");
    server.end().await;
    let open = allowing(&["*"]).await;
    assert!(permits(&from(&open, "POST", RPC, "https://anyone.example").await, "*"));
    open.end().await;
}
