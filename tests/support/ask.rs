//! Puts questions to a ledger in a few words, with the answers decoded.

use super::make::period;
use detente_domain::certainty::{Certainty, Mode};
use detente_domain::command::Suppositions;
use detente_domain::cut::{Basis, Cut};
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_ledger::Ledger;
use detente_ledger::error::QueryError;
use detente_ledger::query::claims::{ClaimsQuery, RevisionEvent, RevisionsQuery};
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::state::StateQuery;
use detente_proto::v1;
use prost::Message;

/// No limit.
pub(crate) const ALL: PageSize = PageSize { entries: usize::MAX, bytes: usize::MAX };

/// A state, decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) basis: Basis,
    pub(crate) matches: Vec<(v1::Claim, Certainty)>,
    pub(crate) ages: Vec<Option<i64>>,
    pub(crate) emptiness: Emptiness,
    pub(crate) absences: Vec<ClaimId>,
}

impl State {
    /// Returns the matching claims, with their certainty.
    pub(crate) fn certainties(&self) -> Vec<(u128, Certainty)> {
        self.matches.iter().map(|(claim, certainty)| (number(claim), *certainty)).collect()
    }
}

/// The number that a claim was made with.
pub(crate) fn number(claim: &v1::Claim) -> u128 {
    claim.claim_id.parse::<uuid::Uuid>().unwrap().as_u128()
}

/// A filter of one item.
pub(crate) fn one(item: FilterItem) -> Filter {
    Filter { items: vec![item] }
}

pub(crate) fn decode_claim(bytes: &[u8]) -> v1::Claim {
    v1::Claim::decode(bytes).unwrap()
}

/// Everything that was so at a date, as known at a cut.
pub(crate) fn state_at(ledger: &Ledger, valid_at: &str, cut: Cut) -> State {
    state(ledger, &Filter::default(), period(valid_at), None, cut, false).unwrap()
}

/// The whole state.
pub(crate) fn state(
    ledger: &Ledger,
    filter: &Filter,
    valid_at: Period,
    mode: Option<Mode>,
    cut: Cut,
    include_retracted: bool,
) -> Result<State, QueryError> {
    let query = StateQuery {
        filter: filter.clone(),
        valid_at,
        mode,
        cut,
        include_retracted,
        skip: 0,
        page: ALL,
        supposed: Suppositions::default(),
    };
    let found = ledger.state(&query)?;
    let certainties = found.matches.iter().map(|found| found.certainty);
    Ok(State {
        basis: found.at.basis,
        matches: found.claims.iter().map(decode_claim).zip(certainties).collect(),
        ages: found.matches.iter().map(|found| found.as_of_age_days).collect(),
        emptiness: found.emptiness,
        absences: found.absences.into_iter().map(ClaimId).collect(),
    })
}

/// One claim.
pub(crate) fn claim(ledger: &Ledger, id: ClaimId, cut: Cut) -> Result<v1::Claim, QueryError> {
    ledger.claim(id, cut).map(|(_, bytes)| decode_claim(&bytes))
}

/// Returns every claim that matches, asking for pages of the given number of entries.
pub(crate) fn claims(
    ledger: &Ledger,
    filter: &Filter,
    cut: Cut,
    (include_retracted, newest_first): (bool, bool),
    entries: usize,
) -> Vec<v1::Claim> {
    let page = PageSize { entries, bytes: usize::MAX };
    let mut query = ClaimsQuery {
        filter: filter.clone(),
        cut,
        include_retracted,
        newest_first,
        after: None,
        page,
        supposed: Suppositions::default(),
    };
    let mut all = Vec::new();
    loop {
        let found = ledger.claims(&query).unwrap();
        all.extend(found.claims.iter().map(decode_claim));
        query.after = found.next;
        if found.next.is_none() {
            return all;
        }
    }
}

/// A revision: what made it, the claim after it, and before it.
pub(crate) type Revision = (RevisionEvent, v1::Claim, Option<v1::Claim>);

/// Returns the history of a claim, asking for pages of the given number of entries.
pub(crate) fn revisions(
    ledger: &Ledger,
    claim: ClaimId,
    cut: Cut,
    newest_first: bool,
    entries: usize,
) -> Result<Vec<Revision>, QueryError> {
    let page = PageSize { entries, bytes: usize::MAX };
    let mut query = RevisionsQuery { claim, cut, newest_first, skip: 0, page, supposed: Suppositions::default() };
    let mut all = Vec::new();
    loop {
        let found = ledger.revisions(&query)?;
        let claims =
            found.claims.iter().map(|(after, before)| (decode_claim(after), before.as_deref().map(decode_claim)));
        all.extend(found.made_by.iter().zip(claims).map(|((made_by, _), (after, before))| (*made_by, after, before)));
        let Some(next) = found.next else { return Ok(all) };
        query.skip = next;
    }
}

/// The events after a position that a reading with a filter gives, batch after batch.
pub(crate) fn events(
    ledger: &Ledger,
    start: detente_ledger::query::events::Start,
    filter: Option<&Filter>,
    bytes: usize,
) -> Vec<v1::Event> {
    let mut reading = ledger.begin_reading(start, filter, 0).unwrap();
    let mut all = Vec::new();
    loop {
        let batch = ledger.read_on(&mut reading, bytes).unwrap();
        let events = v1::ReadEventsResponse::decode(batch.frames.as_slice()).unwrap().events;
        assert_eq!(events.len() as u64, batch.count);
        assert!(events.iter().all(|event| event.position <= batch.through.0));
        all.extend(events);
        if batch.done {
            assert_eq!(batch.through, reading.until.position());
            return all;
        }
    }
}
