//! Canonical proto3 JSON, by reflection over the descriptors that the proto files compile to.
//!
//! Names are lowerCamelCase, enum values are their whole names, 64-bit numbers are strings, instants are RFC 3339, and
//! fields that are at their default are written out: a script never has to know what an absent field would mean.
//!
//! Characters that could drive a terminal, or turn the direction of what follows, are written as `\u` and four digits. That is the
//! same JSON, and safe to look at.

use std::fmt::Write as _;

use serde_json::{Serializer, Value};

use super::{CommandFailure, table::escape};
use detente_ledger::wire::json;
pub(crate) use detente_ledger::wire::json::NamedMessage as Wire;

/// The layout of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Over many lines, indented.
    Pretty,
    /// All on one line.
    Line,
}

/// Writes a message as JSON, with a line break at its end.
pub(crate) fn text<M: Wire>(message: &M, layout: Layout) -> Result<String, CommandFailure> {
    let mut bytes = Vec::new();
    match layout {
        Layout::Pretty => json::write(message, true, &mut Serializer::pretty(&mut bytes)),
        Layout::Line => json::write(message, true, &mut Serializer::new(&mut bytes)),
    }
    .map_err(CommandFailure::other)?;
    let mut text = inert(&String::from_utf8(bytes).map_err(CommandFailure::other)?);
    text.push('\n');
    Ok(text)
}

/// Reads a message from JSON. Unknown fields are an error: a misspelt one must not be ignored.
pub(crate) fn message<M: Wire>(value: Value) -> Result<M, CommandFailure> {
    json::read(value).map_err(|error| CommandFailure::Usage(error.to_string()))
}

/// Replaces characters that act on a terminal by JSON escapes. They only occur inside strings, where that is the same.
fn inert(json: &str) -> String {
    let mut inert = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && escape::acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(inert, "\\u{unit:04x}");
            }
        } else {
            inert.push(c);
        }
    }
    inert
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1;

    fn state() -> v1::GetStateResponse {
        let claim = v1::Claim {
            claim_id: "c".to_owned(),
            revision: 2,
            recorded_at: Some(prost_types::Timestamp { seconds: 1_754_092_800, nanos: 0 }),
            external_ids: vec![v1::ExternalId { scheme: "seed".into(), id: "S24.1".into(), release: String::new() }],
            valid_to: Some(v1::Bound { bound: Some(v1::bound::Bound::Open(v1::OpenEnd {})) }),
            modality: v1::Modality::NoInformation.into(),
            ..Default::default()
        };
        v1::GetStateResponse {
            context: Some(v1::ReplyContext { position: 7, ..Default::default() }),
            matches: vec![v1::StateMatch { certainty: 1, claim: Some(claim), as_of_age_days: Some(31) }],
            emptiness: v1::Emptiness::NotEmpty.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_state_has_the_shape_that_scripts_rely_on() {
        let json: Value = serde_json::from_str(&text(&state(), Layout::Pretty).unwrap()).unwrap();
        assert_eq!(json["emptiness"], "EMPTINESS_NOT_EMPTY");
        assert_eq!(json["context"]["position"], "7");
        assert_eq!(json["matches"][0]["certainty"], "CERTAINTY_DEFINITE");
        assert_eq!(json["matches"][0]["asOfAgeDays"], "31");
        let claim = &json["matches"][0]["claim"];
        assert_eq!(claim["externalIds"][0]["id"], "S24.1");
        assert_eq!(claim["revision"], 2);
        assert_eq!(claim["recordedAt"], "2025-08-02T00:00:00Z");
        assert_eq!(claim["modality"], "MODALITY_NO_INFORMATION");
        assert_eq!(claim["validTo"], serde_json::json!({ "open": {} }));
    }

    #[test]
    fn defaults_are_written_out() {
        let json: Value = serde_json::from_str(&text(&v1::GetStateResponse::default(), Layout::Line).unwrap()).unwrap();
        assert_eq!(json["matches"], serde_json::json!([]));
        assert_eq!(json["emptiness"], "EMPTINESS_UNSPECIFIED");
        assert_eq!(json["nextPageToken"], "");
    }

    #[test]
    fn a_line_is_one_line() {
        let line = text(&state(), Layout::Line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with("}\n"));
    }

    #[test]
    fn what_was_written_can_be_read() {
        let claim = state().matches.remove(0).claim.unwrap();
        let value = serde_json::from_str(&text(&claim, Layout::Line).unwrap()).unwrap();
        assert_eq!(message::<v1::Claim>(value).unwrap(), claim);
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let error = message::<v1::AppendRequest>(serde_json::json!({ "comands": [] })).unwrap_err();
        assert!(error.to_string().contains("comands"), "{error}");
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_reads_back_the_same() {
        let claim = v1::Claim { place: "a\u{202e}b\u{9b}c\u{e0001}".to_owned(), ..Default::default() };
        let line = text(&claim, Layout::Line).unwrap();
        assert!(line.contains("a\\u202eb\\u009bc\\udb40\\udc01"), "{line}");
        let read: v1::Claim = message(serde_json::from_str(&line).unwrap()).unwrap();
        assert_eq!(read, claim);
    }
}
