//! A server for a test, and the small requests that tests are made of.

use detente::grpc::limits::Limits;
use detente::server::{ServeError, ServerOptions, run};
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::open::LedgerOptions;
use detente_proto::v1;
use detente_proto::v1::command::Command;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// A running server.
pub(crate) struct Running {
    pub(crate) client: LedgerServiceClient<Channel>,
    pub(crate) channel: Channel,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) address: std::net::SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    done: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Serves a ledger that is kept in memory.
    pub(crate) async fn in_memory() -> Self {
        Self::of(in_memory(), ServerOptions::default()).await
    }

    /// Serves a ledger.
    pub(crate) async fn of(ledger: Ledger, options: ServerOptions) -> Self {
        let ledger = Arc::new(ledger);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(run(Arc::clone(&ledger), listener, options, stopped));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let client = LedgerServiceClient::new(channel.clone()).max_decoding_message_size(16 << 20);
        Self { client, channel, ledger, address, stop: Some(stop), done }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<(), ServeError> {
        self.stop.take().unwrap().send(()).unwrap();
        self.wait_for_end().await
    }

    /// Waits until it has ended.
    pub(crate) async fn wait_for_end(self) -> Result<(), ServeError> {
        tokio::time::timeout(Duration::from_secs(20), self.done).await.expect("the server does not end").unwrap()
    }

    /// Appends commands that must be accepted.
    pub(crate) async fn append(&mut self, commands: Vec<v1::Command>) -> v1::AppendResponse {
        self.client.append(batch(commands)).await.unwrap().into_inner()
    }
}

pub(crate) fn in_memory() -> Ledger {
    Ledger::in_memory(ledger_id(), &LedgerOptions::default()).unwrap()
}

pub(crate) fn ledger_id() -> LedgerId {
    LedgerId(Uuid::from_u128(0xde7e))
}

pub(crate) fn options(limits: Limits) -> ServerOptions {
    ServerOptions { limits, ..ServerOptions::default() }
}

pub(crate) fn batch(commands: Vec<v1::Command>) -> v1::AppendRequest {
    v1::AppendRequest { recorded_by: "tests".to_owned(), commands, ..Default::default() }
}

pub(crate) fn command(command: Command) -> v1::Command {
    v1::Command { command: Some(command), ..Default::default() }
}

/// A state from a day on, between the parties of a relationship.
pub(crate) fn claim(id: u128, relationship: &str, valid: &str) -> v1::Claim {
    v1::Claim {
        claim_id: Uuid::from_u128(id).to_string(),
        kind: "agreement".to_owned(),
        temporal_type: v1::TemporalType::State.into(),
        texts: vec![v1::Text { lang: "en".to_owned(), text: format!("Agreement number {id}."), original: true }],
        relationships: vec![relationship.to_owned()],
        valid: valid.to_owned(),
        modality: v1::Modality::Asserted.into(),
        ..Default::default()
    }
}

pub(crate) fn assert(claim: v1::Claim) -> v1::Command {
    command(Command::AssertClaim(v1::AssertClaim { claim: Some(claim) }))
}

pub(crate) fn party(id: &str) -> v1::Command {
    let name = v1::PartyName { lang: "en".to_owned(), name: format!("The party {id}"), ..Default::default() };
    let party = v1::Party {
        party_id: id.to_owned(),
        r#type: v1::PartyType::State.into(),
        names: vec![name],
        ..Default::default()
    };
    command(Command::RegisterParty(v1::RegisterParty { party: Some(party) }))
}

pub(crate) fn source(id: &str) -> v1::Command {
    let source = v1::Source { source_id: id.to_owned(), title: "A report".to_owned(), ..Default::default() };
    command(Command::RegisterSource(v1::RegisterSource { source: Some(source) }))
}

pub(crate) fn about(relationship: &str) -> Option<v1::Filter> {
    let item = v1::FilterItem { relationships: vec![relationship.to_owned()], ..Default::default() };
    Some(v1::Filter { items: vec![item] })
}

/// Commands that together are larger than what a connection holds for a client that does not read.
pub(crate) fn much(from: u128) -> Vec<v1::Command> {
    let of = |id| {
        let texts = ["en", "fr", "de"].map(|lang| v1::Text {
            lang: lang.to_owned(),
            text: "x".repeat(16_000),
            original: false,
        });
        assert(v1::Claim { texts: texts.into(), ..claim(id, "AZE-RUS", "2025/..") })
    };
    (from..from + 200).map(of).collect()
}
