//! A server with TLS on a real socket, and clients of it.

use crate::authority::{Authority, Signed, Validity, write};
use detente::config::{ClientCertificates, IdentityFiles, TlsFiles};
use detente::server::{Entrances, Reload, ServeError, ServerOptions, run};
use detente_client::{Access, Client, Error, Options};
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::open::LedgerOptions;
use detente_proto::v1;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// A server with TLS.
pub(crate) struct Secured {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) authority: Authority,
    pub(crate) dir: TempDir,
    reload: Reload,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

/// The files of a server in a directory.
pub(crate) fn files(dir: &Path, clients: ClientCertificates, has_crl: bool) -> TlsFiles {
    let asks = clients != ClientCertificates::Off;
    TlsFiles {
        certificate: dir.join("server.pem"),
        key: dir.join("server.key"),
        client_ca: asks.then(|| dir.join("ca.pem")),
        clients,
        crl: has_crl.then(|| dir.join("crl.pem")),
    }
}

impl Secured {
    /// A server that asks clients for certificates as said.
    pub(crate) async fn new(clients: ClientCertificates) -> Self {
        Self::with(clients, None, Validity::Now).await
    }

    /// The same, with a list of revoked certificates, and a certificate of its own that counts for some time.
    pub(crate) async fn with(clients: ClientCertificates, crl: Option<(&[u64], Duration)>, own: Validity) -> Self {
        Self::of(clients, crl, own, |_| IdentityFiles::default()).await
    }

    /// The same, with further ways to prove who calls, whose files are written into the directory.
    pub(crate) async fn of(
        clients: ClientCertificates,
        crl: Option<(&[u64], Duration)>,
        own: Validity,
        identity: impl FnOnce(&Path) -> IdentityFiles,
    ) -> Self {
        let (authority, dir) = (Authority::new(), TempDir::new().unwrap());
        if let Some((serials, up_to_date)) = crl {
            write(dir.path(), "crl.pem", &authority.revoke(serials, up_to_date));
        }
        write(dir.path(), "ca.pem", &authority.pem());
        let signed = authority.server(own);
        write(dir.path(), "server.pem", &signed.certificate);
        write(dir.path(), "server.key", &signed.key);
        let tls = Some(files(dir.path(), clients, crl.is_some()));
        let (calls, metrics) = (listener().await, listener().await);
        let (address, metrics_address) = (calls.local_addr().unwrap(), metrics.local_addr().unwrap());
        let ledger = Ledger::in_memory(LedgerId(uuid::Uuid::from_u128(7)), &LedgerOptions::default()).unwrap();
        let (ledger, reload, (stop, stopped)) = (Arc::new(ledger), Reload::default(), oneshot::channel());
        let entrances = Entrances { calls, metrics: Some(metrics), reload: reload.clone() };
        let identity = identity(dir.path());
        let options =
            ServerOptions { tls, identity, handshake: Duration::from_millis(500), ..ServerOptions::default() };
        let done = tokio::spawn(run(ledger, entrances, options, stopped));
        // It has read its files once it answers.
        plain_get(metrics_address, "/healthz").await;
        Self { address, metrics: metrics_address, authority, dir, reload, stop, done }
    }

    /// The trust in its authority.
    pub(crate) fn trust(&self) -> Access {
        Access::default().trust(self.authority.pem())
    }

    /// The same, with a certificate to show.
    pub(crate) fn show(&self, signed: &Signed) -> Access {
        self.trust().show(signed.certificate.as_str(), signed.key.as_str())
    }

    pub(crate) async fn connect(&self, access: &Access) -> Result<Client, Error> {
        let server = format!("https://localhost:{}", self.address.port());
        Client::connect_as(&server, quick(), access).await
    }

    /// Asks for the state of the server: the first call of a new connection.
    pub(crate) async fn ask(&self, access: &Access) -> Result<v1::GetServerInfoResponse, Error> {
        self.connect(access).await?.ask(v1::GetServerInfoRequest {}).await
    }

    /// A connection that offers these protocols.
    pub(crate) async fn shake(&self, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.pem().as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// Has the files read again, and waits until that is done.
    pub(crate) async fn read_again(&self) {
        self.reload.ask();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    /// A number of the port for metrics.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = plain_get(self.metrics, "/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or("0").trim().parse().unwrap()
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(20), self.done).await.expect("it does not end").unwrap().unwrap();
    }
}

/// One attempt for each call.
pub(crate) fn quick() -> Options {
    Options { patience: Duration::ZERO, ..Options::default() }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// The whole answer to a GET over HTTP/1.1 without TLS.
pub(crate) async fn plain_get(address: SocketAddr, path: &str) -> String {
    read_all(TcpStream::connect(address).await.unwrap(), address, path).await
}

/// The whole answer to a GET over HTTP/1.1 on a connection.
pub(crate) async fn read_all(
    mut socket: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    address: SocketAddr,
    path: &str,
) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut read)).await.expect("no answer");
    String::from_utf8_lossy(&read).into_owned()
}
