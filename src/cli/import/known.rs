//! What the ledger has of a data set: a digest of each of its claims, and the ids of all parties and sources.

use crate::cli::export::{Ask, Client};
use crate::cli::{Failure, counter};
use crate::ingest::class::{known_by_party, known_by_source};
use crate::ingest::pipeline::Known;
use crate::ingest::release::Recorded;
use crate::v1;
use std::collections::HashMap;

/// As many as a server gives at once.
const LARGEST_PAGE: u32 = 1000;

/// What an empty ledger has.
pub(super) fn nothing(dataset: &str) -> Known {
    Known { claims: Recorded::of(dataset), registered: HashMap::new() }
}

/// Asks a ledger. Pages and batches are let go as they are read.
pub(super) async fn ask(ledger: &mut Client<impl Ask>, dataset: &str) -> Result<Known, Failure> {
    let mut known = nothing(dataset);
    claims(ledger, dataset, &mut known.claims).await?;
    parties(ledger, &mut known.registered).await?;
    sources(ledger, &mut known.registered).await?;
    Ok(known)
}

async fn claims(ledger: &mut Client<impl Ask>, dataset: &str, claims: &mut Recorded) -> Result<(), Failure> {
    let item = v1::FilterItem { labels: vec![format!("dataset:{dataset}")], ..v1::FilterItem::default() };
    let filter = Some(v1::Filter { items: vec![item] });
    let request = v1::ReadEventsRequest { filter, ..v1::ReadEventsRequest::default() };
    let mut batches = ledger.read_events(request).await?.into_inner();
    let progress = counter("events of the data set read");
    while let Some(batch) = batches.message().await? {
        progress.inc(batch.events.len() as u64);
        batch.events.into_iter().for_each(|event| claims.learn(event));
    }
    progress.finish_and_clear();
    Ok(())
}

async fn parties(ledger: &mut Client<impl Ask>, registered: &mut HashMap<u128, u64>) -> Result<(), Failure> {
    let mut request = v1::ListPartiesRequest { page_size: LARGEST_PAGE, ..v1::ListPartiesRequest::default() };
    loop {
        let page = ledger.list_parties(request.clone()).await?.into_inner();
        registered.extend(page.parties.iter().map(|party| (known_by_party(&party.party_id), 0)));
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
}

async fn sources(ledger: &mut Client<impl Ask>, registered: &mut HashMap<u128, u64>) -> Result<(), Failure> {
    let mut request = v1::ListSourcesRequest { page_size: LARGEST_PAGE, ..v1::ListSourcesRequest::default() };
    loop {
        let page = ledger.list_sources(request.clone()).await?.into_inner();
        registered.extend(page.sources.iter().map(|source| (known_by_source(&source.source_id), 0)));
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
}
