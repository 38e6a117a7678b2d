//! Connections over TLS: their own connector instead of tonic's, so that an error says which side refused, and why.

use super::access::Access;
use super::error::Error;
use super::handshake::{HandshakeRefusal, Side};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, InvalidMessage, RootCertStore};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Connects over TLS to the host and port of an endpoint.
pub(super) async fn connect(endpoint: Endpoint, access: &Access) -> Result<Channel, Error> {
    let connector = TlsConnector::from(Arc::new(settings(access)?));
    let uri = endpoint.uri();
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let (port, server) = (uri.port_u16().unwrap_or(443), uri.to_string());
    let name = ServerName::try_from(host.clone())
        .map_err(|error| Error::Address { server: server.clone(), why: error.to_string() })?;
    let dial = tower::service_fn(move |_| {
        let (connector, name, host) = (connector.clone(), name.clone(), host.clone());
        async move {
            let stream = TcpStream::connect((host.as_str(), port)).await?;
            stream.set_nodelay(true)?;
            match connector.connect(name, stream).await {
                Ok(stream) => Ok::<_, BoxError>(TokioIo::new(SecretStream(stream))),
                Err(error) => Err(refusal(&error).map_or_else(|| error.into(), Into::into)),
            }
        }
    });
    let connected = endpoint.connect_with_connector(dial).await;
    connected.map_err(|error| match HandshakeRefusal::find(&error) {
        Some(HandshakeRefusal { by, cause }) => Error::Handshake { server, by, cause },
        None => Error::Unreachable { server, cause: super::connect::innermost(&error) },
    })
}

fn settings(access: &Access) -> Result<ClientConfig, Error> {
    let unfit = |why: String| Error::Access(why);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| unfit(error.to_string()))?;
    let builder = builder.with_root_certificates(roots(access)?);
    let mut config = match &access.certificate {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = certificates(chain, "the certificate of this client")?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
                pem::Error::NoItemsFound => {
                    unfit("the key of this client has no private key (an encrypted one is none)".to_owned())
                }
                other => unfit(format!("the key of this client: {other}")),
            })?;
            builder.with_client_auth_cert(chain, key).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    unfit("the key of this client is that of another certificate".to_owned())
                }
                other => unfit(format!("the certificate of this client: {other}")),
            })?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// The authorities that are trusted.
fn roots(access: &Access) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match &access.authorities {
        Some(pem) => {
            for authority in certificates(pem, "the authority of the server")? {
                roots.add(authority).map_err(|error| Error::Access(format!("the authority of the server: {error}")))?;
            }
        }
        // One that cannot be used in a list of hundreds is no fault of this client.
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn certificates(pem: &[u8], of: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| Error::Access(format!("{of}: {error}")))?;
    if found.is_empty() { Err(Error::Access(format!("{of}: there is no certificate in it"))) } else { Ok(found) }
}

/// The refusal that an error of rustls means; none where the connection broke.
fn refusal(error: &io::Error) -> Option<HandshakeRefusal> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::AlertReceived(alert) => HandshakeRefusal { by: Side::Server, cause: alert_words(*alert) },
        rustls::Error::InvalidCertificate(fault) => HandshakeRefusal { by: Side::Client, cause: fault_words(fault) },
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            HandshakeRefusal { by: Side::Client, cause: "it speaks no TLS, so its URL begins with http://".to_owned() }
        }
        other => HandshakeRefusal { by: Side::Client, cause: other.to_string() },
    })
}

fn alert_words(alert: AlertDescription) -> String {
    let words = match alert {
        AlertDescription::CertificateRequired => "it requires a certificate",
        AlertDescription::CertificateExpired => "the certificate has expired, or is not valid yet",
        AlertDescription::CertificateRevoked => "the certificate is revoked",
        AlertDescription::UnknownCA => "the certificate is signed by no authority that it trusts",
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::DecryptError => "it does not accept the certificate",
        AlertDescription::NoApplicationProtocol => "it does not speak HTTP/2",
        other => return format!("{other:?}"),
    };
    words.to_owned()
}

fn fault_words(fault: &CertificateError) -> String {
    match fault {
        CertificateError::UnknownIssuer => "its certificate is signed by no authority that is trusted here".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        other => other.to_string(),
    }
}

/// A connection over TLS, whose refusals by the server are told in words.
struct SecretStream(TlsStream<TcpStream>);

impl AsyncRead for SecretStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(context, into);
        read.map_err(|error| {
            refusal(&error).map_or(error, |refusal| io::Error::new(io::ErrorKind::PermissionDenied, refusal))
        })
    }
}

impl AsyncWrite for SecretStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
