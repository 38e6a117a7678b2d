//! Values: a template, and what becomes of its text: a part of it, what a map or a code table has for it.

use super::condition::Condition;
use super::fault::RowFault;
use super::mapping::{Spec, ValueRule, ValueSpec};
use super::scope::{RowScope, Scope};
use super::table::{CodeTable, Tables};
use super::template::Template;
use regex::Regex;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// A value, compiled.
#[derive(Debug)]
pub enum Value<'m> {
    /// A template alone.
    Template(Template),
    /// Rules, of which the first whose `when` holds counts.
    Rules(Vec<Rule<'m>>),
}

/// One way to make a value.
#[derive(Debug)]
pub struct Rule<'m> {
    /// The condition under which it counts.
    pub when: Condition,
    /// The template it is made of.
    pub from: Template,
    /// The expression that finds the value in the text.
    pub matches: Option<Regex>,
    lookup: Lookup<'m>,
    otherwise: Option<Template>,
}

#[derive(Debug)]
enum Lookup<'m> {
    None,
    Map(HashMap<&'m str, &'m str>),
    /// A table, and the column that is taken; none where no row has it.
    Table(&'m CodeTable, Option<usize>),
}

/// The parts that a rule is written with.
pub struct RuleParts<'m> {
    /// The condition.
    pub when: Option<&'m super::mapping::ConditionSpec>,
    /// The template.
    pub from: &'m str,
    /// The regular expression.
    pub matches: Option<&'m str>,
    /// The map.
    pub map: Option<&'m BTreeMap<String, String>>,
    /// The table.
    pub table: Option<&'m str>,
    /// Its column.
    pub take: Option<&'m str>,
    /// The template for what is not known.
    pub otherwise: Option<&'m str>,
}

impl<'m> Value<'m> {
    /// Compiles a value.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn compile(spec: &'m ValueSpec, scope: &Scope, tables: &'m Tables) -> Result<Self, String> {
        match spec {
            Spec::Text(text) => Template::compile(text, scope).map(Self::Template),
            Spec::Rules(rules) => {
                let rules = rules.iter().map(|rule| Rule::compile(rule.into(), scope, tables));
                rules.collect::<Result<_, _>>().map(Self::Rules)
            }
        }
    }

    /// The same for an id ([`Template::for_id`]).
    pub fn for_id(self) -> Self {
        match self {
            Self::Template(template) => Self::Template(template.for_id()),
            Self::Rules(rules) => Self::Rules(rules.into_iter().map(Rule::for_id).collect()),
        }
    }

    /// The text of the columns before any filter, for messages.
    pub fn raw(&self, seen: &RowScope<'_>) -> String {
        match self {
            Self::Template(template) => template.raw(seen),
            Self::Rules(rules) => {
                rules.iter().find(|rule| rule.when.holds(seen)).map(|rule| rule.from.raw(seen)).unwrap_or_default()
            }
        }
    }

    /// Evaluates the value for a row; empty if there is none.
    ///
    /// # Errors
    /// Returns a fault at its columns if a text is unknown.
    pub fn eval<'v>(&'v self, seen: &RowScope<'v>) -> Result<Cow<'v, str>, RowFault> {
        match self {
            Self::Template(template) => Ok(template.render(seen)),
            Self::Rules(rules) => match rules.iter().find(|rule| rule.when.holds(seen)) {
                Some(rule) => rule.eval(seen),
                None => Ok(Cow::Borrowed("")),
            },
        }
    }

    /// The text, if it is the same for every row.
    pub fn constant(&self) -> Option<&str> {
        match self {
            Self::Template(template) => template.constant(),
            Self::Rules(_) => None,
        }
    }

    /// The columns it is made of, for people.
    pub fn columns(&self) -> &str {
        match self {
            Self::Template(template) => template.columns(),
            Self::Rules(rules) => rules.first().map(|rule| rule.from.columns()).unwrap_or_default(),
        }
    }
}

impl<'m> From<&'m ValueRule> for RuleParts<'m> {
    fn from(rule: &'m ValueRule) -> Self {
        Self {
            when: rule.when.as_ref(),
            from: &rule.from,
            matches: rule.matches.as_deref(),
            map: rule.map.as_ref(),
            table: rule.table.as_deref(),
            take: rule.take.as_deref(),
            otherwise: rule.otherwise.as_deref(),
        }
    }
}

impl<'m> Rule<'m> {
    /// Compiles a rule.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn compile(parts: RuleParts<'m>, scope: &Scope, tables: &'m Tables) -> Result<Self, String> {
        let matches = parts.matches.map(Regex::new).transpose().map_err(|error| format!("match: {error}"))?;
        let lookup = match (parts.map, parts.table) {
            (None, None) => Lookup::None,
            (Some(map), None) => Lookup::Map(map.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()),
            (None, Some(name)) => {
                let table = tables.get(name).ok_or_else(|| format!("there is no table `{name}` in [tables]"))?;
                let column = match parts.take.map(|take| table.column(take)) {
                    None => Some(table.first_value()),
                    Some(Ok(column)) => Some(column),
                    // A member that no row of a table of JSON has is empty.
                    Some(Err(_)) if table.open => None,
                    Some(Err(what)) => return Err(what),
                };
                Lookup::Table(table, column)
            }
            (Some(_), Some(_)) => return Err("has both `map` and `table`: one is enough".to_owned()),
        };
        Ok(Self {
            when: Condition::compile(parts.when, scope)?,
            from: Template::compile(parts.from, scope)?,
            matches,
            lookup,
            otherwise: parts.otherwise.map(|text| Template::compile(text, scope)).transpose()?,
        })
    }

    /// Evaluates the rule for a row.
    ///
    /// # Errors
    /// Returns a fault at its columns if the text is unknown.
    pub fn eval<'v>(&'v self, seen: &RowScope<'v>) -> Result<Cow<'v, str>, RowFault> {
        let text = self.from.render(seen);
        let found = match &self.matches {
            None => Some(text.clone()),
            Some(matches) => self.match_text(matches, &text),
        };
        let known = found.and_then(|found| self.looked_up(found));
        match (known, &self.otherwise) {
            (Some(known), _) => Ok(known),
            (None, Some(otherwise)) => Ok(otherwise.render(seen)),
            // An empty text need not be known.
            (None, None) if text.is_empty() => Ok(Cow::Borrowed("")),
            (None, None) => Err(RowFault::column(self.from.columns(), self.unknown(&text))),
        }
    }

    fn for_id(self) -> Self {
        Self { from: self.from.for_id(), otherwise: self.otherwise.map(Template::for_id), ..self }
    }

    fn match_text<'v>(&self, matches: &Regex, text: &str) -> Option<Cow<'v, str>> {
        let groups = matches.captures(text)?;
        let found = groups.get(1).or_else(|| groups.get(0))?;
        Some(Cow::Owned(found.as_str().to_owned()))
    }

    fn looked_up<'v>(&'v self, found: Cow<'v, str>) -> Option<Cow<'v, str>> {
        match &self.lookup {
            Lookup::None => Some(found),
            Lookup::Map(map) => map.get(found.as_ref()).map(|known| Cow::Borrowed(*known)),
            Lookup::Table(table, column) => {
                let row = table.get(&found)?;
                let cell = column.and_then(|column| row.get(column)).map(AsRef::as_ref);
                Some(Cow::Borrowed(cell.unwrap_or_default()))
            }
        }
    }

    fn unknown(&self, text: &str) -> String {
        let text = excerpt(text);
        match (&self.matches, &self.lookup) {
            (_, Lookup::Table(table, _)) => format!("`{text}` is not in the table {}", table.name),
            (_, Lookup::Map(map)) => {
                let mut known: Vec<&str> = map.keys().copied().collect();
                known.sort_unstable();
                known.truncate(20);
                format!("`{text}` is not in its map; expected one of: {}", known.join(", "))
            }
            (Some(matches), Lookup::None) => format!("`{text}` does not match `{matches}`"),
            (None, Lookup::None) => String::new(),
        }
    }
}

/// A text as it is shown in a message: not longer than a line, on one line.
pub fn excerpt(text: &str) -> Cow<'_, str> {
    const MOST: usize = 60;
    let text = match text.char_indices().nth(MOST) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}...", text.get(..at).unwrap_or_default())),
    };
    if text.contains(char::is_control) {
        return Cow::Owned(
            text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect(),
        );
    }
    text
}
