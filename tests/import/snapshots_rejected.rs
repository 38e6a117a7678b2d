//! Rows of a snapshot that were rejected: what began or ended is as uncertain as these rows leave it.

use super::desk::Desk;
use super::snapshots::{MAPPING, field, table};
use super::snapshots_again::{last, release};
use std::collections::BTreeMap;

const DAYS: [&str; 4] = ["2020-01-01", "2020-06-01", "2020-12-01", "2021-06-01"];
const DAYS_BEFORE: [&str; 4] = ["2019-12-31", "2020-05-31", "2020-11-30", "2021-05-31"];
const DAYS_AFTER: [&str; 4] = ["2020-01-02", "2020-06-02", "2020-12-02", "2021-06-02"];

/// The state of a key's row in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowState {
    Absent,
    Policy(&'static str),
    Rejected,
}

/// The rows that the snapshots in order have of the key with a number, by its digits in base 4.
fn history(number: usize) -> [RowState; 4] {
    [1, 4, 16, 64].map(|place| match number / place % 4 {
        0 => RowState::Absent,
        1 => RowState::Policy("free"),
        2 => RowState::Policy("visa"),
        _ => RowState::Rejected,
    })
}

fn row(number: usize, seen: RowState) -> String {
    match seen {
        RowState::Absent => String::new(),
        RowState::Policy(policy) => format!("H{number}-V{number},H{number},V{number},{policy}\n"),
        RowState::Rejected => format!("H{number}-V{number},H{number},V V,free\n"),
    }
}

/// The episodes of a history, by what each snapshot says: its policy, when it began, and when it ended if it did.
fn expected_episodes(history: [RowState; 4]) -> Vec<[String; 3]> {
    let mut episodes: Vec<[String; 3]> = Vec::new();
    // The last snapshot that says something, and what.
    let mut known: Option<(usize, RowState)> = None;
    for (at, seen) in history.into_iter().enumerate().filter(|(_, seen)| *seen != RowState::Rejected) {
        if known.is_some_and(|(_, before)| before == seen) {
            known = Some((at, seen));
            continue;
        }
        if let (Some((before, RowState::Policy(_))), Some(last)) = (known, episodes.last_mut()) {
            last[2] = format!("[{}..{}]", DAYS[before], DAYS_BEFORE[at]);
        }
        if let RowState::Policy(policy) = seen {
            let since = known.map_or("", |(before, _)| DAYS_AFTER[before]);
            episodes.push([policy.to_owned(), format!("[{since}..{}]", DAYS[at]), String::new()]);
        }
        known = Some((at, seen));
    }
    episodes
}

#[test]
fn a_claim_reaches_back_to_the_last_snapshot_that_says_something_of_its_key() {
    const KEYS: usize = 256;
    let desk = Desk::with(MAPPING);
    for (at, day) in DAYS.into_iter().enumerate() {
        // One row is always there, so that each snapshot has a claim with the label.
        let rows: String = (0..KEYS).map(|number| row(number, history(number)[at])).collect();
        let said = release(&desk, day, &format!("{}STAY-HERE,STAY,HERE,free\n{rows}", table(&[])));
        assert_eq!(said.counts(["confirmations", "notConfirmed"]), [1, 0], "{day}");
    }
    let mut known: BTreeMap<String, Vec<[String; 3]>> = BTreeMap::new();
    for claim in desk.table("claims", &[]) {
        let key = claim["external_ids"][0]["id"].as_str().unwrap().split_once('@').unwrap().0.to_owned();
        let policy = field(&claim, "text_en").rsplit_once(' ').unwrap().1.to_owned();
        known.entry(key).or_default().push([policy, field(&claim, "valid_from"), field(&claim, "valid_to")]);
    }
    for number in 0..KEYS {
        let told = known.remove(&format!("H{number}-V{number}")).unwrap_or_default();
        assert_eq!(told, expected_episodes(history(number)), "{:?}", history(number));
    }
}

#[test]
fn the_confirmation_names_the_keys_of_rejected_rows_of_which_no_claim_goes_on() {
    let desk = Desk::with(MAPPING);
    let rows = table(&["AAA-BBB free", "CCC-DDD free", "EEE-FFF free"]);
    let bad = rows.replace("CCC-DDD,CCC", "CCC-DDD,C C").replace("EEE-FFF,EEE", "EEE-FFF,E E");
    assert_eq!(release(&desk, DAYS[0], &bad).counts(["rowsRejected", "confirmations"]), [2, 1]);
    let unknown = |desk: &Desk| {
        let events = desk.table("events", &[]);
        let last = events.into_iter().rfind(|event| event["event"] == "claims_confirmed").unwrap();
        last["content"]["unknownExternalIds"].clone()
    };
    assert_eq!(unknown(&desk), serde_json::json!(["CCC-DDD", "EEE-FFF"]));

    // Imported again with one of them, the first snapshot says of the other that it was not there.
    let again = table(&["AAA-BBB free", "CCC-DDD free"]);
    assert_eq!(release(&desk, DAYS[0], &again).counts(["asserted", "confirmations"]), [1, 1]);
    assert_eq!(release(&desk, DAYS[0], &again).counts(["eventsWritten"]), [0]);
    release(&desk, DAYS[1], &rows);
    assert_eq!(field(&last(&desk, "CCC"), "valid_from"), "[..2020-01-01]");
    assert_eq!(field(&last(&desk, "EEE"), "valid_from"), "[2020-01-02..2020-06-01]");
}

#[test]
fn a_rejected_row_whose_key_no_claim_could_have_is_not_named() {
    let desk = Desk::with(MAPPING);
    let long = format!("{},AAA,BBB,free\n", "K".repeat(250));
    let said = release(&desk, DAYS[0], &format!("{}{}", table(&["CCC-DDD free"]), long.replace("AAA", "A A")));
    assert_eq!(said.counts(["rowsRejected", "confirmations", "notConfirmed"]), [1, 1, 0]);
}
