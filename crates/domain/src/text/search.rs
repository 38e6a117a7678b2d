//! The words of a search, as tests of the tokens of a text.

use super::words::{self, Readings};

/// The words of a search: every group must have a token that passes one of its tests.
///
/// A word of several parts is found whole, or by all of its parts: a group for each part, with the whole in each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchWords {
    groups: Vec<Vec<TokenTest>>,
}

/// A token to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTest {
    /// The token, or the beginning of one.
    pub token: Box<str>,
    /// True if it is a beginning.
    pub prefix: bool,
}

impl SearchWords {
    /// Reads the words of a question. The last one is the beginning of a word.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut words: Vec<AskedWord> = Vec::new();
        words::each(text, |word| words.push(AskedWord::of(&word)));
        let last = words.len().saturating_sub(1);
        let groups = words.iter().enumerate().flat_map(|(number, word)| word.groups(number == last));
        Self { groups: groups.collect() }
    }

    /// Returns true if there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The tests of each group.
    #[must_use]
    pub fn groups(&self) -> &[Vec<TokenTest>] {
        &self.groups
    }

    /// Returns true if texts together have all the words.
    #[must_use]
    pub fn matches(&self, texts: &[&str]) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut present: Vec<Box<str>> = Vec::new();
        texts.iter().for_each(|text| super::tokens(text, |token| present.push(token.into())));
        self.groups.iter().all(|group| group.iter().any(|test| present.iter().any(|token| test.passes(token))))
    }
}

impl TokenTest {
    fn passes(&self, token: &str) -> bool {
        if self.prefix { token.starts_with(&*self.token) } else { *token == *self.token }
    }
}

/// A word of a search.
struct AskedWord {
    /// The whole word, in each of its readings.
    wholes: Vec<Box<str>>,
    /// Its parts in its first reading, or in its second where the first has no letter.
    parts: Vec<Box<str>>,
}

impl AskedWord {
    fn of(word: &Readings<'_>) -> Self {
        let (mut wholes, mut parts) = (Vec::new(), Vec::new());
        for reading in [Some(word.first), word.second].into_iter().flatten().filter(|reading| !reading.is_empty()) {
            reading.whole(|token| wholes.push(token.into()));
            if parts.is_empty() {
                reading.parts(|token| parts.push(token.into()));
            }
        }
        Self { wholes, parts }
    }

    /// A group for each part. The last part of the last word is a beginning, and so is the whole of that word.
    fn groups(&self, is_last: bool) -> impl Iterator<Item = Vec<TokenTest>> {
        let last_part = self.parts.len().saturating_sub(1);
        self.parts.iter().enumerate().map(move |(number, part)| {
            let of_part = TokenTest { token: part.clone(), prefix: is_last && number == last_part };
            let wholes = self.wholes.iter().map(|whole| TokenTest { token: whole.clone(), prefix: is_last });
            wholes.filter(|whole| *whole != of_part).chain([of_part.clone()]).collect()
        })
    }
}
