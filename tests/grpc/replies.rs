//! Replies take memory until their client has read them, and no more than there is.

use crate::bombs::RawCodec;
use crate::running::{Running, in_memory, much, options, party};
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_proto::v1;
use prost::Message as _;
use std::time::Duration;
use tokio::time::timeout;
use tonic::{Request, Status, Streaming};
use tonic_types::StatusExt as _;

const LONG: Duration = Duration::from_secs(20);

/// A server with ten megabytes of claims and four times as much memory.
async fn with_much() -> Running {
    let options = ServerOptions { memory: 40 << 20, ..options(Limits::default()) };
    let mut server = Running::of(in_memory(), options).await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    server.append(much(1)).await;
    server
}

/// Asks and does not read what is answered.
async fn ask(server: &Running, rpc: &str, request: Vec<u8>) -> Result<Streaming<()>, Status> {
    let mut raw = tonic::client::Grpc::new(server.channel.clone());
    raw.ready().await.unwrap();
    let path = format!("/detente.v1.LedgerService/{rpc}").parse().unwrap();
    raw.server_streaming(Request::new(request), path, RawCodec).await.map(tonic::Response::into_inner)
}

fn all_claims() -> Vec<u8> {
    v1::ListClaimsRequest { page_size: 1000, ..Default::default() }.encode_to_vec()
}

fn assert_overloaded(status: &Status) {
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.metadata["what"].as_str()), ("OVERLOADED", "large replies"), "{status:?}");
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
}

#[tokio::test]
async fn replies_that_nobody_reads_have_memory_until_they_are_dropped() {
    let server = with_much().await;
    let mut unread = Vec::new();
    let filling = async {
        loop {
            match ask(&server, "ListClaims", all_claims()).await {
                Ok(reply) => unread.push(reply),
                Err(status) => return status,
            }
        }
    };
    let status = timeout(LONG, filling).await.expect("there is an end to what is not read");
    assert_overloaded(&status);
    assert!((6..=14).contains(&unread.len()), "{} replies of 3 MiB", unread.len());
    let mut first = unread.remove(0);
    while first.message().await.expect("what was begun is sent whole").is_some() {}
    drop(unread);
    let again = async { while ask(&server, "ListClaims", all_claims()).await.is_err() {} };
    timeout(LONG, again).await.expect("what was reserved is given back");
}

#[tokio::test]
async fn streams_that_nobody_reads_have_memory_for_what_is_read_ahead_and_end_where_there_is_none() {
    const HELD_BY_EACH: usize = 640 << 10;
    const FIT: usize = (40 << 20) / HELD_BY_EACH;
    let server = with_much().await;
    let (mut unread, mut refused) = (Vec::new(), 0);
    while unread.len() < FIT + 6 && refused == 0 {
        match ask(&server, "ReadEvents", Vec::new()).await {
            Ok(stream) => unread.push(stream),
            Err(status) => {
                assert_overloaded(&status);
                refused += 1;
            }
        }
    }
    let mut going_on = 0;
    for stream in &mut unread {
        // One that has ended says so at once; of the others there is a frame, or nothing.
        match timeout(Duration::from_millis(1), stream.message()).await {
            Ok(Err(status)) => {
                assert_overloaded(&status);
                refused += 1;
            }
            _ => going_on += 1,
        }
    }
    assert!(refused > 0 && going_on <= FIT, "{refused} refused, {going_on} go on");
    drop(unread);
    let again = async { while ask(&server, "ReadEvents", Vec::new()).await.is_err() {} };
    timeout(LONG, again).await.expect("what was reserved is given back");
}
