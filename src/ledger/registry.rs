//! The parties, sources and relationships of the record at a cut.

use super::Ledger;
use super::cut::Resolved;
use super::error::QueryError;
use crate::domain::cut::Cut;
use crate::domain::position::{Position, RecordedAt};
use crate::domain::text;
use crate::store::{Index, Registered};
use crate::v1;
use prost::Message;

/// A page of what is registered, after an id.
#[derive(Clone, Debug, Default)]
pub struct RegistryQuery {
    /// Only these ids, where any are given.
    pub ids: Vec<Box<str>>,
    /// How much of the record to use.
    pub cut: Cut,
    /// Begin behind this id.
    pub after: String,
    /// At most so many.
    pub entries: usize,
}

/// A page of parties, sources or relationships.
#[derive(Clone, Debug)]
pub struct RegistryPage<T> {
    /// The cut.
    pub at: Resolved,
    /// The entries.
    pub entries: Vec<T>,
    /// The id that the next page begins behind, if there is one.
    pub next: Option<String>,
}

/// One revision of a party or source, with what the ledger adds.
#[derive(Clone, Debug)]
pub struct RegistryEntry<M> {
    /// The message, without output-only fields.
    pub message: M,
    /// Which revision.
    pub revision: u32,
    /// The event that made it.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: Option<RecordedAt>,
    /// Who recorded it.
    pub recorded_by: String,
    /// Whether it is withdrawn.
    pub withdrawn: bool,
}

/// A relationship and how many claims bear on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationshipEntry {
    /// The sorted party ids, joined by `-`.
    pub id: String,
    /// How many claims bear on it, retracted ones aside.
    pub claims: u64,
}

impl Ledger {
    /// The parties whose type is one of `types` (any, if none is given) and one of whose names has all `words`, the last
    /// one as a prefix.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn parties(
        &self,
        query: &RegistryQuery,
        types: &[i32],
        words: &str,
    ) -> Result<RegistryPage<RegistryEntry<v1::Party>>, QueryError> {
        let words = text::token_list(words);
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let wanted = |party: &v1::Party| {
            let names = party.names.iter().map(|name| name.name.as_str()).chain([party.party_id.as_str()]);
            (types.is_empty() || types.contains(&party.r#type)) && names_match(&words, names)
        };
        let records = view.index.parties.at(at.position(), &query.after);
        Ok(page(&view.index, query, at, records, wanted))
    }

    /// The sources.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn sources(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Source>>, QueryError> {
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let records = view.index.sources.at(at.position(), &query.after);
        Ok(page(&view.index, query, at, records, |_| true))
    }

    /// The relationships that claims bear on, those with a party if one is given. The ids of the query are not looked at.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn relationships(
        &self,
        query: &RegistryQuery,
        party: &str,
    ) -> Result<RegistryPage<RelationshipEntry>, QueryError> {
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let mut page = RegistryPage { at, entries: Vec::new(), next: None };
        let all = view.index.relationships();
        let after = all.partition_point(|(id, _)| *id <= query.after.as_str());
        for (id, term) in all.iter().skip(after) {
            if !party.is_empty() && !id.split('-').any(|member| member == party) {
                continue;
            }
            let claims = view.index.count_bearing_on(*term, at.position());
            if claims == 0 {
                continue;
            }
            if page.entries.len() >= query.entries {
                page.next = page.entries.last().map(|last: &RelationshipEntry| last.id.clone());
                break;
            }
            page.entries.push(RelationshipEntry { id: (*id).to_owned(), claims });
        }
        Ok(page)
    }
}

fn names_match<'n>(words: &[Box<str>], mut names: impl Iterator<Item = &'n str>) -> bool {
    words.is_empty() || names.any(|name| text::matches(words, &[name]))
}

fn page<'r, M: Message + Default>(
    index: &Index,
    query: &RegistryQuery,
    at: Resolved,
    records: impl Iterator<Item = (&'r str, u32, &'r Registered)>,
    wanted: impl Fn(&M) -> bool,
) -> RegistryPage<RegistryEntry<M>> {
    let mut page = RegistryPage { at, entries: Vec::new(), next: None };
    let mut last = String::new();
    for (id, revision, record) in records {
        if !query.ids.is_empty() && !query.ids.iter().any(|wanted| **wanted == *id) {
            continue;
        }
        let Some(message) = M::decode(&*record.bytes).ok().filter(&wanted) else { continue };
        if page.entries.len() >= query.entries {
            page.next = Some(last);
            break;
        }
        id.clone_into(&mut last);
        page.entries.push(RegistryEntry {
            message,
            revision,
            position: record.position,
            recorded_at: index.appends.recorded_at_position(record.position),
            recorded_by: record.recorded_by.to_string(),
            withdrawn: record.withdrawn,
        });
    }
    page
}
