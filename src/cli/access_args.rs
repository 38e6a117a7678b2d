//! The flags of every verb for the trust in the server and the proof of who asks.

use clap::Args;
use detente_client::Access;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::CommandFailure;

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
}

impl AccessArgs {
    /// The URL of a server, by `https` where the flags are for TLS and the URL has no scheme.
    pub(crate) fn url(&self, server: &str) -> Result<String, CommandFailure> {
        let is_for_tls = self.ca.is_some() || self.cert.is_some() || self.key.is_some();
        match server.split_once("://") {
            None if is_for_tls => Ok(format!("https://{server}")),
            Some(("http", _)) if is_for_tls => Err(CommandFailure::Usage(format!(
                "--ca, --cert and --key are for a server by https://, and --server is {server}"
            ))),
            _ => Ok(server.to_owned()),
        }
    }

    /// The trust and the proof, read from the files.
    pub(crate) fn read(&self) -> Result<Access, CommandFailure> {
        let mut access = Access::default();
        if let Some(path) = &self.ca {
            access = access.trust(read("--ca", path)?);
        }
        match (&self.cert, &self.key) {
            (Some(certificate), Some(key)) => Ok(access.show(read("--cert", certificate)?, read_secret("--key", key)?)),
            (Some(_), None) => Err(CommandFailure::Usage("--cert needs --key".to_owned())),
            (None, Some(_)) => Err(CommandFailure::Usage("--key needs --cert".to_owned())),
            (None, None) => Ok(access),
        }
    }
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>, CommandFailure> {
    std::fs::read(path).map_err(|error| CommandFailure::Usage(format!("{flag} {}: {error}", path.display())))
}

/// Reads a file that is a secret.
fn read_secret(flag: &str, path: &Path) -> Result<Vec<u8>, CommandFailure> {
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
    fn the_flags_of_tls_make_a_url_without_scheme_one_by_https() {
        let args = AccessArgs { ca: Some("ca.pem".into()), ..AccessArgs::default() };
        assert_eq!(args.url("h:1").unwrap(), "https://h:1");
        assert_eq!(args.url("https://h:1").unwrap(), "https://h:1");
        assert!(args.url("http://h:1").unwrap_err().to_string().contains("https://"));
        assert_eq!(AccessArgs::default().url("h:1").unwrap(), "h:1");
    }

    #[test]
    fn a_key_that_everybody_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        std::fs::write(&key, "secret").unwrap();
        for (mode, is_read) in [(0o600, true), (0o640, true), (0o644, false)] {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_secret("--key", &key).is_ok(), is_read, "{mode:o}");
        }
    }
}
