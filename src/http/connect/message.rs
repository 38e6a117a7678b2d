//! The message of a request: inflated, made protobuf where it is JSON, and the memory that it has until the service has it.

use super::Codec;
use super::protocol::Invocation;
use crate::grpc::inflate::{Compression, Payload, aside, inflate};
use crate::grpc::sending::with_reservation;
use crate::grpc::status::CallRefusal;
use crate::http::failure::HttpFailure;
use crate::http::{prescan, transcode};
use axum::body::Bytes;
use detente_ledger::budget::{PATIENCE, Reservation};

/// Prefix that some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Requests up to this size take little memory, whatever they contain.
const LITTLE: usize = 4096;

/// A message in protobuf. Its bytes hold what is reserved for them.
pub(super) async fn message(
    call: &Invocation,
    codec: Codec,
    compression: Option<Compression>,
    sent: Payload,
) -> Result<Bytes, HttpFailure> {
    let web = &call.web;
    // An empty message stays empty under any compression.
    let compression = compression.filter(|_| !sent.bytes.is_empty());
    let payload = match compression {
        None => sent,
        Some(compression) => inflate(compression, sent, web.request_bytes, &web.memory).await?,
    };
    let (bytes, reserved) = match codec {
        Codec::Proto => (payload.bytes, payload.reserved),
        Codec::Json => from_json(call, payload).await?,
    };
    Ok(if reserved.bytes() == 0 { bytes } else { with_reservation(bytes, reserved) })
}

/// The bytes of a message written as JSON, and what is reserved for them. A large one is read where nobody waits.
async fn from_json(call: &Invocation, json: Payload) -> Result<(Bytes, Reservation), HttpFailure> {
    let (web, method) = (&call.web, &call.rpc.method);
    let Payload { bytes: json, reserved: of_json } = json;
    if json.len() <= LITTLE {
        return Ok((transcode::request(method, text(&json))?.into(), web.memory.nothing()));
    }
    let (most, weighed) = (of_json.beside(), json.clone());
    let weight = aside(move || prescan::weigh(text(&weighed), most)).await?;
    let weight = weight.map_err(|much| CallRefusal::too_large(much.field, much.what))?;
    let reserved = web.memory.reserve(weight, PATIENCE).await;
    let mut reserved = reserved.ok_or(CallRefusal::Overloaded("large requests"))?;
    let method = method.clone();
    let message = aside(move || transcode::request(&method, text(&json))).await??;
    reserved.shrink_to(message.len());
    Ok((message.into(), reserved))
}

/// A text without the mark that may stand before it.
pub(super) fn text(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}
