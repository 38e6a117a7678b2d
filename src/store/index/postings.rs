//! For each term, the contents that have it, in the order they were recorded: a list that only grows, as varint gaps.
//!
//! A long list lies in pieces, so that copies share all but the last one.

use std::sync::Arc;

/// Bytes from which on the last piece of a list is followed by a new one.
const PIECE: usize = 2048;

/// The number of a content in the index.
pub(crate) type ContentNo = u32;

/// The contents that have one term.
#[derive(Clone, Debug, Default)]
pub(crate) enum Posting {
    /// None yet.
    #[default]
    Empty,
    /// One.
    One(ContentNo),
    /// Several.
    Many(Arc<Gaps>),
}

/// Ascending numbers as varint gaps.
#[derive(Clone, Debug)]
pub(crate) struct Gaps {
    /// Full pieces.
    pieces: Vec<Arc<[u8]>>,
    /// The last piece.
    bytes: Vec<u8>,
    last: ContentNo,
    count: u32,
}

impl Posting {
    /// Adds a content. Numbers come in ascending order; one that is there already is not added again.
    pub(crate) fn push(&mut self, content: ContentNo) {
        match self {
            Self::Empty => *self = Self::One(content),
            Self::One(first) if *first == content => {}
            Self::One(first) => {
                let mut gaps = Gaps { pieces: Vec::new(), bytes: Vec::with_capacity(8), last: 0, count: 0 };
                gaps.push(*first);
                gaps.push(content);
                *self = Self::Many(Arc::new(gaps));
            }
            Self::Many(gaps) => {
                if gaps.last != content {
                    Arc::make_mut(gaps).push(content);
                }
            }
        }
    }

    /// How many contents have it.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Many(gaps) => gaps.count as usize,
        }
    }

    /// The contents that have it, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ContentNo> + '_ {
        let (one, gaps) = match self {
            Self::Empty => (None, None),
            Self::One(content) => (Some(*content), None),
            Self::Many(gaps) => (None, Some(gaps)),
        };
        one.into_iter().chain(gaps.into_iter().flat_map(|gaps| gaps.iter()))
    }
}

impl Gaps {
    fn push(&mut self, content: ContentNo) {
        let mut gap = content.wrapping_sub(self.last);
        while gap >= 0x80 {
            self.bytes.push((gap & 0x7f) as u8 | 0x80);
            gap >>= 7;
        }
        self.bytes.push((gap & 0x7f) as u8);
        self.last = content;
        self.count += 1;
        if self.bytes.len() >= PIECE {
            self.pieces.push(self.bytes.as_slice().into());
            self.bytes.clear();
        }
    }

    fn iter(&self) -> impl Iterator<Item = ContentNo> + '_ {
        let mut bytes = self.pieces.iter().flat_map(|piece| piece.iter()).chain(&self.bytes);
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
            Some(last)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order_and_once() {
        let numbers = [0, 1, 1, 5, 127, 128, 300, 70_000, 70_000, u32::MAX];
        let mut posting = Posting::default();
        assert_eq!(posting.iter().count(), 0);
        numbers.iter().for_each(|n| posting.push(*n));
        assert_eq!(posting.iter().collect::<Vec<_>>(), [0, 1, 5, 127, 128, 300, 70_000, u32::MAX]);
        assert_eq!(posting.len(), 8);
    }

    #[test]
    fn a_copy_of_a_long_list_stays_as_it_was_while_the_list_grows() {
        let numbers: Vec<ContentNo> = (0..10_000).map(|n| n * 1000).collect();
        let (first, rest) = numbers.split_at(7_001);
        let mut posting = Posting::default();
        first.iter().for_each(|n| posting.push(*n));
        let copy = posting.clone();
        rest.iter().for_each(|n| posting.push(*n));
        assert_eq!(copy.iter().collect::<Vec<_>>(), first);
        assert_eq!(posting.iter().collect::<Vec<_>>(), numbers);
    }
}
