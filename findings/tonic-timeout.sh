#!/bin/sh
# Version: tonic 0.14.9 of crates.io
#
# A server of tonic ends a call itself when the time that its client gave is over. What it answers then is CANCELLED, "Timeout expired", and not
# DEADLINE_EXCEEDED (4), without details. A client whose own clock has not run out yet sees that. The one below, curl, keeps no clock.
#
#   grpc-status: 1
#   grpc-message: Timeout%20expired
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "late"
version = "0.0.0"
edition = "2024"

[dependencies]
tonic = "=0.14.9"
tonic-health = "=0.14.9"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "net", "process", "time"] }
tokio-stream = { version = "0.1", features = ["net"] }
tower = { version = "0.5", features = ["util"] }
TOML
cat > src/main.rs <<'RUST'
use std::time::Duration;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tower::util::MapFutureLayer;

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let slow = MapFutureLayer::new(|answer| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            answer.await
        })
    });
    let (_reporter, health) = tonic_health::server::health_reporter();
    let serving = Server::builder().layer(slow).add_service(health);
    tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));

    // An empty message of gRPC: a flag, and a length of four bytes.
    std::fs::write("message", [0; 5]).unwrap();
    let url = format!("http://{address}/grpc.health.v1.Health/Check");
    let headers = ["content-type: application/grpc", "te: trailers", "grpc-timeout: 200m"];
    let mut curl = tokio::process::Command::new("curl");
    curl.args(["--silent", "--http2-prior-knowledge", "--dump-header", "-", "--data-binary", "@message", &url]);
    let said = curl.args(headers.iter().flat_map(|header| ["--header", header])).output().await.unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    println!("{said}");
    assert!(said.contains("grpc-status: 1\r\n") && said.contains("grpc-message: Timeout%20expired\r\n"));
    assert!(!said.contains("grpc-status-details-bin"));
}
RUST
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
