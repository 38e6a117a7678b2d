//! Refusals, each with its place, after which the stage is as it was.

use super::commands::{add_all, assertions, commit, commit_whole, lay_out, new, progress, unfit, uuid, wire};
use crate::support::home::Home;
use crate::support::make::{assert, claim, event, id, with};
use detente_domain::command::{Command, Expectation, Precondition};
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::position::Position;
use detente_domain::rejection::Rejection;
use detente_ledger::error::AppendError;
use detente_ledger::write::stage::{Commit, StageError, TOLD};
use detente_proto::v1;

#[test]
fn a_malformed_command_refuses_its_piece_with_every_place_and_nothing_of_it_is_staged() {
    let home = Home::in_memory().with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..3), 2);
    let mut commands = assertions(1..6);
    for nth in [0, 2, 4] {
        let Some(v1::command::Command::AssertClaim(of)) = commands[nth].command.as_mut() else { panic!() };
        of.claim.as_mut().unwrap().kind = "Not a word".to_owned();
    }
    match home.ledger.add_to_stage(uuid(7), 0, &commands) {
        Err(StageError::Invalid(violations)) => {
            let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
            // The first two are staged already and are passed over.
            assert_eq!(fields, ["commands[2].assert_claim.claim.kind", "commands[4].assert_claim.claim.kind"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(progress(&home.ledger.stage(uuid(7)).unwrap()).next, 2);
}

#[test]
fn what_does_not_fit_is_reported_at_the_number_of_its_command_and_can_be_left_out() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(event(3, "2025"))]);
    let mut commands = assertions(1..6);
    commands.push(wire(&Command::Reinstate(id(1)), ""));
    lay_out(&home.ledger, 7, &commands, 2);
    let head = home.ledger.head();
    let expected = ["commands[2].assert_claim.claim.claim_id", "commands[5].reinstate_claim.claim_id"];
    let (fields, count) = unfit(home.ledger.commit_stage(&commit(7)));
    assert_eq!((fields.as_slice(), count), (expected.map(str::to_owned).as_slice(), 2));
    let checked = home.ledger.commit_stage(&Commit { validate_only: true, ..commit(7) }).unwrap();
    assert_eq!(checked.unfit.first.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(home.ledger.head(), head);
    let beyond = home.ledger.commit_stage(&Commit { leave_out: vec![2, 6], ..commit(7) });
    assert!(matches!(&beyond, Err(StageError::Invalid(v)) if v[0].field == "leave_out[1]"), "{beyond:?}");
    let committed = home.ledger.commit_stage(&Commit { leave_out: vec![2, 5], ..commit(7) }).unwrap();
    assert_eq!(committed.append.tally.counts().collect::<Vec<_>>(), [("claim_asserted", 4)]);
    assert!(home.ledger.commit_stage(&commit(7)).unwrap().replayed);
}

#[test]
fn of_very_many_violations_the_first_are_told_and_all_are_counted() {
    let home = Home::in_memory().with_registrations();
    let unknown = |number| {
        let claim = with(claim(number, detente_domain::claim::Time::None), |claim| {
            claim.relationships.clear();
            claim.parties.truncate(1);
            claim.parties[0].party = crate::support::make::party_id("XXX");
        });
        wire(&assert(claim), "")
    };
    let commands: Vec<_> = (1..1_501).map(unknown).collect();
    lay_out(&home.ledger, 7, &commands, 400);
    let (fields, count) = unfit(home.ledger.commit_stage(&commit(7)));
    assert_eq!((fields.len(), count), (TOLD, 1_500));
    assert_eq!(fields[99], "commands[99].assert_claim.claim.parties[0].party_id");
    let checked = Commit { validate_only: true, told: 1_200, ..commit(7) };
    let unfit = home.ledger.commit_stage(&checked).unwrap().unfit;
    assert_eq!((unfit.first.len(), unfit.count), (1_200, 1_500));
}

#[test]
fn an_empty_stage_and_a_name_without_a_claim_are_refused() {
    let home = Home::in_memory().with_registrations();
    home.ledger.open_stage(&new(7)).unwrap();
    assert_eq!(unfit(home.ledger.commit_stage(&commit(7))).0, ["commands"]);
    let mut commands = assertions(1..3);
    let Some(v1::command::Command::AssertClaim(of)) = commands[1].command.as_mut() else { panic!() };
    let link = v1::Link { r#type: v1::LinkType::Supports.into(), claim_id: "$nobody".to_owned() };
    of.claim.as_mut().unwrap().links = vec![link];
    add_all(&home.ledger, 7, &commands, 1);
    assert_eq!(unfit(home.ledger.commit_stage(&commit(7))).0, ["commands[1]"]);
    let left = Commit { leave_out: vec![0, 1], ..commit(7) };
    assert_eq!(unfit(home.ledger.commit_stage(&left)).0, ["commands"]);
}

#[test]
fn a_precondition_that_does_not_hold_refuses_the_stage_and_it_can_be_committed_again() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(event(50, "2025"))]);
    lay_out(&home.ledger, 7, &assertions(1..4), 2);
    let relationships = vec![crate::support::make::relationship("AZE-RUS")];
    let filter = Filter { items: vec![FilterItem { relationships, ..FilterItem::default() }] };
    for precondition in
        [Precondition::Revision(id(50), Expectation::Exact(2)), Precondition::Boundary(filter.clone(), Position(6))]
    {
        for validate_only in [true, false] {
            let asked = Commit { preconditions: vec![precondition.clone()], validate_only, ..commit(7) };
            let refused = home.ledger.commit_stage(&asked);
            let conflict = matches!(
                &refused,
                Err(StageError::Append(AppendError::Rejected(Rejection::Conflicts(conflicts)))) if conflicts.len() == 1
            );
            assert!(conflict, "{refused:?}");
        }
    }
    let holds = vec![
        Precondition::Revision(id(50), Expectation::Exact(1)),
        Precondition::Revision(id(1), Expectation::Absent),
        Precondition::Boundary(filter, Position(7)),
    ];
    let committed = home.ledger.commit_stage(&Commit { preconditions: holds, ..commit(7) }).unwrap();
    assert_eq!(committed.append.tally.total(), 3);
}

#[test]
fn a_stage_that_was_refused_can_be_mended_by_adding_to_it() {
    let home = Home::in_memory().with_registrations();
    let claim = with(claim(1, detente_domain::claim::Time::None), |claim| {
        claim.relationships.clear();
        claim.parties.truncate(1);
        claim.parties[0].party = crate::support::make::party_id("GEO");
    });
    lay_out(&home.ledger, 7, &[wire(&assert(claim), "")], 1);
    assert_eq!(unfit(home.ledger.commit_stage(&commit(7))).1, 1);
    let missing = Command::RegisterParty(crate::support::make::party("GEO"));
    home.ledger.add_to_stage(uuid(7), 1, &[wire(&missing, "")]).unwrap();
    assert_eq!(commit_whole(&home, 7).append.tally.total(), 2);
}
