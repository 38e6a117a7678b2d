//! A list that grows at its end, in chunks.
//!
//! The allocator rounds 16 KiB and a byte up to 20 KiB, so chunks have as many elements as fit with the head of a chunk.

use arrayvec::ArrayVec;
use std::ops::Range;
use std::sync::Arc;

/// A list in chunks of `N` elements; see [`fitting`].
#[derive(Clone, Debug)]
pub(in crate::store) struct SharedList<T, const N: usize> {
    chunks: Vec<Arc<ArrayVec<T, N>>>,
    len: usize,
}

/// The number of elements that a chunk of some bytes, a power of two, has room for.
pub(in crate::store) const fn fitting<T>(bytes: usize) -> usize {
    // The two counts of an `Arc`, and the length.
    const HEAD: usize = 24;
    (bytes - HEAD) / size_of::<T>()
}

impl<T, const N: usize> Default for SharedList<T, N> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T, const N: usize> SharedList<T, N> {
    /// The number of elements.
    pub(in crate::store) const fn len(&self) -> usize {
        self.len
    }

    /// Returns true if the list is empty.
    pub(in crate::store) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// An element.
    #[inline]
    pub(in crate::store) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / N)?.get(at % N)
    }

    /// The elements in order.
    pub(in crate::store) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The elements of a stretch, as far as there are any.
    pub(in crate::store) fn range(&self, stretch: Range<usize>) -> impl Iterator<Item = &T> {
        let until = stretch.end.min(self.len);
        let from = stretch.start.min(until);
        let chunks = self.chunks.get(from / N..until.div_ceil(N)).unwrap_or_default();
        chunks.iter().flat_map(|chunk| chunk.iter()).skip(from % N).take(until - from)
    }

    /// The number of elements at the front for which `is_before` holds; it holds for no element behind one for which it
    /// does not.
    pub(in crate::store) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        let begins_before = |chunk: &Arc<ArrayVec<T, N>>| chunk.first().is_some_and(&is_before);
        let chunk = self.chunks.partition_point(begins_before).saturating_sub(1);
        chunk * N + self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(is_before))
    }
}

impl<T: Clone, const N: usize> SharedList<T, N> {
    /// Adds an element at the end.
    pub(in crate::store) fn push(&mut self, element: T) {
        if self.len.is_multiple_of(N) {
            self.chunks.push(Arc::new(ArrayVec::new_const()));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            // The last chunk has room: a full one is followed by a new one above.
            let _ = Arc::make_mut(chunk).try_push(element);
            self.len += 1;
        }
    }

    /// Changes elements, in order. Those of one chunk that follow one another cost little more than one of them.
    pub(in crate::store) fn change_each(
        &mut self,
        places: impl Iterator<Item = usize>,
        mut change: impl FnMut(&mut T),
    ) {
        let mut places = places.peekable();
        while let Some(first) = places.next() {
            let Some(chunk) = self.chunks.get_mut(first / N).map(Arc::make_mut) else { continue };
            let mut next = Some(first);
            while let Some(place) = next {
                chunk.get_mut(place % N).into_iter().for_each(&mut change);
                next = places.next_if(|next| next / N == first / N);
            }
        }
    }

    /// An element, to change it.
    pub(in crate::store) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        Arc::make_mut(self.chunks.get_mut(at / N)?).get_mut(at % N)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was_while_the_list_grows_and_changes() {
        let mut list = SharedList::<u32, 4>::default();
        (0..10).for_each(|n| list.push(n));
        let copy = list.clone();
        *list.get_mut(3).unwrap() = 33;
        (10..20).for_each(|n| list.push(n));
        assert_eq!(copy.iter().copied().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        assert_eq!((copy.len(), copy.get(3), copy.get(10)), (10, Some(&3), None));
        assert_eq!((list.len(), list.get(3), list.get(19)), (20, Some(&33), Some(&19)));
    }

    #[test]
    fn elements_are_changed_wherever_they_lie_and_a_copy_keeps_its_own() {
        let mut list = SharedList::<u32, 4>::default();
        (0..10).for_each(|n| list.push(n));
        let copy = list.clone();
        list.change_each([1, 3, 3, 9, 40, 4].into_iter(), |n| *n += 100);
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [0, 101, 2, 203, 104, 5, 6, 7, 8, 109]);
        assert_eq!(copy.iter().copied().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn stretches_and_partition_points_are_those_of_a_vector() {
        for len in 0..14_usize {
            let mut list = SharedList::<usize, 4>::default();
            (0..len).for_each(|n| list.push(n * 2));
            let vector: Vec<usize> = (0..len).map(|n| n * 2).collect();
            for (from, until) in (0..16).flat_map(|from| (0..16).map(move |until| (from, until))) {
                let expected: Vec<usize> = vector.iter().copied().take(until).skip(from).collect();
                assert_eq!(list.range(from..until).copied().collect::<Vec<_>>(), expected, "{len} {from} {until}");
            }
            for bound in 0..30 {
                assert_eq!(list.partition_point(|n| *n < bound), vector.partition_point(|n| *n < bound));
            }
        }
    }
}
