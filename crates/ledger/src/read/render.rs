//! Renders a claim as of a revision, as the bytes of a `detente.v1.Claim`, out of the events that made it.

use crate::budget::{hold, step};
use crate::error::ReadFailure;
use crate::read::list_bound::{ShortenedList, unlisted_count};
use crate::store::{
    Action, Block, ClaimNo, Content, ContentNo, DisputeRow, FetchedEvent, FoundRevision, IndexedLog, Store, nth_of,
    number_of, take_frame,
};
use crate::wire::splice::{parts, put_field, put_number};
use detente_domain::position::Position;
use detente_proto::v1;
use prost::Message;
use std::collections::HashMap;
use std::sync::Arc;

const AS_OF: u32 = 15;
const RETRACTION: u32 = 29;
const DISPUTES: u32 = 30;
const UNLISTED_DISPUTES: u32 = 31;
const UNLISTED_STANDING_DISPUTES: u32 = 32;

/// Maximum number of kept blocks.
const MOST_LOADED: usize = 4096;

/// Renders claims from one view; keeps the blocks it had to load, so that they can be adopted afterwards.
pub(crate) struct Renderer<'v> {
    store: &'v Store,
    view: &'v IndexedLog,
    /// The last position that counts for confirmations with a label.
    cut: Position,
    loaded: HashMap<usize, Arc<Block>>,
    /// The number of blocks that were ever kept.
    kept: usize,
}

impl<'v> Renderer<'v> {
    /// For events, and for claims without what was confirmed by a label.
    pub(crate) fn new(store: &'v Store, view: &'v IndexedLog) -> Self {
        Self::at(store, view, Position::START)
    }

    /// For claims as a cut sees them.
    pub(crate) fn at(store: &'v Store, view: &'v IndexedLog, cut: Position) -> Self {
        Self { store, view, cut, loaded: HashMap::new(), kept: 0 }
    }

    /// Renders the claims that come next as another cut sees them.
    pub(crate) const fn cut_at(&mut self, cut: Position) {
        self.cut = cut;
    }

    /// The blocks that had to be loaded.
    pub(crate) fn into_loaded(self) -> HashMap<usize, Arc<Block>> {
        self.loaded
    }

    /// The events of positions that are in memory, in the same order. They are looked up together, in passes that read one
    /// place in memory of each: going to the end with one before the next would add the waits up.
    pub(crate) fn at_hand(&self, positions: impl Iterator<Item = Position>) -> Vec<Option<&'v [u8]>> {
        let view = self.view;
        let blocks: Vec<_> = positions.map(|at| (at, view.blocks.block(number_of(at)))).collect();
        let events = blocks.into_iter().map(|(at, block)| block.map(|block| block.frames(nth_of(at), nth_of(at) + 1)));
        let frames: Vec<_> = events.collect();
        frames.into_iter().map(|frame| frame.and_then(|mut frame| take_frame(&mut frame))).collect()
    }

    /// Appends the bytes of a claim that was found; `event` is that of its revision, if it is at hand.
    pub(crate) fn put_found(
        &mut self,
        found: &FoundRevision,
        event: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadFailure> {
        let claims = self.view.index.claims();
        let at = found.revision.position;
        let made_words = |content: &Content| !content.is_renewed() && content.since() == at;
        if let Some(event) = event
            && claims.disputes().is_empty()
            && self.label_confirmation(found.claim, found.number, found.revision.content).is_none()
            && claims.content(found.revision.content).is_some_and(made_words)
        {
            return put_parts(event, true, out);
        }
        self.claim(found.claim, found.number, out)
    }

    /// Appends the bytes of a claim in its `number`-th revision.
    pub(crate) fn claim(&mut self, claim: ClaimNo, number: u32, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        let at = self.put_without_disputes(claim, number, out)?;
        self.put_disputes(claim, at, out)
    }

    /// Appends the last disputes of a claim up to a position, those that stand before others, and how many more there are.
    fn put_disputes(&mut self, claim: ClaimNo, at: Position, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        let view = self.view;
        let disputes = view.index.claims().disputes();
        let counts = disputes.counts(claim, at);
        if counts.all == 0 {
            return Ok(());
        }
        let settled = disputes.newest_first(claim, at).filter(|dispute| !dispute.stands_at(at));
        let mut listed = ShortenedList::new();
        let mut standing = 0;
        for dispute in disputes.standing(claim, at).chain(settled.take((counts.all - counts.standing) as usize)) {
            if listed.is_full() {
                break;
            }
            step();
            let bytes = self.dispute(&dispute, at)?.encode_to_vec();
            let size = bytes.len();
            listed.put((dispute.position, dispute.stands_at(at), bytes), size);
        }
        let mut listed = listed.into_listed();
        listed.sort_unstable_by_key(|(position, ..)| *position);
        for (_, stands, bytes) in &listed {
            put_field(out, DISPUTES, bytes);
            standing += usize::from(*stands);
        }
        put_number(out, UNLISTED_DISPUTES, unlisted_count(counts.all as usize, listed.len()).into());
        put_number(out, UNLISTED_STANDING_DISPUTES, unlisted_count(counts.standing as usize, standing).into());
        Ok(())
    }

    /// A dispute as it was at a position.
    pub(crate) fn dispute(&mut self, row: &DisputeRow, at: Position) -> Result<v1::Dispute, ReadFailure> {
        let resolved_at = row.resolved_at.filter(|resolved| *resolved <= at);
        let event = self.event(row.position)?;
        let resolution = resolved_at.map(|position| self.event(position)).transpose()?.and_then(resolution_of);
        let Some(v1::event::Event::ClaimDisputed(disputed)) = event.event else {
            return Err(ReadFailure::Damaged(format!("the event at position {} is no dispute", row.position.0)));
        };
        Ok(v1::Dispute {
            dispute_id: disputed.dispute_id,
            disputed_by: disputed.disputed_by,
            statement: disputed.statement,
            counter_claim_id: disputed.counter_claim_id,
            recorded_at: event.recorded_at,
            recorded_by: event.recorded_by,
            position: event.position,
            resolution,
        })
    }

    /// Appends the bytes of a claim in its `number`-th revision without its disputes, of which there may be very many. Returns
    /// the position of the revision.
    pub(crate) fn put_without_disputes(
        &mut self,
        claim: ClaimNo,
        number: u32,
        out: &mut Vec<u8>,
    ) -> Result<Position, ReadFailure> {
        let missing = || ReadFailure::Damaged(format!("the index has no revision {number} of claim {}", claim.get()));
        let view = self.view;
        let claims = view.index.claims();
        let revisions = claims.revisions(claim).get(..number as usize).ok_or_else(missing)?;
        let revision = *revisions.last().ok_or_else(missing)?;
        let content = claims.content(revision.content).ok_or_else(missing)?;
        let words = claims.words(revision.content);
        let words_at = claims.content(words).map(Content::since).ok_or_else(missing)?;
        let made_words = words_at == revision.position;
        self.with_event(revision.position, |event| put_parts(event, made_words, out))??;
        if !made_words {
            self.with_event(words_at, |event| put_claim(event, out))??;
        }
        if let Some(confirmed) = self.label_confirmation(claim, number, revision.content) {
            self.put_as_of(confirmed, out)?;
        } else if content.is_renewed() {
            let confirmed = revisions.iter().rev().find(|r| r.action == Action::Confirmed).ok_or_else(missing)?;
            self.put_as_of(confirmed.position, out)?;
        }
        if revision.is_retracted() {
            let retracted = revisions.iter().rev().find(|r| r.action == Action::Retracted).ok_or_else(missing)?;
            self.put_retraction(retracted.position, out)?;
        }
        Ok(revision.position)
    }

    /// A decoded event.
    pub(crate) fn event(&mut self, position: Position) -> Result<v1::Event, ReadFailure> {
        self.with_event(position, |event| v1::Event::decode(event).map_err(|error| unreadable(position, &error)))?
    }

    /// The confirmation with a label that counts for a claim in a revision: up to the cut, while that revision is the last.
    fn label_confirmation(&self, claim: ClaimNo, number: u32, content: ContentNo) -> Option<Position> {
        let index = &self.view.index;
        if !index.has_label_confirmations() {
            return None;
        }
        let next = index.claims().revisions(claim).get(number as usize).map(|next| next.position.before());
        let until = next.map_or(self.cut, |last| last.min(self.cut));
        index.confirmed_with_label(content, until).map(|(position, _)| position)
    }

    fn put_as_of(&mut self, position: Position, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        match self.event(position)?.event {
            Some(v1::event::Event::ClaimConfirmed(of)) => put_field(out, AS_OF, of.as_of.as_bytes()),
            Some(v1::event::Event::ClaimsConfirmed(of)) => put_field(out, AS_OF, of.as_of.as_bytes()),
            _ => {}
        }
        Ok(())
    }

    fn put_retraction(&mut self, position: Position, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        let event = self.event(position)?;
        if let Some(v1::event::Event::ClaimRetracted(retracted)) = event.event {
            let retraction = v1::Retraction {
                reason: retracted.reason,
                note: event.note,
                recorded_at: event.recorded_at,
                recorded_by: event.recorded_by,
                position: event.position,
            };
            put_field(out, RETRACTION, &retraction.encode_to_vec());
        }
        Ok(())
    }

    /// Calls `with` with an event's bytes.
    pub(crate) fn with_event<T>(
        &mut self,
        position: Position,
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ReadFailure> {
        step();
        if let Some(event) = self.view.blocks.event(position) {
            return Ok(with(event));
        }
        let number = number_of(position);
        if !self.loaded.contains_key(&number) {
            let block = match self.store.fetch(position, self.view.blocks.has_room())? {
                FetchedEvent::Block(block) => block,
                FetchedEvent::Alone(block) => return block.event(0).map(with).ok_or_else(|| no_event_at(position)),
            };
            if self.loaded.len() >= MOST_LOADED {
                self.loaded.clear();
            }
            hold(if self.kept < MOST_LOADED { block.memory() } else { 0 });
            self.kept += 1;
            self.loaded.insert(number, block);
        }
        let event = self.loaded.get(&number).and_then(|block| block.event(nth_of(position)));
        event.map(with).ok_or_else(|| no_event_at(position))
    }
}

fn resolution_of(event: v1::Event) -> Option<v1::DisputeResolution> {
    let Some(v1::event::Event::DisputeResolved(resolved)) = event.event else { return None };
    Some(v1::DisputeResolution {
        outcome: resolved.outcome,
        note: event.note,
        recorded_at: event.recorded_at,
        recorded_by: event.recorded_by,
        position: event.position,
    })
}

fn put_parts(event: &[u8], with_claim: bool, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
    let parts = parts(event).ok_or_else(no_event)?;
    out.extend_from_slice(parts.header);
    if with_claim {
        out.extend_from_slice(parts.claim);
    }
    Ok(())
}

fn put_claim(event: &[u8], out: &mut Vec<u8>) -> Result<(), ReadFailure> {
    out.extend_from_slice(parts(event).ok_or_else(no_event)?.claim);
    Ok(())
}

fn no_event_at(position: Position) -> ReadFailure {
    ReadFailure::Damaged(format!("the log has no event at position {position}"))
}

fn no_event() -> ReadFailure {
    ReadFailure::Damaged("bytes in the log are no event".to_owned())
}

fn unreadable(position: Position, error: &prost::DecodeError) -> ReadFailure {
    ReadFailure::Damaged(format!("the event at position {position} cannot be decoded: {error}"))
}
