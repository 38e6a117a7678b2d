//! Flat queries as tables: whole at one cut, with the columns of the exports, in every form.

use crate::served::{Served, claim, command, party};
use detente_proto::v1;
use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use v1::command::Command;

type Row = Map<String, Value>;

/// A query of every route that has something in the demo, and the list in its reply.
const ROUTES: [(&str, &str); 16] = [
    ("state?relationship=AZE-RUS&valid_at=2025-07", "matches"),
    ("claims?relationship=AZE-RUS", "claims"),
    ("revisions?claim_id=019862ed-ac00-7000-8000-000000001601", "revisions"),
    ("events?", "events"),
    ("parties?", "parties"),
    ("sources?", "sources"),
    ("relationships?", "relationships"),
    ("diff?from_known_at=2025-08-02", "changes"),
    ("timeline?relationship=AZE-RUS&from=2025-01&until=2025-08", "segments"),
    ("upcoming?from=2024-01&until=2026-12", "transitions"),
    ("conflicts?", "conflicts"),
    ("corroboration?", "corroborations"),
    ("commitments?", "commitments"),
    ("gaps?", "gaps"),
    ("kinds?", "kinds"),
    ("schemes?", "schemes"),
];

/// The columns of JSON that the manuals name, as one claim or one entry has them.
fn documented_json() -> std::collections::HashSet<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/");
    let manual = |name: &str| std::fs::read_to_string(format!("{root}{name}")).unwrap();
    let export = manual("EXPORT.md");
    let of_export = export.lines().filter(|line| line.contains("| json |")).map(|line| line.split('`').nth(1).unwrap());
    let http = manual("HTTP.md");
    let of_http =
        http.split("| columns of JSON beside those of a claim |").nth(1).unwrap().split("\n\n").next().unwrap();
    let of_http =
        of_http.lines().filter_map(|line| line.split('|').nth(2)).flat_map(|names| names.split('`').skip(1).step_by(2));
    of_export.chain(of_http).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_cell_is_a_scalar_or_a_list_in_a_column_that_the_manuals_name() {
    let server = Served::demo().await;
    let documented = documented_json();
    let mut found = 0;
    let others = [("claim?claim_id=019862ed-ac00-7000-8000-000000001601", ""), ("info?", "")];
    let series = [("series?from=2025-01&until=2025-12&group_by=polarity", "")];
    for (route, _) in ROUTES.into_iter().chain(others).chain(series) {
        let (columns, rows) = server.csv(&format!("/api/v1/{route}")).await;
        assert!(!columns.is_empty(), "{route}");
        for row in &rows {
            for (column, cell) in columns.iter().zip(row) {
                let is_json = ["{", "[{", "[\""].iter().any(|start| cell.starts_with(start));
                let of_claim = ["before_", "after_", "other_"].iter().find_map(|side| column.strip_prefix(side));
                let is_named =
                    [Some(column.as_str()), of_claim].into_iter().flatten().any(|name| documented.contains(name));
                assert!(!is_json || is_named, "{route}: {column}: {cell}");
                found += usize::from(is_json);
            }
        }
    }
    assert!(found > 100, "{found}");
    server.end().await;
}

impl Served {
    /// The rows of a table as lines of JSON.
    async fn rows(&self, path: &str) -> Vec<Row> {
        let lines = self.text(&format!("{path}&format=ndjson")).await;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A table in CSV: its columns, and its rows.
    async fn csv(&self, path: &str) -> (Vec<String>, Vec<csv::StringRecord>) {
        let table = self.text(&format!("{path}&format=csv")).await;
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let columns = reader.headers().unwrap().iter().map(str::to_owned).collect();
        (columns, reader.into_records().map(Result::unwrap).collect())
    }

    /// Claims with a text, in appends of a hundred.
    async fn with_claims(count: u128, text: &str) -> Self {
        let mut server = Self::empty().await;
        server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
        for from in (0..count).step_by(100) {
            server
                .append((from + 1..=(from + 100).min(count)).map(|one| claim(one, "2025-01/..", text)).collect())
                .await;
        }
        server
    }
}

/// A cell of CSV as JSON has it.
fn as_in_csv(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

/// The answer to a question over HTTP/1.1: its head, its body, and whether the body was ended.
async fn over_http_11(server: &Served, path: &str) -> (String, Vec<u8>, bool) {
    let mut socket = begin(server, path).await;
    read(&mut socket).await
}

async fn begin(server: &Served, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address);
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

async fn read(socket: &mut TcpStream) -> (String, Vec<u8>, bool) {
    let mut bytes = Vec::new();
    // A connection that is reset has ended too.
    drop(socket.read_to_end(&mut bytes).await);
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap().to_lowercase();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let (mut rest, mut body) = (&bytes[at + 4..], Vec::new());
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (head, body, true);
        }
        let Some(chunk) = rest.get(end + 2..end + 2 + length) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + length..).unwrap_or_default();
    }
    (head, body, false)
}

#[tokio::test]
async fn every_form_of_a_table_has_the_same_rows_and_every_row_the_same_members() {
    let server = Served::demo().await;
    for (query, list) in ROUTES {
        let path = format!("/api/v1/{query}");
        let size = if list == "events" { "&limit=10000" } else { "&page_size=1000" };
        let entries = server.json(&format!("{path}{}", if list == "revisions" { "" } else { size })).await;
        let count = entries[list].as_array().unwrap().len();
        let lines = server.rows(&path).await;
        assert!(
            lines.len() == count && (count > 0 || ["kinds", "schemes"].contains(&list)),
            "{query}: {} rows, {count} entries",
            lines.len()
        );
        let array: Vec<Row> =
            serde_json::from_str(&server.text(&format!("{path}&format=rows")).await).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(array, lines, "{query}");
        let (columns, rows) = server.csv(&path).await;
        for (line, row) in lines.iter().zip(&rows) {
            assert_eq!(line.len(), columns.len(), "{query}");
            for (column, cell) in columns.iter().zip(row) {
                let value = line.get(column).unwrap_or_else(|| panic!("{query}: no {column} in {line:?}"));
                let as_json = serde_json::from_str::<Value>(cell).is_ok_and(|cell| cell == *value);
                let same = as_json || as_in_csv(value) == cell;
                assert!(same, "{query}: {column} is {value} and {cell}");
            }
        }
        assert_eq!(rows.len(), count, "{query}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_table_without_rows_has_its_columns() {
    let server = Served::empty().await;
    for route in ["state", "claims", "events", "parties", "sources", "relationships", "conflicts", "gaps", "kinds"] {
        let (columns, rows) = server.csv(&format!("/api/v1/{route}?")).await;
        assert!(columns.len() > 2 && rows.is_empty(), "{route}: {columns:?}");
        assert_eq!(server.text(&format!("/api/v1/{route}?format=rows")).await, "[]\n");
        assert_eq!(server.text(&format!("/api/v1/{route}?format=ndjson")).await, "");
    }
    server.end().await;
}

#[tokio::test]
async fn a_table_is_whole_however_many_rows_it_has_and_at_one_cut() {
    let mut server = Served::with_claims(2300, "One of many.").await;
    let parties: Vec<_> = (0..1500).map(|nth| party(&format!("P{nth:04}"), "A party")).collect();
    server.append(parties).await;
    for (query, count) in [
        ("claims?", 2300),
        ("state?valid_at=2025-07", 2300),
        ("gaps?type=single-origin", 2300),
        ("corroboration?", 2300),
        ("upcoming?from=2024&until=2026", 4600),
        ("diff?from_position=0", 2300),
        ("parties?", 1502),
        ("events?", 3802),
        ("events?limit=1234", 1234),
    ] {
        let path = format!("/api/v1/{query}");
        assert_eq!(server.csv(&path).await.1.len(), count, "{query} at once");
        for format in ["csv", "ndjson", "rows"] {
            let (head, body, is_whole) = over_http_11(&server, &format!("{path}&format={format}")).await;
            assert!(is_whole && head.contains("etag: ") && head.contains("detente-basis: "), "{head}");
            let body = String::from_utf8(body).unwrap();
            let rows = match format {
                "csv" => csv::Reader::from_reader(body.as_bytes()).records().map(Result::unwrap).count(),
                "ndjson" => body.lines().count(),
                _ => serde_json::from_str::<Vec<Row>>(&body).unwrap().len(),
            };
            assert_eq!(rows, count, "{query} {format}");
        }
    }
    // An event that is recorded while a client reads is not part of the table.
    let mut socket = begin(&server, "/api/v1/events?format=csv&kind=*").await;
    let mut first = [0; 64];
    socket.read_exact(&mut first).await.unwrap();
    server.append(vec![claim(9_999_999, "2025-01/..", "Too late.")]).await;
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.unwrap();
    assert!(!rest.contains("Too late."));
    server.end().await;
}

#[tokio::test]
async fn a_part_of_a_table_is_asked_for_and_says_where_it_goes_on() {
    let server = Served::with_claims(120, "One of some.").await;
    let link = |head: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix("link: <"))?;
        Some(line.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
    };
    for format in ["csv", "json"] {
        let (mut path, mut pages) = (Some(format!("/api/v1/claims?format={format}&page_size=50")), 0);
        while let Some(asked) = path {
            let answer = server.ask("GET", &asked, "", "").await;
            assert_eq!(answer.status, 200, "{asked}");
            path = link(&answer.head);
            pages += 1;
        }
        assert_eq!(pages, 3, "{format}");
    }
    let whole = server.ask("GET", "/api/v1/claims?format=csv", "", "").await;
    assert_eq!(link(&whole.head), None);
    let (mut path, mut events) = (Some("/api/v1/events?limit=50".to_owned()), 0);
    while let Some(asked) = path {
        let answer = server.ask("GET", &asked, "", "").await;
        events += serde_json::from_slice::<Value>(&answer.body).unwrap()["events"].as_array().unwrap().len();
        path = link(&answer.head);
    }
    assert_eq!(events, 122);
    for (query, name) in [
        ("claims?page_size=1001", "page_size: 1001 is more than 1000"),
        ("claims?page_size=99999999999999999999&format=csv", "page_size: "),
        ("events?limit=10001", "limit: 10001 is more than 10000"),
    ] {
        let refused = server.ask("GET", &format!("/api/v1/{query}"), "", "").await;
        let said = String::from_utf8(refused.body).unwrap();
        assert!(refused.status == 400 && said.contains(name), "{query}: {said}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_table_has_a_tag_that_stays_with_its_cut() {
    let mut server = Served::with_claims(1100, "One of many.").await;
    for query in ["claims?format=csv", "events?format=ndjson", "state?valid_at=2025-07&format=rows"] {
        let path = format!("/api/v1/{query}");
        let tag = |head: String| head.lines().find_map(|line| line.strip_prefix("etag: ").map(str::to_owned)).unwrap();
        let first = tag(server.ask("HEAD", &path, "", "").await.head);
        assert_eq!(tag(server.ask("GET", &path, "", "").await.head), first, "{query}");
        let known = format!("if-none-match: {first}\r\n");
        assert_eq!(server.ask("GET", &path, &known, "").await.status, 304, "{query}");
        server.append(vec![party(&query[..5].to_uppercase().replace('?', "X"), "Another")]).await;
        assert_eq!(server.ask("GET", &path, &known, "").await.status, 200, "{query}: there is more to know");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_breaks_off_does_not_look_like_a_whole_one() {
    // More than what fits between a server and a client that does not read.
    let server = Served::with_claims(1500, &"\"".repeat(4000)).await;
    let mut readers = Vec::new();
    for path in ["/api/v1/events?format=csv", "/api/v1/events?format=rows"] {
        let mut socket = begin(&server, path).await;
        let mut first = [0; 4096];
        socket.read_exact(&mut first).await.unwrap();
        readers.push((path, first, socket));
    }
    // An old client would not see it: it is refused instead.
    let old = server.ask("GET", "/api/v1/events?format=csv", "", "").await;
    assert_eq!(old.status, 429, "{}", String::from_utf8_lossy(&old.body));
    assert!(String::from_utf8_lossy(&old.body).contains("LIMIT_EXCEEDED"));
    let ended = tokio::spawn(server.end());
    for (path, first, mut socket) in readers {
        let mut rest = Vec::new();
        drop(socket.read_to_end(&mut rest).await);
        assert!(first.starts_with(b"HTTP/1.1 200") && !rest.ends_with(b"0\r\n\r\n"), "{path}: {} bytes", rest.len());
    }
    ended.await.unwrap();
}

/// A claim with all sorts of dates and words.
fn rich() -> v1::Command {
    let mut rich = claim(7, "2024-06~/..", "A pact with a number.");
    if let Some(Command::AssertClaim(assert)) = &mut rich.command {
        let claim = assert.claim.as_mut().unwrap();
        claim.texts.push(v1::Text { lang: "ar".into(), text: "اتفاق".into(), original: false });
        claim.quantities = vec![v1::Quantity { name: "troops".into(), value: Some(0.0), ..Default::default() }];
        claim.due = "2024-12".into();
    }
    rich
}

#[tokio::test]
async fn dates_and_words_of_claims_are_columns_wherever_a_claim_stands() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland"), rich()]).await;
    let id = "claim_id=00000000-0000-0000-0000-000000000007";
    for (query, before) in [
        ("state?valid_at=2025-07".to_owned(), ""),
        ("claims?".to_owned(), ""),
        (format!("claim?{id}"), ""),
        (format!("revisions?{id}"), ""),
        ("upcoming?from=2024&until=2025&transition=falls-due".to_owned(), ""),
        ("gaps?type=single-origin".to_owned(), ""),
        ("commitments?".to_owned(), ""),
        ("diff?from_position=0".to_owned(), "after_"),
        ("events?kind=agreement".to_owned(), ""),
    ] {
        let rows = server.rows(&format!("/api/v1/{query}&languages=en,ar")).await;
        assert_eq!(rows.len(), 1, "{query}");
        let cell =
            |name: &str| rows[0].get(&format!("{before}{name}")).unwrap_or_else(|| panic!("{query}: {name}")).clone();
        let dates = ["valid_from_kind", "valid_from", "valid_from_earliest", "valid_from_latest_day", "valid_to_kind"];
        assert_eq!(dates.map(cell), ["known", "2024-06~", "2024-06-01", "2024-06-30", "open"], "{query}");
        assert_eq!(cell("valid_to"), Value::Null, "{query}");
        let words = ["text", "text_en", "text_ar"].map(cell);
        assert_eq!(words, ["A pact with a number.", "A pact with a number.", "اتفاق"], "{query}");
        assert_eq!(cell("quantities")[0]["value"], 0.0, "{query}: a zero is said");
    }
    server.end().await;
}

#[tokio::test]
async fn numbers_are_numbers_and_what_is_only_asked_is_not_told() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland"), rich()]).await;
    let state = server.json("/api/v1/state?valid_at=2025-07").await;
    let claim = &state["matches"][0]["claim"];
    assert!(claim["position"].is_u64() && state["context"]["position"].is_u64(), "{state}");
    assert!(claim.get("valid").is_none() && claim["validTo"]["open"].is_object(), "{claim}");
    let (_, over_rpc) = server.rpc("GetState", &serde_json::json!({ "validAt": "2025-07" })).await;
    assert!(over_rpc["context"]["position"].is_string(), "canonical proto3 JSON");
    let row = &server.rows("/api/v1/state?valid_at=2025-07").await[0];
    assert!(row["position"].is_u64() && row["open_disputes"] == 0 && row["retracted"] == false, "{row:?}");
    server.end().await;
}

#[tokio::test]
async fn a_series_is_a_row_for_each_period_and_group() {
    let mut server = Served::empty().await;
    let mut dated = vec![party("AAA", "Aland"), party("BBB", "Bland")];
    dated.extend([claim(1, "2025-01/2025-02", "Early."), claim(2, "2025-03/2025-03", "Late.")]);
    if let Some(Command::AssertClaim(assert)) = &mut dated.last_mut().unwrap().command {
        assert.claim.as_mut().unwrap().kind = "talks".into();
    }
    server.append(dated).await;
    let path = "/api/v1/series?from=2025-01&until=2025-03&bucket=month&group_by=kind";
    let rows = server.rows(path).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["period"].as_str().unwrap(),
                row["group"].as_str().unwrap(),
                row["definite"].as_u64().unwrap() + row["possible"].as_u64().unwrap(),
            )
        })
        .collect();
    let months = ["2025-01", "2025-02", "2025-03"];
    let expected = [
        (months[0], "agreement", 1),
        (months[0], "talks", 0),
        (months[1], "agreement", 1),
        (months[1], "talks", 0),
        (months[2], "agreement", 0),
        (months[2], "talks", 1),
    ];
    assert_eq!(told, expected);
    assert!(
        rows.iter().all(|row| row["mean"].is_null()
            && row["scored"] == 0
            && row["beyond_as_of"] == 0
            && row["from"].is_string()),
        "{rows:?}"
    );
    let buckets = server.json(path).await;
    for bucket in buckets["buckets"].as_array().unwrap() {
        let groups: Vec<_> =
            bucket["points"].as_array().unwrap().iter().map(|point| point["group"].as_str().unwrap()).collect();
        assert_eq!(groups, ["agreement", "talks"]);
    }
    let (columns, _) = server.csv(path).await;
    assert_eq!(columns[..6], ["period", "from", "until", "beyond_sources", "group", "definite"]);
    assert_eq!(
        server.rows("/api/v1/series?from=2025-01&until=2025-02&kind=none&group_by=kind").await.len(),
        2,
        "a row for each bucket"
    );
    server.end().await;
}

#[tokio::test]
async fn csv_for_a_spreadsheet_has_no_cell_that_it_would_run() {
    let mut server = Served::empty().await;
    let formulas = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\n=1", "＝1"];
    let claims = (1..).zip(formulas).map(|(nth, text)| claim(nth, "-0490-09-12", text));
    let named = [party("AAA", "=HYPERLINK(\"http://evil\")"), party("BBB", "-1+1")];
    server.append(named.into_iter().chain(claims).collect()).await;
    for route in ["claims?", "events?", "parties?", "state?valid_at=-0490", "relationships?"] {
        let path = format!("/api/v1/{route}&format=csv");
        let raw = server.ask("GET", &format!("{path}&spreadsheet=true"), "", "").await.body;
        assert!(raw.starts_with(b"\xef\xbb\xbf") && raw.ends_with(b"\r\n"), "{route}");
        let mut reader = csv::Reader::from_reader(&raw[3..]);
        for row in reader.records().map(Result::unwrap) {
            for cell in &row {
                let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']);
                assert!(!is_formula || cell.parse::<f64>().is_ok(), "{route}: {cell}");
            }
        }
        let plain = server.ask("GET", &path, "", "").await.body;
        assert!(!plain.starts_with(b"\xef\xbb\xbf"));
    }
    let plain = server.text("/api/v1/claims?format=csv").await;
    assert!(plain.contains(",=1+1,"), "programs get what was recorded");
    for wrong in ["state?spreadsheet=true", "state?format=ndjson&spreadsheet=1", "state?format=csv&spreadsheet=yes"] {
        assert_eq!(server.ask("GET", &format!("/api/v1/{wrong}"), "", "").await.status, 400, "{wrong}");
    }
    server.end().await;
}

#[tokio::test]
async fn every_column_of_every_table_is_filled_by_something() {
    let mut server = Served::demo().await;
    // Entries that the demo lacks.
    let id = "019862ed-ac00-7000-8000-000000000302".to_owned();
    let dispute = v1::DisputeClaim {
        claim_id: id.clone(),
        disputed_by: "RUS".into(),
        statement: "No.".into(),
        ..Default::default()
    };
    server.append(vec![command(Command::DisputeClaim(dispute))]).await;
    let mut never = Vec::new();
    for (query, _) in ROUTES {
        let route = query.split('?').next().unwrap();
        let extra = match route {
            "claims" | "state" => "&include_retracted=true&languages=ar",
            _ => "&languages=ar",
        };
        let rows = server.rows(&format!("/api/v1/{query}{extra}")).await;
        for column in rows.first().into_iter().flat_map(Map::keys) {
            if rows.iter().all(|row| row[column].is_null()) {
                never.push(format!("{route}.{column}"));
            }
        }
    }
    let unfillable = ["valid", "before_valid", "claim_valid", "head_supposed", "head_valid_at"];
    let told = |name: &String| unfillable.contains(&name.split('.').nth(1).unwrap());
    assert!(!never.iter().any(told), "{never:?}");
    // Of the log the columns are those of an export, and the demo fills nearly all of them.
    let of_events: Vec<_> = never.iter().filter(|name| name.starts_with("events.")).collect();
    assert!(of_events.len() <= 8, "{of_events:?}");
    server.end().await;
}
