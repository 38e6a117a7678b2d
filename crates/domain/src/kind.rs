//! A kind of claim that was registered, with what the questions about conflicts, series and promises need to know of it.
//!
//! Kinds are an open vocabulary: a claim may name any. To register one only gives it properties.

use super::name::Word;

/// The content of one revision of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The kind, as claims name it.
    pub kind: Word,
    /// What it means, in words.
    pub description: Box<str>,
    /// Whether a relationship can have only one value of it at a time. Then it has a value.
    pub single_valued: bool,
    /// Which part of a claim is its value.
    pub value: Option<KindValue>,
    /// What its values count for.
    pub scale: Vec<ScaleEntry>,
    /// Whether a claim of it is a promise even where it names no due date.
    pub promise: bool,
}

/// Which part of a claim is its value.
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

/// What one value or code counts for.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleEntry {
    /// The value or code; one that ends in `*` stands for all that begin so. Each stands in a scale once.
    pub value: Box<str>,
    /// What it counts for; finite.
    pub score: f64,
}
