//! A kind of claim that was registered, with what the questions about conflicts, series and promises need to know of it.
//!
//! Kinds are an open vocabulary: a claim may name any. To register one only gives it properties.

use super::name::Word;

/// The content of one revision of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The kind, as claims name it.
    pub kind: Word,
    /// The meaning of the kind, in words.
    pub description: Box<str>,
    /// True if a relationship can have only one value of it at a time; there is a `value` then.
    pub single_valued: bool,
    /// The part of a claim that is its value.
    pub value: Option<KindValue>,
    /// The scores of its values.
    pub scale: Vec<ScaleEntry>,
    /// True if a claim of this kind is a promise even without a due date.
    pub promise: bool,
}

/// The part of a claim that is its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindValue {
    /// Its status.
    Status,
    /// Its polarity.
    Polarity,
    /// The number of the quantity with this name.
    Quantity(Word),
    /// Its code in this scheme.
    Code(Box<str>),
    /// The parties that have this role.
    Role(Word),
}

/// The score of one value or code.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleEntry {
    /// The value or code; one that ends in `*` stands for all that begin so. Each stands in a scale once.
    pub value: Box<str>,
    /// The score; finite.
    pub score: f64,
}
