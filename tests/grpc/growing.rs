//! Replies about one thing of which ever more is recorded. No entry of a reply exceeds what every client reads by
//! default. The entry says how much more there is, and the rest is available page by page.

use crate::running::{Running, assert, claim, command, party};
use detente_proto::v1::command::Command;
use detente_proto::v1::{self, Claim, Dispute};
use prost::Message;
use std::collections::BTreeSet;
use tonic::Response;
use uuid::Uuid;

/// The largest message that gRPC libraries accept by default.
const MOST: usize = 4 << 20;
const HUB: u128 = 1;
/// One more than an answer lists on one entry, and several pages.
const MANY: u128 = 330;

fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn dispute(number: u128, statement: &str) -> v1::Command {
    command(Command::DisputeClaim(v1::DisputeClaim {
        claim_id: id(HUB),
        dispute_id: id(number),
        disputed_by: "RUS".to_owned(),
        statement: statement.to_owned(),
        counter_claim_id: String::new(),
    }))
}

fn resolve(number: u128) -> v1::Command {
    let outcome = v1::DisputeOutcome::Settled.into();
    command(Command::ResolveDispute(v1::ResolveDispute { claim_id: id(HUB), dispute_id: id(number), outcome }))
}

/// Commands with notes that are as long as notes may be.
fn with_notes(commands: impl Iterator<Item = v1::Command>) -> Vec<v1::Command> {
    commands.map(|command| v1::Command { note: "n".repeat(4096), ..command }).collect()
}

/// A ledger with one claim that is disputed very often, in long words; most disputes were settled.
async fn disputed_ledger() -> Running {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), assert(claim(HUB, "AZE-RUS", "2025-01-01/.."))]).await;
    for some in (1000..1000 + MANY).collect::<Vec<_>>().chunks(100) {
        server.append(with_notes(some.iter().map(|number| dispute(*number, &"s".repeat(16 << 10))))).await;
    }
    server.append(with_notes((1000..1200).map(resolve))).await;
    server
}

/// A reply that every client can read.
fn small<T: Message>(reply: Response<T>) -> T {
    let reply = reply.into_inner();
    assert!(reply.encoded_len() < MOST, "{} bytes", reply.encoded_len());
    reply
}

fn standing(disputes: &[Dispute]) -> usize {
    disputes.iter().filter(|dispute| dispute.resolution.is_none()).count()
}

fn assert_shortened(claim: &Claim) {
    assert!(claim.encoded_len() < 160 << 10, "{} bytes", claim.encoded_len());
    let unlisted = (claim.unlisted_disputes as usize, claim.unlisted_standing_disputes as usize);
    let listed = (claim.disputes.len(), standing(&claim.disputes));
    assert_eq!((listed.0 + unlisted.0, listed.1 + unlisted.1), (330, 130), "{listed:?} {unlisted:?}");
    assert!(listed.0 > 0 && listed.0 == listed.1, "those that stand come first: {listed:?}");
    assert_eq!(claim.disputes.last().unwrap().dispute_id, id(1000 + MANY - 1), "the last one is listed");
}

#[tokio::test]
async fn a_claim_lists_the_last_of_its_disputes_and_counts_the_others_in_every_answer() {
    let mut server = disputed_ledger().await;
    let client = &mut server.client;
    let claim_id = id(HUB);
    let request = v1::GetClaimRequest { claim_id: claim_id.clone(), ..Default::default() };
    assert_shortened(&small(client.get_claim(request).await.unwrap()).claim.unwrap());
    let request = v1::GetStateRequest { valid_at: "2025-06-01".to_owned(), ..Default::default() };
    let state = small(client.get_state(request).await.unwrap());
    assert_shortened(state.matches[0].claim.as_ref().unwrap());
    let listed = small(client.list_claims(v1::ListClaimsRequest::default()).await.unwrap());
    assert_shortened(&listed.claims[0]);
    let timeline = small(client.get_timeline(v1::GetTimelineRequest::default()).await.unwrap());
    assert_shortened(&timeline.claims[0]);
    let from = Some(v1::Coordinate { cut: Some(v1::Cut::position(3)), ..Default::default() });
    let diff = small(client.diff(v1::DiffRequest { from, ..Default::default() }).await.unwrap());
    let change = &diff.changes[0];
    assert_shortened(change.after.as_ref().unwrap());
    assert_eq!(change.causes.len() + change.unlisted_causes as usize, 130, "what stands still has an effect");
    assert!(change.unlisted_causes > 0 && change.causes.iter().map(Message::encoded_len).sum::<usize>() < 80 << 10);
    assert_eq!(change.causes.last().unwrap().position, 3 + u64::try_from(MANY).unwrap());
}

#[tokio::test]
async fn all_disputes_of_a_claim_are_there_page_by_page() {
    let mut server = disputed_ledger().await;
    let mut conflicts = BTreeSet::new();
    let mut request = v1::ListConflictsRequest {
        types: vec![v1::ConflictType::Dispute.into()],
        page_size: 1000,
        ..Default::default()
    };
    loop {
        let page = small(server.client.list_conflicts(request.clone()).await.unwrap());
        for conflict in page.conflicts {
            let dispute = conflict.dispute.unwrap();
            assert_eq!((dispute.dispute_id.as_str(), dispute.statement.len()), (&*conflict.dispute_id, 16 << 10));
            assert!(dispute.resolution.is_none() && conflicts.insert(dispute.dispute_id));
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(conflicts, (1200..1000 + MANY).map(id).collect());
    let (mut begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
    let mut request = v1::ListRevisionsRequest { claim_id: id(HUB), page_size: 1000, ..Default::default() };
    loop {
        let page = small(server.client.list_revisions(request.clone()).await.unwrap());
        for revision in page.revisions {
            let Some(dispute) = revision.dispute else { continue };
            assert_eq!(revision.changed_fields, ["disputes"], "{}", dispute.dispute_id);
            let of_event = if dispute.resolution.is_some() { &mut ended } else { &mut begun };
            assert!(of_event.insert(dispute.dispute_id));
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((begun, ended), ((1000..1000 + MANY).map(id).collect(), (1000..1200).map(id).collect()));
}

#[tokio::test]
async fn what_settles_a_promise_is_counted_where_it_is_too_much_to_list() {
    let mut server = Running::in_memory().await;
    let promise = v1::Claim { due: "2025-07-01".to_owned(), ..claim(HUB, "AZE-RUS", "2025-01-01/..") };
    server.append(vec![party("AZE"), party("RUS"), assert(promise)]).await;
    let link = v1::Link { r#type: v1::LinkType::Fulfils.into(), claim_id: id(HUB) };
    let kept = |number| assert(Claim { links: vec![link.clone()], ..claim(number, "AZE-RUS", "2025-02-01/..") });
    server.append((10..1210).map(kept).collect()).await;
    let request = v1::ListCommitmentsRequest { valid_at: "2025-06-01".to_owned(), ..Default::default() };
    let commitments = small(server.client.list_commitments(request).await.unwrap()).commitments;
    assert_eq!((commitments[0].settlements.len(), commitments[0].unlisted_settlements), (1000, 200));
    assert_eq!(commitments[0].settlements.last().unwrap().claim_id, id(1209), "the last ones are listed");
}

#[tokio::test]
async fn a_party_names_the_first_of_those_it_answers_for_and_the_others_are_found_by_it() {
    let mut server = Running::in_memory().await;
    let merged: Vec<String> = (0..1100).map(|number| format!("P{number:04}")).collect();
    server.append(merged.iter().map(|id| party(id)).chain([party("RUS"), party("AZE")]).collect()).await;
    let merge = |id: &String| {
        let (merged_party_id, surviving_party_id) = (id.clone(), "RUS".to_owned());
        command(Command::MergeParties(v1::MergeParties { merged_party_id, surviving_party_id }))
    };
    server.append(merged.iter().map(merge).collect()).await;
    let parties = small(server.client.list_parties(v1::ListPartiesRequest::default()).await.unwrap()).parties;
    let survivor = parties.iter().find(|party| party.party_id == "RUS").unwrap();
    assert_eq!((survivor.merged_party_ids.len(), survivor.unlisted_merged_parties), (1000, 100));
    let by_name = v1::ListPartiesRequest { name: "P1099".to_owned(), ..Default::default() };
    let found = small(server.client.list_parties(by_name).await.unwrap()).parties;
    assert_eq!(found[0].party_id, "RUS", "one that is not listed is found all the same");
    let mut request = v1::ListPartiesRequest { merged_into: "RUS".to_owned(), page_size: 400, ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = small(server.client.list_parties(request.clone()).await.unwrap());
        assert!(page.parties.iter().all(|party| party.merged_into == "RUS"));
        found.extend(page.parties.into_iter().map(|party| party.party_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, merged);
    let of_none = v1::ListPartiesRequest { merged_into: "AZE".to_owned(), ..Default::default() };
    assert_eq!(small(server.client.list_parties(of_none).await.unwrap()).parties, []);
}

#[tokio::test]
async fn all_cursors_are_one_reply_however_much_their_filters_say() {
    let mut server = Running::in_memory().await;
    let labels = (0..60).map(|nth| format!("{nth:02}{}", "l".repeat(120))).collect();
    let item = v1::FilterItem { labels, ..Default::default() };
    let filter = Some(v1::Filter { items: vec![item] });
    let mut made = 0;
    let refused = loop {
        let cursor_id = format!("cursor-{made}");
        let request = v1::CreateCursorRequest { cursor_id, filter: filter.clone(), ..Default::default() };
        match server.client.create_cursor(request).await {
            Ok(_) => made += 1,
            Err(status) => break status,
        }
    };
    let said = (refused.message(), String::from_utf8_lossy(refused.details()));
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{said:?}");
    assert!(said.1.contains("LIMIT_EXCEEDED") && said.0.contains("delete a cursor"), "{said:?}");
    assert!(made > 400, "{made}");
    let listed = small(server.client.list_cursors(v1::ListCursorsRequest {}).await.unwrap());
    assert_eq!(listed.cursors.len(), made);
    let plain = v1::CreateCursorRequest { cursor_id: "plain".to_owned(), ..Default::default() };
    server.client.create_cursor(plain).await.unwrap();
}
