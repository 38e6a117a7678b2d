//! Connections to a server, and the one call that all measurements make: bytes there, bytes back.

use crate::codec::Prepared;
use anyhow::{Context as _, Result};
use bytes::Bytes;
use std::time::Duration;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};

/// The largest reply that is taken.
pub const MAX_REPLY_BYTES: usize = 64 << 20;

/// The server, and the number of connections to it.
#[derive(clap::Args, Clone)]
pub struct Target {
    /// The server, for example `http://127.0.0.1:7443`.
    #[arg(long)]
    pub server: String,
    /// The number of connections the clients share: as many as there are clients, but no more than this.
    #[arg(long, default_value_t = 4)]
    pub connections: usize,
}

impl Target {
    /// One connection.
    pub async fn connect(&self) -> Result<Channel> {
        let endpoint = Endpoint::from_shared(self.server.clone())?
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20);
        endpoint.connect().await.with_context(|| format!("no server at {}", self.server))
    }

    /// Returns a connection for each of a number of clients, shared if there are fewer connections.
    pub async fn channels(&self, clients: usize) -> Result<Vec<Channel>> {
        let mut opened = Vec::new();
        for _ in 0..clients.min(self.connections).max(1) {
            opened.push(self.connect().await?);
        }
        Ok(opened.iter().cycle().take(clients).cloned().collect())
    }
}

/// One rpc over one connection, with prepared messages.
#[derive(Clone)]
pub struct Caller {
    grpc: Grpc<Channel>,
    path: PathAndQuery,
}

impl Caller {
    /// The rpc at a path such as `/detente.v1.LedgerService/Append`.
    pub fn new(channel: Channel, path: &'static str) -> Self {
        let grpc = Grpc::new(channel).max_decoding_message_size(MAX_REPLY_BYTES);
        Self { grpc, path: PathAndQuery::from_static(path) }
    }

    /// Calls it.
    ///
    /// # Errors
    /// The status, when it is not OK.
    pub async fn call(&mut self, message: Bytes) -> Result<Bytes> {
        self.grpc.ready().await?;
        Ok(self.grpc.unary(Request::new(message), self.path.clone(), Prepared).await?.into_inner())
    }
}
