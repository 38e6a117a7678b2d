//! A server without TLS that asks who calls, and what its callers have.

use crate::authority::write;
use crate::secured::quick;
use detente::config::{IdentityFiles, IssuerFiles};
use detente::server::{Entrances, Reload, ServeError, ServerOptions, run};
use detente_client::{Access, Client, Error};
use detente_identity::{Algorithm, ApiKey, KeyFile, Principal};
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::clock::{Clock as _, SystemClock};
use detente_ledger::open::LedgerOptions;
use detente_proto::v1;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const INFO: &str = "/detente.v1.LedgerService/GetServerInfo";

/// A server that asks who calls.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) dir: TempDir,
    pub(crate) keys: KeyFile,
    reload: Reload,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemClock.now().0 / 1_000_000
}

/// Adds a key of a holder to a file; it ends after so many seconds, or has ended.
pub(crate) fn issue(keys: &mut KeyFile, holder: &str, seconds: i64) -> ApiKey {
    let (key, at) = (ApiKey::generate().unwrap(), |second| Timestamp::from_second(second).unwrap());
    keys.issue(&key, holder, at(now()), Some(at(now() + seconds))).unwrap();
    key
}

impl Site {
    /// A server with these keys.
    pub(crate) async fn new(keys: KeyFile) -> Self {
        Self::with(keys, None).await
    }

    /// The same, with an issuer of tokens and its key set.
    pub(crate) async fn with(keys: KeyFile, key_set: Option<&str>) -> Self {
        let dir = TempDir::new().unwrap();
        let file = write(dir.path(), "keys.toml", &keys.text().unwrap());
        let issuers = key_set.map(|text| IssuerFiles {
            alias: "corp".to_owned(),
            issuer: "https://id.example".to_owned(),
            audience: "detente".to_owned(),
            key_set: write(dir.path(), "corp.json", text),
            algorithms: vec![Algorithm::Es256],
        });
        let record_as = vec![Principal::of_key("importer").unwrap()];
        let identity = IdentityFiles { keys: Some(file), issuers: issuers.into_iter().collect(), record_as };
        let calls = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = calls.local_addr().unwrap();
        let ledger = Ledger::in_memory(LedgerId(uuid::Uuid::from_u128(7)), &LedgerOptions::default()).unwrap();
        let (reload, (stop, stopped)) = (Reload::default(), oneshot::channel());
        let entrances = Entrances { calls, metrics: None, reload: reload.clone() };
        let allowed_origins = vec!["https://desk.example".to_owned()];
        let options = ServerOptions { identity, allowed_origins, ..ServerOptions::default() };
        let done = tokio::spawn(run(Arc::new(ledger), entrances, options, stopped));
        let site = Self { address, dir, keys, reload, stop, done };
        assert!(site.get("/healthz", "").await.starts_with("HTTP/1.1 200"));
        site
    }

    /// Writes a file of the server, has it read, and waits until that is done.
    pub(crate) async fn replace(&self, name: &str, text: &str) {
        write(self.dir.path(), name, text);
        self.reload.ask();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    pub(crate) async fn client(&self, token: &str) -> Client {
        let access = Access::default().token(token);
        Client::connect_as(&format!("http://{}", self.address), quick(), &access).await.unwrap()
    }

    /// Asks for the state of the server.
    pub(crate) async fn ask(&self, token: &str) -> Result<v1::GetServerInfoResponse, Error> {
        self.client(token).await.ask(v1::GetServerInfoRequest {}).await
    }

    /// The whole answer to a GET over HTTP/1.1, with further lines of headers.
    pub(crate) async fn get(&self, path: &str, headers: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}\r\n", self.address)).await
    }

    /// The same to a POST.
    pub(crate) async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let (host, length) = (self.address, body.len());
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    pub(crate) async fn send(&self, request: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut read = vec![0; 4096];
        let mut all = Vec::new();
        // The feed has no end; its beginning is enough.
        while let Ok(Ok(count @ 1..)) = tokio::time::timeout(Duration::from_secs(2), socket.read(&mut read)).await {
            all.extend_from_slice(&read[..count]);
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(20), self.done).await.expect("it does not end").unwrap().unwrap();
    }
}

/// The reason and the words of a refusal.
pub(crate) fn explain(error: &Error) -> (&'static str, String) {
    let refusal = error.refusal().unwrap_or_else(|| panic!("{error}"));
    (refusal.reason.map_or("", detente_client::short_reason), refusal.message.clone())
}

/// An append that registers a party.
pub(crate) fn append(party: &str, recorded_by: &str) -> v1::AppendRequest {
    v1::AppendRequest { recorded_by: recorded_by.into(), commands: vec![register(party)], ..Default::default() }
}

pub(crate) fn register(party: &str) -> v1::Command {
    let names = vec![v1::PartyName { lang: "en".into(), name: party.into(), ..Default::default() }];
    let party = v1::Party { party_id: party.into(), r#type: v1::PartyType::State.into(), names, ..Default::default() };
    let register = v1::command::Command::RegisterParty(v1::RegisterParty { party: Some(party) });
    v1::Command { command: Some(register), ..Default::default() }
}

/// The recorder of a party.
pub(crate) async fn recorder(client: &Client, party: &str) -> String {
    let parties = client.ask(v1::ListPartiesRequest::default()).await.unwrap().parties;
    parties.into_iter().find(|found| found.party_id == party).unwrap().recorded_by
}
