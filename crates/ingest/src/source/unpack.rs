//! Unpacking: `.gz`, `.xz`, `.zst` and `.zip`, recognised by the bytes a file begins with, not by its name.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const GZIP: &[u8] = &[0x1f, 0x8b];
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const ZIP: &[u8] = b"PK\x03\x04";

/// Counts what is read, for progress.
pub(super) struct CountingReader<R> {
    pub(super) inner: R,
    pub(super) read: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Seek> Seek for CountingReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Returns true if a file begins with the signature of a zip archive. The file is left at its beginning.
pub(super) fn is_zip(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut head = Vec::with_capacity(ZIP.len());
    file.by_ref().take(ZIP.len() as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head == ZIP)
}

/// The stream that is packed in a stream, if it is packed. Several packed streams behind one another are one.
pub(super) fn unpack<'r>(mut stream: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = Vec::with_capacity(XZ.len());
    stream.by_ref().take(XZ.len() as u64).read_to_end(&mut head)?;
    let kind = [GZIP, XZ, ZSTANDARD].into_iter().find(|magic| head.starts_with(magic));
    let whole: Box<dyn Read + 'r> = Box::new(io::Cursor::new(head).chain(stream));
    Ok(match kind {
        Some(GZIP) => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        Some(XZ) => Box::new(liblzma::read::XzDecoder::new_multi_decoder(whole)),
        Some(_) => Box::new(zstd::stream::read::Decoder::new(whole)?),
        None => whole,
    })
}

/// The name of a file without what says that it is packed.
pub(super) fn plain_name(name: &str) -> &str {
    [".gz", ".xz", ".zst", ".zstd"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(name)
}

/// Returns true if a file is an archive, by its name.
pub(super) fn is_archive(name: &str) -> bool {
    plain_name(name).ends_with(".tar") || name.ends_with(".tgz") || name.ends_with(".txz")
}
