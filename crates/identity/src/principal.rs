//! Principals: callers by names that say how they were proven.

use std::fmt;
use std::sync::Arc;

/// Maximum bytes of a name, which is recorded with every event.
const MOST: usize = 256;

/// A caller: `key:desk`, `x509:spiffe://example/desk`, `oidc:corp/alice`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal(Arc<str>);

/// A text that names no caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Something else than a short name.
    #[error("expected a name of at most {MOST} bytes without spaces and control characters")]
    Form,
    /// No way of proof before the colon.
    #[error("expected key:NAME, x509:NAME or oidc:ALIAS/SUBJECT")]
    Way,
}

impl Principal {
    /// The holder of API keys.
    ///
    /// # Errors
    /// If it cannot be a name.
    pub fn of_key(name: &str) -> Result<Self, NameError> {
        Self::new("key", name)
    }

    /// The subject of a certificate, by its first URI, else its first DNS name. Its common name counts for nothing.
    ///
    /// # Errors
    /// If it has neither, or one that cannot be a name.
    pub fn of_certificate(uris: &[String], dns_names: &[String]) -> Result<Self, NameError> {
        let name = uris.first().or_else(|| dns_names.first()).ok_or(NameError::Form)?;
        Self::new("x509", name)
    }

    /// The subject of a token of an issuer.
    ///
    /// # Errors
    /// If it cannot be a name.
    pub fn of_token(alias: &str, subject: &str) -> Result<Self, NameError> {
        if subject.is_empty() {
            return Err(NameError::Form);
        }
        Self::new("oidc", &format!("{alias}/{subject}"))
    }

    /// A principal as it is written in a configuration.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.split_once(':') {
            Some((way @ ("key" | "x509" | "oidc"), name)) => Self::new(way, name),
            _ => Err(NameError::Way),
        }
    }

    fn new(way: &str, name: &str) -> Result<Self, NameError> {
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !is_invisible(c);
        let whole = format!("{way}:{name}");
        let is_name = !name.is_empty() && whole.len() <= MOST && name.chars().all(is_plain);
        if is_name { Ok(Self(whole.into())) } else { Err(NameError::Form) }
    }

    /// The name, as it is recorded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Returns true for characters that make two names look alike: marks of direction and joiners.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_by_its_uri_before_its_dns_name() {
        let (uri, dns) = (["spiffe://example/desk".to_owned()], ["desk.example".to_owned()]);
        assert_eq!(Principal::of_certificate(&uri, &dns).unwrap().name(), "x509:spiffe://example/desk");
        assert_eq!(Principal::of_certificate(&[], &dns).unwrap().name(), "x509:desk.example");
        assert_eq!(Principal::of_certificate(&[], &[]), Err(NameError::Form));
    }

    #[test]
    fn a_name_is_short_and_has_nothing_that_cannot_be_seen() {
        assert_eq!(Principal::parse("oidc:corp/alice").unwrap(), Principal::of_token("corp", "alice").unwrap());
        for name in ["", "a b", "a\nb", "a\u{202e}b", "a\u{200b}", &"x".repeat(MOST)] {
            assert_eq!(Principal::of_key(name), Err(NameError::Form), "{name:?}");
        }
        for text in ["desk", "user:desk", ":desk"] {
            assert_eq!(Principal::parse(text), Err(NameError::Way), "{text}");
        }
    }
}
