//! Templates: text with columns in braces, `"{side_a|lower} attacks {side_b}"`.

use super::filter::{self, Filter, MAX_PARTY_ID};
use super::scope::{NameSlot, RowScope, Scope};
use std::borrow::Cow;

/// A template, compiled.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<TemplatePart>,
    /// The columns it is made of, as messages name them.
    columns: Box<str>,
    /// The maximum number of bytes of each id in the text.
    room: usize,
}

#[derive(Clone, Debug)]
enum TemplatePart {
    Text(Box<str>),
    Column(NameSlot, Box<[Filter]>),
}

impl Template {
    /// Compiles a template for the names of a scope.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn compile(text: &str, scope: &Scope) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.extend(from.chars().next());
                rest = after;
                continue;
            }
            let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let Some((name, after)) = inside else {
                return Err(format!("`{text}`: a brace without its other; for a brace itself write it twice"));
            };
            if !plain.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut plain).into()));
            }
            let (name, filters) = parse_filters(name)?;
            parts.push(TemplatePart::Column(scope.find(name)?, filters));
            if !names.contains(&name) {
                names.push(name);
            }
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(TemplatePart::Text(plain.into()));
        }
        Ok(Self { parts, columns: names.join(", ").into(), room: MAX_PARTY_ID })
    }

    /// The same for an id: what its filters make leaves room for what stands around it.
    pub fn for_id(mut self) -> Self {
        let is_id = |filters: &[Filter]| filters.iter().any(|filter| filter.makes_id());
        let (mut literal, mut ids) = (0, 0);
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => literal += text.len(),
                TemplatePart::Column(_, filters) => ids += usize::from(is_id(filters)),
            }
        }
        self.room = MAX_PARTY_ID.saturating_sub(literal).checked_div(ids).unwrap_or(MAX_PARTY_ID);
        self
    }

    /// The text of the columns before any filter, for messages.
    pub fn raw(&self, seen: &RowScope<'_>) -> String {
        let columns = self.parts.iter().filter_map(|part| match part {
            TemplatePart::Text(_) => None,
            TemplatePart::Column(slot, _) => Some(seen.get(*slot)),
        });
        columns.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Renders the template for a row.
    pub fn render<'t>(&'t self, seen: &RowScope<'t>) -> Cow<'t, str> {
        match self.parts.as_slice() {
            [] => return Cow::Borrowed(""),
            [TemplatePart::Text(text)] => return Cow::Borrowed(text),
            [TemplatePart::Column(slot, filters)] if filters.is_empty() => return seen.get(*slot),
            _ => {}
        }
        let mut made = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => made.push_str(text),
                TemplatePart::Column(slot, filters) => {
                    let mut text = seen.get(*slot);
                    for filter in filters {
                        text = Cow::Owned(filter.apply_within(&text, self.room));
                    }
                    made.push_str(&text);
                }
            }
        }
        Cow::Owned(made)
    }

    /// The text, if it is the same for every row.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The columns it is made of, for people.
    pub fn columns(&self) -> &str {
        &self.columns
    }
}

fn parse_filters(inside: &str) -> Result<(&str, Box<[Filter]>), String> {
    let mut words = inside.split('|').map(str::trim);
    let name = words.next().unwrap_or_default();
    let filters = words.map(|word| {
        Filter::by_name(word).ok_or_else(|| format!("`{word}` is no filter; there are: {}", filter::NAMES))
    });
    Ok((name, filters.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_text(template: &str) -> Result<String, String> {
        let scope = Scope::of_key(Some(&["name".to_owned()]), &[]);
        let compiled = Template::compile(template, &scope)?;
        Ok(compiled.render(&RowScope::key("K", &["Use Force".into()], "5.0")).into_owned())
    }

    #[test]
    fn columns_filters_and_doubled_braces_are_understood() {
        assert_eq!(render_text("").unwrap(), "");
        assert_eq!(render_text("plain").unwrap(), "plain");
        assert_eq!(render_text("{name}").unwrap(), "Use Force");
        assert_eq!(render_text("<{name|snake}> of {key} {{x}} {@release}").unwrap(), "<use_force> of K {x} 5.0");
        assert_eq!(render_text("{name | lower | upper}").unwrap(), "USE FORCE");
    }

    #[test]
    fn an_id_leaves_room_for_what_stands_around_it() {
        let scope = Scope::of_key(None, &[]);
        let long = "x".repeat(70);
        for (text, expected) in [("X_{key|id}", 64), ("A_{key|id}_{key|unique_id}", 63), ("{key|id}", 64)] {
            let template = Template::compile(text, &scope).unwrap().for_id();
            assert_eq!(template.render(&RowScope::key(&long, &[], "")).len(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (template, word) in
            [("{nam}", "there are: key, name"), ("{name", "brace"), ("x}", "brace"), ("{name|y}", "filter")]
        {
            let error = render_text(template).unwrap_err();
            assert!(error.contains(word), "{template}: {error}");
        }
    }
}
