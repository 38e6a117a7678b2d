//! The recorder of what callers record: themselves, unless they may record as others.

use crate::site::{Site, append, explain, issue, recorder, register};
use detente_identity::KeyFile;
use detente_proto::v1;

const HOUR: i64 = 3600;

#[tokio::test]
async fn the_caller_is_the_recorder_over_grpc_json_and_in_a_stage() {
    let mut keys = KeyFile::default();
    let key = issue(&mut keys, "desk", HOUR).reveal();
    let site = Site::new(keys).await;
    let client = site.client(&key).await;
    client.append(append("AAA", "")).await.unwrap();
    client.append(append("BBB", "key:desk")).await.unwrap();
    let json = format!("content-type: application/json\r\nauthorization: Bearer {key}\r\n");
    let party = r#"{"partyId":"CCC","type":"PARTY_TYPE_STATE","names":[{"lang":"en","name":"C"}]}"#;
    let body = format!(r#"{{"commands":[{{"registerParty":{{"party":{party}}}}}]}}"#);
    let answer = site.post("/detente.v1.LedgerService/Append", &json, &body).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let id = uuid::Uuid::from_u128(5).to_string();
    let opening = v1::OpenStageRequest { request_id: id.clone(), ..Default::default() };
    assert_eq!(client.open_stage(opening.clone()).await.unwrap().recorded_by, "key:desk");
    client.open_stage(opening).await.unwrap();
    let commands = vec![register("DDD")];
    client.stage_commands(v1::StageCommandsRequest { stage_id: id.clone(), first_command: 0, commands }).await.unwrap();
    client.commit_stage(v1::CommitStageRequest { stage_id: id, ..Default::default() }).await.unwrap();
    for party in ["AAA", "BBB", "CCC", "DDD"] {
        assert_eq!(recorder(&client, party).await, "key:desk", "{party}");
    }
    site.end().await;
}

#[tokio::test]
async fn another_name_needs_a_permission_and_a_repeated_request_is_the_same_caller_s() {
    let mut keys = KeyFile::default();
    let [desk, importer] = ["desk", "importer"].map(|holder| issue(&mut keys, holder, HOUR).reveal());
    let site = Site::new(keys).await;
    let (desk, importer) = (site.client(&desk).await, site.client(&importer).await);
    let error = desk.append(append("AAA", "archivist")).await.unwrap_err();
    let (reason, words) = explain(&error);
    assert!(reason == "GRANT_MISSING" && words.contains("leave recorded_by empty"), "{reason} {words}");
    assert_eq!(error.refusal().unwrap().metadata["grant"], "record_as");
    let opening = v1::OpenStageRequest {
        request_id: uuid::Uuid::from_u128(5).to_string(),
        recorded_by: "archivist".into(),
        ..Default::default()
    };
    assert_eq!(explain(&desk.open_stage(opening).await.unwrap_err()).0, "GRANT_MISSING");
    importer.append(append("BBB", "archivist")).await.unwrap();
    assert_eq!(recorder(&desk, "BBB").await, "archivist");
    let request = v1::AppendRequest { request_id: uuid::Uuid::from_u128(6).to_string(), ..append("CCC", "") };
    assert!(!desk.append(request.clone()).await.unwrap().replayed);
    assert!(desk.append(request.clone()).await.unwrap().replayed);
    assert_eq!(explain(&importer.append(request).await.unwrap_err()).0, "REQUEST_ID_REUSED", "another recorder");
    site.end().await;
}
