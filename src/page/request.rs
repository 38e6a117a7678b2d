//! The request of a reader: the address, taken apart, and addresses of other views made of it.

use super::lang::Lang;
use crate::grpc::local::Local;
use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use detente_ledger::wire::pasted_date::{is_date_name, restore_pasted};
use detente_ledger::wire::time::read_instant;
use detente_proto::v1::Cut;
use form_urlencoded::{Serializer, byte_serialize, parse};
use std::convert::Infallible;

/// The most of a value that is read.
const LONGEST: usize = 64 * 1024;

/// A request for a view.
#[derive(Clone, Debug)]
pub(super) struct PageRequest {
    /// The services that answer.
    pub(super) local: Local,
    /// The language of the answer.
    pub(super) lang: Lang,
    path: String,
    pairs: Vec<(String, String)>,
}

impl FromRequestParts<Local> for PageRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, local: &Local) -> Result<Self, Infallible> {
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self::of(local.clone(), parts.uri.path(), parts.uri.query().unwrap_or_default(), accepted))
    }
}

impl PageRequest {
    fn of(local: Local, path: &str, query: &str, accepted: &str) -> Self {
        let pairs: Vec<(String, String)> = parse(query.as_bytes()).into_owned().map(restore).collect();
        let chosen = pairs.iter().find(|(name, _)| name == "lang").and_then(|(_, tag)| Lang::by_tag(tag));
        Self { local, lang: chosen.unwrap_or_else(|| Lang::best_of(accepted)), path: path.to_owned(), pairs }
    }

    /// The same with the fields of a form in place of the query.
    pub(super) fn with_form(&self, body: &[u8]) -> Self {
        let pairs = parse(body).into_owned().map(restore).collect();
        Self { pairs, ..self.clone() }
    }

    /// A value of the query; empty where it is not given.
    pub(super) fn get(&self, name: &str) -> &str {
        let value = self.pairs.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.trim());
        if value.len() > LONGEST { "" } else { value }
    }

    /// A value of the query, as one of a list; empty where it is none.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let value = self.get(name);
        if value.is_empty() { Vec::new() } else { vec![value.to_owned()] }
    }

    /// The names in the address, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let first = |(at, name): (usize, &str)| !self.pairs.iter().take(at).any(|(earlier, _)| earlier == name);
        let names = self.pairs.iter().map(|(name, _)| name.as_str()).enumerate();
        names.filter(move |(at, name)| first((*at, name))).map(|(_, name)| name)
    }

    /// All values of a name that are not empty.
    pub(super) fn non_empty(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.trim());
        values.filter(|value| !value.is_empty())
    }

    /// The part of the record to use: up to the `known_at` that is given, else up to the basis, else all. A `known_at` that is
    /// no instant is a fault of the address, and the services do not answer it.
    pub(super) fn cut(&self) -> Cut {
        let (known_at, basis) = (read_instant(self.get("known_at")), self.get("basis"));
        match known_at {
            Ok(instant) => Cut::known_at(instant),
            Err(_) if basis.is_empty() => Cut::default(),
            Err(_) => Cut::basis(basis),
        }
    }

    /// The address of a view, with values; the language goes along where it was chosen.
    pub(super) fn to(&self, path: &str, values: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(values.iter().filter(|(_, value)| !value.is_empty()));
        if !self.get("lang").is_empty() && !values.iter().any(|(name, _)| *name == "lang") {
            query.append_pair("lang", self.lang.tag());
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The address of this view with some values changed; an empty one leaves it out.
    pub(super) fn again(&self, changed: &[(&str, &str)]) -> String {
        let kept = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        let values: Vec<(&str, &str)> = kept.chain(changed.iter().copied()).collect();
        self.to(&self.path, &values)
    }

    /// The address of this view.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

/// A name with its value; a date or an instant as it was before it was pasted.
fn restore((name, value): (String, String)) -> (String, String) {
    let value = if is_date_name(&name) { restore_pasted(&value) } else { value };
    (name, value)
}

/// A path with an id in it, whatever the id is.
pub(super) fn path(view: &str, id: &str) -> String {
    let id: String = byte_serialize(id.as_bytes()).collect();
    format!("/{view}/{}", id.replace('+', "%20"))
}
