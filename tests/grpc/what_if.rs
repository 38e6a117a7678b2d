//! Suppositions over a socket: answered, marked, paged and refused like anything else, and never recorded.

#![allow(clippy::field_reassign_with_default, reason = "the macro sets one field of whatever request it is given")]

use crate::running::{Running, about, assert, claim, command};
use detente_proto::v1;
use detente_proto::v1::command::Command;
use tonic::Code;
use tonic_types::StatusExt;

fn question(what_if: Vec<v1::Command>) -> v1::GetStateRequest {
    v1::GetStateRequest { filter: about("AZE-RUS"), valid_at: "2025-07".into(), what_if, ..Default::default() }
}

#[tokio::test]
async fn a_state_with_a_supposed_claim_has_it_and_says_that_it_is_supposed() {
    let mut server = Running::in_memory().await;
    server.append(vec![crate::running::party("AZE"), crate::running::party("RUS")]).await;
    let supposed = question(vec![assert(claim(1, "AZE-RUS", "2025-07-02"))]);
    let reply = server.client.get_state(supposed).await.unwrap().into_inner();
    assert_eq!(reply.matches.len(), 1);
    let context = reply.context.clone().unwrap();
    assert!(context.supposed);
    assert_eq!(reply.matches[0].claim.as_ref().unwrap().recorded_by, "supposed");
    assert_eq!(reply.emptiness(), v1::Emptiness::NotEmpty);

    let plain = server.client.get_state(question(Vec::new())).await.unwrap().into_inner();
    assert_eq!(plain.emptiness(), v1::Emptiness::NothingRecorded);
    let plain = plain.context.unwrap();
    assert!(!plain.supposed);
    assert_eq!(plain.basis, context.basis, "the basis is that of the record");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn pages_of_a_supposed_answer_name_a_claim_without_an_id_alike() {
    let mut server = Running::in_memory().await;
    server.append(vec![crate::running::party("AZE"), crate::running::party("RUS")]).await;
    let nameless = |day: &str| assert(v1::Claim { claim_id: String::new(), ..claim(1, "AZE-RUS", day) });
    let what_if = vec![nameless("2025-07-01"), nameless("2025-07-02"), nameless("2025-07-03")];
    let all = server.client.get_state(question(what_if.clone())).await.unwrap().into_inner();
    let ids = |reply: &v1::GetStateResponse| -> Vec<String> {
        reply.matches.iter().map(|matched| matched.claim.as_ref().unwrap().claim_id.clone()).collect()
    };
    let mut paged = Vec::new();
    let mut request = v1::GetStateRequest { page_size: 1, ..question(what_if) };
    loop {
        let page = server.client.get_state(request.clone()).await.unwrap().into_inner();
        paged.extend(ids(&page));
        request.page_token.clone_from(&page.next_page_token);
        if page.next_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged.len(), 3);
    assert_eq!(paged, ids(&all));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_supposition_that_could_not_be_recorded_is_refused_with_its_place() {
    let mut server = Running::in_memory().await;
    let fields = |status: tonic::Status| -> Vec<String> {
        let details = status.get_details_bad_request().unwrap();
        details.field_violations.into_iter().map(|violation| violation.field).collect()
    };
    let unregistered = question(vec![assert(claim(1, "AZE-RUS", "2025-07-02"))]);
    let status = server.client.get_state(unregistered).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.get_details_error_info().unwrap().reason, "COMMAND_REJECTED");
    assert!(fields(status).iter().all(|field| field.starts_with("what_if[0].assert_claim.claim.")));

    let wrong = v1::Claim { kind: "Not a word".into(), ..claim(1, "AZE-RUS", "2025-07-02") };
    let status = server.client.get_state(question(vec![assert(wrong)])).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(fields(status), ["what_if[0].assert_claim.claim.kind"]);

    let many = vec![command(Command::WithdrawSource(v1::WithdrawSource::default())); 101];
    let status = server.client.get_state(question(many)).await.unwrap_err();
    assert_eq!(fields(status), ["what_if"]);
    server.stop().await.unwrap();
}

/// A reply in words, without when it was recorded and without its context.
macro_rules! told {
    ($server:ident, $what_if:expr, $($method:ident($request:expr)),* $(,)?) => {
        vec![$({
            let mut request = $request;
            request.what_if = $what_if.clone();
            let mut reply = $server.client.$method(request).await.unwrap().into_inner();
            let context = reply.context.take().unwrap();
            (stringify!($method), context.supposed, without_recorded_at(&format!("{reply:?}")))
        }),*]
    };
}

fn without_recorded_at(reply: &str) -> String {
    let mut parts = reply.split("recorded_at: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.trim_start_matches("Some(Timestamp { ").trim_start_matches(|c| c != '}'))
}

/// Commands that change every answer: a kind and a scheme with a scale, parties, one of them merged, and two promises with
/// different values where there can be one.
fn a_whole_story() -> Vec<v1::Command> {
    let value = v1::KindValue { part: Some(v1::kind_value::Part::Status(v1::StatusValue {})) };
    let kind = v1::Kind {
        kind: "border_status".into(),
        single_valued: true,
        value: Some(value),
        promise: true,
        ..Default::default()
    };
    let scale = vec![v1::ScaleEntry { value: "1".into(), score: 2.5 }];
    let scheme = v1::Scheme { scheme: "X".into(), scale, ..Default::default() };
    let promise = |id, status: v1::Status| {
        assert(v1::Claim {
            kind: "border_status".into(),
            status: status.into(),
            codes: vec![v1::Code { scheme: "X".into(), code: "1".into() }],
            due: "2025-09".into(),
            attribution: vec![v1::Attribution {
                party_id: "RUS".into(),
                role: v1::AttributionRole::Speaker.into(),
                ..Default::default()
            }],
            sources: vec![v1::Citation { source_id: "gazette".into(), ..Default::default() }],
            ..claim(id, "AZE-RUS", "2025-02-03/..")
        })
    };
    let merge = v1::MergeParties { merged_party_id: "RUS".into(), surviving_party_id: "RUF".into() };
    vec![
        command(Command::RegisterKind(v1::RegisterKind { kind: Some(kind) })),
        command(Command::RegisterScheme(v1::RegisterScheme { scheme: Some(scheme) })),
        crate::running::party("RUF"),
        crate::running::source("gazette"),
        promise(1, v1::Status::InForce),
        promise(2, v1::Status::Suspended),
        command(Command::MergeParties(merge)),
    ]
}

/// Every read that supposes, asked in the name of the survivor.
async fn all_reads(server: &mut Running, what_if: &[v1::Command]) -> Vec<(&'static str, bool, String)> {
    let what_if = what_if.to_vec();
    let id = || uuid::Uuid::from_u128(1).to_string();
    let (from, until) = (|| "2025-01".to_owned(), || "2025-12".to_owned());
    let view = v1::Perspective { view: Some(v1::perspective::View::PartyId("RUF".into())) };
    let filter = || about("AZE-RUF");
    let mut told = told!(
        server,
        what_if,
        get_state(v1::GetStateRequest { filter: filter(), valid_at: from(), ..Default::default() }),
        get_claim(v1::GetClaimRequest { claim_id: id(), ..Default::default() }),
        list_revisions(v1::ListRevisionsRequest { claim_id: id(), ..Default::default() }),
        list_claims(v1::ListClaimsRequest { filter: filter(), ..Default::default() }),
        list_parties(v1::ListPartiesRequest::default()),
        list_sources(v1::ListSourcesRequest::default()),
        list_relationships(v1::ListRelationshipsRequest::default()),
        list_kinds(v1::ListKindsRequest::default()),
        list_schemes(v1::ListSchemesRequest::default()),
        list_upcoming(v1::ListUpcomingRequest { filter: filter(), from: from(), until: until(), ..Default::default() }),
        get_timeline(v1::GetTimelineRequest { filter: filter(), ..Default::default() }),
        get_series(v1::GetSeriesRequest {
            filter: filter(),
            from: from(),
            until: until(),
            scheme: "X".into(),
            ..Default::default()
        }),
        compare_perspectives(v1::ComparePerspectivesRequest { perspectives: vec![view], ..Default::default() }),
        list_conflicts(v1::ListConflictsRequest { filter: filter(), ..Default::default() }),
        list_corroboration(v1::ListCorroborationRequest { filter: filter(), ..Default::default() }),
        list_commitments(v1::ListCommitmentsRequest { filter: filter(), ..Default::default() }),
        list_gaps(v1::ListGapsRequest { filter: filter(), ..Default::default() }),
    );
    let from = Some(v1::Coordinate { cut: Some(v1::Cut::position(2)), ..Default::default() });
    let reply = server.client.diff(v1::DiffRequest { from, what_if, ..Default::default() }).await.unwrap().into_inner();
    let changes = format!("{:?}", (&reply.changes, &reply.summary));
    told.push(("diff", reply.to.unwrap().supposed, without_recorded_at(&changes)));
    told
}

#[tokio::test]
async fn every_read_answers_what_is_supposed_as_if_it_were_recorded() {
    let mut server = Running::in_memory().await;
    server.append(vec![crate::running::party("AZE"), crate::running::party("RUS")]).await;
    let story = a_whole_story();
    let supposed = all_reads(&mut server, &story).await;
    let recording =
        v1::AppendRequest { recorded_by: "supposed".into(), commands: story, ..crate::running::batch(Vec::new()) };
    server.client.append(recording).await.unwrap();
    let recorded = all_reads(&mut server, &[]).await;
    for ((method, marked, supposed), (_, unmarked, recorded)) in supposed.iter().zip(&recorded) {
        assert!(*marked && !*unmarked, "{method} says whether it supposes");
        assert_eq!(supposed, recorded, "{method}");
    }
    let told = |method: &str| &supposed.iter().find(|(of, ..)| *of == method).unwrap().2;
    for (method, expected) in [
        ("list_parties", "merged_party_ids: [\"RUS\"]"),
        ("list_relationships", "AZE-RUF"),
        ("list_conflicts", "SUSPENDED"),
        ("get_series", "Some(2.5)"),
        ("list_commitments", "days_past_due"),
        ("list_upcoming", "claim_id"),
        ("compare_perspectives", "total: 2"),
        ("list_corroboration", "gazette"),
        ("list_gaps", "gazette"),
        ("diff", "2 claims changed"),
    ] {
        assert!(told(method).contains(expected), "{method}: {}", told(method));
    }
    server.stop().await.unwrap();
}

#[test]
fn every_read_of_claims_takes_suppositions() {
    let pool = prost_reflect::DescriptorPool::decode(detente_proto::DESCRIPTOR).unwrap();
    let service = pool.get_service_by_name("detente.v1.LedgerService").unwrap();
    let takes_none: Vec<String> = service
        .methods()
        .filter(|method| method.input().get_field_by_name("what_if").is_none())
        .map(|method| method.name().to_owned())
        .collect();
    let of_the_log = ["Append", "ReadEvents", "GetServerInfo", "Subscribe"];
    let of_places = ["CreateCursor", "AcknowledgeCursor", "ListCursors", "DeleteCursor", "WatchClock"];
    let of_stages = ["OpenStage", "StageCommands", "CommitStage", "GetStage", "ListStages", "DropStage"];
    assert_eq!(takes_none, [&of_the_log[..], &of_places[..], &of_stages[..]].concat());
}
