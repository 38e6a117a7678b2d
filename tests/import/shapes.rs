//! Forms of data sets: lists, archives, numbers, names next to ids, texts in two forms, empty rows.

use super::desk::{Desk, HEADER, MAPPING, Said};
use std::io::Write as _;

/// A mapping with little in it: `id,what` and lines of its own.
fn mapping(source: &str, claim: &str) -> String {
    format!(
        "[dataset]\nname = \"things\"\nkey = [\"{{id}}\"]\nrecorded_by = \"desk\"\n[source]\n{source}\n\
         [parties.actor]\nid = \"{{key|id}}\"\ntype = \"state\"\nnames = {{ en = \"{{key}}\" }}\n\
         [[claim]]\nkind = \"thing\"\ntype = \"state\"\nat = \"2020\"\ntexts = {{ en = \"{{id}}\" }}\n{claim}\n"
    )
}

fn import(mapping: &str, name: &str, bytes: impl AsRef<[u8]>) -> (Desk, Said) {
    let desk = Desk::with(mapping);
    desk.write(name, bytes);
    let said = desk.import(name, &[]);
    (desk, said)
}

fn texts(desk: &Desk) -> Vec<String> {
    let claims = desk.table("claims", &[]);
    let mut texts: Vec<String> = claims.iter().map(|claim| claim["text_en"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

/// The last event recorded of a party.
fn party(desk: &Desk, id: &str) -> String {
    let events = desk.table("events", &[]);
    events.iter().rev().find(|event| event["subject_id"] == id).unwrap().to_string()
}

fn zip_files(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_zip_is_read_like_a_directory_and_what_is_no_table_is_passed_over_and_told() {
    let files =
        [("data/a.csv", "id\nx\n"), ("data/README.txt", "read me"), ("__MACOSX/a.csv", "z"), ("b.csv", "id\ny\n")];
    let (desk, said) = import(&mapping("", ""), "t.zip", zip_files(&files));
    assert_eq!(said.counts(["rowsRead", "asserted"]), [2, 2], "{}", said.complaint);
    assert!(said.complaint.contains("passed over, of no known form: data/README.txt"), "{}", said.complaint);
    assert_eq!(texts(&desk), ["x", "y"]);
    let (desk, _) = import(&mapping("files = [\"b*.csv\"]", ""), "t.zip", zip_files(&files));
    assert_eq!(texts(&desk), ["y"]);
    let (_, none) = import(&mapping("files = [\"*.tsv\"]", ""), "t.zip", zip_files(&files));
    assert!(none.code != 0 && none.complaint.contains("no file is called *.tsv"), "{}", none.complaint);
    let mut broken = zip_files(&files);
    broken.truncate(60);
    let (_, said) = import(&mapping("", ""), "t.zip", broken);
    assert!(said.code != 0, "{}", said.out);
}

#[test]
fn a_row_in_which_no_cell_says_anything_is_no_row() {
    let desk = Desk::new();
    desk.rows("p1,1,2,2024,,S,3,One\np2,2,3,1991,,F,,Two\n", &[]);
    let padded = "p1,1,2,2024,,S,3,One,,\n,,,,,,,\n,,\n \t,NA,,,,,,NA\n\"\",,,,,,,\n";
    let second = desk.rows(padded, &["--release", "2"]);
    assert_eq!(second.counts(["rowsRead", "rowsRejected", "unchanged", "retracted"]), [1, 0, 1, 1]);
    desk.write("rows.csv", format!("{HEADER}p1,1,2,2024,,S,3,One,more\n"));
    let said = desk.import("rows.csv", &["--check"]);
    assert!(said.complaint.contains("has 9 cells, the header has 8"), "{}", said.complaint);
}

#[test]
fn one_text_in_two_forms_is_one_text() {
    let composed = "caf\u{e9},1,2,2024,,S,3,\u{e9}\n";
    let decomposed = "cafe\u{301},1,2,2024,,S,3,e\u{301}\n";
    let desk = Desk::new();
    desk.rows(composed, &[]);
    let second = desk.rows(decomposed, &["--release", "2"]);
    assert_eq!(second.counts(["unchanged", "asserted", "retracted", "eventsWritten"]), [1, 0, 0, 0]);
    let mapped = MAPPING
        .replace("{ from = \"{status}\", else = \"\" , map = { S =", "{ from = \"{status}\", map = { \"e\u{301}\" =");
    let desk = Desk::with(&mapped);
    desk.rows("a,1,2,2024,,\u{e9},3,x\n", &[]);
}

#[test]
fn decimal_commas_are_said_and_else_the_message_asks() {
    let quantities = "quantities = [{ name = \"deaths\", value = \"{n}\" }]";
    let rows = "id;n\na;173,9\nb;1.234,5\n";
    let (desk, _) = import(&mapping("delimiter = \";\"\ndecimal = \",\"", quantities), "t.csv", rows);
    let values: Vec<f64> =
        desk.table("claims", &[]).iter().map(|claim| claim["quantities"][0]["value"].as_f64().unwrap()).collect();
    assert_eq!(values, [173.9, 1234.5]);
    let objects = r#"[{"id":"a","n":1.234},{"id":"b","n":"1.234"},{"id":"c","n":-2.5e3},{"id":"d","n":"2,5"}]"#;
    let (desk, said) = import(&mapping("decimal = \",\"", quantities), "t.json", objects);
    let value = |claim: &serde_json::Value| claim["quantities"][0]["value"].as_f64();
    let values: Vec<Option<f64>> = desk.table("claims", &[]).iter().map(value).collect();
    let expected = [1.234, 1234.0, -2500.0, 2.5].map(Some);
    assert_eq!(values, expected, "a number of JSON has a point, also beside texts with commas: {}", said.complaint);
    let (_, said) = import(&mapping("delimiter = \";\"", quantities), "t.csv", rows);
    assert!(said.complaint.contains("`173,9` is no number; is its comma a decimal one?"), "{}", said.complaint);
}

#[test]
fn a_delimiter_that_is_not_said_is_asked_for_or_read_from_the_first_line() {
    let (_, said) = import(&mapping("", ""), "t.csv", "id;n\na;1\n");
    assert!(said.complaint.contains("is the delimiter `;`?"), "{}", said.complaint);
    let (desk, _) = import(&mapping("", ""), "t.csv", "sep=;\nid;n\na;1\n");
    assert_eq!(texts(&desk), ["a"]);
    let desk = Desk::with(&mapping("", ""));
    desk.write("t.csv", "id;n\na;1\n");
    assert_eq!(desk.import("t.csv", &["--set", "source.delimiter=;"]).counts(["asserted"]), [1]);
    let said = desk.import("t.csv", &["--set", "source.delimitr=;"]);
    assert!(said.code != 0 && said.complaint.contains("delimitr"), "{}", said.complaint);
}

#[test]
fn a_list_in_a_cell_or_in_json_is_several_parties_or_several_rows() {
    let parties = "parties = [{ role = \"member\", party = \"actor\", key = \"{m}\", split = \";\" }]";
    let (desk, said) = import(&mapping("", parties), "t.csv", "id,m\na,ALPHA ; BETA;;GAMMA\n");
    assert_eq!(desk.table("claims", &[])[0]["party_roles"].as_array().unwrap().len(), 3, "{}", said.complaint);
    let listed = "parties = [{ role = \"member\", party = \"actor\", key = \"{m.*}\" }]";
    let (desk, _) = import(&mapping("", listed), "t.json", r#"[{"id":"a","m":["ALPHA","BETA"]}]"#);
    assert_eq!(desk.table("claims", &[])[0]["party_roles"].as_array().unwrap().len(), 2);
    let rows = mapping("split = { column = \"m\", by = \";\" }", "").replace("[\"{id}\"]", "[\"{id}\", \"{m}\"]");
    let (_, said) = import(&rows, "t.csv", "id,m\na,X;Y\nb,\n");
    assert_eq!(said.counts(["asserted"]), [3], "{}", said.complaint);
    let objects = mapping("split = { column = \"m\" }", "")
        .replace("[\"{id}\"]", "[\"{id}\", \"{@item}\"]")
        .replace("en = \"{id}\"", "en = \"{id}{m.k}\"");
    let text = r#"[{"id":"a","m":[{"k":"x"},{"k":"y","l":1},{"k":"z"}]},{"id":"b","m":[]}]"#;
    let (desk, said) = import(&objects, "t.json", text);
    assert_eq!(texts(&desk), ["ax", "ay", "az", "b"], "{}", said.complaint);
}

#[test]
fn an_object_or_a_text_in_the_place_of_a_list_is_a_list_of_one() {
    let split = |by: &str, member: &str| {
        mapping(&format!("split = {{ column = \"m\"{by} }}"), "")
            .replace("[\"{id}\"]", "[\"{id}\", \"{@item}\"]")
            .replace("en = \"{id}\"", &format!("en = \"{{id}}{{@item}}{{{member}}}\""))
    };
    let object = r#"{"id":"a","m":{"k":"x"}}"#;
    let objects = r#"{"id":"b","m":[{"k":"y"},{"k":"z"}]}"#;
    let (text, list) = (r#"{"id":"a","m":"x"}"#, r#"{"id":"b","m":["y","z"]}"#);
    for (one, several, by, member) in [
        (object, objects, "", "m.k"),
        (text, list, "", "m"),
        (text, list, ", by = \";\"", "m"),
        (text, list, ", by = \";\"", "m.*"),
    ] {
        for rows in [format!("{one}\n{several}\n"), format!("{several}\n{one}\n")] {
            let (desk, said) = import(&split(by, member), "t.jsonl", &rows);
            assert_eq!(texts(&desk), ["a0x", "b0y", "b1z"], "{member} {by} {rows}: {}", said.complaint);
        }
    }
}

#[test]
fn unpivot_is_for_json_too_and_items_that_nothing_is_made_of_are_told() {
    let pivot = mapping("unpivot = [\"id\"]", "").replace("[\"{id}\"]", "[\"{id}\", \"{@value}\"]");
    for (name, text) in [("t.json", r#"[{"id":"a","b":["x","y"]}]"#), ("t.csv", "id,b0,b1\na,x,y\n")] {
        let (_, said) = import(&pivot, name, text);
        assert_eq!(said.counts(["asserted", "rowsRejected"]), [2, 0], "{name}: {}", said.complaint);
    }
    let first = mapping("", "place = \"{who.0.n}\"");
    let (_, said) = import(&first, "t.json", r#"[{"id":"a","who":[{"n":"x"},{"n":"y"}],"other":[{"n":1}]}]"#);
    assert!(
        said.complaint.contains("nothing is made of 1 items") && said.complaint.contains("who.1.n"),
        "{}",
        said.complaint
    );
    assert_eq!(said.report()["columnsNotUsed"], serde_json::json!(["other.0.n", "who.1.n"]));
    let all = mapping("", "parties = [{ role = \"member\", party = \"actor\", key = \"{who.*}\" }]");
    let rows = r#"[{"id":"a","who":["X","Y"]},{"id":"b","who":[{"n":"Z"}]},{"id":"c","who":{"n":"Z"}},{"id":"d","who":[["V"]]}]"#;
    let (_, said) = import(&all, "t.json", rows);
    let missed = "nothing is made of 3 items of lists of which others are used: who.0.0, who.0.n, who.n";
    assert!(said.complaint.contains(missed), "{}", said.complaint);
}

#[test]
fn rejected_rows_of_a_json_array_have_the_line_they_begin_in() {
    let (_, said) = import(&mapping("", ""), "t.json", "[\n{\"id\":\"a\"},\n{\n\"id\":\"\",\"x\":1\n}\n]\n");
    assert!(said.complaint.contains("t.json:3: column id: the key is empty"), "{}", said.complaint);
}

#[test]
fn the_name_and_type_of_a_party_may_stand_in_its_row_and_a_table_need_not_have_it() {
    let with = r#"
[dataset]
name = "things"
key = ["{id}"]
recorded_by = "desk"
[tables.known]
key = "key"
rows = { "A1" = { name = "Alpha" } }
[parties.actor]
table = "known"
unlisted = true
fields = ["said", "sort"]
id = "{key}"
type = { from = "{sort}", map = { s = "state", p = "person" } }
names = { en = [{ from = "{name}", when = { name = { not = "" } } }, { from = "{said}" }] }
[[claim]]
kind = "thing"
type = "state"
at = "2020"
texts = { en = "{id}" }
parties = [
  { role = "a", party = "actor", key = "{a}", with = { said = "{a_name}", sort = "{a_type}" } },
  { role = "b", party = "actor", key = "{b}", with = { said = "{b_name}", sort = "{b_type}" } },
]
relationships = [{ between = ["a", "b"] }]
"#;
    let rows =
        "id,a,a_name,a_type,b,b_name,b_type\n1,A1,ignored,s,B2,Beta,p\n2,B2,Beta,p,B2,Beta,p\n3,B2,Other,p,A1,,s\n";
    let (desk, said) = import(with, "t.csv", rows);
    assert_eq!(said.counts(["asserted", "parties", "odd", "namedOtherwise"]), [3, 2, 1, 1], "{}", said.complaint);
    assert!(
        said.complaint.contains("t.csv:3: B2 is a and b: a party has no relationship with itself"),
        "{}",
        said.complaint
    );
    assert!(said.complaint.contains("t.csv:4: party B2 keeps its name; here it is called Other"), "{}", said.complaint);
    assert!(party(&desk, "A1").contains("Alpha") && party(&desk, "B2").contains("Beta"));
    let wrong = with.replace("with = { said = \"{a_name}\"", "with = { sayd = \"{a_name}\"");
    let (_, said) = import(&wrong, "t.csv", rows);
    assert!(said.complaint.contains("the class has no field `sayd`"), "{}", said.complaint);
}

#[test]
fn a_new_name_in_a_later_release_is_a_name_from_then_on() {
    let lines = MAPPING.lines().filter(|line| !line.starts_with("rows = "));
    let named = lines
        .collect::<Vec<_>>()
        .join("\n")
        .replace("key = \"key\"", "key = \"key\"\nfile = \"c.csv\"")
        .replace("type = \"state\"\nnames", "type = \"state\"\nrenamed = true\nnames");
    let desk = Desk::with(&named);
    desk.write("c.csv", "key,iso,name\n1,AZE,Old Name\n2,RUS,Russia\n");
    desk.rows("p1,1,2,2024,,S,3,One\n", &["--release", "2020-01-01"]);
    desk.write("c.csv", "key,iso,name\n1,AZE,New Name\n2,RUS,Russia\n");
    let second = desk.rows("p1,1,2,2024,,S,3,One\n", &["--release", "2021-01-01"]);
    assert_eq!(second.counts(["partiesRenamed", "unchanged", "eventsWritten"]), [1, 1, 1], "{}", second.complaint);
    let again = desk.rows("p1,1,2,2024,,S,3,One\n", &["--release", "2021-01-01"]);
    assert_eq!(again.counts(["partiesRenamed", "eventsWritten"]), [0, 0]);
    desk.write("c.csv", "key,iso,name\n1,AZE,Old Name\n2,RUS,Russia\n");
    let back = desk.rows("p1,1,2,2024,,S,3,One\n", &["--release", "2022-01-01"]);
    assert_eq!(back.counts(["partiesRenamed", "eventsWritten"]), [1, 1], "an earlier name is taken again");
    let again = desk.rows("p1,1,2,2024,,S,3,One\n", &["--release", "2022-06-01"]);
    assert_eq!(again.counts(["partiesRenamed", "namedOtherwise", "eventsWritten"]), [0, 0, 0]);
    let party = party(&desk, "AZE");
    for part in ["Old Name", "../2020-12-31", "New Name", "2021-01-01/2021-12-31", "2022-01-01/.."] {
        assert!(party.contains(part), "{part}: {party}");
    }
}

#[test]
fn a_party_that_one_file_calls_by_two_names_keeps_the_one_that_it_has() {
    let fields = "fields = [\"name\", \"nom\"]\nrenamed = true\nnames = { en = \"{name}\", fr = \"{nom}\" }";
    let named = mapping(
        "",
        "parties = [{ role = \"m\", party = \"actor\", key = \"P\", with = { name = \"{name}\", nom = \"{nom}\" } }]",
    )
    .replace("names = { en = \"{key}\" }", fields);
    let desk = Desk::with(&named);
    let release = |rows: &str, day: &str| {
        desk.write("t.csv", format!("id,name,nom\n{rows}"));
        desk.import("t.csv", &["--release", day]).counts(["partiesRenamed", "namedOtherwise"])
    };
    assert_eq!(release("a,Old,\nb,Odd,\n", "2019-01-01"), [0, 1]);
    for day in ["2020-01-01", "2021-01-01"] {
        assert_eq!(release("a,Old,\nb,Odd,\n", day), [0, 1]);
        assert_eq!(release("b,Odd,\na,Old,\n", day), [0, 1], "the order of the rows does not matter");
    }
    assert_eq!(release("a,Old,\nb,Old,Vieux\n", "2022-01-01"), [1, 0], "a name in another language is a new one");
    assert_eq!(release("a,Odd,Vieux\nb,New,Vieux\n", "2023-01-01"), [1, 1], "of several new names the first counts");
    assert_eq!(release("a,Odd,Vieux\nb,New,Vieux\n", "2024-01-01"), [0, 1]);
    let party = party(&desk, "P");
    for part in ["../2022-12-31", "Vieux", "2022-01-01/..", "Odd", "2023-01-01/.."] {
        assert!(party.contains(part), "{part}: {party}");
    }
    assert!(!party.contains("New"), "{party}");
}

#[test]
fn a_row_that_takes_its_claim_back_does_so_in_a_part_of_a_release_too() {
    let retracting = format!("{MAPPING}[release]\nretract_when = {{ status = \"X\" }}\n");
    let desk = Desk::with(&retracting);
    desk.rows("p1,1,2,2024,,S,3,One\np2,2,3,1991,,F,,Two\n", &[]);
    let part = desk.rows("p1,1,2,2024,,X,3,One\np9,1,2,2024,,X,3,No\n", &["--partial"]);
    assert_eq!(part.counts(["retracted", "odd", "unchanged"]), [1, 1, 0], "{}", part.complaint);
    let again = desk.rows("p1,1,2,2024,,X,3,One\n", &["--partial"]);
    assert_eq!(again.counts(["retracted", "eventsWritten"]), [0, 0]);
}

#[test]
fn what_a_change_is_and_why_a_row_is_taken_back_may_stand_in_the_row() {
    let said = "[release]\nretract_when = { status = \"X\" }\nrevised = { from = \"{n}\", map = { \"1\" = \"precision_refined\" }, else = \"\" }\n\
                retracted = { from = \"{n}\", map = { \"2\" = \"duplicate\" }, else = \"wrong\" }\n";
    let desk = Desk::with(&format!("{MAPPING}{said}"));
    desk.rows("p1,1,2,2024,,S,1,One\np2,1,2,2024,,S,3,Two\np3,1,2,2024,,S,3,Three\n", &[]);
    desk.rows("p1,1,2,2024,,S,1,First\np2,1,2,2024,,S,3,Second\np3,1,2,2024,,X,2,Three\n", &[]);
    desk.rows("p1,1,2,2024,,S,1,The first\np2,1,2,2024,,S,3,Second\n", &["--revised", "recoded", "--partial"]);
    let events = desk.table("events", &[]);
    let reasons = events.iter().filter_map(|event| event["reason"].as_str());
    assert_eq!(reasons.collect::<Vec<_>>(), ["precision_refined", "correction", "duplicate", "recoded"]);
}

#[test]
fn a_label_or_an_id_is_found_in_whichever_form_it_is_asked_for() {
    let desk = Desk::new();
    desk.rows("caf\u{e9},1,2,2024,,S,3,One\n", &[]);
    for id in ["pacts:caf\u{e9}", "pacts:cafe\u{301}"] {
        assert_eq!(desk.table("claims", &["--external-id", id]).len(), 1, "{id}");
    }
}

#[test]
fn messages_quote_the_value_and_say_which_rule_it_breaks() {
    let plain =
        mapping("", "parties = [{ role = \"a\", party = \"actor\", key = \"{a}\" }]").replace("{key|id}", "{key}");
    let long = "x".repeat(70);
    let (_, said) = import(&plain, "t.csv", format!("id,a\n1,The Gambia\n2,{long}\n"));
    assert!(said.complaint.contains("`The Gambia` has a blank"), "{}", said.complaint);
    assert!(said.complaint.contains("has 70 bytes"), "{}", said.complaint);
    let kinds = mapping("", "").replace("kind = \"thing\"", "kind = \"{k|snake}\"");
    let (_, said) = import(&kinds, "t.csv", "id,k\n1,договор\n");
    assert!(said.complaint.contains("column k: `договор` has no letter of the Latin alphabet"), "{}", said.complaint);
    let prefixed =
        mapping("", "parties = [{ role = \"a\", party = \"actor\", key = \"{a}\" }]").replace("{key|id}", "X_{key|id}");
    let (_, said) = import(&prefixed, "t.csv", format!("id,a\n1,{long}\n"));
    assert_eq!(said.counts(["asserted"]), [1], "{}", said.complaint);
}

#[test]
fn what_can_hold_for_no_row_is_an_error_of_the_mapping() {
    for (claim, words) in [
        ("relationships = [{ between = [\"a\", \"b\"] }]", "no party of the claim has the role `a`"),
        ("original = \"fr\"", "there is no text in `fr`"),
        ("as_of = { date = \"{id}\", formats = [\"DD/MM/YY\"] }", "years of two digits"),
    ] {
        let (_, said) = import(&mapping("", claim), "t.csv", "id\n1\n");
        assert!(said.code != 0 && said.complaint.contains(words), "{claim}: {}", said.complaint);
    }
    let (_, said) = import(&mapping("", "").replace("kind = \"thing\"", "kind = \"Two Words\""), "t.csv", "id\n1\n");
    assert!(said.complaint.contains("claim[0].kind"), "{}", said.complaint);
    let (_, said) =
        import(&mapping("", "").replace("type = \"state\"\nnames", "type = \"stat\"\nnames"), "t.csv", "id\n1\n");
    assert!(said.complaint.contains("parties.actor.type"), "{}", said.complaint);
}

#[test]
fn a_date_can_be_derived_and_put_into_a_template() {
    let dated = mapping("", "").replace("at = \"2020\"", "at = \"[2010-01-01..{d}]\"");
    let dated =
        format!("{dated}[[derive]]\ncolumn = \"d\"\ndate = {{ date = \"{{when}}\", formats = [\"D-M-YYYY\"] }}\n");
    let (desk, said) = import(&dated, "t.csv", "id,when\n1,1-7-2014\n");
    assert_eq!(desk.table("claims", &[])[0]["valid_from"], "[2010-01-01..2014-07-01]", "{}", said.complaint);
}

#[test]
fn what_a_table_with_several_rows_for_a_key_says_does_not_depend_on_their_order() {
    let listed = mapping("", "place = { from = \"{id}\", table = \"k\", take = \"place\" }");
    let table = |more: &str| format!("{listed}[tables.k]\nfile = \"k.csv\"\nkey = \"key\"\n{more}");
    for rows in ["a,,1\na,Tbilisi,2\na,Baku,3\n", "a,Baku,3\na,,1\na,Tbilisi,2\n"] {
        let desk = Desk::with(&table("many = true\n"));
        desk.write("k.csv", format!("key,place,n\n{rows}"));
        desk.write("t.csv", "id\na\n");
        let said = desk.import("t.csv", &[]);
        assert_eq!(desk.table("claims", &[])[0]["place"], "Baku", "{rows}: {}", said.complaint);
    }
    let desk = Desk::with(&table(""));
    desk.write("k.csv", "key,place\na,Baku\na,Tbilisi\n");
    desk.write("t.csv", "id\na\n");
    let said = desk.import("t.csv", &[]);
    assert!(said.complaint.contains("`a` is there already, with another row"), "{}", said.complaint);
}

#[test]
fn one_mapping_reads_releases_that_differ_in_the_delimiter_and_in_the_name_of_a_column() {
    let desk = Desk::with(&mapping("lower_case = true\nrename = { num3 = \"id\", num4 = \"id\" }", ""));
    desk.write("three.csv", "Num3;x\na;1\n");
    desk.write("four.tsv", "NUM4\tx\na\t1\nb\t1\n");
    let three = desk.import("three.csv", &["--release", "3", "--set", "source.delimiter=;"]);
    assert_eq!(three.counts(["asserted"]), [1], "{}", three.complaint);
    let four = desk.import("four.tsv", &["--release", "4"]);
    assert_eq!(four.counts(["asserted", "unchanged", "retracted"]), [1, 1, 0], "{}", four.complaint);
}
