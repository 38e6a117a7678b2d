//! A server of the demo, on a port and in a directory of its own.

use detente::server::{self, ServerOptions};
use detente_ledger::open::LedgerOptions;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::sync::Arc;
use tokio::sync::oneshot;
use tonic::transport::Channel;

/// The founding dossier, served.
pub(crate) struct Demo {
    pub(crate) client: LedgerServiceClient<Channel>,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Demo {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let open = move || detente::demo::open(&path, &LedgerOptions::default(), &|_, _| {}).unwrap();
        let ledger = tokio::task::spawn_blocking(open).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            server::run(Arc::new(ledger), listener, ServerOptions::default(), stopped).await.unwrap();
        });
        Self { client: LedgerServiceClient::connect(url).await.unwrap(), stop, served, _dir: dir }
    }

    pub(crate) async fn end(self) {
        drop(self.client);
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}
