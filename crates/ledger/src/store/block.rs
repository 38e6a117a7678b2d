//! A block: the encoded events of sixteen consecutive positions in one piece of memory, as they are served.
//!
//! The n-th block holds the positions `16 n + 1 ..= 16 n + 16`, so a position names its block without a search. Each event
//! lies there as a length-delimited field 1, the shape of `repeated Event events = 1` in a reply: a stretch of the log is
//! answered by copying bytes.

use detente_domain::position::Position;

/// The number of positions that a block holds: those of a stretch of the journal.
pub(crate) const SPAN: u64 = detente_journal::STRETCH;

/// The number of the block that holds a position.
pub(crate) fn number_of(position: Position) -> usize {
    usize::try_from(position.0.saturating_sub(1) / SPAN).unwrap_or(usize::MAX)
}

/// The first position of a block.
pub(crate) fn first_of(number: usize) -> Position {
    Position((number as u64).saturating_mul(SPAN).saturating_add(1))
}

/// The place of a position in its block.
pub(crate) fn nth_of(position: Position) -> usize {
    usize::try_from(position.0.saturating_sub(1) % SPAN).unwrap_or_default()
}

/// The key of a length-delimited field 1.
const EVENTS_FIELD: u8 = 0x0a;

/// Encoded events, framed and one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// The end of each frame, one for each event. Not in memory of its own, which saves an access.
    ends: [u32; SPAN as usize],
    len: u32,
}

impl Block {
    /// The number of events that it holds so far.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Returns true if it is full.
    pub(crate) fn is_full(&self) -> bool {
        self.len() as u64 >= SPAN
    }

    /// The bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity() + size_of::<Self>()
    }

    /// Adds the event at the next position, if there is room.
    pub(crate) fn push(&mut self, event: &[u8]) {
        let Some(end) = self.ends.get_mut(self.len as usize) else { return };
        self.bytes.push(EVENTS_FIELD);
        prost::encoding::encode_varint(event.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(event);
        *end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.len += 1;
    }

    /// A block of frames that stand one after the other already; none if they are not whole, or too many.
    pub(crate) fn of_frames(frames: &[u8]) -> Option<Self> {
        let mut block = Self { bytes: frames.to_vec(), ..Self::default() };
        let mut rest = frames;
        while !rest.is_empty() {
            take_frame(&mut rest)?;
            *block.ends.get_mut(block.len as usize)? = u32::try_from(frames.len() - rest.len()).ok()?;
            block.len += 1;
        }
        Some(block)
    }

    /// The n-th event without its frame.
    pub(crate) fn event(&self, nth: usize) -> Option<&[u8]> {
        take_frame(&mut self.frames(nth, nth + 1))
    }

    /// The frames of the events from `from` up to `until`.
    pub(crate) fn frames(&self, from: usize, until: usize) -> &[u8] {
        let end_of = |nth: usize| match nth.checked_sub(1) {
            None => Some(0),
            Some(before) => self.ends.get(before).map(|end| *end as usize),
        };
        match (end_of(from), end_of(until.min(self.len()))) {
            (Some(start), Some(end)) => self.bytes.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The events in order.
    pub(crate) fn events(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|nth| self.event(nth))
    }

    /// Gives back memory that is not needed once nothing is added any more.
    pub(crate) fn settle(&mut self) {
        self.bytes.shrink_to_fit();
    }
}

/// Takes the event of the first frame off the front of frames.
pub(crate) fn take_frame<'f>(frames: &mut &'f [u8]) -> Option<&'f [u8]> {
    let (_, mut rest) = frames.split_first().filter(|(field, _)| **field == EVENTS_FIELD)?;
    let length = prost::encoding::decode_varint(&mut rest).ok()?;
    let (event, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *frames = after;
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_names_its_block_without_a_search() {
        assert_eq!((number_of(Position(1)), nth_of(Position(1))), (0, 0));
        assert_eq!((number_of(Position(16)), nth_of(Position(16))), (0, 15));
        assert_eq!((number_of(Position(17)), nth_of(Position(17))), (1, 0));
        assert_eq!(first_of(1), Position(17));
    }

    #[test]
    fn events_come_out_as_they_went_in() {
        let mut block = Block::default();
        let events = [vec![], vec![7; 3], vec![9; 200]];
        events.iter().for_each(|event| block.push(event));
        assert_eq!(block.events().collect::<Vec<_>>(), events.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(block.frames(1, 2), [0x0a, 3, 7, 7, 7]);
        assert_eq!(block.frames(0, 3).len(), 2 + 5 + 203);
        assert_eq!(block.event(3), None);
    }
}
