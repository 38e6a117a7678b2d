//! Requests that are small on the wire and would be large in memory are refused before they are decoded.

use crate::program::Program;
use crate::running::{Running, assert, batch, claim, options, party};
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_proto::v1;
use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _};
use prost_reflect::{Cardinality, DescriptorPool, Kind, MessageDescriptor};
use std::collections::HashSet;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::codec::CompressionEncoding::{self, Gzip, Zstd};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// The largest request, with room for what is around the elements.
const LARGE: usize = (16 << 20) - 64;
/// An element of field 3 with nothing in it: an empty command.
const COMMAND: &[u8] = b"\x1a\x00";

/// Sends bytes as they are.
pub(crate) struct RawCodec;

impl Codec for RawCodec {
    type Encode = Vec<u8>;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        bytes.advance(bytes.remaining());
        Ok(Some(()))
    }
}

/// Calls an rpc with bytes, compressed where that is said.
async fn send(
    channel: &Channel,
    rpc: &str,
    bytes: Vec<u8>,
    compressed: Option<CompressionEncoding>,
) -> Result<(), Status> {
    let mut raw = tonic::client::Grpc::new(channel.clone());
    if let Some(encoding) = compressed {
        raw = raw.send_compressed(encoding);
    }
    raw.ready().await.unwrap();
    let path = format!("/detente.v1.LedgerService/{rpc}").parse().unwrap();
    raw.unary(Request::new(bytes), path, RawCodec).await.map(|_| ())
}

/// The field that a request is refused for, as too large; empty where none alone is at fault.
fn refused_field(answer: Result<(), Status>) -> String {
    let status = answer.expect_err("this should have been refused");
    let reason = status.get_details_error_info().unwrap_or_else(|| panic!("{status:?}")).reason;
    assert_eq!((status.code(), reason.as_str()), (Code::ResourceExhausted, "LIMIT_EXCEEDED"), "{status:?}");
    status.get_details_bad_request().map(|mut told| told.field_violations.remove(0).field).unwrap_or_default()
}

fn varint(number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(number as u64, &mut bytes);
    bytes
}

/// A field with bytes in it.
fn holding(number: u32, bytes: &[u8]) -> Vec<u8> {
    [&*varint((number as usize) << 3 | 2), &varint(bytes.len()), bytes].concat()
}

fn empty_items() -> Vec<u8> {
    holding(1, &b"\x0a\x00".repeat(LARGE / 2))
}

#[tokio::test]
async fn empty_elements_by_the_million_are_refused_plain_and_compressed_and_the_server_goes_on() {
    let mut server = Running::in_memory().await;
    for compressed in [None, Some(Gzip), Some(Zstd)] {
        for rpc in ["Append", "StageCommands"] {
            let answer = send(&server.channel, rpc, COMMAND.repeat(LARGE / 2), compressed).await;
            // A message compressed beyond all measure is refused before anybody looks at its content.
            let field = if compressed.is_none() { "commands" } else { "" };
            assert_eq!(refused_field(answer), field, "{rpc} {compressed:?}");
            let answer = send(&server.channel, rpc, COMMAND.repeat(10_001), compressed).await;
            assert_eq!(refused_field(answer), "commands", "{rpc} {compressed:?}");
        }
        let items = holding(1, &b"\x0a\x00".repeat(10_001));
        assert_eq!(refused_field(send(&server.channel, "GetState", items, compressed).await), "filter.items");
    }
    server.append(vec![party("AZE"), party("RUS"), assert(claim(1, "AZE-RUS", "2025/.."))]).await;
}

#[tokio::test]
async fn every_list_of_every_request_is_bounded() {
    let server = Running::in_memory().await;
    let pool = DescriptorPool::decode(detente_proto::DESCRIPTOR).unwrap();
    let mut tried = HashSet::new();
    for rpc in pool.get_service_by_name("detente.v1.LedgerService").unwrap().methods() {
        let mut lists = Vec::new();
        find_lists(&rpc.input(), &mut Vec::new(), &mut lists);
        for (path, number, is_packed) in lists {
            let mut bytes = match is_packed {
                true => holding(number, &vec![1; 2 << 20]),
                false => holding(number, b"").repeat(1 << 20),
            };
            for number in path.iter().rev() {
                bytes = holding(*number, &bytes);
            }
            let mut place: Vec<u32> = path;
            place.push(number);
            refused_field(send(&server.channel, rpc.name(), bytes, None).await);
            tried.insert((rpc.name().to_owned(), place));
        }
    }
    assert!(tried.len() > 100, "only {} lists were found", tried.len());
}

/// The lists of a message, and of those in it: the fields that lead there, the number, whether they are numbers.
fn find_lists(message: &MessageDescriptor, above: &mut Vec<u32>, lists: &mut Vec<(Vec<u32>, u32, bool)>) {
    const DEEP: usize = 3;
    for field in message.fields() {
        if field.cardinality() == Cardinality::Repeated {
            lists.push((above.clone(), field.number(), field.is_packed()));
        }
        if let (Kind::Message(inner), true) = (field.kind(), above.len() < DEEP) {
            above.push(field.number());
            find_lists(&inner, above, lists);
            above.pop();
        }
    }
}

#[tokio::test]
async fn as_many_commands_as_there_may_be_and_as_many_bytes_are_still_taken() {
    let mut server = Running::in_memory().await;
    let claims = (1..=9_998).map(|id| assert(claim(id, "AZE-RUS", "2025/..")));
    server.append([party("AZE"), party("RUS")].into_iter().chain(claims).collect()).await;
    let text = |nth: u128| v1::Text { lang: "en".into(), text: format!("{nth}").repeat(800), original: true };
    let claims = (0..3_000).map(|nth| v1::Claim { texts: vec![text(nth)], ..claim(20_000 + nth, "AZE-RUS", "2025") });
    let request = batch(claims.map(assert).collect());
    assert!(request.encoded_len() > 8 << 20);
    server.client.append(request).await.unwrap();
}

#[tokio::test]
async fn a_request_is_taken_however_it_is_compressed_small_and_large_and_only_once() {
    let mut server = Running::in_memory().await;
    let text = |nth: u128| v1::Text { lang: "en".into(), text: format!("{:x}", nth.pow(5)), original: true };
    server.append(vec![party("AZE"), party("RUS")]).await;
    for (nth, compressed) in (1_u128..).zip([None, Some(Gzip), Some(Zstd)]) {
        for many in [1, 30, 3_000] {
            let ids = (0..many).map(|id| nth * 1_000_000 + many * 10_000 + id);
            let claims = ids.map(|id| v1::Claim { texts: vec![text(id)], ..claim(id, "AZE-RUS", "2025") });
            let request = batch(claims.map(assert).collect()).encode_to_vec();
            send(&server.channel, "Append", request, compressed).await.unwrap();
        }
    }
    let mut raw = tonic::client::Grpc::new(server.channel.clone());
    for bytes in [Vec::new(), vec![0; 6], holding(1000, &[0; 9_000])] {
        raw.ready().await.unwrap();
        let two = Request::new(tokio_stream::iter([bytes.clone(), bytes]));
        let path = "/detente.v1.LedgerService/GetServerInfo".parse().unwrap();
        let status = raw.client_streaming(two, path, RawCodec).await.unwrap_err();
        assert_eq!(status.get_details_error_info().unwrap().reason, "UNSUPPORTED", "{status:?}");
    }
}

/// Sends a request that does not end.
fn send_without_end(channel: &Channel, bytes: Vec<u8>) -> tokio::task::JoinHandle<()> {
    let channel = channel.clone();
    tokio::spawn(async move {
        let mut raw = tonic::client::Grpc::new(channel);
        raw.ready().await.unwrap();
        let path = "/detente.v1.LedgerService/GetState".parse().unwrap();
        let request = tokio_stream::once(bytes).chain(tokio_stream::pending());
        drop(raw.client_streaming(Request::new(request), path, RawCodec).await);
    })
}

#[tokio::test]
async fn what_does_not_fit_beside_other_requests_is_refused_for_now_and_what_never_fits_for_good() {
    let options = ServerOptions { memory: 20 << 20, ..options(Limits::default()) };
    let mut server = Running::of(crate::running::in_memory(), options).await;
    let commands = (1..=9_999).map(|id| assert(claim(id, "AZE-RUS", "2025/..")));
    let field = refused_field(server.client.append(batch(commands.collect())).await.map(|_| ()));
    assert!(field.starts_with("commands"), "{field}");
    // Nobody decodes what is in these: they are reserved as they come.
    let unknown = |bytes| holding(1000, &vec![0; bytes]);
    assert_eq!(refused_field(send(&server.channel, "GetState", unknown(LARGE), None).await), "");
    send(&server.channel, "GetState", unknown(6 << 20), None).await.unwrap();
    // A text is kept for as long as its call goes on.
    let mut others = Vec::new();
    let overloaded = async {
        loop {
            if let Err(status) = send(&server.channel, "GetState", unknown(6 << 20), None).await {
                return status;
            }
            others.push(send_without_end(&server.channel, holding(2, &[b'0'; (5 << 20) - 100])));
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(20), overloaded).await.unwrap();
    assert_eq!(status.get_details_error_info().unwrap().reason, "OVERLOADED", "{status:?}");
    assert!(status.get_details_retry_info().is_some());
    server.append(vec![party("AZE")]).await;
    others.iter().for_each(tokio::task::JoinHandle::abort);
    let fits = async { while send(&server.channel, "GetState", unknown(6 << 20), None).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(20), fits).await.expect("what was reserved is given back");
}

/// Peak memory of a process so far, in KiB.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
}

/// Times that the memory is looked at. The allocator keeps memory for each thread, and the threads that a call meets differ
/// from one process to the next: what the program needs is the least of them.
const LOOKS: usize = 3;

/// The memory in KiB that a new program takes more for large requests, with each way of compressing them, than when it is idle.
async fn memory_for(ways: &[Option<CompressionEncoding>]) -> usize {
    let mut least = usize::MAX;
    for _ in 0..LOOKS {
        let program = Program::serve("", "error,detente=info");
        let channel = Endpoint::from_shared(format!("http://{}", program.address)).unwrap().connect().await.unwrap();
        send(&channel, "GetServerInfo", Vec::new(), None).await.unwrap();
        let idle = most_memory(program.id());
        for compressed in ways {
            refused_field(send(&channel, "Append", COMMAND.repeat(LARGE / 2), *compressed).await);
            refused_field(send(&channel, "GetState", empty_items(), *compressed).await);
        }
        least = least.min(most_memory(program.id()) - idle);
    }
    least
}

#[tokio::test]
async fn the_program_takes_next_to_no_memory_for_a_few_bytes_that_would_be_many() {
    let grown = memory_for(&[Some(Gzip), Some(Zstd)]).await;
    assert!(grown < 16 << 10, "{grown} KiB more than idle");
}

#[tokio::test]
async fn the_program_takes_little_memory_for_what_it_refuses() {
    let grown = memory_for(&[None, Some(Gzip), Some(Zstd)]).await;
    assert!(grown < 72 << 10, "{grown} KiB more than idle");
}
