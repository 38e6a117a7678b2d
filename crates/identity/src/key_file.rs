//! The file of API keys: of each its id, its holder, its digest and its times. It has no secret.

use super::credential::{Credential, CredentialFault};
use super::key::ApiKey;
use super::principal::Principal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use subtle::ConstantTimeEq as _;

/// The first lines of a file.
const HEAD: &str = "# Keys of the callers of a Detente server, made by `detente key`. Secrets are not in here.\n";

/// The reason why a text is no file of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It is not written as such.
    #[error("{0}")]
    Form(String),
    /// A key is not what it should be.
    #[error("key {id}: {why}")]
    Key {
        /// The id of the key.
        id: String,
        /// The fault.
        why: String,
    },
}

/// A key of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// The id, which the key itself begins with.
    pub id: String,
    /// The name of its holder, without the `key:` before it.
    pub holder: String,
    /// The digest of the whole key, in hexadecimal digits.
    pub sha256: String,
    /// The time at which it was made (RFC 3339).
    pub created: String,
    /// The time at which it ends, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The time at which it was taken back, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

/// The state of a key at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It counts.
    Active,
    /// Its end has come.
    Expired,
    /// It was taken back.
    Revoked,
}

/// A file of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFile {
    records: Vec<KeyRecord>,
    by_id: HashMap<String, KnownKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct KnownKey {
    principal: Principal,
    digest: [u8; 32],
    expires: Option<i64>,
    is_revoked: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFileText {
    #[serde(default, rename = "key")]
    keys: Vec<KeyRecord>,
}

impl KeyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is no file of keys, or two keys have one id.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let text: KeyFileText = toml::from_str(text).map_err(|error| KeyFileError::Form(error.to_string()))?;
        let mut file = Self::default();
        for record in text.keys {
            file.add(record)?;
        }
        Ok(file)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// If it cannot be written as such.
    pub fn text(&self) -> Result<String, KeyFileError> {
        let text = KeyFileText { keys: self.records.clone() };
        let text = toml::to_string(&text).map_err(|error| KeyFileError::Form(error.to_string()))?;
        Ok(format!("{HEAD}\n{text}"))
    }

    /// The keys, in the order of the file.
    #[must_use]
    pub fn records(&self) -> &[KeyRecord] {
        &self.records
    }

    /// Adds a new key.
    ///
    /// # Errors
    /// If its holder cannot be a name.
    pub fn issue(
        &mut self,
        key: &ApiKey,
        holder: &str,
        now: Timestamp,
        expires: Option<Timestamp>,
    ) -> Result<(), KeyFileError> {
        self.add(KeyRecord {
            id: key.id.clone(),
            holder: holder.to_owned(),
            sha256: key.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
            created: second(now),
            expires: expires.map(second),
            revoked: None,
        })
    }

    /// Takes a key back; false if there is none of this id. One that was taken back before stays so.
    pub fn revoke(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(record) = self.records.iter_mut().find(|record| record.id == id) else { return false };
        record.revoked.get_or_insert_with(|| second(now));
        self.by_id.entry(id.to_owned()).and_modify(|key| key.is_revoked = true);
        true
    }

    /// The state of a key at a second since 1970; none if there is none of this id.
    #[must_use]
    pub fn state(&self, id: &str, now: i64) -> Option<KeyState> {
        self.by_id.get(id).map(|key| key.state(now))
    }

    /// Judges a key at a second since 1970.
    ///
    /// # Errors
    /// If it does not count.
    pub fn verify(&self, token: &str, now: i64) -> Result<Credential, CredentialFault> {
        let key = ApiKey::parse(token).ok_or(CredentialFault::UnknownKey)?;
        let known = self.by_id.get(&key.id).ok_or(CredentialFault::UnknownKey)?;
        if !bool::from(known.digest.ct_eq(&key.digest())) {
            return Err(CredentialFault::UnknownKey);
        }
        match known.state(now) {
            KeyState::Active => Ok(Credential { principal: known.principal.clone(), expires: known.expires }),
            KeyState::Expired => Err(CredentialFault::Expired("key")),
            KeyState::Revoked => Err(CredentialFault::Revoked),
        }
    }

    fn add(&mut self, record: KeyRecord) -> Result<(), KeyFileError> {
        let wrong = |why: String| KeyFileError::Key { id: record.id.clone(), why };
        let time =
            |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|error| wrong(error.to_string()));
        let known = KnownKey {
            principal: Principal::of_key(&record.holder).map_err(|error| wrong(format!("holder: {error}")))?,
            digest: digest(&record.sha256).ok_or_else(|| wrong("sha256: expected 64 hexadecimal digits".to_owned()))?,
            expires: record.expires.as_deref().map(time).transpose()?,
            is_revoked: record.revoked.is_some(),
        };
        if self.by_id.insert(record.id.clone(), known).is_some() {
            return Err(wrong("it is there twice".to_owned()));
        }
        self.records.push(record);
        Ok(())
    }
}

impl KnownKey {
    fn state(&self, now: i64) -> KeyState {
        match self.expires {
            _ if self.is_revoked => KeyState::Revoked,
            Some(expires) if expires <= now => KeyState::Expired,
            _ => KeyState::Active,
        }
    }
}

/// A time as it is written, without fractions of a second.
fn second(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_key_counts_until_its_end_or_until_it_is_taken_back() {
        let (mut file, key, other) = (KeyFile::default(), ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        file.issue(&key, "desk", at(100), Some(at(200))).unwrap();
        file.issue(&other, "desk", at(100), None).unwrap();
        let token = key.reveal();
        assert_eq!(file.verify(&token, 199).unwrap().principal.name(), "key:desk");
        assert_eq!(file.verify(&token, 200), Err(CredentialFault::Expired("key")));
        assert!(file.revoke(&key.id, at(150)) && !file.revoke("none", at(150)));
        assert_eq!(file.verify(&token, 199), Err(CredentialFault::Revoked));
        assert!(file.verify(&other.reveal(), 1 << 40).is_ok(), "the other key of the holder");
    }

    #[test]
    fn the_file_is_read_as_it_was_written_and_has_no_secret() {
        let (mut file, key) = (KeyFile::default(), ApiKey::generate().unwrap());
        file.issue(&key, "desk", at(100), Some(at(200))).unwrap();
        file.revoke(&key.id, at(150));
        let text = file.text().unwrap();
        assert_eq!(KeyFile::parse(&text).unwrap(), file);
        let secret = key.reveal();
        assert!(!text.contains(secret.rsplit_once('_').unwrap().1), "{text}");
        assert!(text.contains("created = \"1970-01-01T00:01:40Z\""), "{text}");
    }

    #[test]
    fn another_secret_with_the_same_id_is_not_known() {
        let (mut file, key, other) = (KeyFile::default(), ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        file.issue(&key, "desk", at(100), None).unwrap();
        let forged = other.reveal().replace(&other.id, &key.id);
        for token in [forged.as_str(), &other.reveal(), "dk_", "nothing"] {
            assert_eq!(file.verify(token, 150), Err(CredentialFault::UnknownKey), "{token}");
        }
    }

    #[test]
    fn a_file_that_is_wrong_is_told_by_the_key() {
        let key = |more: &str| {
            format!("[[key]]\nid = \"a\"\nholder = \"desk\"\ncreated = \"2026-01-01T00:00:00Z\"\n{more}\n")
        };
        let digest = format!("sha256 = \"{}\"", "0".repeat(64));
        let told = |text: &str| KeyFile::parse(text).map(|_| ()).unwrap_err().to_string();
        assert!(told(&key("sha256 = \"00\"")).contains("key a: sha256"));
        assert!(told(&key(&format!("{digest}\nexpires = \"soon\""))).contains("key a:"));
        assert!(told(&key(&digest).repeat(2)).contains("it is there twice"));
        assert!(told(&key(&format!("{digest}\nsecret = \"x\""))).contains("secret"));
        assert!(told(&key(&digest).replace("desk", "a desk")).contains("holder"));
    }
}
