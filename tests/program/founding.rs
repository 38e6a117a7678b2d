//! The founding questions, asked over gRPC of the demo ledger, and answered exactly: which claims, how surely, which fields,
//! and which nothing when there is nothing.

use crate::support::demo::Demo;
use detente_ledger::wire::json;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tonic::transport::Channel;

type Client = LedgerServiceClient<Channel>;

fn questions() -> Vec<Value> {
    let text = include_str!("../data/founding_questions.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An answer, in the terms of a question's expectation.
#[derive(Debug, Default, PartialEq)]
struct Said {
    definite: BTreeSet<String>,
    possible: BTreeSet<String>,
    emptiness: String,
    absence: String,
    reasons: BTreeMap<String, String>,
    line: String,
    claims: Vec<v1::Claim>,
}

fn seed_id(claim: &v1::Claim) -> String {
    claim.external_ids.iter().find(|id| id.scheme == "seed").map_or_else(|| claim.claim_id.clone(), |id| id.id.clone())
}

async fn ask(client: &mut Client, question: &Value) -> Said {
    match question["ask"].as_str().unwrap() {
        "state" => {
            let request: v1::GetStateRequest = json::read(question["request"].clone()).unwrap();
            let reply = client.get_state(request).await.unwrap().into_inner();
            let mut said = Said {
                emptiness: reply.emptiness().as_str_name().to_owned(),
                absence: match reply.absence_certainty() {
                    v1::Certainty::Unspecified => String::new(),
                    certainty => certainty.as_str_name().to_owned(),
                },
                ..Said::default()
            };
            for found in reply.matches {
                let claim = found.claim.clone().unwrap();
                let sure = found.certainty() == v1::Certainty::Definite;
                if sure { &mut said.definite } else { &mut said.possible }.insert(seed_id(&claim));
                said.claims.push(claim);
            }
            said
        }
        "claims" => {
            let request: v1::ListClaimsRequest = json::read(question["request"].clone()).unwrap();
            let claims = client.list_claims(request).await.unwrap().into_inner().claims;
            Said { definite: claims.iter().map(seed_id).collect(), claims, ..Said::default() }
        }
        "diff" => {
            let request: v1::DiffRequest = json::read(question["request"].clone()).unwrap();
            let reply = client.diff(request).await.unwrap().into_inner();
            let mut said = Said { line: reply.summary.unwrap().line, ..Said::default() };
            for change in reply.changes {
                let reason = change.reason().as_str_name().to_owned();
                let claim = change.after.or(change.before).unwrap();
                said.reasons.insert(seed_id(&claim), reason);
                said.claims.push(claim);
            }
            said
        }
        other => panic!("what is {other}?"),
    }
}

fn expected_answer(question: &Value) -> Said {
    let ids = |name: &str| -> BTreeSet<String> {
        let ids = question["expect"][name].as_array();
        ids.into_iter().flatten().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let text = |name: &str| question["expect"][name].as_str().unwrap_or_default().to_owned();
    let by_date = question["ask"] == "state";
    let reasons = question["expect"]["changes"].as_object().cloned().unwrap_or_default();
    Said {
        definite: ids("definite"),
        possible: ids("possible"),
        emptiness: if by_date { text("emptiness") } else { String::new() },
        absence: if by_date { text("absenceCertainty") } else { String::new() },
        reasons: reasons.into_iter().map(|(id, reason)| (id, reason.as_str().unwrap().to_owned())).collect(),
        line: text("line"),
        claims: Vec::new(),
    }
}

fn field(claim: &v1::Claim, name: &str) -> Value {
    match name {
        "revision" => claim.revision.into(),
        "retracted" => claim.retraction.is_some().into(),
        "modality" => claim.modality().as_str_name().into(),
        "status" => claim.status().as_str_name().into(),
        "disputedBy" => {
            let standing = claim.disputes.iter().filter(|dispute| dispute.resolution.is_none());
            standing.map(|dispute| dispute.disputed_by.clone()).collect::<Vec<_>>().into()
        }
        "quantities" => {
            let quantities = claim.quantities.iter();
            quantities.map(|q| serde_json::json!({ "name": q.name, "value": q.value })).collect::<Vec<_>>().into()
        }
        other => panic!("what is {other}?"),
    }
}

fn numbers_as_floats(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(numbers_as_floats).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), numbers_as_floats(value))).collect(),
        Value::Number(number) => serde_json::json!(number.as_f64()),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_founding_question_is_answered_exactly_over_grpc() {
    let mut demo = Demo::start().await;
    let questions = questions();
    for question in &questions {
        let said = ask(&mut demo.client, question).await;
        let id = &question["id"];
        let fields = question["expect"]["fields"].as_object().cloned().unwrap_or_default();
        for (seed, wanted) in fields {
            let claim =
                said.claims.iter().find(|claim| seed_id(claim) == seed).unwrap_or_else(|| panic!("{id}: no {seed}"));
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(numbers_as_floats(&field(claim, name)), numbers_as_floats(value), "{id}: {seed}: {name}");
            }
        }
        assert_eq!(
            Said { claims: Vec::new(), ..said },
            expected_answer(question),
            "{id}: {}",
            question["question"]["en"]
        );
    }
    println!("{} questions answered exactly", questions.len());
    assert_eq!(questions.len(), 29);
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_agreement_changes_later_answers_and_no_earlier_one() {
    let mut demo = Demo::start().await;
    let agreement = |cut| v1::GetStateRequest {
        filter: Some(v1::Filter {
            items: vec![v1::FilterItem {
                relationships: vec!["RUS-AZE".into()],
                kinds: vec!["agreement".into()],
                labels: vec!["ours".into()],
                ..Default::default()
            }],
        }),
        valid_at: "2026-11".into(),
        mode: v1::StateMode::HoldsAt.into(),
        cut,
        ..Default::default()
    };
    let before = demo.client.get_state(agreement(None)).await.unwrap().into_inner();
    assert_eq!(before.emptiness(), v1::Emptiness::NothingRecorded);
    let claim = v1::Claim {
        kind: "agreement".into(),
        temporal_type: v1::TemporalType::State.into(),
        texts: vec![v1::Text { lang: "ar".into(), text: "اتفاق جديد".into(), original: true }],
        relationships: vec!["AZE-RUS".into()],
        valid: "2026-11-01/..".into(),
        modality: v1::Modality::Asserted.into(),
        status: v1::Status::InForce.into(),
        labels: vec!["ours".into()],
        ..Default::default()
    };
    let assert = v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) });
    let request = v1::AppendRequest {
        request_id: "6f1d6f4e-0d6c-4f5b-9d6b-0a1b2c3d4e5f".into(),
        recorded_by: "desk".into(),
        commands: vec![v1::Command { note: String::new(), command: Some(assert) }],
        ..Default::default()
    };
    let first = demo.client.append(request.clone()).await.unwrap().into_inner();
    let again = demo.client.append(request).await.unwrap().into_inner();
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.results, again.results);
    let own = first.context.unwrap().basis;
    let cut = Some(v1::Cut::basis(own));
    let after = demo.client.get_state(agreement(cut)).await.unwrap().into_inner();
    assert_eq!(after.emptiness(), v1::Emptiness::NotEmpty);
    assert_eq!(after.matches[0].claim.as_ref().unwrap().texts[0].text, "اتفاق جديد");
    let then = v1::Cut::basis(before.context.clone().unwrap().basis);
    let earlier = demo.client.get_state(agreement(Some(then))).await.unwrap().into_inner();
    assert_eq!(earlier.emptiness(), v1::Emptiness::NothingRecorded);
    assert_eq!(earlier.context.unwrap().basis, before.context.unwrap().basis);
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arabic_text_is_found_whatever_its_diacritics_and_letter_variants() {
    let mut demo = Demo::start().await;
    for text in ["أذربيجان", "اذربيجان", "أَذْرَبيجان", "azerb", "AZERBAIJAN"] {
        let filter = v1::Filter { items: vec![v1::FilterItem { text: text.into(), ..Default::default() }] };
        let request = v1::ListClaimsRequest { filter: Some(filter), page_size: 1000, ..Default::default() };
        let found = demo.client.list_claims(request).await.unwrap().into_inner().claims;
        assert!(found.len() > 20, "{text}: {} claims", found.len());
        assert!(found.iter().all(|claim| claim.texts.len() == 2));
    }
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_up_says_so_wherever_it_is_shown() {
    let mut demo = Demo::start().await;
    let mut stream = demo.client.read_events(v1::ReadEventsRequest::default()).await.unwrap().into_inner();
    let mut later = 0;
    while let Some(batch) = stream.message().await.unwrap() {
        for event in batch.events.iter().filter(|event| event.position > 113) {
            later += 1;
            let line = json::line(event).unwrap();
            assert!(line.contains("SYNTHETIC") || line.contains("synthetic"), "position {}: {line}", event.position);
        }
    }
    assert_eq!(later, 11);
    demo.end().await;
}

fn of_seed(id: &str) -> Option<v1::Filter> {
    let external_ids = vec![v1::ExternalIdFilter { scheme: "seed".into(), id: id.into() }];
    Some(v1::Filter { items: vec![v1::FilterItem { external_ids, ..Default::default() }] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dossier_contradicts_itself_where_it_says_so_and_one_document_is_one_origin() {
    let mut demo = Demo::start().await;
    let all = v1::ListConflictsRequest::default();
    let conflicts = demo.client.list_conflicts(all).await.unwrap().into_inner().conflicts;
    let told = |conflict: &v1::Conflict| {
        (conflict.r#type(), conflict.claim.as_ref().map(seed_id), conflict.other.as_ref().map(seed_id))
    };
    let seed = |id: &str| Some(id.to_owned());
    assert_eq!(
        conflicts.iter().map(told).collect::<Vec<_>>(),
        [(v1::ConflictType::Dispute, seed("S03.2"), None), (v1::ConflictType::Link, seed("X2"), seed("S27.8")),]
    );
    let request = v1::ListCorroborationRequest { filter: of_seed("S27.8"), ..Default::default() };
    let counted = demo.client.list_corroboration(request).await.unwrap().into_inner().corroborations.remove(0);
    let (same, opposite) = (counted.same_side.unwrap(), counted.opposite_side.unwrap());
    assert_eq!((same.claims, same.reports, same.origins, same.voices), (3, 1, 1, 1));
    assert_eq!(same.origin_ids, ["founding-explainer"]);
    assert_eq!((opposite.claims, opposite.reports, opposite.voices), (1, 0, 1));
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demand_is_met_from_the_day_on_which_it_was() {
    let mut demo = Demo::start().await;
    for (valid_at, stands, by) in
        [("2025-11-17", v1::CommitmentStatus::Breached, 0), ("2025-11-18", v1::CommitmentStatus::Fulfilled, 1)]
    {
        let request =
            v1::ListCommitmentsRequest { filter: of_seed("S04.4"), valid_at: valid_at.into(), ..Default::default() };
        let found = demo.client.list_commitments(request).await.unwrap().into_inner().commitments;
        assert_eq!((found.len(), found[0].status(), found[0].settlements.len()), (1, stands, by), "{valid_at}");
    }
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_later_authority_says_takes_the_place_of_what_it_contradicts() {
    let mut demo = Demo::start().await;
    let party = |id: &str| v1::authority::Authority::PartyId(id.to_owned());
    let authorities = |ids: &[&str]| {
        let authorities = ids.iter().map(|id| v1::Authority { authority: Some(party(id)) }).collect();
        v1::perspective::View::Authorities(v1::AuthorityOrder { authorities })
    };
    let views = [
        v1::perspective::View::PartyId("DOC".into()),
        v1::perspective::View::PartyId("DESK".into()),
        authorities(&["DESK", "DOC"]),
    ];
    let item =
        v1::FilterItem { relationships: vec!["AZE-RUS".into()], kinds: vec!["agreement".into()], ..Default::default() };
    let request = v1::ComparePerspectivesRequest {
        filter: Some(v1::Filter { items: vec![item] }),
        perspectives: views.map(|view| v1::Perspective { view: Some(view) }).into(),
        valid_at: "2025-07".into(),
        ..Default::default()
    };
    let states = demo.client.compare_perspectives(request).await.unwrap().into_inner().perspectives;
    assert_eq!(
        states.iter().map(|state| (state.total, state.overruled)).collect::<Vec<_>>(),
        [(10, 0), (1, 0), (10, 1)]
    );
    let has = |state: &v1::PerspectiveState, id: &str| {
        state.matches.iter().any(|matched| matched.claim.as_ref().is_some_and(|claim| seed_id(claim) == id))
    };
    assert!(has(&states[0], "S27.8") && !has(&states[2], "S27.8") && has(&states[2], "X2"));
    demo.end().await;
}
