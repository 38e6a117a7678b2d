//! The bytes of a file: those that programs see, those that are safe, and the changes between the two.

use super::super::Random;

const SECTOR: usize = 512;

#[derive(Clone, Default)]
pub(super) struct Content {
    pub(super) durable: Vec<u8>,
    pub(super) changes: Vec<Change>,
    pub(super) now: Vec<u8>,
}

#[derive(Clone)]
pub(super) enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Change {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Truncate(len) => bytes.truncate(*len),
            Self::Write(offset, data) => put(bytes, *offset, data),
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

impl Content {
    /// The bytes after a power cut, in one of five ways.
    pub(super) fn survivor(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        match random.below(5) {
            0 => {}
            1 => self.changes.iter().for_each(|change| change.apply(&mut bytes)),
            2 => self.torn_in_order(&mut bytes, random),
            3 => self.changes.iter().for_each(|change| sectors(change, &mut bytes, random)),
            _ => self.changes.iter().filter(|_| random.below(2) == 0).for_each(|change| change.apply(&mut bytes)),
        }
        bytes
    }

    fn torn_in_order(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let kept = random.below(self.changes.len() as u64 + 1) as usize;
        self.changes.iter().take(kept).for_each(|change| change.apply(bytes));
        if let Some(Change::Write(offset, data)) = self.changes.get(kept) {
            let len = random.below(data.len() as u64 + 1) as usize;
            put(bytes, *offset, &data[..len]);
        }
    }
}

/// Keeps some of the sectors of a write.
fn sectors(change: &Change, bytes: &mut Vec<u8>, random: &mut Random) {
    let Change::Write(offset, data) = change else {
        return change.apply(bytes);
    };
    let mut start = 0;
    while start < data.len() {
        let end = (((offset + start) / SECTOR + 1) * SECTOR - offset).min(data.len());
        if random.below(2) == 0 {
            put(bytes, offset + start, &data[start..end]);
        }
        start = end;
    }
}
