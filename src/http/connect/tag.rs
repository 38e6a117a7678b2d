//! The tag of a reply to a query: the same bytes in the same form have the same tag.

use axum::http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Bytes of the digest that a tag has.
const BYTES: usize = 12;

/// The tag of a body in a form, as a header has it.
pub(super) fn tag(form: &str, body: &[u8]) -> String {
    let digest = Sha256::new().chain_update(form).chain_update([0]).chain_update(body).finalize();
    let mut tag = String::with_capacity(2 * BYTES + 2);
    tag.push('"');
    for byte in digest.iter().take(BYTES) {
        // Writing to a string does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// True if the client says that it has the reply with this tag.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|listed| listed.to_str().ok());
    let mut known = listed.flat_map(|listed| listed.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
