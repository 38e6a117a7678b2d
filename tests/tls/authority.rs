//! An authority that signs certificates, with a directory for its files.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber,
};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An authority.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// The time for which a certificate counts.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Now,
    Past,
    /// From now on for so long.
    For(Duration),
}

#[expect(clippy::disallowed_methods, reason = "certificates are judged by the real clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

impl Authority {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut params = CertificateParams::default();
        let name = format!("Authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Its own certificate, as PEM.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate of a server for this machine.
    pub(crate) fn server(&self, validity: Validity) -> Signed {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        self.sign(CertificateParams::new(names).unwrap(), ExtendedKeyUsagePurpose::ServerAuth, 1, validity)
    }

    /// A certificate of a client with a serial number and a name.
    pub(crate) fn client(&self, serial: u64, name: &str, validity: Validity) -> Signed {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(name.try_into().unwrap())];
        self.sign(params, ExtendedKeyUsagePurpose::ClientAuth, serial, validity)
    }

    /// A certificate of a client without a name but its common name.
    #[allow(dead_code, reason = "every test crate uses its own part of this")]
    pub(crate) fn nameless(&self, serial: u64) -> Signed {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "desk");
        self.sign(params, ExtendedKeyUsagePurpose::ClientAuth, serial, Validity::Now)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
        serial: u64,
        validity: Validity,
    ) -> Signed {
        let (from, to) = match validity {
            Validity::Now => (now() - DAY, now() + DAY),
            Validity::Past => (now() - 2 * DAY, now() - DAY),
            Validity::For(time) => (now() - DAY, now() + time),
        };
        params.serial_number = Some(SerialNumber::from(serial));
        (params.not_before, params.not_after) = (from.into(), to.into());
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signed { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A list of revoked certificates that is up to date for so long.
    pub(crate) fn revoke(&self, serials: &[u64], up_to_date: Duration) -> String {
        let revoked_certs = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: (now() - DAY).into(),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: (now() - DAY).into(),
            next_update: (now() + up_to_date).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// Writes a file that only its owner may read.
pub(crate) fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}
