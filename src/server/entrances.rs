//! The ways into a server: the serving port, and a port for metrics and probes alone.
//!
//! Metrics name no party and no claim, and those who watch a server need not be those who may ask it. So they can have a
//! port of their own, without TLS, for a network of operators.

use super::door::Door;
use super::incoming::IncomingConnections;
use super::tls::Reload;
use super::{ServerOptions, transport, watched_links};
use crate::grpc::limits::Limits;
use detente_ledger::Ledger;
use detente_ledger::budget::MemoryBudget;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// The ways into a server, and a way to have it read its files again.
#[derive(Debug)]
pub struct Entrances {
    /// The listener for calls and everything else.
    pub calls: TcpListener,
    /// The listener for metrics and probes alone.
    pub metrics: Option<TcpListener>,
    /// A way to have the files of TLS read again at once.
    pub reload: Reload,
}

impl From<TcpListener> for Entrances {
    fn from(calls: TcpListener) -> Self {
        Self { calls, metrics: None, reload: Reload::default() }
    }
}

/// Serves metrics and probes on a listener of their own.
pub(super) fn serve_metrics(
    listener: TcpListener,
    routes: Routes,
    options: &ServerOptions,
    (stopping, cut): (&CancellationToken, &CancellationToken),
    (ledger, memory): (&Arc<Ledger>, &Arc<MemoryBudget>),
) -> JoinHandle<Result<(), tonic::transport::Error>> {
    const CONNECTIONS: usize = 64;
    let limits = Limits { streams: 0, subscriptions: 0, ..options.limits };
    let options = ServerOptions { connections: CONNECTIONS, limits, tls: None, ..options.clone() };
    let door = Door::new(&options, listener.local_addr().ok(), Arc::clone(ledger), None);
    let links = watched_links(&options, ledger, memory, stopping);
    let (accepting, cutting) = (stopping.clone(), cut.clone());
    let incoming =
        IncomingConnections::accept(listener, &options, (accepting, cutting), links, Arc::clone(ledger), None);
    let router = transport().layer(door).add_routes(routes);
    let stopping = stopping.clone();
    tokio::spawn(async move { router.serve_with_incoming_shutdown(incoming, stopping.cancelled_owned()).await })
}
