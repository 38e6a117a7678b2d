//! The set of files that counts: read again when a file has changed or an operator asks, and replaced as a whole.
//!
//! Files that do not fit leave the last set in place. The log has a line once for each such state of the files, and the
//! metrics tell it as long as it lasts.

use super::guests::Guests;
use super::set::{FileContents, TlsError, TlsSet};
use crate::config::TlsFiles;
use detente_ledger::Ledger;
use parking_lot::{Mutex, RwLock};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Interval between two looks at the files.
const BETWEEN: Duration = Duration::from_secs(10);

/// A way to ask a server to read its files again at once.
#[derive(Clone, Debug, Default)]
pub struct Reload(Arc<watch::Sender<()>>);

impl Reload {
    /// Asks for it.
    pub fn ask(&self) {
        self.0.send_replace(());
    }

    /// Sees each time that it is asked for.
    pub(in crate::server) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

/// The set that counts, and the connections that stand by it.
pub(in crate::server) struct TlsKeeper {
    files: TlsFiles,
    current: RwLock<Arc<TlsSet>>,
    /// The digest of the files as they were read last, whether they fitted or not.
    seen: Mutex<[u8; 32]>,
    pub(super) guests: Guests,
    ledger: Arc<Ledger>,
}

impl TlsKeeper {
    /// Reads the files for the first time.
    pub(in crate::server) fn new(files: TlsFiles, ledger: Arc<Ledger>) -> Result<Self, TlsError> {
        let contents = FileContents::read(&files)?;
        let set = TlsSet::of(&files, &contents)?;
        ledger.metrics().tls.set_ends(&set.ends);
        let (current, seen) = (RwLock::new(Arc::new(set)), Mutex::new(contents.digest()));
        Ok(Self { files, current, seen, guests: Guests::default(), ledger })
    }

    /// The set that counts now.
    pub(super) fn current(&self) -> Arc<TlsSet> {
        Arc::clone(&self.current.read())
    }

    /// Looks at the files again and again.
    pub(in crate::server) async fn watch(self: Arc<Self>, reload: Reload) -> Infallible {
        let mut asked = reload.subscribe();
        loop {
            let _ = tokio::time::timeout(BETWEEN, asked.changed()).await;
            let keeper = Arc::clone(&self);
            // It waits for the disk, and judges the certificates of all clients.
            let _ = tokio::task::spawn_blocking(move || keeper.look()).await;
        }
    }

    fn look(&self) {
        if self.read_again() {
            let set = self.current();
            self.guests.judge(&set, |_| true);
        }
        let set = self.current();
        self.guests.judge(&set, |end| end.is_some_and(|end| end <= rustls::pki_types::UnixTime::now().as_secs()));
    }

    /// Takes the files if they have changed and fit together; says whether it did.
    fn read_again(&self) -> bool {
        let metrics = &self.ledger.metrics().tls;
        let read = FileContents::read(&self.files).map(|contents| {
            let digest = contents.digest();
            (digest != std::mem::replace(&mut *self.seen.lock(), digest)).then_some(contents)
        });
        let contents = match read {
            Ok(Some(contents)) => contents,
            Ok(None) => return false,
            Err(error) => {
                if !metrics.set_refused(true) {
                    tracing::error!(%error, "the files of TLS cannot be read; those read before go on counting");
                }
                return false;
            }
        };
        match TlsSet::of(&self.files, &contents) {
            Ok(set) => {
                metrics.set_refused(false);
                metrics.set_ends(&set.ends);
                *self.current.write() = Arc::new(set);
                tracing::info!("the files of TLS were read again");
                true
            }
            Err(error) => {
                metrics.set_refused(true);
                tracing::error!(%error, "the files of TLS have changed and do not fit; those read before go on counting");
                false
            }
        }
    }
}
