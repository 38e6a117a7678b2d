//! Bytes that come piece by piece, with room that is reserved before it is taken.

use super::memory::{MemoryBudget, NoMemory, Reservation, SMALL};
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes that grow. Up to [`SMALL`] of them are not reserved.
#[derive(Debug)]
pub struct ReservedBuffer {
    bytes: Vec<u8>,
    most: usize,
    reserved: Reservation,
}

impl ReservedBuffer {
    /// Minimum capacity of an allocation.
    const LEAST: usize = 512;
    /// and how many times as much as there was.
    const TIMES: usize = 4;

    /// No bytes yet; there will hardly be more than `most`, so that no room is made beyond.
    #[must_use]
    pub fn new(budget: &Arc<MemoryBudget>, most: usize) -> Self {
        Self { bytes: Vec::new(), most, reserved: budget.nothing() }
    }

    /// The bytes that have come.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// The room that is left, in bytes.
    #[must_use]
    pub fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// Makes room for more bytes. A reallocation multiplies the capacity.
    ///
    /// # Errors
    /// [`NoMemory`] if there is no memory for it.
    pub async fn make_room(&mut self, more: usize) -> Result<(), NoMemory> {
        if more <= self.room() {
            return Ok(());
        }
        let needed = self.bytes.len().saturating_add(more);
        let ample = self.bytes.capacity().saturating_mul(Self::TIMES).max(Self::LEAST);
        let capacity = ample.min(self.most).max(needed);
        let reserved = if capacity > SMALL { capacity } else { 0 };
        // Both are there while one is copied to the other.
        self.reserved.extend(reserved).await?;
        self.bytes.reserve_exact(capacity - self.bytes.len());
        self.reserved.shrink_to(reserved);
        Ok(())
    }

    /// Puts bytes behind those there are.
    ///
    /// # Errors
    /// [`NoMemory`] if there is no memory for them.
    pub async fn put(&mut self, bytes: &[u8]) -> Result<(), NoMemory> {
        self.make_room(bytes.len()).await?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Reads into the room there is. True if the reader ended within it.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn fill(&mut self, reader: &mut impl Read) -> io::Result<bool> {
        let room = self.room();
        Ok(reader.take(room as u64).read_to_end(&mut self.bytes)? < room)
    }

    /// The bytes, and what is reserved for them.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Reservation) {
        (self.bytes, self.reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_reserved_before_it_is_taken_and_little_needs_no_reservation() {
        let budget = MemoryBudget::new(2 << 20);
        let mut growing = ReservedBuffer::new(&budget, 600 << 10);
        growing.put(&[1; SMALL]).await.unwrap();
        assert_eq!(budget.used_bytes(), 0);
        growing.put(&[2]).await.unwrap();
        assert_eq!(budget.used_bytes(), 4 * SMALL);
        growing.put(&[3; 500 << 10]).await.unwrap();
        assert_eq!((budget.used_bytes(), growing.as_slice().len()), (600 << 10, (564 << 10) + 1));
        assert_eq!(growing.put(&[4; 1 << 20]).await, Err(NoMemory::Never));
        let other = budget.try_reserve(1000 << 10).unwrap();
        assert_eq!(growing.put(&[5; 40 << 10]).await, Err(NoMemory::Full));
        drop((growing, other));
        assert_eq!(budget.used_bytes(), 0);
    }

    #[tokio::test]
    async fn a_reader_fills_the_room_and_no_more() {
        let budget = MemoryBudget::new(1 << 20);
        let mut growing = ReservedBuffer::new(&budget, 1000);
        growing.make_room(700).await.unwrap();
        let mut reader = &[7_u8; 900][..];
        assert!(!growing.fill(&mut reader).unwrap());
        assert_eq!((growing.as_slice().len(), growing.room(), reader.len()), (700, 0, 200));
        growing.make_room(1).await.unwrap();
        assert!(growing.fill(&mut reader).unwrap());
        assert_eq!((growing.as_slice().len(), growing.room()), (900, 100));
    }
}
