//! Lists on one entry of an answer that can grow for ever: the disputes of a claim, what settles a promise, what caused a
//! change. An entry lists the newest of them up to a bound and says how many more there are, so that no reply becomes larger
//! than a client reads; the rest is there page by page.

/// Maximum number of disputes on a claim, and of causes of a change.
pub(crate) const MOST_LISTED: usize = 100;
/// Maximum bytes of those on one entry, about: as many as a claim may have itself.
pub(crate) const MOST_LISTED_BYTES: usize = 64 << 10;
/// Maximum number of ids on one entry.
pub(crate) const MOST_IDS: usize = 1000;

/// A list that is filled from its last element backwards.
#[derive(Debug)]
pub(crate) struct ShortenedList<T> {
    listed: Vec<T>,
    bytes: usize,
    is_full: bool,
}

impl<T> ShortenedList<T> {
    /// Nothing listed yet.
    pub(crate) const fn new() -> Self {
        Self { listed: Vec::new(), bytes: 0, is_full: false }
    }

    /// Returns true if nothing more is to be listed.
    pub(crate) const fn is_full(&self) -> bool {
        self.is_full || self.listed.len() >= MOST_LISTED
    }

    /// Lists an element of `bytes` bytes, if there is room for it. The first one always has room.
    pub(crate) fn put(&mut self, element: T, bytes: usize) {
        let has_room = self.listed.is_empty() || self.bytes.saturating_add(bytes) <= MOST_LISTED_BYTES;
        if self.is_full() || !has_room {
            self.is_full = true;
            return;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.listed.push(element);
    }

    /// Returns the listed elements, the last one put first.
    pub(crate) fn into_listed(self) -> Vec<T> {
        let mut listed = self.listed;
        listed.reverse();
        listed
    }
}

/// The number of those that are not listed, as a reply says it.
pub(crate) fn unlisted_count(all: usize, listed: usize) -> u32 {
    u32::try_from(all.saturating_sub(listed)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorten(elements: impl Iterator<Item = (u32, usize)>) -> Vec<u32> {
        let mut list = ShortenedList::new();
        for (element, bytes) in elements {
            list.put(element, bytes);
        }
        list.into_listed()
    }

    #[test]
    fn the_newest_are_listed_up_to_a_number_and_a_size_and_none_behind_one_that_had_no_room() {
        let most = u32::try_from(MOST_LISTED).unwrap();
        assert_eq!(shorten((0..most + 5).rev().map(|of| (of, 1))), (5..most + 5).collect::<Vec<_>>());
        assert_eq!(shorten([(3, MOST_LISTED_BYTES - 1), (2, 2), (1, 1)].into_iter()), [3]);
        assert_eq!(shorten([(3, MOST_LISTED_BYTES + 1), (2, 1)].into_iter()), [3]);
        assert_eq!((unlisted_count(7, 2), unlisted_count(2, 7)), (5, 0));
    }
}
