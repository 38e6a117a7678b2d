//! The handshake of one connection.

use super::certificate::CertificateNames;
use super::guests::GuestPlace;
use super::keeper::TlsKeeper;
use super::socket::Socket;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// The first byte of a connection with TLS: a record of the handshake.
const HANDSHAKE_RECORD: u8 = 22;

/// The answer to HTTP/1.1 without TLS.
const PLAIN_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 42\r\n\
    connection: close\r\n\r\nthis port speaks TLS: call it by https://\n";

/// The answer to HTTP/2 without TLS: no settings, then the end for INADEQUATE_SECURITY, with words.
const PLAIN_HTTP2_ANSWER: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x1c\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0cthis port speaks TLS";

/// The reason why there was no handshake.
#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum HandshakeFault {
    /// The client speaks no TLS.
    #[error("it does not speak TLS")]
    Plain,
    /// One of the two refused.
    #[error("{0}")]
    Refused(io::Error),
}

impl HandshakeFault {
    /// The name that it has in the metrics.
    pub(in crate::server) const fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Refused(_) => "refused",
        }
    }
}

/// A connection with TLS.
pub(in crate::server) struct Handshake {
    pub(in crate::server) socket: Socket,
    /// The place of a client with a certificate.
    pub(in crate::server) place: Option<GuestPlace>,
    /// The names in its certificate.
    pub(in crate::server) names: Option<CertificateNames>,
}

impl TlsKeeper {
    /// Makes a connection one with TLS. A client that shows a certificate is cut by `cut` when that counts no longer.
    pub(in crate::server) async fn shake(
        &self,
        mut stream: TcpStream,
        cut: &CancellationToken,
    ) -> Result<Handshake, HandshakeFault> {
        let mut first = [0];
        if stream.peek(&mut first).await.map_err(HandshakeFault::Refused)? == 1 && first != [HANDSHAKE_RECORD] {
            let is_http2 = first == [b'P'] && is_preface(&stream).await;
            let answer = if is_http2 { PLAIN_HTTP2_ANSWER } else { PLAIN_ANSWER };
            let _ = stream.write_all(answer).await;
            end(stream).await;
            return Err(HandshakeFault::Plain);
        }
        let set = self.current();
        match TlsAcceptor::from(Arc::clone(&set.config)).accept(stream).into_fallible().await {
            Ok(stream) => {
                let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
                let place = self.guests.add(shown, cut.clone());
                let names = shown.first().map(CertificateNames::of);
                drop(set);
                Ok(Handshake { socket: Socket::secret(stream), place, names })
            }
            Err((error, stream)) => {
                end(stream).await;
                Err(HandshakeFault::Refused(error))
            }
        }
    }
}

/// Returns true if it begins as HTTP/2 does and POST does not.
async fn is_preface(stream: &TcpStream) -> bool {
    let mut begin = [0; 3];
    matches!(stream.peek(&mut begin).await, Ok(3)) && begin == *b"PRI"
}

/// Closes a connection so that its client reads why: one that is closed with bytes unread loses what was sent last.
async fn end(mut stream: TcpStream) {
    const MOST: usize = 64 << 10;
    const FOR: Duration = Duration::from_millis(500);
    let _ = stream.shutdown().await;
    let rest = async {
        let mut read = [0; 1024];
        let mut left = MOST;
        while let Ok(count) = stream.read(&mut read).await {
            left = left.saturating_sub(count);
            if count == 0 || left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(FOR, rest).await;
}
