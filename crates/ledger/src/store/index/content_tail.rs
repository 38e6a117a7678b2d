//! The parts of a content that most questions pass over, as bytes one after the other.
//!
//! ```text
//!   the content it renews | its place among longer valid times | as_of, earliest as_of | facets: count, gaps
//!   (if it renews one)      (if corners do not say all)          (if it has one)         (unless it renews another)
//! ```
//!
//! All numbers are varints. Facets ascend, so most of them are one byte or two.

use super::numbers::{ContentNo, Term};
use detente_domain::edtf::Atom;
use detente_domain::moment::{Moment, SECONDS_PER_DAY};

/// Bits of one atom in the byte before both.
const PRESENT: u8 = 1;
const SECOND: u8 = 2;
/// The start is counted in seconds, not in days.
const IN_SECONDS: u8 = 4;
const BITS: u32 = 3;
/// The earliest `as_of` is the `as_of`.
const SAME: u8 = 64;

/// The parts of a tail that are there, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TailParts {
    pub(super) renews: bool,
    pub(super) longer_time: bool,
    pub(super) atoms: bool,
}

/// A tail, taken apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail<'t> {
    /// The content it renews.
    pub(super) renews: Option<ContentNo>,
    /// The place of its valid time among those with more to them than corners.
    pub(super) longer_time: Option<u32>,
    /// Its `as_of`.
    pub(super) as_of: Option<Atom>,
    /// The earliest `as_of` of its claim.
    pub(super) earliest_as_of: Option<Atom>,
    facets: &'t [u8],
}

impl<'t> Tail<'t> {
    /// Reads a tail with these parts from the front of bytes.
    #[inline]
    pub(super) fn read(parts: TailParts, bytes: &'t [u8]) -> Self {
        if parts == TailParts::default() {
            return Self { facets: bytes, ..Self::default() };
        }
        Self::read_parts(parts, bytes)
    }

    fn read_parts(parts: TailParts, mut bytes: &'t [u8]) -> Self {
        let mut tail = Self::default();
        if parts.renews {
            tail.renews = Some(ContentNo::new(take(&mut bytes)));
        }
        if parts.longer_time {
            tail.longer_time = Some(take(&mut bytes));
        }
        if parts.atoms {
            let bits = bytes.split_off_first().copied().unwrap_or(0);
            tail.as_of = take_atom(bits, &mut bytes);
            tail.earliest_as_of = if bits & SAME != 0 { tail.as_of } else { take_atom(bits >> BITS, &mut bytes) };
        }
        tail.facets = bytes;
        tail
    }

    /// The bytes behind the tail, which ends with facets or without.
    pub(super) fn rest_behind(self, has_facets: bool) -> &'t [u8] {
        if !has_facets {
            return self.facets;
        }
        let mut facets = self.facets();
        facets.by_ref().for_each(drop);
        facets.rest
    }

    /// The facets; of a content that renews another they lie in the tail of that one.
    pub(super) fn facets(self) -> Facets<'t> {
        let mut rest = self.facets;
        let left = take(&mut rest);
        Facets { rest, left, last: 0 }
    }
}

/// Writes tails.
#[derive(Clone, Debug, Default)]
pub(super) struct TailWriter(Vec<u8>);

impl TailWriter {
    /// Begins another tail.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The bytes of the tail.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts a number.
    pub(super) fn put(&mut self, number: u32) {
        prost::encoding::encode_varint(u64::from(number), &mut self.0);
    }

    /// Puts both atoms.
    pub(super) fn put_atoms(&mut self, as_of: Option<Atom>, earliest: Option<Atom>) {
        let is_same = as_of.is_some() && as_of == earliest;
        let second = if is_same { SAME } else { bits_of(earliest) << BITS };
        self.0.push(bits_of(as_of) | second);
        let atoms = as_of.into_iter().chain(earliest.filter(|_| !is_same));
        atoms.for_each(|atom| self.put_atom(atom));
    }

    fn put_atom(&mut self, atom: Atom) {
        let start = atom.start.0;
        self.put_signed(if is_counted_in_seconds(atom) { start } else { start / SECONDS_PER_DAY });
        if atom.is_second() {
            self.put_signed(i64::from(atom.offset));
        }
    }

    fn put_signed(&mut self, number: i64) {
        let folded = (number << 1) ^ (number >> 63);
        prost::encoding::encode_varint(folded.cast_unsigned(), &mut self.0);
    }

    /// Puts facets that ascend.
    pub(super) fn put_facets(&mut self, facets: impl ExactSizeIterator<Item = Term>) {
        self.put(u32::try_from(facets.len()).unwrap_or(u32::MAX));
        let mut last = 0;
        for facet in facets {
            self.put(facet.get().wrapping_sub(last));
            last = facet.get();
        }
    }
}

/// The facets of a content, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Facets<'t> {
    rest: &'t [u8],
    left: u32,
    last: u32,
}

impl Iterator for Facets<'_> {
    type Item = Term;

    #[inline]
    fn next(&mut self) -> Option<Term> {
        self.left = self.left.checked_sub(1)?;
        self.last = self.last.wrapping_add(take(&mut self.rest));
        Some(Term::new(self.last))
    }
}

/// Takes a number off the front of bytes; 0 where they end.
#[inline]
fn take(bytes: &mut &[u8]) -> u32 {
    if let Some((first, rest)) = bytes.split_first()
        && *first < 0x80
    {
        *bytes = rest;
        return u32::from(*first);
    }
    take_long(bytes)
}

fn take_long(bytes: &mut &[u8]) -> u32 {
    let (mut number, mut shift) = (0_u32, 0_u32);
    while let Some(byte) = bytes.split_off_first() {
        number |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if *byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

fn take_signed(bytes: &mut &[u8]) -> i64 {
    let folded = prost::encoding::decode_varint(bytes).unwrap_or_default();
    (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()
}

fn take_atom(bits: u8, bytes: &mut &[u8]) -> Option<Atom> {
    if bits & PRESENT == 0 {
        return None;
    }
    let count = take_signed(bytes);
    let start = Moment(if bits & IN_SECONDS != 0 { count } else { count.saturating_mul(SECONDS_PER_DAY) });
    if bits & SECOND == 0 {
        return Some(Atom::day(start));
    }
    let offset = i32::try_from(take_signed(bytes)).unwrap_or(0);
    Some(Atom::second(start).written_at(offset))
}

fn bits_of(atom: Option<Atom>) -> u8 {
    let Some(atom) = atom else { return 0 };
    let second = if atom.is_second() { SECOND } else { 0 };
    PRESENT | second | if is_counted_in_seconds(atom) { IN_SECONDS } else { 0 }
}

fn is_counted_in_seconds(atom: Atom) -> bool {
    atom.start.0 % SECONDS_PER_DAY != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn atom() -> impl Strategy<Value = Option<Atom>> {
        let start = prop_oneof![-100_000_000_000_i64..100_000_000_000, Just(i64::MIN), Just(i64::MAX), any::<i64>()];
        let of = |(start, offset, is_day): (i64, i32, bool)| {
            if is_day { Atom::day(Moment(start)) } else { Atom::second(Moment(start)).written_at(offset) }
        };
        proptest::option::of((start, -50_000..50_000_i32, any::<bool>()).prop_map(of))
    }

    proptest! {
        #[test]
        fn what_is_put_into_a_tail_comes_out_of_it(
            renews in proptest::option::of(any::<u32>()),
            longer_time in proptest::option::of(any::<u32>()),
            atoms in (atom(), atom(), any::<bool>()),
            facets in proptest::collection::btree_set(any::<u32>(), 0..40),
        ) {
            let (as_of, earliest) = (atoms.0, if atoms.2 { atoms.0 } else { atoms.1 });
            let has_atoms = as_of.is_some() || earliest.is_some();
            let parts = TailParts { renews: renews.is_some(), longer_time: longer_time.is_some(), atoms: has_atoms };
            let facets: Vec<Term> = facets.into_iter().map(Term::new).collect();
            let mut writer = TailWriter::default();
            renews.into_iter().chain(longer_time).for_each(|number| writer.put(number));
            if has_atoms {
                writer.put_atoms(as_of, earliest);
            }
            writer.put_facets(facets.iter().copied());
            let mut bytes = writer.bytes().to_vec();
            bytes.extend([0xff; 9]);
            let tail = Tail::read(parts, &bytes);
            prop_assert_eq!((tail.renews, tail.longer_time), (renews.map(ContentNo::new), longer_time));
            prop_assert_eq!((tail.as_of, tail.earliest_as_of), (as_of, earliest));
            prop_assert_eq!(tail.facets().collect::<Vec<_>>(), facets);
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40), bits in 0..8_u8) {
            let parts = TailParts { renews: bits & 1 != 0, longer_time: bits & 2 != 0, atoms: bits & 4 != 0 };
            let _read = Tail::read(parts, &bytes).facets().take(100).count();
        }
    }
}
