//! The values of the fields of a filter: a word or its beginning, members of a closed vocabulary.

use crate::vocabulary::Vocabulary;

/// A word, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This word.
    Exact(Box<str>),
    /// Any word that begins so.
    Prefix(Box<str>),
}

impl Pattern {
    /// Reads a word; one that ends in `*` is a prefix.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.strip_suffix('*').map_or_else(|| Self::Exact(text.into()), |prefix| Self::Prefix(prefix.into()))
    }

    /// Returns true if the pattern matches a word.
    pub(super) fn matches(&self, word: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *word,
            Self::Prefix(prefix) => word.starts_with(&**prefix),
        }
    }
}

/// A set of members of a closed vocabulary, as bits. The empty set sets no condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberSet<V>(u64, std::marker::PhantomData<V>);

impl<V> Default for MemberSet<V> {
    fn default() -> Self {
        Self(0, std::marker::PhantomData)
    }
}

impl<V: Vocabulary> MemberSet<V> {
    /// Adds a member.
    pub fn insert(&mut self, member: V) {
        self.0 |= 1 << member.code();
    }

    /// Returns true if the set sets no condition.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Returns true if the set admits a member, given by its code. `None` (not said) is admitted only by the empty set.
    #[must_use]
    pub fn admits(&self, code: Option<u8>) -> bool {
        self.is_empty() || code.is_some_and(|code| self.0 & (1 << code) != 0)
    }
}

impl<V: Vocabulary> FromIterator<V> for MemberSet<V> {
    fn from_iter<I: IntoIterator<Item = V>>(members: I) -> Self {
        let mut set = Self::default();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}
