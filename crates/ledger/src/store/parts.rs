//! The keys of the parts of a value, and the mark before the bytes of each, which is the number of parts.

/// The key of a part.
pub(super) fn key(number: usize, part: usize) -> [u8; 10] {
    let mut key = [0; 10];
    let bytes = (number as u64).to_be_bytes().into_iter().chain((part as u16).to_be_bytes());
    key.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    key
}

/// The number in a key.
pub(super) fn number_in(key: &[u8]) -> usize {
    let number = key.get(..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A count of parts that needs two bytes more.
const LONG: u8 = u8::MAX;

/// The mark before the bytes of each part: the number of parts.
pub(super) fn part_mark(count: usize) -> Vec<u8> {
    match u8::try_from(count) {
        Ok(short) if short != LONG => vec![short],
        _ => [&[LONG], u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes().as_slice()].concat(),
    }
}

/// The number of parts, and the bytes of this one.
pub(super) fn take_part_mark(part: &[u8]) -> Option<(usize, &[u8])> {
    match part.split_first()? {
        (&LONG, rest) => {
            rest.split_first_chunk().map(|(count, bytes)| (usize::from(u16::from_be_bytes(*count)), bytes))
        }
        (short, bytes) => Some((usize::from(*short), bytes)),
    }
}
