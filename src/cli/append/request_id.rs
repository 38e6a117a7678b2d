//! Request ids, which make a retry safe.
//!
//! A request keeps the id it has. Others get the one given on the command line or, without one, a random one that is
//! printed. Each of several requests in a file needs an id of its own; they are derived from that one id and the place
//! in the file, so the same file with the same `--request-id` is the same requests again.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use detente_proto::v1::AppendRequest;

/// Gives every request an id. Answers with the id that was made up for it, if one had to be.
pub(crate) fn complete(requests: &mut [AppendRequest], given: Option<Uuid>) -> Option<Uuid> {
    let base = given.unwrap_or_else(Uuid::new_v4);
    let alone = requests.len() == 1;
    let mut used = false;
    for (request, ordinal) in requests.iter_mut().zip(1..) {
        if request.request_id.is_empty() {
            request.request_id = if alone { base } else { derive_id(base, ordinal) }.to_string();
            used = true;
        }
    }
    (used && given.is_none()).then_some(base)
}

/// A version 8 UUID: bytes of a hash, by a rule of our own.
fn derive_id(base: Uuid, ordinal: u64) -> Uuid {
    let digest: [u8; 32] = Sha256::new().chain_update(base).chain_update(ordinal.to_be_bytes()).finalize().into();
    Builder::from_custom_bytes(digest.first_chunk().copied().unwrap_or_default()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(given: Option<Uuid>, of: &[&str]) -> (Vec<String>, Option<Uuid>) {
        let request = |id: &&str| AppendRequest { request_id: id.to_string(), ..Default::default() };
        let mut requests: Vec<_> = of.iter().map(request).collect();
        let made = complete(&mut requests, given);
        (requests.into_iter().map(|request| request.request_id).collect(), made)
    }

    #[test]
    fn an_id_is_made_only_where_none_is_given() {
        let (sent, made) = ids(None, &[""]);
        assert_eq!(sent, [made.unwrap().to_string()]);
        assert_eq!(ids(None, &["own"]), (vec!["own".to_owned()], None));
        assert_eq!(ids(Some(Uuid::nil()), &[""]), (vec![Uuid::nil().to_string()], None));
    }

    #[test]
    fn the_same_file_with_the_same_id_is_the_same_requests_again() {
        let given = Some(Uuid::from_u128(7));
        let (first, _) = ids(given, &["", "own", ""]);
        assert_eq!(ids(given, &["", "own", ""]).0, first);
        assert_eq!(first[1], "own");
        assert_ne!(first[0], first[2]);
        assert_eq!(Uuid::parse_str(&first[0]).unwrap().get_version_num(), 8);
    }
}
