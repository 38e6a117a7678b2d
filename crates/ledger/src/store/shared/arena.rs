//! Slices that lie one after the other, each in one piece.

use std::sync::Arc;

/// Elements of an ordinary chunk; a longer slice has a chunk of its own.
const CHUNK: usize = 1 << OFFSET_BITS;
const OFFSET_BITS: u32 = 15;

/// Slices in chunks.
#[derive(Clone, Debug)]
pub(in crate::store) struct SliceArena<T> {
    chunks: Vec<Arc<Vec<T>>>,
}

/// The place where a slice begins: its chunk, and in the lowest 15 bits its offset there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct SliceStart(u32);

impl<T> Default for SliceArena<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Copy> SliceArena<T> {
    /// Adds a slice.
    pub(in crate::store) fn push(&mut self, slice: impl ExactSizeIterator<Item = T>) -> SliceStart {
        let has_room = |chunk: &Arc<Vec<T>>| chunk.len() + slice.len() <= CHUNK && chunk.len() < CHUNK;
        if !self.chunks.last().is_some_and(has_room) {
            self.chunks.push(Arc::new(Vec::with_capacity(CHUNK.max(slice.len()))));
        }
        let Some(chunk) = self.chunks.last_mut() else { return SliceStart(0) };
        let offset = chunk.len();
        copy_with_room(chunk).extend(slice);
        let chunk = self.chunks.len().saturating_sub(1);
        SliceStart(u32::try_from((chunk << OFFSET_BITS) | offset).unwrap_or(u32::MAX))
    }
}

impl<T> SliceArena<T> {
    /// The elements from a place to the end of its chunk: a slice, and what was added behind it.
    #[inline]
    pub(in crate::store) fn rest(&self, start: SliceStart) -> &[T] {
        let (chunk, offset) = ((start.0 >> OFFSET_BITS) as usize, start.0 as usize & (CHUNK - 1));
        self.chunks.get(chunk).and_then(|chunk| chunk.get(offset..)).unwrap_or_default()
    }
}

/// A chunk to add to. A copy made because a snapshot has it gets the room of the first.
fn copy_with_room<T: Copy>(chunk: &mut Arc<Vec<T>>) -> &mut Vec<T> {
    if Arc::get_mut(chunk).is_none() {
        let mut copy = Vec::with_capacity(CHUNK.max(chunk.len()));
        copy.extend_from_slice(chunk);
        *chunk = Arc::new(copy);
    }
    Arc::make_mut(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_every_length_come_out_as_they_went_in_and_copies_keep_theirs() {
        let mut arena = SliceArena::default();
        let lengths = [0, 1, 5, CHUNK - 7, 1, CHUNK, CHUNK + 1, 0, 3, 3 * CHUNK, 2];
        let slices: Vec<Vec<u32>> =
            lengths.iter().zip(0..).map(|(len, nth)| (0..*len as u32).map(|n| n * 31 + nth).collect()).collect();
        let starts: Vec<SliceStart> = slices.iter().map(|slice| arena.push(slice.iter().copied())).collect();
        let copy = arena.clone();
        arena.push([7; 100].into_iter());
        for (slice, start) in slices.iter().zip(starts) {
            assert!(arena.rest(start).starts_with(slice));
            assert!(copy.rest(start).starts_with(slice));
        }
    }
}
