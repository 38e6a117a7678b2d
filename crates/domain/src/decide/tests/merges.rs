//! Parties that are merged and parted again.

use super::*;

fn merge(merged: &str, survivor: &str) -> Command {
    Command::MergeParties(party_id(merged), party_id(survivor))
}

fn unmerge(merged: &str) -> Command {
    Command::UnmergeParties(party_id(merged))
}

#[test]
fn a_merge_makes_the_next_revision_of_the_merged_party_and_so_does_its_undoing() {
    let mut shelf = shelf();
    let events = shelf.record(vec![
        Command::RegisterParty(party("RUF")),
        merge("RUS", "RUF"),
        Command::ReviseParty(party("RUS")),
        unmerge("RUS"),
        merge("RUS", "RUF"),
    ]);
    assert_eq!(events.iter().map(|event| event.revision).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(shelf.merged_into(&party_id("RUS")), Some(party_id("RUF")));
}

#[test]
fn a_party_that_others_were_merged_into_may_be_merged_later_and_circles_cannot_come_about() {
    let mut shelf = shelf();
    shelf.record(vec![Command::RegisterParty(party("ROS")), merge("RUS", "AZE"), merge("AZE", "ROS")]);
    assert_eq!(shelf.wrong(vec![merge("ROS", "RUS")]), ["commands[0].merge_parties.surviving_party_id"]);
    shelf.record(vec![unmerge("RUS"), merge("ROS", "RUS")]);
    assert_eq!(shelf.wrong(vec![merge("RUS", "AZE")]), ["commands[0].merge_parties.surviving_party_id"]);
}

#[test]
fn what_cannot_be_merged_or_unmerged_is_refused() {
    let mut shelf = shelf();
    shelf.record(vec![Command::RegisterParty(party("RUF")), merge("RUS", "RUF")]);
    assert_eq!(
        shelf.wrong(vec![
            merge("RUS", "AZE"),
            merge("AZE", "AZE"),
            merge("ARM", "GEO"),
            unmerge("RUF"),
            unmerge("GEO"),
            merge("TUR", "RUF"),
            Command::RegisterParty(party("TUR")),
        ]),
        [
            "commands[0].merge_parties.merged_party_id",
            "commands[1].merge_parties.surviving_party_id",
            "commands[2].merge_parties.merged_party_id",
            "commands[2].merge_parties.surviving_party_id",
            "commands[3].unmerge_parties.merged_party_id",
            "commands[4].unmerge_parties.merged_party_id",
            "commands[5].merge_parties.merged_party_id",
        ]
    );
}
