//! Changes between two coordinates, over a socket: the whole form of the reply, its pages, and refusals.

use crate::running::{Running, about, assert, claim, command, party};
use detente_proto::v1;
use detente_proto::v1::ChangeReason;
use detente_proto::v1::Cut;
use detente_proto::v1::command::Command;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

fn uuid(id: u128) -> String {
    Uuid::from_u128(id).to_string()
}

fn at(cut: Cut) -> Option<v1::Coordinate> {
    Some(v1::Coordinate { cut: Some(cut), ..Default::default() })
}

fn on(valid_at: &str) -> Option<v1::Coordinate> {
    Some(v1::Coordinate { valid_at: valid_at.to_owned(), cut: None })
}

fn retract(id: u128, note: &str) -> v1::Command {
    let retract = v1::RetractClaim { claim_id: uuid(id), reason: v1::RetractionReason::Wrong.into() };
    v1::Command { note: note.to_owned(), ..command(Command::RetractClaim(retract)) }
}

/// A server with three claims; the position after them.
async fn dossier() -> (Running, u64) {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), party("TUR")]).await;
    let claims = [(1, "AZE-RUS", "2025-01/.."), (2, "AZE-RUS", "2025-03/2025-04"), (3, "AZE-TUR", "2025/..")];
    let asserted = claims.iter().map(|(id, relationship, valid)| assert(claim(*id, relationship, valid)));
    let reply = server.append(asserted.collect()).await;
    (server, reply.context.unwrap().position)
}

async fn diff(server: &mut Running, request: v1::DiffRequest) -> v1::DiffResponse {
    server.client.diff(request).await.unwrap().into_inner()
}

async fn violations(server: &mut Running, request: v1::DiffRequest) -> Vec<String> {
    let status: Status = server.client.diff(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let told = status.get_details_bad_request().unwrap().field_violations;
    told.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn a_change_tells_what_was_what_is_why_and_who_recorded_it() {
    let (mut server, before) = dossier().await;
    let recorded = server.append(vec![retract(2, "it was a draft")]).await;
    let reply = diff(&mut server, v1::DiffRequest { from: at(Cut::position(before)), ..Default::default() }).await;
    let (from, to) = (reply.from.unwrap(), reply.to.unwrap());
    assert_eq!((from.position, to.position, from.valid_at.as_str()), (before, before + 1, ""));
    assert_eq!(to.basis, recorded.context.unwrap().basis);
    let [change] = reply.changes.as_slice() else { panic!("{:?}", reply.changes) };
    assert_eq!((change.claim_id.as_str(), change.reason()), (uuid(2).as_str(), ChangeReason::Retraction));
    assert_eq!(change.changed_fields, ["retraction"]);
    let (was, is) = (change.before.as_ref().unwrap(), change.after.as_ref().unwrap());
    assert_eq!((was.revision, is.revision), (1, 2));
    assert!(was.retraction.is_none() && is.retraction.is_some());
    let cause = v1::ChangeCause {
        reason: ChangeReason::Retraction.into(),
        position: before + 1,
        recorded_at: recorded.recorded_at,
        recorded_by: "tests".into(),
        note: "it was a draft".into(),
    };
    assert_eq!(change.causes, [cause]);
    let summary = reply.summary.unwrap();
    assert_eq!((summary.changes, summary.world, summary.knowledge), (1, 0, 1));
    assert_eq!(summary.reasons, [v1::ReasonCount { reason: ChangeReason::Retraction.into(), count: 1 }]);
    assert_eq!(summary.line, "1 claim changed: 0 by the world, 1 by our knowledge (1 retraction).");
}

#[tokio::test]
async fn with_dates_it_tells_what_entered_the_state_and_what_left_it() {
    let (mut server, _) = dossier().await;
    let request = v1::DiffRequest {
        filter: about("AZE-RUS"),
        from: on("2025-03-15"),
        to: on("2025-05"),
        mode: v1::StateMode::HoldsAt.into(),
        ..Default::default()
    };
    let reply = diff(&mut server, request.clone()).await;
    assert_eq!(reply.from.unwrap().valid_at, "2025-03-15");
    let [change] = reply.changes.as_slice() else { panic!("{:?}", reply.changes) };
    assert_eq!((change.claim_id.as_str(), change.reason()), (uuid(2).as_str(), ChangeReason::TimePassed));
    assert_eq!(
        (change.certainty_before(), change.certainty_after()),
        (v1::Certainty::Possible, v1::Certainty::Unspecified)
    );
    assert!(change.before.is_some() && change.after.is_none() && change.causes.is_empty());
    let summary = reply.summary.unwrap();
    assert_eq!((summary.entered, summary.left, summary.world), (0, 1, 1));
    let events = v1::DiffRequest { mode: v1::StateMode::OccurredIn.into(), ..request };
    assert!(diff(&mut server, events).await.changes.is_empty());
}

#[tokio::test]
async fn all_pages_are_one_answer_between_the_two_bases_of_the_first() {
    let (mut server, before) = dossier().await;
    let from = server.append((10..20).map(|id| assert(claim(id, "AZE-RUS", "2025/.."))).collect()).await;
    server.append((20..35).map(|id| assert(claim(id, "AZE-RUS", "2025/.."))).collect()).await;
    // Both cuts are named by instants that later appends can fall behind.
    let cut = Cut::known_at(from.recorded_at.unwrap());
    let mut request = v1::DiffRequest { from: at(cut.clone()), page_size: 6, ..Default::default() };
    let mut found = Vec::new();
    for (nth, size) in [(0, 6), (1, 6), (2, 3)] {
        let page = diff(&mut server, request.clone()).await;
        assert_eq!((page.changes.len(), page.summary.unwrap().changes), (size, 15));
        assert_eq!((page.from.clone().unwrap().known_at, page.from.unwrap().position), (from.recorded_at, before + 10));
        assert_eq!(page.to.unwrap().position, before + 25);
        found.extend(page.changes.into_iter().map(|change| change.claim_id));
        request.page_token = page.next_page_token;
        server.append(vec![assert(claim(100 + nth, "AZE-RUS", "2025/..")), retract(20 + nth, "")]).await;
    }
    assert_eq!(request.page_token, "");
    assert_eq!(found, (20..35).map(uuid).collect::<Vec<_>>());
}

#[tokio::test]
async fn later_pages_keep_to_the_earlier_cut_of_the_first_also_where_that_was_the_head() {
    let (mut server, head) = dossier().await;
    let what_if = (20..25).map(|id| assert(claim(id, "AZE-RUS", "2025/.."))).collect();
    let from = Some(v1::Coordinate::default());
    let mut request = v1::DiffRequest { from, what_if, page_size: 2, ..Default::default() };
    for size in [2, 2, 1] {
        let page = diff(&mut server, request.clone()).await;
        assert_eq!(page.changes.len(), size);
        assert_eq!((page.from.unwrap().position, page.to.unwrap().position), (head, head));
        request.page_token = page.next_page_token;
        server.append(vec![retract(3, "")]).await;
        let reinstate = v1::ReinstateClaim { claim_id: uuid(3) };
        server.append(vec![command(Command::ReinstateClaim(reinstate))]).await;
    }
    assert_eq!(request.page_token, "");
}

#[tokio::test]
async fn what_is_supposed_and_which_reasons_are_wanted_is_asked_with_it() {
    let (mut server, _) = dossier().await;
    let head = server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner().head.unwrap();
    let request = v1::DiffRequest {
        from: at(Cut::basis(head.basis)),
        what_if: vec![retract(1, "suppose"), assert(claim(9, "AZE-TUR", "2025/.."))],
        ..Default::default()
    };
    let reply = diff(&mut server, request.clone()).await;
    let reasons: Vec<ChangeReason> = reply.changes.iter().map(v1::ClaimChange::reason).collect();
    assert_eq!(reasons, [ChangeReason::Retraction, ChangeReason::New]);
    assert_eq!(reply.changes[0].causes[0].position, head.position + 1);
    assert!(reply.to.unwrap().supposed && !reply.from.unwrap().supposed);
    let only = v1::DiffRequest { reasons: vec![ChangeReason::New.into()], ..request };
    let reply = diff(&mut server, only).await;
    assert_eq!((reply.changes.len(), reply.summary.unwrap().changes), (1, 2));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_comparison_is_reported_at_its_fields() {
    let (mut server, before) = dossier().await;
    assert_eq!(violations(&mut server, v1::DiffRequest::default()).await, ["from"]);
    let request = v1::DiffRequest {
        from: Some(v1::Coordinate { valid_at: "July".into(), cut: Some(Cut::basis("x")) }),
        to: at(Cut::basis("y")),
        mode: 9,
        reasons: vec![1, 0, 99],
        ..Default::default()
    };
    let fields = ["from.cut.basis", "from.valid_at", "to.cut.basis", "mode", "to.valid_at", "reasons[1]", "reasons[2]"];
    assert_eq!(violations(&mut server, request).await, fields);
    let one_date = v1::DiffRequest { from: at(Cut::position(0)), to: on("2025"), ..Default::default() };
    assert_eq!(violations(&mut server, one_date).await, ["from.valid_at"]);
    let reversed = v1::DiffRequest { from: at(Cut::position(before)), to: at(Cut::position(3)), ..Default::default() };
    assert_eq!(violations(&mut server, reversed).await, ["from"]);
}

#[tokio::test]
async fn a_claim_is_compared_whole_where_one_side_alone_matches() {
    let (mut server, before) = dossier().await;
    let recoded = v1::Claim { kind: "talks".into(), ..claim(1, "AZE-RUS", "2025-01/..") };
    let revise = v1::ReviseClaim { kind: v1::RevisionKind::Recoded.into(), claim: Some(recoded), ..Default::default() };
    server.append(vec![command(Command::ReviseClaim(revise))]).await;
    for kind in ["agreement", "talks"] {
        let item = v1::FilterItem { kinds: vec![kind.into()], ..Default::default() };
        let filter = Some(v1::Filter { items: vec![item] });
        let request = v1::DiffRequest { filter, from: at(Cut::position(before)), ..Default::default() };
        let reply = diff(&mut server, request).await;
        let [change] = reply.changes.as_slice() else { panic!("{:?}", reply.changes) };
        assert_eq!(
            (change.reason(), change.changed_fields.as_slice()),
            (ChangeReason::Recoded, &["kind".to_owned()][..])
        );
        assert!(change.before.is_some() && change.after.is_some());
    }
}
