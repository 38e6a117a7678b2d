//! The metrics of TLS and of callers: handshakes, the ends of certificates, files that do not fit.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicU64, Ordering};

/// A handshake, by its end.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct HandshakeEnd {
    outcome: &'static str,
}

/// A sort of file.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FileSort {
    of: &'static str,
}

/// The metrics of TLS. Those of a server without it have no values.
#[derive(Clone, Debug, Default)]
pub struct TlsMetrics {
    handshakes: Family<HandshakeEnd, Counter>,
    not_after: Family<FileSort, Gauge<u64, AtomicU64>>,
    refused: Gauge<u64, AtomicU64>,
    callers_refused: Gauge<u64, AtomicU64>,
}

impl TlsMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let about = "TLS handshakes, by outcome: done, refused, late, plain (no TLS was spoken)";
        registry.register("tls_handshakes", about, self.handshakes.clone());
        let about = "First end of the certificates of the server and of the authorities of clients, and of the lists of \
                     revoked ones, in seconds since 1970";
        registry.register("tls_not_after_seconds", about, self.not_after.clone());
        let about = "1 while the files of TLS have changed and do not fit, so that those before count, else 0";
        registry.register("tls_files_refused", about, self.refused.clone());
        let about = "1 while the files of keys and issuers cannot be used, so that those before count, else 0";
        registry.register("identity_files_refused", about, self.callers_refused.clone());
    }

    /// Counts a handshake by its outcome.
    pub fn count_handshake(&self, outcome: &'static str) {
        self.handshakes.get_or_create(&HandshakeEnd { outcome }).inc();
    }

    /// Replaces the second since 1970 at which each sort of file ends.
    pub fn set_ends(&self, ends: &[(&'static str, u64)]) {
        self.not_after.clear();
        for (of, end) in ends {
            self.not_after.get_or_create(&FileSort { of }).set(*end);
        }
    }

    /// Notes whether the files of callers were refused.
    pub fn set_callers_refused(&self, is_refused: bool) {
        self.callers_refused.set(is_refused.into());
    }

    /// Notes whether the files were refused; returns what was noted before.
    pub fn set_refused(&self, is_refused: bool) -> bool {
        self.refused.inner().swap(is_refused.into(), Ordering::Relaxed) == 1
    }
}
