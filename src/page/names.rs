//! The names of parties, in the language of the reader, at the cut of an answer.

use super::call::{Wrong, call};
use super::lang::Lang;
use super::request::{PageRequest, path};
use super::text::sanitize;
use detente_proto::v1::{Claim, Cut, ListPartiesRequest, ListPartiesResponse, Party};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// The most parties one request may name.
const AT_ONCE: usize = 100;

/// Names by party.
#[derive(Debug, Default)]
pub(super) struct PartyNames(BTreeMap<String, (&'static str, String)>);

impl PartyNames {
    /// The names of the parties with these ids.
    pub(super) async fn of(asked: &PageRequest, cut: &Cut, ids: BTreeSet<String>) -> Result<Self, Wrong> {
        let ids: Vec<String> = ids.into_iter().collect();
        let mut names = Self::default();
        for party_ids in ids.chunks(AT_ONCE) {
            let request = ListPartiesRequest {
                party_ids: party_ids.to_vec(),
                cut: Some(cut.clone()),
                page_size: 1000,
                ..Default::default()
            };
            let reply: ListPartiesResponse = call(asked, &request).await?;
            names.take(&reply.parties, asked.lang);
        }
        Ok(names)
    }

    /// The names of all parties that claims name.
    pub(super) async fn in_claims<'a>(
        asked: &PageRequest,
        cut: &Cut,
        claims: impl Iterator<Item = &'a Claim>,
        others: &[&str],
    ) -> Result<Self, Wrong> {
        let mut ids: BTreeSet<String> = others.iter().flat_map(|id| id.split('-')).map(str::to_owned).collect();
        for claim in claims {
            ids.extend(claim.parties.iter().map(|party| party.party_id.clone()));
            ids.extend(claim.attribution.iter().map(|voice| voice.party_id.clone()));
            ids.extend(claim.disputes.iter().map(|dispute| dispute.disputed_by.clone()));
            ids.extend(claim.relationships.iter().flat_map(|id| id.split('-')).map(str::to_owned));
        }
        let is_id = |id: &String| {
            !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        };
        ids.retain(is_id);
        Self::of(asked, cut, ids).await
    }

    /// Takes the names of parties that are at hand.
    pub(super) fn take(&mut self, parties: &[Party], lang: Lang) {
        for party in parties {
            if let Some(name) = name(party, lang) {
                self.0.insert(party.party_id.clone(), name);
            }
        }
    }

    /// The name of a party, in words.
    pub(super) fn plain(&self, id: &str) -> String {
        self.0.get(id).map_or_else(|| sanitize(id), |(_, name)| name.clone())
    }

    /// The name of a party, isolated.
    pub(super) fn name(&self, id: &str) -> Markup {
        match self.0.get(id) {
            Some((lang, name)) => html! { bdi lang=(lang) { (name) } },
            None => html! { bdi { (sanitize(id)) } },
        }
    }

    /// The name of a party, leading to it.
    pub(super) fn link(&self, asked: &PageRequest, id: &str) -> Markup {
        html! { a href=(asked.to(&path("party", id), &[])) { (self.name(id)) } }
    }

    /// The names of the parties to a relationship.
    pub(super) fn relationship(&self, id: &str) -> Markup {
        html! {
            @for (at, party) in id.split('-').enumerate() {
                @if at > 0 { span.dash { " – " } }
                (self.name(party))
            }
        }
    }

    /// The same in words.
    pub(super) fn relationship_plain(&self, id: &str) -> String {
        id.split('-').map(|party| self.plain(party)).collect::<Vec<_>>().join(" – ")
    }
}

/// The main name of a party in a language, else in English, else any, with the language it is in.
fn name(party: &Party, lang: Lang) -> Option<(&'static str, String)> {
    let main = |tag: &str| party.names.iter().find(|name| name.lang == tag && !name.alias);
    let found = main(lang.tag()).or_else(|| main("en")).or_else(|| party.names.first())?;
    let tag = Lang::by_tag(&found.lang).map_or("", Lang::tag);
    Some((tag, sanitize(&found.name)))
}
