//! The blocks that are in memory: the open one at the end, those sled does not have yet, and as many others as the cache
//! may hold. Blocks never change once they are full, so it does not matter who loads one or for which cut.

use super::block::{Block, nth_of, number_of};
use super::shared::{SharedList, fitting};
use detente_domain::position::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The blocks in memory.
#[derive(Clone)]
pub(crate) struct Blocks {
    full: SharedList<BlockSlot, { fitting::<BlockSlot>(4 << 10) }>,
    open: Block,
    /// Blocks before this one are in sled and may be dropped from memory.
    persisted: usize,
    /// The memory that full blocks take.
    held: usize,
    capacity: usize,
    hand: usize,
}

#[derive(Default)]
struct BlockSlot {
    block: Option<Arc<Block>>,
    used: AtomicBool,
}

impl Clone for BlockSlot {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), used: AtomicBool::new(self.used.load(Ordering::Relaxed)) }
    }
}

impl Blocks {
    /// No blocks yet; full ones may take `capacity` bytes of memory, more while sled lags.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { full: SharedList::default(), open: Block::default(), persisted: 0, held: 0, capacity, hand: 0 }
    }

    /// The last position they reach.
    pub(crate) fn head(&self) -> Position {
        Position(self.full.len() as u64 * super::block::SPAN + self.open.len() as u64)
    }

    /// An event, if its block is in memory.
    pub(crate) fn event(&self, position: Position) -> Option<&[u8]> {
        self.block(number_of(position))?.event(nth_of(position))
    }

    /// A block, if it is in memory.
    pub(crate) fn block(&self, number: usize) -> Option<&Block> {
        if number == self.full.len() {
            return Some(&self.open);
        }
        let slot = self.full.get(number)?;
        slot.used.store(true, Ordering::Relaxed);
        slot.block.as_deref()
    }

    /// A block that can be kept, if it is in memory: a full one is shared, the open one copied.
    pub(crate) fn shared_block(&self, number: usize) -> Option<Arc<Block>> {
        if number == self.full.len() {
            return Some(Arc::new(self.open.clone()));
        }
        self.full.get(number)?.block.clone()
    }

    /// Adds the event at the next position. True if that filled a block.
    pub(crate) fn push(&mut self, event: &[u8]) -> bool {
        self.open.push(event);
        if !self.open.is_full() {
            return false;
        }
        let mut block = std::mem::take(&mut self.open);
        block.settle();
        self.held += block.memory();
        self.full.push(BlockSlot { block: Some(Arc::new(block)), used: AtomicBool::new(true) });
        self.evict();
        true
    }

    /// Returns true if another block may be kept without removing one.
    pub(crate) const fn has_room(&self) -> bool {
        self.held < self.capacity
    }

    /// Adds a full block that stays in sled until it is needed.
    pub(crate) fn push_absent(&mut self) {
        self.full.push(BlockSlot::default());
        self.persisted = self.full.len();
    }

    /// Takes in a block that was loaded, if there is room or something else can go.
    pub(crate) fn adopt(&mut self, number: usize, block: Arc<Block>) {
        if self.full.get(number).is_none_or(|slot| slot.block.is_some()) {
            return;
        }
        let Some(slot) = self.full.get_mut(number) else { return };
        self.held += block.memory();
        slot.block = Some(block);
        slot.used.store(true, Ordering::Relaxed);
        self.evict();
    }

    /// Notes that sled has every block before this one.
    pub(crate) fn set_persisted(&mut self, number: usize) {
        self.persisted = self.persisted.max(number);
        self.evict();
    }

    /// Second chance: a block that was used since the hand last came by stays for another round.
    fn evict(&mut self) {
        let mut steps = self.persisted.min(self.full.len()).saturating_mul(2).min(64);
        while self.held > self.capacity && steps > 0 {
            steps -= 1;
            self.hand = if self.hand + 1 >= self.persisted { 0 } else { self.hand + 1 };
            let Some(slot) = self.full.get(self.hand) else { return };
            let is_idle = !slot.used.swap(false, Ordering::Relaxed) && slot.block.is_some();
            if !is_idle {
                continue;
            }
            if let Some(slot) = self.full.get_mut(self.hand) {
                self.held -= slot.block.take().map_or(0, |block| block.memory());
            }
        }
    }
}
