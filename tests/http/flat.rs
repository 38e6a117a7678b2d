//! The flat queries: what a dashboard, a spreadsheet or curl reads.

use crate::served::{Served, claim, party};
use serde_json::Value;

/// The address that stays, and its answer.
const FOUNDING: &str = "/api/v1/state?relationship=AZE-RUS&valid_at=2025-07&known_at=2025-08-02T00:00:00Z";

impl Served {
    /// The answer to a flat query as JSON.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, "", "").await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.ask("GET", path, "", "").await;
        assert_eq!(answer.status, 200, "{path}");
        String::from_utf8(answer.body).unwrap()
    }
}

fn etag(head: &str) -> String {
    head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an answer has a tag").to_owned()
}

#[tokio::test]
async fn the_address_that_stays_is_answered() {
    let server = Served::demo().await;
    let answer = server.json(FOUNDING).await;
    assert_eq!(answer["context"]["basis"], "113-81f50060d4142a7c");
    assert_eq!(answer["context"]["validAt"], "2025-07");
    let narrowed = server.json(&format!("{FOUNDING}&kind=agreement&mode=holds-at")).await;
    assert_eq!(narrowed["emptiness"], "EMPTINESS_RECORDED_ABSENCE");
    assert_eq!(narrowed["matches"].as_array().unwrap().len(), 4);
    server.end().await;
}

#[tokio::test]
async fn a_tag_stands_for_the_question_as_resolved_the_basis_and_the_form() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland"), claim(1, "2025-01/..", "The first.")]).await;
    let tag = async |server: &Served, path: &str| etag(&server.ask("GET", path, "", "").await.head);
    let path = "/api/v1/state?relationship=AAA-BBB&valid_at=2025-07";
    let first = tag(&server, path).await;
    let known = server.ask("GET", path, &format!("if-none-match: \"other\", {first}\r\n"), "").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    for other in [
        "/api/v1/state?relationship=AAA-BBB&valid_at=2025-08",
        "/api/v1/state?relationship=AAA-BBB",
        &format!("{path}&format=csv"),
    ] {
        assert_ne!(tag(&server, other).await, first, "{other}");
    }
    assert_eq!(tag(&server, "/api/v1/state?valid_at=2025-07&relationship=AAA-BBB").await, first, "in any order");
    server.append(vec![claim(2, "2025-02/..", "The second.")]).await;
    let moved = server.ask("GET", path, &format!("if-none-match: {first}\r\n"), "").await;
    assert_eq!(moved.status, 200, "there is more to know");
    let basis = serde_json::from_slice::<Value>(&moved.body).unwrap()["context"]["basis"].as_str().unwrap().to_owned();
    let pinned = format!("{path}&basis={basis}");
    let before = tag(&server, &pinned).await;
    server.append(vec![claim(3, "2025-03/..", "The third.")]).await;
    assert_eq!(tag(&server, &pinned).await, before, "a pinned answer stays");
    server.end().await;
}

#[tokio::test]
async fn all_that_is_wrong_with_a_query_is_reported_at_once() {
    let server = Served::demo().await;
    let answer = server.ask("GET", "/api/v1/state?relation=AZE-RUS&page_size=many&valid_at=soon", "", "").await;
    let failure: Value = serde_json::from_slice(&answer.body).unwrap();
    let message = failure["message"].as_str().unwrap();
    assert_eq!(answer.status, 400);
    assert!(message.contains("relation: not known here") && message.contains("page_size: `many`"), "{message}");
    for path in ["/api/v1/nothing", "/nothing"] {
        assert_eq!(server.ask("GET", path, "", "").await.status, 404);
    }
    assert_eq!(server.ask("POST", "/api/v1/state", "", "").await.status, 405, "read only");
    server.end().await;
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let server = Served::demo().await;
    let (mut path, mut found) = ("/api/v1/claims?page_size=20".to_owned(), 0);
    loop {
        let page = server.json(&path).await;
        found += page["claims"].as_array().unwrap().len();
        let token = page["nextPageToken"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
        path = format!("/api/v1/claims?page_size=20&page_token={token}");
    }
    assert_eq!(found, server.json("/api/v1/claims?page_size=1000").await["claims"].as_array().unwrap().len());
    server.end().await;
}

#[tokio::test]
async fn no_answer_is_larger_than_four_mebibytes_and_nothing_is_left_out() {
    const MOST: usize = 4 << 20;
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    // Each mark takes two bytes in JSON, so that a page that fits over gRPC is too large as JSON.
    let text = "\"".repeat(4000);
    for hundred in 0..10 {
        server.append((1..=100).map(|one| claim(hundred * 100 + one, "2025-01/..", &text)).collect()).await;
    }
    let (mut path, mut claims, mut pages) = ("/api/v1/claims?page_size=1000".to_owned(), 0, 0);
    while !path.is_empty() {
        let answer = server.ask("GET", &path, "", "").await;
        assert!(answer.status == 200 && answer.body.len() <= MOST, "{} bytes", answer.body.len());
        let page: Value = serde_json::from_slice(&answer.body).unwrap();
        (claims, pages) = (claims + page["claims"].as_array().unwrap().len(), pages + 1);
        let token = page["nextPageToken"].as_str().unwrap();
        path =
            if token.is_empty() { String::new() } else { format!("/api/v1/claims?page_size=1000&page_token={token}") };
    }
    assert!(claims == 1000 && (3..12).contains(&pages), "{claims} claims on {pages} pages");
    let mut read = 0;
    while read < 1002 {
        let answer = server.ask("GET", &format!("/api/v1/events?limit=10000&after_position={read}"), "", "").await;
        assert!(answer.status == 200 && answer.body.len() <= MOST, "{} bytes", answer.body.len());
        let page: Value = serde_json::from_slice(&answer.body).unwrap();
        let last = page["events"].as_array().unwrap().last().expect("some events");
        read = last["position"].as_u64().unwrap();
    }
    server.end().await;
}

#[tokio::test]
async fn an_id_in_another_case_has_a_hint_in_answers_and_in_refusals() {
    let server = Served::demo().await;
    let hints = async |query: &str| server.json(&format!("/api/v1/{query}")).await["context"]["hints"].clone();
    let both = serde_json::json!(["no party `aze` is registered; `AZE` is", "no party `rUs` is registered; `RUS` is"]);
    let named = "relationship=rUs-aze";
    for query in [
        "state?relationship=rUs-aze",
        "claims?party=aze&asserted_by=rUs",
        "claims?relationship=rUs-aze",
        &format!("timeline?{named}"),
        &format!("series?{named}&from=2025-01&until=2025-03"),
        &format!("series?{named}&from=2025-01&until=2025-03&group_by=polarity"),
        &format!("upcoming?{named}"),
        &format!("conflicts?{named}"),
        &format!("commitments?{named}"),
        &format!("corroboration?{named}"),
        &format!("gaps?{named}"),
        "parties?party_id=aze&party_id=rUs",
        "parties?party_id=aze&merged_into=rUs",
    ] {
        assert_eq!(hints(query).await, both, "{query}");
    }
    assert_eq!(server.json(&format!("/api/v1/diff?from_position=0&{named}")).await["to"]["hints"], both);
    let view =
        serde_json::json!({ "perspectives": [{ "partyId": "rUs" }], "filter": { "items": [{ "parties": ["aze"] }] } });
    let (_, compared) = server.rpc("ComparePerspectives", &view).await;
    assert_eq!(compared["context"]["hints"], both, "{compared}");
    assert_eq!(hints("relationships?party=aze").await, serde_json::json!([both[0]]));
    assert_eq!(hints("state?party=XXX").await, serde_json::json!(["no party `XXX` is registered"]));
    for query in [
        "state?relationship=AZE-RUS",
        "state?party=AZE&kind=no_such_kind",
        "claims?party=AZE",
        "timeline?relationship=AZE-RUS",
        "timeline?relationship=AZE-RUS&kind=no_such_kind",
        "parties",
        "relationships",
    ] {
        assert_eq!(hints(query).await, serde_json::json!([]), "{query}");
    }
    let before = hints("state?relationship=aze-rus&position=0").await;
    assert_eq!(before[0], "no party `aze` is registered", "at a cut that does not have the other one");
    let sources = server.json("/api/v1/sources?page_size=1").await;
    let source = sources["sources"][0]["sourceId"].as_str().unwrap();
    let other = source.to_ascii_uppercase();
    assert_ne!(source, other);
    let expected = format!("no source `{other}` is registered; `{source}` is");
    for query in [format!("claims?source={other}"), format!("sources?source_id={other}")] {
        assert_eq!(hints(&query).await, serde_json::json!([expected]), "{query}");
    }
    let claim = r#"{"recordedBy":"desk","commands":[{"assertClaim":{"claim":{"kind":"statement","temporalType":
        "TEMPORAL_TYPE_NONE","modality":"MODALITY_ASSERTED","parties":[{"partyId":"ruS","role":"party"}],
        "texts":[{"lang":"en","text":"A word."}]}}}]}"#;
    let path = "/detente.v1.LedgerService/Append";
    let refused = server.ask("POST", path, "content-type: application/json\r\n", claim).await;
    let words = String::from_utf8_lossy(&refused.body).into_owned();
    assert!(words.contains("party `ruS` is not registered, `RUS` is"), "{words}");
    server.end().await;
}
