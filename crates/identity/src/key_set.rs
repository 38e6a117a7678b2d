//! The public keys of an issuer, as a JSON Web Key Set (RFC 7517) has them.

use super::token::Algorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

/// The reason why a text is no set of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is not written as such.
    #[error("no JSON Web Key Set: {0}")]
    Form(String),
    /// None of the keys can verify a signature.
    #[error("the key set has no key for signatures by RSA, on P-256 or P-384, or by Ed25519")]
    Empty,
}

/// The public keys of an issuer. Keys for other purposes, and of kinds that are not known, are passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeySet(Vec<PublicKey>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    id: Option<String>,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct SetText {
    keys: Vec<KeyText>,
}

#[derive(Deserialize)]
struct KeyText {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set.
    pub(super) fn parse(text: &str) -> Result<Self, KeySetError> {
        let set: SetText = serde_json::from_str(text).map_err(|error| KeySetError::Form(error.to_string()))?;
        let keys: Vec<PublicKey> = set.keys.into_iter().filter_map(PublicKey::of).collect();
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self(keys)) }
    }

    /// The key with which a token was signed. A token that names none is of the only key for its algorithm.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&PublicKey> {
        let mut fitting = self.0.iter().filter(|key| key.fits(algorithm));
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

impl PublicKey {
    fn of(text: KeyText) -> Option<Self> {
        if text.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |field: &Option<String>| URL_SAFE_NO_PAD.decode(field.as_deref()?).ok();
        // A point is its two coordinates behind a 4 (SEC 1, uncompressed).
        let point = |size: usize| {
            let (x, y) = (bytes(&text.x)?, bytes(&text.y)?);
            (x.len() == size && y.len() == size).then(|| [&[4][..], &x, &y].concat())
        };
        let material = match (text.kty.as_str(), text.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { modulus: bytes(&text.n)?, exponent: bytes(&text.e)? },
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(&text.x).filter(|x| x.len() == 32)?),
            _ => return None,
        };
        Some(Self { id: text.kid, algorithm: text.alg, material })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let is_of_kind = match &self.material {
            Material::Rsa { .. } => algorithm.is_rsa(),
            Material::P256(_) => algorithm == Algorithm::Es256,
            Material::P384(_) => algorithm == Algorithm::Es384,
            Material::Ed25519(_) => algorithm == Algorithm::EdDsa,
        };
        is_of_kind && self.algorithm.as_deref().is_none_or(|only| Algorithm::parse(only) == Some(algorithm))
    }

    /// Returns true if a signature of the text is by this key.
    pub(super) fn verifies(&self, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { modulus, exponent } => algorithm.rsa().is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n: modulus.as_slice(), e: exponent.as_slice() };
                key.verify(parameters, text, signature).is_ok()
            }),
            Material::P256(key) | Material::P384(key) | Material::Ed25519(key) => algorithm
                .other()
                .is_some_and(|kind| UnparsedPublicKey::new(kind, key.as_slice()).verify(text, signature).is_ok()),
        }
    }
}
