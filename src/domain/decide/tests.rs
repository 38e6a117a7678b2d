//! Every rule of `decide`: what is refused, at which field, and that nothing else is; and what is made of what is not.

use super::*;
use crate::domain::bound::Bound;
use crate::domain::claim::{Attribution, Citation, Claim, ClaimParty, Link, Text, Time};
use crate::domain::command::{Expectation, NotedCommand, Patch, Precondition};
use crate::domain::edtf::{PartialDate, parse_valid};
use crate::domain::event::{Change, Dispute};
use crate::domain::kind::Kind;
use crate::domain::name::{DisputeId, Word};
use crate::domain::party::{Party, PartyName};
use crate::domain::rejection::Conflict;
use crate::domain::relationship::RelationshipId;
use crate::domain::scheme::Scheme;
use crate::domain::source::Source;
use crate::domain::vocabulary::{
    AttributionRole, DisputeOutcome, LinkType, Modality, PartyType, RetractionReason, RevisionKind,
};
use std::collections::HashMap;
use uuid::Uuid;

/// A record in three maps. Its boundary is the one position at which something last happened.
#[derive(Default)]
struct Shelf {
    claims: HashMap<ClaimId, (Standing, Claim)>,
    parties: HashMap<PartyId, u32>,
    sources: HashMap<SourceId, (u32, bool)>,
    kinds: HashMap<Word, u32>,
    schemes: HashMap<Box<str>, u32>,
    merges: HashMap<PartyId, PartyId>,
    touched: Option<Position>,
}

impl Record for Shelf {
    fn standing(&self, id: ClaimId) -> Option<Standing> {
        self.claims.get(&id).map(|(standing, _)| standing.clone())
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
                change => {
                    let id = change.claim_id().unwrap();
                    let (standing, content) = self.claims.get(&id).cloned().unzip();
                    let mut content = change.content().cloned().or(content).unwrap();
                    if let Change::ClaimConfirmed(_, as_of) = change {
                        content.as_of = Some(as_of.clone());
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

fn patched(number: u128, patch: Result<Claim, Vec<Violation>>) -> Command {
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

    fn boxed(&self) -> Box<dyn Patch> {
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

    fn boxed(&self) -> Box<dyn Patch> {
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

#[test]
fn every_refusal_names_its_field_and_nothing_else() {
    let shelf = shelf();
    let stranger = |claim: &mut Claim| claim.parties.push(claim_party("XXX"));
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
            assert_claim(with(&|c| c.attribution = vec![said_by("RUS"), said_by("XXX")])),
            "assert_claim.claim.attribution[1].party_id",
        ),
        (
            assert_claim(with(&|c| c.relationships.push(RelationshipId::parse("AZE-XXX").unwrap()))),
            "assert_claim.claim.relationships[1]",
        ),
        (assert_claim(with(&|c| c.sources.push(citation("memo")))), "assert_claim.claim.sources[1].source_id"),
        (assert_claim(with(&|c| c.links = vec![link(1), link(9)])), "assert_claim.claim.links[1].claim_id"),
        (revise(state(9, "2025")), "revise_claim.claim.claim_id"),
        (revise(state(2, "2025")), "revise_claim.claim.claim_id"),
        (revise(state(1, "2025/2024")), "revise_claim.claim.valid_to"),
        (revise(of_1(&stranger)), "revise_claim.claim.parties[1].party_id"),
        (revise(of_1(&|c| c.links = vec![link(1)])), "revise_claim.claim.links[0].claim_id"),
        (patched(9, Ok(state(9, "2025"))), "revise_claim.claim.claim_id"),
        (patched(2, Ok(state(2, "2025"))), "revise_claim.claim.claim_id"),
        (patched(1, Ok(state(1, "2025/2024"))), "revise_claim.claim.valid_to"),
        (patched(1, Err(vec![Violation::new("labels[0]", "too long a label")])), "revise_claim.claim.labels[0]"),
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
        (Command::Dispute(id(1), Dispute { disputed_by: party_id("XXX"), ..dispute(3) }), "dispute_claim.disputed_by"),
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
        (Command::ReviseParty(party("XXX")), "revise_party.party.party_id"),
        (Command::RegisterSource(source("gazette")), "register_source.source.source_id"),
        (
            Command::RegisterSource(Source { publishers: vec![party_id("AZE"), party_id("XXX")], ..source("memo") }),
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
            Command::ReviseSource(Source { publishers: vec![party_id("XXX")], ..source("gazette") }),
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
        parties: vec![claim_party("XXX"), claim_party("AZE"), claim_party("YYY")],
        relationships: vec![RelationshipId::parse("XXX-YYY").unwrap()],
        attribution: vec![said_by("XXX")],
        sources: vec![citation("memo")],
        links: vec![Link { link_type: LinkType::About, target: id(1) }],
        ..state(1, "2025/2024")
    };
    let patch = Err(vec![
        Violation::new("labels[0]", "a label that is wrong"),
        Violation::new("place", "a place that is wrong"),
    ]);
    let contested = Dispute { disputed_by: party_id("XXX"), counter_claim: Some(id(4)), ..dispute(1) };
    let commands = vec![
        assert_claim(wrong),
        Command::Retract(id(1), RetractionReason::Wrong),
        Command::Reinstate(id(4)),
        patched(4, patch),
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
fn later_commands_see_what_earlier_ones_did() {
    let events = shelf().record(vec![
        assert_claim(state(9, "2025")),
        Command::Dispute(id(9), dispute(1)),
        Command::Retract(id(9), RetractionReason::Duplicate),
        Command::Resolve(id(9), dispute_id(1), DisputeOutcome::Upheld),
        Command::Reinstate(id(9)),
        revise(state(9, "2026")),
        Command::Confirm(id(1), date("2025-04")),
        Command::ReviseParty(party("AZE")),
        Command::ReviseParty(party("AZE")),
        Command::WithdrawSource(source_id("gazette")),
        Command::ReviseSource(source("gazette")),
    ]);
    let revisions: Vec<u32> = events.iter().map(|event| event.revision).collect();
    assert_eq!(revisions, [1, 2, 3, 4, 5, 6, 2, 2, 3, 2, 3]);
    assert!(events.iter().all(|event| &*event.note == "why"));
    assert_eq!(
        shelf().wrong(vec![Command::Retract(id(1), RetractionReason::Wrong), revise(state(1, "2025"))]),
        ["commands[1].revise_claim.claim.claim_id"]
    );
}

#[test]
fn parties_and_sources_may_be_registered_anywhere_in_the_append_that_names_them() {
    let claim = Claim { parties: vec![claim_party("XXX")], sources: vec![citation("memo")], ..state(9, "2025") };
    let origin = Source { publishers: vec![party_id("XXX")], derives_from: vec![source_id("note")], ..source("memo") };
    let events = shelf().record(vec![
        assert_claim(claim),
        Command::RegisterSource(origin),
        Command::RegisterSource(source("note")),
        Command::RegisterParty(party("XXX")),
    ]);
    assert_eq!(events.len(), 4);
}

#[test]
fn a_claim_may_be_linked_to_one_that_comes_later_or_never() {
    let links = vec![Link { link_type: LinkType::After, target: id(77) }];
    assert_eq!(shelf().record(vec![assert_claim(Claim { links, ..state(9, "2025") })]).len(), 1);
}

#[test]
fn a_patch_is_laid_over_the_claim_as_the_append_has_it_so_far() {
    let events = shelf().record(vec![
        revise(state(1, "2026/..")),
        Command::Patch(RevisionKind::Enriched, Box::new(Labelled(id(1)))),
        Command::Patch(RevisionKind::Enriched, Box::new(Labelled(id(1)))),
    ]);
    let last = events[2].change.content().unwrap();
    assert_eq!((last.labels.len(), last.time.clone()), (2, state(1, "2026/..").time));
}

#[test]
fn a_patch_after_a_confirmation_in_the_same_append_keeps_what_was_confirmed() {
    let patch = || Command::Patch(RevisionKind::Enriched, Box::new(Labelled(id(1))));
    let events = shelf().record(vec![Command::Confirm(id(1), date("2025-05")), patch()]);
    assert_eq!(events[1].change.content().unwrap().as_of, Some(date("2025-05")));
    let again = shelf().record(vec![patch(), Command::Confirm(id(1), date("2025-05")), patch()]);
    assert_eq!(again[2].change.content().unwrap().as_of, Some(date("2025-05")));
    let replaced = shelf().record(vec![Command::Confirm(id(1), date("2025-05")), revise(state(1, "2025/..")), patch()]);
    assert_eq!(replaced[2].change.content().unwrap().as_of, None);
}

#[test]
fn to_supersede_ends_the_old_claim_and_links_the_new_one_to_it_once() {
    let link = Link { link_type: LinkType::Supersedes, target: id(1) };
    for links in [Vec::new(), vec![link.clone()]] {
        let successor = Claim { links, ..state(9, "2025-06/..") };
        let decision =
            decide(&shelf(), batch(vec![Command::Supersede(id(1), date("2025-05"), Box::new(successor))])).unwrap();
        assert_eq!(decision.made, [2]);
        let [old, new] = decision.events.as_slice() else { panic!("{decision:?}") };
        assert!(matches!(old.change, Change::ClaimRevised(RevisionKind::WorldChange, _)));
        assert_eq!(old.change.content().unwrap().time.bounds().unwrap().1, &Bound::Known(date("2025-05")));
        assert_eq!(new.change.content().unwrap().links, std::slice::from_ref(&link));
        assert_eq!((old.revision, new.revision), (2, 1));
    }
}

#[test]
fn a_confirmation_may_say_the_same_date_again() {
    assert_eq!(
        shelf().record(vec![Command::Confirm(id(1), date("2025-03-31")), Command::Confirm(id(3), date("2020"))]).len(),
        2
    );
}

#[test]
fn a_withdrawn_source_may_still_be_cited_and_stays_withdrawn_when_it_is_revised() {
    let mut shelf = shelf();
    let claim = Claim { sources: vec![citation("withdrawn")], ..state(9, "2025") };
    shelf.record(vec![assert_claim(claim), Command::ReviseSource(source("withdrawn"))]);
    assert_eq!(shelf.source_revision(&source_id("withdrawn")), Some((3, true)));
}

#[test]
fn an_append_without_commands_is_refused() {
    let rejection = decide(&shelf(), batch(Vec::new())).unwrap_err();
    assert!(
        matches!(rejection, Rejection::Violations(violations) if violations.len() == 1 && violations[0].field == "commands")
    );
}

#[test]
fn every_precondition_that_does_not_hold_is_told() {
    let shelf = Shelf { touched: Some(Position(7)), ..shelf() };
    let expect = |number, expectation| Precondition::Revision(id(number), expectation);
    let boundary = |after| Precondition::Boundary(Filter::default(), Position(after));
    let holding = vec![
        expect(1, Expectation::Exact(1)),
        expect(2, Expectation::Exact(2)),
        expect(2, Expectation::Exists),
        expect(9, Expectation::Absent),
        boundary(7),
    ];
    assert_eq!(shelf.conflicts(holding), []);
    let failing = vec![
        expect(1, Expectation::Exact(2)),
        expect(9, Expectation::Exact(1)),
        expect(1, Expectation::Exists),
        expect(9, Expectation::Exists),
        expect(2, Expectation::Absent),
        boundary(6),
    ];
    let revision = |index, number, expected: &str, actual| Conflict::Revision {
        index,
        claim: id(number),
        expected: expected.to_owned(),
        actual,
    };
    assert_eq!(
        shelf.conflicts(failing),
        [
            revision(0, 1, "revision 2", Some(1)),
            revision(1, 9, "revision 1", None),
            revision(3, 9, "recorded", None),
            revision(4, 2, "not recorded", Some(2)),
            Conflict::Boundary { index: 5, after: Position(6), touched_at: Position(7) },
        ]
    );
}

#[test]
fn preconditions_are_judged_before_the_append_and_before_its_commands() {
    let precondition = Precondition::Revision(id(9), Expectation::Exists);
    let commands = vec![assert_claim(state(9, "2025")), Command::Reinstate(id(9))];
    let rejection = decide(&shelf(), Batch { preconditions: vec![precondition], ..batch(commands) }).unwrap_err();
    assert!(matches!(rejection, Rejection::Conflicts(conflicts) if conflicts.len() == 1));
}

fn kind(name: &str) -> Kind {
    Kind {
        kind: Word::parse(name).unwrap(),
        description: "".into(),
        single_valued: false,
        value: None,
        scale: Vec::new(),
        promise: false,
    }
}

fn scheme(name: &str) -> Scheme {
    Scheme { scheme: name.into(), title: "".into(), scale: Vec::new() }
}

fn merge(merged: &str, survivor: &str) -> Command {
    Command::MergeParties(party_id(merged), party_id(survivor))
}

fn unmerge(merged: &str) -> Command {
    Command::UnmergeParties(party_id(merged))
}

#[test]
fn kinds_and_schemes_are_registered_once_and_revised_once_registered() {
    let mut shelf = shelf();
    let events = shelf.record(vec![
        Command::RegisterKind(kind("border")),
        Command::ReviseKind(kind("border")),
        Command::RegisterScheme(scheme("CAMEO")),
    ]);
    assert_eq!(events.iter().map(|event| event.revision).collect::<Vec<_>>(), [1, 2, 1]);
    assert_eq!(shelf.record(vec![Command::ReviseScheme(scheme("CAMEO"))])[0].revision, 2);
    assert_eq!(
        shelf.wrong(vec![
            Command::RegisterKind(kind("border")),
            Command::ReviseKind(kind("trade")),
            Command::RegisterScheme(scheme("CAMEO")),
            Command::ReviseScheme(scheme("PLOVER")),
            Command::RegisterScheme(scheme("ICEWS")),
            Command::RegisterScheme(scheme("ICEWS")),
        ]),
        [
            "commands[0].register_kind.kind.kind",
            "commands[1].revise_kind.kind.kind",
            "commands[2].register_scheme.scheme.scheme",
            "commands[3].revise_scheme.scheme.scheme",
            "commands[5].register_scheme.scheme.scheme",
        ]
    );
}

#[test]
fn who_uses_a_name_is_registered_before_or_in_the_append() {
    let shelf = shelf();
    let used_by = |party: Party, users: &[&str]| {
        let names =
            vec![PartyName { used_by: users.iter().map(|id| party_id(id)).collect(), ..party.names[0].clone() }];
        Party { names, ..party }
    };
    assert_eq!(
        shelf.wrong(vec![
            Command::RegisterParty(used_by(party("TUR"), &["AZE", "GEO", "IRN", "TUR"])),
            Command::ReviseParty(used_by(party("AZE"), &["IRN"])),
            Command::RegisterParty(party("GEO")),
        ]),
        ["commands[0].register_party.party.names[0].used_by[2]", "commands[1].revise_party.party.names[0].used_by[0]",]
    );
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
