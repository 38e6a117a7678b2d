//! Snapshots that were not whole or not right: what is known of their days, and the same day imported once more.

use super::desk::{Desk, Said, command, read_output};
use super::served::serve;
use super::snapshots::{COUNTS, MAPPING, field, table};
use serde_json::Value;
use std::collections::BTreeMap;

/// Imports a snapshot of a day, recorded now.
pub(crate) fn release(desk: &Desk, day: &str, text: &str) -> Said {
    desk.write("t.csv", text);
    let said = desk.import("t.csv", &["--release", day]);
    assert_eq!(said.code, 0, "{day}: {}", said.complaint);
    said
}

/// Appends commands through a server, as people do by hand.
pub(crate) fn by_hand(desk: &Desk, commands: &Value) {
    std::fs::rename(desk.path("ledger"), desk.path("served")).unwrap();
    let request = serde_json::json!({ "recordedBy": "hand", "commands": commands });
    desk.write("hand.json", request.to_string());
    let (served, server) = serve(desk);
    let arguments = ["append", "--file", "hand.json", "--server", &server];
    let appended = read_output(command(desk.path("").as_path(), &arguments).output().unwrap());
    assert_eq!(appended.code, 0, "{}", appended.complaint);
    drop(served);
    std::fs::rename(desk.path("served"), desk.path("ledger")).unwrap();
}

/// The claim whose text begins so, the last one of them.
pub(crate) fn last(desk: &Desk, start: &str) -> Value {
    let claims = desk.table("claims", &[]);
    claims.into_iter().rfind(|claim| field(claim, "text_en").starts_with(start)).unwrap()
}

fn ends(claim: &Value) -> [String; 3] {
    ["valid_from", "valid_to", "as_of"].map(|name| field(claim, name))
}

#[test]
fn the_day_of_a_snapshot_that_is_not_confirmed_is_known_by_what_began_in_it() {
    let desk = Desk::with(MAPPING);
    let keyless = format!("{}too,few\n", table(&["AAA-BBB free", "CCC-DDD free"]));
    let first = release(&desk, "2020-01-01", &keyless);
    assert_eq!(first.counts(["asserted", "confirmations", "notConfirmed"]), [2, 0, 2]);
    desk.write("t.csv", table(&["AAA-BBB free"]));
    let early = desk.import("t.csv", &["--release", "2019-12-01"]);
    assert!(
        early.code != 0 && early.complaint.contains("the snapshot of 2020-01-01 is recorded"),
        "{}",
        early.complaint
    );
    let second = release(&desk, "2020-06-01", &table(&["AAA-BBB visa"]));
    assert_eq!(second.counts(COUNTS), [0, 1, 1, 1, 0, 0, 4], "{}", second.complaint);
    let claims = desk.table("claims", &[]);
    let expected = [
        ["[..2020-01-01]", "[2020-01-01..2020-05-31]", "2020-01-01"],
        ["[..2020-01-01]", "[2020-01-01..2020-05-31]", "2020-01-01"],
        ["[2020-01-02..2020-06-01]", "", "2020-06-01"],
    ];
    let told: Vec<_> = claims.iter().map(ends).collect();
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
}

#[test]
fn what_a_snapshot_could_not_read_was_not_seen_in_it() {
    let desk = Desk::with(MAPPING);
    let rows = table(&["AAA-BBB free", "CCC-DDD free"]);
    release(&desk, "2020-01-01", &rows);
    release(&desk, "2020-06-01", &rows.replace("CCC-DDD,CCC", "CCC-DDD,C C"));
    release(&desk, "2020-12-01", &table(&[]).replace('\n', "\nEEE-FFF,EEE,FFF,free\n"));
    assert_eq!(ends(&last(&desk, "AAA"))[1], "[2020-06-01..2020-11-30]");
    assert_eq!(ends(&last(&desk, "CCC"))[1], "[2020-01-01..2020-11-30]");

    // A key that may have been in a row without one has not certainly begun since that snapshot.
    release(&desk, "2021-01-01", &format!("{}too,few\n", table(&["EEE-FFF free"])));
    release(&desk, "2021-06-01", &table(&["EEE-FFF free", "GGG-HHH free"]));
    assert_eq!(ends(&last(&desk, "GGG"))[0], "[2020-12-02..2021-06-01]");
}

#[test]
fn more_rejected_rows_than_a_confirmation_can_leave_out_leave_it_out_and_are_reported() {
    let desk = Desk::with(MAPPING);
    let all: Vec<String> = (0..=1001).map(|number| format!("P{number}-Q{number} free")).collect();
    let all = table(&all.iter().map(String::as_str).collect::<Vec<_>>());
    release(&desk, "2020-01-01", &all);
    let bad = all.replace(",P", ",P ").replacen(",P 1001,", ",P1001,", 1);
    let second = release(&desk, "2020-06-01", &bad);
    assert_eq!(second.counts(["rowsRejected", "confirmations", "notConfirmed"]), [1001, 0, 1002]);
    let words = desk.run(&["import", "t.csv", "--mapping", "m.toml", "--data", "ledger", "--release", "2020-06-01"]);
    assert!(words.out.contains("not confirmed:   1002, because more than 1000 rows are rejected"), "{}", words.out);
    release(&desk, "2020-12-01", &all.replace("P1001-Q1001,P1001,Q1001,free", "P1001-Q1001,P1001,Q1001,visa"));
    let claims = desk.table("claims", &[]);
    let ended: Vec<_> = claims.iter().filter(|claim| field(claim, "valid_to_kind") == "known").map(ends).collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0][1], "[2020-01-01..2020-11-30]");
}

#[test]
fn an_episode_that_has_ended_stays_so_when_its_claim_is_revised_or_reinstated_by_hand() {
    let desk = Desk::with(MAPPING);
    release(&desk, "2020-01-01", &table(&["AAA-BBB free", "CCC-DDD free"]));
    release(&desk, "2020-06-01", &table(&["CCC-DDD free"]));
    let id = field(&last(&desk, "AAA"), "claim_id");
    by_hand(
        &desk,
        &serde_json::json!([
            { "reviseClaim": { "claim": { "claimId": id, "texts": [{ "lang": "en", "text": "AAA corrected" }] },
                "updateMask": "texts", "kind": "REVISION_KIND_CORRECTION" } },
            { "reviseClaim": { "claim": { "claimId": id, "validTo": { "known": { "edtf": "2020-03" } } },
                "updateMask": "validTo", "kind": "REVISION_KIND_PRECISION_REFINED" } },
            { "retractClaim": { "claimId": id, "reason": "RETRACTION_REASON_DUPLICATE" } },
            { "reinstateClaim": { "claimId": id } },
        ]),
    );
    let third = release(&desk, "2020-12-01", &table(&["CCC-DDD free"]));
    assert_eq!(third.counts(COUNTS), [0, 0, 0, 1, 1, 0, 1], "{}", third.complaint);
    let back = release(&desk, "2021-06-01", &table(&["AAA-BBB free", "CCC-DDD free"]));
    assert_eq!(back.counts(COUNTS), [1, 0, 0, 1, 1, 0, 2], "{}", back.complaint);
    let texts: Vec<_> = desk.table("claims", &[]).iter().map(|claim| field(claim, "text_en")).collect();
    assert_eq!(texts, ["AAA corrected", "CCC for DDD: free", "AAA for BBB: free"]);
    let claims = desk.table("claims", &[]);
    assert_eq!(field(&claims[0], "valid_to"), "2020-03");
}

/// The rows of a snapshot in which each key says what `choose` takes of its number, in base 4: no row, two policies, a row
/// that cannot be read.
fn choices(place: u32, keys: u32) -> String {
    let row = |number: u32| {
        let (host, visitor) = (format!("H{number}"), format!("V{number}"));
        match number / 4_u32.pow(place) % 4 {
            0 => String::new(),
            1 => format!("{host}-{visitor},{host},{visitor},free\n"),
            2 => format!("{host}-{visitor},{host},{visitor},visa\n"),
            _ => format!("{host}-{visitor},{host},V V,free\n"),
        }
    };
    format!("{}STAY-HERE,STAY,HERE,free\n{}", table(&[]), (0..keys).map(row).collect::<String>())
}

/// The claims of each key, by their times, and what they take the place of.
fn claims_by_key(desk: &Desk) -> BTreeMap<String, Vec<[String; 5]>> {
    let mut known: BTreeMap<String, Vec<[String; 5]>> = BTreeMap::new();
    for claim in desk.table("claims", &[]) {
        let [from, to, as_of] = ends(&claim);
        let key = claim["external_ids"][0]["id"].as_str().unwrap().split_once('@').unwrap().0.to_owned();
        let said = [field(&claim, "text_en"), from, to, as_of, claim["links"].to_string()];
        known.entry(key).or_default().push(said);
    }
    known.values_mut().for_each(|claims| claims.sort());
    known
}

#[test]
fn a_snapshot_that_was_wrong_and_is_imported_again_says_what_the_right_one_would_have_said() {
    // Each number below 256 is a key whose digits say what it is before, in the wrong snapshot, in the right one, after it.
    const KEYS: u32 = 256;
    let (corrected, straight) = (Desk::with(MAPPING), Desk::with(MAPPING));
    for desk in [&corrected, &straight] {
        release(desk, "2020-01-01", &choices(0, KEYS));
    }
    release(&corrected, "2020-06-01", &choices(1, KEYS));
    for (day, place) in [("2020-06-01", 2), ("2020-12-01", 3)] {
        for desk in [&corrected, &straight] {
            release(desk, day, &choices(place, KEYS));
        }
        let (corrected, straight) = (claims_by_key(&corrected), claims_by_key(&straight));
        assert!(straight.len() > 100, "{}", straight.len());
        // If the right one has a row that cannot be read, only the statement of the wrong one is known.
        let is_read = |number: u32| number / 16 % 4 != 3;
        for number in (0..KEYS).filter(|number| is_read(*number)) {
            let key = format!("H{number}-V{number}");
            assert_eq!(corrected.get(&key), straight.get(&key), "{day}: {key}, {:?}", digits(number));
        }
    }
}

fn digits(number: u32) -> [u32; 4] {
    [0, 1, 2, 3].map(|place| number / 4_u32.pow(place) % 4)
}

#[test]
fn what_was_wrong_in_a_snapshot_is_undone_by_the_events_that_it_takes() {
    let desk = Desk::with(MAPPING);
    let names = ["reinstated", "revised", "asserted", "retracted", "confirmations", "eventsWritten"];
    release(&desk, "2020-01-01", &table(&["AAA-BBB free", "CCC-DDD free"]));
    release(&desk, "2020-06-01", &table(&["CCC-DDD free", "EEE-FFF free"]));
    let right = table(&["AAA-BBB free", "CCC-DDD free"]);
    let undone = release(&desk, "2020-06-01", &right);
    assert_eq!(undone.counts(names), [0, 1, 0, 1, 0, 2], "the end is undone, what came too early is retracted");
    assert_eq!(ends(&last(&desk, "AAA")), ["[..2020-01-01]", "", "2020-06-01"].map(str::to_owned));
    assert_eq!(release(&desk, "2020-06-01", &right).counts(names), [0; 6]);
    let back = release(&desk, "2020-06-01", &table(&["AAA-BBB free", "CCC-DDD free", "EEE-FFF visa"]));
    assert_eq!(back.counts(names), [1, 1, 0, 0, 0, 2], "{}", back.complaint);
    let rejected = release(&desk, "2020-12-01", &right.replace("CCC-DDD,CCC", "CCC-DDD,C C"));
    assert_eq!(rejected.counts(["rowsRejected", "confirmations", "ended"]), [1, 1, 1]);
    assert_eq!(ends(&last(&desk, "CCC"))[2], "2020-06-01");
    assert_eq!(release(&desk, "2020-12-01", &right).counts(names), [0, 0, 0, 0, 1, 1]);
    assert_eq!(ends(&last(&desk, "CCC"))[2], "2020-12-01");
    assert_eq!(release(&desk, "2020-12-01", &right).counts(names), [0; 6]);
}
