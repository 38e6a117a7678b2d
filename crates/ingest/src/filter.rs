//! The filters of templates: `{name|snake}`. Each makes a text of a text; none can fail.

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest party id.
pub const MAX_PARTY_ID: usize = 64;
/// The bytes of the digest behind an id that lost something, and its dot.
const SUFFIX: usize = 9;

/// A change to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// A word of an open vocabulary.
    Snake,
    /// A party id.
    Id,
    /// A party id that no other text comes to.
    UniqueId,
    /// Sixteen hex digits of a hash.
    Hash,
    /// `votingRights` to words apart: `voting Rights`.
    Camel,
}

/// The names of the filters, for people.
pub const NAMES: &str = "lower, upper, snake, camel, id, unique_id, hash";

impl Filter {
    /// The filter with a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            "snake" => Self::Snake,
            "id" => Self::Id,
            "unique_id" => Self::UniqueId,
            "hash" => Self::Hash,
            "camel" => Self::Camel,
            _ => return None,
        })
    }

    /// Returns true if the filter makes an id. An id has to leave room for the text around it.
    pub const fn makes_id(self) -> bool {
        matches!(self, Self::Id | Self::UniqueId)
    }

    /// Applies the filter to a text, with room for an id of the maximum length.
    #[cfg(test)]
    fn apply(self, text: &str) -> String {
        self.apply_within(text, MAX_PARTY_ID)
    }

    /// Applies the filter to a text, with `room` bytes for an id. An empty text stays empty.
    pub fn apply_within(self, text: &str, room: usize) -> String {
        if text.is_empty() {
            return String::new();
        }
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Snake => snake(text),
            Self::Id => match stem(text) {
                (id, false) if id.len() <= room && !id.is_empty() => id,
                (id, _) => with_digest(&id, text, room),
            },
            Self::UniqueId => with_digest(&stem(text).0, text, room),
            Self::Hash => hex(text, 8),
            Self::Camel => camel(text),
        }
    }
}

/// Puts a space where a small letter or a digit is followed by a capital.
fn camel(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            apart.push(' ');
        }
        apart.push(c);
        before = c;
    }
    apart
}

fn snake(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
    }
    word.truncate(word.trim_end_matches('_').len());
    word
}

/// The text in the characters of a party id, and whether letters were lost on the way.
fn stem(text: &str) -> (String, bool) {
    let mut id = String::with_capacity(text.len());
    let mut lost = false;
    for c in text.nfd() {
        match c {
            _ if c.is_ascii_alphanumeric() || c == '.' => id.push(c),
            _ if is_combining_mark(c) => lost = true,
            _ if c.is_ascii() => {
                if !id.is_empty() && !id.ends_with('_') {
                    id.push('_');
                }
            }
            _ => lost = true,
        }
    }
    id.truncate(id.trim_end_matches('_').len());
    (id, lost)
}

fn with_digest(stem: &str, text: &str, room: usize) -> String {
    // A stem is ASCII: any place is between two characters.
    let kept = stem.get(..room.saturating_sub(SUFFIX)).unwrap_or(stem);
    let dot = if kept.is_empty() { "" } else { "." };
    format!("{kept}{dot}{}", hex(text, 4))
}

fn hex(text: &str, bytes: usize) -> String {
    use std::fmt::Write as _;
    let mut digits = String::with_capacity(bytes * 2);
    for byte in Sha256::digest(text.as_bytes()).iter().take(bytes) {
        // Writing to a string does not fail.
        let _written = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_id_and_what_loses_letters_gets_a_digest() {
        assert_eq!(Filter::Id.apply("Citizen (Indonesia)"), "Citizen_Indonesia");
        assert_eq!(Filter::Id.apply("St. Lucia"), "St._Lucia");
        let czech = Filter::Id.apply("Česko");
        assert!(czech.starts_with("Cesko.") && czech.len() == "Cesko.".len() + 8, "{czech}");
        assert_ne!(czech, Filter::Id.apply("Cesko"));
        let arabic = Filter::Id.apply("روسيا");
        assert_eq!(arabic.len(), 8, "{arabic}");
        assert_eq!(Filter::Id.apply(&"x".repeat(100)).len(), MAX_PARTY_ID);
        assert_ne!(Filter::UniqueId.apply("A B"), Filter::UniqueId.apply("A-B"));
        assert_eq!(Filter::Id.apply("A B"), Filter::Id.apply("A-B"));
    }

    #[test]
    fn a_word_is_lower_case_letters_digits_and_underscores() {
        assert_eq!(Filter::Snake.apply("Use Force!"), "use_force");
        assert_eq!(Filter::Snake.apply("Return, release person(s)"), "return_release_person_s");
        assert_eq!(Filter::Snake.apply("—"), "");
        assert_eq!(Filter::Snake.apply(&Filter::Camel.apply("votingRights")), "voting_rights");
        assert_eq!(Filter::Camel.apply("UBO of ACME2Ltd"), "UBO of ACME2 Ltd");
    }

    #[test]
    fn nothing_stays_nothing() {
        use Filter::{Camel, Hash, Id, Lower, Snake, UniqueId, Upper};
        for filter in [Lower, Upper, Snake, Camel, Id, UniqueId, Hash] {
            assert_eq!(filter.apply(""), "");
        }
    }
}
