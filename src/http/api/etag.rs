//! The tag of an answer: the same question, resolved the same way at the same basis in the same form, is the same answer.
//!
//! The question alone will not do: without a `valid_at` it asks about today, and without a cut about the head. So the tag is
//! made of the query and of the contexts in the reply, which state what was used. Another version of the program may write the
//! same answer in another way, so its version is part of the tag.

use super::flat_query::FlatParameters;
use super::table::Route;
use crate::http::json;
use axum::http::{HeaderMap, header};
use prost_reflect::MessageDescriptor;
use sha2::{Digest, Sha256};

/// The tag of an answer.
#[derive(Debug)]
pub(super) struct ETag(String);

impl ETag {
    /// The tag of the answer to a query; `message` describes its reply. Of an answer of several pages the first is enough: the
    /// others are at its cut.
    pub(super) fn of(route: &Route, asked: &FlatParameters, message: &MessageDescriptor, reply: &[u8]) -> Self {
        let contexts = contexts(message);
        if contexts.is_empty() {
            return Self::at(route, asked, [reply]);
        }
        Self::at(route, asked, contexts.iter().flat_map(|number| json::parts(reply, *number)))
    }

    /// The tag of the answer to a query at a cut.
    pub(super) fn at<'c>(route: &Route, asked: &FlatParameters, cut: impl IntoIterator<Item = &'c [u8]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update([0]);
        hash.update(route.name);
        hash.update([0]);
        hash.update(&asked.canonical);
        cut.into_iter().for_each(|part| hash.update(part));
        let digest = hash.finalize();
        Self(digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The tag as a header has it.
    pub(super) fn text(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// Returns true if the client has this answer already.
    pub(super) fn is_known_to(&self, headers: &HeaderMap) -> bool {
        let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
        known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == self.text())
    }
}

/// The numbers of the fields in which a reply states the contexts it was computed at.
fn contexts(reply: &MessageDescriptor) -> Vec<u32> {
    let fields = reply.fields();
    let contexts = fields.filter(|field| field.kind().as_message().is_some_and(|of| of.name() == "ReplyContext"));
    contexts.map(|field| field.number()).collect()
}
