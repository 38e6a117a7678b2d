//! API keys as their holders have them: `dk_ID_SECRET`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The beginning of a key, by which tools that look for secrets find one.
const PREFIX: &str = "dk_";
/// The characters of an id: none that is taken for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const ID_CHARACTERS: usize = 10;
const SECRET_BYTES: usize = 32;

/// An API key. Its secret is in no text of it but [`ApiKey::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The id, which is no secret.
    pub id: String,
    secret: String,
}

impl ApiKey {
    /// A new key with 256 random bits.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0; ID_CHARACTERS], [0; SECRET_BYTES]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let character = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().map_or('a', char::from);
        Ok(Self { id: id.into_iter().map(character).collect(), secret: URL_SAFE_NO_PAD.encode(secret) })
    }

    /// Returns true if a token means to be a key, and no signed token.
    #[must_use]
    pub fn is_meant(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// The key that a token is.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let is_id = id.len() == ID_CHARACTERS && id.bytes().all(|byte| ALPHABET.contains(&byte));
        let is_secret = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
        (is_id && is_secret).then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// The whole key, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }

    /// The digest by which the server knows it. It is not slowed down: 256 random bits are not guessed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.reveal()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_shown_and_tells_nobody_else() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(ApiKey::parse(&key.reveal()), Some(key.clone()));
        assert!(!format!("{key:?}").contains(&key.secret));
        assert_ne!(key, ApiKey::generate().unwrap());
    }

    #[test]
    fn what_is_no_key_is_none() {
        let key = ApiKey::generate().unwrap().reveal();
        for token in ["", "dk_", "dk_abc_def", &key[1..], &key[..key.len() - 1], &format!("{key}A")] {
            assert_eq!(ApiKey::parse(token), None, "{token}");
        }
    }
}
