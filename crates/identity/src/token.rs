//! Signed tokens (JSON Web Tokens, RFC 7519, in the compact form of RFC 7515).

use super::credential::CredentialFault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, VerificationAlgorithm};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Maximum bytes of a token.
const MOST: usize = 16 << 10;

/// An algorithm of signatures: with a private and a public key. Those with a shared secret and `none` are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called so (RFC 7518)")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The name, as tokens have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of a name. Ed25519 is the newer one of EdDSA (RFC 9864).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(super) fn is_rsa(self) -> bool {
        self.rsa().is_some()
    }

    pub(super) fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 | Self::Es384 | Self::EdDsa => None,
        }
    }

    pub(super) fn other(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self {
            Self::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDsa => Some(&signature::ED25519),
            _ => None,
        }
    }
}

/// A token, taken apart and not judged.
#[derive(Debug)]
pub(super) struct SignedToken<'a> {
    pub(super) header: TokenHeader,
    pub(super) claims: TokenClaims,
    /// The text that was signed.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenHeader {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    /// Extensions that a reader must understand; none is understood here.
    crit: Option<serde_json::Value>,
}

/// The claims that are looked at. `exp`, `iss`, `aud` and `sub` are required.
#[derive(Debug, Deserialize)]
pub(super) struct TokenClaims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: TokenAudience,
    #[serde(deserialize_with = "seconds")]
    pub(super) exp: i64,
    #[serde(default, deserialize_with = "optional_seconds")]
    pub(super) nbf: Option<i64>,
    #[serde(default, deserialize_with = "optional_seconds")]
    pub(super) iat: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum TokenAudience {
    One(String),
    Several(Vec<String>),
}

impl TokenAudience {
    pub(super) fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

/// A number of seconds since 1970, which may have fractions.
fn seconds<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    const MOST: f64 = 1e15;
    let number = f64::deserialize(from)?;
    // Within this bound a number is exact.
    #[expect(clippy::cast_possible_truncation, reason = "bounded, and fractions do not count")]
    let whole = if number.abs() <= MOST { Some(number as i64) } else { None };
    whole.ok_or_else(|| serde::de::Error::custom("no time since 1970"))
}

fn optional_seconds<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    seconds(from).map(Some)
}

impl<'a> SignedToken<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, CredentialFault> {
        let wrong = |why: &str| CredentialFault::Token(why.to_owned());
        if token.len() > MOST {
            return Err(wrong("it is too long"));
        }
        let (signed, signature) =
            token.rsplit_once('.').ok_or_else(|| wrong("expected three parts with dots between"))?;
        let (header, claims) = signed.split_once('.').ok_or_else(|| wrong("expected three parts with dots between"))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| wrong("its signature is no base64url"))?;
        let header: TokenHeader = part(header, "header")?;
        if header.crit.is_some() {
            return Err(wrong("its header has critical extensions"));
        }
        Ok(Self { header, claims: part(claims, "claims")?, signed, signature })
    }
}

fn part<T: DeserializeOwned>(text: &str, name: &str) -> Result<T, CredentialFault> {
    let bytes =
        URL_SAFE_NO_PAD.decode(text).map_err(|_| CredentialFault::Token(format!("its {name} is no base64url")))?;
    serde_json::from_slice(&bytes).map_err(|error| CredentialFault::Token(format!("its {name}: {error}")))
}
