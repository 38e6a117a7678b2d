//! A stage becomes what one append of its commands becomes: the same events, byte for byte, however it was cut into pieces.

use super::commands::{commit_whole, lay_out, uuid, wire};
use crate::support::ask;
use crate::support::home::{Home, block_on, request};
use crate::support::make::{assert, batch, claim, id, party, party_id, tick, with};
use crate::support::random::{Random, any_command, random_claim};
use detente_domain::claim::ClaimParty;
use detente_domain::command::Command;
use detente_domain::position::Position;
use detente_ledger::query::events::Start;
use detente_ledger::wire::command::parse_append;
use detente_ledger::write::append::AppendRequest;
use detente_proto::v1;
use std::collections::HashSet;

fn events(home: &Home) -> Vec<v1::Event> {
    ask::events(&home.ledger, Start::After(Position::START), None, 1 << 20)
}

/// Records commands as one append.
fn append(home: &Home, commands: Vec<v1::Command>) {
    let request = v1::AppendRequest { recorded_by: "importer".to_owned(), commands, ..Default::default() };
    let parsed = parse_append(request, &mut || panic!("all ids are given")).unwrap();
    let request = AppendRequest { recorded_by: parsed.recorded_by, ..request_of(parsed.batch) };
    block_on(home.ledger.append(request)).unwrap();
}

fn request_of(batch: detente_domain::command::Batch) -> AppendRequest {
    request(batch)
}

/// Returns the given number of random commands, each of which fits at its turn on a ledger of their own.
fn fitting(random: &mut Random, count: usize) -> Vec<v1::Command> {
    let home = Home::in_memory().with_registrations();
    let (mut known, mut fitting): (HashSet<u128>, _) = (HashSet::new(), Vec::new());
    while fitting.len() < count {
        let command = any_command(random, &|number| known.contains(&number));
        let asserted = match &command {
            Command::Assert(claim) | Command::Supersede(_, _, claim) => Some(claim.id.0.as_u128()),
            Command::Patch(_, patch) if patch.apply(&random_claim(&mut Random(1), 1)).is_err() => continue,
            _ => None,
        };
        let sent = wire(&command, &format!("command {}", fitting.len()));
        let request = v1::AppendRequest {
            recorded_by: "importer".to_owned(),
            commands: vec![sent.clone()],
            ..Default::default()
        };
        let Ok(parsed) = parse_append(request, &mut || panic!("all ids are given")) else { continue };
        if home.try_record(request_of(parsed.batch)).is_ok() {
            known.extend(asserted);
            fitting.push(sent);
        }
    }
    fitting
}

#[test]
fn any_history_staged_in_any_pieces_is_the_same_events_as_one_append() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let commands = fitting(&mut random, 60);
        let (one, other) = (Home::in_memory().with_registrations(), Home::in_memory().with_registrations());
        append(one.at(tick(50)), commands.clone());
        let piece = 1 + random.below(9) as usize;
        lay_out(&other.ledger, 7, &commands, piece);
        let committed = commit_whole(other.at(tick(50)), 7);
        let (plain, staged) = (events(&one), events(&other));
        assert_eq!(plain, staged, "seed {seed}, pieces of {piece}");
        assert_eq!(committed.append.span, Some((Position(7), Position(staged.len() as u64))));
        assert_eq!(committed.append.tally.total(), staged.len() as u64 - 6);
        assert_eq!(committed.append.at.basis, other.ledger.head().basis);
    }
}

#[test]
fn what_a_stage_registers_later_may_be_named_before() {
    let home = Home::in_memory().with_registrations();
    let named = with(claim(1, detente_domain::claim::Time::None), |claim| {
        claim.relationships.clear();
        claim.parties =
            vec![ClaimParty { party: party_id("GEO"), role: crate::support::make::word("party"), as_text: "".into() }];
    });
    let commands = [assert(named), Command::RegisterParty(party("GEO"))];
    let commands: Vec<_> = commands.iter().map(|command| wire(command, "")).collect();
    lay_out(&home.ledger, 7, &commands, 1);
    assert_eq!(
        commit_whole(&home, 7).append.tally.counts().collect::<Vec<_>>(),
        [("claim_asserted", 1), ("party_registered", 1)]
    );
}

#[test]
fn names_and_open_ids_hold_for_the_whole_stage_however_often_a_piece_is_sent() {
    let home = Home::in_memory().with_registrations();
    let mut commands = super::commands::assertions(1..4);
    let claim_of = |command: &mut v1::Command, change: &dyn Fn(&mut v1::Claim)| match command.command.as_mut() {
        Some(v1::command::Command::AssertClaim(of)) => change(of.claim.as_mut().unwrap()),
        other => panic!("{other:?}"),
    };
    let link = |to: &str| v1::Link { r#type: v1::LinkType::Supports.into(), claim_id: to.to_owned() };
    claim_of(&mut commands[0], &|claim| claim.links = vec![link("$memo")]);
    claim_of(&mut commands[1], &|claim| claim.claim_id.clear());
    claim_of(&mut commands[2], &|claim| claim.claim_id = "$memo".to_owned());
    lay_out(&home.ledger, 7, &commands, 1);
    home.ledger.add_to_stage(uuid(7), 0, &commands).unwrap();
    commit_whole(&home, 7);
    let claims = ask::claims(&home.ledger, &Default::default(), detente_domain::cut::Cut::Head, (true, false), 9);
    assert_eq!(claims.len(), 3);
    let by_id = ask::claim(&home.ledger, id(1), detente_domain::cut::Cut::Head).unwrap();
    assert_eq!(by_id.links[0].claim_id, claims.last().unwrap().claim_id, "the name means the claim that was given it");
    assert!(claims.iter().all(|claim| !claim.claim_id.is_empty()));
}

#[test]
fn a_batch_may_be_recorded_again_after_a_stage_and_sees_it() {
    let home = Home::in_memory().with_registrations();
    lay_out(&home.ledger, 7, &super::commands::assertions(1..3), 1);
    commit_whole(&home, 7);
    let refusal = home.refusal(batch([assert(crate::support::make::event(1, "2025"))]));
    assert!(format!("{refusal:?}").contains("recorded already"));
}
