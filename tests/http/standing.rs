//! Probes, metrics, and the id of each request.

use crate::served::{Served, party};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// The value of a metric without labels.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is missing in:\n{text}")).parse().unwrap()
}

async fn metrics(server: &Served) -> String {
    let answer = server.ask("GET", "/metrics", "", "").await;
    assert!(answer.status == 200 && answer.head.contains("text/plain; version=0.0.4"), "{}", answer.head);
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test]
async fn a_scraper_gets_open_metrics_where_it_asks_for_it_and_everybody_else_the_text_format() {
    let server = Served::empty().await;
    let text = metrics(&server).await;
    assert!(text.contains("# TYPE detente_build_info gauge\n") && !text.contains("# EOF"), "{text}");
    assert!(text.contains("# TYPE detente_events_total counter\n"), "{text}");
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (name, kind) in families {
        assert!(["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind), "{name} {kind}");
    }
    let accept =
        "accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n";
    let answer = server.ask("GET", "/metrics", accept, "").await;
    assert!(answer.head.contains("application/openmetrics-text; version=1.0.0"), "{}", answer.head);
    assert!(String::from_utf8(answer.body).unwrap().ends_with("# EOF\n"));
    server.end().await;
}

async fn channel(server: &Served) -> tonic::transport::Channel {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    endpoint.connect().await.unwrap()
}

#[tokio::test]
async fn readiness_is_what_health_says() {
    let server = Served::empty().await;
    let mut health = HealthClient::new(channel(&server).await);
    let said = health.check(HealthCheckRequest::default()).await.unwrap().into_inner().status();
    assert_eq!(said.as_str_name(), "SERVING");
    for probe in ["/readyz", "/healthz"] {
        assert_eq!(server.ask("GET", probe, "", "").await.status, 200);
    }
    assert!((value(&metrics(&server).await, "detente_serving") - 1.0).abs() < f64::EPSILON);
    drop(health);
    server.end().await;
}

#[tokio::test]
async fn what_happens_is_measured() {
    let mut server = Served::demo().await;
    let before = value(&metrics(&server).await, "detente_events_total");
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    let subscribe = detente_proto::v1::SubscribeRequest {
        start: Some(detente_proto::v1::subscribe_request::Start::AfterPosition(0)),
        ..Default::default()
    };
    let mut feed = server.client.subscribe(subscribe).await.unwrap().into_inner();
    feed.message().await.unwrap().expect("a frame");
    let text = metrics(&server).await;
    assert!((value(&text, "detente_events_total") - before - 2.0).abs() < 0.1);
    for (name, expected) in
        [("detente_position", 126.0), ("detente_feed_subscribers", 1.0), ("detente_subscriptions", 1.0)]
    {
        assert!((value(&text, name) - expected).abs() < 0.1, "{name}: {}", value(&text, name));
    }
    assert!(value(&text, "detente_feed_lag_events") <= 126.0);
    for name in
        ["detente_journal_sync_seconds_count", "detente_journal_group_events_count", "process_resident_memory_bytes"]
    {
        assert!(value(&text, name) >= 1.0, "{name}");
    }
    assert!(text.contains(r#"detente_rpc_seconds_count{rpc="Append",code="OK"} 1"#), "{text}");
    drop(feed);
    server.end().await;
}

#[tokio::test]
async fn the_id_of_a_request_comes_back_with_the_answer_whatever_is_asked() {
    let server = Served::empty().await;
    for path in ["/", "/api/v1/info", "/readyz", "/nothing"] {
        let answer = server.ask("GET", path, "x-request-id: desk-7\r\n", "").await;
        assert!(answer.head.contains("x-request-id: desk-7"), "{path}: {}", answer.head);
        let other = server.ask("GET", path, "x-request-id: not one\r\n", "").await;
        assert!(other.head.contains("x-request-id: ") && !other.head.contains("not one"), "{path}: {}", other.head);
    }
    let mut request = tonic::Request::new(detente_proto::v1::GetServerInfoRequest {});
    request.metadata_mut().insert("x-request-id", "over-grpc".parse().unwrap());
    let reply = server.client.clone().get_server_info(request).await.unwrap();
    assert_eq!(reply.metadata().get("x-request-id").unwrap(), "over-grpc");
    server.end().await;
}
