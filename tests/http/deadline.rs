//! The deadline of a call over HTTP: `connect-timeout-ms`.

use crate::served::Served;
use serde_json::{Value, json};

/// A day claim of its own for each number.
fn commands(from: u32, until: u32) -> Value {
    let claim = |n: u32| {
        json!({ "assertClaim": { "claim": {
            "kind": "stance", "temporalType": "TEMPORAL_TYPE_STATE", "valid": format!("{}/..", 1000 + n),
            "texts": [{ "lang": "en", "text": "Made up." }],
            "relationships": ["AZE-RUS"], "modality": "MODALITY_ASSERTED",
        } } })
    };
    json!({ "recordedBy": "tests", "commands": (from..until).map(claim).collect::<Vec<_>>() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_ends_at_its_deadline_with_a_reason() {
    let server = Served::demo().await;
    for from in (0..9_000).step_by(3_000) {
        let (status, answer) = server.rpc("Append", &commands(from, from + 3_000)).await;
        assert_eq!(status, 200, "{answer}");
    }
    let headers = "content-type: application/json\r\nconnect-timeout-ms: 1\r\n";
    let late = server.ask("POST", "/detente.v1.LedgerService/GetTimeline", headers, "{}").await;
    let failure: Value = serde_json::from_slice(&late.body).unwrap();
    assert_eq!((late.status, failure["code"].as_str()), (504, Some("deadline_exceeded")), "{failure}");
    let details = failure["details"].as_array().unwrap();
    assert!(details.iter().any(|one| one["debug"]["reason"] == "DEADLINE_EXCEEDED"), "{failure}");
    let (status, _) = server.rpc("GetTimeline", &json!({})).await;
    assert_eq!(status, 200);
    server.end().await;
}
