//! A way to a server that can be blocked, cut, and led to another server.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// The treatment of the server's replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replies {
    Pass,
    Wait,
}

/// A proxy of TCP connections.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    server: watch::Sender<Option<SocketAddr>>,
    replies: watch::Sender<Replies>,
    /// Told when something waits that a server has said.
    waits: Arc<Notify>,
    cut: Arc<Notify>,
}

impl Proxy {
    /// A proxy to a server.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (server, towards) = watch::channel(Some(server));
        let (replies, gate) = watch::channel(Replies::Pass);
        let (cut, waits) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (cuts, waiting) = (Arc::clone(&cut), Arc::clone(&waits));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // If there is no server, the connection is closed at once.
                let Some(server) = *towards.borrow() else { continue };
                let (cuts, gate) = (Arc::clone(&cuts), Gate { replies: gate.clone(), waits: Arc::clone(&waiting) });
                tokio::spawn(async move {
                    let cut = cuts.notified();
                    // A cut comes first: what was held back does not get through at the last moment.
                    tokio::select! { biased; () = cut => {}, () = carry(client, server, gate) => {} }
                });
            }
        });
        Self { address, server, replies, waits, cut }
    }

    /// The address as a client is given it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on nothing that a server says gets through; what clients say does.
    pub(crate) fn hold_replies(&self) {
        self.replies.send_replace(Replies::Wait);
    }

    /// Waits until a server has said something that does not get through.
    pub(crate) async fn reply_waits(&self) {
        self.waits.notified().await;
    }

    /// Breaks every connection, with what was held back on it. New ones get through.
    pub(crate) fn cut(&self) {
        self.cut.notify_waiters();
        self.replies.send_replace(Replies::Pass);
    }

    /// Leads new connections to this server, or to none.
    pub(crate) fn lead_to(&self, server: Option<SocketAddr>) {
        self.server.send_replace(server);
    }
}

/// The gate at which replies pass or wait.
struct Gate {
    replies: watch::Receiver<Replies>,
    waits: Arc<Notify>,
}

impl Gate {
    async fn pass(&mut self) -> bool {
        if *self.replies.borrow() == Replies::Wait {
            self.waits.notify_one();
        }
        self.replies.wait_for(|replies| *replies == Replies::Pass).await.is_ok()
    }
}

async fn carry(client: TcpStream, server: SocketAddr, gate: Gate) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = answer(from_server, to_client, gate) => {}
    }
}

async fn answer(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, mut gate: Gate) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = server.read(&mut bytes).await {
        if !gate.pass().await || client.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
