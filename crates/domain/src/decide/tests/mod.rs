//! Every rule of `decide`: what is refused, at which field, and that nothing else is; and what is made of what is not.

mod claims;
mod merges;
mod preconditions;
mod refusals;
mod registry;

use super::*;
use crate::bound::Bound;
use crate::claim::{Attribution, Citation, Claim, ClaimParty, Link, Text, Time};
use crate::command::{Expectation, NotedCommand, Patch, Precondition};
use crate::edtf::{PartialDate, parse_valid};
use crate::event::{Change, Dispute};
use crate::kind::Kind;
use crate::name::{DisputeId, Word};
use crate::party::{Party, PartyName};
use crate::rejection::Conflict;
use crate::relationship::RelationshipId;
use crate::scheme::Scheme;
use crate::source::Source;
use crate::vocabulary::{
    AttributionRole, DisputeOutcome, LinkType, Modality, PartyType, RetractionReason, RevisionKind,
};
use std::collections::HashMap;
use uuid::Uuid;

/// A record in three maps. Its boundary is the one position at which something last happened.
#[derive(Default)]
struct Shelf {
    claims: HashMap<ClaimId, (Standing, Claim)>,
    disputes: HashMap<(ClaimId, DisputeId), bool>,
    parties: HashMap<PartyId, u32>,
    sources: HashMap<SourceId, (u32, bool)>,
    kinds: HashMap<Word, u32>,
    schemes: HashMap<Box<str>, u32>,
    merges: HashMap<PartyId, PartyId>,
    touched: Option<Position>,
}

impl Record for Shelf {
    fn standing(&self, id: ClaimId) -> Option<Standing> {
        self.claims.get(&id).map(|(standing, _)| *standing)
    }

    fn dispute(&self, claim: ClaimId, id: DisputeId) -> Option<bool> {
        self.disputes.get(&(claim, id)).copied()
    }

    fn content(&self, id: ClaimId) -> Option<Claim> {
        self.claims.get(&id).map(|(_, content)| content.clone())
    }

    fn party_revision(&self, id: &PartyId) -> Option<u32> {
        self.parties.get(id).copied()
    }

    fn source_revision(&self, id: &SourceId) -> Option<(u32, bool)> {
        self.sources.get(id).copied()
    }

    fn kind_revision(&self, kind: &Word) -> Option<u32> {
        self.kinds.get(kind).copied()
    }

    fn scheme_revision(&self, scheme: &str) -> Option<u32> {
        self.schemes.get(scheme).copied()
    }

    fn merged_into(&self, id: &PartyId) -> Option<PartyId> {
        self.merges.get(id).cloned()
    }

    fn first_touch(&self, _: &Filter, after: Position) -> Option<Position> {
        self.touched.filter(|touched| *touched > after)
    }
}

impl Shelf {
    /// Puts events on the shelf.
    fn take(&mut self, events: &[Event]) {
        for event in events {
            match &event.change {
                Change::PartyRegistered(of) | Change::PartyRevised(of) => {
                    let _before = self.parties.insert(of.id.clone(), event.revision);
                }
                Change::SourceRegistered(of) | Change::SourceRevised(of) => {
                    let withdrawn = self.sources.get(&of.id).is_some_and(|(_, withdrawn)| *withdrawn);
                    self.sources.insert(of.id.clone(), (event.revision, withdrawn));
                }
                Change::KindRegistered(of) | Change::KindRevised(of) => {
                    let _before = self.kinds.insert(of.kind.clone(), event.revision);
                }
                Change::SchemeRegistered(of) | Change::SchemeRevised(of) => {
                    let _before = self.schemes.insert(of.scheme.clone(), event.revision);
                }
                Change::PartiesMerged(merged, survivor) => {
                    self.merges.insert(merged.clone(), survivor.clone());
                    self.parties.insert(merged.clone(), event.revision);
                }
                Change::PartiesUnmerged(merged) => {
                    self.merges.remove(merged);
                    self.parties.insert(merged.clone(), event.revision);
                }
                Change::SourceWithdrawn(id) => drop(self.sources.insert(id.clone(), (event.revision, true))),
                Change::ClaimsConfirmed(_) => {}
                change => {
                    let id = change.claim_id().unwrap();
                    let (standing, content) = self.claims.get(&id).cloned().unzip();
                    let mut content = change.content().cloned().or(content).unwrap();
                    if let Change::ClaimConfirmed(_, as_of) = change {
                        content.as_of = Some(as_of.clone());
                    }
                    match change {
                        Change::ClaimDisputed(_, dispute) => {
                            self.disputes.insert((id, dispute.id), true);
                        }
                        Change::DisputeResolved(_, of, _) => {
                            self.disputes.insert((id, *of), false);
                        }
                        _ => {}
                    }
                    self.claims.insert(id, (standing.unwrap_or_default().after(change), content));
                }
            }
        }
    }

    fn record(&mut self, commands: Vec<Command>) -> Vec<Event> {
        let events = decide(self, batch(commands)).unwrap().events;
        self.take(&events);
        events
    }

    /// The fields at which a batch is wrong.
    fn wrong(&self, commands: Vec<Command>) -> Vec<String> {
        match decide(self, batch(commands)) {
            Err(Rejection::Violations(violations)) => {
                assert!(violations.iter().all(|v| v.description.len() > 10 && v.field.starts_with("commands[")));
                violations.into_iter().map(|violation| violation.field).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn conflicts(&self, preconditions: Vec<Precondition>) -> Vec<Conflict> {
        match decide(self, Batch { preconditions, ..batch(vec![Command::Reinstate(id(99))]) }) {
            Err(Rejection::Conflicts(conflicts)) => conflicts,
            Err(Rejection::Violations(_)) => Vec::new(),
            Ok(decision) => panic!("{decision:?}"),
        }
    }
}

fn batch(commands: Vec<Command>) -> Batch {
    let noted = |command| NotedCommand { note: "why".into(), command };
    Batch { commands: commands.into_iter().map(noted).collect(), preconditions: Vec::new() }
}

fn id(number: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(number))
}

fn dispute_id(number: u128) -> DisputeId {
    DisputeId(Uuid::from_u128(number))
}

fn party_id(text: &str) -> PartyId {
    PartyId::parse(text).unwrap()
}

fn source_id(text: &str) -> SourceId {
    SourceId::parse(text).unwrap()
}

fn date(text: &str) -> PartialDate {
    PartialDate::parse(text).unwrap()
}

fn state(number: u128, valid: &str) -> Claim {
    let (from, to) = parse_valid(valid).unwrap();
    Claim {
        id: id(number),
        kind: Word::parse("agreement").unwrap(),
        time: Time::State(from, to),
        texts: vec![Text { lang: "en".into(), text: "words".into(), original: true }],
        parties: vec![claim_party("AZE")],
        relationships: vec![RelationshipId::parse("AZE-RUS").unwrap()],
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
        sources: vec![citation("gazette")],
        links: Vec::new(),
        external_ids: Vec::new(),
        labels: Vec::new(),
    }
}

fn claim_party(name: &str) -> ClaimParty {
    ClaimParty { party: party_id(name), role: Word::parse("party").unwrap(), as_text: "".into() }
}

fn citation(name: &str) -> Citation {
    Citation { source: source_id(name), locator: "".into(), quote: "".into(), retrieved_at: None, granularity: None }
}

fn said_by(name: &str) -> Attribution {
    Attribution { party: Some(party_id(name)), name: "".into(), role: AttributionRole::Speaker, said_at: None }
}

fn party(name: &str) -> Party {
    let names = vec![PartyName::new("en", name)];
    Party { id: party_id(name), party_type: PartyType::State, names, external_ids: Vec::new() }
}

fn source(name: &str) -> Source {
    Source {
        id: source_id(name),
        publishers: Vec::new(),
        title: "".into(),
        url: "".into(),
        published: None,
        language: "".into(),
        derives_from: Vec::new(),
        external_ids: Vec::new(),
    }
}

fn dispute(number: u128) -> Dispute {
    Dispute { id: dispute_id(number), disputed_by: party_id("RUS"), statement: "".into(), counter_claim: None }
}

fn assert_claim(claim: Claim) -> Command {
    Command::Assert(Box::new(claim))
}

fn revise(claim: Claim) -> Command {
    Command::Revise(RevisionKind::Correction, Box::new(claim))
}

fn patch_with(number: u128, patch: Result<Claim, Vec<Violation>>) -> Command {
    Command::Patch(RevisionKind::Enriched, Box::new(Canned { id: id(number), result: patch }))
}

/// A patch that gives what it was made with.
#[derive(Clone, Debug)]
struct Canned {
    id: ClaimId,
    result: Result<Claim, Vec<Violation>>,
}

impl Patch for Canned {
    fn claim_id(&self) -> ClaimId {
        self.id
    }

    fn apply(&self, _: &Claim) -> Result<Claim, Vec<Violation>> {
        self.result.clone()
    }

    fn clone_box(&self) -> Box<dyn Patch> {
        Box::new(self.clone())
    }
}

/// A patch that adds a label to whatever was last.
#[derive(Clone, Debug)]
struct Labelled(ClaimId);

impl Patch for Labelled {
    fn claim_id(&self) -> ClaimId {
        self.0
    }

    fn apply(&self, last: &Claim) -> Result<Claim, Vec<Violation>> {
        let mut next = last.clone();
        next.labels.push("labelled".into());
        Ok(next)
    }

    fn clone_box(&self) -> Box<dyn Patch> {
        Box::new(self.clone())
    }
}

/// Claim 1 holds from 2025 on, known as of March; claim 2 is retracted; claim 3 has no time; claim 4 has dispute 1, which
/// stands, and dispute 2, which is resolved.
fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    let first = Claim { as_of: Some(date("2025-03")), ..state(1, "2025/..") };
    shelf.record(vec![
        Command::RegisterParty(party("AZE")),
        Command::RegisterParty(party("RUS")),
        Command::RegisterSource(source("gazette")),
        Command::RegisterSource(source("withdrawn")),
        Command::WithdrawSource(source_id("withdrawn")),
        assert_claim(first),
        assert_claim(state(2, "2025")),
        Command::Retract(id(2), RetractionReason::Wrong),
        assert_claim(Claim { time: Time::None, ..state(3, "2025") }),
        assert_claim(state(4, "2025")),
        Command::Dispute(id(4), dispute(1)),
        Command::Dispute(id(4), dispute(2)),
        Command::Resolve(id(4), dispute_id(2), DisputeOutcome::Settled),
    ]);
    shelf
}
