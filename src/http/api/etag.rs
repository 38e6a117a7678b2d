//! The tag of an answer: the same question, resolved the same way at the same basis in the same form, is the same answer.
//!
//! The question alone will not do: without a `valid_at` it asks about today, and without a cut about the head. So the tag is
//! made of the query and of the contexts in the reply, which state what was used.

use super::asked::Asked;
use super::table::Route;
use axum::http::{HeaderMap, header};
use prost::Message;
use prost_reflect::{DynamicMessage, Kind, Value};
use sha2::{Digest, Sha256};

/// The tag of an answer.
#[derive(Debug)]
pub(super) struct ETag(String);

impl ETag {
    /// The tag of the answer to a query.
    pub(super) fn of(route: &Route, asked: &Asked, replies: &[DynamicMessage]) -> Self {
        let mut hash = Sha256::new();
        hash.update(route.name);
        hash.update([0]);
        hash.update(&asked.canonical);
        for reply in replies {
            let contexts = contexts(reply);
            if contexts.is_empty() {
                hash.update(reply.encode_to_vec());
            }
            contexts.iter().for_each(|context| hash.update(context));
        }
        let digest = hash.finalize();
        Self(digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The tag as a header has it.
    pub(super) fn text(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// Whether the client has this answer already.
    pub(super) fn is_known_to(&self, headers: &HeaderMap) -> bool {
        let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
        known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == self.text())
    }
}

/// The contexts that a reply states, encoded.
fn contexts(reply: &DynamicMessage) -> Vec<Vec<u8>> {
    let is_context = |kind: Kind| kind.as_message().is_some_and(|of| of.name() == "ReplyContext");
    let set = reply.fields().filter(|(field, _)| is_context(field.kind()));
    set.filter_map(|(_, value)| if let Value::Message(context) = value { Some(context.encode_to_vec()) } else { None })
        .collect()
}
