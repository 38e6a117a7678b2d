//! The encoding of a request in the Connect protocol: gzip and zstd are decoded, never to more than a request may have.

use super::failure::Failure;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use std::io::{self, Read};

/// What is accepted, as a refusal says it.
const ACCEPTED: &str = "gzip, zstd, identity";

/// The body of a request without its encoding, at most so many bytes of it.
pub(super) fn decoded(headers: &HeaderMap, body: Bytes, most: usize) -> Result<Bytes, Failure> {
    let said = headers.get(header::CONTENT_ENCODING).map_or(Ok("identity"), |said| said.to_str());
    let said = said.unwrap_or_default().trim().to_ascii_lowercase();
    let read = match said.as_str() {
        "identity" | "" => return Ok(body),
        "gzip" => all(flate2::read::MultiGzDecoder::new(&*body), most),
        "zstd" => zstd::stream::read::Decoder::new(&*body).and_then(|decoder| all(decoder, most)),
        _ => {
            let why = format!("the content-encoding {said:?} is not known here; send one of {ACCEPTED}");
            return Err(Failure::of("unimplemented", StatusCode::NOT_IMPLEMENTED, why));
        }
    };
    let read = read.map_err(|error| Failure::invalid(format!("the body is not {said}: {error}")))?;
    if read.len() > most {
        let why = format!("the request is larger than {most} bytes once it is decoded");
        return Err(Failure::of("resource_exhausted", StatusCode::TOO_MANY_REQUESTS, why));
    }
    Ok(read.into())
}

/// All bytes, and one more than the most where there are more.
fn all(reader: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    reader.take((most as u64).saturating_add(1)).read_to_end(&mut read)?;
    Ok(read)
}
