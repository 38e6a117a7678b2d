//! Commands as a client sends them, and the steps of a stage in a few words.

use crate::support::home::Home;
use crate::support::make::{assert, event};
use detente_domain::command::Command;
use detente_domain::position::RecordedAt;
use detente_ledger::Ledger;
use detente_ledger::wire::claim::render_claim;
use detente_ledger::wire::kind::{render_kind, render_scheme};
use detente_ledger::wire::party::render_party;
use detente_ledger::wire::source::render_source;
use detente_ledger::wire::vocabulary::Twin as _;
use detente_ledger::write::stage::{
    Commit, CommitOutcome, NewStage, Stage, StageError, StageProgress, StageState, TOLD,
};
use detente_proto::v1;
use detente_proto::v1::command::Command as Wire;
use std::time::Duration;
use uuid::Uuid;

/// A command as a client sends it, with a note. A patch is one of labels.
pub(crate) fn wire(command: &Command, note: &str) -> v1::Command {
    v1::Command { note: note.to_owned(), command: Some(wire_command(command)) }
}

fn wire_command(command: &Command) -> Wire {
    let id = |id: &detente_domain::name::ClaimId| id.0.to_string();
    match command {
        Command::Assert(claim) => Wire::AssertClaim(v1::AssertClaim { claim: Some(render_claim(claim)) }),
        Command::Revise(kind, claim) => Wire::ReviseClaim(v1::ReviseClaim {
            claim: Some(render_claim(claim)),
            update_mask: None,
            kind: kind.to_wire(),
        }),
        Command::Patch(kind, patch) => {
            let bare = detente_domain::claim::Claim { id: patch.claim_id(), ..event(1, "2025") };
            let patched = patch.apply(&bare).unwrap();
            let labels = patched.labels.iter().map(ToString::to_string).collect();
            let claim = v1::Claim { claim_id: id(&patch.claim_id()), labels, ..v1::Claim::default() };
            let update_mask = Some(prost_types::FieldMask { paths: vec!["labels".to_owned()] });
            Wire::ReviseClaim(v1::ReviseClaim { claim: Some(claim), update_mask, kind: kind.to_wire() })
        }
        Command::Confirm(of, as_of) => {
            Wire::ConfirmClaim(v1::ConfirmClaim { claim_id: id(of), as_of: as_of.text().to_owned() })
        }
        Command::Retract(of, reason) => {
            Wire::RetractClaim(v1::RetractClaim { claim_id: id(of), reason: reason.to_wire() })
        }
        Command::Reinstate(of) => Wire::ReinstateClaim(v1::ReinstateClaim { claim_id: id(of) }),
        Command::Dispute(of, dispute) => Wire::DisputeClaim(v1::DisputeClaim {
            claim_id: id(of),
            dispute_id: dispute.id.0.to_string(),
            disputed_by: dispute.disputed_by.as_str().to_owned(),
            statement: dispute.statement.to_string(),
            counter_claim_id: dispute.counter_claim.as_ref().map(id).unwrap_or_default(),
        }),
        Command::Resolve(of, dispute, outcome) => Wire::ResolveDispute(v1::ResolveDispute {
            claim_id: id(of),
            dispute_id: dispute.0.to_string(),
            outcome: outcome.to_wire(),
        }),
        Command::Supersede(of, ended, claim) => Wire::SupersedeClaim(v1::SupersedeClaim {
            claim_id: id(of),
            ended: ended.text().to_owned(),
            claim: Some(render_claim(claim)),
        }),
        other => registry(other),
    }
}

fn registry(command: &Command) -> Wire {
    match command {
        Command::RegisterParty(of) => Wire::RegisterParty(v1::RegisterParty { party: Some(render_party(of)) }),
        Command::ReviseParty(of) => Wire::ReviseParty(v1::ReviseParty { party: Some(render_party(of)) }),
        Command::RegisterSource(of) => Wire::RegisterSource(v1::RegisterSource { source: Some(render_source(of)) }),
        Command::ReviseSource(of) => Wire::ReviseSource(v1::ReviseSource { source: Some(render_source(of)) }),
        Command::WithdrawSource(id) => Wire::WithdrawSource(v1::WithdrawSource { source_id: id.as_str().to_owned() }),
        Command::RegisterKind(of) => Wire::RegisterKind(v1::RegisterKind { kind: Some(render_kind(of)) }),
        Command::ReviseKind(of) => Wire::ReviseKind(v1::ReviseKind { kind: Some(render_kind(of)) }),
        Command::RegisterScheme(of) => Wire::RegisterScheme(v1::RegisterScheme { scheme: Some(render_scheme(of)) }),
        Command::ReviseScheme(of) => Wire::ReviseScheme(v1::ReviseScheme { scheme: Some(render_scheme(of)) }),
        Command::MergeParties(merged, survivor) => Wire::MergeParties(v1::MergeParties {
            merged_party_id: merged.as_str().to_owned(),
            surviving_party_id: survivor.as_str().to_owned(),
        }),
        Command::UnmergeParties(merged) => {
            Wire::UnmergeParties(v1::UnmergeParties { merged_party_id: merged.as_str().to_owned() })
        }
        other => panic!("{other:?}"),
    }
}

/// Assertions of claims with these numbers.
pub(crate) fn assertions(numbers: std::ops::Range<u128>) -> Vec<v1::Command> {
    numbers.map(|number| wire(&assert(event(number, "2025")), "")).collect()
}

pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A stage by its number.
pub(crate) fn new(number: u128) -> NewStage {
    NewStage { id: uuid(number), recorded_by: "importer".to_owned(), recorded_at: None, title: "a release".to_owned() }
}

pub(crate) fn new_at(number: u128, at: RecordedAt) -> NewStage {
    NewStage { recorded_at: Some(at), ..new(number) }
}

pub(crate) fn commit(number: u128) -> Commit {
    Commit { id: uuid(number), preconditions: Vec::new(), validate_only: false, leave_out: Vec::new(), told: TOLD }
}

/// Opens a stage and adds commands to it, in pieces of the given size, from the first one on.
pub(crate) fn lay_out(ledger: &Ledger, number: u128, commands: &[v1::Command], piece: usize) -> StageProgress {
    ledger.open_stage(&new(number)).unwrap();
    add_all(ledger, number, commands, piece)
}

pub(crate) fn add_all(ledger: &Ledger, number: u128, commands: &[v1::Command], piece: usize) -> StageProgress {
    let mut progress = StageProgress { next: 0, bytes: 0 };
    for (nth, commands) in commands.chunks(piece).enumerate() {
        progress = ledger.add_to_stage(uuid(number), (nth * piece) as u64, commands).unwrap();
    }
    progress
}

/// Returns the progress of a stage.
pub(crate) fn progress(stage: &Stage) -> StageProgress {
    match &stage.state {
        StageState::Open { progress, .. } => *progress,
        other => panic!("{other:?}"),
    }
}

/// Commits a stage that must be recorded.
pub(crate) fn commit_whole(home: &Home, number: u128) -> CommitOutcome {
    let committed = home.ledger.commit_stage(&commit(number)).unwrap();
    assert!(!committed.replayed);
    committed
}

/// Returns the misfits of a stage that is not recorded: the fields, and their number.
pub(crate) fn unfit(result: Result<CommitOutcome, StageError>) -> (Vec<String>, u64) {
    match result {
        Err(StageError::Unfit(unfit)) => (unfit.first.into_iter().map(|v| v.field).collect(), unfit.count),
        other => panic!("{other:?}"),
    }
}

/// A clock's tick, for waiting on other threads.
pub(crate) const SOON: Duration = Duration::from_millis(1);
