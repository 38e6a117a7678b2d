//! Ids and names: what shape each open vocabulary has, and the types that prove a string has it.
//!
//! A party id has no `-`, because a relationship id is the sorted party ids joined by one. Everything else that a client
//! makes up (kinds, roles, schemes, labels) is checked for shape and length only.

use std::fmt;
use uuid::Uuid;

/// The identity of a claim: any UUID, version 7 where the ledger makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId(pub Uuid);

/// The identity of a dispute: any UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisputeId(pub Uuid);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a string that has the shape.
            ///
            /// # Errors
            /// The expected shape, in words.
            pub fn parse(text: &str) -> Result<Self, &'static str> {
                $check(text).map(|()| Self(text.into()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    };
}

id!(
    /// The identity of a party: letters, digits, `_` and `.`, at most 64 bytes.
    PartyId, check_party_id
);
id!(
    /// The identity of a source: letters, digits, `_`, `.`, `-` and `:`, at most 128 bytes.
    SourceId, check_source_id
);
id!(
    /// A word of an open vocabulary: lower case letters, digits and `_`, at most 64 bytes. Kinds and roles are such.
    Word, check_word
);

id!(
    /// The name of a cursor: letters, digits, `_`, `-` and `.`, at most 64 bytes.
    CursorId, check_cursor_id
);

fn check_cursor_id(text: &str) -> Result<(), &'static str> {
    let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    ok_if(shaped && (1..=64).contains(&text.len()), "1 to 64 letters, digits, `_`, `-` or `.`")
}

pub(super) fn check_party_id(text: &str) -> Result<(), &'static str> {
    let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    ok_if(shaped && (1..=64).contains(&text.len()), "a party id: 1 to 64 letters, digits, `_` or `.`")
}

fn check_source_id(text: &str) -> Result<(), &'static str> {
    let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b':'));
    ok_if(shaped && (1..=128).contains(&text.len()), "a source id: 1 to 128 letters, digits, `_`, `.`, `-` or `:`")
}

fn check_word(text: &str) -> Result<(), &'static str> {
    let shaped = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    ok_if(shaped && (1..=64).contains(&text.len()), "1 to 64 lower case letters, digits or `_`")
}

fn ok_if(holds: bool, expected: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(expected) }
}

/// Checks the shape of a BCP 47 language tag: subtags of one to eight letters or digits joined by `-`, the first of two
/// or more letters. Subtags are not looked up in the registry.
///
/// # Errors
/// The expected shape, in words.
pub fn check_language(tag: &str) -> Result<(), &'static str> {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    let primary_shaped = (2..=8).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    let rest_shaped = subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
    ok_if(primary_shaped && rest_shaped && tag.len() <= 64, "a BCP 47 language tag, for example `en` or `ar`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_id_has_no_hyphen_because_relationships_are_joined_by_one() {
        assert!(PartyId::parse("AZE").is_ok());
        assert!(PartyId::parse("SOUTH_CAUCASUS.1").is_ok());
        assert!(PartyId::parse("AZE-RUS").is_err());
        assert!(PartyId::parse("").is_err());
        assert!(PartyId::parse(&"x".repeat(65)).is_err());
    }

    #[test]
    fn language_tags_are_checked_for_shape_only() {
        for good in ["en", "ar", "zh-Hant", "sr-Latn-RS", "de-CH-1996"] {
            assert!(check_language(good).is_ok(), "{good}");
        }
        for bad in ["", "e", "english_uk", "en-", "12"] {
            assert!(check_language(bad).is_err(), "{bad}");
        }
    }
}
