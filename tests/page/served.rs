//! A server for a test, requests to it, and what may be said of every page.

use detente::demo;
use detente::server::{ServeError, ServerOptions, run};
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::clock::Clock;
use detente_ledger::open::LedgerOptions;
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use scraper::{Html, Selector};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use uuid::Uuid;

/// The founding question.
pub(crate) const FOUNDING: &str =
    "/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-02T00:00:00Z&kind=agreement&mode=holds-at";

/// A running server.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) client: LedgerServiceClient<Channel>,
    _home: Option<tempfile::TempDir>,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Served {
    /// Serves the demo.
    pub(crate) async fn demo() -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger");
        let open = move || demo::open(&path, &LedgerOptions::default(), &|_, _| {}).unwrap();
        let ledger = tokio::task::spawn_blocking(open).await.unwrap();
        Self::of(ledger, Some(home), ServerOptions::default()).await
    }

    /// Serves an empty ledger in memory.
    pub(crate) async fn empty() -> Self {
        Self::empty_with(ServerOptions::default()).await
    }

    /// Serves an empty ledger in memory in another way than usual.
    pub(crate) async fn empty_with(options: ServerOptions) -> Self {
        let ledger = Ledger::in_memory(LedgerId(Uuid::from_u128(0xde7e)), &LedgerOptions::default()).unwrap();
        Self::of(ledger, None, options).await
    }

    /// Serves an empty ledger in memory that goes by this clock.
    pub(crate) async fn by(clock: Arc<dyn Clock>) -> Self {
        let options = LedgerOptions { clock, ..LedgerOptions::default() };
        let ledger = Ledger::in_memory(LedgerId(Uuid::from_u128(0xde7e)), &options).unwrap();
        Self::of(ledger, None, ServerOptions::default()).await
    }

    async fn of(ledger: Ledger, home: Option<tempfile::TempDir>, options: ServerOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(run(Arc::new(ledger), listener, options, stopped));
        let client = LedgerServiceClient::connect(format!("http://{address}")).await.unwrap();
        Self { address, client, _home: home, stop, done }
    }

    pub(crate) async fn end(self) {
        drop(self.client);
        self.stop.send(()).unwrap();
        self.done.await.unwrap().unwrap();
    }

    /// Records commands.
    pub(crate) async fn append(&mut self, commands: Vec<v1::Command>) {
        let request = v1::AppendRequest { recorded_by: "tests".to_owned(), commands, ..Default::default() };
        self.client.append(request).await.unwrap();
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nhost: {}\r\ncontent-length: {length}\r\n{headers}\r\n{body}",
            self.address
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        socket.read_to_end(&mut read).await.unwrap();
        let at = read.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(read[..at].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: read[at + 4..].to_vec() }
    }

    /// A page that must be there, and well made.
    pub(crate) async fn page(&self, path: &str) -> Page {
        let answer = self.ask("GET", path, "", "").await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        Page::of(path, &answer)
    }
}

/// A page, read by a parser of HTML.
pub(crate) struct Page {
    pub(crate) source: String,
    pub(crate) html: Html,
}

impl Page {
    pub(crate) fn of(path: &str, answer: &Answer) -> Self {
        let source = String::from_utf8(answer.body.clone()).unwrap();
        let html = Html::parse_document(&source);
        let page = Self { source, html };
        assert!(page.html.errors.is_empty(), "{path}: {:?}", page.html.errors);
        assert!(
            answer.head.contains("content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'")
        );
        assert!(answer.head.contains("content-type: text/html; charset=utf-8"), "{path}: {}", answer.head);
        page.is_well_made(path);
        page
    }

    /// Checks the properties of every page, whatever its content.
    fn is_well_made(&self, path: &str) {
        assert_eq!(self.all("h1").len(), 1, "{path}: one heading");
        assert_eq!(self.all("main#main").len(), 1, "{path}: one main part");
        assert_eq!(self.all("a.skip[href='#main']").len(), 1, "{path}: a way past the navigation");
        for script in self.html.select(&Selector::parse("script, style, [style]").unwrap()) {
            let is_own = script.value().attr("src") == Some("/page/page.js") && script.inner_html().is_empty();
            assert!(is_own, "{path}: {}", script.html());
        }
        for element in self.html.select(&Selector::parse("*").unwrap()) {
            for (name, value) in element.value().attrs() {
                assert!(!name.starts_with("on"), "{path}: {name}={value}");
                if ["href", "src", "action"].contains(&name) {
                    let is_here = (value.starts_with('/') && !value.starts_with("//")) || value.starts_with('#');
                    assert!(is_here, "{path}: {name}={value} leads away");
                }
            }
        }
        let mut ids: Vec<&str> =
            self.html.select(&Selector::parse("[id]").unwrap()).filter_map(|one| one.attr("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{path}: an id twice");
        for field in self
            .html
            .select(&Selector::parse("input:not([type=hidden], [type=checkbox], [type=range]), select").unwrap())
        {
            let id = field.attr("id").unwrap();
            assert_eq!(self.all(&format!("label[for='{id}']")).len(), 1, "{path}: {id} has no label");
        }
    }

    /// The texts of what a selector finds.
    pub(crate) fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let found = self.html.select(&selector);
        found.map(|one| one.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    pub(crate) fn attrs(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let found = self.html.select(&selector);
        found.filter_map(|one| one.attr(name).map(str::to_owned)).collect()
    }
}

pub(crate) fn command(command: v1::command::Command) -> v1::Command {
    v1::Command { command: Some(command), ..Default::default() }
}

pub(crate) fn party(id: &str, name: &str) -> v1::Command {
    let names = vec![v1::PartyName { lang: "en".to_owned(), name: name.to_owned(), ..Default::default() }];
    let party = v1::Party { party_id: id.to_owned(), r#type: v1::PartyType::State.into(), names, ..Default::default() };
    command(v1::command::Command::RegisterParty(v1::RegisterParty { party: Some(party) }))
}

pub(crate) fn claim(id: u128, valid: &str, text: &str) -> v1::Command {
    let claim = v1::Claim {
        claim_id: Uuid::from_u128(id).to_string(),
        kind: "agreement".to_owned(),
        temporal_type: v1::TemporalType::State.into(),
        valid: valid.to_owned(),
        texts: vec![v1::Text { lang: "en".to_owned(), text: text.to_owned(), original: true }],
        parties: vec![v1::ClaimParty { party_id: "AAA".to_owned(), role: "party".to_owned(), ..Default::default() }],
        relationships: vec!["AAA-BBB".to_owned()],
        attribution: vec![v1::Attribution {
            name: "a voice".to_owned(),
            role: v1::AttributionRole::Speaker.into(),
            ..Default::default()
        }],
        modality: v1::Modality::Asserted.into(),
        ..Default::default()
    };
    command(v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) }))
}
