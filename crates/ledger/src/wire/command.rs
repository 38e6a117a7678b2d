//! Appends: a batch of commands with its preconditions, parsed whole, with all that is wrong with it.
//!
//! Commands are gone through twice: first for the `$names` that claims are given, so that a link may point forward, then
//! to parse them.

use super::claim::parse_claim;
use super::ids::{Ids, parse_uuid};
use super::kind::{parse_kind, parse_scheme};
use super::limits::{
    self, MAX_CLAIM_BYTES, MAX_CODE_BYTES, MAX_CONFIRMATION_EXCEPTIONS, MAX_CONFIRMATION_UNKNOWN,
    MAX_CONFIRMATION_UNKNOWN_BYTES, MAX_LABEL_BYTES, MAX_NOTE_BYTES, MAX_RECORDED_BY_BYTES, MAX_TEXT_BYTES,
};
use super::party::parse_party;
use super::patch::parse_patch;
use super::path::At;
use super::precondition::preconditions;
use super::scalar::{key_text, party_id, required_date, required_text, source_id, text};
use super::sink::Sink;
use super::source::parse_source;
use super::vocabulary::required_member;
use detente_domain::claim::Claim;
use detente_domain::command::{Batch, Command, NotedCommand, Suppositions};
use detente_domain::event::{Dispute, LabelConfirmation};
use detente_domain::kind::Kind;
use detente_domain::party::Party;
use detente_domain::rejection::Violation;
use detente_domain::scheme::Scheme;
use detente_domain::source::Source;
use detente_journal::RequestKey;
use detente_proto::v1;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use v1::command::Command as Wire;

/// The most commands that a question may suppose.
pub const MAX_SUPPOSED: usize = 100;

/// A well-formed append. It may still not fit the record.
#[derive(Clone, Debug)]
pub struct ParsedAppend {
    /// The name of the request and the SHA-256 of the encoded request without its name, if it has one: by them a retry is
    /// recognised.
    pub request: Option<RequestKey>,
    /// The name of the recorder.
    pub recorded_by: String,
    /// The commands and the preconditions.
    pub batch: Batch,
    /// True to check only, and write nothing.
    pub validate_only: bool,
}

/// Parses an append; `new_id` makes the ids that it leaves to the ledger.
///
/// # Errors
/// All that is wrong with it.
pub fn parse_append(
    mut request: v1::AppendRequest,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<ParsedAppend, Vec<Violation>> {
    let mut sink = Sink::input();
    let root = At::root("");
    let request_id = request_id(&std::mem::take(&mut request.request_id), &root, &mut sink);
    let request_key = request_id.map(|id| RequestKey { id, body: digest(&request), staged: false });
    let recorded_by = required_text(request.recorded_by, MAX_RECORDED_BY_BYTES, &root.field("recorded_by"), &mut sink);
    let mut ids = Ids::new(new_id);
    name_claims(&request.commands, &root.field("commands"), &mut ids, &mut sink);
    let commands = commands(request.commands, &mut ids, &root.field("commands"), &mut sink);
    let preconditions = preconditions(request.preconditions, &ids, &root.field("preconditions"), &mut sink);
    sink.finish()?;
    let batch = Batch { commands, preconditions };
    Ok(ParsedAppend {
        request: request_key,
        recorded_by: recorded_by.into(),
        batch,
        validate_only: request.validate_only,
    })
}

/// Parses what a question supposes, at the field `what_if`. Ids that it leaves open are made of the commands themselves, so
/// that every page of one answer names a supposed claim alike.
pub fn parse_supposed(supposed: Vec<v1::Command>, sink: &mut Sink) -> Suppositions {
    if supposed.is_empty() {
        return Suppositions::default();
    }
    let root = At::root("what_if");
    if supposed.len() > MAX_SUPPOSED {
        sink.refuse(&root, format!("{} commands; at most {MAX_SUPPOSED} are allowed", supposed.len()));
        return Suppositions::default();
    }
    let mut seed = Sha256::new();
    supposed.iter().for_each(|command| seed.update(command.encode_to_vec()));
    let seed = seed.finalize();
    let mut made = u128::from_be_bytes(seed.first_chunk().copied().unwrap_or_default());
    let mut new_id = || {
        made = made.wrapping_add(1);
        uuid::Builder::from_custom_bytes(made.to_be_bytes()).into_uuid()
    };
    let mut ids = Ids::new(&mut new_id);
    name_claims(&supposed, &root, &mut ids, sink);
    Suppositions(commands(supposed, &mut ids, &root, sink))
}

/// The first claim that is larger than [`MAX_CLAIM_BYTES`], if one is. An append is refused for it by [`parse_append`] too,
/// among all else; this is for telling that it is too large, not malformed.
#[must_use]
pub fn over_limit(commands: &[v1::Command]) -> Option<Violation> {
    commands.iter().enumerate().find_map(|(index, command)| {
        let (verb, claim) = claim_of(command)?;
        let bytes = limits::excess(claim)?;
        Some(Violation::new(format!("commands[{index}].{verb}.claim"), limits::too_long(bytes, MAX_CLAIM_BYTES)))
    })
}

/// The claim in a command, and what the command does with it.
pub(super) fn claim_of(command: &v1::Command) -> Option<(&'static str, &v1::Claim)> {
    match command.command.as_ref()? {
        Wire::AssertClaim(of) => of.claim.as_ref().map(|claim| ("assert_claim", claim)),
        Wire::ReviseClaim(of) => of.claim.as_ref().map(|claim| ("revise_claim", claim)),
        Wire::SupersedeClaim(of) => of.claim.as_ref().map(|claim| ("supersede_claim", claim)),
        _ => None,
    }
}

fn request_id(text: &str, root: &At<'_>, sink: &mut Sink) -> Option<Uuid> {
    if text.is_empty() { None } else { sink.expect_shape(&root.field("request_id"), text, parse_uuid(text)) }
}

fn digest(request: &v1::AppendRequest) -> [u8; 32] {
    Sha256::digest(request.encode_to_vec()).into()
}

/// Makes the ids of the claims that are asserted under a `$name`.
fn name_claims(commands: &[v1::Command], root: &At<'_>, ids: &mut Ids<'_>, sink: &mut Sink) {
    for (index, command) in commands.iter().enumerate() {
        if let Some((verb @ ("assert_claim" | "supersede_claim"), claim)) = claim_of(command) {
            let at = root.index(index);
            let at = at.field(verb);
            ids.name(&claim.claim_id, &at.field("claim").field("claim_id"), sink);
        }
    }
}

fn commands(values: Vec<v1::Command>, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Vec<NotedCommand> {
    sink.rule(at, !values.is_empty(), "required: at least one command");
    let mut commands = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        commands.extend(noted_command(value, ids, &at.index(index), sink));
    }
    commands
}

/// One command with its note.
pub(super) fn noted_command(
    value: v1::Command,
    ids: &mut Ids<'_>,
    at: &At<'_>,
    sink: &mut Sink,
) -> Option<NotedCommand> {
    let note = text(value.note, MAX_NOTE_BYTES, &at.field("note"), sink);
    let Some(wire) = value.command else {
        sink.refuse(at, "say what to do, for example assert_claim");
        return None;
    };
    command(wire, ids, at, sink).map(|command| NotedCommand { note, command })
}

fn command(wire: Wire, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    match wire {
        Wire::AssertClaim(of) => {
            claim(of.claim, ids, &at.field("assert_claim"), sink).map(|claim| Command::Assert(Box::new(claim)))
        }
        Wire::ReviseClaim(of) => revise(of, ids, &at.field("revise_claim"), sink),
        Wire::ConfirmClaim(of) => confirm(&of, ids, &at.field("confirm_claim"), sink),
        Wire::RetractClaim(of) => retract(&of, ids, &at.field("retract_claim"), sink),
        Wire::ReinstateClaim(of) => {
            ids.claim(&of.claim_id, &at.field("reinstate_claim").field("claim_id"), sink).map(Command::Reinstate)
        }
        Wire::DisputeClaim(of) => dispute(of, ids, &at.field("dispute_claim"), sink),
        Wire::ResolveDispute(of) => resolve(&of, ids, &at.field("resolve_dispute"), sink),
        Wire::SupersedeClaim(of) => supersede(of, ids, &at.field("supersede_claim"), sink),
        Wire::RegisterParty(of) => party(of.party, &at.field("register_party"), sink).map(Command::RegisterParty),
        Wire::ReviseParty(of) => party(of.party, &at.field("revise_party"), sink).map(Command::ReviseParty),
        Wire::RegisterSource(of) => source(of.source, &at.field("register_source"), sink).map(Command::RegisterSource),
        Wire::ReviseSource(of) => source(of.source, &at.field("revise_source"), sink).map(Command::ReviseSource),
        Wire::WithdrawSource(of) => {
            source_id(&of.source_id, &at.field("withdraw_source").field("source_id"), sink).map(Command::WithdrawSource)
        }
        Wire::RegisterKind(of) => kind(of.kind, &at.field("register_kind"), sink).map(Command::RegisterKind),
        Wire::ReviseKind(of) => kind(of.kind, &at.field("revise_kind"), sink).map(Command::ReviseKind),
        Wire::RegisterScheme(of) => scheme(of.scheme, &at.field("register_scheme"), sink).map(Command::RegisterScheme),
        Wire::ReviseScheme(of) => scheme(of.scheme, &at.field("revise_scheme"), sink).map(Command::ReviseScheme),
        Wire::MergeParties(of) => merge(&of, &at.field("merge_parties"), sink),
        Wire::UnmergeParties(of) => {
            let at = at.field("unmerge_parties");
            party_id(&of.merged_party_id, &at.field("merged_party_id"), sink).map(Command::UnmergeParties)
        }
        Wire::ConfirmClaims(of) => confirm_all(of, ids, &at.field("confirm_claims"), sink),
    }
}

/// A message that must be there.
fn present<T>(given: Option<T>, at: &At<'_>, sink: &mut Sink) -> Option<T> {
    if given.is_none() {
        sink.refuse(at, "required");
    }
    given
}

/// A claim that must be there, if it is not too large.
fn sized_claim(given: Option<v1::Claim>, at: &At<'_>, sink: &mut Sink) -> Option<v1::Claim> {
    let claim = present(given, at, sink)?;
    match limits::excess(&claim) {
        None => Some(claim),
        Some(bytes) => {
            sink.refuse(at, limits::too_long(bytes, MAX_CLAIM_BYTES));
            None
        }
    }
}

fn claim(given: Option<v1::Claim>, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Claim> {
    let at = at.field("claim");
    parse_claim(sized_claim(given, &at, sink)?, ids, &at, sink)
}

fn revise(of: v1::ReviseClaim, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let kind = required_member(of.kind, &at.field("kind"), sink);
    let (claim_at, mask_at) = (at.field("claim"), at.field("update_mask"));
    let given = sized_claim(of.claim, &claim_at, sink)?;
    if let Some(mask) = of.update_mask {
        let patch = parse_patch(given, &mask.paths, ids, (&claim_at, &mask_at), sink);
        return Some(Command::Patch(kind?, Box::new(patch?)));
    }
    if given.claim_id.is_empty() {
        sink.refuse(&claim_at.field("claim_id"), "required: the claim that is revised");
    }
    let claim = parse_claim(given, ids, &claim_at, sink);
    Some(Command::Revise(kind?, Box::new(claim?)))
}

fn confirm(of: &v1::ConfirmClaim, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let id = ids.claim(&of.claim_id, &at.field("claim_id"), sink);
    let as_of = required_date(&of.as_of, &at.field("as_of"), sink);
    Some(Command::Confirm(id?, as_of?))
}

fn confirm_all(of: v1::ConfirmClaims, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let label = key_text(of.label, MAX_LABEL_BYTES, &at.field("label"), sink);
    let as_of = required_date(&of.as_of, &at.field("as_of"), sink);
    let except_at = at.field("except_claim_ids");
    sink.rule(&except_at, of.except_claim_ids.len() <= MAX_CONFIRMATION_EXCEPTIONS, "at most 1000 are allowed");
    let except = of.except_claim_ids.iter().take(MAX_CONFIRMATION_EXCEPTIONS).enumerate();
    let except = except.filter_map(|(nth, id)| ids.claim(id, &except_at.index(nth), sink)).collect();
    let unknown = unknown_ids(of.unknown_external_ids, &at.field("unknown_external_ids"), sink);
    Some(Command::ConfirmAll(Box::new(LabelConfirmation { label, as_of: as_of?, except, unknown })))
}

/// The external ids of which a confirmation says nothing.
fn unknown_ids(given: Vec<String>, at: &At<'_>, sink: &mut Sink) -> Vec<Box<str>> {
    sink.rule(at, given.len() <= MAX_CONFIRMATION_UNKNOWN, "at most 10000 are allowed");
    let bytes: usize = given.iter().map(String::len).sum();
    if bytes > MAX_CONFIRMATION_UNKNOWN_BYTES {
        sink.rule(at, false, &limits::too_long(bytes, MAX_CONFIRMATION_UNKNOWN_BYTES));
        return Vec::new();
    }
    let given = given.into_iter().take(MAX_CONFIRMATION_UNKNOWN).enumerate();
    given.map(|(nth, id)| key_text(id, MAX_CODE_BYTES, &at.index(nth), sink)).collect()
}

fn retract(of: &v1::RetractClaim, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let id = ids.claim(&of.claim_id, &at.field("claim_id"), sink);
    let reason = required_member(of.reason, &at.field("reason"), sink);
    Some(Command::Retract(id?, reason?))
}

fn dispute(of: v1::DisputeClaim, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let claim = ids.claim(&of.claim_id, &at.field("claim_id"), sink);
    let id = ids.dispute(&of.dispute_id, &at.field("dispute_id"), sink);
    let disputed_by = party_id(&of.disputed_by, &at.field("disputed_by"), sink);
    let statement = required_text(of.statement, MAX_TEXT_BYTES, &at.field("statement"), sink);
    let counter_claim = if of.counter_claim_id.is_empty() {
        None
    } else {
        ids.claim(&of.counter_claim_id, &at.field("counter_claim_id"), sink)
    };
    Some(Command::Dispute(claim?, Dispute { id: id?, disputed_by: disputed_by?, statement, counter_claim }))
}

fn resolve(of: &v1::ResolveDispute, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let claim = ids.claim(&of.claim_id, &at.field("claim_id"), sink);
    let dispute = super::ids::dispute_id(&of.dispute_id, &at.field("dispute_id"), sink);
    let outcome = required_member(of.outcome, &at.field("outcome"), sink);
    Some(Command::Resolve(claim?, dispute?, outcome?))
}

fn supersede(of: v1::SupersedeClaim, ids: &mut Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let id = ids.claim(&of.claim_id, &at.field("claim_id"), sink);
    let ended = required_date(&of.ended, &at.field("ended"), sink);
    let successor = claim(of.claim, ids, at, sink);
    Some(Command::Supersede(id?, ended?, Box::new(successor?)))
}

fn party(given: Option<v1::Party>, at: &At<'_>, sink: &mut Sink) -> Option<Party> {
    let at = at.field("party");
    parse_party(present(given, &at, sink)?, &at, sink)
}

fn source(given: Option<v1::Source>, at: &At<'_>, sink: &mut Sink) -> Option<Source> {
    let at = at.field("source");
    parse_source(present(given, &at, sink)?, &at, sink)
}

fn kind(given: Option<v1::Kind>, at: &At<'_>, sink: &mut Sink) -> Option<Kind> {
    let at = at.field("kind");
    parse_kind(present(given, &at, sink)?, &at, sink)
}

fn scheme(given: Option<v1::Scheme>, at: &At<'_>, sink: &mut Sink) -> Option<Scheme> {
    let at = at.field("scheme");
    parse_scheme(present(given, &at, sink)?, &at, sink)
}

fn merge(of: &v1::MergeParties, at: &At<'_>, sink: &mut Sink) -> Option<Command> {
    let merged = party_id(&of.merged_party_id, &at.field("merged_party_id"), sink);
    let survivor = party_id(&of.surviving_party_id, &at.field("surviving_party_id"), sink);
    Some(Command::MergeParties(merged?, survivor?))
}
