//! Refusals: each at its field, and nothing else.

use super::*;

#[test]
fn every_refusal_names_its_field_and_nothing_else() {
    let shelf = shelf();
    let stranger = |claim: &mut Claim| claim.parties.push(claim_party("LYD"));
    let with = |change: &dyn Fn(&mut Claim)| {
        let mut claim = state(9, "2025");
        change(&mut claim);
        claim
    };
    let of_1 = |change: &dyn Fn(&mut Claim)| Claim { id: id(1), ..with(change) };
    let link = |number| Link { link_type: LinkType::Supports, target: id(number) };
    let cases: Vec<(Command, &str)> = vec![
        (assert_claim(state(1, "2025")), "assert_claim.claim.claim_id"),
        (assert_claim(state(2, "2025")), "assert_claim.claim.claim_id"),
        (assert_claim(state(9, "2025/2024")), "assert_claim.claim.valid_to"),
        (assert_claim(with(&stranger)), "assert_claim.claim.parties[1].party_id"),
        (
            assert_claim(with(&|c| c.attribution = vec![said_by("RUS"), said_by("LYD")])),
            "assert_claim.claim.attribution[1].party_id",
        ),
        (
            assert_claim(with(&|c| c.relationships.push(RelationshipId::parse("AZE-LYD").unwrap()))),
            "assert_claim.claim.relationships[1]",
        ),
        (assert_claim(with(&|c| c.sources.push(citation("memo")))), "assert_claim.claim.sources[1].source_id"),
        (assert_claim(with(&|c| c.links = vec![link(1), link(9)])), "assert_claim.claim.links[1].claim_id"),
        (revise(state(9, "2025")), "revise_claim.claim.claim_id"),
        (revise(state(2, "2025")), "revise_claim.claim.claim_id"),
        (revise(state(1, "2025/2024")), "revise_claim.claim.valid_to"),
        (revise(of_1(&stranger)), "revise_claim.claim.parties[1].party_id"),
        (revise(of_1(&|c| c.links = vec![link(1)])), "revise_claim.claim.links[0].claim_id"),
        (patch_with(9, Ok(state(9, "2025"))), "revise_claim.claim.claim_id"),
        (patch_with(2, Ok(state(2, "2025"))), "revise_claim.claim.claim_id"),
        (patch_with(1, Ok(state(1, "2025/2024"))), "revise_claim.claim.valid_to"),
        (patch_with(1, Err(vec![Violation::new("labels[0]", "too long a label")])), "revise_claim.claim.labels[0]"),
        (Command::Confirm(id(9), date("2025")), "confirm_claim.claim_id"),
        (Command::Confirm(id(2), date("2025")), "confirm_claim.claim_id"),
        (Command::Confirm(id(1), date("2025-02")), "confirm_claim.as_of"),
        (Command::Retract(id(9), RetractionReason::Legal), "retract_claim.claim_id"),
        (Command::Retract(id(2), RetractionReason::Legal), "retract_claim.claim_id"),
        (Command::Reinstate(id(9)), "reinstate_claim.claim_id"),
        (Command::Reinstate(id(1)), "reinstate_claim.claim_id"),
        (Command::Dispute(id(9), dispute(3)), "dispute_claim.claim_id"),
        (Command::Dispute(id(2), dispute(3)), "dispute_claim.claim_id"),
        (Command::Dispute(id(4), dispute(1)), "dispute_claim.dispute_id"),
        (Command::Dispute(id(4), dispute(2)), "dispute_claim.dispute_id"),
        (Command::Dispute(id(1), Dispute { disputed_by: party_id("LYD"), ..dispute(3) }), "dispute_claim.disputed_by"),
        (
            Command::Dispute(id(1), Dispute { counter_claim: Some(id(1)), ..dispute(3) }),
            "dispute_claim.counter_claim_id",
        ),
        (
            Command::Dispute(id(1), Dispute { counter_claim: Some(id(9)), ..dispute(3) }),
            "dispute_claim.counter_claim_id",
        ),
        (Command::Resolve(id(9), dispute_id(1), DisputeOutcome::Upheld), "resolve_dispute.claim_id"),
        (Command::Resolve(id(4), dispute_id(3), DisputeOutcome::Upheld), "resolve_dispute.dispute_id"),
        (Command::Resolve(id(4), dispute_id(2), DisputeOutcome::Upheld), "resolve_dispute.dispute_id"),
        (Command::Supersede(id(9), date("2025"), Box::new(state(8, "2025"))), "supersede_claim.claim_id"),
        (Command::Supersede(id(2), date("2025"), Box::new(state(8, "2025"))), "supersede_claim.claim_id"),
        (Command::Supersede(id(3), date("2025"), Box::new(state(8, "2025"))), "supersede_claim.claim_id"),
        (Command::Supersede(id(1), date("2024"), Box::new(state(8, "2025"))), "supersede_claim.ended"),
        (Command::Supersede(id(1), date("2025"), Box::new(state(4, "2025"))), "supersede_claim.claim.claim_id"),
        (Command::Supersede(id(1), date("2025"), Box::new(state(1, "2025"))), "supersede_claim.claim.claim_id"),
        (
            Command::Supersede(id(1), date("2025"), Box::new(with(&stranger))),
            "supersede_claim.claim.parties[1].party_id",
        ),
        (Command::RegisterParty(party("AZE")), "register_party.party.party_id"),
        (Command::ReviseParty(party("LYD")), "revise_party.party.party_id"),
        (Command::RegisterSource(source("gazette")), "register_source.source.source_id"),
        (
            Command::RegisterSource(Source { publishers: vec![party_id("AZE"), party_id("LYD")], ..source("memo") }),
            "register_source.source.publishers[1]",
        ),
        (
            Command::RegisterSource(Source { derives_from: vec![source_id("memo")], ..source("memo") }),
            "register_source.source.derives_from[0]",
        ),
        (
            Command::RegisterSource(Source { derives_from: vec![source_id("note")], ..source("memo") }),
            "register_source.source.derives_from[0]",
        ),
        (Command::ReviseSource(source("memo")), "revise_source.source.source_id"),
        (
            Command::ReviseSource(Source { publishers: vec![party_id("LYD")], ..source("gazette") }),
            "revise_source.source.publishers[0]",
        ),
        (Command::WithdrawSource(source_id("memo")), "withdraw_source.source_id"),
        (Command::WithdrawSource(source_id("withdrawn")), "withdraw_source.source_id"),
    ];
    for (command, field) in cases {
        let shown = format!("{command:?}");
        assert_eq!(shelf.wrong(vec![command]), [format!("commands[0].{field}")], "{shown}");
    }
}

#[test]
fn all_that_is_wrong_comes_back_at_once() {
    let wrong = Claim {
        parties: vec![claim_party("LYD"), claim_party("AZE"), claim_party("MED")],
        relationships: vec![RelationshipId::parse("LYD-MED").unwrap()],
        attribution: vec![said_by("LYD")],
        sources: vec![citation("memo")],
        links: vec![Link { link_type: LinkType::About, target: id(1) }],
        ..state(1, "2025/2024")
    };
    let patch = Err(vec![
        Violation::new("labels[0]", "a label that is wrong"),
        Violation::new("place", "a place that is wrong"),
    ]);
    let contested = Dispute { disputed_by: party_id("LYD"), counter_claim: Some(id(4)), ..dispute(1) };
    let commands = vec![
        assert_claim(wrong),
        Command::Retract(id(1), RetractionReason::Wrong),
        Command::Reinstate(id(4)),
        patch_with(4, patch),
        Command::Dispute(id(4), contested),
        Command::WithdrawSource(source_id("memo")),
    ];
    let fields = [
        "commands[0].assert_claim.claim.claim_id",
        "commands[0].assert_claim.claim.valid_to",
        "commands[0].assert_claim.claim.parties[0].party_id",
        "commands[0].assert_claim.claim.parties[2].party_id",
        "commands[0].assert_claim.claim.attribution[0].party_id",
        "commands[0].assert_claim.claim.relationships[0]",
        "commands[0].assert_claim.claim.relationships[0]",
        "commands[0].assert_claim.claim.sources[0].source_id",
        "commands[0].assert_claim.claim.links[0].claim_id",
        "commands[2].reinstate_claim.claim_id",
        "commands[3].revise_claim.claim.labels[0]",
        "commands[3].revise_claim.claim.place",
        "commands[4].dispute_claim.dispute_id",
        "commands[4].dispute_claim.disputed_by",
        "commands[4].dispute_claim.counter_claim_id",
        "commands[5].withdraw_source.source_id",
    ];
    assert_eq!(shelf().wrong(commands), fields);
}

#[test]
fn an_append_without_commands_is_refused() {
    let rejection = decide(&shelf(), batch(Vec::new())).unwrap_err();
    assert!(
        matches!(rejection, Rejection::Violations(violations) if violations.len() == 1 && violations[0].field == "commands")
    );
}
