//! The file of credentials: for each server a token, a certificate, an authority.
//!
//! ```toml
//! ["https://ledger.example:7443"]
//! token = "dk_..."
//! ca = "authority.pem"
//! ```

use super::{CommandFailure, access_args};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The credentials for a server. Paths are relative to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerCredentials {
    pub(crate) token: Option<String>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// Reads the credentials for a server from a file, which others may not read; nothing where it names another server.
pub(crate) fn read(path: &Path, server: &str) -> Result<ServerCredentials, CommandFailure> {
    let text = access_args::read_secret("--credentials", path)?;
    let wrong = |why: String| CommandFailure::Usage(format!("--credentials {}: {why}", path.display()));
    let text = String::from_utf8(text).map_err(|error| wrong(error.to_string()))?;
    // The error of the parser would show the line, and with it a token.
    let all: BTreeMap<String, ServerCredentials> =
        toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
    let is_asked = |name: &str| name.trim_end_matches('/') == server.trim_end_matches('/');
    let found = all.into_iter().find_map(|(name, found)| is_asked(&name).then_some(found)).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = |path: Option<PathBuf>| path.map(|path| folder.join(path));
    Ok(ServerCredentials { token: found.token, ca: beside(found.ca), cert: beside(found.cert), key: beside(found.key) })
}
