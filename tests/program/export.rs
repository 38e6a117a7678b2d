//! Exports equal answers: the messages of the gRPC answers can be put together again out of the rows of a file, in each
//! of its forms, of the demo and of random histories; from a server and from a directory alike.

use crate::support::home::{LEDGER, block_on, options, request};
use crate::support::make::{batch, registrations, tick};
use crate::support::random::{Random, any_command};
use detente::demo;
use detente::server::{ServerOptions, run};
use detente_domain::cut::Cut;
use detente_ingest::tables::{ColumnKind, Table, columns};
use detente_ledger::Ledger;
use detente_ledger::clock::ManualClock;
use detente_ledger::open::LedgerOptions;
use detente_ledger::wire::json;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Channel;

/// A row: of each column that has something in it, what, as text.
type Row = BTreeMap<String, String>;

const LANGUAGES: &str = "en,ar";

fn languages() -> Vec<String> {
    LANGUAGES.split(',').map(str::to_owned).collect()
}

fn detente(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detente"));
    command.env_remove("DETENTE_SERVER").env_remove("DETENTE_DATA").args(arguments).output().unwrap()
}

/// Runs an export that must succeed, into a file in `dir`; what it wrote.
fn run_export(dir: &Path, form: &str, arguments: &[&str]) -> Vec<u8> {
    let file = dir.join(format!("table.{form}"));
    let out = ["export", "--format", form, "--languages", LANGUAGES, "--out", file.to_str().unwrap()];
    let done = detente(&[&out, arguments].concat());
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.is_empty());
    std::fs::read(file).unwrap()
}

fn rows_of_csv(bytes: &[u8], table: Table) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let expected: Vec<String> = columns(table, &languages()).iter().map(|column| column.name.to_string()).collect();
    assert_eq!(header, expected);
    let row = |record: csv::StringRecord| {
        let cells = header.iter().cloned().zip(record.iter().map(str::to_owned));
        cells.filter(|(_, cell)| !cell.is_empty()).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn rows_of_lines(bytes: &[u8], table: Table) -> Vec<Row> {
    let kinds: BTreeMap<String, ColumnKind> =
        columns(table, &languages()).into_iter().map(|column| (column.name.to_string(), column.kind)).collect();
    let text = |(name, value): (String, Value)| {
        let text = match (kinds[&name], value) {
            (ColumnKind::Ids, Value::Array(ids)) => {
                ids.iter().map(|id| id.as_str().unwrap()).collect::<Vec<_>>().join(";")
            }
            (ColumnKind::Json, value) => value.to_string(),
            (_, Value::String(text)) => text,
            (_, value) => value.to_string(),
        };
        (name, text)
    };
    let row = |line: &str| serde_json::from_str::<Map<String, Value>>(line).unwrap().into_iter().map(text).collect();
    std::str::from_utf8(bytes).unwrap().lines().map(row).collect()
}

fn rows_of_parquet(bytes: Vec<u8>, table: Table) -> Vec<Row> {
    let reader = SerializedFileReader::new(prost::bytes::Bytes::from(bytes)).unwrap();
    let names: Vec<String> =
        reader.metadata().file_metadata().schema_descr().columns().iter().map(|c| c.name().to_owned()).collect();
    let expected: Vec<String> = columns(table, &languages()).iter().map(|column| column.name.to_string()).collect();
    assert_eq!(names, expected);
    let cell = |(name, field): (&String, &Field)| {
        let text = match field {
            Field::Null => return None,
            Field::Str(text) => text.clone(),
            Field::Long(number) => number.to_string(),
            Field::Bool(flag) => flag.to_string(),
            Field::TimestampMicros(micros) => timestamp(*micros).to_string(),
            Field::Date(day) => {
                let (year, month, day) = detente_domain::moment::Moment(i64::from(*day) * 86_400).to_civil_day();
                if (0..=9999).contains(&year) {
                    format!("{year:04}-{month:02}-{day:02}")
                } else {
                    format!("{year:+05}-{month:02}-{day:02}")
                }
            }
            other => panic!("{name} is {other:?}"),
        };
        Some((name.clone(), text))
    };
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().get_column_iter().filter_map(cell).collect()).collect()
}

fn timestamp(micros: i64) -> prost_types::Timestamp {
    let nanos = (micros.rem_euclid(1_000_000) * 1000) as i32;
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// The rows of a table, which are the same in every form.
fn rows(dir: &Path, table: Table, arguments: &[&str]) -> Vec<Row> {
    let csv = rows_of_csv(&run_export(dir, "csv", arguments), table);
    assert_eq!(rows_of_lines(&run_export(dir, "ndjson", arguments), table), csv);
    assert_eq!(rows_of_parquet(run_export(dir, "parquet", arguments), table), csv);
    csv
}

/// Puts a claim together again.
fn claim_of(row: &Row) -> v1::Claim {
    let mut claim = Map::new();
    let mut put = |field: &str, value: Option<Value>| _ = value.map(|value| claim.insert(field.to_owned(), value));
    let text = |column: &str| row.get(column).map(|text| json!(text));
    let parsed = |column: &str| row.get(column).map(|text| serde_json::from_str(text).unwrap());
    let ids = |column: &str| row.get(column).map(|ids| ids.split(';').collect());
    let word =
        |column: &str, prefix: &str| row.get(column).map(|word| json!(format!("{prefix}{}", word.to_uppercase())));
    for (field, column) in [
        ("claimId", "claim_id"),
        ("position", "position"),
        ("recordedAt", "recorded_at"),
        ("recordedBy", "recorded_by"),
        ("note", "note"),
        ("kind", "kind"),
        ("asOf", "as_of"),
        ("refersTo", "refers_to"),
        ("due", "due"),
        ("place", "place"),
    ] {
        put(field, text(column));
    }
    for (field, column) in [
        ("revision", "revision"),
        ("texts", "texts"),
        ("parties", "parties"),
        ("attribution", "attribution"),
        ("quantities", "quantities"),
        ("codes", "codes"),
        ("sources", "sources"),
        ("links", "links"),
        ("externalIds", "external_ids"),
        ("labels", "labels"),
        ("disputes", "disputes"),
    ] {
        put(field, parsed(column));
    }
    put("relationships", ids("relationships"));
    for (field, column, prefix) in [
        ("temporalType", "temporal_type", "TEMPORAL_TYPE_"),
        ("modality", "modality", "MODALITY_"),
        ("polarity", "polarity", "POLARITY_"),
        ("status", "status", "STATUS_"),
    ] {
        put(field, word(column, prefix));
    }
    for (field, column) in [("validFrom", "valid_from"), ("validTo", "valid_to")] {
        let part = |part: &str| row.get(&format!("{column}{part}")).cloned().unwrap_or_default();
        put(
            field,
            match part("_kind").as_str() {
                "" => None,
                "known" => Some(json!({ "known": {
                    "edtf": part(""), "earliest": part("_earliest"), "latest": part("_latest"),
                }})),
                open_or_unknown => Some(json!({ open_or_unknown: {} })),
            },
        );
    }
    if row["retracted"] == "true" {
        let retraction = json!({
            "reason": word("retraction_reason", "RETRACTION_REASON_").unwrap(),
            "note": text("retraction_note").unwrap_or(json!("")),
            "recordedAt": text("retraction_recorded_at"),
            "recordedBy": text("retraction_recorded_by").unwrap_or(json!("")),
            "position": text("retraction_position"),
        });
        put("retraction", Some(retraction));
    }
    json::read(Value::Object(claim)).unwrap()
}

/// The columns that say again, in a plainer form, what others say.
fn must_say_the_same(row: &Row, claim: &v1::Claim) {
    let cell = |column: &str| row.get(column).cloned().unwrap_or_default();
    let joined = |ids: Vec<String>| ids.join(";");
    let original = claim.texts.iter().find(|text| text.original).unwrap_or(&claim.texts[0]);
    assert_eq!((cell("text"), cell("text_lang")), (original.text.clone(), original.lang.clone()));
    for lang in ["en", "ar"] {
        let words = claim.texts.iter().find(|text| text.lang == lang).map(|text| text.text.clone());
        assert_eq!(row.get(&format!("text_{lang}")).cloned(), words);
    }
    assert_eq!(cell("party_ids"), joined(claim.parties.iter().map(|p| p.party_id.clone()).collect()));
    assert_eq!(
        cell("party_roles"),
        joined(claim.parties.iter().map(|p| format!("{}:{}", p.party_id, p.role)).collect())
    );
    let registered = claim.attribution.iter().filter(|voice| !voice.party_id.is_empty());
    assert_eq!(cell("asserted_by"), joined(registered.map(|voice| voice.party_id.clone()).collect()));
    assert_eq!(cell("source_ids"), joined(claim.sources.iter().map(|of| of.source_id.clone()).collect()));
    for side in ["valid_from_earliest", "valid_from_latest", "valid_to_earliest", "valid_to_latest"] {
        let date = cell(side);
        let written = cell(side.trim_end_matches("_earliest").trim_end_matches("_latest"));
        let is_local = written.contains('T') && !written.ends_with('Z');
        let date = if is_local { written } else { date };
        let is_far = date.starts_with(['-', '+', 'Y']) || date.starts_with("0000");
        let day = if is_far { String::new() } else { date.chars().take(10).collect() };
        assert_eq!(cell(&format!("{side}_day")), day);
    }
}

/// Holds the rows of a state against the answer; notes which columns had something in them.
async fn must_be_the_state(
    dir: &Path,
    at: &str,
    client: &mut LedgerServiceClient<Channel>,
    seen: &mut BTreeSet<String>,
) {
    for (day, retracted) in [("2025-07", false), ("2025-09-20", true), ("2025-01-03", true)] {
        let mut request = v1::GetStateRequest {
            valid_at: day.to_owned(),
            include_retracted: retracted,
            page_size: 1000,
            ..Default::default()
        };
        let answer = client.get_state(request.clone()).await.unwrap().into_inner();
        let context = answer.context.unwrap();
        request.cut = Some(v1::Cut::basis(context.basis.clone()));
        let mut flags = vec!["--what", "state", "--valid-at", day, "--basis", &context.basis, "--server", at];
        flags.extend(retracted.then_some("--include-retracted"));
        let rows = tokio::task::block_in_place(|| rows(dir, Table::State, &flags));
        assert_eq!(rows.len(), answer.matches.len());
        for (row, found) in rows.iter().zip(&answer.matches) {
            let claim = found.claim.clone().unwrap();
            assert_eq!(claim_of(row), claim);
            must_say_the_same(row, &claim);
            assert_eq!(format!("CERTAINTY_{}", row["certainty"].to_uppercase()), found.certainty().as_str_name());
            assert_eq!(row.get("as_of_age_days").map(|age| age.parse().unwrap()), found.as_of_age_days);
            assert_eq!((row["asked_valid_at"].as_str(), row["asked_basis"].as_str()), (day, context.basis.as_str()));
            let open = claim.disputes.iter().filter(|dispute| dispute.resolution.is_none()).count();
            assert_eq!(row["open_disputes"], open.to_string());
            seen.extend(row.keys().cloned());
        }
    }
}

/// Holds the rows of the log against the log.
async fn must_be_the_log(dir: &Path, at: &str, client: &mut LedgerServiceClient<Channel>, seen: &mut BTreeSet<String>) {
    let mut batches = client.read_events(v1::ReadEventsRequest::default()).await.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(batch) = batches.message().await.unwrap() {
        events.extend(batch.events);
    }
    let rows = tokio::task::block_in_place(|| rows(dir, Table::Events, &["--what", "events", "--server", at]));
    assert_eq!(rows.len(), events.len());
    for (row, event) in rows.iter().zip(&events) {
        assert_eq!(event_of(row), *event);
        seen.extend(row.keys().cloned());
    }
}

/// Puts an event together again.
fn event_of(row: &Row) -> v1::Event {
    let mut event = json!({
        "position": row["position"], "recordedAt": row["recorded_at"], "revision": row["revision"].parse::<u32>().unwrap(),
        "recordedBy": row.get("recorded_by").cloned().unwrap_or_default(),
        "note": row.get("note").cloned().unwrap_or_default(), "backfilled": row["backfilled"] == "true",
    });
    let what = row["event"].split('_').enumerate().map(|(nth, word)| match nth {
        0 => word.to_owned(),
        _ => word[..1].to_uppercase() + &word[1..],
    });
    let content = match row["event"].as_str() {
        "claim_asserted" => json!({ "claim": content_of(row) }),
        "claim_revised" => json!({
            "kind": format!("REVISION_KIND_{}", row["reason"].to_uppercase()), "claim": content_of(row),
        }),
        _ => serde_json::from_str(&row["content"]).unwrap(),
    };
    event[what.collect::<String>()] = content;
    if row["event"].starts_with("claim") {
        assert_eq!(row["subject_id"], row["claim_id"]);
    }
    json::read(event).unwrap()
}

/// The claim in an event, which lacks what the ledger adds.
fn content_of(row: &Row) -> Value {
    let mut row = row.clone();
    for added in ["position", "recorded_at", "recorded_by", "note", "revision"] {
        row.remove(added);
    }
    row.insert("retracted".to_owned(), "false".to_owned());
    let claim = claim_of(&row);
    must_say_the_same(&row, &claim);
    serde_json::from_str(&json::line(&claim).unwrap()).unwrap()
}

/// Serves a ledger, holds every export against its answers, stops, and holds those from its directory against the others.
async fn must_be_answered_alike(ledger: Ledger, data: &Path, more: Vec<v1::Command>) -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(run(Arc::new(ledger), listener, ServerOptions::default(), stopped));
    let channel = Channel::from_shared(at.clone()).unwrap().connect().await.unwrap();
    let mut client = LedgerServiceClient::new(channel).max_decoding_message_size(16 << 20);
    if !more.is_empty() {
        let request = v1::AppendRequest { recorded_by: "=cmd".into(), commands: more, ..Default::default() };
        client.append(request).await.unwrap();
    }
    let mut seen = BTreeSet::new();
    must_be_the_state(dir.path(), &at, &mut client, &mut seen).await;
    must_be_the_log(dir.path(), &at, &mut client, &mut seen).await;
    let claims = client.list_claims(v1::ListClaimsRequest { page_size: 1000, ..Default::default() }).await.unwrap();
    let exports = |from: &[&str]| -> Vec<Vec<u8>> {
        let what = ["claims", "events"];
        what.iter().map(|what| run_export(dir.path(), "csv", &[&["--what", what], from].concat())).collect()
    };
    let from_server = tokio::task::block_in_place(|| exports(&["--server", &at]));
    let listed: Vec<v1::Claim> = rows_of_csv(&from_server[0], Table::Claims).iter().map(claim_of).collect();
    assert_eq!(listed, claims.into_inner().claims);
    drop(client);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    let from_data = tokio::task::block_in_place(|| exports(&["--data", data.to_str().unwrap()]));
    assert!(from_data == from_server, "a directory and its server give different rows");
    seen
}

fn command(of: v1::command::Command) -> v1::Command {
    v1::Command { note: "+1".to_owned(), command: Some(of) }
}

/// Commands for values that the demo lacks: words that look like formulas, dates far away, numbers, everything at once.
fn odd_commands() -> Vec<v1::Command> {
    let claim: v1::Claim = json::read(json!({
        "claimId": "00000000-0000-7000-8000-00000000000a", "kind": "agreement", "temporalType": "TEMPORAL_TYPE_STATE",
        "texts": [{"lang": "ar", "text": "=SUM(1;2)\n\"نعم\", قالوا", "original": true}, {"lang": "en", "text": "@x\ty\r\n'z"}],
        "parties": [{"partyId": "RUS", "role": "party", "asText": "a;b"}, {"partyId": "AZE", "role": "party"}],
        "relationships": ["AZE-RUS"], "valid": "-0043-03-15/..", "asOf": "2025-07", "refersTo": "1999", "due": "2026-01",
        "attribution": [{"name": "someone, \"quoted\"", "role": "ATTRIBUTION_ROLE_SPEAKER"},
                        {"partyId": "RUS", "role": "ATTRIBUTION_ROLE_REPORTER", "saidAt": "2025-07-01"}],
        "modality": "MODALITY_REPORTED", "polarity": "POLARITY_MIXED", "status": "STATUS_SIGNED",
        "quantities": [{"name": "km", "value": 0.1, "low": -1e-300, "high": 1e300, "unit": "km"}], "place": "Баку; باكو",
        "codes": [{"scheme": "CAMEO", "code": "057"}],
        "sources": [{"sourceId": "founding-explainer", "quote": "-", "retrievedAt": "2025-08-01T00:00:00.123456789Z"}],
        "externalIds": [{"scheme": "x;y", "id": "=1", "release": "2"}], "labels": ["a;b", "=c"]
    }))
    .unwrap();
    let far = v1::Claim {
        claim_id: "00000000-0000-7000-8000-00000000000b".into(),
        temporal_type: v1::TemporalType::State.into(),
        valid: "Y-123456/Y170000002".into(),
        ..claim.clone()
    };
    let assert = |claim| command(v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) }));
    let retract = v1::RetractClaim { claim_id: claim.claim_id.clone(), reason: v1::RetractionReason::Wrong.into() };
    vec![assert(claim), assert(far), command(v1::command::Command::RetractClaim(retract))]
}

/// A runtime like that of a server.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn the_demo_is_put_together_again_out_of_every_export() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = demo::open(dir.path(), &LedgerOptions::default(), &|_, _| {}).unwrap();
    let seen = runtime().block_on(must_be_answered_alike(ledger, dir.path(), odd_commands()));
    for table in [Table::State, Table::Events] {
        for column in columns(table, &languages()) {
            // Of a whole number of days there is always one; a cut given by its basis has no asked instant.
            assert!(seen.contains(&*column.name) || column.name == "asked_known_at", "{} is always empty", column.name);
        }
    }
}

/// Plays a random history in a directory.
fn random_ledger(seed: u64, data: &Path) -> Ledger {
    let clock = Arc::new(ManualClock::at(tick(0)));
    let ledger = Ledger::create(data, LEDGER, &options(&clock, 1 << 20)).unwrap();
    block_on(ledger.append(request(batch(registrations())))).unwrap();
    let mut random = Random(seed);
    for time in 1..120 {
        clock.set(tick(time));
        let is_recorded = |number| ledger.claim(crate::support::make::id(number), Cut::Head).is_ok();
        let command = any_command(&mut random, &is_recorded);
        // Commands that do not fit the record are refused; enough of them do fit.
        drop(block_on(ledger.append(request(batch([command])))));
    }
    clock.set(detente_domain::position::RecordedAt(2_000_000_000_000_000));
    ledger
}

#[test]
fn random_histories_are_put_together_again_out_of_every_export() {
    for seed in 1..=4 {
        let dir = tempfile::tempdir().unwrap();
        let ledger = random_ledger(seed, dir.path());
        assert!(ledger.head().position().0 > 40, "seed {seed} records too little");
        runtime().block_on(must_be_answered_alike(ledger, dir.path(), Vec::new()));
    }
}

#[test]
fn an_export_to_a_spreadsheet_has_no_formula_and_says_that_it_is_utf_8() {
    let dir = tempfile::tempdir().unwrap();
    drop(demo::open(dir.path(), &LedgerOptions::default(), &|_, _| {}).unwrap());
    let data = dir.path().to_str().unwrap();
    let out = detente(&["export", "--format", "csv", "--spreadsheet", "--languages", "ar", "--data", data]);
    let text = out.stdout.strip_prefix(b"\xef\xbb\xbf").expect("a byte order mark");
    assert!(text.ends_with(b"\r\n") && std::str::from_utf8(text).unwrap().contains("اتفاق"));
}

#[test]
fn nothing_is_left_of_an_export_that_fails() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state.csv");
    let out = ["export", "--format", "csv", "--out", file.to_str().unwrap(), "--server", "http://127.0.0.1:1"];
    assert_eq!(detente(&out).status.code(), Some(6));
    assert_eq!(detente(&["export", "--format", "csv", "--data", dir.path().to_str().unwrap()]).status.code(), Some(2));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn no_day_of_a_table_lies_outside_the_years_that_readers_have() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let mapping = "[dataset]\nname = \"far\"\nkey = [\"{valid}\"]\n[[claim]]\nkind = \"reign\"\ntype = \"state\"\n\
                   at = \"{valid}\"\ntexts = { en = \"{valid}\" }\n";
    let dates = ["0047-03-01", "0000-12-31/0001-01-01", "-0490-09-12", "Y36161", "XXXX-12-XX", "9999-12-31/Y10000"];
    std::fs::write(path("far.toml"), mapping).unwrap();
    std::fs::write(path("far.csv"), format!("valid\n{}\n", dates.join("\n"))).unwrap();
    let import = ["import", &path("far.csv"), "--mapping", &path("far.toml"), "--recorded-by", "desk"];
    let imported = detente(&[&import[..], &["--data", &path("ledger")]].concat());
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let rows = rows(home.path(), Table::Claims, &["--what", "claims", "--data", &path("ledger")]);
    let ends = ["valid_from_earliest", "valid_from_earliest_day", "valid_to_latest", "valid_to_latest_day"];
    let told = rows.iter().map(|row| ends.map(|column| row.get(column).map_or("", String::as_str)));
    let expected = [
        ["0047-03-01", "0047-03-01", "0047-03-01", "0047-03-01"],
        ["0000-12-31", "", "0001-01-01", "0001-01-01"],
        ["-0490-09-12", "", "-0490-09-12", ""],
        ["Y36161-01-01", "", "Y36161-12-31", ""],
        ["0000-12-01", "", "9999-12-31", "9999-12-31"],
        ["9999-12-31", "9999-12-31", "Y10000-12-31", ""],
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
