//! Rows of a snapshot that say more than a state: their own times, ids elsewhere, links; and what the report says of it.

use super::desk::{Desk, Said};
use super::snapshots::{MAPPING, field, table};
use super::snapshots_again::{by_hand, last};
use uuid::Uuid;

/// A register whose rows say since when, until when, and under which number elsewhere.
fn register() -> String {
    MAPPING.replace(
        "relationships = [",
        "from = [{ when = { since = { not = \"\" } }, date = \"{since}\" }]\n\
         to = [{ when = { until = { not = \"\" } }, date = \"{until}\" }]\n\
         external_ids = { un = \"{number}\" }\n\
         links = [{ type = \"part_of\", key = \"{part}\", dataset = \"other\" }]\n\
         relationships = [",
    )
}

const NAMES: [&str; 5] = ["asserted", "revised", "succeeded", "ended", "unchanged"];

fn release(desk: &Desk, day: &str, since: &str, until: &str, rest: &str, flags: &[&str]) -> Said {
    let header = "key,from_state,to_state,policy,since,until,number,part\n";
    desk.write("t.csv", format!("{header}AAA-BBB,AAA,BBB,free,\"{since}\",\"{until}\",{rest}\nX-Y,X,Y,free,,,,\n"));
    let said = desk.import("t.csv", &[&["--release", day], flags].concat());
    assert_eq!(said.code, 0, "{}", said.complaint);
    said
}

#[test]
fn a_range_that_the_row_says_is_compared_and_one_that_follows_from_the_snapshots_is_not() {
    let desk = Desk::with(&register());
    release(&desk, "2020-01-01", "[2019-05-01..2020-01-01]", "", ",", &[]);
    let same = release(&desk, "2020-06-01", "[2019-05-01..2020-01-01]", "", ",", &[]);
    assert_eq!(same.counts(NAMES), [0, 0, 0, 0, 2]);
    let other = release(&desk, "2020-12-01", "[2019-05-02..2020-01-01]", "", ",", &["--revised", "recoded"]);
    assert_eq!(other.counts(NAMES), [0, 1, 0, 0, 1], "{}", other.complaint);
    assert_eq!(field(&last(&desk, "AAA"), "valid_from"), "[2019-05-02..2020-01-01]");
    let none = release(&desk, "2021-01-01", "2019", "", ",", &["--revised", "recoded"]);
    assert_eq!(none.counts(NAMES), [0, 1, 0, 0, 1]);
    let none = release(&desk, "2021-06-01", "", "", ",", &["--revised", "recoded"]);
    assert_eq!(none.counts(NAMES), [0, 1, 0, 0, 1]);
    assert_eq!(field(&last(&desk, "AAA"), "valid_from"), "[..2020-01-01]");
    assert_eq!(release(&desk, "2021-12-01", "", "", ",", &["--revised", "recoded"]).counts(NAMES), [0, 0, 0, 0, 2]);
}

#[test]
fn an_end_that_the_row_says_is_put_into_its_claim_and_stays_when_the_row_is_gone() {
    for until in ["2020-03", "[2020-03-01..2020-03-31]"] {
        for flags in [&[][..], &["--revised", "world_change"]] {
            let desk = Desk::with(&register());
            release(&desk, "2020-01-01", "", "", ",", flags);
            let ended = release(&desk, "2020-06-01", "", until, ",", flags);
            assert_eq!(ended.counts(NAMES), [0, 1, 0, 0, 1], "{until} {flags:?}: {}", ended.complaint);
            assert_eq!(release(&desk, "2020-12-01", "", until, ",", flags).counts(NAMES), [0, 0, 0, 0, 2], "{until}");
            desk.write("t.csv", "key,from_state,to_state,policy,since,until,number,part\nX-Y,X,Y,free,,,,\n");
            assert_eq!(desk.import("t.csv", &["--release", "2021-01-01"]).counts(NAMES), [0, 0, 0, 0, 1], "{until}");
            assert_eq!(field(&last(&desk, "AAA"), "valid_to"), until);
        }
    }
}

#[test]
fn ids_elsewhere_and_links_are_recorded_with_what_is_corrected_and_the_link_of_a_succession_stays() {
    let desk = Desk::with(&register());
    let first = |policy: &str| {
        table(&[&format!("AAA-BBB {policy}"), "X-Y free"]).replace("policy\n", "policy,since,until,number,part\n")
    };
    let padded =
        |policy: &str, more: &str| first(policy).replace(&format!(",{policy}\n"), &format!(",{policy}{more}\n"));
    let import = |day: &str, policy: &str, more: &str, flags: &[&str]| {
        desk.write("t.csv", padded(policy, more).replace("X,Y,free\n", "X,Y,free,,,,\n"));
        let said = desk.import("t.csv", &[&["--release", day], flags].concat());
        assert_eq!(said.code, 0, "{}", said.complaint);
        said.counts(NAMES)
    };
    import("2020-01-01", "visa", ",,,1,", &[]);
    assert_eq!(import("2020-06-01", "ban", ",,,1,", &[]), [0, 0, 1, 0, 1]);
    let recoded = ["--revised", "recoded"];
    assert_eq!(import("2020-06-01", "ban", ",,,2,p", &recoded), [0, 1, 0, 0, 1]);
    assert_eq!(import("2020-06-01", "ban", ",,,2,p", &recoded), [0, 0, 0, 0, 2]);
    assert_eq!(import("2020-12-01", "ban", ",,,3,q", &recoded), [0, 1, 0, 0, 1]);
    assert_eq!(import("2021-01-01", "ban", ",,,3,q", &recoded), [0, 0, 0, 0, 2]);
    let claim = last(&desk, "AAA for BBB: ban");
    let (ids, links) = (claim["external_ids"].to_string(), claim["links"].to_string());
    assert!(ids.contains("AAA-BBB@2020-06-01") && ids.contains("\"3\""), "{ids}");
    assert!(links.contains("SUPERSEDES") && links.contains("PART_OF"), "{links}");
    assert_eq!(claim["links"].as_array().unwrap().len(), 2, "{links}");
}

#[test]
fn the_dates_of_the_report_are_those_that_the_rows_say() {
    let desk = Desk::with(&register());
    let report = release(&desk, "2020-01-01", "", "", ",", &[]).report();
    assert_eq!((report["firstDate"].as_str(), report["lastDate"].as_str()), (Some(""), Some("")));
    let report = release(&desk, "2020-06-01", "2019-05", "2020-03", ",", &[]).report();
    assert_eq!((report["firstDate"].as_str(), report["lastDate"].as_str()), (Some("2019-05-01"), Some("2020-03-31")));
}

#[test]
fn a_snapshot_without_rows_is_refused_in_words_that_are_its_own() {
    let desk = Desk::with(MAPPING);
    desk.write("t.csv", table(&["AAA-BBB free"]));
    desk.import("t.csv", &["--release", "2020-01-01"]);
    desk.write("t.csv", table(&[]));
    let empty = desk.import("t.csv", &["--release", "2020-06-01"]);
    assert!(
        empty.code == 4 && empty.complaint.contains("as a snapshot it would end all 1 claims"),
        "{}",
        empty.complaint
    );
    desk.write("t.csv", format!("{}too,few\n", table(&["CCC-DDD free"])));
    let short = ["import", "t.csv", "--mapping", "m.toml", "--data", "ledger", "--release", "2020-06-01"];
    let said = desk.run(&short);
    assert!(said.out.contains("not ended:       1, because 1 rejected rows"), "{}", said.out);
}

#[test]
fn a_succession_that_the_ledger_refuses_is_not_counted_and_nothing_confirmed_beside_it() {
    let desk = Desk::with(MAPPING);
    desk.write("t.csv", table(&["AAA-BBB free", "CCC-DDD free", "EEE-FFF free", "GGG-HHH free"]));
    desk.import("t.csv", &["--release", "2020-01-01"]);
    let data_set = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"detente:dataset:visas");
    let taken = Uuid::new_v5(&data_set, b"AAA-BBB@2020-06-01").to_string();
    by_hand(
        &desk,
        &serde_json::json!([{ "assertClaim": { "claim": { "claimId": taken, "kind": "other", "temporalType": "TEMPORAL_TYPE_NONE",
            "modality": "MODALITY_ASSERTED", "texts": [{ "lang": "en", "text": "Somebody's" }] } } }]),
    );
    desk.write("t.csv", table(&["AAA-BBB visa", "CCC-DDD visa", "GGG-HHH free"]));
    let said = desk.import("t.csv", &["--release", "2020-06-01"]);
    let names = ["rowsRejected", "succeeded", "ended", "asserted", "revised", "eventsWritten"];
    assert_eq!(said.counts(names), [1, 1, 1, 0, 0, 3], "{}", said.complaint);
    assert_eq!(said.counts(["confirmations", "notConfirmed", "unchanged"]), [0, 1, 1]);
    assert_eq!(["AAA", "GGG"].map(|start| field(&last(&desk, start), "as_of")), ["2020-01-01", "2020-01-01"]);
}
