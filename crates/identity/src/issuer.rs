//! Issuers of signed tokens: OpenID providers, and what of theirs counts here.

use super::credential::{Credential, CredentialFault};
use super::key_set::{KeySet, KeySetError};
use super::principal::Principal;
use super::token::{Algorithm, SignedToken};

/// Seconds by which the clocks of issuer and server may differ.
const LEEWAY: i64 = 30;
/// Seconds for which a token may count: one that is stolen ends some time.
const LONGEST: i64 = 24 * 60 * 60;

/// The settings of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSettings {
    /// The name of the issuer in principals.
    pub alias: String,
    /// The issuer as its tokens name it (`iss`).
    pub issuer: String,
    /// The audience that its tokens must be for (`aud`).
    pub audience: String,
    /// The algorithms that it signs by.
    pub algorithms: Vec<Algorithm>,
}

/// An issuer with its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    settings: IssuerSettings,
    keys: KeySet,
}

impl Issuer {
    /// An issuer with the keys of a JSON Web Key Set.
    ///
    /// # Errors
    /// If the text is none, or has no key that can be used.
    pub fn new(settings: IssuerSettings, key_set: &str) -> Result<Self, KeySetError> {
        Ok(Self { settings, keys: KeySet::parse(key_set)? })
    }

    /// Judges a signed token at a second since 1970, by the one of these issuers that it names.
    ///
    /// # Errors
    /// If it does not count.
    pub fn verify(issuers: &[Self], token: &str, now: i64) -> Result<Credential, CredentialFault> {
        let token = SignedToken::parse(token)?;
        // The claims of a token count once its signature is that of the issuer it names.
        let issuer = issuers.iter().find(|issuer| issuer.settings.issuer == token.claims.iss);
        issuer.ok_or(CredentialFault::UnknownIssuer)?.judge(&token, now)
    }

    fn judge(&self, token: &SignedToken<'_>, now: i64) -> Result<Credential, CredentialFault> {
        let algorithm = Algorithm::parse(&token.header.alg);
        let algorithm = algorithm.filter(|algorithm| self.settings.algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or(CredentialFault::Algorithm)?;
        let key = self.keys.find(token.header.kid.as_deref(), algorithm).ok_or(CredentialFault::UnknownSigner)?;
        if !key.verifies(algorithm, token.signed.as_bytes(), &token.signature) {
            return Err(CredentialFault::Signature);
        }
        let claims = &token.claims;
        if !claims.aud.contains(&self.settings.audience) {
            return Err(CredentialFault::Audience);
        }
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(CredentialFault::Expired("token"));
        }
        if claims.nbf.is_some_and(|not_before| not_before.saturating_sub(LEEWAY) > now) {
            return Err(CredentialFault::TooEarly);
        }
        if claims.exp.saturating_sub(claims.iat.unwrap_or(now).min(now)) > LONGEST + LEEWAY {
            return Err(CredentialFault::TooLong);
        }
        let principal = Principal::of_token(&self.settings.alias, &claims.sub);
        let principal = principal.map_err(|error| CredentialFault::Token(format!("sub: {error}")))?;
        Ok(Credential { principal, expires: Some(claims.exp.saturating_add(LEEWAY)) })
    }
}

#[cfg(test)]
mod tests;
