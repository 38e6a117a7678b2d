//! Confirmations of all claims with a label, as a client sees them.

use crate::running::{Running, about, assert, batch, claim, command, party};
use detente_proto::v1;
use detente_proto::v1::command::Command;
use std::collections::BTreeMap;
use tonic_types::StatusExt;
use uuid::Uuid;

fn labelled_claim(id: u128, relationship: &str, valid: &str, as_of: &str) -> v1::Command {
    let labels = vec!["dataset:panel".to_owned()];
    assert(v1::Claim { labels, as_of: as_of.to_owned(), ..claim(id, relationship, valid) })
}

fn confirm(label: &str, as_of: &str, except: &[u128]) -> v1::Command {
    let except_claim_ids = except.iter().map(|id| Uuid::from_u128(*id).to_string()).collect();
    command(Command::ConfirmClaims(v1::ConfirmClaims {
        label: label.to_owned(),
        as_of: as_of.to_owned(),
        except_claim_ids,
        unknown_external_ids: Vec::new(),
    }))
}

/// Five claims: two that go on, one left out, one that has an end, one without the label.
async fn panel() -> Running {
    let mut server = Running::in_memory().await;
    let other = assert(v1::Claim { as_of: "2020-01-01".to_owned(), ..claim(5, "AZE-RUS", "2020/..") });
    server
        .append(vec![
            party("AZE"),
            party("RUS"),
            party("ARM"),
            labelled_claim(1, "AZE-RUS", "2020/..", "2020-01-01"),
            labelled_claim(2, "ARM-RUS", "2020/..", ""),
            labelled_claim(3, "AZE-RUS", "2020/..", "2020-01-01"),
            labelled_claim(4, "AZE-RUS", "2020/2021", "2020-01-01"),
            other,
        ])
        .await;
    server
}

/// The `as_of` of every claim at a position, by its number; 0 for the head.
async fn as_of_by_claim(server: &mut Running, position: u64) -> BTreeMap<u128, String> {
    let cut = (position > 0).then_some(v1::Cut::position(position));
    let request = v1::ListClaimsRequest { cut, include_retracted: true, ..Default::default() };
    let claims = server.client.list_claims(request).await.unwrap().into_inner().claims;
    claims.into_iter().map(|claim| (claim.claim_id.parse::<Uuid>().unwrap().as_u128(), claim.as_of)).collect()
}

fn by_number(of: [&str; 5]) -> BTreeMap<u128, String> {
    (1..).zip(of.map(str::to_owned)).collect()
}

#[tokio::test]
async fn one_event_confirms_all_claims_with_a_label_that_go_on_at_cuts_that_see_it() {
    let mut server = panel().await;
    let reply = server.append(vec![confirm("dataset:panel", "2020-06-01", &[3])]).await;
    assert_eq!(reply.results.len(), 1);
    let position = reply.results[0].position;
    let before = by_number(["2020-01-01", "", "2020-01-01", "2020-01-01", "2020-01-01"]);
    let after = by_number(["2020-06-01", "2020-06-01", "2020-01-01", "2020-01-01", "2020-01-01"]);
    assert_eq!(as_of_by_claim(&mut server, position - 1).await, before);
    assert_eq!(as_of_by_claim(&mut server, 0).await, after);
    let one = v1::GetClaimRequest { claim_id: Uuid::from_u128(1).to_string(), ..Default::default() };
    let one = server.client.get_claim(one).await.unwrap().into_inner().claim.unwrap();
    assert_eq!((one.as_of.as_str(), one.revision), ("2020-06-01", 1));
    // A claim with a new state has the date of that state, until it is confirmed again.
    let revised = v1::Claim {
        as_of: "2020-03-01".to_owned(),
        labels: vec!["dataset:panel".to_owned()],
        ..claim(1, "AZE-RUS", "2020/..")
    };
    let revise = v1::ReviseClaim { claim: Some(revised), kind: v1::RevisionKind::Correction.into(), update_mask: None };
    server.append(vec![command(Command::ReviseClaim(revise))]).await;
    assert_eq!(as_of_by_claim(&mut server, 0).await[&1], "2020-03-01");
    assert_eq!(as_of_by_claim(&mut server, position).await, after);
    server.append(vec![confirm("dataset:panel", "2020-12-01", &[])]).await;
    assert_eq!(
        as_of_by_claim(&mut server, 0).await,
        by_number(["2020-12-01", "2020-12-01", "2020-12-01", "2020-01-01", "2020-01-01"])
    );
}

#[tokio::test]
async fn an_answer_tells_the_age_of_what_was_confirmed_and_a_retracted_claim_is_not() {
    let mut server = panel().await;
    let retract =
        v1::RetractClaim { claim_id: Uuid::from_u128(2).to_string(), reason: v1::RetractionReason::Wrong.into() };
    server.append(vec![command(Command::RetractClaim(retract))]).await;
    server.append(vec![confirm("dataset:panel", "2020-06-01", &[])]).await;
    assert_eq!(as_of_by_claim(&mut server, 0).await[&2], "");
    for what_if in [Vec::new(), vec![party("TUR")]] {
        let request = v1::GetStateRequest {
            filter: about("AZE-RUS"),
            mode: v1::StateMode::HoldsAt.into(),
            valid_at: "2020-06-11".to_owned(),
            what_if,
            ..Default::default()
        };
        let state = server.client.get_state(request).await.unwrap().into_inner();
        let ages: BTreeMap<u128, Option<i64>> = state
            .matches
            .iter()
            .map(|of| (of.claim.as_ref().unwrap().claim_id.parse::<Uuid>().unwrap().as_u128(), of.as_of_age_days))
            .collect();
        assert_eq!((ages[&1], ages[&3], ages[&5]), (Some(10), Some(10), Some(162)));
    }
}

#[tokio::test]
async fn the_log_tells_it_to_whoever_follows_a_claim_with_the_label_and_to_nobody_else() {
    let mut server = panel().await;
    let reply = server.append(vec![confirm("dataset:panel", "2020-06-01", &[])]).await;
    let position = reply.results[0].position;
    let none = v1::FilterItem { labels: vec!["dataset:other".to_owned()], ..Default::default() };
    for (filter, tells) in [
        (about("ARM-RUS"), true),
        (about("ARM-AZE"), false),
        (Some(v1::Filter { items: vec![none] }), false),
        (None, true),
    ] {
        let request = v1::ReadEventsRequest { filter: filter.clone(), ..Default::default() };
        let mut batches = server.client.read_events(request).await.unwrap().into_inner();
        let mut positions = Vec::new();
        while let Some(batch) = batches.message().await.unwrap() {
            positions.extend(batch.events.iter().map(|event| event.position));
        }
        assert_eq!(positions.contains(&position), tells, "{filter:?}");
    }
}

#[tokio::test]
async fn external_ids_of_which_a_confirmation_says_nothing_are_recorded_within_bounds() {
    let mut server = panel().await;
    let confirm = |unknown: Vec<String>| {
        command(Command::ConfirmClaims(v1::ConfirmClaims {
            label: "dataset:panel".to_owned(),
            as_of: "2020-06-01".to_owned(),
            except_claim_ids: Vec::new(),
            unknown_external_ids: unknown,
        }))
    };
    let position = server.append(vec![confirm(vec!["AAA-BBB".to_owned(), "é".to_owned()])]).await.results[0].position;
    let request = v1::ReadEventsRequest {
        start: Some(v1::read_events_request::Start::AfterPosition(position - 1)),
        ..Default::default()
    };
    let mut batches = server.client.read_events(request).await.unwrap().into_inner();
    let event = batches.message().await.unwrap().unwrap().events.remove(0);
    let Some(v1::event::Event::ClaimsConfirmed(confirmed)) = event.event else { panic!("{event:?}") };
    assert_eq!(confirmed.unknown_external_ids, ["AAA-BBB", "é"]);

    let ids = |count: usize, bytes: usize| (0..count).map(|nth| format!("{nth:0bytes$}")).collect::<Vec<_>>();
    let at = "commands[0].confirm_claims.unknown_external_ids";
    for (unknown, field) in [
        (vec![String::new()], format!("{at}[0]")),
        (vec!["a\0b".to_owned()], format!("{at}[0]")),
        (ids(1, 257), format!("{at}[0]")),
        (ids(10_001, 5), at.to_owned()),
        (ids(1_000, 205), at.to_owned()),
    ] {
        let refused = server.client.append(batch(vec![confirm(unknown)])).await.unwrap_err();
        assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, field, "{refused:?}");
    }
    server.append(vec![confirm(ids(10_000, 20))]).await;
}

#[tokio::test]
async fn what_goes_back_names_no_claim_or_is_supposed_is_refused_at_its_field() {
    let mut server = panel().await;
    server.append(vec![confirm("dataset:panel", "2020-06-01", &[])]).await;
    for (command, field) in [
        (confirm("dataset:panel", "2020-05", &[]), "commands[0].confirm_claims.as_of"),
        (confirm("dataset:panel", "soon", &[]), "commands[0].confirm_claims.as_of"),
        (confirm("", "2021", &[]), "commands[0].confirm_claims.label"),
        (confirm("dataset:panel", "2021", &[9]), "commands[0].confirm_claims.except_claim_ids[0]"),
    ] {
        let refused = server.client.append(batch(vec![command])).await.unwrap_err();
        let fields: Vec<String> =
            refused.get_details_bad_request().unwrap().field_violations.into_iter().map(|of| of.field).collect();
        assert_eq!(fields, [field]);
    }
    let what_if = vec![confirm("dataset:panel", "2021", &[])];
    let request = v1::GetStateRequest { what_if, valid_at: "2021".to_owned(), ..Default::default() };
    let refused = server.client.get_state(request).await.unwrap_err();
    assert!(
        refused.message().contains("suppos") || format!("{refused:?}").contains("cannot be supposed"),
        "{refused:?}"
    );
}
