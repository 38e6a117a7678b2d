//! The Connect protocol: the same services, limits and errors, as JSON and in binary, over both versions of HTTP.

mod by_get;
mod client;
mod standard;
mod streams;
mod unary;

use crate::served::Served;
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_proto::v1;
use serde_json::{Value, json};

const JSON: &str = "content-type: application/json\r\n";

impl Served {
    /// Calls an rpc with JSON; the status and the answer.
    pub(crate) async fn rpc(&self, name: &str, request: &Value) -> (u16, Value) {
        let path = format!("/detente.v1.LedgerService/{name}");
        let answer = self.ask("POST", &path, JSON, &request.to_string()).await;
        assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }
}

#[tokio::test]
async fn the_founding_question_is_answered_as_over_grpc() {
    let mut server = Served::demo().await;
    let question = json!({
        "filter": { "items": [{ "relationships": ["AZE-RUS"], "kinds": ["agreement"] }] },
        "validAt": "2025-07", "mode": "STATE_MODE_HOLDS_AT", "cut": { "knownAt": "2025-08-02T00:00:00Z" },
    });
    let (status, answer) = server.rpc("GetState", &question).await;
    assert_eq!((status, answer["emptiness"].as_str()), (200, Some("EMPTINESS_RECORDED_ABSENCE")));
    let item = v1::FilterItem {
        relationships: vec!["AZE-RUS".to_owned()],
        kinds: vec!["agreement".to_owned()],
        ..Default::default()
    };
    let request = v1::GetStateRequest {
        filter: Some(v1::Filter { items: vec![item] }),
        valid_at: "2025-07".to_owned(),
        mode: v1::StateMode::HoldsAt.into(),
        cut: Some(v1::Cut::known_at("2025-08-02T00:00:00Z".parse().unwrap())),
        ..Default::default()
    };
    let over_grpc = server.client.get_state(request).await.unwrap().into_inner();
    let ids: Vec<&str> =
        over_grpc.matches.iter().map(|found| found.claim.as_ref().unwrap().claim_id.as_str()).collect();
    let in_json = answer["matches"].as_array().unwrap().iter().map(|found| found["claim"]["claimId"].as_str().unwrap());
    assert_eq!(in_json.collect::<Vec<_>>(), ids);
    assert_eq!(answer["context"]["basis"], over_grpc.context.unwrap().basis);
    server.end().await;
}

#[tokio::test]
async fn an_error_has_the_code_the_reason_and_every_violation() {
    let server = Served::demo().await;
    let wrong = json!({ "filter": { "items": [{ "relationships": ["RUS"] }] }, "validAt": "July 2025" });
    let (status, failure) = server.rpc("GetState", &wrong).await;
    assert_eq!((status, failure["code"].as_str()), (400, Some("invalid_argument")));
    let details = failure["details"].as_array().unwrap();
    let debug = |name: &str| &details.iter().find(|one| one["type"] == name).unwrap()["debug"];
    assert_eq!(debug("google.rpc.ErrorInfo")["reason"], "INVALID_REQUEST");
    assert_eq!(debug("google.rpc.BadRequest")["fieldViolations"].as_array().unwrap().len(), 2);
    for (rpc, request, expected) in [
        ("GetClaim", json!({ "claimId": "019862ed-ac00-7000-8000-0000000fffff" }), (404, "not_found")),
        ("GetState", json!({ "cut": { "position": "999999" } }), (400, "out_of_range")),
        ("GetState", json!({ "validat": "2025" }), (400, "invalid_argument")),
        ("NoSuchRpc", json!({}), (404, "unimplemented")),
        ("Subscribe", json!({}), (415, "unimplemented")),
    ] {
        let (status, failure) = server.rpc(rpc, &request).await;
        assert_eq!((status, failure["code"].as_str().unwrap()), expected, "{rpc} {request}");
    }
    server.end().await;
}

#[tokio::test]
async fn limits_are_those_of_grpc() {
    let limits = Limits { request_bytes: 1024, ..Limits::default() };
    let server = Served::empty_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    let large = json!({ "pageToken": "x".repeat(1024) }).to_string();
    let path = "/detente.v1.LedgerService/GetState";
    let answer = server.ask("POST", path, JSON, &large).await;
    let failure: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, failure["code"].as_str()), (429, Some("resource_exhausted")));
    let hurried = format!("{JSON}connect-timeout-ms: soon\r\n");
    assert_eq!(server.ask("POST", path, &hurried, "{}").await.status, 400);
    let unhurried = format!("{JSON}connect-timeout-ms: 30000\r\nconnect-protocol-version: 1\r\n");
    assert_eq!(server.ask("POST", path, &unhurried, "{}").await.status, 200);
    server.end().await;
}

#[tokio::test]
async fn what_is_recorded_as_json_is_recorded_once_and_read_back() {
    let server = Served::empty().await;
    let party = |id: &str| {
        json!({ "registerParty": { "party": { "partyId": id, "type": "PARTY_TYPE_STATE",
        "names": [{ "lang": "ar", "name": "طرف" }] } } })
    };
    let append = json!({ "requestId": "0198c0de-7a3b-7c54-9f21-3d2f8e6b1a90", "recordedBy": "tests",
        "commands": [party("AAA"), party("BBB")] });
    let (status, first) = server.rpc("Append", &append).await;
    // Fields at their default are left out, as canonical proto3 JSON has it.
    assert_eq!((status, first.get("replayed")), (200, None));
    let (_, again) = server.rpc("Append", &append).await;
    assert_eq!((again["replayed"].as_bool(), &again["context"]), (Some(true), &first["context"]));
    let (_, parties) = server.rpc("ListParties", &json!({})).await;
    assert_eq!(parties["parties"][0]["names"][0]["name"], "طرف");
    assert_eq!(parties["parties"][0].get("mergedInto"), None);
    assert_eq!(parties.get("nextPageToken"), None);
    server.end().await;
}

#[tokio::test]
async fn empty_elements_by_the_million_are_refused_as_json_too() {
    let server = Served::demo().await;
    let commands = format!(r#"{{"recordedBy":"x","commands":[{}{{}}]}}"#, "{},".repeat(5_000_000));
    let filter = format!(r#"{{"filter":{{"items":[{}{{}}]}}}}"#, "{},".repeat(5_000_000));
    for (rpc, body, field) in [("Append", commands, "commands"), ("GetState", filter, "filter.items")] {
        let answer = server.ask("POST", &format!("/detente.v1.LedgerService/{rpc}"), JSON, &body).await;
        let failure: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, failure["code"].as_str()), (429, Some("resource_exhausted")), "{failure}");
        let said = failure["message"].as_str().unwrap();
        assert!(said.starts_with(field) && said.contains("at most 10000 are allowed"), "{said}");
    }
    server.end().await;
}
