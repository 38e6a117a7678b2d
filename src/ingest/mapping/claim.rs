//! `[[claim]]`: what a row claims.

use super::spec::{ConditionSpec, DateSpec, ValueSpec};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimSpec {
    /// What tells it from the other claims of a row.
    pub(crate) name: Option<String>,
    /// When a row makes it.
    pub(crate) when: Option<ConditionSpec>,
    /// Its key, if not that of the data set.
    pub(crate) key: Option<Vec<ValueSpec>>,
    /// What sort of claim.
    pub(crate) kind: ValueSpec,
    /// Whether it happens, holds, or has no time.
    #[serde(rename = "type")]
    pub(crate) temporal_type: ValueSpec,
    /// In which mode.
    pub(crate) modality: Option<ValueSpec>,
    /// Which way it pulls.
    pub(crate) polarity: Option<ValueSpec>,
    /// How far it has come.
    pub(crate) status: Option<ValueSpec>,
    /// Its first end.
    pub(crate) from: Option<DateSpec>,
    /// Its last end.
    pub(crate) to: Option<DateSpec>,
    /// Both ends.
    pub(crate) at: Option<DateSpec>,
    /// How far knowledge reaches.
    pub(crate) as_of: Option<DateSpec>,
    /// By when.
    pub(crate) due: Option<DateSpec>,
    /// A time talked about.
    pub(crate) refers_to: Option<DateSpec>,
    /// The words, by language.
    pub(crate) texts: BTreeMap<String, ValueSpec>,
    /// The language it was said in.
    pub(crate) original: Option<String>,
    /// The parties.
    #[serde(default)]
    pub(crate) parties: Vec<PartySpec>,
    /// The relationships.
    #[serde(default)]
    pub(crate) relationships: Vec<RelationshipSpec>,
    /// The voices, the innermost first.
    #[serde(default)]
    pub(crate) attribution: Vec<VoiceSpec>,
    /// The numbers.
    #[serde(default)]
    pub(crate) quantities: Vec<QuantitySpec>,
    /// The codes.
    #[serde(default)]
    pub(crate) codes: Vec<CodeSpec>,
    /// The citations.
    #[serde(default)]
    pub(crate) sources: Vec<SourceSpec>,
    /// The links.
    #[serde(default)]
    pub(crate) links: Vec<LinkSpec>,
    /// The labels.
    #[serde(default)]
    pub(crate) labels: Vec<ValueSpec>,
    /// Where.
    pub(crate) place: Option<ValueSpec>,
    /// More ids elsewhere, by scheme.
    #[serde(default)]
    pub(crate) external_ids: BTreeMap<String, ValueSpec>,
    /// What is noted with it.
    pub(crate) note: Option<ValueSpec>,
}

/// A party in its role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartySpec {
    /// Its role.
    pub(crate) role: ValueSpec,
    /// Its class.
    pub(crate) party: String,
    /// Its key.
    pub(crate) key: ValueSpec,
    /// How it is named there.
    #[serde(rename = "as")]
    pub(crate) as_text: Option<ValueSpec>,
    /// When there is one.
    pub(crate) when: Option<ConditionSpec>,
    /// The separator between several parties in the key.
    pub(crate) split: Option<String>,
    /// More that its class is given, by the names of its `fields`.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, ValueSpec>,
    /// The table that has one in each row.
    pub(crate) each: Option<String>,
    /// The key of those rows.
    pub(crate) by: Option<ValueSpec>,
}

/// Relationships.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "{ between = [role, role] }, { all = [role, ...] }, or a value")]
pub(crate) enum RelationshipSpec {
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
    pub(crate) fn roles(&self) -> &[String] {
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
pub(crate) struct VoiceSpec {
    /// Its part.
    pub(crate) role: ValueSpec,
    /// Its class, where it is registered.
    pub(crate) party: Option<String>,
    /// Its key.
    pub(crate) key: Option<ValueSpec>,
    /// More that its class is given, by the names of its `fields`.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, ValueSpec>,
    /// Its name as written.
    pub(crate) name: Option<ValueSpec>,
    /// When it said so.
    pub(crate) said_at: Option<DateSpec>,
    /// When there is one.
    pub(crate) when: Option<ConditionSpec>,
}

/// A number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuantitySpec {
    /// What is counted.
    pub(crate) name: ValueSpec,
    /// The number.
    pub(crate) value: Option<ValueSpec>,
    /// The least it may be.
    pub(crate) low: Option<ValueSpec>,
    /// The most it may be.
    pub(crate) high: Option<ValueSpec>,
    /// Its unit.
    pub(crate) unit: Option<ValueSpec>,
    /// When there is one.
    pub(crate) when: Option<ConditionSpec>,
}

/// A code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeSpec {
    /// Whose.
    pub(crate) scheme: ValueSpec,
    /// The code.
    pub(crate) code: ValueSpec,
    /// When there is one.
    pub(crate) when: Option<ConditionSpec>,
}

/// A citation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSpec {
    /// The class of the source.
    pub(crate) source: String,
    /// Its key.
    pub(crate) key: Option<ValueSpec>,
    /// More that its class is given, by the names of its `fields`.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, ValueSpec>,
    /// Where in it.
    pub(crate) locator: Option<ValueSpec>,
    /// The words cited.
    pub(crate) quote: Option<ValueSpec>,
    /// When there is one.
    pub(crate) when: Option<ConditionSpec>,
}

/// A link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkSpec {
    /// What this claim is to the other.
    #[serde(rename = "type")]
    pub(crate) link_type: ValueSpec,
    /// The data set of the other, if not this one.
    pub(crate) dataset: Option<String>,
    /// The key of the other.
    pub(crate) key: ValueSpec,
    /// When there is one.
    pub(crate) when: Option<ConditionSpec>,
}
