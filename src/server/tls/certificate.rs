//! The dates of certificates and of lists of revoked ones, and the names of their subjects.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_cert::Certificate;
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

/// The second since 1970 after which a certificate counts no longer; none where it cannot be read.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<u64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(seconds(certificate.tbs_certificate().validity().not_after))
}

/// The names of the subject of a certificate, as its extension for them has them. The common name is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct CertificateNames {
    /// URIs, such as `spiffe://example/desk`.
    pub(in crate::server) uris: Vec<String>,
    /// Names of hosts.
    pub(in crate::server) dns: Vec<String>,
}

impl CertificateNames {
    /// Reads those of a certificate; a certificate that cannot be read has none.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut names = Self::default();
        let Ok(certificate) = Certificate::from_der(certificate) else { return names };
        let found = certificate.tbs_certificate().get_extension::<SubjectAltName>();
        let found = found.ok().flatten().map(|(_, found)| found.0).unwrap_or_default();
        for name in found {
            match name {
                GeneralName::UniformResourceIdentifier(uri) => names.uris.push(uri.as_str().to_owned()),
                GeneralName::DnsName(dns) => names.dns.push(dns.as_str().to_owned()),
                _ => {}
            }
        }
        names
    }
}

/// The second since 1970 at which a list of revoked certificates is out of date; none where it cannot be read or has no end.
pub(super) fn next_update(list: &CertificateRevocationListDer<'_>) -> Option<u64> {
    CertificateList::<Rfc5280>::from_der(list).ok()?.tbs_cert_list.next_update.map(seconds)
}

fn seconds(time: Time) -> u64 {
    time.to_unix_duration().as_secs()
}
