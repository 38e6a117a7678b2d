//! Compressed replies. Small ones go as they are: compressed they would hardly be smaller.

use crate::grpc::inflate::{Compression, aside};
use crate::grpc::sending::{reserve, with_reservation};
use crate::http::Web;
use crate::http::failure::HttpFailure;
use axum::body::Bytes;
use detente_ledger::budget::{SMALL, SMALL_REPLY};
use std::io::{self, Write as _};

/// Replies of fewer bytes are not compressed.
const LEAST: usize = 1024;
/// Much of what the best level gives, several times as fast.
const GZIP_LEVEL: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

/// The compression that bytes are to have.
pub(super) fn choose(wanted: Option<Compression>, bytes: usize) -> Option<Compression> {
    wanted.filter(|_| bytes >= LEAST)
}

/// Compresses bytes behind what is there already.
pub(super) fn append(compression: Compression, bytes: &[u8], to: Vec<u8>) -> io::Result<Vec<u8>> {
    match compression {
        Compression::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(to, flate2::Compression::new(GZIP_LEVEL));
            gzip.write_all(bytes)?;
            gzip.finish()
        }
        Compression::Zstd => {
            let mut zstd = zstd::stream::write::Encoder::new(to, ZSTD_LEVEL)?;
            zstd.write_all(bytes)?;
            zstd.finish()
        }
    }
}

/// Compressed bytes. Large ones are compressed where nobody waits, and hold what is reserved for them.
pub(super) async fn compress(web: &Web, compression: Compression, bytes: Bytes) -> Result<Bytes, HttpFailure> {
    let length = bytes.len();
    if length <= SMALL {
        let packed = append(compression, &bytes, Vec::new()).map_err(HttpFailure::defect)?;
        return match packed.len() {
            0..=SMALL_REPLY => Ok(packed.into()),
            length => Ok(with_reservation(packed, reserve(&web.memory, length).await?)),
        };
    }
    let mut reserved = reserve(&web.memory, length).await?;
    let packed = aside(move || append(compression, &bytes, Vec::new())).await?.map_err(HttpFailure::defect)?;
    reserved.shrink_to(packed.len());
    Ok(with_reservation(packed, reserved))
}
