//! Errors of the flat queries: all at once, each under the name of its parameter, with the reason of every refusal.

use crate::served::{Served, party};
use serde_json::Value;
use std::collections::BTreeSet;

/// The refusal of a query.
struct Refused {
    reason: String,
    /// Of each violation the name of the parameter and the words.
    violations: Vec<(String, String)>,
}

impl Refused {
    fn names(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.violations.iter().map(|(name, _)| name.as_str()).collect();
        names.into_iter().collect()
    }
}

async fn refusal_of(server: &Served, query: &str) -> Refused {
    let answer = server.ask("GET", &format!("/api/v1/{query}"), "", "").await;
    assert_ne!(answer.status, 200, "{query}: {}", String::from_utf8_lossy(&answer.body));
    refusal(query, &answer.body)
}

fn refusal(query: &str, body: &[u8]) -> Refused {
    let failure: Value = serde_json::from_slice(body).unwrap_or_else(|_| panic!("{query} is refused without JSON"));
    let details: Vec<Value> = failure["details"].as_array().unwrap_or_else(|| panic!("{query}: {failure}")).clone();
    let detail = |kind: &str| details.iter().find(|one| one["type"] == kind).map(|one| one["debug"].clone());
    let info = detail("google.rpc.ErrorInfo").unwrap_or_else(|| panic!("{query}: {failure}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = detail("google.rpc.BadRequest").map(|bad| bad["fieldViolations"].as_array().unwrap().clone());
    let fields = fields.unwrap_or_default();
    let violations: Vec<(String, String)> =
        fields.iter().map(|field| (text(&field["field"]), text(&field["description"]))).collect();
    let message = text(&failure["message"]);
    for word in ["line 1", "column", "detente.v1", "items[0]", "validAt", "knownAt"] {
        assert!(!message.contains(word), "{query}: nobody wrote {word}: {message}");
    }
    for (name, what) in &violations {
        assert!(message.contains(name) && message.contains(what), "{query}: {name} is not in the message: {message}");
    }
    Refused { reason: text(&info["reason"]), violations }
}

/// A query with something wrong: the words behind `/api/v1/`, and the names that the refusal must list.
type Wrong = (&'static str, &'static [&'static str]);

async fn assert_refused(queries: &[Wrong]) {
    let server = Served::demo().await;
    for (query, expected) in queries {
        let refused = refusal_of(&server, query).await;
        assert_eq!((refused.reason.as_str(), refused.names()), ("INVALID_REQUEST", expected.to_vec()), "{query}");
    }
    server.end().await;
}

#[tokio::test]
async fn the_form_of_a_parameter_is_told_by_its_name() {
    assert_refused(&[
        ("state?mode=then", &["mode"]),
        ("state?known_at=yesterday", &["known_at"]),
        ("state?known_at=-9000-01-01", &["known_at"]),
        ("state?position=99999999999999999999", &["position"]),
        ("claims?page_size=5000000000", &["page_size"]),
        ("state?page_size=x&format=csv", &["page_size"]),
        ("claims?include_retracted=perhaps", &["include_retracted"]),
        ("claims?external_id=x", &["external_id"]),
        ("conflicts?type=odd&type=unspecified", &["type"]),
        ("gaps?stale_days=-1", &["stale_days"]),
        ("upcoming?transition=later", &["transition"]),
        ("series?from=2025&until=2025&bucket=hour", &["bucket"]),
        ("feed?from_head=no", &["from_head"]),
        ("state?format=xml", &["format"]),
        ("state?format=json&format=csv", &["format"]),
        ("info?colour=red", &["colour"]),
    ])
    .await;
}

#[tokio::test]
async fn what_the_rpc_finds_is_told_by_the_name_of_the_parameter() {
    assert_refused(&[
        ("state?valid_at=soon", &["valid_at"]),
        ("state?kind=Not+a+word", &["kind"]),
        ("state?relationship=AZE", &["relationship"]),
        ("state?basis=x&format=ndjson", &["basis"]),
        ("claims?external_id=:x&code=y:", &["code", "external_id"]),
        ("claims?text=---", &["text"]),
        ("claim", &["claim_id"]),
        ("claim?claim_id=7", &["claim_id"]),
        ("revisions?claim_id=7&format=csv", &["claim_id"]),
        ("diff", &["from_valid_at"]),
        ("diff?from_valid_at=soon&to_basis=x", &["from_valid_at", "to_basis", "to_valid_at"]),
        ("diff?from_known_at=2025-09-01&to_known_at=2025-08-02", &["from_known_at"]),
        ("series?from=soon&until=later&bucket=year", &["from", "until"]),
        ("timeline?from=2025&until=2024", &["until"]),
        ("events?kind=Not+a+word&format=csv", &["kind"]),
        ("feed?cursor_id=a+b", &["cursor_id"]),
        ("feed?cursor_id=desk&kind=agreement&party=AZE", &["kind", "party"]),
        ("gaps?valid_at=soon&from=later", &["from", "valid_at"]),
    ])
    .await;
}

#[tokio::test]
async fn all_that_is_wrong_is_reported_at_once_whoever_finds_it() {
    assert_refused(&[
        ("state?valid_at=2025-13&mode=foo&page_size=x", &["mode", "page_size", "valid_at"]),
        ("state?mode=then&valid_at=soon&kind=Not+a+word&colour=red", &["colour", "kind", "mode", "valid_at"]),
        ("state?known_at=2025-01-01&basis=x&valid_at=soon", &["basis", "known_at", "valid_at"]),
        ("claims?known_at=2025&basis=x&position=3", &["basis", "known_at", "position"]),
        ("state?page_token=xyz&valid_at=soon", &["page_token", "valid_at"]),
        ("state?page_token=xyz&format=xml", &["format", "page_token"]),
        ("timeline?page_token=xyz&from=soon", &["from", "page_token"]),
        ("gaps?page_token=xyz&from=soon", &["from", "page_token"]),
        ("claim?claim_id=7&claim_id=8&position=x", &["claim_id", "position"]),
        (
            "diff?from_position=x&to_valid_at=soon&reason=none",
            &["from_position", "from_valid_at", "reason", "to_valid_at"],
        ),
        ("series?from=soon&until=later&bucket=hour&group_by=colour", &["bucket", "from", "group_by", "until"]),
        ("events?recorded_from=soon&limit=many&kind=Not+a+word", &["kind", "limit", "recorded_from"]),
        ("events?limit=20000&kind=Not+a+word", &["kind", "limit"]),
        ("feed?recorded_from=soon&kind=Not+a+word&colour=red", &["colour", "kind", "recorded_from"]),
        ("parties?type=robot&known_at=soon&position=3&page_token=zz", &["known_at", "page_token", "position", "type"]),
        ("conflicts?type=odd&valid_at=soon&spreadsheet=yes", &["spreadsheet", "type", "valid_at"]),
    ])
    .await;
}

#[tokio::test]
async fn every_parameter_of_every_route_is_told_by_its_name_when_it_is_wrong() {
    let server = Served::demo().await;
    let document = server.json("/api/v1/openapi.json").await;
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(route) = path.strip_prefix("/api/v1/") else { continue };
        let names = |parameters: &Value| -> Vec<(String, String)> {
            let parameters = parameters.as_array().cloned().unwrap_or_default();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            parameters.iter().map(|one| (text(&one["name"]), text(&one["schema"]["type"]))).collect()
        };
        let parameters = names(&operations["get"]["parameters"]);
        let unknown = refusal_of(&server, &format!("{route}?no_such_name=1")).await;
        assert!(unknown.names().contains(&"no_such_name"), "{route}");
        let singles = parameters.iter().filter(|(name, kind)| kind != "array" && name != "languages");
        for (name, kind) in singles {
            let value = if kind == "boolean" { "true" } else { "2025" };
            let twice = refusal_of(&server, &format!("{route}?{name}={value}&{name}={value}")).await;
            assert!(
                twice.violations.iter().any(|(told, what)| told == name && what == "given more than once"),
                "{route}: {name}: {:?}",
                twice.violations
            );
            tried += 1;
        }
        let wrong = |(name, kind): &(String, String)| {
            // No text is wrong where any will do.
            let any = ["text", "name", "label", "scheme", "party_id", "source_id", "merged_into"];
            let any_here =
                ["parties", "relationships", "sources", "kinds", "schemes"].contains(&route) && kind == "array";
            let is_any = any.contains(&name.as_str())
                || any_here && name != "type"
                || name == "party" && route == "relationships";
            (!is_any).then(|| format!("{name}=~%00"))
        };
        let all: Vec<String> = parameters.iter().filter_map(wrong).collect();
        if all.is_empty() {
            continue;
        }
        let refused = refusal_of(&server, &format!("{route}?{}", all.join("&"))).await;
        for one in &all {
            let name = one.split('=').next().unwrap();
            assert!(refused.names().contains(&name), "{route}: {name} is missing in {:?}", refused.names());
        }
        tried += all.len();
    }
    assert!(tried > 250, "{tried} parameters were tried");
    server.end().await;
}

#[tokio::test]
async fn other_refusals_keep_their_reason_and_name_the_parameter() {
    let server = Served::demo().await;
    let token = refusal_of(&server, "state?page_token=xyz").await;
    assert_eq!((token.reason.as_str(), token.names()), ("PAGE_TOKEN_INVALID", vec!["page_token"]));
    let mode = refusal_of(&server, "state?mode=then").await;
    assert!(mode.violations[0].1.contains("holds_at, occurred_by, occurred_in"), "{:?}", mode.violations);
    for (query, reason, name) in [
        ("claim?claim_id=00000000-0000-4000-8000-000000000000", "CLAIM_NOT_FOUND", Some("claim_id")),
        ("state?position=1000000", "CUT_IN_FUTURE", Some("position")),
        ("state?known_at=2999-01-01&format=csv", "CUT_IN_FUTURE", Some("known_at")),
        ("claims?basis=97-0000000000000000", "BASIS_MISMATCH", Some("basis")),
        ("diff?from_valid_at=2024&to_valid_at=2025&to_position=1000000", "CUT_IN_FUTURE", Some("to_position")),
        ("diff?from_position=0&to_position=1000000", "CUT_IN_FUTURE", Some("to_position")),
        ("diff?from_position=1000000&to_known_at=2025-09-01", "CUT_IN_FUTURE", Some("from_position")),
        ("diff?from_basis=97-0000000000000000&to_position=97", "BASIS_MISMATCH", Some("from_basis")),
        ("feed?cursor_id=nobody", "CURSOR_NOT_FOUND", Some("cursor_id")),
        ("nothing", "UNSUPPORTED", None),
    ] {
        let refused = refusal_of(&server, query).await;
        assert_eq!((refused.reason.as_str(), refused.names().first().copied()), (reason, name), "{query}");
    }
    let both = refusal_of(&server, "diff?from_basis=97-0000000000000000&to_known_at=2999-01-01").await;
    assert_eq!((both.reason.as_str(), both.names()), ("BASIS_MISMATCH", vec!["from_basis", "to_known_at"]));
    let resumed = server.ask("GET", "/api/v1/feed?after_position=x&kind=Not+a+word", "last-event-id: a\r\n", "").await;
    assert_eq!(refusal("feed", &resumed.body).names(), ["kind", "last-event-id"]);
    let page = server.json("/api/v1/claims?page_size=3").await;
    let token = page["nextPageToken"].as_str().unwrap();
    let other = refusal_of(&server, &format!("claims?kind=talks&page_token={token}")).await;
    assert_eq!((other.reason.as_str(), other.names()), ("PAGE_TOKEN_INVALID", vec!["page_token"]));
    let mended = refusal_of(&server, &format!("claims?kind=Not+a+word&page_token={token}")).await;
    assert_eq!(mended.names(), ["kind"], "the token may be one of the query that is meant");
    server.end().await;
}

#[tokio::test]
async fn over_grpc_too_a_page_token_that_is_none_is_told_with_all_else() {
    let server = Served::demo().await;
    let request = serde_json::json!({ "validAt": "soon", "pageToken": "xyz" });
    let answer = server
        .ask("POST", "/detente.v1.LedgerService/GetState", "content-type: application/json\r\n", &request.to_string())
        .await;
    let body = String::from_utf8_lossy(&answer.body);
    assert!(answer.status == 400 && body.contains("\"valid_at\"") && body.contains("\"page_token\""), "{body}");
    server.end().await;
}

#[tokio::test]
async fn a_plus_in_a_date_is_taken_as_it_is_pasted_in_queries_and_on_the_page() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    let at = "2025-07-01T10:00:00+04:00";
    for query in ["state?valid_at=", "conflicts?valid_at="] {
        let read =
            async |value: &str| server.json(&format!("/api/v1/{query}{value}")).await["context"]["validAt"].clone();
        assert_eq!((read(at).await, read(&at.replace('+', "%2B")).await), (at.into(), at.into()), "{query}");
    }
    for query in [
        format!("state?known_at={at}"),
        format!("diff?from_known_at={at}&to_known_at={at}&from_valid_at={at}&to_valid_at={at}"),
        format!("timeline?from={at}&until=2025-07-02T10:00:00+04:00"),
        format!("series?from={at}&until={at}&bucket=day"),
        format!("upcoming?from={at}&until={at}"),
        format!("gaps?from={at}&until={at}&valid_at={at}"),
        format!("events?recorded_from={at}"),
        format!("state?known_at={}", at.replace('T', "+")),
        format!("state?valid_at={}", at.replace('T', "+")),
    ] {
        let answer = server.ask("GET", &format!("/api/v1/{query}"), "", "").await;
        assert_eq!(answer.status, 200, "{query}: {}", String::from_utf8_lossy(&answer.body));
    }
    for at in [at.to_owned(), at.replace('T', "+")] {
        for view in [
            "relationship/AAA-BBB?valid_at=",
            "relationship/AAA-BBB?known_at=",
            "conflicts?valid_at=",
            "upcoming?from=",
            "diff?from_known_at=",
        ] {
            let answer = server.ask("GET", &format!("/{view}{at}"), "", "").await;
            assert_eq!(answer.status, 200, "{view}{at}: {}", String::from_utf8_lossy(&answer.body));
        }
    }
    server.end().await;
}

#[tokio::test]
async fn no_answer_is_taken_for_another_media_type() {
    let server = Served::demo().await;
    for path in [
        "/api/v1/state",
        "/api/v1/state?format=csv",
        "/api/v1/events?format=ndjson",
        "/api/v1/state?mode=then",
        "/api/v1/openapi.json",
        "/healthz",
        "/metrics",
        "/page/page.css",
        "/",
        "/nowhere",
    ] {
        let answer = server.ask("GET", path, "", "").await;
        assert_eq!(answer.head.matches("x-content-type-options: nosniff").count(), 1, "{path}: {}", answer.head);
    }
    let json = "content-type: application/json\r\n";
    let rpc = server.ask("POST", "/detente.v1.LedgerService/GetServerInfo", json, "{}").await;
    assert!(rpc.status == 200 && rpc.head.contains("x-content-type-options: nosniff"), "{}", rpc.head);
    server.end().await;
}

#[tokio::test]
async fn the_page_tells_all_that_is_wrong_with_an_address_by_the_names_in_it() {
    let server = Served::demo().await;
    for (view, told) in [
        (
            "relationship/AZE-RUS?valid_at=2025-13&known_at=soon&kind=Not+a+word&mode=foo&span=week",
            vec!["valid_at: ", "known_at: ", "kind: ", "mode: ", "span: "],
        ),
        ("relationship/AZE?valid_at=soon", vec!["relationship: ", "valid_at: "]),
        ("relationship/AZE-RUS?rows=xyz", vec!["rows: "]),
        (
            "relationship/AZE-RUS?rows=xyz&page_token=abc&valid_at=2025-13&kind=Not+a+word&basis=x",
            vec!["rows: ", "page_token: ", "valid_at: ", "kind: ", "basis: "],
        ),
        ("party/AZE?says=xyz&known_at=soon", vec!["says: ", "known_at: "]),
        ("?parties=xyz&page_token=abc&basis=x", vec!["parties: ", "page_token: ", "basis: "]),
        ("relationship/AZE-RUS?known_at=2025-01-01&known_at=2025-02-01", vec!["known_at: given more than once"]),
        (
            "diff?from_known_at=soon&to_known_at=later&from_valid_at=x&page_token=y",
            vec!["from_known_at: ", "to_known_at: ", "from_valid_at: ", "page_token: "],
        ),
        (
            "series?from=soon&bucket=hour&group=colour&basis=x&until=later",
            vec!["from: ", "until: ", "bucket: ", "group: ", "basis: "],
        ),
        ("upcoming?from=soon&until=later&known_at=x", vec!["from: ", "until: ", "known_at: "]),
        ("gaps?from=soon&valid_at=later", vec!["from: ", "valid_at: "]),
        (
            "what-if?text=A+pact&valid=soon&valid_at=later&retract=7&claim_kind=Not+a+word&known_at=x",
            vec!["valid: ", "valid_at: ", "retract: ", "claim_kind: ", "known_at: "],
        ),
        ("?parties=xyz", vec!["parties: "]),
        ("feed?before=yesterday", vec!["before: "]),
    ] {
        let answer = server.ask("GET", &format!("/{view}"), "", "").await;
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 400, "{view}");
        for told in told {
            assert!(text.contains(told), "{view}: {told} is missing: {text}");
        }
        assert!(!text.contains("items[0]") && !text.contains("what_if["), "{view}: {text}");
    }
    for view in
        ["relationship/AZE-RUS?mode=holds-at&utm_source=mail", "series?bucket=month&group=polarity&from=2025-01"]
    {
        assert_eq!(server.ask("GET", &format!("/{view}"), "", "").await.status, 200, "{view}");
    }
    server.end().await;
}
