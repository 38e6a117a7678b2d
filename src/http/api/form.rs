//! The form of an answer: the reply as JSON, or a table of it.

use detente_ingest::tables::sheet;
use std::collections::BTreeMap;

/// Languages of a table whose query names none.
const LANGUAGES: &str = "en";
/// Maximum number of languages in one table.
const MOST_LANGUAGES: usize = 20;
/// Longest tag of a language, in bytes.
const LONGEST_TAG: usize = 35;

/// Names that every route takes for the form of its answer.
pub(super) const NAMES: [&str; 3] = ["format", "languages", "spreadsheet"];

/// The format of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyFormat {
    /// The reply as one JSON object.
    Json,
    /// The rows of its table as one JSON array.
    Rows,
    /// Each row as JSON on a line of its own.
    Lines,
    /// Each row as one of CSV, under a row of names.
    Csv,
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplyForm {
    /// The format.
    pub(super) format: ReplyFormat,
    /// The languages in which a table has columns of words.
    pub(super) languages: Vec<String>,
    /// Set for CSV that people open in a spreadsheet.
    pub(super) for_spreadsheet: bool,
}

impl ReplyFormat {
    /// The format with a name; JSON where none is given.
    fn by_name(name: &str) -> Option<Self> {
        match name {
            "" | "json" => Some(Self::Json),
            "rows" => Some(Self::Rows),
            "ndjson" | "jsonl" => Some(Self::Lines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl ReplyForm {
    /// Takes the form out of a query; what is wrong with it goes to `wrong`.
    pub(super) fn take(given: &mut BTreeMap<String, Vec<String>>, wrong: &mut Vec<(String, String)>) -> Self {
        let [format, languages, spreadsheet] = NAMES.map(|name| given.remove(name));
        for (name, values) in [("format", &format), ("spreadsheet", &spreadsheet)] {
            if values.as_ref().is_some_and(|values| values.len() > 1) {
                wrong.push((name.to_owned(), "given more than once".to_owned()));
            }
        }
        let name = format.and_then(|values| values.into_iter().next()).unwrap_or_default();
        let format = ReplyFormat::by_name(&name);
        if format.is_none() {
            wrong.push(("format".to_owned(), format!("`{name}` is not one of json, rows, ndjson, csv")));
        }
        let wanted = languages.unwrap_or_default().join(",");
        let listed = if wanted.is_empty() { LANGUAGES } else { &wanted };
        let tags: Vec<String> = listed.split(',').map(|tag| tag.trim().to_owned()).collect();
        if tags.len() > MOST_LANGUAGES || !tags.iter().all(|tag| is_tag(tag)) {
            let expected = format!("expected up to {MOST_LANGUAGES} tags such as en,ar,zh-Hant");
            wrong.push(("languages".to_owned(), expected));
        } else if !wanted.is_empty() && format == Some(ReplyFormat::Json) {
            wrong.push(("languages".to_owned(), "is for format=csv, ndjson or rows".to_owned()));
        }
        let for_spreadsheet = match spreadsheet.and_then(|values| values.into_iter().next()).as_deref() {
            None | Some("false" | "0") => false,
            Some("true" | "1" | "") => true,
            Some(other) => {
                wrong.push(("spreadsheet".to_owned(), format!("`{other}` is neither true nor false")));
                false
            }
        };
        if for_spreadsheet && format.is_some_and(|format| format != ReplyFormat::Csv) {
            wrong.push(("spreadsheet".to_owned(), "is for format=csv".to_owned()));
        }
        Self { format: format.unwrap_or(ReplyFormat::Json), languages: unique(tags), for_spreadsheet }
    }

    /// Returns true for a table.
    pub(super) fn is_table(&self) -> bool {
        self.format != ReplyFormat::Json
    }

    /// The media type of the answer.
    pub(super) const fn content_type(&self) -> &'static str {
        match self.format {
            ReplyFormat::Json | ReplyFormat::Rows => "application/json",
            ReplyFormat::Lines => "application/x-ndjson",
            ReplyFormat::Csv => "text/csv; charset=utf-8",
        }
    }

    /// The form in which the rows of a table are written.
    pub(super) const fn sheet(&self) -> sheet::SheetForm {
        match self.format {
            ReplyFormat::Csv => sheet::SheetForm::Csv { for_spreadsheet: self.for_spreadsheet },
            ReplyFormat::Json | ReplyFormat::Rows | ReplyFormat::Lines => sheet::SheetForm::Lines { with_nulls: true },
        }
    }
}

fn is_tag(tag: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= LONGEST_TAG && tag.split('-').all(is_part)
}

/// Tags without those that differ from an earlier one in case alone.
fn unique(tags: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        if !kept.iter().any(|earlier| earlier.eq_ignore_ascii_case(&tag)) {
            kept.push(tag);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_form(query: &[(&str, &str)]) -> Result<ReplyForm, Vec<String>> {
        let mut given = BTreeMap::new();
        for (name, value) in query {
            given.entry((*name).to_owned()).or_insert_with(Vec::new).push((*value).to_owned());
        }
        let mut wrong = Vec::new();
        let form = ReplyForm::take(&mut given, &mut wrong);
        assert!(given.is_empty());
        if wrong.is_empty() { Ok(form) } else { Err(wrong.into_iter().map(|(name, _)| name).collect()) }
    }

    #[test]
    fn a_table_has_columns_of_words_in_the_languages_that_are_named_once_each() {
        let languages = |query: &[(&str, &str)]| parse_form(query).unwrap().languages;
        assert_eq!(languages(&[]), ["en"]);
        let both = [("format", "csv"), ("languages", "ar, zh-Hant"), ("languages", "AR")];
        assert_eq!(languages(&both), ["ar", "zh-Hant"]);
    }

    #[test]
    fn what_means_nothing_for_a_form_is_refused_by_its_name() {
        for (query, name) in [
            (vec![("format", "xml")], "format"),
            (vec![("format", "csv"), ("format", "json")], "format"),
            (vec![("format", "csv"), ("spreadsheet", ""), ("spreadsheet", "0")], "spreadsheet"),
            (vec![("spreadsheet", "true")], "spreadsheet"),
            (vec![("format", "ndjson"), ("spreadsheet", "")], "spreadsheet"),
            (vec![("format", "csv"), ("spreadsheet", "yes")], "spreadsheet"),
            (vec![("languages", "ar")], "languages"),
            (vec![("format", "csv"), ("languages", "en;ar")], "languages"),
        ] {
            assert_eq!(parse_form(&query), Err(vec![name.to_owned()]), "{query:?}");
        }
        assert!(parse_form(&[("format", "csv"), ("spreadsheet", "")]).unwrap().for_spreadsheet);
    }
}
