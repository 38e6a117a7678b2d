//! `docs/openapi.json` held against the server: it is what is served, and what it says of every path is so.

use crate::schema::violation;
use crate::served::Served;
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

/// The parameters that a flat query of each route needs so that its answer has something in it.
const NEEDED: [(&str, &str); 6] = [
    ("claim", "claim_id=019862ed-ac00-7000-8000-000000000302"),
    ("revisions", "claim_id=019862ed-ac00-7000-8000-000000001601"),
    ("diff", "from_known_at=2025-08-02"),
    ("series", "from=2025-01&until=2025-08&bucket=month"),
    ("upcoming", "from=2025-01&until=2025-12"),
    ("timeline", "from=2025-01&until=2025-08"),
];

fn read_document() -> Value {
    serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap()
}

fn needed_parameters(route: &str) -> &'static str {
    NEEDED.iter().find(|(name, _)| *name == route).map_or("", |(_, query)| query)
}

/// A document without the words of the proto files' comments, which may be said better without the contract changing.
fn without_comments(mut document: Value) -> Value {
    match &mut document {
        Value::Object(fields) => {
            let is_said = |name: &String, value: &Value| name == "description" && value.is_string();
            fields.retain(|name, value| !is_said(name, value));
            fields.values_mut().for_each(|value| *value = without_comments(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_comments(item.take())),
        _ => {}
    }
    document
}

#[tokio::test]
async fn the_file_is_what_is_served_but_for_comments() {
    let server = Served::empty().await;
    let served = server.json("/api/v1/openapi.json").await;
    let (file, served) = (without_comments(read_document()), without_comments(served));
    assert!(file == served, "renew it: curl -o docs/openapi.json http://127.0.0.1:7443/api/v1/openapi.json");
    server.end().await;
}

#[tokio::test]
async fn every_flat_query_answers_as_its_schema_says_and_takes_every_parameter() {
    let server = Served::demo().await;
    let document = read_document();
    let mut routes = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(route) = path.strip_prefix("/api/v1/").filter(|route| *route != "feed") else { continue };
        routes += 1;
        let query = needed_parameters(route);
        let answer = server.json(&format!("{path}?{query}")).await;
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(violation(&document, schema, &answer, route), None);
        for parameter in item["get"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let sample = match (parameter["schema"]["type"].as_str().unwrap(), name) {
                ("integer", _) => "1",
                ("boolean", _) => "true",
                (_, "format") => "csv",
                (_, "external_id" | "code") => "a:b",
                _ => "2025-01-01",
            };
            let answer = server.ask("GET", &format!("{path}?{name}={sample}"), "", "").await;
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!body.contains("not known here"), "{path} does not take {name}: {body}");
            if answer.status != 200 {
                let failure = serde_json::from_str(&body).unwrap();
                let schema = json!({ "$ref": "#/components/schemas/Failure" });
                assert_eq!(violation(&document, &schema, &failure, name), None);
            }
        }
        let unknown = server.ask("GET", &format!("{path}?colour=red"), "", "").await;
        assert_eq!(unknown.status, 400, "{path} takes what is not in the document");
    }
    assert!(routes >= 15, "{routes}");
    server.end().await;
}

#[tokio::test]
async fn every_rpc_is_there_and_answers_as_its_schema_says() {
    let server = Served::demo().await;
    let document = read_document();
    let mut answered = 0;
    let mut rpcs = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(rpc) = path.strip_prefix("/detente.v1.LedgerService/") else { continue };
        rpcs.push(rpc.to_owned());
        let request = match rpc {
            "GetClaim" | "ListRevisions" => json!({ "claimId": "019862ed-ac00-7000-8000-000000001601" }),
            "GetSeries" => json!({ "from": "2025-01", "until": "2025-08", "bucket": "BUCKET_MONTH" }),
            _ => json!({}),
        };
        let (status, answer) = server.rpc(rpc, &request).await;
        let responses = &item["post"]["responses"];
        let response = if status == 200 { &responses["200"] } else { &responses["default"] };
        answered += u32::from(status == 200);
        assert_eq!(violation(&document, &response["content"]["application/json"]["schema"], &answer, rpc), None);
        let input = &item["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(violation(&document, input, &request, rpc), None);
    }
    assert!(answered >= 12, "{answered} of {rpcs:?}");
    server.end().await;
}

#[tokio::test]
async fn probes_and_metrics_are_there() {
    let server = Served::empty().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(read_document()["paths"][path]["get"]["responses"]["200"].is_object());
        assert_eq!(server.ask("GET", path, "", "").await.status, 200);
    }
    server.end().await;
}
