//! Answers that stay below 4 MiB. A page over gRPC is bounded by its entries and its bytes; as JSON small entries take
//! several times as much. So if an answer is too large, a shorter page takes its place, whose token leads to the rest.

use super::Web;
use super::failure::HttpFailure;
use super::json::{self, Defaults};
use super::reply_memory::write_reply;
use crate::grpc::local::OneReply;
use axum::body::Bytes;
use axum::http::HeaderMap;
use prost::encoding::uint32;
use prost_reflect::{Cardinality, Kind, MethodDescriptor};

/// The largest answer.
const MOST: usize = 4 << 20;
/// The most times that a reply is larger as JSON than its bytes; smaller replies need no look.
const GROWS: usize = 8;
/// The bytes of a stream that one answer has at most, plus the rest of a batch.
pub(super) const STREAMED: usize = 512 << 10;

/// A reply, and the same as JSON.
#[derive(Debug)]
pub(super) struct JsonReply {
    /// The encoded message.
    pub(super) message: Bytes,
    /// The message as JSON.
    pub(super) json: Bytes,
    /// The trailers of the call.
    pub(super) trailers: HeaderMap,
}

/// Calls an rpc with one reply; the reply, and the same as JSON.
pub(super) async fn unary(
    web: &Web,
    path: &str,
    method: &MethodDescriptor,
    message: impl Into<Bytes>,
    limit: Option<&str>,
    defaults: Defaults,
) -> Result<(Bytes, Bytes), HttpFailure> {
    let JsonReply { message, json, .. } = one(web, path, method, message.into(), limit, defaults).await?;
    Ok((message, json))
}

/// The same, with the trailers of the reply.
pub(super) async fn one(
    web: &Web,
    path: &str,
    method: &MethodDescriptor,
    mut message: Bytes,
    limit: Option<&str>,
    defaults: Defaults,
) -> Result<JsonReply, HttpFailure> {
    loop {
        let OneReply { message: reply, trailers } = web.local.one(path, message.clone(), limit).await?;
        let (output, whole) = (method.output(), reply.clone());
        let written = write_reply(web, reply.len(), move || json::encode(&output, &whole, defaults)).await?;
        let entries = entries(method, &reply);
        let size = method.input().get_field_by_name("page_size");
        match size.filter(|size| size.kind() == Kind::Uint32 && written.len() > MOST && entries > 1) {
            None => return Ok(JsonReply { message: reply, json: written, trailers }),
            // Of a field that is there twice the last counts.
            Some(size) => {
                let mut shortened = message.to_vec();
                uint32::encode(size.number(), &shorter(entries, written.len()), &mut shortened);
                message = shortened.into();
            }
        }
    }
}

/// Returns the number of entries that fit, with a fifth to spare; fewer than there were in any case.
fn shorter(entries: usize, bytes: usize) -> u32 {
    let fitting = entries * (MOST / 5 * 4 / 1024) / (bytes / 1024).max(1);
    u32::try_from(fitting.clamp(1, (entries / 2).max(1))).unwrap_or(1)
}

/// Counts the entries in the list of a reply: the first list of messages in it.
fn entries(method: &MethodDescriptor, reply: &[u8]) -> usize {
    if reply.len() < MOST / GROWS {
        return 0;
    }
    let output = method.output();
    let mut lists = output.fields().filter(|field| field.cardinality() == Cardinality::Repeated);
    let list = lists.find(|field| matches!(field.kind(), Kind::Message(_)));
    list.map_or(0, |list| json::parts(reply, list.number()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_page_is_shorter_and_never_empty() {
        assert_eq!(shorter(1000, 5 << 20), 500);
        assert_eq!(shorter(1000, 16 << 20), 199);
        assert_eq!(shorter(2, 40 << 20), 1);
    }
}
