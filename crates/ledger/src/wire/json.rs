//! Canonical proto3 JSON of the public messages, by reflection over the descriptors that the proto files compile to.
//!
//! Names are lowerCamelCase, enum values are their whole names, 64-bit numbers are strings, instants are RFC 3339. A
//! message that is written and read again is the same message, floating-point numbers included.

use detente_proto::DESCRIPTOR;
use detente_proto::v1;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use std::sync::LazyLock;

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR).map_err(|error| error.to_string()));

/// A message with its name in the proto.
pub trait NamedMessage: Message + Default {
    /// The full name, for example `detente.v1.Claim`.
    const NAME: &'static str;
}

macro_rules! named {
    ($($message:ident),* $(,)?) => {
        $(impl NamedMessage for v1::$message {
            const NAME: &'static str = concat!("detente.v1.", stringify!($message));
        })*
    };
}

named!(
    AcknowledgeCursorResponse,
    AppendRequest,
    AppendResponse,
    Claim,
    ClaimChange,
    Commitment,
    ComparePerspectivesResponse,
    Conflict,
    Corroboration,
    CreateCursorResponse,
    Cursor,
    DeleteCursorResponse,
    DiffRequest,
    DiffResponse,
    DropStageResponse,
    Event,
    Gap,
    GetClaimResponse,
    GetSeriesResponse,
    GetServerInfoResponse,
    GetStateRequest,
    GetStateResponse,
    GetTimelineResponse,
    Kind,
    ListClaimsRequest,
    ListClaimsResponse,
    ListCommitmentsResponse,
    ListConflictsResponse,
    ListCorroborationResponse,
    ListCursorsResponse,
    ListGapsResponse,
    ListKindsResponse,
    ListPartiesResponse,
    ListRelationshipsResponse,
    ListRevisionsResponse,
    ListSchemesResponse,
    ListSourcesResponse,
    ListStagesResponse,
    ListUpcomingResponse,
    Party,
    PerspectiveState,
    ReadEventsResponse,
    Relationship,
    Revision,
    Scheme,
    SeriesBucket,
    Source,
    Stage,
    StateMatch,
    TimelineSegment,
    UpcomingTransition,
    WatchClockResponse,
);

/// The reason why a text is not the JSON of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotJson(String);

/// Writes a message with any serializer, with fields at their default if `defaults` is true.
///
/// # Errors
/// If the serializer fails.
pub fn write<M: NamedMessage, W: std::io::Write, F: serde_json::ser::Formatter>(
    message: &M,
    defaults: bool,
    serializer: &mut serde_json::Serializer<W, F>,
) -> Result<(), NotJson> {
    let mut dynamic = DynamicMessage::new(descriptor(M::NAME)?);
    dynamic.transcode_from(message).map_err(not_json)?;
    let options = SerializeOptions::new().skip_default_fields(!defaults);
    dynamic.serialize_with_options(serializer, &options).map_err(not_json)
}

/// A message as one line of JSON, fields at their default left out.
///
/// # Errors
/// If the message is not known.
pub fn line<M: NamedMessage>(message: &M) -> Result<String, NotJson> {
    let mut bytes = Vec::new();
    write(message, false, &mut serde_json::Serializer::new(&mut bytes))?;
    String::from_utf8(bytes).map_err(not_json)
}

/// A message as one line of JSON, fields at their default included.
///
/// # Errors
/// If the message is not known.
pub fn whole<M: NamedMessage>(message: &M) -> Result<String, NotJson> {
    let mut bytes = Vec::new();
    write(message, true, &mut serde_json::Serializer::new(&mut bytes))?;
    String::from_utf8(bytes).map_err(not_json)
}

/// Reads a message. Unknown fields are an error: a misspelt one must not be ignored.
///
/// # Errors
/// [`NotJson`] with the error in the text.
pub fn read<M: NamedMessage>(value: Value) -> Result<M, NotJson> {
    let dynamic = DynamicMessage::deserialize(descriptor(M::NAME)?, value)
        .map_err(|error| NotJson(format!("not {}: {error}", M::NAME)))?;
    dynamic.transcode_to().map_err(not_json)
}

fn descriptor(name: &str) -> Result<MessageDescriptor, NotJson> {
    let pool = POOL.as_ref().map_err(|error| NotJson(error.clone()))?;
    pool.get_message_by_name(name).ok_or_else(|| NotJson(format!("no message {name}")))
}

fn not_json(error: impl std::fmt::Display) -> NotJson {
    NotJson(error.to_string())
}
