//! JSON to the bytes of a request, by the descriptors of the services; back it goes in [`super::json`].

use super::failure::HttpFailure;
use detente_proto::DESCRIPTOR;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The ledger's service.
pub(super) const SERVICE: &str = "detente.v1.LedgerService";

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR).unwrap_or_default());
/// The details of errors.
static DETAILS: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(tonic_types::pb::FILE_DESCRIPTOR_SET).unwrap_or_default());

/// An rpc of one of the services.
#[derive(Debug)]
pub(super) struct Rpc {
    /// Its path, `/package.Service/Method`.
    pub(super) path: String,
    /// Its messages.
    pub(super) method: MethodDescriptor,
    /// Its form.
    pub(super) kind: RpcKind,
}

/// The form of an rpc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcKind {
    /// One message each way.
    Unary {
        /// True if it has no side effects, so that GET calls it too.
        has_get: bool,
    },
    /// One message, and a stream of replies.
    ServerStream,
    /// Streams both ways.
    BothWays,
}

impl RpcKind {
    fn of(method: &MethodDescriptor) -> Self {
        let options = method.method_descriptor_proto().options.as_ref();
        let has_get = options.is_some_and(|options| options.idempotency_level() == IdempotencyLevel::NoSideEffects);
        match (method.is_client_streaming(), method.is_server_streaming()) {
            (false, false) => Self::Unary { has_get },
            (false, true) => Self::ServerStream,
            (true, _) => Self::BothWays,
        }
    }
}

/// The rpcs of all services, by their paths.
static RPCS: LazyLock<HashMap<String, Rpc>> = LazyLock::new(|| {
    let standard = [
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    // Each set in a pool of its own: they may have files of the same name.
    let pools = standard.into_iter().map(|set| DescriptorPool::decode(set).unwrap_or_default());
    let services = pools.chain([POOL.clone()]).flat_map(|pool| pool.services().collect::<Vec<_>>());
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let rpc = |method: MethodDescriptor| {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        (path.clone(), Rpc { path, kind: RpcKind::of(&method), method })
    };
    methods.map(rpc).collect()
});

/// The rpc at a path.
pub(super) fn rpc(path: &str) -> Option<&'static Rpc> {
    RPCS.get(path)
}

/// The rpcs of all services.
pub(super) fn rpcs() -> impl Iterator<Item = &'static Rpc> {
    RPCS.values()
}

/// The form of the rpc at a path; none where there is no such rpc.
#[must_use]
pub fn rpc_kind(path: &str) -> Option<RpcKind> {
    rpc(path).map(|rpc| rpc.kind)
}

/// The rpcs of the ledger's service.
pub(super) fn methods() -> Vec<MethodDescriptor> {
    POOL.get_service_by_name(SERVICE).map_or_else(Vec::new, |service| service.methods().collect())
}

/// An rpc of the ledger's service.
pub(super) fn method(name: &str) -> Option<MethodDescriptor> {
    POOL.get_service_by_name(SERVICE)?.methods().find(|method| method.name() == name)
}

/// The bytes of a request written as JSON. Unknown fields are an error: a misspelt one must not be ignored.
pub(super) fn request(method: &MethodDescriptor, body: &[u8]) -> Result<Vec<u8>, HttpFailure> {
    let body = if body.is_empty() { b"{}" } else { body };
    let wrong = |error: serde_json::Error| {
        let error = error.to_string();
        let advice = if error.contains("rfc3339 timestamp") { "; write instants as 2025-08-02T00:00:00Z" } else { "" };
        HttpFailure::invalid(format!("not {}: {error}{advice}", method.input().full_name()))
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let message = DynamicMessage::deserialize(method.input(), &mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    Ok(message.encode_to_vec())
}

/// A message whose fields are to be looked at by name.
pub(super) fn decode(message: MessageDescriptor, bytes: &[u8]) -> Result<DynamicMessage, HttpFailure> {
    DynamicMessage::decode(message, bytes).map_err(HttpFailure::defect)
}

/// The detail of an error as JSON, if it is of a kind that is known.
pub(super) fn detail(name: &str, bytes: &[u8]) -> Option<Value> {
    let descriptor: MessageDescriptor = DETAILS.get_message_by_name(name)?;
    serde_json::to_value(DynamicMessage::decode(descriptor, bytes).ok()?).ok()
}
