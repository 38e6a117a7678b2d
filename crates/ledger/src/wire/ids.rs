//! The ids of claims and disputes in a request: UUIDs, ids that are made, and `$names` for claims of the same append.
//!
//! A claim whose `claim_id` is `$memo` gets a new id, and `$memo` means that claim wherever a claim is named in the append,
//! before it or after it. So the names are collected first ([`Ids::name`]), then everything is parsed. In a staged append, which
//! comes in pieces, a name becomes an id that follows from it ([`super::staged_commands`]), and nothing need be collected.

use super::limits::MAX_ALIAS_BYTES;
use super::path::At;
use super::sink::Sink;
use detente_domain::name::{ClaimId, DisputeId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

const EXPECTED_UUID: &str = "a UUID other than the nil one, for example 0198c0de-7a3b-7c54-9f21-3d2f8e6b1a90";

/// Reads the ids of one request.
pub struct Ids<'a> {
    named: HashMap<Box<str>, ClaimId>,
    new_id: &'a mut dyn FnMut() -> Uuid,
    /// Makes the id of a name, where names hold beyond this request.
    id_of_name: Option<&'a dyn Fn(&str) -> Uuid>,
}

impl std::fmt::Debug for Ids<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ids").field("named", &self.named).finish_non_exhaustive()
    }
}

impl<'a> Ids<'a> {
    /// No names yet; `new_id` makes the ids that a client leaves to the ledger.
    pub fn new(new_id: &'a mut dyn FnMut() -> Uuid) -> Self {
        Self { named: HashMap::new(), new_id, id_of_name: None }
    }

    /// Names mean ids that follow from them; `new_id` makes the ids that a client leaves to the ledger.
    pub(super) fn following(new_id: &'a mut dyn FnMut() -> Uuid, id_of_name: &'a dyn Fn(&str) -> Uuid) -> Self {
        Self { named: HashMap::new(), new_id, id_of_name: Some(id_of_name) }
    }

    /// Makes the id of a claim of this append if its `claim_id` is a `$name`.
    pub fn name(&mut self, claim_id: &str, at: &At<'_>, sink: &mut Sink) {
        if !is_alias(claim_id) {
            return;
        }
        match self.named.entry(claim_id.into()) {
            Entry::Vacant(entry) => drop(entry.insert(ClaimId((self.new_id)()))),
            Entry::Occupied(_) => {
                sink.refuse(at, format!("another claim of this append is named `{claim_id}` already"))
            }
        }
    }

    /// The id of a new claim: as given, as named, or made where none is given.
    pub(super) fn own(&mut self, text: &str, at: &At<'_>, sink: &mut Sink) -> Option<ClaimId> {
        if text.is_empty() && !sink.is_stored() {
            return Some(ClaimId((self.new_id)()));
        }
        self.claim(text, at, sink)
    }

    /// The id of a claim that is named here, which must be said.
    pub(super) fn claim(&self, text: &str, at: &At<'_>, sink: &mut Sink) -> Option<ClaimId> {
        if !text.starts_with('$') {
            return claim_id(text, at, sink);
        }
        let named = match self.id_of_name.filter(|_| is_alias(text)) {
            Some(id_of_name) => Some(ClaimId(id_of_name(text))),
            None => self.named.get(text).copied(),
        };
        if !is_alias(text) {
            sink.refuse(at, format!("expected `$` and 1 to {MAX_ALIAS_BYTES} lower case letters, digits or `_`"));
        } else if named.is_none() {
            sink.refuse(at, "no claim that this append asserts has this name as its claim_id");
        }
        named
    }

    /// The id of a new dispute: as given, or made where none is given.
    pub(super) fn dispute(&mut self, text: &str, at: &At<'_>, sink: &mut Sink) -> Option<DisputeId> {
        if text.is_empty() { Some(DisputeId((self.new_id)())) } else { dispute_id(text, at, sink) }
    }
}

/// The id of a claim as a UUID, which must be said.
pub(super) fn claim_id(text: &str, at: &At<'_>, sink: &mut Sink) -> Option<ClaimId> {
    sink.expect_shape(at, text, parse_uuid(text)).map(ClaimId)
}

/// The id of a dispute as a UUID, which must be said.
pub(super) fn dispute_id(text: &str, at: &At<'_>, sink: &mut Sink) -> Option<DisputeId> {
    sink.expect_shape(at, text, parse_uuid(text)).map(DisputeId)
}

/// Reads a UUID, with hyphens or without; the nil one is none.
///
/// # Errors
/// The expected shape, in words.
pub fn parse_uuid(text: &str) -> Result<Uuid, &'static str> {
    let plain = matches!(text.len(), 32 | 36);
    let uuid = Uuid::try_parse(text).ok().filter(|uuid| plain && !uuid.is_nil());
    uuid.ok_or(EXPECTED_UUID)
}

/// A UUID as it is written in messages: with hyphens, in lower case.
#[must_use]
pub fn uuid_text(uuid: Uuid) -> String {
    uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
}

pub(super) fn is_alias(text: &str) -> bool {
    let name = text.strip_prefix('$').unwrap_or_default();
    let shaped = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    shaped && (1..=MAX_ALIAS_BYTES).contains(&name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_with_and_without_hyphens_and_written_with_them() {
        let uuid = Uuid::from_u128(0x0198_c0de_7a3b_7c54_9f21_3d2f_8e6b_1a90);
        for text in [
            "0198c0de-7a3b-7c54-9f21-3d2f8e6b1a90",
            "0198C0DE-7A3B-7C54-9F21-3D2F8E6B1A90",
            "0198c0de7a3b7c549f213d2f8e6b1a90",
        ] {
            assert_eq!(parse_uuid(text), Ok(uuid), "{text}");
        }
        assert_eq!(uuid_text(uuid), "0198c0de-7a3b-7c54-9f21-3d2f8e6b1a90");
    }

    #[test]
    fn what_is_not_a_plain_uuid_is_refused_and_the_nil_one_too() {
        for text in [
            "",
            "x",
            "00000000-0000-0000-0000-000000000000",
            "{0198c0de-7a3b-7c54-9f21-3d2f8e6b1a90}",
            "urn:uuid:0198c0de-7a3b-7c54-9f21-3d2f8e6b1a90",
            "0198c0de-7a3b-7c54-9f21-3d2f8e6b1a9",
        ] {
            assert!(parse_uuid(text).is_err(), "{text}");
        }
    }
}
