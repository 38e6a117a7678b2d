//! The mark by which a retry of an append is recognised, for ever and from the record alone.
//!
//! ```text
//! fingerprint = SHA-256("detente:retry:v1" | retry salt (16) | SHA-256 of the body (32)), cut to 16 bytes
//! of a staged append: "staged:1" | the same, cut to 8 bytes
//! ```
//!
//! The salt is random, lies in the header of the append, and is no part of the hash chain. A guess of a body can therefore
//! be tested against a copy of the record only as long as the salt is there. It is erased together with any event of the append
//! (by zeros, at the same length), and a retry is recognised by its id alone from then on. An append that was imported
//! from an export of an earlier form has a fingerprint without a salt, as has one of a history that is public anyway.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Salt;

const RETRY: &[u8; 16] = b"detente:retry:v1";
/// The beginning of the fingerprint of a staged append.
const STAGED: &[u8; 8] = b"staged:1";
/// The salt that takes the place of an erased one.
const ERASED: Salt = Salt([0; 16]);

/// The mark by which a retry is recognised: the client's request id, and a fingerprint of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestMark {
    /// The id the client chose.
    pub id: Uuid,
    /// A hash of the salt and the body.
    pub fingerprint: [u8; 16],
    /// The salt of the fingerprint; none if it has none, zeros if it was erased.
    pub salt: Option<Salt>,
}

/// A request with an id, as it is asked: the part that a mark is made of and compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The id the client chose.
    pub id: Uuid,
    /// SHA-256 of the body as parsed.
    pub body: [u8; 32],
    /// True if the append was staged: the body is then what the stage was opened with.
    pub staged: bool,
}

impl RequestKey {
    /// The mark of its append, with a salt if there is one.
    #[must_use]
    pub fn mark(&self, salt: Option<Salt>) -> RequestMark {
        RequestMark { id: self.id, fingerprint: self.fingerprint(salt), salt }
    }

    fn fingerprint(&self, salt: Option<Salt>) -> [u8; 16] {
        let salted = |salt: Salt| {
            Sha256::new().chain_update(RETRY).chain_update(salt.0).chain_update(self.body).finalize().into()
        };
        let hash: [u8; 32] = salt.map_or(self.body, salted);
        let prefix: &[u8] = if self.staged { STAGED } else { &[] };
        let mut fingerprint = [0; 16];
        fingerprint.iter_mut().zip(prefix.iter().chain(&hash)).for_each(|(to, from)| *to = *from);
        fingerprint
    }
}

impl RequestMark {
    /// Returns true if a request is the one that this mark was made of, or can no longer be told from it.
    #[must_use]
    pub fn is_of(&self, request: &RequestKey) -> bool {
        let same = || self.fingerprint == request.fingerprint(self.salt);
        let same_manner = || self.is_staged() == request.staged;
        self.id == request.id && if self.salt == Some(ERASED) { same_manner() } else { same() }
    }

    /// Returns true if it is the mark of a staged append.
    #[must_use]
    pub fn is_staged(&self) -> bool {
        self.fingerprint.starts_with(STAGED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RequestKey {
        RequestKey { id: Uuid::from_u128(7), body: [9; 32], staged: false }
    }

    #[test]
    fn the_fingerprint_is_the_documented_bytes() {
        let mut bytes = b"detente:retry:v1".to_vec();
        bytes.extend([3; 16]);
        bytes.extend([9; 32]);
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(key().mark(Some(Salt([3; 16]))).fingerprint, hash[..16]);
        let staged = RequestKey { staged: true, ..key() }.mark(Some(Salt([3; 16])));
        assert_eq!((&staged.fingerprint[..8], &staged.fingerprint[8..]), (&b"staged:1"[..], &hash[..8]));
    }

    #[test]
    fn a_retry_is_told_from_another_request_with_its_id() {
        let mark = key().mark(Some(Salt([3; 16])));
        assert!(mark.is_of(&key()) && !mark.is_staged());
        assert!(!mark.is_of(&RequestKey { body: [8; 32], ..key() }));
        assert!(!mark.is_of(&RequestKey { id: Uuid::from_u128(8), ..key() }));
        assert!(!mark.is_of(&RequestKey { staged: true, ..key() }));
        let staged = RequestKey { staged: true, ..key() };
        assert!(staged.mark(Some(Salt([3; 16]))).is_of(&staged) && staged.mark(Some(Salt([3; 16]))).is_staged());
    }

    #[test]
    fn the_same_body_has_another_fingerprint_with_another_salt() {
        assert_ne!(key().mark(Some(Salt([3; 16]))).fingerprint, key().mark(Some(Salt([4; 16]))).fingerprint);
    }

    #[test]
    fn a_mark_without_a_salt_is_compared_by_the_body_alone() {
        let mark = RequestMark { id: key().id, fingerprint: [9; 16], salt: None };
        assert!(mark.is_of(&key()) && !mark.is_of(&RequestKey { body: [8; 32], ..key() }));
    }

    #[test]
    fn once_the_salt_is_erased_the_id_alone_decides() {
        let mark = RequestMark { salt: Some(ERASED), ..key().mark(Some(Salt([3; 16]))) };
        let other = RequestKey { body: [8; 32], ..key() };
        assert!(mark.is_of(&other) && !mark.is_of(&RequestKey { staged: true, ..other }));
    }
}
