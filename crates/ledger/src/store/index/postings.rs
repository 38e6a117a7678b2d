//! For each term, the contents that have it, in the order they were recorded: a list that only grows, as varint gaps.
//!
//! ```text
//!   posting (24 bytes)   last number, count, up to 7 bytes of gaps ── most terms need no more
//!        └─ shared       what went before: full pieces, and the piece that grows
//! ```
//!
//! Numbers are added to the bytes in the posting itself, which are moved behind it when they are full. So most additions
//! touch nothing that copies share, and a copy of a long list shares all but its last piece.

use super::numbers::ContentNo;
use std::sync::Arc;

/// Bytes from which on the last piece of a list is followed by a new one.
const PIECE: usize = 2048;
/// Bytes of gaps in a posting itself.
const TAIL: usize = 7;

/// The contents that have one term: ascending numbers as varint gaps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posting {
    before: Option<Arc<Gaps>>,
    last: ContentNo,
    count: u32,
    tail: [u8; TAIL],
    tail_length: u8,
}

/// Gaps that no longer lie in the posting itself.
#[derive(Clone, Debug, Default)]
struct Gaps {
    /// Full pieces.
    pieces: Vec<Arc<[u8]>>,
    /// The last piece.
    bytes: Vec<u8>,
}

impl Posting {
    /// Adds a content. Numbers come in ascending order; one that is there already is not added again.
    pub(crate) fn push(&mut self, content: ContentNo) {
        if self.count > 0 && self.last == content {
            return;
        }
        let mut gap = content.get().wrapping_sub(self.last.get());
        while gap >= 0x80 {
            self.push_byte((gap & 0x7f) as u8 | 0x80);
            gap >>= 7;
        }
        self.push_byte((gap & 0x7f) as u8);
        self.last = content;
        self.count += 1;
    }

    fn push_byte(&mut self, byte: u8) {
        if usize::from(self.tail_length) == TAIL {
            self.move_tail();
        }
        if let Some(place) = self.tail.get_mut(usize::from(self.tail_length)) {
            *place = byte;
            self.tail_length += 1;
        }
    }

    fn move_tail(&mut self) {
        let before = Arc::make_mut(self.before.get_or_insert_default());
        before.bytes.extend_from_slice(&self.tail);
        if before.bytes.len() >= PIECE {
            before.pieces.push(before.bytes.as_slice().into());
            before.bytes.clear();
        }
        self.tail_length = 0;
    }

    /// The number of contents that have it.
    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    /// The contents that have it, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ContentNo> + '_ {
        let before =
            self.before.iter().flat_map(|gaps| gaps.pieces.iter().flat_map(|piece| piece.iter()).chain(&gaps.bytes));
        let mut bytes = before.chain(self.tail.get(..usize::from(self.tail_length)).unwrap_or_default());
        let mut last = 0_u32;
        std::iter::from_fn(move || {
            let (mut gap, mut shift) = (0_u32, 0_u32);
            loop {
                let byte = *bytes.next()?;
                gap |= u32::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
                shift += 7;
            }
            last = last.wrapping_add(gap);
            Some(ContentNo::new(last))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order_and_once() {
        let numbers = [0, 0, 1, 1, 5, 127, 128, 300, 70_000, 70_000, u32::MAX].map(ContentNo::new);
        let mut posting = Posting::default();
        assert_eq!(posting.iter().count(), 0);
        numbers.iter().for_each(|n| posting.push(*n));
        assert_eq!(posting.iter().collect::<Vec<_>>(), [0, 1, 5, 127, 128, 300, 70_000, u32::MAX].map(ContentNo::new));
        assert_eq!(posting.len(), 8);
    }

    #[test]
    fn a_copy_of_a_list_of_any_length_stays_as_it_was_while_the_list_grows() {
        let numbers: Vec<ContentNo> = (0..10_000).map(|n| ContentNo::new(n * 1000)).collect();
        for length in [0, 1, 2, 3, 4, 5, 100, 7_001] {
            let (first, rest) = numbers.split_at(length);
            let mut posting = Posting::default();
            first.iter().for_each(|n| posting.push(*n));
            let copy = posting.clone();
            rest.iter().for_each(|n| posting.push(*n));
            assert_eq!(copy.iter().collect::<Vec<_>>(), first);
            assert_eq!(posting.iter().collect::<Vec<_>>(), numbers);
        }
    }

    #[test]
    fn a_posting_is_small() {
        assert_eq!(size_of::<Posting>(), 24);
    }
}
