//! The texts of a claim by field, for messages about a field.

use crate::value::excerpt;
use detente_proto::v1;

/// The texts of a claim that may break a rule, by the path of their field.
pub(super) struct FieldTexts(Vec<(String, String)>);

impl FieldTexts {
    /// Those of a claim.
    pub(super) fn of(claim: &v1::Claim) -> Self {
        let mut texts = Vec::new();
        let mut add = |path: String, text: &str| {
            if !text.is_empty() {
                texts.push((path, text.to_owned()));
            }
        };
        for (name, text) in [
            ("kind", &claim.kind),
            ("valid", &claim.valid),
            ("as_of", &claim.as_of),
            ("due", &claim.due),
            ("refers_to", &claim.refers_to),
            ("place", &claim.place),
        ] {
            add(name.to_owned(), text);
        }
        for (at, text) in claim.texts.iter().enumerate() {
            add(format!("texts[{at}].text"), &text.text);
        }
        for (at, party) in claim.parties.iter().enumerate() {
            add(format!("parties[{at}].role"), &party.role);
            add(format!("parties[{at}].as"), &party.as_text);
        }
        for (at, quantity) in claim.quantities.iter().enumerate() {
            add(format!("quantities[{at}].name"), &quantity.name);
            add(format!("quantities[{at}].unit"), &quantity.unit);
        }
        for (at, code) in claim.codes.iter().enumerate() {
            add(format!("codes[{at}].scheme"), &code.scheme);
            add(format!("codes[{at}].code"), &code.code);
        }
        for (at, id) in claim.external_ids.iter().enumerate() {
            add(format!("external_ids[{at}].scheme"), &id.scheme);
            add(format!("external_ids[{at}].id"), &id.id);
        }
        for (at, label) in claim.labels.iter().enumerate() {
            add(format!("labels[{at}]"), label);
        }
        Self(texts)
    }

    /// A description of a field's fault, preceded by the value of the field unless the description contains that value.
    pub(super) fn with_value(&self, field: &str, description: String) -> String {
        match self.0.iter().find(|(path, _)| path == field) {
            Some((_, text)) if !description.contains(excerpt(text).as_ref()) => {
                format!("`{}`: {description}", excerpt(text))
            }
            _ => description,
        }
    }
}
