//! Kinds, schemes, names over time and merges as a client sees them.

use crate::running::{Running, about, assert, claim, command, party};
use detente_proto::v1;
use detente_proto::v1::command::Command;
use tonic_types::StatusExt;

fn kind(name: &str) -> v1::Kind {
    v1::Kind {
        kind: name.to_owned(),
        description: "how far the border is settled".to_owned(),
        single_valued: true,
        value: Some(v1::KindValue { part: Some(v1::kind_value::Part::Status(v1::StatusValue {})) }),
        scale: vec![v1::ScaleEntry { value: "SIGNED".to_owned(), score: 2.5 }],
        ..Default::default()
    }
}

fn scheme(name: &str) -> v1::Scheme {
    let scale = vec![v1::ScaleEntry { value: "05*".to_owned(), score: 3.5 }];
    v1::Scheme { scheme: name.to_owned(), title: "The Goldstein scale".to_owned(), scale, ..Default::default() }
}

fn register_kind(name: &str) -> v1::Command {
    command(Command::RegisterKind(v1::RegisterKind { kind: Some(kind(name)) }))
}

fn register_scheme(name: &str) -> v1::Command {
    command(Command::RegisterScheme(v1::RegisterScheme { scheme: Some(scheme(name)) }))
}

fn merge(merged: &str, survivor: &str) -> v1::Command {
    let (merged_party_id, surviving_party_id) = (merged.to_owned(), survivor.to_owned());
    command(Command::MergeParties(v1::MergeParties { merged_party_id, surviving_party_id }))
}

#[tokio::test]
async fn a_kind_and_a_scheme_come_back_with_what_the_ledger_adds() {
    let mut server = Running::in_memory().await;
    let reply = server.append(vec![register_kind("border"), register_scheme("CAMEO")]).await;
    let told: Vec<_> = reply.results.iter().map(|of| (of.kind.as_str(), of.scheme.as_str(), of.position)).collect();
    assert_eq!(told, [("border", "", 1), ("", "CAMEO", 2)]);
    let kinds = server.client.list_kinds(v1::ListKindsRequest::default()).await.unwrap().into_inner();
    let recorded = v1::Kind {
        revision: 1,
        recorded_at: reply.recorded_at,
        recorded_by: "tests".to_owned(),
        position: 1,
        ..kind("border")
    };
    assert_eq!((kinds.kinds.len(), &kinds.kinds[0]), (1, &recorded));
    assert_eq!(kinds.context.unwrap().basis, reply.context.unwrap().basis);
    let schemes = server.client.list_schemes(v1::ListSchemesRequest::default()).await.unwrap().into_inner().schemes;
    assert_eq!((schemes[0].revision, schemes[0].position, &schemes[0].scale), (1, 2, &scheme("CAMEO").scale));
    // An answer can be edited and sent back.
    let edited = v1::Kind { promise: true, ..recorded };
    server.append(vec![command(Command::ReviseKind(v1::ReviseKind { kind: Some(edited) }))]).await;
    let request = v1::ListKindsRequest { kinds: vec!["border".into()], ..Default::default() };
    let kinds = server.client.list_kinds(request).await.unwrap().into_inner().kinds;
    assert_eq!((kinds[0].promise, kinds[0].revision, kinds[0].position), (true, 2, 3));
}

#[tokio::test]
async fn lists_of_kinds_and_schemes_come_in_pages_of_one_cut() {
    let mut server = Running::in_memory().await;
    let names = ["a", "b", "c"];
    server.append(names.iter().flat_map(|name| [register_kind(name), register_scheme(name)]).collect()).await;
    let mut kinds = v1::ListKindsRequest { page_size: 2, ..Default::default() };
    let mut schemes = v1::ListSchemesRequest { page_size: 2, ..Default::default() };
    for expected in [&names[..2], &names[2..]] {
        let page = server.client.list_kinds(kinds.clone()).await.unwrap().into_inner();
        assert_eq!(page.kinds.iter().map(|kind| kind.kind.as_str()).collect::<Vec<_>>(), expected);
        kinds.page_token = page.next_page_token;
        let page = server.client.list_schemes(schemes.clone()).await.unwrap().into_inner();
        assert_eq!(page.schemes.iter().map(|scheme| scheme.scheme.as_str()).collect::<Vec<_>>(), expected);
        schemes.page_token = page.next_page_token;
        server.append(vec![register_kind(&format!("b{}", expected.len()))]).await;
    }
    assert_eq!((kinds.page_token.as_str(), schemes.page_token.as_str()), ("", ""));
}

#[tokio::test]
async fn a_date_that_cannot_be_asked_and_what_a_list_cannot_take_are_told_together() {
    let mut server = Running::in_memory().await;
    let request = v1::ListPartiesRequest {
        types: vec![99],
        valid_at: "some day".into(),
        name: "x".repeat(1025),
        ..Default::default()
    };
    let status = server.client.list_parties(request).await.unwrap_err();
    let fields = status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field);
    assert_eq!(fields.collect::<Vec<_>>(), ["types[0]", "valid_at", "name"]);
}

#[tokio::test]
async fn names_are_told_whole_and_those_of_another_time_left_out() {
    let mut server = Running::in_memory().await;
    let name = |name: &str, valid: &str| v1::PartyName {
        lang: "ru-Latn".into(),
        name: name.into(),
        r#type: v1::PartyNameType::Contested.into(),
        valid: valid.into(),
        used_by: vec!["AZE".into()],
        ..Default::default()
    };
    let names = vec![name("Stalingrad", "1925-04-10/1961-11-10"), name("Volgograd", "1961-11-10/..")];
    let city = v1::Party {
        party_id: "VOLGOGRAD".into(),
        r#type: v1::PartyType::Region.into(),
        names: names.clone(),
        ..Default::default()
    };
    let register = command(Command::RegisterParty(v1::RegisterParty { party: Some(city) }));
    server.append(vec![party("AZE"), register]).await;
    let mut request = v1::ListPartiesRequest { name: "volgograd".into(), ..Default::default() };
    let reply = server.client.list_parties(request.clone()).await.unwrap().into_inner();
    assert_eq!((reply.parties[0].names.as_slice(), reply.context.unwrap().valid_at.as_str()), (names.as_slice(), ""));
    request.valid_at = "1943".into();
    let reply = server.client.list_parties(request.clone()).await.unwrap().into_inner();
    assert_eq!(reply.parties[0].names, names[..1]);
    assert_eq!(reply.context.unwrap().valid_at, "1943");
    request.name = "stalingrad".into();
    request.valid_at = "2025-07".into();
    assert!(server.client.list_parties(request).await.unwrap().into_inner().parties.is_empty());
}

#[tokio::test]
async fn a_merged_party_answers_as_its_survivor_in_every_question() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), party("RUF"), assert(claim(1, "AZE-RUS", "2025/.."))]).await;
    let before = server.client.list_claims(v1::ListClaimsRequest::default()).await.unwrap().into_inner();
    server.append(vec![merge("RUS", "RUF")]).await;
    let claims = v1::ListClaimsRequest { filter: about("RUF-AZE"), ..Default::default() };
    let claims = server.client.list_claims(claims).await.unwrap().into_inner().claims;
    assert_eq!(claims, before.claims);
    let state = v1::GetStateRequest { filter: about("AZE-RUF"), valid_at: "2025-07".into(), ..Default::default() };
    assert_eq!(server.client.get_state(state.clone()).await.unwrap().into_inner().matches.len(), 1);
    let cut = Some(v1::Cut::basis(before.context.unwrap().basis));
    let then = server.client.get_state(v1::GetStateRequest { cut, ..state }).await.unwrap().into_inner();
    assert_eq!(then.emptiness(), v1::Emptiness::NothingRecorded);
    let request = v1::ListRelationshipsRequest { party_id: "RUS".into(), ..Default::default() };
    let found = server.client.list_relationships(request).await.unwrap().into_inner().relationships;
    assert_eq!((found[0].relationship_id.as_str(), found[0].claims, found.len()), ("AZE-RUF", 1, 1));
    let request = v1::ListPartiesRequest { party_ids: vec!["RUS".into()], ..Default::default() };
    let parties = server.client.list_parties(request).await.unwrap().into_inner().parties;
    assert_eq!((parties[0].merged_into.as_str(), parties[0].revision, parties[0].position), ("RUF", 2, 5));
}

#[tokio::test]
async fn what_does_not_fit_the_record_is_refused_at_its_fields() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), register_kind("border")]).await;
    let unmerge = command(Command::UnmergeParties(v1::UnmergeParties { merged_party_id: "RUS".into() }));
    let commands = vec![register_kind("border"), merge("RUS", "RUS"), unmerge, merge("AZE", "GEO")];
    let status = server.client.append(crate::running::batch(commands)).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    let fields = status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field);
    assert_eq!(
        fields.collect::<Vec<_>>(),
        [
            "commands[0].register_kind.kind.kind",
            "commands[1].merge_parties.surviving_party_id",
            "commands[3].merge_parties.surviving_party_id",
        ]
    );
}
