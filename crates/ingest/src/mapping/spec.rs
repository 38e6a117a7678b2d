//! Values and dates as a mapping writes them: a text, a table, or a list of tables of which one counts.

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// A text, a rule, or several rules of which the first whose `when` holds counts.
#[derive(Clone, Debug)]
pub enum Spec<R> {
    /// A template alone.
    Text(String),
    /// Rules.
    Rules(Vec<R>),
}

impl<R> Spec<R> {
    /// The text, if it is the same for every row.
    pub fn constant(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.contains('{') => Some(text),
            _ => None,
        }
    }
}

/// A value.
pub type ValueSpec = Spec<ValueRule>;
/// A date.
pub type DateSpec = Spec<DateRule>;
/// A condition: by column what its cell must be.
pub type ConditionSpec = BTreeMap<String, TestSpec>;

/// A value, said at length.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    /// The template it is made of.
    pub from: String,
    /// A regular expression that finds it in there.
    #[serde(rename = "match")]
    pub matches: Option<String>,
    /// The values that texts stand for.
    pub map: Option<BTreeMap<String, String>>,
    /// The code table it is looked up in.
    pub table: Option<String>,
    /// The column of the table.
    pub take: Option<String>,
    /// The value if the text is unknown.
    #[serde(rename = "else")]
    pub otherwise: Option<String>,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
}

/// A date, said at length.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DateRule {
    /// The template it is made of.
    pub date: Option<String>,
    /// The formats that the text may have.
    pub formats: Vec<String>,
    /// Or its parts.
    pub year: Option<String>,
    /// Or its parts.
    pub month: Option<String>,
    /// Or its parts.
    pub day: Option<String>,
    /// Parts that say nothing.
    pub missing: Vec<String>,
    /// Texts for an open end.
    pub open: Vec<String>,
    /// Texts for an unknown end.
    pub unknown: Vec<String>,
    /// The meaning of an empty text.
    pub empty: Option<String>,
    /// An end that is not in the row.
    pub bound: Option<String>,
    /// The calendar it is written by: `julian`; else Gregorian.
    pub calendar: Option<String>,
    /// The earliest date that can be meant.
    pub not_before: Option<String>,
    /// The latest date that can be meant.
    pub not_after: Option<String>,
    /// The part of the date that counts.
    pub precision: Option<ValueSpec>,
    /// True if the date is the first day that is no longer included.
    pub exclusive: bool,
    /// True if the data has no year 0, so that -1 is the year before 1.
    pub no_year_zero: bool,
    /// The language of the names of its months.
    pub months: Option<String>,
    /// `~`, `?` or `%`.
    pub qualifier: Option<ValueSpec>,
    /// The condition under which the rule counts.
    pub when: Option<ConditionSpec>,
}

/// The texts that a cell must be, or must not be.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, a list of texts, or { not = a text or a list }")]
pub enum TestSpec {
    /// This.
    One(String),
    /// One of these.
    Any(Vec<String>),
    /// None of these.
    Not {
        /// None of these.
        not: Texts,
    },
}

/// A text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Any(Vec<String>),
}

impl Texts {
    /// All of them.
    pub fn all(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Any(texts) => texts.clone(),
        }
    }
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Spec<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpecReader(PhantomData))
    }
}

/// Reads each of the three forms by itself, so that the message names the fault inside a table, and not only that no
/// form fits.
struct SpecReader<R>(PhantomData<R>);

impl<'de, R: Deserialize<'de>> Visitor<'de> for SpecReader<R> {
    type Value = Spec<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a template in quotes, a table, or a list of tables")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Spec::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        R::deserialize(MapAccessDeserializer::new(map)).map(|rule| Spec::Rules(vec![rule]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Spec::Rules)
    }
}
