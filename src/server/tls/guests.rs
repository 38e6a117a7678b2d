//! Connections of clients that showed a certificate: cut when it counts no longer.
//!
//! A handshake judges a certificate once, and a stream can be open for days. So all are judged again when the files have
//! changed, and each one when its own certificate has ended.

use super::certificate::not_after;
use super::set::TlsSet;
use parking_lot::Mutex;
use rustls::pki_types::{CertificateDer, UnixTime};
use tokio_util::sync::CancellationToken;

/// Number of connections at which those that have ended are looked for, at least.
const FEW: usize = 64;

/// The connections with a certificate.
#[derive(Debug, Default)]
pub(super) struct Guests(Mutex<Vec<Guest>>);

/// A connection, and the certificate of its client with those between it and its authority.
#[derive(Debug)]
struct Guest {
    chain: Vec<CertificateDer<'static>>,
    end: Option<u64>,
    cut: CancellationToken,
    /// Ends with the connection.
    open: std::sync::Weak<()>,
}

/// The place of a connection among those with a certificate, for as long as it is open.
#[derive(Debug)]
pub(in crate::server) struct GuestPlace(#[expect(dead_code, reason = "its end is what counts")] std::sync::Arc<()>);

impl Guests {
    /// Adds a connection.
    pub(super) fn add(&self, chain: &[CertificateDer<'_>], cut: CancellationToken) -> Option<GuestPlace> {
        let own = chain.first()?;
        let place = std::sync::Arc::new(());
        let chain: Vec<CertificateDer<'static>> = chain.iter().map(|one| one.clone().into_owned()).collect();
        let guest = Guest { end: not_after(own), chain, cut, open: std::sync::Arc::downgrade(&place) };
        let mut guests = self.0.lock();
        if guests.len() >= FEW && guests.len() == guests.capacity() {
            guests.retain(|guest| guest.open.strong_count() > 0);
        }
        guests.push(guest);
        Some(GuestPlace(place))
    }

    /// Judges the certificates that end as asked, and cuts the connections of those that do not count any more.
    pub(super) fn judge(&self, set: &TlsSet, is_asked: impl Fn(Option<u64>) -> bool) {
        let Some(judge) = &set.clients else { return };
        let now = UnixTime::now();
        self.0.lock().retain(|guest| {
            let is_open = guest.open.strong_count() > 0 && !guest.cut.is_cancelled();
            if !is_open || !is_asked(guest.end) {
                return is_open;
            }
            let Some((own, between)) = guest.chain.split_first() else { return false };
            match judge.verify_client_cert(own, between, now) {
                Ok(_) => true,
                Err(error) => {
                    tracing::info!(%error, "closing a connection whose certificate counts no longer");
                    guest.cut.cancel();
                    false
                }
            }
        });
    }
}
