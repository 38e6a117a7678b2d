//! The settings of authentication: files of keys, issuers of tokens, and who may record as others.

use super::ConfigError;
use detente_identity::{Algorithm, Principal};
use serde::Deserialize;
use std::path::PathBuf;

/// The ways by which callers can prove who they are, beside certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The file of API keys.
    pub keys: Option<PathBuf>,
    /// The issuers of signed tokens.
    pub issuers: Vec<IssuerFiles>,
    /// Callers that may record under other names than their own.
    pub record_as: Vec<Principal>,
}

/// An issuer of signed tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerFiles {
    /// The name of the issuer in principals.
    pub alias: String,
    /// The issuer as its tokens name it.
    pub issuer: String,
    /// The audience that its tokens must be for.
    pub audience: String,
    /// The file of its key set.
    pub key_set: PathBuf,
    /// The algorithms that it signs by.
    pub algorithms: Vec<Algorithm>,
}

/// An issuer, as the file of the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerTable {
    alias: String,
    issuer: String,
    audience: String,
    key_set: PathBuf,
    algorithms: Vec<String>,
}

impl IdentityFiles {
    pub(super) fn of(
        keys: Option<PathBuf>,
        issuers: Vec<IssuerTable>,
        record_as: Vec<String>,
    ) -> Result<Self, ConfigError> {
        let issuers: Vec<IssuerFiles> = issuers.into_iter().map(IssuerFiles::of).collect::<Result<_, _>>()?;
        for (at, issuer) in issuers.iter().enumerate() {
            let is_there = |other: &IssuerFiles| other.alias == issuer.alias || other.issuer == issuer.issuer;
            if issuers.iter().take(at).any(is_there) {
                return Err(wrong(&issuer.alias, "another issuer has its alias or its name"));
            }
        }
        let record_as = record_as.iter().map(|name| {
            Principal::parse(name).map_err(|error| ConfigError::RecordAs { name: name.clone(), why: error.to_string() })
        });
        Ok(Self { keys, issuers, record_as: record_as.collect::<Result<_, _>>()? })
    }

    /// Returns true if there is a way to prove who calls.
    #[must_use]
    pub fn has_a_way(&self) -> bool {
        self.keys.is_some() || !self.issuers.is_empty()
    }
}

impl IssuerFiles {
    fn of(table: IssuerTable) -> Result<Self, ConfigError> {
        let IssuerTable { alias, issuer, audience, key_set, algorithms } = table;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if alias.is_empty() || !alias.chars().all(is_plain) {
            return Err(wrong(&alias, "its alias is made of letters, digits and - _ ."));
        }
        for (name, value) in [("issuer", &issuer), ("audience", &audience)] {
            if value.is_empty() {
                return Err(wrong(&alias, &format!("{name} is empty")));
            }
        }
        let mut known = Vec::new();
        for name in &algorithms {
            let all = || Algorithm::ALL.map(Algorithm::name).join(", ");
            let found = Algorithm::parse(name);
            known.push(found.ok_or_else(|| wrong(&alias, &format!("{name:?} is none of the algorithms {}", all())))?);
        }
        if known.is_empty() {
            return Err(wrong(&alias, "algorithms is empty"));
        }
        Ok(Self { alias, issuer, audience, key_set, algorithms: known })
    }
}

fn wrong(alias: &str, why: &str) -> ConfigError {
    ConfigError::Issuer { alias: alias.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(alias: &str, issuer: &str, algorithm: &str) -> IssuerTable {
        let algorithms = if algorithm.is_empty() { Vec::new() } else { vec![algorithm.to_owned()] };
        let (alias, issuer) = (alias.to_owned(), issuer.to_owned());
        IssuerTable { alias, issuer, audience: "detente".to_owned(), key_set: "keys.json".into(), algorithms }
    }

    #[test]
    fn an_issuer_is_whole_and_there_once() {
        let of = |issuers| IdentityFiles::of(None, issuers, Vec::new()).map_err(|error| error.to_string());
        let good = table("corp", "https://id.example", "RS256");
        let files = of(vec![good.clone()]).unwrap();
        assert!(files.has_a_way() && files.issuers[0].algorithms == [Algorithm::Rs256]);
        assert!(!of(Vec::new()).unwrap().has_a_way());
        for (tables, words) in [
            (vec![table("a corp", "https://id.example", "RS256")], "its alias"),
            (vec![table("corp", "", "RS256")], "issuer is empty"),
            (vec![table("corp", "https://id.example", "HS256")], "\"HS256\" is none of"),
            (vec![table("corp", "https://id.example", "")], "algorithms is empty"),
            (vec![good.clone(), table("other", "https://id.example", "RS256")], "another issuer"),
            (vec![good.clone(), table("corp", "https://other.example", "RS256")], "another issuer"),
        ] {
            let told = of(tables).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn who_records_as_others_is_a_principal() {
        let of = |name: &str| IdentityFiles::of(None, Vec::new(), vec![name.to_owned()]);
        assert_eq!(of("key:importer").unwrap().record_as[0].name(), "key:importer");
        assert!(of("importer").unwrap_err().to_string().contains("key:NAME"));
    }
}
