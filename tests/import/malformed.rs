//! A hundred malformed inputs: each is reported with its place and the expected value, costs no good row, and leaves
//! nothing half-written.

use super::desk::{Desk, HEADER, MAPPING};
use std::io::Write as _;

/// Rows that are bad, the column that is reported, and a part of the message. The good rows around them are recorded.
const BAD_ROWS: &[(&str, &str)] = &[
    // Cells
    ("x,1,2,2000,2001,S,1", "has 7 cells, the header has 8"),
    ("x,1,2,2000,2001,S,1,t,more", "has 9 cells, the header has 8"),
    ("x", "has 1 cell, the header has 8"),
    ("x,1,2,2000,2001,S,1,t,,,,,,,,,more", "has 17 cells"),
    ("x;1;2;2000;2001;S;1;t", "has 1 cell"),
    ("x\t1\t2\t2000\t2001\tS\t1\tt", "has 1 cell"),
    ("x,1,2,2000,2001,S,1,\"t", "a quote is opened and not closed"),
    ("x,1,2,2000,2001,S,1,\"t\"t", "text behind a closing quote"),
    ("\"x,1,2,2000,2001,S,1,t", "a quote is opened and not closed"),
    ("x,1,\"2\" ,2000,2001,S,1,t", "text behind a closing quote"),
    ("\"\"x\"\",1,2,2000,2001,S,1,t", "text behind a closing quote"),
    // Keys
    (",1,2,2000,2001,S,1,t", "column id: the key is empty"),
    ("NA,1,2,2000,2001,S,1,t", "column id: the key is empty"),
    ("   ,1,2,2000,2001,S,1,t", "column id: the key is empty"),
    ("good1,1,2,2000,2001,S,1,t", "the key `good1` was there before, in line 2"),
    // Parties
    ("x,9,2,2000,2001,S,1,t", "column a: `9` is not in the table countries"),
    ("x,1,99,2000,2001,S,1,t", "column b: `99` is not in the table countries"),
    ("x,AZE,2,2000,2001,S,1,t", "column a: `AZE` is not in the table countries"),
    ("x,01,2,2000,2001,S,1,t", "column a: `01` is not in the table countries"),
    ("x,1.0,2,2000,2001,S,1,t", "column a: `1.0` is not in the table countries"),
    ("x,1,-1,2000,2001,S,1,t", "column b: `-1` is not in the table countries"),
    // Dates
    ("x,1,2,2023-02-29,..,S,1,t", "column start: `2023-02-29` has a day that its month does not have"),
    ("x,1,2,1900-02-29,..,S,1,t", "column start: `1900-02-29` has a day that its month does not have"),
    ("x,1,2,2023-04-31,..,S,1,t", "column start: `2023-04-31` has a day"),
    ("x,1,2,2023-13,..,S,1,t", "column start: `2023-13`"),
    ("x,1,2,2023-00,..,S,1,t", "column start: `2023-00`"),
    ("x,1,2,2023-01-00,..,S,1,t", "column start: `2023-01-00`"),
    ("x,1,2,2023-01-32,..,S,1,t", "column start: `2023-01-32`"),
    ("x,1,2,2023-1-1,..,S,1,t", "column start: `2023-1-1` is no date of the form YYYY-MM-DD or YYYY-MM or YYYY"),
    ("x,1,2,1/2/2023,..,S,1,t", "column start: `1/2/2023` is no date of the form"),
    ("x,1,2,2023.01.01,..,S,1,t", "column start: `2023.01.01` is no date of the form"),
    ("x,1,2,20230101,..,S,1,t", "column start: `20230101` is no date of the form"),
    ("x,1,2,23,..,S,1,t", "column start: `23` is no date of the form"),
    ("x,1,2,soon,..,S,1,t", "column start: `soon` is no date of the form"),
    ("x,1,2,,..,S,1,t", "column start: is empty: expected a date"),
    ("x,1,2,NA,..,S,1,t", "column start: is empty: expected a date"),
    ("x,1,2,2000-01-01T00:00:00Z,..,S,1,t", "is no date of the form"),
    ("x,1,2,٢٠٠٠,..,S,1,t", "column start: `٢٠٠٠` is no date of the form"),
    ("x,1,2,2000,never,S,1,t", "column end: `never` is no date of the form"),
    ("x,1,2,2000,2001-02-30,S,1,t", "column end: `2001-02-30` has a day"),
    ("x,1,2,2000/2001,..,S,1,t", "column start: `2000/2001` is no date of the form"),
    ("x,1,2,2000 ,2001x,S,1,t", "column end: `2001x` is no date of the form"),
    // Intervals
    ("x,1,2,2001,2000,S,1,t", "columns start, end: it ends before it starts"),
    ("x,1,2,2000-02,2000-01,S,1,t", "columns start, end: it ends before it starts"),
    ("x,1,2,2000-01-02,2000-01-01,S,1,t", "columns start, end: it ends before it starts"),
    ("x,1,2,2000-01-02,1999,S,1,t", "columns start, end: it ends before it starts"),
    // Words and numbers
    ("x,1,2,2000,2001,S,three,t", "column n: `three` is no number"),
    ("x,1,2,2000,2001,S,\"1,5\",t", "column n: `1,5` is no number"),
    ("x,1,2,2000,2001,S,NaN,t", "column n: `NaN` is no number"),
    ("x,1,2,2000,2001,S,inf,t", "column n: `inf` is no number"),
    ("x,1,2,2000,2001,S,1e999,t", "column n: `1e999` is no number"),
    ("x,1,2,2000,2001,S,0x10,t", "column n: `0x10` is no number"),
    ("x,1,2,2000,2001,S,--1,t", "column n: `--1` is no number"),
    ("x,1,2,2000,2001,S,1 000,t", "column n: `1 000` is no number"),
    ("x,1,2,2000,2001,Z,1,t", "column status: `Z` is not in its map; expected one of: F, S"),
    ("x,1,2,2000,2001,s,1,t", "column status: `s` is not in its map"),
];

/// Rows that are bad in their bytes.
const BAD_BYTES: &[(&[u8], &str)] = &[
    (b"x,1,2,2000,2001,S,1,\xff", "column title: byte 0xff is not UTF-8"),
    (b"x,1,2,2000,2001,S,1,M\xfcsavat", "column title: byte 0xfc is not UTF-8"),
    (b"\xc3,1,2,2000,2001,S,1,t", "column id: byte 0xc3 is not UTF-8"),
    (b"x,1,2,2000,2001,\x80,1,t", "column status: byte 0x80 is not UTF-8"),
    (b"x,1,2,2000,2001,S,1,\xed\xa0\x80", "column title: byte 0xed is not UTF-8"),
    (b"x,1,2,2000,2001,S,1,\xf8\x88\x80\x80\x80", "column title: byte 0xf8 is not UTF-8"),
    (b"x,1,2,20\x0000,2001,S,1,t", "column start:"),
    (b"x\x00y,1,2,2000,2001,S,1,t", "has a NUL character"),
];

fn mapping() -> String {
    MAPPING.replace("else = \"\" , ", "")
}

/// Imports bad rows one by one between two good ones, and tells what was said.
fn check(row: &[u8], expected: &str) {
    let desk = Desk::with(&mapping());
    let good = |id: &str| format!("{id},1,2,2000,2001,S,1,t\n").into_bytes();
    let file = [HEADER.as_bytes(), &good("good1"), row, b"\n", &good("good2")].concat();
    desk.write("t.csv", &file);
    let said = desk.import("t.csv", &["--check", "--reject", "bad.csv"]);
    let shown = String::from_utf8_lossy(row);
    assert_eq!(said.code, 0, "{shown}: {}", said.complaint);
    assert_eq!(said.counts(["rowsRead", "asserted", "rowsRejected"]), [3, 2, 1], "{shown}: {}", said.complaint);
    assert!(said.complaint.contains("t.csv:3: ") && said.complaint.contains(expected), "{shown}: {}", said.complaint);
    let rejected = std::fs::read(desk.path("bad.csv")).unwrap();
    assert!(rejected.windows(row.len()).any(|window| window == row), "{shown} is not in the file of bad rows");
}

#[test]
fn a_bad_row_is_told_with_its_line_and_column_and_costs_no_good_one() {
    BAD_ROWS.iter().for_each(|(row, expected)| check(row.as_bytes(), expected));
    BAD_BYTES.iter().for_each(|(row, expected)| check(row, expected));
    check(format!("x,1,2,2000,2001,S,1,{}", "y".repeat(17_000)).as_bytes(), "...`: 17008 bytes long");
    check(format!("{},1,2,2000,2001,S,1,t", "x".repeat(300)).as_bytes(), "...`: 300 bytes long");
}

#[test]
fn everything_that_is_wrong_with_a_row_is_reported_at_once() {
    let desk = Desk::new();
    desk.write("t.csv", format!("{HEADER}x,9,8,2023-02-29,soon,S,many,t\n"));
    let said = desk.import("t.csv", &["--check"]);
    for column in ["a", "b", "start", "end", "n"] {
        assert!(said.complaint.contains(&format!("column {column}: ")), "{column}: {}", said.complaint);
    }
}

#[test]
fn a_row_that_never_ends_is_given_up_and_the_next_one_read() {
    let desk = Desk::new();
    let huge = "y".repeat(5 << 20);
    desk.write("t.csv", format!("{HEADER}x,1,2,2000,2001,S,1,{huge}\ngood,1,2,2000,2001,S,1,t\n"));
    let said = desk.import("t.csv", &["--check"]);
    assert_eq!(said.counts(["asserted", "rowsRejected"]), [1, 1]);
    assert!(said.complaint.contains("t.csv:2: it is longer than 4 MiB"), "{}", said.complaint);
}

fn pack(by: &str, text: &str) -> Vec<u8> {
    match by {
        "gz" => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap()
        }
        "xz" => {
            let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
            xz.write_all(text.as_bytes()).unwrap();
            xz.finish().unwrap()
        }
        _ => {
            // As the program `zstd` does, and unlike the library by itself, with a checksum.
            let mut zstandard = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
            zstandard.include_checksum(true).unwrap();
            zstandard.write_all(text.as_bytes()).unwrap();
            zstandard.finish().unwrap()
        }
    }
}

/// Files that cannot be read at all, and what is said.
fn bad_files() -> Vec<(String, Vec<u8>, &'static str)> {
    let mut rows = HEADER.to_owned();
    for row in 0_u32..3000 {
        rows.push_str(&format!("k{row},1,2,2000,2001,S,1,{}\n", row.wrapping_mul(2_654_435_761)));
    }
    let text = |name: &str, text: &str, said| (name.to_owned(), text.as_bytes().to_vec(), said);
    let mut bad = vec![
        text("empty.csv", "", "it is empty"),
        text("blank.csv", "\n\n\n", "it is empty"),
        text("twice.csv", "id,a,a,start,end,status,n,title\n", "two columns are called `a`"),
        text("open.csv", "id,\"a,b\n", "line 1: a quote is opened and not closed"),
        text("other.csv", "one,two\n1,2\n", "there is no column `id` here; there are: one, two"),
        text("tabs.csv", "id\ta\tb\n1\t2\t3\n", "there is no column"),
        text("t.json", "{\"id\": 1}", "expected an array of objects"),
        text("cut.json", "[{\"id\": \"x\", \"a\": 1", "it breaks off at line 1"),
        text("comma.json", "[{\"id\": \"x\"},]", "trailing comma"),
        text("t.xlsx", "PK", "`xlsx` is no format"),
        ("header.csv".to_owned(), b"id,\xff\n".to_vec(), "the names of the columns are not of the encoding"),
    ];
    for by in ["gz", "xz", "zst"] {
        let whole = pack(by, &rows);
        for part in [2, 4] {
            bad.push((format!("cut{part}.csv.{by}"), whole[..whole.len() / part].to_vec(), "cut"));
        }
        bad.push((format!("tail.csv.{by}"), whole[..whole.len() - 3].to_vec(), "cut"));
        let mut flipped = whole.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0xff;
        flipped[middle + 1] ^= 0xff;
        bad.push((format!("flipped.csv.{by}"), flipped, "flipped"));
    }
    bad
}

#[test]
fn a_file_that_breaks_off_or_is_no_table_is_refused_whole_and_nothing_of_it_is_recorded() {
    for (name, bytes, expected) in bad_files() {
        let desk = Desk::new();
        desk.write(&name, &bytes);
        let said = desk.import(&name, &[]);
        assert!(matches!(said.code, 2 | 4), "{name}: {} {}", said.code, said.complaint);
        let told = match expected {
            "cut" => ["it breaks off", "cannot be unpacked"].iter().any(|words| said.complaint.contains(words)),
            // The damage shows in the packing, or in the rows that come out.
            "flipped" => said.complaint.contains("cannot be unpacked") || said.complaint.contains("it breaks off"),
            words => said.complaint.contains(words),
        };
        assert!(told, "{name}: {}", said.complaint);
        assert!(desk.path("ledger").exists());
        assert_eq!(desk.events(), Vec::<String>::new(), "{name}");
        let stages = desk.path("ledger/stages").read_dir().into_iter().flatten().count();
        assert_eq!(stages, 0, "{name} left a stage behind");
    }
}

#[test]
fn a_bad_line_of_json_is_told_and_the_others_recorded() {
    let good = r#"{"id":"g","a":1,"b":2,"start":"2000","end":"2001","status":"S","n":1,"title":"t"}"#;
    for (line, expected) in [
        ("{\"id\": ", "is no JSON object"),
        ("[1, 2]", "is no JSON object"),
        ("nonsense", "is no JSON object"),
        ("{\"id\":\"x\",\"a\":1,\"b\":2,\"start\":\"2023-02-29\",\"title\":\"t\"}", "column start: `2023-02-29`"),
        ("{\"id\":\"x\",\"a\":\"1\\ud800\"}", "`a`:"),
        ("{\"title\":\"t\"}", "column id: the key is empty"),
    ] {
        let desk = Desk::new();
        desk.write("t.jsonl", format!("{good}\n{line}\n"));
        let said = desk.import("t.jsonl", &["--check"]);
        assert_eq!(said.counts(["asserted", "rowsRejected"]), [1, 1], "{line}: {}", said.complaint);
        assert!(
            said.complaint.contains("t.jsonl:2: ") && said.complaint.contains(expected),
            "{line}: {}",
            said.complaint
        );
    }
}

#[test]
fn a_member_that_no_object_has_is_written_wrong_unless_the_mapping_says_that_none_needs_to() {
    let rows = r#"{"id":"g","a":1,"b":2,"start":"2000","end":"2001","status":"S","tittle":"t"}"#;
    for (check, flags) in [(true, &["--check"][..]), (false, &[])] {
        let desk = Desk::new();
        desk.write("t.jsonl", rows);
        let said = desk.import("t.jsonl", flags);
        assert_eq!(said.code, 2, "check {check}: {}{}", said.out, said.complaint);
        assert!(said.complaint.contains("no row has it") && said.complaint.contains("optional"), "{}", said.complaint);
        assert!(!desk.path("ledger").exists() || desk.table("claims", &[]).is_empty(), "nothing is recorded");
    }
    let desk = Desk::with(&MAPPING.replace("[source]\n", "[source]\noptional = [\"n\", \"title\"]\n"));
    desk.write("t.jsonl", rows);
    assert_eq!(desk.import("t.jsonl", &[]).counts(["asserted", "rowsRejected"]), [1, 0]);
    // One object that has it is enough.
    let desk = Desk::new();
    let other = r#"{"id":"h","a":1,"b":2,"start":"2000","end":"2001","status":"S","n":1,"title":"t"}"#;
    desk.write("t.jsonl", format!("{rows}\n{other}\n"));
    assert_eq!(desk.import("t.jsonl", &[]).counts(["asserted", "rowsRejected"]), [2, 0]);
}

#[test]
fn a_mapping_that_cannot_be_used_says_where_and_why() {
    let swap = |from: &str, to: &str| {
        assert!(MAPPING.contains(from), "{from}");
        MAPPING.replacen(from, to, 1)
    };
    for (mapping, expected) in [
        (String::new(), "missing field `dataset`"),
        ("[dataset]\nname = \"x y\"\n".to_owned(), "no name of a data set"),
        ("[dataset]\nname = \"x\"\n".to_owned(), "no [[claim]]"),
        (swap("[source]", "[source]\nencoding = \"klingon\""), "`klingon` is no encoding"),
        (swap("[source]", "[source]\ndelimiter = \"→\""), "must be one ASCII character"),
        (swap("[source]", "[source]\nqoute = \"'\""), "unknown field `qoute`"),
        (swap("{title}", "{titel}"), "claim[0].texts.en: there is no column `titel`"),
        (swap("{title}", "{title"), "a brace without its other"),
        (swap("{title}", "{title|loud}"), "`loud` is no filter"),
        (swap("\"agreement\"", "{ from = \"x\", table = \"nations\" }"), "there is no table `nations`"),
        (swap("party = \"state\"", "party = \"nation\""), "there is no class `nation`"),
        (swap("source = \"list\"", "source = \"lists\""), "there is no class `lists`"),
        (swap("type = \"state\"\nstatus", "type = \"stat\"\nstatus"), "`stat` is no temporal type"),
        (swap("key = [\"{id}\"]", "key = []"), "dataset.key"),
        (swap("\"YYYY-MM-DD\"", "\"DD\""), "no YYYY"),
        (swap("[[claim]]", "[release]\nrevised = \"better\"\n[[claim]]"), "`better` is no kind of revision"),
        (swap("[[claim]]", "[release]\nretracted = \"gone\"\n[[claim]]"), "`gone` is no reason"),
        (
            swap("[tables.countries]", "[tables.more]\nfile = \"missing.csv\"\nkey = \"x\"\n[tables.countries]"),
            "missing.csv",
        ),
    ] {
        let desk = Desk::with(&mapping);
        desk.write("t.csv", format!("{HEADER}x,1,2,2000,2001,S,1,t\n"));
        let said = desk.import("t.csv", &["--check"]);
        assert_eq!(said.code, 2, "{expected}: {}", said.complaint);
        assert!(said.complaint.contains(expected), "{expected}: {}", said.complaint);
    }
}

#[test]
fn strict_records_nothing_once_a_row_is_bad() {
    let desk = Desk::new();
    desk.write("t.csv", format!("{HEADER}x,1,2,2000,2001,S,1,t\ny,1,2,2001,2000,S,1,t\n"));
    let said = desk.import("t.csv", &["--strict"]);
    assert_eq!(said.code, 4, "{}", said.complaint);
    assert!(said.complaint.contains("1 of 2 rows are bad; nothing was recorded"), "{}", said.complaint);
    assert_eq!(desk.events(), Vec::<String>::new());
}
