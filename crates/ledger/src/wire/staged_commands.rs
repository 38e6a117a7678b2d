//! Commands of a staged append: parsed a piece at a time, as often as need be, always to the same.
//!
//! A piece can be sent again, and what is staged is parsed again when it is recorded. So no id is made by chance: one that is left to
//! the ledger follows from the stage and the number of its command, one that a claim has by its `$name` from the stage and the name.
//! Names hold for the whole stage; whether each is also given to a claim is known once all commands have been seen
//! ([`StagedCommands::names_without_claim`]).

use super::command::{claim_of, noted_command};
use super::ids::{Ids, is_alias};
use super::path::At;
use super::precondition::preconditions;
use super::sink::Sink;
use detente_domain::command::{NotedCommand, Precondition};
use detente_domain::rejection::Violation;
use detente_proto::v1;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Parses what must hold for a stage to be recorded.
///
/// # Errors
/// All that is wrong with it.
pub fn parse_preconditions(given: Vec<v1::Precondition>) -> Result<Vec<Precondition>, Vec<Violation>> {
    let mut sink = Sink::input();
    let at = At::root("preconditions");
    let mut none = Uuid::nil;
    let ids = Ids::new(&mut none);
    let parsed = preconditions(given, &ids, &at, &mut sink);
    sink.finish()?;
    Ok(parsed)
}

/// The commands of one stage.
#[derive(Debug)]
pub struct StagedCommands {
    stage: Uuid,
    /// The names that claims are given.
    given: HashSet<Box<str>>,
    /// The names that are used, each with the number of the first command that uses it.
    used: RefCell<HashMap<Box<str>, usize>>,
}

impl StagedCommands {
    /// The commands of a stage, none of them parsed yet.
    #[must_use]
    pub fn of(stage: Uuid) -> Self {
        Self { stage, given: HashSet::new(), used: RefCell::default() }
    }

    /// Parses the command with a number. The paths of its violations begin with `commands[index]`: the place in the
    /// request, or the number again.
    pub fn parse(&mut self, number: usize, index: usize, value: v1::Command, sink: &mut Sink) -> Option<NotedCommand> {
        if let Some(("assert_claim" | "supersede_claim", claim)) = claim_of(&value)
            && is_alias(&claim.claim_id)
        {
            self.given.insert(claim.claim_id.as_str().into());
        }
        let mut made = 0u8;
        let stage = self.stage;
        let mut new_id = || {
            made = made.saturating_add(1);
            derive_id(stage, b"number", &[&(number as u64).to_be_bytes()[..], &[made]].concat())
        };
        let id_of_name = |name: &str| {
            self.used.borrow_mut().entry(name.into()).or_insert(number);
            derive_id(stage, b"name", name.as_bytes())
        };
        let mut ids = Ids::following(&mut new_id, &id_of_name);
        let root = At::root("commands");
        noted_command(value, &mut ids, &root.index(index), sink)
    }

    /// Names that are used and given to no claim, each with the number of the first command that uses it, by number.
    #[must_use]
    pub fn names_without_claim(self) -> Vec<(usize, Violation)> {
        let given = self.given;
        let unnamed = self.used.into_inner().into_iter().filter(|(name, _)| !given.contains(name));
        let mut unnamed: Vec<_> = unnamed.map(|(name, number)| (number, refusal(number, &name))).collect();
        unnamed.sort_by(|a, b| (a.0, &a.1.description).cmp(&(b.0, &b.1.description)));
        unnamed
    }
}

fn refusal(number: usize, name: &str) -> Violation {
    let what = format!("no claim that this stage asserts has the name `{name}` as its claim_id");
    Violation::new(format!("commands[{number}]"), what)
}

/// An id that follows from a stage and something in it.
fn derive_id(stage: Uuid, what: &[u8], of: &[u8]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"detente staged ");
    hash.update(what);
    hash.update(stage.as_bytes());
    hash.update(of);
    uuid::Builder::from_custom_bytes(hash.finalize().first_chunk().copied().unwrap_or_default()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_domain::command::Command;
    use v1::command::Command as Wire;

    const STAGE: Uuid = Uuid::from_u128(7);

    fn confirm(claim_id: &str) -> v1::Command {
        let confirm = v1::ConfirmClaim { claim_id: claim_id.to_owned(), as_of: "2025".to_owned() };
        v1::Command { note: String::new(), command: Some(Wire::ConfirmClaim(confirm)) }
    }

    fn dispute(dispute_id: &str) -> v1::Command {
        let dispute = v1::DisputeClaim {
            claim_id: Uuid::from_u128(1).to_string(),
            dispute_id: dispute_id.to_owned(),
            disputed_by: "ARM".to_owned(),
            statement: "not so".to_owned(),
            counter_claim_id: "$other".to_owned(),
        };
        v1::Command { note: String::new(), command: Some(Wire::DisputeClaim(dispute)) }
    }

    fn parse_one(staged: &mut StagedCommands, number: usize, command: v1::Command) -> Command {
        let mut sink = Sink::input();
        let parsed = staged.parse(number, number, command, &mut sink);
        sink.finish().unwrap();
        parsed.unwrap().command
    }

    #[test]
    fn an_id_that_is_left_open_or_named_is_the_same_each_time_and_differs_from_others() {
        let ids = |stage: Uuid, number| {
            let mut staged = StagedCommands::of(stage);
            let Command::Dispute(_, made) = parse_one(&mut staged, number, dispute("")) else { panic!() };
            let Command::Confirm(named, _) = parse_one(&mut staged, number, confirm("$other")) else { panic!() };
            assert_eq!(made.counter_claim, Some(named), "a name means one claim throughout the stage");
            (made.id.0, named.0)
        };
        assert_eq!(ids(STAGE, 3), ids(STAGE, 3));
        let (fourth, other) = (ids(STAGE, 4), ids(Uuid::from_u128(8), 3));
        assert_ne!(ids(STAGE, 3).0, fourth.0);
        assert_eq!(ids(STAGE, 3).1, fourth.1);
        assert_ne!(ids(STAGE, 3).1, other.1);
        assert_ne!(ids(STAGE, 3).0, other.0);
    }

    #[test]
    fn a_name_that_no_claim_is_given_is_told_with_the_first_command_that_uses_it() {
        let mut staged = StagedCommands::of(STAGE);
        for (number, name) in [(2, "$memo"), (5, "$memo"), (1, "$treaty")] {
            parse_one(&mut staged, number, confirm(name));
        }
        let claim = v1::Claim { claim_id: "$memo".to_owned(), ..v1::Claim::default() };
        let assert = Wire::AssertClaim(v1::AssertClaim { claim: Some(claim) });
        let mut sink = Sink::input();
        staged.parse(9, 0, v1::Command { note: String::new(), command: Some(assert) }, &mut sink);
        let violations = sink.finish().unwrap_err();
        assert!(violations.iter().all(|violation| violation.field.starts_with("commands[0].assert_claim.claim")));
        let unnamed = staged.names_without_claim();
        assert_eq!(unnamed.len(), 1);
        assert_eq!((unnamed[0].0, unnamed[0].1.field.as_str()), (1, "commands[1]"));
        assert!(unnamed[0].1.description.contains("`$treaty`"));
    }
}
