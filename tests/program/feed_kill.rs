//! The server is killed again and again while it is written to and followed. Each follower comes back where it was, and
//! in the end has got the whole log once: nothing missing, nothing twice, and nothing that is not there any more.
//!
//! Some followers are cut off only when the server dies, some leave after every frame or every few, some want little of the
//! log or nothing, and some keep no place of their own but a cursor. All are held against the log, event by event.

use crate::support::watched::Watched;
use detente_proto::v1;
use detente_proto::v1::command::Command;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use detente_proto::v1::subscribe_request::Start;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// Returns the number of times that the server is killed, unless the environment has another.
fn kills() -> u32 {
    std::env::var("DETENTE_TEST_TRIALS").map_or(20, |trials| trials.parse().unwrap())
}

const PLAIN: usize = 6;
const FILTERED: usize = 6;
const RESTLESS: usize = 6;
const WITH_CURSOR: usize = 4;
const WRITERS: u64 = 3;

/// A server in a process of its own.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_at(data, "127.0.0.1:0")
    }

    fn start_at(data: &Path, listen: &str) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_detente"))
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with("serving ")).expect("the server does not start");
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let address = address.trim_end_matches(',').to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The server of a test ends with it, however it ends.
impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The state that all share: the address of the server, and the last acknowledged position, once no more will be.
#[derive(Clone)]
struct World {
    address: watch::Receiver<String>,
    end: watch::Receiver<Option<u64>>,
    broken: Arc<AtomicU64>,
}

impl World {
    /// A connection to the server as it is now, as soon as there is one.
    async fn client(&self) -> LedgerServiceClient<Channel> {
        loop {
            let address = self.address.borrow().clone();
            if let Ok(channel) = Endpoint::from_shared(address).unwrap().connect().await {
                return LedgerServiceClient::new(channel).max_decoding_message_size(16 << 20);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Follows until the end is known and has come.
    async fn follow(self, mut watched: Watched) -> Watched {
        let mut end = self.end.clone();
        loop {
            let mut client = self.client().await;
            let Ok(mut frames) = watched.subscribe(&mut client).await else { continue };
            // After a confirmation alone, after the first events, and so on.
            let most = if watched.restless { 1 + watched.subscriptions % 4 } else { usize::MAX };
            for _ in 0..most {
                let next = tokio::select! {
                    next = watched.next(&mut frames) => next,
                    _ = end.changed() => Ok(Some(v1::SubscribeResponse::default())),
                };
                if end.borrow().is_some_and(|end| watched.position >= end) {
                    return watched;
                }
                match next {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("the feed has ended by itself"),
                    Err(_) => {
                        self.broken.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                }
            }
        }
    }

    /// Follows with a cursor: keeps nothing but what it has been given, to hold against the log.
    async fn follow_with_cursor(self, name: String) -> Watched {
        let (mut all, mut acknowledged, mut again) = (Watched::default(), 0, 0);
        loop {
            let mut client = self.client().await;
            let round = self.one_round(&mut client, &name, &mut all, &mut acknowledged, &mut again).await;
            match round {
                Ok(()) => break,
                Err(_) => _ = self.broken.fetch_add(1, Ordering::SeqCst),
            }
        }
        println!("{name}: {again} events came again that had not been acknowledged");
        all
    }

    async fn one_round(
        &self,
        client: &mut LedgerServiceClient<Channel>,
        name: &str,
        all: &mut Watched,
        acknowledged: &mut u64,
        again: &mut usize,
    ) -> Result<(), Status> {
        let create = v1::CreateCursorRequest { cursor_id: name.to_owned(), ..Default::default() };
        let stands = client.create_cursor(create).await?.into_inner().cursor.unwrap().acknowledged_position;
        // If its answer did not come, the last acknowledgement may or may not have taken effect.
        assert!(stands >= *acknowledged, "acknowledged up to {acknowledged}, and stands at {stands}");
        let start = Some(Start::CursorId(name.to_owned()));
        let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
        let request = v1::SubscribeRequest { start, heartbeat, ..Default::default() };
        let mut frames = client.subscribe(request).await?.into_inner();
        let mut round = Watched { position: stands, ..Watched::default() };
        while self.end.borrow().is_none_or(|end| round.position < end) {
            round.next(&mut frames).await?.expect("the feed has ended by itself");
            for event in round.events.drain(..) {
                let seen = all.events.last().map_or(0, |last| last.position);
                *again += usize::from(event.position <= seen);
                if event.position > seen {
                    all.events.push(event);
                }
            }
            let position = round.position;
            let moved =
                client.acknowledge_cursor(v1::AcknowledgeCursorRequest { cursor_id: name.to_owned(), position });
            *acknowledged = moved.await?.into_inner().cursor.unwrap().acknowledged_position;
            assert!(*acknowledged >= position);
        }
        Ok(())
    }

    /// Appends until told to stop; returns the last position acknowledged.
    async fn write(self, writer: u64, stop: watch::Receiver<bool>) -> u64 {
        let (mut last, mut number) = (0, 0);
        while !*stop.borrow() {
            let mut client = self.client().await;
            while !*stop.borrow() {
                number += 1;
                match client.append(claims(writer, number)).await {
                    Ok(reply) => last = reply.into_inner().context.unwrap().position,
                    Err(_) => break,
                }
            }
        }
        last
    }
}

fn append(commands: Vec<Command>) -> v1::AppendRequest {
    let commands = commands.into_iter().map(|of| v1::Command { command: Some(of), ..Default::default() });
    v1::AppendRequest { recorded_by: "tests".to_owned(), commands: commands.collect(), ..Default::default() }
}

/// One to three claims, each on one of two relationships.
fn claims(writer: u64, number: u64) -> v1::AppendRequest {
    let claim = |nth: u64| v1::Claim {
        claim_id: Uuid::from_u64_pair(writer, number * 8 + nth).to_string(),
        kind: "agreement".to_owned(),
        temporal_type: v1::TemporalType::Event.into(),
        texts: vec![v1::Text { lang: "en".into(), text: "x".repeat((number * 37 % 900 + 1) as usize), original: true }],
        relationships: vec![if (number + nth).is_multiple_of(5) { "AZE-TUR" } else { "AZE-RUS" }.to_owned()],
        valid: "2025".to_owned(),
        modality: v1::Modality::Asserted.into(),
        ..Default::default()
    };
    let assert = |nth| Command::AssertClaim(v1::AssertClaim { claim: Some(claim(nth)) });
    append((1..=1 + number % 3).map(assert).collect())
}

fn parties() -> v1::AppendRequest {
    let party = |id: &str| v1::Party {
        party_id: id.to_owned(),
        r#type: v1::PartyType::State.into(),
        names: vec![v1::PartyName { lang: "en".into(), name: id.to_owned(), ..Default::default() }],
        ..Default::default()
    };
    let register = |id| Command::RegisterParty(v1::RegisterParty { party: Some(party(id)) });
    append(["AZE", "RUS", "TUR"].map(register).into())
}

fn about(relationship: &str) -> v1::Filter {
    let item = v1::FilterItem { relationships: vec![relationship.to_owned()], ..Default::default() };
    v1::Filter { items: vec![item] }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_of_a_server_that_is_killed_again_and_again_are_given_the_whole_log_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    let (tell_address, address) = watch::channel(server.address.clone());
    let (tell_end, end) = watch::channel(None);
    let (tell_stop, stop) = watch::channel(false);
    let world = World { address, end, broken: Arc::default() };
    world.client().await.append(parties()).await.unwrap();

    let plain = (0..PLAIN).map(|_| Watched::default());
    let filtered = (0..FILTERED).map(|_| Watched { filter: Some(about("AZE-TUR")), ..Watched::default() });
    let restless = |nth: usize| {
        let filter = nth.is_multiple_of(2).then(|| about("AZE-TUR"));
        Watched { filter, restless: true, ..Watched::default() }
    };
    let all = plain.chain(filtered).chain((0..RESTLESS).map(restless));
    let followers: Vec<_> = all.map(|watched| tokio::spawn(world.clone().follow(watched))).collect();
    let names = (0..WITH_CURSOR).map(|nth| format!("desk-{nth}"));
    let with_cursor: Vec<_> = names.map(|name| tokio::spawn(world.clone().follow_with_cursor(name))).collect();
    let writers: Vec<_> = (1..=WRITERS).map(|n| tokio::spawn(world.clone().write(n, stop.clone()))).collect();

    for kill in 0..kills() {
        tokio::time::sleep(Duration::from_millis(120 + u64::from(kill * 53 % 200))).await;
        server = tokio::task::block_in_place(|| {
            server.kill();
            Server::start(dir.path())
        });
        tell_address.send_replace(server.address.clone());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    tell_stop.send_replace(true);
    let mut last = 0;
    for writer in writers {
        last = last.max(writer.await.unwrap());
    }
    let mut client = world.client().await;
    let info = client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    let head = info.head.unwrap().position;
    assert!(head >= last, "acknowledged and gone: {last} of {head}");
    tell_end.send_replace(Some(head));

    let (mut subscriptions, mut events) = (0, 0);
    let count = followers.len() + with_cursor.len();
    for follower in followers.into_iter().chain(with_cursor) {
        let watched = follower.await.unwrap();
        watched.must_be_the_log(&mut client).await;
        subscriptions += watched.subscriptions;
        events += watched.events.len();
    }
    println!(
        "{} kills, {count} followers of {head} events: {} trials of coming back after a kill, {subscriptions} after \
         whatever end, {events} events held against the log: no gap, nothing twice",
        kills(),
        world.broken.load(Ordering::SeqCst)
    );
    assert!(subscriptions > 10 * RESTLESS, "{subscriptions} subscriptions are too few to try where to be cut off");
    assert!(head > 100 && world.broken.load(Ordering::SeqCst) >= u64::from(kills()));
    tokio::task::block_in_place(|| server.kill());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_nothing_of_100_000_events_keeps_its_place_over_kills_and_is_given_what_comes_then() {
    const EVENTS: u64 = 100_000;
    const IN_ONE: u64 = 2500;
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    let (tell_address, address) = watch::channel(server.address.clone());
    let (tell_end, end) = watch::channel(None);
    let world = World { address, end, broken: Arc::default() };
    world.client().await.append(parties()).await.unwrap();
    let never = prost_types::Timestamp { seconds: 32_503_680_000, nanos: 0 };
    let looks_at_all = v1::FilterItem { recorded_from: Some(never), ..Default::default() };
    let filters = [about("AZE-TUR"), v1::Filter { items: vec![looks_at_all] }];
    let followers = [false, true].into_iter().flat_map(|restless| {
        filters.clone().map(|filter| Watched { filter: Some(filter), restless, ..Watched::default() })
    });
    let followers: Vec<_> = followers.map(|watched| tokio::spawn(world.clone().follow(watched))).collect();
    let mut kills = 0;
    for nth in 0..EVENTS / IN_ONE {
        let noise =
            (0..IN_ONE).map(|of| Command::AssertClaim(v1::AssertClaim { claim: Some(noise(nth * IN_ONE + of)) }));
        world.client().await.append(append(noise.collect())).await.unwrap();
        if nth % 8 == 7 {
            server = tokio::task::block_in_place(|| {
                server.kill();
                Server::start(dir.path())
            });
            tell_address.send_replace(server.address.clone());
            kills += 1;
        }
    }
    let wanted = v1::Claim { relationships: vec!["AZE-TUR".to_owned()], ..noise(EVENTS) };
    let wanted = append(vec![Command::AssertClaim(v1::AssertClaim { claim: Some(wanted) })]);
    let mut client = world.client().await;
    let head = client.append(wanted).await.unwrap().into_inner().context.unwrap().position;
    tell_end.send_replace(Some(head));
    let mut subscriptions = 0;
    for (nth, follower) in followers.into_iter().enumerate() {
        let watched = follower.await.unwrap();
        let given: Vec<_> = watched.events.iter().map(|event| event.position).collect();
        assert_eq!(given, [head][..usize::from(nth % 2 == 0)]);
        // A filter that has to look at each event reports its place on the way.
        assert!(nth % 2 == 0 || watched.largest_step < 20_000, "{} at once", watched.largest_step);
        watched.must_be_the_log(&mut client).await;
        subscriptions += watched.subscriptions;
    }
    let broken = world.broken.load(Ordering::SeqCst);
    println!(
        "{kills} kills in {EVENTS} events that nobody wants, {broken} broken streams, {subscriptions} subscriptions"
    );
    assert!(head > EVENTS && broken >= kills);
    tokio::task::block_in_place(|| server.kill());
}

/// A claim of few bytes on the relationship that most are on.
fn noise(number: u64) -> v1::Claim {
    v1::Claim {
        claim_id: Uuid::from_u64_pair(99, number).to_string(),
        kind: "talks".to_owned(),
        temporal_type: v1::TemporalType::Event.into(),
        texts: vec![v1::Text { lang: "en".into(), text: "Noise.".into(), original: true }],
        relationships: vec!["AZE-RUS".to_owned()],
        valid: "2025".to_owned(),
        modality: v1::Modality::Asserted.into(),
        ..Default::default()
    }
}

/// The command line, following: what it prints goes to a file.
struct Printer {
    child: Child,
    printed: std::path::PathBuf,
}

impl Printer {
    fn start(dir: &Path, server: &str, flags: &[&str]) -> Self {
        let printed = dir.join(format!("printed{}", flags.concat()));
        let child = Process::new(env!("CARGO_BIN_EXE_detente"))
            .args(["subscribe", "--output", "jsonl", "--server", server])
            .args(flags)
            .stdout(std::fs::File::create(&printed).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, printed }
    }

    /// The positions that have been printed.
    fn positions(&self) -> Vec<u64> {
        let text = std::fs::read_to_string(&self.printed).unwrap();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let position = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["position"].as_str().unwrap().parse().unwrap()
        };
        whole.lines().map(position).collect()
    }

    /// Waits until an event is printed.
    async fn until(&self, position: u64) {
        for _ in 0..3000 {
            if self.positions().last() == Some(&position) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{position} is not printed: {:?}", self.positions());
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_prints_every_event_once_over_a_server_that_is_killed() {
    const KILLS: u64 = 4;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    let address = server.address.clone();
    let connect = async || {
        let channel = Endpoint::from_shared(address.clone()).unwrap().connect().await.unwrap();
        LedgerServiceClient::new(channel)
    };
    let mut client = connect().await;
    client.append(parties()).await.unwrap();
    client.create_cursor(v1::CreateCursorRequest { cursor_id: "desk".into(), ..Default::default() }).await.unwrap();
    let printers = [&[][..], &["--cursor", "desk", "--ack"], &["--kind", "agreement"]]
        .map(|flags| Printer::start(dir.path(), &address, flags));
    let mut head = 3;
    for kill in 0..=KILLS {
        for number in 1..=20 {
            head = client.append(claims(10 + kill, number)).await.unwrap().into_inner().context.unwrap().position;
        }
        if kill % 2 == 0 {
            printers[0].until(head).await;
        }
        if kill < KILLS {
            let listen = address.strip_prefix("http://").unwrap();
            server = tokio::task::block_in_place(|| {
                server.kill();
                Server::start_at(&data, listen)
            });
            client = connect().await;
        }
    }
    for (printer, first) in printers.iter().zip([1, 1, 4]) {
        printer.until(head).await;
        assert_eq!(printer.positions(), (first..=head).collect::<Vec<_>>());
    }
    println!("{KILLS} kills: each of {head} events printed once by the command line, with a cursor and without");
    drop(printers);
    tokio::task::block_in_place(|| server.kill());
}
