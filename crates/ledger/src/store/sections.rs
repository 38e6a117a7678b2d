//! Rows of several sorts, one after the other in a file: packed pieces of about a megabyte, each of rows of one sort.
//!
//! ```text
//!   piece:  sort (1 byte) · length (4 bytes, little-endian) · packed rows
//! ```
//!
//! The CRC-32C of the whole file is kept elsewhere, with its name.

use super::packing::{pack, unpack};
use std::io::{self, Read, Write};

const PIECE: usize = 1 << 20;

/// Writes rows.
pub(super) struct SectionWriter<W> {
    to: W,
    rows: Vec<u8>,
    section: u8,
    sum: u32,
}

impl<W: Write> SectionWriter<W> {
    /// Nothing yet.
    pub(super) fn new(to: W) -> Self {
        Self { to, rows: Vec::with_capacity(PIECE + PIECE / 8), section: 0, sum: 0 }
    }

    /// Begins with rows of another sort.
    pub(super) fn begin(&mut self, section: u8) -> io::Result<()> {
        self.flush()?;
        self.section = section;
        Ok(())
    }

    /// Puts a row, which `put` appends to what was put before.
    pub(super) fn row(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        put(&mut self.rows);
        if self.rows.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut piece = vec![self.section, 0, 0, 0, 0];
        pack(&self.rows, &mut piece);
        let length = u32::try_from(piece.len() - 5).unwrap_or(u32::MAX).to_le_bytes();
        piece.iter_mut().skip(1).zip(length).for_each(|(to, from)| *to = from);
        self.sum = crc32c::crc32c_append(self.sum, &piece);
        self.rows.clear();
        self.to.write_all(&piece)
    }

    /// Ends. Returns the checksum of all that was written.
    pub(super) fn end(mut self) -> io::Result<(W, u32)> {
        self.flush()?;
        self.to.flush()?;
        Ok((self.to, self.sum))
    }
}

/// Calls `found` with the rows of every piece. Returns the checksum of all that was read; none if it is not whole.
///
/// # Errors
/// If it cannot be read.
pub(super) fn read_sections(
    mut from: impl Read,
    mut found: impl FnMut(u8, Vec<u8>) -> bool,
) -> io::Result<Option<u32>> {
    let (mut sum, mut packed) = (0, Vec::new());
    loop {
        let mut head = Vec::with_capacity(5);
        from.by_ref().take(5).read_to_end(&mut head)?;
        let (section, length) = match head.as_slice() {
            [] => return Ok(Some(sum)),
            [section, a, b, c, d] => (*section, [*a, *b, *c, *d]),
            _ => return Ok(None),
        };
        packed.clear();
        let length = u64::from(u32::from_le_bytes(length));
        if from.by_ref().take(length).read_to_end(&mut packed)? as u64 != length {
            return Ok(None);
        }
        sum = crc32c::crc32c_append(crc32c::crc32c_append(sum, &head), &packed);
        if !unpack(&packed).is_some_and(|rows| found(section, rows)) {
            return Ok(None);
        }
    }
}

/// Takes `N` bytes off the front of rows.
pub(super) fn take<const N: usize>(rows: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = rows.split_first_chunk()?;
    *rows = rest;
    Some(*taken)
}

/// Takes bytes off the front of rows that [`put_bytes`] put there.
pub(super) fn take_bytes<'r>(rows: &mut &'r [u8]) -> Option<&'r [u8]> {
    let length = u32::from_le_bytes(take(rows)?);
    let (taken, rest) = rows.split_at_checked(length as usize)?;
    *rows = rest;
    Some(taken)
}

/// Puts bytes with their length before them.
pub(super) fn put_bytes<'b>(to: &mut Vec<u8>, parts: impl Iterator<Item = &'b [u8]>) {
    let at = to.len();
    to.extend_from_slice(&[0; 4]);
    parts.for_each(|bytes| to.extend_from_slice(bytes));
    let length = u32::try_from(to.len() - at - 4).unwrap_or(u32::MAX).to_le_bytes();
    to.iter_mut().skip(at).zip(length).for_each(|(to, from)| *to = from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_and_a_file_that_was_cut_is_refused() {
        let mut writer = SectionWriter::new(Vec::new());
        for section in 1..4_u8 {
            writer.begin(section).unwrap();
            for n in 0..200_000_u32 * u32::from(section) {
                writer.row(|to| to.extend_from_slice(&n.wrapping_mul(2_654_435_761).to_le_bytes())).unwrap();
            }
        }
        let (file, sum) = writer.end().unwrap();
        let mut counts = [0_u32; 4];
        let read = read_sections(&*file, |section, rows| {
            let mut rows = &*rows;
            while let Some(row) = take(&mut rows) {
                let count = &mut counts[usize::from(section)];
                assert_eq!(u32::from_le_bytes(row), count.wrapping_mul(2_654_435_761));
                *count += 1;
            }
            rows.is_empty()
        });
        assert_eq!((read.unwrap(), counts), (Some(sum), [0, 200_000, 400_000, 600_000]));
        for cut in [1, 3, 5, 100, file.len() - 1] {
            assert_ne!(read_sections(&file[..cut], |_, _| true).unwrap(), Some(sum), "{cut}");
        }
        let mut damaged = file.clone();
        damaged[file.len() / 2] ^= 1;
        assert_ne!(read_sections(&*damaged, |_, _| true).unwrap(), Some(sum));
    }

    #[test]
    fn bytes_come_back_with_their_lengths() {
        let mut rows = Vec::new();
        put_bytes(&mut rows, [b"ab".as_slice(), b"", b"c"].into_iter());
        put_bytes(&mut rows, std::iter::empty());
        let mut rows = &*rows;
        assert_eq!(
            (take_bytes(&mut rows), take_bytes(&mut rows), take_bytes(&mut rows)),
            (Some(&b"abc"[..]), Some(&[][..]), None)
        );
    }
}
