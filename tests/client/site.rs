//! A server behind a proxy, on a ledger that outlives it.

use crate::proxy::Proxy;
use crate::running::{Running, assert, claim, ledger_id, party};
use detente::server::ServerOptions;
use detente_client::{Client, Options};
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::open::LedgerOptions;
use detente_proto::v1;
use std::time::Duration;
use tempfile::TempDir;

/// A ledger in a directory, the server on it, and the way there.
pub(crate) struct Site {
    pub(crate) proxy: Proxy,
    pub(crate) server: Option<Running>,
    dir: TempDir,
}

impl Site {
    /// A server on a new ledger, with two parties: positions 1 and 2.
    pub(crate) async fn new() -> Self {
        Self::of(ledger_id()).await
    }

    /// The same, of a ledger with this id.
    pub(crate) async fn of(id: LedgerId) -> Self {
        Self::with(id, ServerOptions::default()).await
    }

    /// The same, of a server with these options.
    pub(crate) async fn with(id: LedgerId, options: ServerOptions) -> Self {
        let dir = TempDir::new().unwrap();
        let ledger = Ledger::create(dir.path(), id, &LedgerOptions::default()).unwrap();
        let mut server = Running::of(ledger, options).await;
        server.append(vec![party("AZE"), party("RUS")]).await;
        Self { proxy: Proxy::to(server.address).await, server: Some(server), dir }
    }

    /// A client that comes through the proxy and does not wait long between attempts.
    pub(crate) async fn client(&self) -> Client {
        self.client_with(quick()).await
    }

    pub(crate) async fn client_with(&self, options: Options) -> Client {
        Client::connect_with(&self.proxy.url(), options).await.unwrap()
    }

    pub(crate) fn running(&mut self) -> &mut Running {
        self.server.as_mut().unwrap()
    }

    /// Stops the server, in good order. Nobody answers from then on.
    pub(crate) async fn stop(&mut self) {
        self.proxy.lead_to(None);
        self.server.take().unwrap().stop().await.unwrap();
    }

    /// Starts a server on the same ledger, at another address.
    pub(crate) async fn start(&mut self) {
        let ledger = Ledger::open(self.dir.path(), &LedgerOptions::default(), &|_, _| {}).unwrap().0;
        let server = Running::of(ledger, ServerOptions::default()).await;
        self.proxy.lead_to(Some(server.address));
        self.server = Some(server);
    }

    /// Records the given number of claims, each an append, from this number on, past the proxy.
    pub(crate) async fn record(&mut self, from: u128, count: u128) {
        for id in from..from + count {
            self.running().append(vec![assert(claim(id, "AZE-RUS", "2025/.."))]).await;
        }
    }

    /// Waits until the given number of events are on stable storage.
    pub(crate) async fn wait_until_recorded(&mut self, position: u64) {
        let ledger = &self.server.as_ref().unwrap().ledger;
        let mut changes = ledger.published_changes();
        while ledger.head().position().0 < position {
            within(changes.changed()).await.unwrap();
        }
    }
}

/// Attempts that follow one another quickly.
pub(crate) fn quick() -> Options {
    let (first_pause, longest_pause) = (Duration::from_millis(1), Duration::from_millis(20));
    Options { first_pause, longest_pause, ..Options::default() }
}

/// Fails rather than to wait for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it does not come")
}

pub(crate) fn request(commands: Vec<v1::Command>) -> v1::AppendRequest {
    v1::AppendRequest { recorded_by: "tests".to_owned(), commands, ..Default::default() }
}

/// An append of one claim.
pub(crate) fn one(id: u128) -> v1::AppendRequest {
    request(vec![assert(claim(id, "AZE-RUS", "2025/.."))])
}
