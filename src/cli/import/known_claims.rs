//! The part of a data set that the ledger has at a cut: a digest of each of its claims, and the ids of all parties and
//! sources.

use super::patient::PatientLedger;
use crate::cli::export::Ask;
use crate::cli::{CommandFailure, counter};
use detente_ingest::class::{RegisteredEntity, known_by_party, known_by_source};
use detente_ingest::pipeline::RecordedState;
use detente_ingest::release::RecordedDataSet;
use detente_ingest::snapshot::Episodes;
use detente_proto::v1::{self, event::Event};
use std::collections::HashMap;
use tonic::{Status, Streaming};

/// As many as a server gives at once.
const LARGEST_PAGE: u32 = 1000;

/// A cut of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownCut {
    /// The last position it sees.
    pub(super) position: u64,
    /// Its basis.
    pub(super) basis: String,
}

/// Returns the recorded state of an empty ledger.
pub(super) fn nothing(dataset: &str) -> RecordedState {
    RecordedState { claims: RecordedDataSet::of(dataset), episodes: Episodes::of(dataset), registered: HashMap::new() }
}

/// The records that are needed as a whole, and not as digests alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct WholeRecords {
    /// True if parties may be revised.
    pub(super) parties: bool,
    /// True if claims may be ended.
    pub(super) claims: bool,
}

/// Asks a ledger, at a basis or at the head. Pages and batches are dropped as they are read.
pub(super) async fn ask(
    ledger: &mut PatientLedger<'_, impl Ask>,
    dataset: &str,
    basis: Option<String>,
    whole: WholeRecords,
) -> Result<(RecordedState, KnownCut), CommandFailure> {
    let mut known = nothing(dataset);
    if whole.claims {
        known.claims = known.claims.with_claims();
    }
    let cut = parties(ledger, basis, whole.parties, &mut known.registered).await?;
    sources(ledger, &cut, &mut known.registered).await?;
    let progress = counter("events of the data set read");
    each_event(ledger, dataset, 0, |event| {
        progress.inc(1);
        let is_seen = event.position <= cut.position;
        if is_seen {
            known.episodes.learn(&event);
            known.claims.learn(event);
        }
        is_seen
    })
    .await?;
    progress.finish_and_clear();
    Ok((known, cut))
}

/// Returns the last position that was read, if no event after a position changed a compared property of the claims that
/// matter; `after` if no event was read.
pub(super) async fn unchanged_since(
    ledger: &mut PatientLedger<'_, impl Ask>,
    dataset: &str,
    after: u64,
    matters: impl Fn(&str) -> bool,
) -> Result<Option<u64>, CommandFailure> {
    let (mut changed, mut last) = (false, after);
    each_event(ledger, dataset, after, |event| {
        last = event.position;
        changed |= changed_claim(&event).is_some_and(&matters);
        !changed
    })
    .await?;
    Ok((!changed).then_some(last))
}

/// The claim of which an event changed what is compared.
fn changed_claim(event: &v1::Event) -> Option<&str> {
    match event.event.as_ref()? {
        Event::ClaimAsserted(asserted) => asserted.claim.as_ref().map(|claim| claim.claim_id.as_str()),
        Event::ClaimRevised(revised) => revised.claim.as_ref().map(|claim| claim.claim_id.as_str()),
        Event::ClaimRetracted(retracted) => Some(&retracted.claim_id),
        Event::ClaimReinstated(reinstated) => Some(&reinstated.claim_id),
        Event::ClaimConfirmed(confirmed) => Some(&confirmed.claim_id),
        // All claims of the data set at once.
        Event::ClaimsConfirmed(confirmed) => Some(&confirmed.label),
        _ => None,
    }
}

/// The claims of a data set.
pub(super) fn filter(dataset: &str) -> v1::Filter {
    let item = v1::FilterItem { labels: vec![format!("dataset:{dataset}")], ..v1::FilterItem::default() };
    v1::Filter { items: vec![item] }
}

/// Reads the events of a data set after a position, until one is enough. If the connection breaks, it continues from
/// there.
async fn each_event(
    ledger: &mut PatientLedger<'_, impl Ask>,
    dataset: &str,
    after: u64,
    mut enough: impl FnMut(v1::Event) -> bool,
) -> Result<(), CommandFailure> {
    let mut request = v1::ReadEventsRequest { filter: Some(filter(dataset)), ..v1::ReadEventsRequest::default() };
    let mut through = after;
    let mut open: Option<Streaming<v1::ReadEventsResponse>> = None;
    loop {
        let mut batches = open.take();
        request.start = Some(v1::read_events_request::Start::AfterPosition(through));
        let batch = ledger.call(async |ledger| next(ledger, &request, &mut batches).await).await?;
        let Some(batch) = batch else { return Ok(()) };
        through = batch.through_position.max(through);
        for event in batch.events {
            if !enough(event) {
                return Ok(());
            }
        }
        open = batches;
    }
}

/// Returns the next batch, opening a broken stream again.
async fn next(
    ledger: &mut crate::cli::export::Client<impl Ask>,
    request: &v1::ReadEventsRequest,
    batches: &mut Option<Streaming<v1::ReadEventsResponse>>,
) -> Result<tonic::Response<Option<v1::ReadEventsResponse>>, Status> {
    let mut stream = match batches.take() {
        Some(stream) => stream,
        None => ledger.read_events(request.clone()).await?.into_inner(),
    };
    let batch = stream.message().await?;
    *batches = Some(stream);
    Ok(tonic::Response::new(batch))
}

async fn parties(
    ledger: &mut PatientLedger<'_, impl Ask>,
    basis: Option<String>,
    whole: bool,
    registered: &mut HashMap<u128, RegisteredEntity>,
) -> Result<KnownCut, CommandFailure> {
    let cut = basis.map(v1::Cut::basis);
    let mut request = v1::ListPartiesRequest { page_size: LARGEST_PAGE, cut, ..v1::ListPartiesRequest::default() };
    loop {
        let page = ledger.call(async |ledger| ledger.list_parties(request.clone()).await).await?;
        let held = |party: v1::Party| (known_by_party(&party.party_id), RegisteredEntity::party(party, whole));
        registered.extend(page.parties.into_iter().map(held));
        if page.next_page_token.is_empty() {
            let context = page.context.unwrap_or_default();
            return Ok(KnownCut { position: context.position, basis: context.basis });
        }
        request.page_token = page.next_page_token;
    }
}

async fn sources(
    ledger: &mut PatientLedger<'_, impl Ask>,
    cut: &KnownCut,
    registered: &mut HashMap<u128, RegisteredEntity>,
) -> Result<(), CommandFailure> {
    let cut = Some(v1::Cut::basis(cut.basis.clone()));
    let mut request = v1::ListSourcesRequest { page_size: LARGEST_PAGE, cut, ..v1::ListSourcesRequest::default() };
    loop {
        let page = ledger.call(async |ledger| ledger.list_sources(request.clone()).await).await?;
        registered.extend(
            page.sources.iter().map(|source| (known_by_source(&source.source_id), RegisteredEntity::default())),
        );
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
}
