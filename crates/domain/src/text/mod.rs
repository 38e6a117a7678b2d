//! Folding and splitting text, so that a search finds what a reader would call the same word.
//!
//! **Letters.** Two words are the same if ICU calls them equal at primary strength, punctuation and marks ignored, in its root
//! collation or in that of a language of this field; or if one is the upper or lower case of the other. A text does not say
//! reliably which language a word is in, so any of them suffices, and what is the same as a third is the same. The build
//! script derives from this a table with the folding of every code point ([`table`], `build/folding`); `tests` holds it against
//! the collations. Beyond them, combining marks are ignored altogether, as are the seats of hamza and the tatweel.
//!
//! **Words.** Boundaries are those of UAX 29 ([`words`]). A word with an apostrophe, a joiner or another mark inside is found
//! whole and by its parts. An apostrophe, a prime or a half ring may be left out, or be any other of them. Writing without
//! spaces (Chinese, Thai) stays a single word, of which the beginning is found.
//!
//! A folding is made from the first code point to the last, so the folding of a beginning is the beginning of the folding.

mod cell;
mod search;
mod table;
mod words;

pub use search::{SearchWords, TokenTest};

/// Revision of the code around the table. Raise it whenever the tokens of any text change.
const REVISION: u64 = 1;

/// The version of the folding. Tokens of different versions do not fit each other.
pub const FOLDING: u64 = table::FINGERPRINT.wrapping_add(REVISION);

/// Calls `found` with each folded token of a text, in order, repeats included.
pub fn tokens(text: &str, mut found: impl FnMut(&str)) {
    words::each(text, |word| {
        let readings = [Some(word.first), word.second].into_iter().flatten();
        readings.filter(|reading| !reading.is_empty()).for_each(|reading| reading.tokens(&mut found));
    });
}

#[cfg(test)]
mod tests;
