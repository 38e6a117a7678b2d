//! A model of the ledger that is slow and obviously right: the list of all appends. It answers at a cut by folding the
//! events up to the cut, for each answer. It shares the domain's words with the product (filters, certainty, validity,
//! which have oracles of their own) and nothing of its store.

use super::make::{batch, party_id, relationship};
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::claim::Claim;
use detente_domain::command::{Batch, Command};
use detente_domain::cut::Basis;
use detente_domain::decide::{Record, decide};
use detente_domain::edtf::{Atom, PartialDate};
use detente_domain::emptiness::Emptiness;
use detente_domain::event::{Change, Event};
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::name::{ClaimId, DisputeId, PartyId, SourceId, Word};
use detente_domain::period::Period;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::rejection::Rejection;
use detente_domain::relationship::RelationshipId;
use detente_domain::standing::Standing;
use detente_domain::valid_time::ValidTime;
use detente_domain::validity::Validity;
use detente_ledger::query::claims::RevisionEvent;
use detente_ledger::wire::claim::render_claim;
use detente_ledger::wire::event::render_event;
use detente_ledger::wire::time::timestamp;
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that was recorded.
#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) appends: Vec<Recorded>,
}

/// One append.
pub(crate) struct Recorded {
    pub(crate) basis: Basis,
    pub(crate) recorded_at: RecordedAt,
    pub(crate) backfilled: bool,
    pub(crate) events: Vec<Event>,
}

/// The position and the recorded time of an event.
#[derive(Clone)]
pub(crate) struct Stamp {
    pub(crate) position: Position,
    pub(crate) recorded_at: RecordedAt,
    backfilled: bool,
}

/// A claim after one event about it.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) made_by: RevisionEvent,
    pub(crate) at: Stamp,
    pub(crate) content: Claim,
    pub(crate) shown: v1::Claim,
    earliest_as_of: Option<Atom>,
}

impl Oracle {
    /// Records what a batch comes to, or says what `decide` says against it.
    pub(crate) fn decide(&self, batch: Batch) -> Result<Vec<Event>, Rejection> {
        decide(self, batch).map(|decision| decision.events)
    }

    /// Records commands that fit.
    pub(crate) fn must_record(
        &mut self,
        commands: Vec<Command>,
        recorded_at: RecordedAt,
        backfilled: bool,
        basis: Basis,
    ) {
        let events = self.decide(batch(commands)).unwrap();
        self.appends.push(Recorded { basis, recorded_at, backfilled, events });
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.appends.iter().map(|append| append.events.len() as u64).sum())
    }

    /// The events up to a cut, in order.
    pub(crate) fn log(&self, cut: Position) -> Vec<(Stamp, &Event)> {
        let all = self.appends.iter().flat_map(|append| append.events.iter().map(move |event| (append, event)));
        let stamped = all.zip(1..).map(|((append, event), position)| {
            let stamp =
                Stamp { position: Position(position), recorded_at: append.recorded_at, backfilled: append.backfilled };
            (stamp, event)
        });
        stamped.take_while(|(stamp, _)| stamp.position <= cut).collect()
    }

    /// Every revision of every claim up to a cut; claims in the order they were asserted.
    pub(crate) fn histories(&self, cut: Position) -> Vec<Vec<Known>> {
        let mut histories: Vec<Vec<Known>> = Vec::new();
        for (stamp, event) in self.log(cut) {
            let Some(id) = event.change.claim_id() else { continue };
            match histories.iter_mut().find(|history| history[0].content.id == id) {
                Some(history) => history.push(history.last().unwrap().after(stamp, event)),
                None => histories.push(vec![Known::first(stamp, event)]),
            }
        }
        histories
    }

    /// The first event after a position that a precondition finds: one that touches what it asks for, or a merge or unmerge
    /// with which it came to ask for something else.
    pub(crate) fn first_touch_or_change(&self, filter: &Filter, after: Position) -> Option<Position> {
        let log = self.log(self.head());
        let is_merge = |event: &Event| matches!(event.change, Change::PartiesMerged(..) | Change::PartiesUnmerged(_));
        let merges = log.iter().filter(|(at, event)| at.position > after && is_merge(event)).map(|(at, _)| at.position);
        let asked_at = |cut| answering(filter, &self.merges(cut));
        let changed = merges.into_iter().find(|at| asked_at(at.before()) != asked_at(*at));
        self.touching(filter, after).first().copied().into_iter().chain(changed).min()
    }

    /// Into which party each merged party is merged at a cut.
    pub(crate) fn merges(&self, cut: Position) -> Merges {
        let mut merges = BTreeMap::new();
        for (_, event) in self.log(cut) {
            match &event.change {
                Change::PartiesMerged(merged, survivor) => drop(merges.insert(merged.clone(), survivor.clone())),
                Change::PartiesUnmerged(merged) => drop(merges.remove(merged)),
                _ => {}
            }
        }
        merges
    }

    /// Returns every claim as it stands at a cut.
    pub(crate) fn claims(&self, cut: Position) -> Vec<Known> {
        self.histories(cut).into_iter().map(|mut history| history.pop().unwrap()).collect()
    }

    /// The positions after another of the events that belong to a filter, each judged with the merges up to it: a claim that
    /// matches before or after it, or a merge or unmerge with which others answer as a party that the filter names.
    pub(crate) fn belonging(&self, filter: &Filter, after: Position) -> Vec<Position> {
        let histories = self.histories(self.head());
        let steps: BTreeMap<Position, (Option<&Known>, &Known)> = histories
            .iter()
            .flat_map(|history| history.iter().enumerate().map(move |(nth, known)| (nth, history, known)))
            .map(|(nth, history, known)| {
                (known.at.position, (nth.checked_sub(1).map(|before| &history[before]), known))
            })
            .collect();
        let mut meaning = Meaning::new(filter, BTreeMap::new());
        let mut found = Vec::new();
        for (at, _) in self.log(self.head()) {
            let changed = match steps.get(&at.position) {
                Some((before, known)) => {
                    before.iter().chain([known]).any(|known| meaning.admits(&known.content, at.recorded_at))
                }
                None => {
                    let then = self.merges(at.position);
                    let is_other = answering(filter, &meaning.merges) != answering(filter, &then);
                    meaning = Meaning::new(filter, then);
                    is_other
                }
            };
            found.extend(Some(at.position).filter(|at| changed && *at > after));
        }
        found
    }

    /// The positions after another of the events that touch a claim which matches, as merges are at the head, before or
    /// after them.
    pub(crate) fn touching(&self, filter: &Filter, after: Position) -> Vec<Position> {
        let mut found = Vec::new();
        let meaning = Meaning::new(filter, self.merges(self.head()));
        for history in self.histories(self.head()) {
            for (nth, known) in history.iter().enumerate() {
                let before = nth.checked_sub(1).map(|before| &history[before]);
                let when = known.at.recorded_at;
                let touched = before.into_iter().chain([known]).any(|known| meaning.admits(&known.content, when));
                if touched && known.at.position > after {
                    found.push(known.at.position);
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// The meaning of a filter with parties merged: filter and claims are rewritten to the parties that answer.
pub(crate) struct Meaning {
    merges: Merges,
    filter: Filter,
}

/// The party that each merged party is merged into.
pub(crate) type Merges = BTreeMap<PartyId, PartyId>;

/// The party that answers for a party.
pub(crate) fn survivor(merges: &Merges, party: &PartyId) -> PartyId {
    let mut last = party;
    while let Some(into) = merges.get(last) {
        last = into;
    }
    last.clone()
}

/// Returns the relationship of the parties that answer. If that is one party, it is written as one with `zz_itself`.
pub(crate) fn rewrite(merges: &Merges, id: &RelationshipId) -> RelationshipId {
    let survivors: BTreeSet<String> = id.parties().map(|id| survivor(merges, &party_id(id)).to_string()).collect();
    let itself = (survivors.len() == 1).then(|| "zz_itself".to_owned());
    let members: Vec<String> = survivors.into_iter().chain(itself).collect();
    relationship(&members.join("-"))
}

impl Meaning {
    pub(crate) fn new(filter: &Filter, merges: Merges) -> Self {
        let mut filter = filter.clone();
        for item in &mut filter.items {
            item.relationships = item.relationships.iter().map(|id| rewrite(&merges, id)).collect();
            item.parties = item.parties.iter().map(|id| survivor(&merges, id)).collect();
            item.asserted_by = item.asserted_by.iter().map(|id| survivor(&merges, id)).collect();
            item.party_roles.iter_mut().for_each(|(id, _)| *id = survivor(&merges, id));
        }
        Self { merges, filter }
    }

    /// Returns true if a claim is meant.
    pub(crate) fn admits(&self, claim: &Claim, recorded_at: RecordedAt) -> bool {
        if self.merges.is_empty() {
            return self.filter.matches(claim, recorded_at);
        }
        let mut claim = claim.clone();
        claim.relationships = claim.relationships.iter().map(|id| rewrite(&self.merges, id)).collect();
        claim.parties.iter_mut().for_each(|of| of.party = survivor(&self.merges, &of.party));
        claim.attribution.iter_mut().for_each(|of| of.party = of.party.as_ref().map(|id| survivor(&self.merges, id)));
        self.filter.matches(&claim, recorded_at)
    }
}

/// Of every party that a filter names, alone or in a relationship, the parties that answer as it does.
fn answering(filter: &Filter, merges: &Merges) -> Vec<BTreeSet<&'static str>> {
    let alike = |id: &str| {
        let last = survivor(merges, &party_id(id));
        EVERYONE.into_iter().filter(|other| survivor(merges, &party_id(other)) == last).collect()
    };
    let named = |item: &FilterItem| -> Vec<String> {
        let ids = item.parties.iter().chain(&item.asserted_by).chain(item.party_roles.iter().map(|(id, _)| id));
        let members = item.relationships.iter().flat_map(RelationshipId::parties).map(str::to_owned);
        ids.map(ToString::to_string).chain(members).collect()
    };
    filter.items.iter().flat_map(named).map(|id| alike(&id)).collect()
}

/// Every party that a history may register.
pub(crate) const EVERYONE: [&str; 6] = ["ARM", "AZE", "GEO", "IRN", "RUS", "TUR"];

/// The state: of the claims at a cut those that match and are so at the date, and which nothing it is (section 5 of the
/// contract).
pub(crate) fn state_of<'k>(
    known: &'k [Known],
    means: impl Fn(&Known) -> bool,
    asked: &Period,
    mode: Option<Mode>,
    include_retracted: bool,
) -> (Vec<(&'k Known, Certainty)>, Emptiness) {
    let matching: Vec<_> = known.iter().filter(|k| means(k)).collect();
    let wanted = matching.iter().filter(|k| include_retracted || k.shown.retraction.is_none());
    let mut rows: Vec<_> = wanted.filter_map(|k| Some((*k, k.certainty(mode, asked)?))).collect();
    rows.sort_by_key(|(k, certainty)| {
        let validity = *k.valid().unwrap().for_period(asked);
        (*certainty, std::cmp::Reverse((validity.latest_end, validity.earliest_start, k.at.position)))
    });
    let emptiness = if rows.iter().any(|(k, _)| !k.content.modality.is_absence()) {
        Emptiness::NotEmpty
    } else if let Some(surest) = rows.iter().map(|(_, certainty)| *certainty).min() {
        Emptiness::RecordedAbsence(surest)
    } else if matching.iter().any(|k| k.shown.retraction.is_none()) {
        Emptiness::NothingCovers
    } else if matching.is_empty() {
        Emptiness::NothingRecorded
    } else {
        Emptiness::OnlyRetracted
    };
    (rows, emptiness)
}

impl Known {
    fn first(at: Stamp, event: &Event) -> Self {
        let Change::ClaimAsserted(claim) = &event.change else { panic!("{event:?} comes before the assertion") };
        let content = Claim::clone(claim);
        let earliest_as_of = content.as_of.as_ref().and_then(PartialDate::latest);
        let shown = render(&content, &at, event, None, Vec::new());
        Self { made_by: RevisionEvent::Asserted, at, content, shown, earliest_as_of }
    }

    fn after(&self, at: Stamp, event: &Event) -> Self {
        let mut content = self.content.clone();
        let mut retraction = self.shown.retraction.clone();
        let mut disputes = self.shown.disputes.clone();
        let mut reached = None;
        let message = render_event(event).event.unwrap();
        let made_by = match (&event.change, message) {
            (Change::ClaimRevised(_, claim), _) => {
                content = Claim::clone(claim);
                reached = content.as_of.as_ref().and_then(PartialDate::latest);
                RevisionEvent::Revised
            }
            (Change::ClaimConfirmed(_, as_of), _) => {
                content.as_of = Some(as_of.clone());
                reached = as_of.latest();
                RevisionEvent::Confirmed
            }
            (Change::ClaimRetracted(_, reason), _) => {
                retraction = Some(v1::Retraction {
                    reason: reason.to_wire(),
                    note: event.note.to_string(),
                    recorded_at: Some(timestamp(at.recorded_at)),
                    recorded_by: "archivist".to_owned(),
                    position: at.position.0,
                });
                RevisionEvent::Retracted
            }
            (Change::ClaimReinstated(_), _) => {
                retraction = None;
                RevisionEvent::Reinstated
            }
            (Change::ClaimDisputed(..), v1::event::Event::ClaimDisputed(said)) => {
                disputes.push(v1::Dispute {
                    dispute_id: said.dispute_id,
                    disputed_by: said.disputed_by,
                    statement: said.statement,
                    counter_claim_id: said.counter_claim_id,
                    recorded_at: Some(timestamp(at.recorded_at)),
                    recorded_by: "archivist".to_owned(),
                    position: at.position.0,
                    resolution: None,
                });
                RevisionEvent::Disputed
            }
            (Change::DisputeResolved(..), v1::event::Event::DisputeResolved(said)) => {
                let dispute = disputes.iter_mut().find(|dispute| dispute.dispute_id == said.dispute_id).unwrap();
                dispute.resolution = Some(v1::DisputeResolution {
                    outcome: said.outcome,
                    note: event.note.to_string(),
                    recorded_at: Some(timestamp(at.recorded_at)),
                    recorded_by: "archivist".to_owned(),
                    position: at.position.0,
                });
                RevisionEvent::DisputeResolved
            }
            (change, _) => panic!("{change:?} is not about a claim that is recorded"),
        };
        let earliest_as_of = [self.earliest_as_of, reached].into_iter().flatten().min();
        let shown = render(&content, &at, event, retraction, disputes);
        Self { made_by, at, content, shown, earliest_as_of }
    }

    pub(crate) fn valid(&self) -> Option<ValidTime> {
        let (from, to) = self.content.time.bounds()?;
        Some(ValidTime::resolve(from, to, self.earliest_as_of).unwrap())
    }

    /// The corners by which instants are compared.
    pub(crate) fn instants(&self) -> Option<Validity> {
        self.valid().map(|valid| *valid.instants())
    }

    pub(crate) fn certainty(&self, mode: Option<Mode>, asked: &Period) -> Option<Certainty> {
        use detente_domain::claim::Time;
        let mode = match (&self.content.time, mode) {
            (Time::State(..), None | Some(Mode::HoldsAt)) => Mode::HoldsAt,
            (Time::Event(..), None) => Mode::OccurredBy,
            (Time::Event(..), Some(mode @ (Mode::OccurredBy | Mode::OccurredIn))) => mode,
            _ => return None,
        };
        certainty(mode, &self.valid()?, asked)
    }

    fn standing(&self) -> Standing {
        Standing {
            revision: self.shown.revision,
            retracted: self.shown.retraction.is_some(),
            as_of: self.content.as_of.as_ref().and_then(PartialDate::latest),
            earliest_as_of: self.earliest_as_of,
        }
    }
}

/// The claim as an answer shows it.
fn render(
    content: &Claim,
    at: &Stamp,
    event: &Event,
    retraction: Option<v1::Retraction>,
    disputes: Vec<v1::Dispute>,
) -> v1::Claim {
    v1::Claim {
        revision: event.revision,
        recorded_at: Some(timestamp(at.recorded_at)),
        recorded_by: "archivist".to_owned(),
        position: at.position.0,
        note: event.note.to_string(),
        retraction,
        disputes,
        ..render_claim(content)
    }
}

/// The event as a reading gives it.
pub(crate) fn shown_event((at, event): &(Stamp, &Event)) -> v1::Event {
    v1::Event {
        recorded_at: Some(timestamp(at.recorded_at)),
        recorded_by: "archivist".to_owned(),
        position: at.position.0,
        backfilled: at.backfilled,
        ..render_event(event)
    }
}

impl Record for Oracle {
    fn standing(&self, id: ClaimId) -> Option<Standing> {
        self.claims(self.head()).iter().find(|known| known.content.id == id).map(Known::standing)
    }

    fn dispute(&self, claim: ClaimId, id: DisputeId) -> Option<bool> {
        let known = self.claims(self.head()).into_iter().find(|known| known.content.id == claim)?;
        let dispute = known.shown.disputes.into_iter().find(|dispute| dispute.dispute_id == id.0.to_string())?;
        Some(dispute.resolution.is_none())
    }

    fn content(&self, id: ClaimId) -> Option<Claim> {
        self.claims(self.head()).into_iter().find(|known| known.content.id == id).map(|known| known.content)
    }

    fn party_revision(&self, id: &PartyId) -> Option<u32> {
        let of = |event: &&(Stamp, &Event)| match &event.1.change {
            Change::PartyRegistered(party) | Change::PartyRevised(party) => party.id == *id,
            Change::PartiesMerged(merged, _) | Change::PartiesUnmerged(merged) => merged == id,
            _ => false,
        };
        self.log(self.head()).iter().filter(of).map(|(_, event)| event.revision).next_back()
    }

    fn source_revision(&self, id: &SourceId) -> Option<(u32, bool)> {
        let mut known = None;
        for (_, event) in self.log(self.head()) {
            match &event.change {
                Change::SourceRegistered(source) | Change::SourceRevised(source) if source.id == *id => {
                    known = Some((event.revision, known.is_some_and(|(_, withdrawn)| withdrawn)));
                }
                Change::SourceWithdrawn(withdrawn) if withdrawn == id => known = Some((event.revision, true)),
                _ => {}
            }
        }
        known
    }

    fn kind_revision(&self, kind: &Word) -> Option<u32> {
        let of = |event: &&(Stamp, &Event)| match &event.1.change {
            Change::KindRegistered(of) | Change::KindRevised(of) => of.kind == *kind,
            _ => false,
        };
        self.log(self.head()).iter().filter(of).map(|(_, event)| event.revision).next_back()
    }

    fn scheme_revision(&self, scheme: &str) -> Option<u32> {
        let of = |event: &&(Stamp, &Event)| match &event.1.change {
            Change::SchemeRegistered(of) | Change::SchemeRevised(of) => *of.scheme == *scheme,
            _ => false,
        };
        self.log(self.head()).iter().filter(of).map(|(_, event)| event.revision).next_back()
    }

    fn merged_into(&self, id: &PartyId) -> Option<PartyId> {
        self.merges(self.head()).remove(id)
    }

    fn first_touch(&self, filter: &Filter, after: Position) -> Option<Position> {
        self.first_touch_or_change(filter, after)
    }
}
