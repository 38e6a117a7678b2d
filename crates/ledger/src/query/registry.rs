//! The sources, kinds, code schemes and relationships of the record at a cut. Parties are in [`crate::query::parties`].

use crate::Ledger;
use crate::budget;
use crate::error::QueryError;
use crate::query::kept_answers::AnswerKey;
use crate::read::cut::ResolvedCut;
use crate::read::register::RegisterRevision;
use crate::read::sight::Sight;
use crate::store::{Index, Registry};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::position::{Position, RecordedAt};
use detente_proto::v1;
use prost::Message;
use std::sync::Arc;

/// The bytes of a relationship in a list of all, about.
const RELATIONSHIP_BYTES: usize = 64;

/// A question for registered records, or relationships, after an id.
#[derive(Clone, Debug, Default)]
pub struct RegistryQuery {
    /// Only these ids, if any are given.
    pub ids: Vec<Box<str>>,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The id to begin after.
    pub after: String,
    /// The most entries.
    pub entries: usize,
}

/// A page of registered records, or of relationships.
#[derive(Clone, Debug)]
pub struct RegistryPage<T> {
    /// The cut.
    pub at: ResolvedCut,
    /// The entries.
    pub entries: Vec<T>,
    /// The id after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// One revision of a registered record, with the fields that the ledger adds.
#[derive(Clone, Debug)]
pub struct RegistryEntry<M> {
    /// The message, without the output-only fields that follow here.
    pub message: M,
    /// The number of the revision.
    pub revision: u32,
    /// The event that made it.
    pub position: Position,
    /// The recorded time.
    pub recorded_at: Option<RecordedAt>,
    /// The name under which it was recorded.
    pub recorded_by: String,
    /// True if it is withdrawn.
    pub withdrawn: bool,
}

/// A relationship and the number of its claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationshipEntry {
    /// The sorted party ids, joined by `-`.
    pub id: String,
    /// The number of claims that bear on it, retracted ones aside.
    pub claims: u64,
}

/// The list of all relationships depends on cut and suppositions alone.
#[derive(Debug, PartialEq)]
struct AllRelationships;

impl Ledger {
    /// The sources.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or the suppositions do not fit the record.
    pub fn sources(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Source>>, QueryError> {
        let as_it_is = |_: &Sight<'_>, _: &str, source| Some(source);
        self.record.look(query.cut, &query.supposed, |sight| Ok(page(sight, |index| &index.sources, query, as_it_is)))
    }

    /// The registered kinds of claims.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or the suppositions do not fit the record.
    pub fn kinds(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Kind>>, QueryError> {
        let as_it_is = |_: &Sight<'_>, _: &str, kind| Some(kind);
        self.record.look(query.cut, &query.supposed, |sight| Ok(page(sight, |index| &index.kinds, query, as_it_is)))
    }

    /// The registered code schemes.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or the suppositions do not fit the record.
    pub fn schemes(&self, query: &RegistryQuery) -> Result<RegistryPage<RegistryEntry<v1::Scheme>>, QueryError> {
        let as_it_is = |_: &Sight<'_>, _: &str, scheme| Some(scheme);
        self.record.look(query.cut, &query.supposed, |sight| Ok(page(sight, |index| &index.schemes, query, as_it_is)))
    }

    /// The relationships that claims bear on, those with a party if one is given; merged parties as their survivors. The
    /// ids of the query are not looked at.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or the suppositions do not fit the record.
    pub fn relationships(
        &self,
        query: &RegistryQuery,
        party: &str,
    ) -> Result<RegistryPage<RelationshipEntry>, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let mut page = RegistryPage { at: sight.at, entries: Vec::new(), next: None };
            let party = sight.survivor(party);
            let key = AnswerKey::of(sight, &Filter::default(), &query.supposed, AllRelationships);
            let all = || Ok::<_, QueryError>(sight.relationships());
            let reading = self.kept_answers.read(key, !query.after.is_empty(), all)?;
            let all = Arc::clone(&reading.entries);
            let after = all.partition_point(|one| *one.id <= *query.after);
            budget::hold(all.len().saturating_mul(RELATIONSHIP_BYTES));
            for same in all.get(after..).unwrap_or_default().chunk_by(|one, other| one.id == other.id) {
                budget::step();
                let Some(id) = same.first().map(|one| &one.id) else { continue };
                if !party.is_empty() && !id.split('-').any(|member| member == party) {
                    continue;
                }
                let claims = sight.count_bearing_on(same);
                if claims == 0 {
                    continue;
                }
                if page.entries.len() >= query.entries {
                    page.next = page.entries.last().map(|last: &RelationshipEntry| last.id.clone());
                    break;
                }
                page.entries.push(RelationshipEntry { id: id.to_string(), claims });
            }
            reading.end(page.next.is_some(), all.len(), all.len().saturating_mul(RELATIONSHIP_BYTES));
            Ok(page)
        })
    }
}

/// A page of records, each as `told` makes it an answer, if it does.
pub(crate) fn page<'v, M: Message + Default>(
    sight: &Sight<'v>,
    registry: impl Fn(&'v Index) -> &'v Registry,
    query: &RegistryQuery,
    told: impl Fn(&Sight<'v>, &str, M) -> Option<M>,
) -> RegistryPage<RegistryEntry<M>> {
    let mut page = RegistryPage { at: sight.at, entries: Vec::new(), next: None };
    let mut last = "";
    for RegisterRevision { id, revision, registered, supposed } in
        sight.registered_among(registry, &query.ids, &query.after)
    {
        budget::step();
        let message = M::decode(&*registered.bytes).ok();
        let Some(message) = message.and_then(|message| told(sight, id, message)) else { continue };
        if page.entries.len() >= query.entries {
            page.next = Some(last.to_owned());
            break;
        }
        last = id;
        let position = sight.position_of(supposed, registered.position);
        page.entries.push(RegistryEntry {
            message,
            revision,
            position,
            recorded_at: sight.recorded_at(position),
            recorded_by: registered.recorded_by.to_string(),
            withdrawn: registered.withdrawn,
        });
    }
    page
}
