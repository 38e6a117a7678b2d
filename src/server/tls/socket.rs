//! A connection's bytes, with TLS or without.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A connection's bytes.
#[derive(Debug)]
pub(in crate::server) enum Socket {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS.
    Secret(Box<SecretSocket>),
}

/// A connection with TLS, with those of its first bytes that were looked at and not read yet.
#[derive(Debug)]
pub(in crate::server) struct SecretSocket {
    stream: TlsStream<TcpStream>,
    first: Vec<u8>,
}

impl Socket {
    pub(super) fn secret(stream: TlsStream<TcpStream>) -> Self {
        Self::Secret(Box::new(SecretSocket { stream, first: Vec::new() }))
    }

    /// Waits until the first bytes with TLS are all of `expected`, or begin otherwise; reading begins with them.
    pub(in crate::server) async fn wait_for(&mut self, expected: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Secret(socket) => socket.wait_for(expected).await,
        }
    }

    /// The connection below.
    pub(in crate::server) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secret(socket) => socket.stream.get_ref().0,
        }
    }
}

impl SecretSocket {
    async fn wait_for(&mut self, expected: &[u8]) -> io::Result<()> {
        while self.first.len() < expected.len() && expected.starts_with(&self.first) {
            let mut more = [0; 64];
            let room = more.get_mut(..expected.len() - self.first.len()).unwrap_or_default();
            match self.stream.read(room).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.first.extend_from_slice(room.get(..count).unwrap_or_default()),
            }
        }
        Ok(())
    }
}

impl AsyncRead for SecretSocket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Encrypted bytes that did not go out yet wait for nobody else.
        if self.stream.get_ref().1.wants_write()
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(context)
        {
            flushed?;
        }
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let count = self.first.len().min(into.remaining());
        into.put_slice(self.first.get(..count).unwrap_or_default());
        self.first.drain(..count);
        if self.first.is_empty() {
            self.first = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Self::Secret(socket) => Pin::new(&mut **socket).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secret(socket) => Pin::new(&mut socket.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
            Self::Secret(socket) => Pin::new(&mut socket.stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secret(socket) => socket.stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Secret(socket) => Pin::new(&mut socket.stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => ready!(Pin::new(stream).poll_shutdown(context))?,
            Self::Secret(socket) => ready!(Pin::new(&mut socket.stream).poll_shutdown(context))?,
        }
        Poll::Ready(Ok(()))
    }
}
