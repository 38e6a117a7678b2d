//! A connection that counts among those there may be, and can be cut from outside.
//!
//! Tonic serves each connection in a task of its own, which outlives the server if a client neither reads nor goes away.
//! Cutting makes the next read fail, whereupon the transport drops the connection with everything on it.

use super::gathering_stream::GatheringStream;
use super::link::ConnectionLink;
use super::tls::{GuestPlace, Socket};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::transport::server::Connected;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: GatheringStream<Socket>,
    link: Arc<ConnectionLink>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _permit: OwnedSemaphorePermit,
    _place: Option<GuestPlace>,
}

impl Connection {
    /// A connection that fails once its link is cut.
    pub(super) fn new(
        socket: Socket,
        place: Option<GuestPlace>,
        permit: OwnedSemaphorePermit,
        link: Arc<ConnectionLink>,
    ) -> Self {
        let cut = Box::pin(link.cut.clone().cancelled_owned());
        let stream = GatheringStream::new(socket, link.all_calls());
        Self { stream, link, cut, _permit: permit, _place: place }
    }

    /// Fails if the connection is cut; wakes the caller once it is.
    fn fail_if_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(context).is_ready() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// Passes on a result of writing. A write that waits for the peer also waits for the cut: HTTP/2 reads nothing
    /// meanwhile.
    fn or_cut<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_pending() {
            self.fail_if_cut(context)?;
        }
        written
    }
}

impl Connected for Connection {
    type ConnectInfo = Arc<ConnectionLink>;

    fn connect_info(&self) -> Arc<ConnectionLink> {
        Arc::clone(&self.link)
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.fail_if_cut(context)?;
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_cut(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.or_cut(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = Pin::new(&mut self.stream).poll_flush(context);
        self.or_cut(written, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = Pin::new(&mut self.stream).poll_shutdown(context);
        self.or_cut(written, context)
    }
}
