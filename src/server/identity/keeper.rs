//! The set of keys and issuers that counts, and the judgement of what a caller shows.

use super::set::{IdentityError, IdentitySet};
use crate::config::{ClientCertificates, IdentityFiles};
use crate::grpc::caller::Caller;
use crate::server::ServerOptions;
use crate::server::tls::{CertificateNames, Reload};
use detente_identity::{ApiKey, Credential, CredentialFault, Issuer, Principal};
use detente_ledger::Ledger;
use parking_lot::{Mutex, RwLock};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tonic::codegen::http::{HeaderMap, header};

/// Interval between two looks at the files.
const BETWEEN: Duration = Duration::from_secs(10);
/// Number of tokens whose judgement is kept: a signature costs more than a call.
const JUDGED: usize = 4096;

/// The judge of callers.
pub(in crate::server) struct IdentityKeeper {
    files: IdentityFiles,
    /// The ways to prove who calls, in words.
    ways: &'static str,
    current: RwLock<Arc<IdentitySet>>,
    /// Tokens that were judged to count, by their digests; forgotten with the set.
    judged: Mutex<HashMap<[u8; 32], Credential>>,
    ledger: Arc<Ledger>,
}

impl IdentityKeeper {
    /// The judge of a server; none where there is no way to prove who calls, and nobody is asked.
    pub(in crate::server) fn new(options: &ServerOptions, ledger: Arc<Ledger>) -> Result<Option<Self>, IdentityError> {
        let files = options.identity.clone();
        let has_certificates = options.tls.as_ref().is_some_and(|tls| tls.clients != ClientCertificates::Off);
        let ways = match (files.keys.is_some() || !files.issuers.is_empty(), has_certificates) {
            (false, false) => return Ok(None),
            (true, false) => "a header authorization with Bearer and a key or token",
            (false, true) => "a certificate",
            (true, true) => "a header authorization with Bearer and a key or token, or a certificate",
        };
        let current = RwLock::new(Arc::new(IdentitySet::read(&files)?));
        Ok(Some(Self { files, ways, current, judged: Mutex::default(), ledger }))
    }

    /// Judges what a caller shows: the headers of its request, and the names of the certificate of its connection.
    pub(in crate::server) fn judge(
        &self,
        headers: &HeaderMap,
        certificate: Option<&CertificateNames>,
    ) -> Result<Arc<Caller>, CredentialFault> {
        let mut shown = headers.get_all(header::AUTHORIZATION).into_iter();
        let principal = match (shown.next(), shown.next()) {
            (Some(value), None) => self.judge_bearer(value.to_str().map_err(|_| CredentialFault::Header)?)?,
            (Some(_), Some(_)) => return Err(CredentialFault::Header),
            (None, _) => {
                let names = certificate.ok_or(CredentialFault::Missing(self.ways))?;
                Principal::of_certificate(&names.uris, &names.dns).map_err(|_| CredentialFault::Nameless)?
            }
        };
        let may_record_as = self.files.record_as.contains(&principal);
        Ok(Arc::new(Caller { principal, may_record_as }))
    }

    fn judge_bearer(&self, value: &str) -> Result<Principal, CredentialFault> {
        let (scheme, token) = value.split_once(' ').ok_or(CredentialFault::Header)?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(CredentialFault::Header);
        }
        let now = self.ledger.clock().now().0.div_euclid(1_000_000);
        let set = Arc::clone(&self.current.read());
        if ApiKey::is_meant(token) {
            return Ok(set.keys.verify(token, now)?.principal);
        }
        let digest = Sha256::digest(token).into();
        let known = self.judged.lock().get(&digest).cloned();
        if let Some(known) = known.filter(|known| known.expires.is_none_or(|expires| expires > now)) {
            return Ok(known.principal);
        }
        let credential = Issuer::verify(&set.issuers, token, now)?;
        let principal = credential.principal.clone();
        // Under the lock of the set, so that no judgement by keys of before stays behind.
        let current = self.current.read();
        if Arc::ptr_eq(&current, &set) {
            let mut judged = self.judged.lock();
            if judged.len() >= JUDGED {
                judged.clear();
            }
            judged.insert(digest, credential);
        }
        Ok(principal)
    }

    /// Looks at the files again and again.
    pub(in crate::server) async fn watch(self: Arc<Self>, reload: Reload) -> Infallible {
        let mut asked = reload.subscribe();
        let mut is_refused = false;
        loop {
            let _ = tokio::time::timeout(BETWEEN, asked.changed()).await;
            let keeper = Arc::clone(&self);
            // It waits for the disk.
            let read = tokio::task::spawn_blocking(move || IdentitySet::read(&keeper.files)).await;
            match read {
                Ok(Ok(set)) => {
                    is_refused = false;
                    self.take(set);
                }
                Ok(Err(error)) if !std::mem::replace(&mut is_refused, true) => {
                    tracing::error!(%error, "the files of callers do not fit; those read before go on counting");
                }
                _ => {}
            }
            self.ledger.metrics().tls.set_callers_refused(is_refused);
        }
    }

    fn take(&self, set: IdentitySet) {
        let mut current = self.current.write();
        if current.digest != set.digest {
            *current = Arc::new(set);
            self.judged.lock().clear();
            tracing::info!("the files of callers were read again");
        }
    }
}
