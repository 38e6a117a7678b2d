//! Compression of the values in sled. Claims of one log repeat each other, so sixteen events take a third of their bytes.
//!
//! ```text
//!   length before (4 bytes, little-endian) · zstd frame           or, where that is no smaller:   0 · the bytes
//! ```
//!
//! Contexts of zstd are costly to make and hold memory, so a few are kept for whoever comes next.

use parking_lot::Mutex;
use zstd::bulk::{Compressor, Decompressor};

/// The lowest level is quick, and higher ones gain little on values of a few KB.
const LEVEL: i32 = 1;
/// Maximum number of bytes that a value may become. It has sixteen events, each of which came in one request.
const MAX_LENGTH: usize = 1 << 29;
/// The number of contexts that are kept.
const KEPT: usize = 4;

static COMPRESSORS: Mutex<Vec<Compressor<'static>>> = Mutex::new(Vec::new());
static DECOMPRESSORS: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// Bytes in packed form, behind those of `to`.
pub(super) fn pack(plain: &[u8], to: &mut Vec<u8>) {
    match compress(plain).filter(|packed| packed.len() < plain.len()) {
        Some(packed) => {
            let length = u32::try_from(plain.len()).unwrap_or_default();
            to.extend_from_slice(&length.to_le_bytes());
            to.extend_from_slice(&packed);
        }
        None => {
            to.extend_from_slice(&[0; 4]);
            to.extend_from_slice(plain);
        }
    }
}

/// The bytes that were packed; none if they are not whole.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (length, bytes) = packed.split_first_chunk()?;
    match usize::try_from(u32::from_le_bytes(*length)).ok()? {
        0 => Some(bytes.to_vec()),
        length if length <= MAX_LENGTH => decompress(bytes, length).filter(|plain| plain.len() == length),
        _ => None,
    }
}

fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let known = COMPRESSORS.lock().pop();
    let mut compressor = known.or_else(|| Compressor::new(LEVEL).ok())?;
    let packed = compressor.compress(plain).ok();
    keep(&COMPRESSORS, compressor);
    packed
}

fn decompress(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let known = DECOMPRESSORS.lock().pop();
    let mut decompressor = known.or_else(|| Decompressor::new().ok())?;
    let plain = decompressor.decompress(packed, length).ok();
    keep(&DECOMPRESSORS, decompressor);
    plain
}

fn keep<T>(kept: &Mutex<Vec<T>>, context: T) {
    let mut kept = kept.lock();
    if kept.len() < KEPT {
        kept.push(context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack_alone(plain: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        pack(plain, &mut packed);
        packed
    }

    proptest! {
        #[test]
        fn bytes_come_back_as_they_were(plain in proptest::collection::vec(any::<u8>(), 0..3000), times in 1..20_usize) {
            let plain = plain.repeat(times);
            prop_assert_eq!(unpack(&pack_alone(&plain)), Some(plain));
        }

        #[test]
        fn no_bytes_become_more_than_four_longer(plain in proptest::collection::vec(any::<u8>(), 0..3000)) {
            prop_assert!(pack_alone(&plain).len() <= plain.len() + 4);
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(packed in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(plain) = unpack(&packed) {
                prop_assert!(plain.len() <= MAX_LENGTH);
            }
        }
    }

    #[test]
    fn what_repeats_itself_becomes_small() {
        let plain = b"Russia and Azerbaijan signed an agreement. ".repeat(100);
        assert!(pack_alone(&plain).len() < plain.len() / 20);
    }

    #[test]
    fn a_length_that_is_not_that_of_the_bytes_is_refused() {
        let mut packed = pack_alone(&b"agreement ".repeat(100));
        packed[0] ^= 1;
        assert_eq!(unpack(&packed), None);
        packed[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unpack(&packed), None);
        assert_eq!(unpack(&packed[..3]), None);
    }
}
