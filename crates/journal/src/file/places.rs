//! The places of records: an offset for every stretch of records, by which a few records are read without walking to them.

use parking_lot::RwLock;

use crate::STRETCH;
use detente_domain::position::Position;

/// The offset that stands for none.
const UNKNOWN: u64 = u64::MAX;

/// The offset of the first record of each stretch, in the segment that holds it.
#[derive(Default)]
pub(super) struct StretchPlaces(RwLock<Vec<u64>>);

impl StretchPlaces {
    /// Notes the offset of a record, if a stretch begins with it.
    pub(super) fn note(&self, position: Position, offset: u64) {
        if let Some(stretch) = begun_by(position) {
            self.set(stretch, offset);
        }
    }

    /// Notes the offset of the first record of a stretch.
    pub(super) fn set(&self, stretch: usize, offset: u64) {
        let mut places = self.0.write();
        if places.len() <= stretch {
            places.resize(stretch + 1, UNKNOWN);
        }
        if let Some(place) = places.get_mut(stretch) {
            *place = offset;
        }
    }

    /// The offset of the first record of a stretch, if it is known.
    pub(super) fn get(&self, stretch: usize) -> Option<u64> {
        self.0.read().get(stretch).copied().filter(|offset| *offset != UNKNOWN)
    }
}

/// The stretch that begins with a position, if one does.
pub(super) fn begun_by(position: Position) -> Option<usize> {
    let before = position.0.checked_sub(1)?;
    (before % STRETCH == 0).then(|| usize::try_from(before / STRETCH).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_record_of_a_stretch_has_a_place() {
        let places = StretchPlaces::default();
        for position in 1..=40 {
            places.note(Position(position), 1_000 + position);
        }
        assert_eq!(
            (0..4).map(|stretch| places.get(stretch)).collect::<Vec<_>>(),
            [Some(1_001), Some(1_017), Some(1_033), None]
        );
        places.set(9, 7);
        assert_eq!((places.get(5), places.get(9)), (None, Some(7)));
    }
}
