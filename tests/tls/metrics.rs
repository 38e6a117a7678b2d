//! The port for metrics and probes alone.

use crate::secured::{Secured, plain_get, read_all};
use detente::config::ClientCertificates;

#[tokio::test]
async fn metrics_have_a_port_of_their_own_with_the_ends_of_certificates() {
    let server = Secured::new(ClientCertificates::Required).await;
    let text = plain_get(server.metrics, "/metrics").await;
    assert!(text.contains("detente_tls_not_after_seconds{of=\"server\"}"), "{text}");
    assert!(text.contains("detente_tls_not_after_seconds{of=\"client_ca\"}"), "{text}");
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/", 404), ("/api/v1/info", 404)] {
        let answer = plain_get(server.metrics, path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_port_with_tls_has_probes_and_no_metrics() {
    let server = Secured::new(ClientCertificates::Off).await;
    for (path, status) in [("/healthz", 200), ("/metrics", 404)] {
        let answer = read_all(server.shake(&["http/1.1"]).await.unwrap(), server.address, path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    server.end().await;
}
