//! The content of a mapping: the TOML file of `docs/MAPPING.md`, read and no more. [`super::plan`] decides whether it
//! fits a file.
//!
//! ```text
//!   mod.rs      the file and its parts
//!   claim.rs    what a claim is made of
//!   spec.rs     a text, a table, or a list of tables: the three ways in which values and dates are written
//! ```

mod claim;
mod spec;

pub use claim::{ClaimSpec, CodeSpec, LinkSpec, PartySpec, QuantitySpec, RelationshipSpec, SourceSpec, VoiceSpec};
pub use spec::{ConditionSpec, DateRule, DateSpec, Spec, TestSpec, ValueRule, ValueSpec};

use super::fault::BadMapping;
use super::to_nfc;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A mapping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The data set.
    pub dataset: DatasetSpec,
    /// The form of its files.
    #[serde(default)]
    pub source: FileSpec,
    /// Code tables.
    #[serde(default)]
    pub tables: BTreeMap<String, TableSpec>,
    /// Columns made of others.
    #[serde(default)]
    pub derive: Vec<DeriveSpec>,
    /// The classes of parties.
    #[serde(default)]
    pub parties: BTreeMap<String, PartyClassSpec>,
    /// The classes of sources.
    #[serde(default)]
    pub sources: BTreeMap<String, SourceClassSpec>,
    /// The claims that a row makes.
    #[serde(default)]
    pub claim: Vec<ClaimSpec>,
    /// The meaning of a later release.
    #[serde(default)]
    pub release: ReleaseSpec,
}

/// `[dataset]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// The scheme of the external ids.
    pub name: String,
    /// The columns that make a row the same row in the next release.
    #[serde(default)]
    pub key: Vec<ValueSpec>,
    /// True if a key may come again.
    #[serde(default)]
    pub occurrence: bool,
    /// The value that distinguishes the versions of a row in one file. The last version counts.
    pub version: Option<ValueSpec>,
    /// The number of values at the front of the key that name the record of which a row is a part; 0 if rows are no parts.
    #[serde(default)]
    pub record: usize,
    /// True if a file is a whole release.
    #[serde(default = "yes")]
    pub complete: bool,
    /// The name to record under, if the caller gives none.
    #[serde(default)]
    pub recorded_by: String,
}

/// `[source]`, and what a code table has of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSpec {
    /// `csv`, `tsv`, `json`, `jsonl`; by the name where it is not said.
    pub format: Option<String>,
    /// The separator between cells.
    pub delimiter: Option<char>,
    /// The quotation mark around cells; empty if there is none.
    pub quote: Option<String>,
    /// True if the first line names the columns.
    pub header: bool,
    /// The names of the columns, where no line does.
    pub columns: Vec<String>,
    /// Other names for columns.
    pub rename: BTreeMap<String, String>,
    /// True if names of columns are put into lower case.
    pub lower_case: bool,
    /// Columns that may be missing.
    pub optional: Vec<String>,
    /// A label of the Encoding Standard.
    pub encoding: String,
    /// Lines before the header.
    pub skip_lines: usize,
    /// Cells that say nothing.
    pub null: Vec<String>,
    /// True if white space around cells is dropped.
    pub trim: bool,
    /// The place of the array, as a JSON pointer.
    pub records: String,
    /// The columns that are kept when the other columns become rows; if absent, no columns become rows.
    pub unpivot: Option<Vec<String>>,
    /// The list of which every item becomes a row.
    pub split: Option<SplitSpec>,
    /// Patterns for the files to read of a directory or an archive. If there are none, all files of a known form are
    /// read.
    pub files: Vec<String>,
    /// The decimal separator of numbers.
    pub decimal: Option<char>,
}

/// A list in a cell, or in a member of JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSpec {
    /// The column; of JSON the path of the list.
    pub column: String,
    /// The separator between the items of a text.
    pub by: Option<String>,
}

impl Default for FileSpec {
    fn default() -> Self {
        Self {
            format: None,
            delimiter: None,
            quote: None,
            header: true,
            columns: Vec::new(),
            rename: BTreeMap::new(),
            lower_case: false,
            optional: Vec::new(),
            encoding: "utf-8".to_owned(),
            skip_lines: 0,
            null: vec![String::new()],
            trim: true,
            records: String::new(),
            unpivot: None,
            split: None,
            files: Vec::new(),
            decimal: None,
        }
    }
}

/// `[tables.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// The file, in the folder of the mapping.
    pub file: Option<String>,
    /// The column of the keys, or a template of several.
    #[serde(default)]
    pub key: String,
    /// As in `[source]`.
    pub format: Option<String>,
    /// As in `[source]`.
    #[serde(default = "yes")]
    pub header: bool,
    /// As in `[source]`.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The rows, instead of a file.
    pub rows: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// True if the table is the imported file itself.
    #[serde(default)]
    pub itself: bool,
    /// True if a key may have several rows.
    #[serde(default)]
    pub many: bool,
    /// The template of what distinguishes the versions of a row. The last version counts.
    pub version: Option<String>,
    /// As in `[source]`.
    #[serde(default)]
    pub null: Vec<String>,
    /// As in `[source]`.
    #[serde(default)]
    pub encoding: Option<String>,
    /// As in `[source]`.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// As in `[source]`.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// As in `[source]`.
    #[serde(default)]
    pub lower_case: bool,
    /// As in `[source]`.
    #[serde(default)]
    pub records: String,
    /// As in `[source]`.
    #[serde(default)]
    pub split: Option<SplitSpec>,
}

/// `[[derive]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeriveSpec {
    /// The name of the column; none where the groups of `match` name several.
    pub column: Option<String>,
    /// The template it is made of.
    pub from: Option<String>,
    /// Or a date, which it is in EDTF.
    pub date: Option<DateSpec>,
    /// As in a value.
    #[serde(rename = "match")]
    pub matches: Option<String>,
    /// As in a value.
    pub map: Option<BTreeMap<String, String>>,
    /// As in a value.
    pub table: Option<String>,
    /// As in a value.
    pub take: Option<String>,
    /// As in a value.
    #[serde(rename = "else")]
    pub otherwise: Option<String>,
    /// As in a value.
    pub when: Option<ConditionSpec>,
}

/// `[parties.CLASS]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyClassSpec {
    /// The table in which keys are looked up.
    pub table: Option<String>,
    /// The party id.
    pub id: ValueSpec,
    /// The type of the party.
    #[serde(rename = "type")]
    pub party_type: ValueSpec,
    /// Its names, by language.
    pub names: BTreeMap<String, ValueSpec>,
    /// Its ids elsewhere, by scheme.
    #[serde(default)]
    pub external_ids: BTreeMap<String, ValueSpec>,
    /// True if two keys may be one party.
    #[serde(default)]
    pub same: bool,
    /// The names of the values that a claim gives in addition to the key.
    #[serde(default)]
    pub fields: Vec<String>,
    /// True if a key may be absent from the table.
    #[serde(default)]
    pub unlisted: bool,
    /// True if another name in a later release counts as a new name from the day of that release on.
    #[serde(default)]
    pub renamed: bool,
}

/// `[sources.CLASS]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceClassSpec {
    /// The table in which keys are looked up.
    pub table: Option<String>,
    /// The source id.
    pub id: ValueSpec,
    /// Its title.
    pub title: ValueSpec,
    /// The address of the source.
    pub url: Option<ValueSpec>,
    /// The date of its publication.
    pub published: Option<ValueSpec>,
    /// Its language.
    pub language: Option<ValueSpec>,
    /// The parties that published it.
    #[serde(default)]
    pub publishers: Vec<PublisherSpec>,
    /// Its ids elsewhere, by scheme.
    #[serde(default)]
    pub external_ids: BTreeMap<String, ValueSpec>,
    /// The names of the values that a claim gives in addition to the key.
    #[serde(default)]
    pub fields: Vec<String>,
    /// True if a key may be absent from the table.
    #[serde(default)]
    pub unlisted: bool,
}

/// A party that published a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublisherSpec {
    /// Its class.
    pub party: String,
    /// Its key.
    pub key: ValueSpec,
}

/// `[release]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseSpec {
    /// The kind of revision that a changed row is.
    pub revised: ValueSpec,
    /// The reason for retracting the claims of a vanished row, or of a row that takes its claims back.
    pub retracted: ValueSpec,
    /// The kind of a release: a corrected data set or a snapshot.
    pub semantics: Semantics,
    /// The day of a snapshot.
    pub date: Option<ValueSpec>,
    /// Rows that take their claims back.
    pub retract_when: Option<ConditionSpec>,
    /// Rows that say that their claims have ended.
    pub end_when: Option<ConditionSpec>,
}

/// The meaning of a row's absence from a release.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Semantics {
    /// It was never so: a release is the whole data set in its best state.
    #[default]
    Corrected,
    /// It has ended: a release is what held on a day.
    Snapshot,
}

impl Default for ReleaseSpec {
    fn default() -> Self {
        Self {
            revised: Spec::Text("correction".to_owned()),
            retracted: Spec::Text("wrong".to_owned()),
            semantics: Semantics::default(),
            date: None,
            retract_when: None,
            end_when: None,
        }
    }
}

const fn yes() -> bool {
    true
}

impl Mapping {
    /// Reads a mapping. `file` is its name in messages. The `settings`, each like `source.delimiter=;`, take precedence
    /// over the text.
    ///
    /// # Errors
    /// Returns a description of the fault, with the line.
    pub fn parse(text: &str, settings: &[String], file: &str) -> Result<Self, BadMapping> {
        let wrong = |what: String| BadMapping::at(file, what);
        let text = to_nfc(text);
        let mapping: Self = if settings.is_empty() {
            toml::from_str(&text).map_err(|error| wrong(error.to_string()))?
        } else {
            let mut table: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            settings.iter().try_for_each(|setting| set(&mut table, setting))?;
            table.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?
        };
        let name = &mapping.dataset.name;
        let shaped = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !shaped || !(1..=64).contains(&name.len()) {
            let what = format!("`{name}` is no name of a data set: 1 to 64 letters, digits, `_`, `.` or `-`");
            return Err(BadMapping::at(format!("{file}: dataset.name"), what));
        }
        if mapping.claim.is_empty() {
            return Err(BadMapping::at(file, "it has no [[claim]]: say what a row claims"));
        }
        Ok(mapping)
    }
}

/// Puts a setting, `source.delimiter=;`, into a mapping. A value is TOML, or a text as it stands.
fn set(table: &mut toml::Table, setting: &str) -> Result<(), BadMapping> {
    let wrong = |what: &str| BadMapping::at(format!("--set {setting}"), what.to_owned());
    let (path, value) =
        setting.split_once('=').ok_or_else(|| wrong("write KEY=VALUE, for example source.delimiter=;"))?;
    let value = if value == "\\t" { "\t".to_owned() } else { to_nfc(value).into_owned() };
    let read = toml::from_str::<toml::Table>(&format!("value = {value}")).ok().and_then(|mut of| of.remove("value"));
    let mut names: Vec<&str> = path.split('.').map(str::trim).collect();
    let last = names.pop().filter(|name| !name.is_empty()).ok_or_else(|| wrong("write KEY=VALUE"))?;
    let mut within = table;
    for name in names {
        let inner = within.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        within = inner.as_table_mut().ok_or_else(|| wrong("leads into what is no table of the mapping"))?;
    }
    within.insert(last.to_owned(), read.unwrap_or(toml::Value::String(value)));
    Ok(())
}
