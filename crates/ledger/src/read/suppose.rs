//! Suppositions: a small second view of the claims and records that supposed commands touch, laid over the record at a cut.
//!
//! ```text
//!   record at the cut      A1 A2   B1   C1 C2 C3   D1
//!   suppositions                   B'              E'        revise B, assert E
//!   overlay                        B1 B'           E1        everything of B and E, in positions of its own
//!   a question sees        A2      B'   C3         D1 E1     the record without what the overlay holds, and the overlay
//! ```
//!
//! The commands are decided as an append at that cut would be, so a supposition that could not be recorded is refused the
//! same way. The overlay is a [`View`] like that of the store, so everything is found and put together in it by the same
//! code. It lives as long as the question; nothing of it reaches the journal or the store.

use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::read::cut::ResolvedCut;
use crate::read::reader::RecordReader;
use crate::read::record::{DecisionRecord, EVERYTHING};
use crate::read::render::Renderer;
use crate::store::{ClaimNo, IncomingEvent, IndexedLog, View};
use crate::wire::event::{Stamp, encode_event, read_event};
use detente_domain::command::{Batch, Command, Suppositions};
use detente_domain::decide::decide;
use detente_domain::event::{Change, Event};
use detente_domain::merge::{Merges, MergesAt};
use detente_domain::position::{Position, RecordedAt};
use detente_domain::rejection::{Rejection, Violation};
use detente_journal::{AppendHeader, Salt};
use prost::Message;
use std::collections::HashSet;

/// The recorder of supposed events.
const SUPPOSED_BY: &str = "supposed";

/// The claims and records that suppositions touch, as they would then be.
pub(crate) struct Overlay {
    /// The supposed events, by positions of their own, from 1.
    pub(crate) view: View,
    /// Of each event in it, the position it has in the record or would have.
    positions: Vec<Position>,
    /// Of each claim in it, its place in the order of the record.
    orders: Vec<u64>,
    hidden: HashSet<ClaimNo>,
    recorded_at: RecordedAt,
    /// All merges, where some are supposed.
    merges: Option<Merges>,
}

impl Overlay {
    /// The overlay of what is supposed at a cut; none where nothing is.
    pub(crate) fn of(
        reader: &RecordReader,
        base: &IndexedLog,
        at: &ResolvedCut,
        supposed: &Suppositions,
    ) -> Result<Option<Self>, QueryError> {
        if supposed.is_empty() {
            return Ok(None);
        }
        if let Some(nth) = supposed.0.iter().position(|noted| matches!(noted.command, Command::ConfirmAll(_))) {
            let what = "cannot be supposed; suppose a confirm_claim for each claim";
            let violation = Violation::new(format!("commands[{nth}].confirm_claims"), what);
            return Err(QueryError::Unsupposable(Rejection::Violations(vec![violation])));
        }
        let record = DecisionRecord { store: &reader.store, view: base, cut: at.position() };
        let batch = Batch { commands: supposed.0.clone(), preconditions: Vec::new() };
        let decision = decide(&record, batch).map_err(QueryError::Unsupposable)?;
        let mut overlay = Self {
            view: View::without_chain(),
            positions: Vec::new(),
            orders: Vec::new(),
            hidden: HashSet::new(),
            recorded_at: at.recorded_at.unwrap_or(RecordedAt::MIN).next(),
            merges: merges_with(&base.index.merges, at.position(), &decision.events),
        };
        let mut renderer = Renderer::new(&reader.store, base);
        for position in overlay.collect_touched(base, at.position(), &decision.events) {
            overlay.copy(base, &mut renderer, position)?;
        }
        for (event, nth) in decision.events.iter().zip(1..) {
            overlay.suppose(base, at.position().plus(nth), event)?;
        }
        Ok(Some(overlay))
    }

    /// Returns true if a claim of the record is seen in here instead.
    pub(crate) fn hides(&self, claim: ClaimNo) -> bool {
        self.hidden.contains(&claim)
    }

    /// The number of claims of the record that are seen in here instead.
    pub(crate) fn hidden_count(&self) -> usize {
        self.hidden.len()
    }

    /// The place of a claim of the overlay in the order in which claims were first recorded.
    pub(crate) fn order(&self, claim: ClaimNo) -> u64 {
        self.orders.get(claim.place()).copied().unwrap_or(u64::MAX)
    }

    /// The position that an event of the overlay has in the record, or would have.
    pub(crate) fn position(&self, own: Position) -> Position {
        let nth = usize::try_from(own.0.saturating_sub(1)).ok();
        nth.and_then(|nth| self.positions.get(nth)).copied().unwrap_or_default()
    }

    /// The merges, if any are supposed.
    pub(crate) fn merges(&self) -> Option<MergesAt<'_>> {
        self.merges.as_ref().map(|merges| merges.at(EVERYTHING))
    }

    /// The time at which the suppositions would have been recorded: right after the cut.
    pub(crate) const fn recorded_at(&self) -> RecordedAt {
        self.recorded_at
    }

    /// The events of the record that made what the suppositions touch.
    fn collect_touched(&mut self, base: &IndexedLog, cut: Position, events: &[Event]) -> Vec<Position> {
        let claims = base.index.claims();
        let (mut positions, mut registered) = (Vec::new(), HashSet::new());
        for change in events.iter().map(|event| &event.change) {
            budget::step();
            if let Some(claim) = change.claim_id().and_then(|id| claims.find(id.0))
                && self.hidden.insert(claim)
            {
                positions.extend(claims.revisions(claim).iter().map(|revision| revision.position));
            }
            // Two things of different sorts may have one id.
            if change.registry_id().is_some_and(|id| registered.insert((std::mem::discriminant(change), id))) {
                positions.extend(base.index.registry_history(change));
            }
        }
        positions.retain(|position| *position <= cut);
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Takes in an event of the record.
    fn copy(&mut self, base: &IndexedLog, renderer: &mut Renderer<'_>, position: Position) -> Result<(), ReadFailure> {
        let message = renderer.event(position)?;
        let bytes = message.encode_to_vec();
        let read = read_event(message).map_err(|error| ReadFailure::Damaged(error.to_string()))?;
        let (_, recorded_at, recorded_by, _, event) = read;
        if let Change::ClaimAsserted(claim) = &event.change {
            self.orders.push(base.index.claims().find(claim.id.0).map_or(u64::MAX, |claim| claim.get().into()));
        }
        self.take_in(position, recorded_at, recorded_by, &event.change, &bytes)
    }

    /// Takes in an event that is supposed.
    fn suppose(&mut self, base: &IndexedLog, position: Position, event: &Event) -> Result<(), ReadFailure> {
        let stamp = Stamp { position, recorded_at: self.recorded_at, recorded_by: SUPPOSED_BY, backfilled: false };
        let mut bytes = Vec::new();
        encode_event(event, &stamp, &mut bytes);
        if matches!(event.change, Change::ClaimAsserted(_)) {
            self.orders.push(base.index.claims().len() as u64 + self.orders.len() as u64);
        }
        self.take_in(position, self.recorded_at, SUPPOSED_BY.to_owned(), &event.change, &bytes)
    }

    fn take_in(
        &mut self,
        position: Position,
        recorded_at: RecordedAt,
        recorded_by: String,
        change: &Change,
        event: &[u8],
    ) -> Result<(), ReadFailure> {
        let first = self.view.head().next();
        let header = AppendHeader {
            first,
            count: 1,
            recorded_at,
            recorded_by,
            request: None,
            backfilled: false,
            floor: RecordedAt::MIN,
        };
        self.view.begin(&header);
        let incoming = IncomingEvent { change, recorded_by: &header.recorded_by, event, salt: Salt([0; 16]) };
        self.view.take_in(&incoming).map_err(|misfit| ReadFailure::Damaged(misfit.to_string()))?;
        self.view.end(&header);
        self.positions.push(position);
        Ok(())
    }
}

/// The merges known at a cut and those among events that come next; none where there are none.
fn merges_with(known: &Merges, cut: Position, events: &[Event]) -> Option<Merges> {
    let is_merge = |event: &Event| matches!(event.change, Change::PartiesMerged(..) | Change::PartiesUnmerged(_));
    if !events.iter().any(is_merge) {
        return None;
    }
    let mut merges = known.up_to(cut);
    for (event, nth) in events.iter().zip(1..) {
        match &event.change {
            Change::PartiesMerged(merged, survivor) => merges.merge(cut.plus(nth), merged.clone(), survivor.clone()),
            Change::PartiesUnmerged(merged) => merges.unmerge(cut.plus(nth), merged.clone()),
            _ => {}
        }
    }
    Some(merges)
}
