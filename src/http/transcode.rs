//! JSON to the bytes of a request, by the descriptors of the contract; back it goes in [`super::json`].

use super::failure::Failure;
use crate::wire::DESCRIPTOR;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use std::sync::LazyLock;

/// The service that is reached over HTTP.
pub(super) const SERVICE: &str = "detente.v1.LedgerService";

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR).unwrap_or_default());
/// The details of errors.
static DETAILS: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(tonic_types::pb::FILE_DESCRIPTOR_SET).unwrap_or_default());

/// The rpcs of the service.
pub(super) fn methods() -> Vec<MethodDescriptor> {
    POOL.get_service_by_name(SERVICE).map_or_else(Vec::new, |service| service.methods().collect())
}

/// An rpc of the service.
pub(super) fn method(name: &str) -> Option<MethodDescriptor> {
    POOL.get_service_by_name(SERVICE)?.methods().find(|method| method.name() == name)
}

/// The bytes of a request written as JSON. Unknown fields are an error: a misspelt one must not be ignored.
pub(super) fn request(method: &MethodDescriptor, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let body = if body.is_empty() { b"{}" } else { body };
    let wrong = |error: serde_json::Error| Failure::invalid(format!("not {}: {error}", method.input().full_name()));
    let mut json = serde_json::Deserializer::from_slice(body);
    let message = DynamicMessage::deserialize(method.input(), &mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    Ok(message.encode_to_vec())
}

/// A message whose fields are to be looked at by name.
pub(super) fn decoded(message: MessageDescriptor, bytes: &[u8]) -> Result<DynamicMessage, Failure> {
    DynamicMessage::decode(message, bytes).map_err(Failure::defect)
}

/// The detail of an error as JSON, if it is of a kind that is known.
pub(super) fn detail(name: &str, bytes: &[u8]) -> Option<Value> {
    let descriptor: MessageDescriptor = DETAILS.get_message_by_name(name)?;
    serde_json::to_value(DynamicMessage::decode(descriptor, bytes).ok()?).ok()
}
