//! Makes claims, parties, sources and commands in a few words.

use detente_domain::claim::{Claim, ClaimParty, Text, Time};
use detente_domain::command::{Batch, Command, NotedCommand, Precondition};
use detente_domain::edtf::{PartialDate, parse_valid};
use detente_domain::event::Dispute;
use detente_domain::name::{ClaimId, DisputeId, PartyId, SourceId, Word};
use detente_domain::party::{Party, PartyName};
use detente_domain::period::Period;
use detente_domain::position::RecordedAt;
use detente_domain::relationship::RelationshipId;
use detente_domain::source::Source;
use detente_domain::vocabulary::{Modality, PartyType};
use uuid::Uuid;

/// The parties that every test registers first.
pub(crate) const PARTIES: [&str; 4] = ["ARM", "AZE", "RUS", "TUR"];
/// The sources that every test registers first.
pub(crate) const SOURCES: [&str; 2] = ["gazette", "wire:1"];

pub(crate) fn id(number: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(number))
}

pub(crate) fn dispute_id(number: u128) -> DisputeId {
    DisputeId(Uuid::from_u128(number))
}

pub(crate) fn party_id(text: &str) -> PartyId {
    PartyId::parse(text).unwrap()
}

pub(crate) fn source_id(text: &str) -> SourceId {
    SourceId::parse(text).unwrap()
}

pub(crate) fn word(text: &str) -> Word {
    Word::parse(text).unwrap()
}

pub(crate) fn relationship(text: &str) -> RelationshipId {
    RelationshipId::parse(text).unwrap()
}

pub(crate) fn date(text: &str) -> PartialDate {
    PartialDate::parse(text).unwrap()
}

pub(crate) fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// A recorded time of the tests: the given microseconds after the beginning of 2025.
pub(crate) fn tick(micros: i64) -> RecordedAt {
    RecordedAt(1_735_689_600_000_000 + micros)
}

/// 00:00 of a day, as a recorded time.
pub(crate) fn on(day: &str) -> RecordedAt {
    RecordedAt(period(day).a.0 * 1_000_000)
}

/// A claim that happens.
pub(crate) fn event(number: u128, valid: &str) -> Claim {
    let (from, to) = parse_valid(valid).unwrap();
    claim(number, Time::Event(from, to))
}

/// A claim that holds.
pub(crate) fn state(number: u128, valid: &str) -> Claim {
    let (from, to) = parse_valid(valid).unwrap();
    claim(number, Time::State(from, to))
}

/// A claim on `AZE-RUS` of kind `agreement`.
pub(crate) fn claim(number: u128, time: Time) -> Claim {
    Claim {
        id: id(number),
        kind: word("agreement"),
        time,
        texts: vec![Text { lang: "en".into(), text: format!("claim number {number}").into(), original: true }],
        parties: ["AZE", "RUS"]
            .map(|party| ClaimParty { party: party_id(party), role: word("party"), as_text: "".into() })
            .into(),
        relationships: vec![relationship("AZE-RUS")],
        as_of: None,
        refers_to: None,
        attribution: Vec::new(),
        modality: Modality::Asserted,
        polarity: None,
        status: None,
        due: None,
        quantities: Vec::new(),
        place: "".into(),
        codes: Vec::new(),
        sources: Vec::new(),
        links: Vec::new(),
        external_ids: Vec::new(),
        labels: Vec::new(),
    }
}

/// The claim, changed.
pub(crate) fn with(mut claim: Claim, change: impl FnOnce(&mut Claim)) -> Claim {
    change(&mut claim);
    claim
}

pub(crate) fn party(name: &str) -> Party {
    let named = PartyName::new("en", &format!("The party {name}"));
    Party { id: party_id(name), party_type: PartyType::State, names: vec![named], external_ids: Vec::new() }
}

pub(crate) fn source(name: &str) -> Source {
    Source {
        id: source_id(name),
        publishers: Vec::new(),
        title: format!("The source {name}").into(),
        url: "".into(),
        published: None,
        language: "".into(),
        derives_from: Vec::new(),
        external_ids: Vec::new(),
    }
}

pub(crate) fn dispute(number: u128) -> Dispute {
    Dispute { id: dispute_id(number), disputed_by: party_id("ARM"), statement: "not so".into(), counter_claim: None }
}

pub(crate) fn assert(claim: Claim) -> Command {
    Command::Assert(Box::new(claim))
}

/// The commands that register what claims name.
pub(crate) fn registrations() -> Vec<Command> {
    let parties = PARTIES.iter().map(|name| Command::RegisterParty(party(name)));
    let sources = SOURCES.iter().map(|name| Command::RegisterSource(source(name)));
    parties.chain(sources).collect()
}

/// A batch without preconditions.
pub(crate) fn batch(commands: impl IntoIterator<Item = Command>) -> Batch {
    batch_if(commands, Vec::new())
}

/// A batch with preconditions. The n-th command has the note `n`.
pub(crate) fn batch_if(commands: impl IntoIterator<Item = Command>, preconditions: Vec<Precondition>) -> Batch {
    let noted = |(nth, command): (usize, Command)| NotedCommand { note: nth.to_string().into(), command };
    Batch { commands: commands.into_iter().enumerate().map(noted).collect(), preconditions }
}
