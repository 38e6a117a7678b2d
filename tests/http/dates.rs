//! Dates as dashboards and scripts write them, and days and instants told apart, on the flat queries.

use crate::served::{Served, claim, party};
use detente_proto::v1;
use serde_json::Value;

/// A state or an event of two parties.
fn dated_claim(number: u128, temporal_type: v1::TemporalType, valid: &str) -> v1::Command {
    let mut command = claim(number, valid, "A claim with a date.");
    if let Some(v1::command::Command::AssertClaim(assert)) = &mut command.command {
        assert.claim.as_mut().unwrap().temporal_type = temporal_type.into();
    }
    command
}

async fn serve_claims(claims: Vec<v1::Command>) -> Served {
    let mut server = Served::empty().await;
    server.append([vec![party("AAA", "Aland"), party("BBB", "Bland")], claims].concat()).await;
    server
}

/// The certainties of the claims that match at a date.
async fn certainties(server: &Served, mode: &str, valid_at: &str) -> Vec<String> {
    let path = format!("/api/v1/state?relationship=AAA-BBB&mode={mode}&valid_at={valid_at}");
    let answer = server.json(&path).await;
    let matches = answer["matches"].as_array().cloned().unwrap_or_default();
    matches.iter().map(|found| found["certainty"].as_str().unwrap().replace("CERTAINTY_", "")).collect()
}

#[tokio::test]
async fn every_form_of_one_instant_is_one_question() {
    let server =
        serve_claims(vec![dated_claim(1, v1::TemporalType::State, "2025-07-01T00:00:00Z/2025-07-01T00:00:00Z")]).await;
    for at in ["2025-07-01T00:00:00Z", "2025-07-01T00:00:00.000Z", "2025-07-01T04:00:00.9+04:00", "1751328000000"] {
        assert_eq!(certainties(&server, "holds-at", at).await, ["DEFINITE"], "{at}");
    }
    let series = server.json("/api/v1/series?relationship=AAA-BBB&from=1751328000000&until=2025-08&bucket=month").await;
    assert_eq!(series["buckets"].as_array().unwrap().len(), 2);
    let known = server.json("/api/v1/state?relationship=AAA-BBB&known_at=1751328000000").await;
    assert_eq!(known["context"]["knownAt"], "2025-07-01T00:00:00Z");
    let refused = server.ask("GET", "/api/v1/state?valid_at=1751328000", "", "").await;
    assert!(
        String::from_utf8_lossy(&refused.body).contains("milliseconds"),
        "seconds are told apart from milliseconds"
    );
    server.end().await;
}

#[tokio::test]
async fn every_entrance_takes_the_same_spellings_of_an_instant() {
    let server = serve_claims(vec![dated_claim(1, v1::TemporalType::State, "2024/..")]).await;
    let paths = |at: &str| {
        let names = [
            "state?valid_at",
            "state?known_at",
            "timeline?until=2027&from",
            "diff?from_position=0&from_valid_at=2025&to_valid_at",
        ];
        let flat = names.map(|name| format!("/api/v1/{name}={at}"));
        [flat.to_vec(), vec![format!("/relationship/AAA-BBB?valid_at={at}"), format!("/?known_at={at}")]].concat()
    };
    for at in [
        "2026-07-01T10:00:00Z",
        "2026-07-01t10:00:00z",
        "2026-07-01T10:00:00.5+04",
        "2026-07-01+10:00:00.25+0400",
        "1782900000000",
    ] {
        for path in paths(at) {
            assert_eq!(server.ask("GET", &path, "", "").await.status, 200, "{path}");
        }
    }
    for at in ["2026-07-01T10:00Z", "2026-07-01T10Z", "2026-07-01T10:00:00", "2026-07-01T10:00%2B04:00"] {
        for path in paths(at) {
            let refused = server.ask("GET", &path, "", "").await;
            let words = String::from_utf8_lossy(&refused.body).into_owned();
            assert_eq!(refused.status, 400, "{path}: {words}");
            let is_advice = |part: &&str| words.contains(*part);
            assert!(["T10:00:00Z", "T00:00:00Z", "add `Z`"].iter().any(is_advice), "{path}: {words}");
        }
    }
    let json = r#"{"cut":{"knownAt":"2026-07-01T10:00Z"}}"#;
    let refused =
        server.ask("POST", "/detente.v1.LedgerService/GetState", "content-type: application/json\r\n", json).await;
    assert!(String::from_utf8_lossy(&refused.body).contains("T00:00:00Z"), "{:?}", refused.body);
    server.end().await;
}

#[tokio::test]
async fn a_day_goes_by_the_date_as_written_and_an_instant_by_instants() {
    let server = serve_claims(vec![dated_claim(1, v1::TemporalType::Event, "2025-06-30T02:00:00.25+04:00")]).await;
    for (at, expected) in [
        ("2025-06-30", vec!["DEFINITE"]),
        ("2025-06-29", vec![]),
        ("2025-06-29T22:00:00Z", vec!["DEFINITE"]),
        ("2025-06-30T02:00:00+04:00", vec!["DEFINITE"]),
        ("2025-06-30T02:00:00Z", vec![]),
    ] {
        assert_eq!(certainties(&server, "occurred-in", at).await, expected, "{at}");
    }
    let found = server.json("/api/v1/state?relationship=AAA-BBB&mode=occurred-in&valid_at=2025-06-30").await;
    let known = &found["matches"][0]["claim"]["validFrom"]["known"];
    assert_eq!(known["edtf"], "2025-06-30T02:00:00.25+04:00", "what was written is kept");
    assert_eq!(known["earliest"], "2025-06-29T22:00:00Z", "beside the instant");
    let counts = |series: &Value| -> Vec<Value> {
        let buckets = series["buckets"].as_array().unwrap().iter();
        buckets.map(|bucket| bucket["points"][0]["definite"].clone()).collect()
    };
    let days = server.json("/api/v1/series?relationship=AAA-BBB&from=2025-06-29&until=2025-06-30&bucket=day").await;
    assert_eq!(*counts(&days).last().unwrap(), 1, "the series goes by dates too: {days}");
    server.end().await;
}

#[tokio::test]
async fn a_date_with_gaps_is_possible_on_its_days_alone_in_state_series_and_timeline() {
    let server = serve_claims(vec![
        dated_claim(1, v1::TemporalType::Event, "[2024-12-25,2025-01-07]"),
        dated_claim(2, v1::TemporalType::State, "2023-XX-31"),
    ])
    .await;
    assert_eq!(certainties(&server, "occurred-in", "2025-01-01").await, [""; 0]);
    assert_eq!(certainties(&server, "occurred-in", "2025-01-07").await, ["POSSIBLE"]);
    assert_eq!(certainties(&server, "holds-at", "2023-06").await, [""; 0]);
    assert_eq!(certainties(&server, "holds-at", "2023-05-31").await, ["POSSIBLE"]);
    let series = server.json("/api/v1/series?relationship=AAA-BBB&from=2023-05&until=2023-07&bucket=month").await;
    let possible = series["buckets"].as_array().unwrap().iter().map(|bucket| bucket["points"][0]["possible"].clone());
    assert_eq!(possible.map(|count| count.as_u64().unwrap()).collect::<Vec<_>>(), [1, 0, 1]);
    let timeline = server.json("/api/v1/timeline?relationship=AAA-BBB&from=2024-12-25&until=2025-01-07").await;
    let periods = timeline["segments"].as_array().unwrap().iter().map(|segment| segment["period"].clone());
    assert_eq!(periods.collect::<Vec<_>>(), ["2024-12-25", "2024-12-26/2025-01-06", "2025-01-07"]);
    server.end().await;
}

#[tokio::test]
async fn outside_the_years_of_a_timestamp_the_period_says_what_is_meant() {
    let server = serve_claims(vec![dated_claim(1, v1::TemporalType::Event, "-0490-09-12")]).await;
    let series = server.json("/api/v1/series?relationship=AAA-BBB&from=-0491&until=-0489&bucket=year").await;
    let buckets = series["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["period"].clone()).collect::<Vec<_>>(), ["-0491", "-0490", "-0489"]);
    assert!(buckets.iter().all(|bucket| bucket.get("from").is_none() && bucket.get("until").is_none()), "{series}");
    let timeline = server.json("/api/v1/timeline?relationship=AAA-BBB&from=-0490-09-12&until=-0490-09-12").await;
    let segment = &timeline["segments"][0];
    assert_eq!((segment.get("from"), &segment["period"]), (None, &Value::from("-0490-09-12")));
    let far = server.json("/api/v1/series?relationship=AAA-BBB&from=Y12345-06&until=Y12345-07&bucket=month").await;
    assert_eq!(far["buckets"][1]["period"], "Y12345-07", "and is read as it is written");
    server.end().await;
}
