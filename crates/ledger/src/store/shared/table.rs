//! A hash table of numbers, in shards.
//!
//! The number of shards grows by one with every `PER_SHARD` entries (linear hashing): the entries of one shard are parted
//! into two. So the table grows without ever moving everything at once.

use hashbrown::HashTable;
use std::sync::Arc;

/// Entries a shard has on average before another one is added. Shards have between half and twice as many: tables of 1,024
/// and of 2,048 places, which hold 896 and 1,792.
const PER_SHARD: usize = 850;
/// The bits of a hash below this are those by which a shard finds its entries.
const SHARD_SHIFT: u32 = 24;

/// A table of numbers, found by the hash of what each stands for.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct SharedTable<N> {
    shards: Vec<Arc<HashTable<N>>>,
    len: usize,
}

impl<N: Copy> SharedTable<N> {
    /// The number with a hash for which `is_it` holds.
    #[inline]
    pub(in crate::store) fn find(&self, hash: u64, is_it: impl FnMut(&N) -> bool) -> Option<N> {
        self.shards.get(self.shard_of(hash))?.find(hash, is_it).copied()
    }

    /// Adds a number that is not there yet. `hash_of` gives the hash of any that is.
    pub(in crate::store) fn insert(&mut self, hash: u64, number: N, hash_of: impl Fn(&N) -> u64) {
        if self.len >= self.shards.len() * PER_SHARD {
            self.add_shard(&hash_of);
        }
        let shard = self.shard_of(hash);
        if let Some(shard) = self.shards.get_mut(shard) {
            Arc::make_mut(shard).insert_unique(hash, number, hash_of);
            self.len += 1;
        }
    }

    /// A table of numbers that differ, each with its hash.
    pub(in crate::store) fn of(numbers: impl ExactSizeIterator<Item = (u64, N)>, hash_of: impl Fn(&N) -> u64) -> Self {
        let shards = numbers.len().div_ceil(PER_SHARD);
        let mut filled = vec![HashTable::with_capacity(PER_SHARD); shards];
        let mut table = Self { shards: vec![Arc::default(); shards], len: numbers.len() };
        for (hash, number) in numbers {
            if let Some(shard) = filled.get_mut(table.shard_of(hash)) {
                shard.insert_unique(hash, number, &hash_of);
            }
        }
        table.shards = filled.into_iter().map(Arc::new).collect();
        table
    }

    fn shard_of(&self, hash: u64) -> usize {
        let mask = self.shards.len().next_power_of_two() - 1;
        let at = usize::try_from(hash >> SHARD_SHIFT & 0xffff_ffff).unwrap_or(0) & mask;
        if at < self.shards.len() { at } else { at & (mask >> 1) }
    }

    /// Parts the entries of one shard into it and a new one.
    fn add_shard(&mut self, hash_of: &impl Fn(&N) -> u64) {
        let new = self.shards.len();
        self.shards.push(Arc::default());
        let Some(highest) = new.checked_ilog2() else { return };
        let old = new - (1 << highest);
        let numbers = self.shards.get_mut(old).map(std::mem::take).unwrap_or_default();
        let mut parted = [HashTable::with_capacity(PER_SHARD), HashTable::with_capacity(PER_SHARD)];
        for number in numbers.iter() {
            let hash = hash_of(number);
            let into = usize::from(self.shard_of(hash) == new);
            if let Some(table) = parted.get_mut(into) {
                table.insert_unique(hash, *number, hash_of);
            }
        }
        for (at, table) in [old, new].into_iter().zip(parted) {
            if let Some(shard) = self.shards.get_mut(at) {
                *shard = Arc::new(table);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: &u32) -> u64 {
        (u64::from(*n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }

    #[test]
    fn every_number_is_found_and_no_other_however_many_there_are() {
        let mut table = SharedTable::default();
        let mut copies = Vec::new();
        for n in 0..20_000 {
            assert_eq!(table.find(hash(&n), |m| *m == n), None);
            table.insert(hash(&n), n, hash);
            if n % 5_000 == 77 {
                copies.push((n, table.clone()));
            }
        }
        assert!((0..20_000).all(|n| table.find(hash(&n), |m| *m == n) == Some(n)));
        for (last, copy) in copies {
            let found = |n: u32| copy.find(hash(&n), |m| *m == n) == Some(n);
            assert!((0..=last).all(found) && !(last + 1..20_000).any(found));
        }
        let made = SharedTable::of((0..20_000).map(|n| (hash(&n), n)), hash);
        assert!((0..20_000).all(|n| made.find(hash(&n), |m| *m == n) == Some(n)));
        assert_eq!((made.shards.len(), made.len), (table.shards.len(), table.len));
        let fullest = table.shards.iter().map(|shard| shard.len()).max().unwrap();
        assert!(fullest < 4 * PER_SHARD, "the fullest shard has {fullest}");
    }
}
