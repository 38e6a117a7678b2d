//! The flags of every verb for the trust in the server and the proof of who asks.

use clap::Args;
use detente_client::Access;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::CommandFailure;
use super::credentials::{self, ServerCredentials};

/// The flags for the trust in the server and the proof of who asks.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct AccessArgs {
    /// Authorities of the server's certificate, as PEM. Default: those of this system.
    #[arg(long, global = true, env = "DETENTE_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Certificate to show to a server that asks for one, as PEM.
    #[arg(long, global = true, env = "DETENTE_CERT", value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Private key of that certificate, as PEM. Others may not read the file.
    #[arg(long, global = true, env = "DETENTE_KEY", value_name = "FILE")]
    key: Option<PathBuf>,
    /// API key or signed token. Other users of this machine see the arguments of a command: the variable or --credentials hides
    /// it from them.
    #[arg(long, global = true, env = "DETENTE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// TOML file with a table for each server, named by its URL, with token, ca, cert and key. Flags take precedence over it.
    /// Others may not read the file.
    #[arg(long, global = true, env = "DETENTE_CREDENTIALS", value_name = "FILE")]
    credentials: Option<PathBuf>,
}

/// The way to a server: its URL, the trust in it and the proof of who asks.
#[derive(Debug)]
pub(crate) struct ServerAccess {
    pub(crate) url: String,
    pub(crate) access: Access,
    /// True if there is a proof of who asks, so that the server knows who records.
    pub(crate) proves_caller: bool,
}

impl AccessArgs {
    /// The way to a server, read from the flags and the files that they name.
    pub(crate) fn resolve(&self, server: &str) -> Result<ServerAccess, CommandFailure> {
        let given = match &self.credentials {
            Some(path) => credentials::read(path, server)?,
            None => ServerCredentials::default(),
        };
        let (ca, cert) = (self.ca.clone().or(given.ca), self.cert.clone().or(given.cert));
        let (key, token) = (self.key.clone().or(given.key), self.token.clone().or(given.token));
        let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        let url = url(server, ca.is_some() || cert.is_some() || key.is_some())?;
        let proves_caller = token.is_some() || cert.is_some();
        let mut access = Access::default();
        if let Some(path) = &ca {
            access = access.trust(read("--ca", path)?);
        }
        if let Some(token) = token {
            access = access.token(token);
        }
        let access = match (&cert, &key) {
            (Some(certificate), Some(key)) => access.show(read("--cert", certificate)?, read_secret("--key", key)?),
            (Some(_), None) => return Err(CommandFailure::Usage("--cert needs --key".to_owned())),
            (None, Some(_)) => return Err(CommandFailure::Usage("--key needs --cert".to_owned())),
            (None, None) => access,
        };
        Ok(ServerAccess { url, access, proves_caller })
    }
}

/// The URL of a server, by `https` where there is something for TLS and the URL has no scheme.
fn url(server: &str, is_for_tls: bool) -> Result<String, CommandFailure> {
    match server.split_once("://") {
        None if is_for_tls => Ok(format!("https://{server}")),
        Some(("http", _)) if is_for_tls => Err(CommandFailure::Usage(format!(
            "--ca, --cert and --key are for a server by https://, and --server is {server}"
        ))),
        _ => Ok(server.to_owned()),
    }
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>, CommandFailure> {
    std::fs::read(path).map_err(|error| CommandFailure::Usage(format!("{flag} {}: {error}", path.display())))
}

/// Reads a file that is a secret.
pub(super) fn read_secret(flag: &str, path: &Path) -> Result<Vec<u8>, CommandFailure> {
    const OTHERS: u32 = 0o007;
    let wrong = |why: String| CommandFailure::Usage(format!("{flag} {}: {why}", path.display()));
    let mode = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(wrong(format!("everybody on this machine may use it (mode {mode:04o}); chmod 600 it first")));
    }
    read(flag, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_tls_makes_a_url_without_scheme_one_by_https() {
        assert_eq!(url("h:1", true).unwrap(), "https://h:1");
        assert_eq!(url("https://h:1", true).unwrap(), "https://h:1");
        assert!(url("http://h:1", true).unwrap_err().to_string().contains("https://"));
        assert_eq!(url("h:1", false).unwrap(), "h:1");
    }

    #[test]
    fn a_file_that_everybody_may_read_is_refused_and_flags_go_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials.toml");
        std::fs::write(&file, "[\"https://h:1\"]\ntoken = \"dk_a\"\n").unwrap();
        let args = AccessArgs { credentials: Some(file.clone()), ..AccessArgs::default() };
        for (mode, is_read) in [(0o600, true), (0o640, true), (0o644, false)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(args.resolve("https://h:1").is_ok(), is_read, "{mode:o}");
        }
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(args.resolve("https://h:1/").unwrap().access, Access::default().token("dk_a"));
        assert!(!args.resolve("https://other:1").unwrap().proves_caller);
        let both = AccessArgs { token: Some("dk_b".to_owned()), ..args.clone() };
        assert_eq!(both.resolve("https://h:1").unwrap().access, Access::default().token("dk_b"));
        std::fs::write(&file, "[\"https://h:1\"]\ntoken = dk_secret\n").unwrap();
        let told = args.resolve("https://h:1").unwrap_err().to_string();
        assert!(told.contains("credentials.toml") && !told.contains("dk_secret"), "{told}");
    }
}
