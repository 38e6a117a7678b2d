//! One table in every form that a user may have it in: it is always the same claims.

use super::desk::{Desk, HEADER, MAPPING};
use std::io::Write as _;

const ROWS: &str = "p1,1,2,2024-12,..,S,3,\"Trade, and \"\"more\"\"\"\np2,2,3,1991,2001-06-30,F,NA,Müsavat\n";

/// Returns the claims of the ledger, without the parts that differ from ledger to ledger.
fn claims(desk: &Desk) -> String {
    let claims = desk.table("claims", &[]);
    let parts = ["claim_id", "text_en", "valid_from", "valid_to_kind", "relationships", "status", "quantities"];
    let line = |claim: &serde_json::Value| parts.map(|part| claim[part].to_string()).join(" ");
    claims.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn plain() -> String {
    let desk = Desk::new();
    desk.rows(ROWS, &[]);
    claims(&desk)
}

fn import(mapping: &str, name: &str, bytes: &[u8]) -> String {
    let desk = Desk::with(mapping);
    desk.write(name, bytes);
    let done = desk.import(name, &[]);
    assert_eq!(done.counts(["rowsRead", "asserted", "rowsRejected"]), [2, 2, 0], "{name}: {}", done.complaint);
    claims(&desk)
}

fn with_source(more: &str) -> String {
    MAPPING.replace("[source]\n", &format!("[source]\n{more}\n"))
}

fn tab_separated() -> String {
    format!("{HEADER}{ROWS}")
        .replace("\"Trade, and \"\"more\"\"\"", "Trade; and \"more\"")
        .replace(',', "\t")
        .replace(';', ",")
}

#[test]
fn plain_gzip_xz_and_zstandard_are_the_same() {
    let (text, expected) = (format!("{HEADER}{ROWS}"), plain());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(text.as_bytes()).unwrap();
    assert_eq!(import(MAPPING, "t.csv.gz", &gzip.finish().unwrap()), expected);
    assert_eq!(import(MAPPING, "t.csv.xz", &xz.finish().unwrap()), expected);
    assert_eq!(import(MAPPING, "t.csv.zst", &zstd::encode_all(text.as_bytes(), 1).unwrap()), expected);
    // It is the bytes that count, not the name.
    assert_eq!(import(MAPPING, "t.csv", &zstd::encode_all(text.as_bytes(), 1).unwrap()), expected);
}

#[test]
fn tabs_semicolons_json_and_json_lines_are_the_same() {
    let expected = plain();
    assert_eq!(import(MAPPING, "t.tsv", tab_separated().as_bytes()), expected);
    let semicolons = tab_separated()
        .replace('\t', ";")
        .replace("\"more\"", "\"\"more\"\"")
        .replace("Trade, and \"\"more\"\"", "\"Trade, and \"\"more\"\"\"");
    assert_eq!(import(&with_source("delimiter = \";\""), "t.csv", semicolons.as_bytes()), expected);
    let objects = [
        r#"{"id":"p1","a":1,"b":2,"start":"2024-12","end":"..","status":"S","n":3,"title":"Trade, and \"more\""}"#,
        r#"{"id":"p2","a":2,"b":3,"start":1991,"end":"2001-06-30","status":"F","n":null,"title":"M\u00fcsavat"}"#,
    ];
    assert_eq!(import(MAPPING, "t.jsonl", objects.join("\n").as_bytes()), expected);
    assert_eq!(import(MAPPING, "t.json", format!("[{}]", objects.join(",\n")).as_bytes()), expected);
    let nested = format!("{{\"made\":\"2024\",\"data\":{{\"items\":[{}]}}}}", objects.join(","));
    assert_eq!(import(&with_source("records = \"/data/items\""), "t.json", nested.as_bytes()), expected);
}

#[test]
fn encodings_byte_order_marks_and_ends_of_lines_are_the_same() {
    let (text, expected) = (format!("{HEADER}{ROWS}"), plain());
    let (latin, ..) = encoding_rs::WINDOWS_1252.encode(&text);
    assert_eq!(import(&with_source("encoding = \"windows-1252\""), "t.csv", &latin), expected);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(import(&with_source("encoding = \"utf-16le\""), "t.csv", &utf16), expected);
    let marked = [&[0xff, 0xfe][..], &utf16].concat();
    assert_eq!(import(MAPPING, "t.csv", &marked), expected, "a byte order mark says which encoding it is");
    assert_eq!(import(MAPPING, "t.csv", format!("\u{feff}{text}").as_bytes()), expected);
    assert_eq!(import(MAPPING, "t.csv", text.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(import(MAPPING, "t.csv", text.replace('\n', "\r").as_bytes()), expected);
}

#[test]
fn a_table_without_header_or_with_lines_before_it_is_the_same() {
    let expected = plain();
    let columns = "header = false\ncolumns = [\"id\", \"a\", \"b\", \"start\", \"end\", \"status\", \"n\", \"title\"]";
    assert_eq!(import(&with_source(columns), "t.csv", ROWS.as_bytes()), expected);
    let preface = format!("Made up, 2024\n\n{HEADER}{ROWS}");
    assert_eq!(import(&with_source("skip_lines = 2"), "t.csv", preface.as_bytes()), expected);
    let other = format!("{HEADER}{ROWS}").replace("id,a,b", "PactNo,StateA,b");
    let rename = "lower_case = true\nrename = { pactno = \"id\", statea = \"a\" }";
    assert_eq!(import(&with_source(rename), "t.csv", other.as_bytes()), expected);
}

#[test]
fn a_directory_and_an_archive_are_one_release() {
    let expected = plain();
    let (first, second) = ROWS.split_at(ROWS.find("p2").unwrap());
    let desk = Desk::new();
    std::fs::create_dir(desk.path("t")).unwrap();
    desk.write("t/1.csv", format!("{HEADER}{first}"));
    desk.write("t/2.csv", format!("{HEADER}{second}"));
    desk.write("t/.hidden", "no table");
    assert_eq!(desk.import("t", &[]).counts(["rowsRead", "asserted"]), [2, 2]);
    assert_eq!(claims(&desk), expected);

    let mut archive = tar::Builder::new(Vec::new());
    for (name, rows) in [("x/1.csv", first), ("x/2.csv", second)] {
        let text = format!("{HEADER}{rows}");
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let bytes = zstd::encode_all(&archive.into_inner().unwrap()[..], 1).unwrap();
    assert_eq!(import(MAPPING, "t.tar.zst", &bytes), expected);
}

#[test]
fn cells_become_rows_where_a_mapping_unpivots() {
    let mapping = r#"
[dataset]
name = "treaty"
key = ["{@file}", "{Participant}"]
recorded_by = "desk"
[source]
unpivot = ["Participant"]
[parties.state]
id = "{key|id}"
type = "state"
names = { en = "{key}" }
[[derive]]
from = "{@value}"
match = '^(?<day>\d+ \w+ \d{4})(?: (?<mark>\w+))?$'
[[derive]]
column = "act"
from = "{mark}"
map = { a = "accession", d = "succession" }
[[derive]]
column = "act"
from = "{@column|snake}"
when = { mark = "" }
[[claim]]
name = "x"
key = ["{@file}", "{Participant}", "{act}"]
kind = "{act}"
type = "event"
at = { date = "{day}", formats = ["D Mon YYYY"] }
texts = { en = "{Participant}: {act}" }
parties = [{ role = "party", party = "state", key = "{Participant}" }]
"#;
    let desk = Desk::with(mapping);
    desk.write(
        "1-5.csv",
        "Participant,Signature,\"Ratification, Accession(a)\"\nAland,20 Sep 1973,\nBorduria,,1 Aug 1986 a\n",
    );
    assert_eq!(desk.import("1-5.csv", &[]).counts(["rowsRead", "asserted", "parties"]), [2, 2, 2]);
    let claims = desk.table("claims", &[]);
    let told: Vec<String> =
        claims.iter().map(|claim| format!("{} {}", claim["valid_from"], claim["text_en"])).collect();
    assert_eq!(told, ["\"1973-09-20\" \"Aland: signature\"", "\"1986-08-01\" \"Borduria: accession\""]);
}

#[test]
fn what_says_nothing_in_json_is_no_row_and_a_text_in_the_place_of_a_list_is_a_list_of_one() {
    let mapping = r#"
[dataset]
name = "things"
key = ["{id}"]
recorded_by = "desk"
[parties.actor]
id = "{key}"
type = "state"
names = { en = "{key}" }
[[claim]]
kind = "thing"
type = "state"
at = "2020"
texts = { en = "{id}" }
parties = [{ role = "member", party = "actor", key = "{m.*}" }]
"#;
    let rows = [r#"{"id":"a","m":"X"}"#, "null", r#"{"id":"b","m":["Y","Z"]}"#, r#"{"id":"c","m":"W"}"#, "{}"];
    for (name, text) in [("t.json", format!("[{}]", rows.join(","))), ("t.jsonl", rows.join("\n"))] {
        let desk = Desk::with(mapping);
        desk.write(name, text);
        let said = desk.import(name, &[]);
        assert_eq!(
            said.counts(["rowsRead", "rowsRejected", "asserted", "parties"]),
            [3, 0, 3, 4],
            "{}",
            said.complaint
        );
    }
}

#[test]
fn seconds_that_the_ledger_does_not_keep_are_counted() {
    let mapping = r#"
[dataset]
name = "things"
key = ["{id}"]
recorded_by = "desk"
[[claim]]
kind = "thing"
type = "event"
at = [{ when = { form = "1" }, date = "{at}", formats = ["YYYY-MM-DD hh:mm:ss"] }, { date = "{at}" }]
texts = { en = "{id}" }
"#;
    let desk = Desk::with(mapping);
    let rows = [
        "a,,2025-03-01T08:17:27.120Z",
        "b,,2025-03-01T08:17:27.000Z",
        "c,1,2025-03-01 08:17:27.5",
        "d,1,2025-03-01 08:17:27.00",
        "e,,2016-12-31T23:59:60Z",
        "f,,2025-03",
    ];
    desk.write("t.csv", format!("id,form,at\n{}\n", rows.join("\n")));
    let said = desk.import("t.csv", &[]);
    assert_eq!(said.counts(["asserted", "fractionsCut", "leapSeconds"]), [6, 2, 1], "{}", said.complaint);
}

#[test]
fn a_state_that_no_row_can_give_an_end_is_a_fault_of_the_mapping() {
    let end =
        r#"to = { date = "{end}", formats = ["YYYY-MM-DD", "YYYY-MM", "YYYY"], open = ["..", ""], unknown = ["?"] }"#;
    let desk = Desk::with(&MAPPING.replace(end, ""));
    desk.write("rows.csv", format!("{HEADER}1,1,2,2020,2021,S,1,x\n"));
    let said = desk.import("rows.csv", &[]);
    let words = "claim[0].to: is missing: a state or an event has two ends";
    assert!(said.code != 0 && said.complaint.contains(words), "{}", said.complaint);
}
