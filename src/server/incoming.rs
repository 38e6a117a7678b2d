//! Accepting connections, with what a listener left to itself lacks: a bound on how many there are, patience when the
//! process is out of file descriptors, and an end for connections that never say what they want.

use super::ServerOptions;
use super::connection::Connection;
use super::link::{ConnectionLink, Links};
use super::tls::{Handshake, HandshakeFault, Socket, TlsKeeper};
use detente_ledger::Ledger;
use detente_ledger::budget::{Peer, PeerShares};
use socket2::{SockRef, TcpKeepalive};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

/// The bytes that every HTTP/2 connection begins with. A connection of HTTP/1.1 begins otherwise.
const PREFACE: &[u8; PREFACE_BYTES] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PREFACE_BYTES: usize = 24;
/// The pause after a connection that cannot be accepted, instead of trying again at once for ever.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections of a listener. It ends when the server stops, and closes the listener then.
#[derive(Debug)]
pub(super) struct IncomingConnections(mpsc::Receiver<Connection>);

impl IncomingConnections {
    /// Begins to accept.
    pub(super) fn accept(
        listener: TcpListener,
        options: &ServerOptions,
        (stopping, cut): (CancellationToken, CancellationToken),
        links: Links,
        ledger: Arc<Ledger>,
        tls: Option<Arc<TlsKeeper>>,
    ) -> Self {
        const WAITING: usize = 64;
        let (ready, connections) = mpsc::channel(WAITING);
        let acceptor = Acceptor {
            listener,
            permits: Arc::new(Semaphore::new(options.connections)),
            shares: PeerShares::new(options.connections, options.limits.peer_share_percent),
            accepted: 0,
            preface: options.preface,
            handshake: options.handshake,
            tls,
            unread: options.unread,
            links,
            ledger,
            ready,
            cut,
        };
        tokio::spawn(async move { stopping.run_until_cancelled(acceptor.run()).await });
        Self(connections)
    }
}

impl Stream for IncomingConnections {
    type Item = Result<Connection, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|connection| connection.map(Ok))
    }
}

struct Acceptor {
    listener: TcpListener,
    /// One for each connection there may be; a connection holds its own until it closes.
    permits: Arc<Semaphore>,
    /// Shares of the peers in them.
    shares: PeerShares,
    /// Number of connections accepted so far, which numbers the next.
    accepted: u64,
    preface: Duration,
    handshake: Duration,
    tls: Option<Arc<TlsKeeper>>,
    unread: Duration,
    links: Links,
    ledger: Arc<Ledger>,
    ready: mpsc::Sender<Connection>,
    cut: CancellationToken,
}

impl Acceptor {
    async fn run(mut self) {
        let mut is_failing = false;
        while let Ok(permit) = self.permit().await {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    if std::mem::take(&mut is_failing) {
                        tracing::info!("connections are accepted again");
                    }
                    self.greet(stream, address, permit);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!(%error, "cannot accept connections; trying again until it can");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Waits until there may be one more. While there may not, connections that carry no call make room.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        const BETWEEN: Duration = Duration::from_secs(1);
        loop {
            if self.permits.available_permits() == 0 {
                self.links.cut_idle();
            }
            if let Ok(permit) = tokio::time::timeout(BETWEEN, Arc::clone(&self.permits).acquire_owned()).await {
                return permit;
            }
        }
    }

    /// Hands a connection on once it has said something.
    fn greet(&mut self, stream: TcpStream, address: SocketAddr, permit: OwnedSemaphorePermit) {
        self.accepted += 1;
        let peer = Peer::new(address.ip(), self.accepted);
        let Ok(place) = self.shares.try_enter(Some(peer)) else {
            tracing::debug!(%address, "closing a connection of a peer that holds its share of them");
            self.ledger.metrics().count_refusal("share_of_connections");
            return;
        };
        outlive_no_peer(&stream, self.unread);
        let link = self.links.open(peer, self.cut.child_token(), place);
        let greeting = Greeting {
            handshake: self.handshake,
            preface: self.preface,
            tls: self.tls.clone(),
            ledger: Arc::clone(&self.ledger),
        };
        let ready = self.ready.clone();
        tokio::spawn(async move {
            if let Some(Handshake { socket, place, names }) = greeting.receive(stream, &link).await {
                if let Some(names) = names {
                    let _ = link.certificate.set(names);
                }
                // Replies are small and wait for nothing to be sent along with.
                let _ = socket.tcp().set_nodelay(true);
                // If nobody takes it, the server stops, and it closes.
                let _ = ready.send(Connection::new(socket, place, permit, link)).await;
            }
        });
    }
}

/// The steps before a connection is handed on, each in a time of its own.
struct Greeting {
    handshake: Duration,
    preface: Duration,
    tls: Option<Arc<TlsKeeper>>,
    ledger: Arc<Ledger>,
}

impl Greeting {
    /// The connection once it has said something; none if it does not in time, or there is no handshake.
    async fn receive(&self, stream: TcpStream, link: &ConnectionLink) -> Option<Handshake> {
        let Some(tls) = &self.tls else {
            let said = tokio::time::timeout(self.preface, wait_for_preface(&stream)).await;
            return matches!(said, Ok(Ok(()))).then_some(Handshake {
                socket: Socket::Plain(stream),
                place: None,
                names: None,
            });
        };
        let shaken = tokio::time::timeout(self.handshake, tls.shake(stream, &link.cut)).await;
        let outcome = match &shaken {
            Ok(Ok(_)) => "done",
            Ok(Err(fault)) => fault.name(),
            Err(_) => "late",
        };
        self.ledger.metrics().tls.count_handshake(outcome);
        let address = link.peer.address;
        match shaken {
            Ok(Ok(mut handshake)) => {
                let said = tokio::time::timeout(self.preface, handshake.socket.wait_for(PREFACE)).await;
                matches!(said, Ok(Ok(()))).then_some(handshake)
            }
            Ok(Err(HandshakeFault::Refused(error))) => {
                tracing::debug!(?address, %error, "no TLS handshake");
                None
            }
            _ => {
                tracing::debug!(?address, outcome, "no TLS handshake");
                None
            }
        }
    }
}

/// Has the system end a connection whose other end is gone without a word, or takes nothing for so long.
fn outlive_no_peer(stream: &TcpStream, unread: Duration) {
    const QUIET: Duration = Duration::from_secs(60);
    const BETWEEN: Duration = Duration::from_secs(20);
    let socket = SockRef::from(stream);
    // On a system without keepalive, the connection ends by the system's own rules.
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(QUIET).with_interval(BETWEEN).with_retries(3));
    let _ = socket.set_tcp_user_timeout(Some(unread));
}

/// Waits until as much as a preface has come. The transport judges the bytes.
async fn wait_for_preface(stream: &TcpStream) -> io::Result<()> {
    const BETWEEN: Duration = Duration::from_millis(20);
    let mut seen = [0; PREFACE_BYTES];
    loop {
        match stream.peek(&mut seen).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            PREFACE_BYTES.. => return Ok(()),
            so_far if !seen.starts_with(PREFACE.get(..so_far).unwrap_or_default()) => return Ok(()),
            _ => tokio::time::sleep(BETWEEN).await,
        }
    }
}

/// Returns true if only this connection failed, and the next one may be accepted at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
