//! A model of the ledger that is slow and obviously right: the list of all appends. An answer at a cut is made by folding
//! the events up to the cut, every time anew. It shares the domain's words with the product (filters, certainty, validity,
//! which have oracles of their own) and nothing of its store.

use super::make::batch;
use detente::domain::certainty::{Certainty, Mode, certainty};
use detente::domain::claim::Claim;
use detente::domain::command::{Batch, Command};
use detente::domain::cut::Basis;
use detente::domain::decide::{Record, decide};
use detente::domain::edtf::{Atom, PartialDate};
use detente::domain::emptiness::Emptiness;
use detente::domain::event::{Change, Event};
use detente::domain::filter::Filter;
use detente::domain::name::{ClaimId, DisputeId, PartyId, SourceId};
use detente::domain::period::Period;
use detente::domain::position::{Position, RecordedAt};
use detente::domain::rejection::Rejection;
use detente::domain::standing::Standing;
use detente::domain::validity::Validity;
use detente::ledger::claims::RevisionEvent;
use detente::v1;
use detente::wire::claim::render_claim;
use detente::wire::event::render_event;
use detente::wire::time::timestamp;
use detente::wire::vocabulary::Twin;

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

/// Who recorded an event, when and where.
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

    /// How every claim stands at a cut.
    pub(crate) fn claims(&self, cut: Position) -> Vec<Known> {
        self.histories(cut).into_iter().map(|mut history| history.pop().unwrap()).collect()
    }

    /// The positions after another of the events that touch a claim which matches before or after them.
    pub(crate) fn touching(&self, filter: &Filter, after: Position) -> Vec<Position> {
        let mut found = Vec::new();
        for history in self.histories(self.head()) {
            for (nth, known) in history.iter().enumerate() {
                let before = nth.checked_sub(1).map(|before| &history[before]);
                let when = known.at.recorded_at;
                let touched = before.into_iter().chain([known]).any(|known| filter.matches(&known.content, when));
                if touched && known.at.position > after {
                    found.push(known.at.position);
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// The state: of the claims at a cut those that match and are so at the date, and which nothing it is (section 5 of the
/// contract).
pub(crate) fn state_of<'k>(
    known: &'k [Known],
    filter: &Filter,
    asked: &Period,
    mode: Option<Mode>,
    include_retracted: bool,
) -> (Vec<(&'k Known, Certainty)>, Emptiness) {
    let matching: Vec<_> = known.iter().filter(|k| filter.matches(&k.content, k.at.recorded_at)).collect();
    let wanted = matching.iter().filter(|k| include_retracted || k.shown.retraction.is_none());
    let mut rows: Vec<_> = wanted.filter_map(|k| Some((*k, k.certainty(mode, asked)?))).collect();
    rows.sort_by_key(|(k, certainty)| {
        let validity = k.validity().unwrap();
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
        let shown = shown(&content, &at, event, None, Vec::new());
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
        let shown = shown(&content, &at, event, retraction, disputes);
        Self { made_by, at, content, shown, earliest_as_of }
    }

    pub(crate) fn validity(&self) -> Option<Validity> {
        let (from, to) = self.content.time.bounds()?;
        Some(Validity::resolve(from, to, self.earliest_as_of).unwrap())
    }

    fn certainty(&self, mode: Option<Mode>, asked: &Period) -> Option<Certainty> {
        use detente::domain::claim::Time;
        let mode = match (&self.content.time, mode) {
            (Time::State(..), None | Some(Mode::HoldsAt)) => Mode::HoldsAt,
            (Time::Event(..), None) => Mode::OccurredBy,
            (Time::Event(..), Some(mode @ (Mode::OccurredBy | Mode::OccurredIn))) => mode,
            _ => return None,
        };
        certainty(mode, &self.validity()?, asked)
    }

    fn standing(&self) -> Standing {
        let id = |dispute: &v1::Dispute| DisputeId(dispute.dispute_id.parse().unwrap());
        Standing {
            revision: self.shown.revision,
            retracted: self.shown.retraction.is_some(),
            disputes: self.shown.disputes.iter().map(|d| (id(d), d.resolution.is_none())).collect(),
            as_of: self.content.as_of.as_ref().and_then(PartialDate::latest),
            earliest_as_of: self.earliest_as_of,
        }
    }
}

/// The claim as an answer shows it.
fn shown(
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

    fn content(&self, id: ClaimId) -> Option<Claim> {
        self.claims(self.head()).into_iter().find(|known| known.content.id == id).map(|known| known.content)
    }

    fn party_revision(&self, id: &PartyId) -> Option<u32> {
        let of = |event: &&(Stamp, &Event)| match &event.1.change {
            Change::PartyRegistered(party) | Change::PartyRevised(party) => party.id == *id,
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

    fn first_touch(&self, filter: &Filter, after: Position) -> Option<Position> {
        self.touching(filter, after).first().copied()
    }
}
