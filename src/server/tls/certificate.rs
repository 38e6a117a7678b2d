//! The dates of certificates and of lists of revoked ones.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_cert::Certificate;
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode as _;
use x509_cert::time::Time;

/// The second since 1970 after which a certificate counts no longer; none where it cannot be read.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<u64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(seconds(certificate.tbs_certificate().validity().not_after))
}

/// The second since 1970 at which a list of revoked certificates is out of date; none where it cannot be read or has no end.
pub(super) fn next_update(list: &CertificateRevocationListDer<'_>) -> Option<u64> {
    CertificateList::<Rfc5280>::from_der(list).ok()?.tbs_cert_list.next_update.map(seconds)
}

fn seconds(time: Time) -> u64 {
    time.to_unix_duration().as_secs()
}
