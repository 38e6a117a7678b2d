#!/bin/sh
# Version: tonic-reflection 0.14.9 of crates.io
#
# A client of reflection asks several questions on one stream, and what is not there is an error_response among the answers. The server of
# tonic-reflection ends the stream with NOT_FOUND at the first name that it does not know: the questions behind it get no answer, and a tool that
# looks for optional types one after the other (Python's descriptor pool does) loses the stream.
#
#   known answered, unknown: the stream ends with NotFound
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "miss"
version = "0.0.0"
edition = "2024"

[dependencies]
tonic = "=0.14.9"
tonic-reflection = "=0.14.9"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "net"] }
tokio-stream = { version = "0.1", features = ["net"] }
TOML
cat > src/main.rs <<'RUST'
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::transport::{Channel, Server};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::{FILE_DESCRIPTOR_SET, ServerReflectionRequest};

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let builder = tonic_reflection::server::Builder::configure();
    let reflection = builder.register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET).build_v1().unwrap();
    tokio::spawn(Server::builder().add_service(reflection).serve_with_incoming(TcpListenerStream::new(listener)));

    let about = |symbol: &str| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol(symbol.to_owned())),
    };
    let known = "grpc.reflection.v1.ServerReflection";
    let questions = tokio_stream::iter([about(known), about("parties.Unknown"), about(known)]);
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut client = ServerReflectionClient::new(channel);
    let mut answers = client.server_reflection_info(questions).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some());
    let end = answers.message().await.unwrap_err();
    println!("known answered, unknown: the stream ends with {:?}", end.code());
    assert_eq!(end.code(), Code::NotFound);
    assert!(answers.message().await.ok().flatten().is_none(), "nothing comes behind it");
}
RUST
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
