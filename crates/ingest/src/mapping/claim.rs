//! `[[claim]]`: what a row claims.

use super::spec::{ConditionSpec, DateSpec, ValueSpec};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimSpec {
    /// The name that tells it from the other claims of a row.
    pub name: Option<String>,
    /// The condition under which a row makes it.
    pub when: Option<ConditionSpec>,
    /// Its key, if not that of the data set.
    pub key: Option<Vec<ValueSpec>>,
    /// The kind of the claim.
    pub kind: ValueSpec,
    /// The temporal type: event, state or none.
    #[serde(rename = "type")]
    pub temporal_type: ValueSpec,
    /// The modality.
    pub modality: Option<ValueSpec>,
    /// The polarity.
    pub polarity: Option<ValueSpec>,
    /// The status.
    pub status: Option<ValueSpec>,
    /// Its first end.
    pub from: Option<DateSpec>,
    /// Its last end.
    pub to: Option<DateSpec>,
    /// Both ends.
    pub at: Option<DateSpec>,
    /// The date up to which the knowledge reaches.
    pub as_of: Option<DateSpec>,
    /// The date by which the claim falls due.
    pub due: Option<DateSpec>,
    /// A time talked about.
    pub refers_to: Option<DateSpec>,
    /// The words, by language.
    pub texts: BTreeMap<String, ValueSpec>,
    /// The language of the original words.
    pub original: Option<String>,
    /// The parties.
    #[serde(default)]
    pub parties: Vec<PartySpec>,
    /// The relationships.
    #[serde(default)]
    pub relationships: Vec<RelationshipSpec>,
    /// The voices, the innermost first.
    #[serde(default)]
    pub attribution: Vec<VoiceSpec>,
    /// The numbers.
    #[serde(default)]
    pub quantities: Vec<QuantitySpec>,
    /// The codes.
    #[serde(default)]
    pub codes: Vec<CodeSpec>,
    /// The citations.
    #[serde(default)]
    pub sources: Vec<SourceSpec>,
    /// The links.
    #[serde(default)]
    pub links: Vec<LinkSpec>,
    /// The labels.
    #[serde(default)]
    pub labels: Vec<ValueSpec>,
    /// The place.
    pub place: Option<ValueSpec>,
    /// More ids elsewhere, by scheme.
    #[serde(default)]
    pub external_ids: BTreeMap<String, ValueSpec>,
    /// The note recorded with it.
    pub note: Option<ValueSpec>,
}

/// A party in its role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartySpec {
    /// Its role.
    pub role: ValueSpec,
    /// Its class.
    pub party: String,
    /// Its key.
    pub key: ValueSpec,
    /// The name that the text uses for it.
    #[serde(rename = "as")]
    pub as_text: Option<ValueSpec>,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
    /// The separator between several parties in the key.
    pub split: Option<String>,
    /// More values for its class, by the names of its `fields`.
    #[serde(default)]
    pub with: BTreeMap<String, ValueSpec>,
    /// The table that has one in each row.
    pub each: Option<String>,
    /// The key of those rows.
    pub by: Option<ValueSpec>,
}

/// Relationships.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "{ between = [role, role] }, { all = [role, ...] }, or a value")]
pub enum RelationshipSpec {
    /// One of each party in the first role with each in the second.
    Between {
        /// The two roles.
        between: [String; 2],
    },
    /// One of all that have these roles.
    All {
        /// The roles.
        all: Vec<String>,
    },
    /// As it is written.
    Given(ValueSpec),
}

impl RelationshipSpec {
    /// The roles that it names.
    pub fn roles(&self) -> &[String] {
        match self {
            Self::Between { between } => between,
            Self::All { all } => all,
            Self::Given(_) => &[],
        }
    }
}

/// A voice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceSpec {
    /// Its part.
    pub role: ValueSpec,
    /// Its class, where it is registered.
    pub party: Option<String>,
    /// Its key.
    pub key: Option<ValueSpec>,
    /// More values for its class, by the names of its `fields`.
    #[serde(default)]
    pub with: BTreeMap<String, ValueSpec>,
    /// Its name as written.
    pub name: Option<ValueSpec>,
    /// The date of the utterance.
    pub said_at: Option<DateSpec>,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
}

/// A number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantitySpec {
    /// The name of the quantity.
    pub name: ValueSpec,
    /// The number.
    pub value: Option<ValueSpec>,
    /// The least it may be.
    pub low: Option<ValueSpec>,
    /// The most it may be.
    pub high: Option<ValueSpec>,
    /// Its unit.
    pub unit: Option<ValueSpec>,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
}

/// A code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSpec {
    /// The scheme that the code belongs to.
    pub scheme: ValueSpec,
    /// The code.
    pub code: ValueSpec,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
}

/// A citation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// The class of the source.
    pub source: String,
    /// Its key.
    pub key: Option<ValueSpec>,
    /// More values for its class, by the names of its `fields`.
    #[serde(default)]
    pub with: BTreeMap<String, ValueSpec>,
    /// The place within the source.
    pub locator: Option<ValueSpec>,
    /// The words cited.
    pub quote: Option<ValueSpec>,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
}

/// A link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// The relation of this claim to the other.
    #[serde(rename = "type")]
    pub link_type: ValueSpec,
    /// The data set of the other, if not this one.
    pub dataset: Option<String>,
    /// The key of the other.
    pub key: ValueSpec,
    /// The condition under which there is one.
    pub when: Option<ConditionSpec>,
}
