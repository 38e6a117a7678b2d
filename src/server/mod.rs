//! The composition root: a ledger, a listener, and a signal to stop become a running server.
//!
//! The socket and the end come from outside, so that a test listens on port 0 and stops at will. The steps at the end
//! are the same after a signal and after a failure of the journal:
//!
//! ```text
//!   stop ──> health NOT_SERVING, streams end, no more connections ──> calls in flight end ──> the ledger closes
//!                                                                     within `drain`, or their connections are cut
//! ```
//!
//! If the ledger failed, [`run`] returns an error, so that the process ends with one and its supervisor starts it
//! again: only opening the ledger again shows what a failed write left on the disk.

mod availability;
mod connection;
mod descriptors;
mod door;
mod entrances;
mod gathering_stream;
mod identity;
mod incoming;
mod link;
mod memory;
mod options;
mod reply;
mod slots;
mod tls;

use crate::grpc::limits::Limits;
use crate::grpc::local::Local;
use crate::grpc::{DescriptorError, Direct, Services, services};
use crate::http::{self, Ready, Web};
use availability::Availability;
pub use descriptors::{raise as raise_descriptors, within as within_descriptors};
use detente_ledger::Ledger;
use detente_ledger::budget::MemoryBudget;
use door::Door;
pub use door::Pace;
pub use entrances::Entrances;
use identity::IdentityKeeper;
pub use identity::{IdentityError, IdentitySet};
use incoming::IncomingConnections;
use link::{Links, ReplyTimes};
pub use memory::default_memory;
pub use options::{ServerOptions, ledger_options};
use std::sync::Arc;
use std::time::Duration;
use tls::TlsKeeper;
pub use tls::{Reload, TlsError, TlsSet};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tower::layer::util::{Identity, Stack};

/// The reason why a server ended without a signal to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The ledger records nothing any more.
    #[error("the ledger has stopped writing: {0}")]
    LedgerFailed(String),
    /// The files of TLS do not fit.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The files of callers do not fit.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The descriptors for reflection could not be read.
    #[error("the descriptors cannot be read")]
    Descriptors(#[from] DescriptorError),
    /// The transport gave up.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// A part of the server panicked.
    #[error("a part of the server failed: {0}")]
    Part(#[from] tokio::task::JoinError),
}

/// Serves a ledger until `shutdown` completes, then closes it.
///
/// # Errors
/// If the ledger fails (it is then closed too), or the server cannot be brought up.
pub async fn run(
    ledger: Arc<Ledger>,
    entrances: impl Into<Entrances>,
    options: ServerOptions,
    shutdown: impl Future,
) -> Result<(), ServeError> {
    let Entrances { calls: listener, metrics, reload } = entrances.into();
    let tls = options.tls.clone().map(|files| TlsKeeper::new(files, Arc::clone(&ledger))).transpose()?.map(Arc::new);
    let identity = IdentityKeeper::new(&options, Arc::clone(&ledger))?.map(Arc::new);
    let stopping = CancellationToken::new();
    let cut = CancellationToken::new();
    let memory = MemoryBudget::new(options.memory);
    let links = watched_links(&options, &ledger, &memory, &stopping);
    let Services { routes, direct, health, streams, subscriptions } =
        services(Arc::clone(&ledger), options.limits, Arc::clone(&memory), stopping.clone())?;
    let routes = routes.prepare();
    let ready = Ready::default();
    let web = Web {
        local: Local::new(routes.clone()),
        ready: ready.clone(),
        ledger: Arc::clone(&ledger),
        streams,
        subscriptions,
        memory,
        request_bytes: options.limits.request_bytes,
        // Over TLS a metric would be for everybody who may call.
        serves_metrics: tls.is_none() && metrics.is_none(),
    };
    let probing = metrics.map(|listener| {
        let routes = Routes::from(http::probes(web.clone()));
        entrances::serve_metrics(listener, routes, &options, (&stopping, &cut), (&ledger, &web.memory))
    });
    let grpc = routes.into_axum_router().layer(tonic_web::GrpcWebLayer::new());
    let availability = Availability { health, ready };
    availability.serving();
    let door = Door::new(&options, listener.local_addr().ok(), Arc::clone(&ledger), identity.clone());
    expire(&ledger, options.limits, &stopping);
    watch_files(tls.as_ref(), identity, &reload, &stopping);
    let tokens = (stopping.clone(), cut.clone());
    let incoming = IncomingConnections::accept(listener, &options, tokens, links, Arc::clone(&ledger), tls);
    let around = http::around(grpc, web, &options.allowed_origins);
    let router = transport().layer(door).layer(direct).add_routes(Routes::from(around));
    let serving = tokio::spawn(serve(router, incoming, stopping.clone()));
    let ended = tokio::select! {
        ended = wait(&ledger, shutdown) => ended,
        never = availability.watch(&ledger, options.slow_write) => match never {},
    };
    stop(serving, &availability, &stopping, &cut, options.drain).await?;
    if let Some(probing) = probing {
        cut.cancel();
        probing.await??;
    }
    tokio::task::spawn_blocking(move || ledger.close()).await?;
    ended
}

fn transport() -> Server {
    const STREAM_WINDOW: u32 = 1 << 20;
    const CONNECTION_WINDOW: u32 = 4 << 20;
    /// Maximum number of calls on a connection. Libraries of clients let further calls wait, or open another connection.
    const STREAMS_A_CONNECTION: u32 = 256;
    const HEADER_BYTES: u32 = 16 << 10;
    Server::builder()
        .accept_http1(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_A_CONNECTION)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        // Against floods of streams that are reset at once (RUSTSEC-2024-0003, CVE-2023-44487).
        .http2_max_local_error_reset_streams(Some(256))
        .http2_max_pending_accept_reset_streams(Some(64))
}

/// The connections there will be, cut where a reply is left unread.
fn watched_links(
    options: &ServerOptions,
    ledger: &Arc<Ledger>,
    memory: &Arc<MemoryBudget>,
    stopping: &CancellationToken,
) -> Links {
    /// The calls at once in addition to streams and subscriptions.
    const CALLS: usize = 1024;
    let most = options.limits.streams.saturating_add(options.limits.subscriptions).saturating_add(CALLS);
    let links = Links::new(most, ReplyTimes { unread: options.unread, stalled: options.stalled });
    let (watched, ledger, memory) = (links.clone(), Arc::clone(ledger), Arc::clone(memory));
    let watch =
        async move { watched.watch(|| memory.refusals(), || ledger.metrics().count_refusal("unread_reply")).await };
    let stopping = stopping.clone();
    tokio::spawn(async move { stopping.run_until_cancelled(watch).await });
    links
}

/// Drops what clients opened and left, for as long as the server runs.
fn expire(ledger: &Arc<Ledger>, limits: Limits, stopping: &CancellationToken) {
    const BETWEEN: Duration = Duration::from_secs(1);
    let (ledger, stopping) = (Arc::downgrade(ledger), stopping.clone());
    let expiring = async move {
        loop {
            tokio::time::sleep(BETWEEN).await;
            let Some(ledger) = ledger.upgrade() else { return };
            // It waits for the disk where there is something to drop.
            let drop_both = move || {
                ledger.drop_untouched_stages(limits.stage_age);
                ledger.delete_idle_cursors(limits.cursor_age);
            };
            let _ = tokio::task::spawn_blocking(drop_both).await;
        }
    };
    tokio::spawn(async move { stopping.run_until_cancelled(expiring).await });
}

/// Watches the files of TLS and of callers for as long as the server runs.
fn watch_files(
    tls: Option<&Arc<TlsKeeper>>,
    identity: Option<Arc<IdentityKeeper>>,
    reload: &Reload,
    stopping: &CancellationToken,
) {
    if let Some(tls) = tls {
        let (watch, stopping) = (Arc::clone(tls).watch(reload.clone()), stopping.clone());
        tokio::spawn(async move { stopping.run_until_cancelled(watch).await });
    }
    if let Some(identity) = identity {
        let (watch, stopping) = (identity.watch(reload.clone()), stopping.clone());
        tokio::spawn(async move { stopping.run_until_cancelled(watch).await });
    }
}

async fn serve(
    router: Router<Stack<Direct, Stack<Door, Identity>>>,
    incoming: IncomingConnections,
    stopping: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    router.serve_with_incoming_shutdown(incoming, stopping.cancelled_owned()).await
}

/// Waits for a signal to stop or a failure of the ledger.
async fn wait(ledger: &Ledger, shutdown: impl Future) -> Result<(), ServeError> {
    let mut failed = ledger.failure_changes();
    tokio::select! {
        _ = shutdown => Ok(()),
        why = failed.wait_for(Option::is_some) => {
            let why = why.ok().and_then(|why| why.clone()).unwrap_or_default();
            tracing::error!(%why, "stopping: the ledger records nothing any more");
            Err(ServeError::LedgerFailed(why))
        }
    }
}

type ServerTask = tokio::task::JoinHandle<Result<(), tonic::transport::Error>>;

async fn stop(
    mut serving: ServerTask,
    availability: &Availability,
    stopping: &CancellationToken,
    cut: &CancellationToken,
    drain: Duration,
) -> Result<(), ServeError> {
    availability.not_serving();
    stopping.cancel();
    match tokio::time::timeout(drain, &mut serving).await {
        Ok(served) => Ok(served??),
        Err(_) => {
            tracing::warn!(?drain, "calls are still in flight; cutting their connections");
            cut.cancel();
            Ok(serving.await??)
        }
    }
}
