//! The sources, kinds, code schemes and relationships of the record at a cut. Parties are in [`super::parties`].

use super::Ledger;
use super::cut::Resolved;
use super::error::QueryError;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::position::{Position, RecordedAt};
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
    /// What is supposed on top of it.
    pub supposed: Supposed,
    /// Begin behind this id.
    pub after: String,
    /// At most so many.
    pub entries: usize,
}

/// A page of what is registered, or of relationships.
#[derive(Clone, Debug)]
pub struct RegistryPage<T> {
    /// The cut.
    pub at: Resolved,
    /// The entries.
    pub entries: Vec<T>,
    /// The id that the next page begins behind, if there is one.
    pub next: Option<String>,
}

/// One revision of what is registered, with what the ledger adds.
#[derive(Clone, Debug)]
pub struct RegistryEntry<M> {
    /// The message, without the output-only fields that follow here.
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
    /// The sources.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn sources(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Source>>, QueryError> {
        self.look(query.cut, &query.supposed, |sight| {
            let records = sight.index().sources.among(&query.ids, sight.at.position(), &query.after);
            Ok(page(sight.index(), query, sight.at, records, |_, source| Some(source)))
        })
    }

    /// The registered kinds of claims.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn kinds(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Kind>>, QueryError> {
        self.look(query.cut, &query.supposed, |sight| {
            let records = sight.index().kinds.among(&query.ids, sight.at.position(), &query.after);
            Ok(page(sight.index(), query, sight.at, records, |_, kind| Some(kind)))
        })
    }

    /// The registered code schemes.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn schemes(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Scheme>>, QueryError> {
        self.look(query.cut, &query.supposed, |sight| {
            let records = sight.index().schemes.among(&query.ids, sight.at.position(), &query.after);
            Ok(page(sight.index(), query, sight.at, records, |_, scheme| Some(scheme)))
        })
    }

    /// The relationships that claims bear on, those with a party if one is given; merged parties as their survivors. The
    /// ids of the query are not looked at.
    ///
    /// # Errors
    /// When the cut cannot be resolved.
    pub fn relationships(
        &self,
        query: &RegistryQuery,
        party: &str,
    ) -> Result<RegistryPage<RelationshipEntry>, QueryError> {
        self.look(query.cut, &query.supposed, |sight| {
            let mut page = RegistryPage { at: sight.at, entries: Vec::new(), next: None };
            let party = sight.survivor(party);
            let all = sight.index().relationships(sight.at.position());
            let after = all.partition_point(|(id, _)| **id <= *query.after);
            for same in all.get(after..).unwrap_or_default().chunk_by(|(one, _), (other, _)| one == other) {
                let Some((id, _)) = same.first() else { continue };
                if !party.is_empty() && !id.split('-').any(|member| member == party) {
                    continue;
                }
                let terms: Vec<_> = same.iter().map(|(_, term)| *term).collect();
                let claims = sight.index().count_bearing_on(&terms, sight.at.position());
                if claims == 0 {
                    continue;
                }
                if page.entries.len() >= query.entries {
                    page.next = page.entries.last().map(|last: &RelationshipEntry| last.id.clone());
                    break;
                }
                page.entries.push(RelationshipEntry { id: id.to_string(), claims });
            }
            Ok(page)
        })
    }
}

/// A page of records, each as `told` makes it an answer, if it does.
pub(super) fn page<'r, M: Message + Default>(
    index: &Index,
    query: &RegistryQuery,
    at: Resolved,
    records: impl Iterator<Item = (&'r str, u32, &'r Registered)>,
    told: impl Fn(&str, M) -> Option<M>,
) -> RegistryPage<RegistryEntry<M>> {
    let mut page = RegistryPage { at, entries: Vec::new(), next: None };
    let mut last = "";
    for (id, revision, record) in records {
        let Some(message) = M::decode(&*record.bytes).ok().and_then(|message| told(id, message)) else { continue };
        if page.entries.len() >= query.entries {
            page.next = Some(last.to_owned());
            break;
        }
        last = id;
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
