//! Promises on record, and their status at a date.
//!
//! A promise is a claim with a due date, of a kind registered as a promise, or with a link FULFILS, BREACHES or WAIVES to
//! it. `domain::commitment` gives its status. The index knows the claims that have a due date, so only the words of those
//! are read.

use crate::Ledger;
use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::query::kept_answers::AnswerKey;
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::list_bound::{self, MOST_IDS};
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::certainty::Certainty;
use detente_domain::command::Suppositions;
use detente_domain::commitment::{
    Beginning, CommitmentStatus, Promise, Settlement, days_past_due, promises, settles, status,
};
use detente_domain::cut::Cut;
use detente_domain::edtf::PartialDate;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_domain::vocabulary::LinkType;
use detente_proto::v1;
use prost::Message;
use std::collections::HashMap;

/// The links that settle a promise.
const SETTLING: [LinkType; 3] = [LinkType::Fulfils, LinkType::Breaches, LinkType::Waives];
/// The roles of those who promise; the first that anyone has counts.
const PROMISING: [&str; 3] = ["promisor", "actor", "party"];

/// The bytes of a settlement in a reply, about.
const SETTLEMENT_BYTES: usize = 44;

/// A question for promises.
#[derive(Clone, Debug)]
pub struct CommitmentsQuery {
    /// The filter for the promises.
    pub filter: Filter,
    /// Only promises of these statuses; none means all.
    pub statuses: Vec<CommitmentStatus>,
    /// The asked date.
    pub valid_at: Period,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The number of promises to skip.
    pub skip: u64,
    /// The size of the page.
    pub page: PageSize,
}

/// A page of promises.
#[derive(Clone, Debug)]
pub struct Commitments {
    /// The cut.
    pub at: ResolvedCut,
    /// The promises, by due date.
    pub commitments: Vec<Commitment>,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// A promise and its status.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// The status.
    pub status: CommitmentStatus,
    /// True if it has this status in all readings of the dates of its settlements.
    pub definite: bool,
    /// The promise.
    pub claim: v1::Claim,
    /// The last of what settles it, in the order of first recording; and whether it has begun in all readings of its dates.
    pub settlements: Vec<(LinkType, ClaimId, Certainty)>,
    /// The number of settlements before those.
    pub unlisted_settlements: u32,
    /// Days from its due date to the asked date.
    pub days_past_due: Option<i64>,
    /// The parties that promise.
    pub promisors: Vec<String>,
}

/// A promise before its claim is put together.
struct PromiseCandidate {
    seen: ClaimSight,
    due: Option<PartialDate>,
    status: CommitmentStatus,
    definite: bool,
    settlements: Vec<(LinkType, ClaimId, Certainty)>,
}

/// The due date of a claim, read without the rest of it.
#[derive(Clone, PartialEq, Message)]
struct Due {
    #[prost(string, tag = "21")]
    due: String,
}

impl Ledger {
    /// The promises.
    ///
    /// # Errors
    /// If the cut cannot be resolved, the suppositions do not fit, or stored bytes are damaged.
    pub fn commitments(&self, query: &CommitmentsQuery) -> Result<Commitments, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let asked = CommitmentsScope { statuses: query.statuses.clone(), valid_at: query.valid_at };
            let key = AnswerKey::of(sight, &query.filter, &query.supposed, asked);
            let reading = self.kept_answers.read(key, query.skip > 0, || promises_of(sight, query))?;
            let page = page(sight, query, &reading.entries)?;
            let count = reading.entries.len();
            reading.end(page.next.is_some(), count, count * size_of::<ClaimId>());
            Ok(page)
        })
    }
}

/// The parameters that the list depends on, besides filter, cut and suppositions.
#[derive(Debug, PartialEq)]
struct CommitmentsScope {
    statuses: Vec<CommitmentStatus>,
    valid_at: Period,
}

/// The promises, in order.
fn promises_of(sight: &Sight<'_>, query: &CommitmentsQuery) -> Result<Vec<ClaimId>, ReadFailure> {
    let mut kinds = HashMap::new();
    let mut found = Vec::new();
    for seen in sight.matching(&query.filter, false) {
        let Some(promise) = promise(sight, seen, query.valid_at, &mut kinds)? else { continue };
        if query.statuses.is_empty() || query.statuses.contains(&promise.status) {
            budget::hold(size_of::<((bool, Moment, Moment), u64, ClaimId)>());
            found.push((deadline(promise.due.as_ref()), promise.seen.order, promise.seen.id));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(.., id)| id).collect())
}

/// The status of a claim as a promise, if it is one that may have been made by the asked date.
fn promise(
    sight: &Sight<'_>,
    seen: ClaimSight,
    asked: Period,
    kinds: &mut HashMap<String, bool>,
) -> Result<Option<PromiseCandidate>, ReadFailure> {
    budget::step();
    let made = Beginning::of(seen.temporal_type, seen.valid.as_ref(), &asked).by(&asked);
    if !promises(seen.modality) || made.is_none() {
        return Ok(None);
    }
    let due = if sight.has_due(&seen) { due(sight, &seen)? } else { None };
    let links = SETTLING.map(|link_type| (Some(link_type), seen.id)).to_vec();
    let settling = sight.matching(&Filter { items: vec![FilterItem { links, ..FilterItem::default() }] }, false);
    let of_promise = |kind: &String| sight.kind(kind).is_some_and(|kind| kind.promise);
    if due.is_none() && settling.is_empty() && !*kinds.entry(sight.kind_of(&seen)).or_insert_with_key(of_promise) {
        return Ok(None);
    }
    let mut settlements = Vec::new();
    let mut begun = Vec::new();
    budget::hold(
        size_of::<PromiseCandidate>() + settling.len().saturating_mul(size_of::<(LinkType, ClaimId, Certainty)>()),
    );
    for settler in settling.iter().filter(|settler| settles(settler.modality)) {
        budget::step();
        let begins = Beginning::of(settler.temporal_type, settler.valid.as_ref(), &asked);
        let Some(certainty) = begins.by(&asked) else { continue };
        for (link_type, _) in sight.links_of(settler).into_iter().filter(|(_, target)| *target == seen.id) {
            let Some(to) = CommitmentStatus::by(link_type) else { continue };
            settlements.push(Settlement { to, begins: begins.clone(), order: settler.order });
            begun.push((link_type, settler.id, certainty));
        }
    }
    let promise = Promise { due: due.as_ref(), status: seen.status };
    let (status, definite) = status(&promise, &settlements, &asked);
    Ok(Some(PromiseCandidate { seen, due, status, definite, settlements: begun }))
}

fn due(sight: &Sight<'_>, seen: &ClaimSight) -> Result<Option<PartialDate>, ReadFailure> {
    let mut bytes = Vec::new();
    sight.render(seen, &mut bytes)?;
    let Due { due } = Due::decode(bytes.as_slice()).map_err(|error| ReadFailure::Damaged(error.to_string()))?;
    Ok(PartialDate::parse(&due).ok())
}

/// By what promises are sorted: the last day that the due date can mean, then the first; without one, at the end.
fn deadline(due: Option<&PartialDate>) -> (bool, Moment, Moment) {
    let latest = due.and_then(PartialDate::latest).map_or(Moment::MAX, |atom| atom.end);
    let earliest = due.and_then(PartialDate::earliest).map_or(Moment::MIN, |atom| atom.start);
    (due.is_none(), latest, earliest)
}

fn page(sight: &Sight<'_>, query: &CommitmentsQuery, found: &[ClaimId]) -> Result<Commitments, QueryError> {
    let mut answer = Commitments { at: sight.at, commitments: Vec::new(), next: None };
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let mut bytes = 0;
    let mut kinds = HashMap::new();
    for (nth, id) in found.iter().enumerate().skip(skip) {
        if answer.commitments.len() >= query.page.entries || bytes >= query.page.bytes {
            answer.next = Some(nth as u64);
            break;
        }
        let Some(promise) = promise(sight, sight.found_again(*id)?, query.valid_at, &mut kinds)? else { continue };
        let claim = sight.message(&promise.seen)?;
        let unlisted = promise.settlements.len().saturating_sub(MOST_IDS);
        let settlements = promise.settlements.get(unlisted..).unwrap_or_default();
        bytes += claim.encoded_len() + settlements.len() * SETTLEMENT_BYTES;
        answer.commitments.push(Commitment {
            status: promise.status,
            definite: promise.definite,
            promisors: promisors(sight, &claim),
            claim,
            settlements: settlements.to_vec(),
            unlisted_settlements: list_bound::unlisted_count(promise.settlements.len(), settlements.len()),
            days_past_due: promise.due.as_ref().and_then(|due| days_past_due(due, &query.valid_at)),
        });
    }
    Ok(answer)
}

/// The parties with the first of the promising roles that anyone has; merged ones as their survivors.
fn promisors(sight: &Sight<'_>, claim: &v1::Claim) -> Vec<String> {
    let with = |role: &str| -> Vec<String> {
        let parties = claim.parties.iter().filter(|party| party.role == role);
        let mut parties: Vec<String> = parties.map(|party| sight.survivor(&party.party_id).to_owned()).collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    };
    PROMISING.into_iter().map(with).find(|parties| !parties.is_empty()).unwrap_or_default()
}
