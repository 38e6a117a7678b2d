//! Keys and issuers of a server, as they stand in its files.

use crate::config::IdentityFiles;
use detente_identity::{Issuer, IssuerSettings, KeyFile, KeyFileError, KeySetError};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// The reason why files say nothing of callers.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file of keys is none.
    #[error("{path}: {source}")]
    Keys {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: KeyFileError,
    },
    /// A key set is none.
    #[error("{path}: {source}")]
    KeySet {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: KeySetError,
    },
}

/// Keys and issuers.
#[derive(Debug, Default)]
pub struct IdentitySet {
    pub(super) keys: KeyFile,
    pub(super) issuers: Vec<Issuer>,
    /// A digest by which changed files are known.
    pub(super) digest: [u8; 32],
}

impl IdentitySet {
    /// Reads all files.
    ///
    /// # Errors
    /// If one cannot be read, or is not what it should be.
    pub fn read(files: &IdentityFiles) -> Result<Self, IdentityError> {
        let mut digest = Sha256::new();
        let mut read = |path: &Path| {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|source| IdentityError::Unreadable { path: path.to_owned(), source })?;
            digest.update(text.len().to_le_bytes());
            digest.update(&text);
            Ok::<_, IdentityError>(text)
        };
        let mut set = Self::default();
        if let Some(path) = &files.keys {
            let keys = KeyFile::parse(&read(path)?);
            set.keys = keys.map_err(|source| IdentityError::Keys { path: path.clone(), source })?;
        }
        for issuer in &files.issuers {
            let text = read(&issuer.key_set)?;
            let settings = IssuerSettings {
                alias: issuer.alias.clone(),
                issuer: issuer.issuer.clone(),
                audience: issuer.audience.clone(),
                algorithms: issuer.algorithms.clone(),
            };
            let made = Issuer::new(settings, &text);
            set.issuers.push(made.map_err(|source| IdentityError::KeySet { path: issuer.key_set.clone(), source })?);
        }
        set.digest = digest.finalize().into();
        Ok(set)
    }
}
