//! For each term, the contents that have it, in the order they were recorded: a list that only grows, as varint gaps.
//!
//! ```text
//!   slot (4 bytes)            the only content ── enough for most terms: ids elsewhere, rare words
//!     └─ posting (24 bytes)   last number, count, up to 7 bytes of gaps
//!          └─ shared          what went before: full pieces, and the piece that grows
//! ```
//!
//! Numbers are added to the bytes in the posting itself, which are moved behind it when they are full. So most additions
//! touch nothing that copies share, and a copy of a long list shares all but its last piece.

use super::numbers::{ContentNo, Term};
use crate::store::sections::{SectionWriter, put_bytes, take, take_bytes};
use crate::store::shared::{SharedList, fitting};
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes from which on the last piece of a list is followed by a new one.
const PIECE: usize = 2048;
/// Bytes of gaps in a posting itself.
const TAIL: usize = 7;

/// The contents of every term.
#[derive(Clone, Default)]
pub(crate) struct Postings {
    slots: SharedList<Slot, { fitting::<Slot>(4 << 10) }>,
    longer: SharedList<Posting, { fitting::<Posting>(8 << 10) }>,
    /// The places in `longer` to which a content is added.
    places: Vec<u32>,
}

/// The only content of a term, or above [`Slot::LONGER`] the place of its contents among the longer postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot(u32);

/// A slot, as it is read.
enum SlotContents {
    Nothing,
    One(ContentNo),
    Longer(u32),
}

impl Slot {
    const LONGER: u32 = 1 << 31;
    const FREE: Self = Self(u32::MAX);

    const fn read(self) -> SlotContents {
        match self {
            Self::FREE => SlotContents::Nothing,
            Self(number) if number < Self::LONGER => SlotContents::One(ContentNo::new(number)),
            Self(number) => SlotContents::Longer(number & !Self::LONGER),
        }
    }
}

impl Postings {
    /// The number of terms that have a slot.
    pub(crate) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Gives the next term a slot.
    pub(crate) fn push(&mut self) {
        self.slots.push(Slot::FREE);
    }

    /// Adds a content to each of some terms. Contents come in ascending order.
    pub(crate) fn add(&mut self, content: ContentNo, terms: impl Iterator<Item = Term>) {
        let (longer, places) = (&mut self.longer, &mut self.places);
        self.slots.change_each(terms.map(Term::place), |slot| match slot.read() {
            SlotContents::Nothing if content.get() < Slot::LONGER => *slot = Slot(content.get()),
            SlotContents::One(only) if only == content => {}
            SlotContents::Longer(place) => places.push(place),
            SlotContents::Nothing | SlotContents::One(_) => {
                let mut posting = Posting::default();
                if let SlotContents::One(only) = slot.read() {
                    posting.push(only);
                }
                posting.push(content);
                *slot = Slot(Slot::LONGER | u32::try_from(longer.len()).unwrap_or(u32::MAX));
                longer.push(posting);
            }
        });
        self.longer.change_each(self.places.drain(..).map(|place| place as usize), |posting| posting.push(content));
    }

    /// Writes all, to be read by [`Postings::load_slots`] and [`Postings::load_longer`].
    pub(super) fn dump(&self, sections: [u8; 2], to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(sections[0])?;
        self.slots.iter().try_for_each(|slot| to.row(|row| row.extend_from_slice(&slot.0.to_le_bytes())))?;
        to.begin(sections[1])?;
        self.longer.iter().try_for_each(|posting| to.row(|row| posting.dump(row)))
    }

    pub(super) fn load_slots(&mut self, rows: &mut &[u8]) -> Option<()> {
        while !rows.is_empty() {
            self.slots.push(Slot(u32::from_le_bytes(take(rows)?)));
        }
        Some(())
    }

    pub(super) fn load_longer(&mut self, rows: &mut &[u8]) -> Option<()> {
        while !rows.is_empty() {
            self.longer.push(Posting::load(rows)?);
        }
        Some(())
    }

    /// The number of contents of a term.
    pub(crate) fn count(&self, term: Term) -> usize {
        match self.read(term) {
            SlotContents::Nothing => 0,
            SlotContents::One(_) => 1,
            SlotContents::Longer(place) => self.longer.get(place as usize).map_or(0, Posting::len),
        }
    }

    /// The contents of a term, ascending.
    pub(crate) fn contents(&self, term: Term) -> impl Iterator<Item = ContentNo> {
        let (one, longer) = match self.read(term) {
            SlotContents::Nothing => (None, None),
            SlotContents::One(content) => (Some(content), None),
            SlotContents::Longer(place) => (None, self.longer.get(place as usize)),
        };
        one.into_iter().chain(longer.into_iter().flat_map(Posting::iter))
    }

    /// Calls `found` with the contents of a term, ascending.
    pub(super) fn each(&self, term: Term, mut found: impl FnMut(ContentNo)) {
        match self.read(term) {
            SlotContents::Nothing => {}
            SlotContents::One(content) => found(content),
            SlotContents::Longer(place) => {
                if let Some(posting) = self.longer.get(place as usize) {
                    posting.each(found);
                }
            }
        }
    }

    fn read(&self, term: Term) -> SlotContents {
        self.slots.get(term.place()).map_or(SlotContents::Nothing, |slot| slot.read())
    }
}

/// The contents that have one term: ascending numbers as varint gaps.
#[derive(Clone, Debug, Default)]
struct Posting {
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
    fn dump(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(&self.last.get().to_le_bytes());
        row.extend_from_slice(&self.count.to_le_bytes());
        put_bytes(row, self.pieces());
    }

    fn load(rows: &mut &[u8]) -> Option<Self> {
        let last = ContentNo::new(u32::from_le_bytes(take(rows)?));
        let count = u32::from_le_bytes(take(rows)?);
        let bytes = take_bytes(rows)?;
        let mut posting = Self { last, count, ..Self::default() };
        if bytes.len() <= TAIL {
            posting.tail.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            posting.tail_length = u8::try_from(bytes.len()).ok()?;
        } else {
            let (full, rest) = bytes.as_chunks::<PIECE>();
            let pieces = full.iter().map(|piece| piece.as_slice().into()).collect();
            posting.before = Some(Arc::new(Gaps { pieces, bytes: rest.to_vec() }));
        }
        Some(posting)
    }

    /// Adds a content. Numbers come in ascending order; one that is there already is not added again.
    fn push(&mut self, content: ContentNo) {
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
    const fn len(&self) -> usize {
        self.count as usize
    }

    /// The bytes of its gaps, piece by piece. A gap may go over two of them.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let before = self.before.iter().flat_map(|gaps| gaps.pieces.iter().map(|piece| &**piece).chain([&*gaps.bytes]));
        before.chain(self.tail.get(..usize::from(self.tail_length)))
    }

    /// Calls `found` with the contents that have it, ascending: for many at once, with a loop over each piece.
    fn each(&self, mut found: impl FnMut(ContentNo)) {
        let (mut last, mut gap, mut shift) = (0_u32, 0_u32, 0_u32);
        for byte in self.pieces().flatten() {
            gap |= u32::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                last = last.wrapping_add(gap);
                found(ContentNo::new(last));
                (gap, shift) = (0, 0);
            } else {
                shift += 7;
            }
        }
    }

    /// The contents that have it, ascending.
    fn iter(&self) -> impl Iterator<Item = ContentNo> + '_ {
        let mut bytes = self.pieces().flatten();
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
        let mut each = Vec::new();
        posting.each(|content| each.push(content));
        assert_eq!(posting.iter().collect::<Vec<_>>(), each);
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
        assert_eq!((size_of::<Posting>(), size_of::<Slot>()), (24, 4));
    }

    #[test]
    fn each_term_has_the_contents_that_were_added_to_it_and_a_copy_those_it_had() {
        let mut postings = Postings::default();
        (0..40).for_each(|_| postings.push());
        let has = |term: u32, content: u32| content.is_multiple_of(term + 1);
        let terms_of = |content: u32| (0..40).filter(move |term| has(*term, content)).map(Term::new);
        let numbers: Vec<u32> = (0..90).chain([(1 << 31) - 1, 1 << 31, u32::MAX - 1]).collect();
        let (first, rest) = numbers.split_at(50);
        first.iter().for_each(|n| postings.add(ContentNo::new(*n), terms_of(*n)));
        let copy = postings.clone();
        rest.iter().for_each(|n| postings.add(ContentNo::new(*n), terms_of(*n)));
        for (postings, numbers) in [(&copy, first), (&postings, &numbers)] {
            for term in 0..41 {
                let expected: Vec<ContentNo> =
                    numbers.iter().filter(|n| term < 40 && has(term, **n)).map(|n| ContentNo::new(*n)).collect();
                assert_eq!(postings.contents(Term::new(term)).collect::<Vec<_>>(), expected, "{term}");
                assert_eq!(postings.count(Term::new(term)), expected.len());
            }
        }
    }

    #[test]
    fn the_last_contents_there_can_be_are_kept_and_none_twice() {
        let mut postings = Postings::default();
        postings.push();
        let numbers = [Slot::LONGER, u32::MAX].map(ContentNo::new);
        numbers.iter().flat_map(|n| [n, n]).for_each(|n| postings.add(*n, [Term::new(0), Term::new(7)].into_iter()));
        assert_eq!(postings.contents(Term::new(0)).collect::<Vec<_>>(), numbers);
        assert_eq!((postings.count(Term::new(7)), postings.contents(Term::new(7)).count()), (0, 0));
    }
}
