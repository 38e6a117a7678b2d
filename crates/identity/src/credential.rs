//! Credentials: one that counts, or the reason why it does not.

use super::principal::Principal;

/// A credential that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The caller that it proves.
    pub principal: Principal,
    /// The second since 1970 after which it counts no longer, if there is one.
    pub expires: Option<i64>,
}

/// The reason why a credential proves nobody. None of them says which part of a secret is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// Nothing was shown.
    #[error("the call shows no credential; this server asks for {0}")]
    Missing(&'static str),
    /// The header is none of the form `Bearer TOKEN`, or there are several.
    #[error("expected one header authorization with Bearer and a token")]
    Header,
    /// No key of the server.
    #[error("the key is not known")]
    UnknownKey,
    /// A key that was taken back.
    #[error("the key is revoked")]
    Revoked,
    /// A key or a token past its end.
    #[error("the {0} has expired")]
    Expired(&'static str),
    /// A token that is no token.
    #[error("the token is malformed: {0}")]
    Token(String),
    /// A token of an issuer that is not configured.
    #[error("the token is of an issuer that this server does not know")]
    UnknownIssuer,
    /// A token for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// A token signed in a way that its issuer does not use.
    #[error("the token is signed by an algorithm that its issuer does not use here")]
    Algorithm,
    /// A token signed by a key that is not in the set of its issuer.
    #[error("the token is signed by a key that is not in the key set of its issuer")]
    UnknownSigner,
    /// A signature that is wrong.
    #[error("the signature of the token is wrong")]
    Signature,
    /// A token that counts later.
    #[error("the token does not count yet")]
    TooEarly,
    /// A token that would count for longer than a day.
    #[error("the token counts for longer than 24 hours")]
    TooLong,
    /// A certificate that names nobody.
    #[error("the certificate has no name of the sort that counts here (a URI or a DNS name)")]
    Nameless,
}
