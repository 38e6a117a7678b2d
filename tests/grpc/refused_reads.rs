//! Reads that the system refuses: told with what it said and what to do, never as damage, and answered once it hands over again.

use crate::running::{Running, assert, claim, ledger_id, party};
use detente::server::ServerOptions;
use detente_domain::position::{Position, RecordedAt};
use detente_journal::file::disk::RealDisk;
use detente_journal::file::{FileJournal, Options};
use detente_journal::{
    Append, AppendError, AppendHeader, CheckpointError, Chunks, Head, Journal, LedgerId, ReadError, Reader, Room, Run,
};
use detente_ledger::Ledger;
use detente_ledger::open::{LedgerOptions, journal_dir, store_dir};
use detente_proto::v1;
use prost_types::Timestamp;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// The reads of a journal: the error with which they fail, and the threads that made them.
#[derive(Clone, Default)]
struct Reads {
    /// The error number that they fail with; 0 for none.
    number: Arc<AtomicI32>,
    /// The threads that have read.
    threads: Arc<Mutex<Vec<ThreadId>>>,
}

impl Reads {
    fn fail_with(&self, number: i32) {
        self.number.store(number, Ordering::SeqCst);
    }
}

/// A journal whose readers fail as told.
struct RefusingJournal {
    inner: FileJournal,
    reads: Reads,
}

struct RefusingReader {
    inner: Arc<dyn Reader>,
    reads: Reads,
}

impl Reader for RefusingReader {
    fn head(&self) -> Head {
        self.inner.head()
    }

    fn read(&self, from: Position) -> Result<Chunks<'_>, ReadError> {
        self.reads.threads.lock().unwrap().push(std::thread::current().id());
        match self.reads.number.load(Ordering::SeqCst) {
            0 => self.inner.read(from),
            number => Err(io::Error::from_raw_os_error(number).into()),
        }
    }
}

impl Journal for RefusingJournal {
    fn ledger_id(&self) -> LedgerId {
        self.inner.ledger_id()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn floor(&self) -> RecordedAt {
        self.inner.floor()
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        self.inner.append(group)
    }

    fn begin(&mut self, header: &AppendHeader, bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        self.inner.begin(header, bytes)
    }

    fn room(&self) -> Arc<dyn Room> {
        self.inner.room()
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(RefusingReader { inner: self.inner.reader(), reads: self.reads.clone() })
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        self.inner.checkpoint()
    }
}

/// Spoils the checksum of every block in sled but the last, which is looked at when a ledger is opened: events are then read
/// from the journal.
fn spoil_blocks(data: &Path) {
    let db = sled::open(store_dir(data)).unwrap();
    let log = db.open_tree("log").unwrap();
    let blocks: Vec<_> = log.iter().map(Result::unwrap).collect();
    for (key, block) in blocks.iter().take(blocks.len() - 1) {
        let mut block = block.to_vec();
        block[1] ^= 1;
        log.insert(key, block).unwrap();
    }
    db.flush().unwrap();
}

/// A server over a ledger that keeps no old event in memory.
async fn reading_from_the_journal(data: &Path) -> (Running, Reads) {
    let options = LedgerOptions { cache_bytes: 0, ..LedgerOptions::default() };
    let made = Ledger::create(data, ledger_id(), &options).unwrap();
    let mut server = Running::of(made, ServerOptions::default()).await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    server.append((1..=400).map(|id| assert(claim(id, "AZE-RUS", "2025/.."))).collect()).await;
    server.stop().await.unwrap();
    spoil_blocks(data);
    let (inner, _) = FileJournal::open(&journal_dir(data), Options::default(), Arc::new(RealDisk)).unwrap();
    let reads = Reads::default();
    let journal = RefusingJournal { inner, reads: reads.clone() };
    let ledger = Ledger::start(Box::new(journal), Some(data), &options, &|_, _| {}).unwrap();
    reads.threads.lock().unwrap().clear();
    (Running::of(ledger, ServerOptions::default()).await, reads)
}

fn claim_20() -> v1::GetClaimRequest {
    v1::GetClaimRequest { claim_id: Uuid::from_u128(20).to_string(), ..Default::default() }
}

async fn events(server: &mut Running) -> Result<usize, Status> {
    let mut stream = server.client.read_events(v1::ReadEventsRequest::default()).await?.into_inner();
    let mut count = 0;
    while let Some(reply) = stream.message().await? {
        count += reply.events.len();
    }
    Ok(count)
}

fn assert_refused(status: &Status, code: Code, reason: &str, said: &str) {
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{status:?}");
    assert!(status.message().contains(said), "{status:?}");
    assert!(!status.message().contains("damaged:") && !info.metadata.contains_key("command"), "{status:?}");
    assert!(!info.metadata["advice"].is_empty());
}

#[tokio::test]
async fn a_read_that_the_system_refuses_says_so_and_is_answered_once_it_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, reads) = reading_from_the_journal(dir.path()).await;
    for (errno, code, reason, said) in [
        (24, Code::ResourceExhausted, "OVERLOADED", "Too many open files"),
        (23, Code::ResourceExhausted, "OVERLOADED", "Too many open files in system"),
        (12, Code::ResourceExhausted, "OVERLOADED", "Cannot allocate memory"),
        (5, Code::Unavailable, "NOT_SERVING", "the kernel's log"),
        (13, Code::Unavailable, "NOT_SERVING", "Permission denied"),
    ] {
        reads.fail_with(errno);
        let status = server.client.get_claim(claim_20()).await.unwrap_err();
        assert_refused(&status, code, reason, said);
        assert_eq!(status.get_details_retry_info().is_some(), code == Code::ResourceExhausted, "{errno}");
        assert_refused(&events(&mut server).await.unwrap_err(), code, reason, said);
        let appended = server.append(vec![party(&format!("P{errno}"))]).await;
        assert!(appended.results[0].position > 402, "appends need no old event");
        reads.fail_with(0);
        let found = server.client.get_claim(claim_20()).await.unwrap().into_inner();
        assert_eq!(found.claim.unwrap().claim_id, claim_20().claim_id);
    }
    assert_eq!(events(&mut server).await.unwrap(), 402 + 5);
}

#[tokio::test]
async fn what_is_missing_or_cut_short_is_damage_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, reads) = reading_from_the_journal(dir.path()).await;
    reads.fail_with(2);
    let status = server.client.get_claim(claim_20()).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "DAMAGED", "{status:?}");
    assert_eq!(status.code(), Code::DataLoss);
}

#[tokio::test]
async fn no_question_reads_the_disk_on_the_thread_that_serves() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, reads) = reading_from_the_journal(dir.path()).await;
    let mut asked = 0;
    let mut assert_elsewhere = |what: &str| {
        let threads = std::mem::take(&mut *reads.threads.lock().unwrap());
        assert!(!threads.contains(&std::thread::current().id()), "{what} reads where it is served");
        asked += usize::from(!threads.is_empty());
    };
    server.client.get_claim(claim_20()).await.unwrap();
    assert_elsewhere("GetClaim");
    let of_claim = v1::ListRevisionsRequest { claim_id: Uuid::from_u128(60).to_string(), ..Default::default() };
    server.client.list_revisions(of_claim).await.unwrap();
    assert_elsewhere("ListRevisions");
    let few = v1::ListClaimsRequest { page_size: 1, ..Default::default() };
    server.client.list_claims(few).await.unwrap();
    assert_elsewhere("ListClaims");
    let few = v1::GetStateRequest { page_size: 1, valid_at: "2025-07".to_owned(), ..Default::default() };
    server.client.get_state(few).await.unwrap();
    assert_elsewhere("GetState");
    events(&mut server).await.unwrap();
    assert_elsewhere("ReadEvents");
    let all =
        v1::SubscribeRequest { start: Some(v1::subscribe_request::Start::AfterPosition(0)), ..Default::default() };
    server.client.subscribe(all).await.unwrap().into_inner().message().await.unwrap().unwrap();
    assert_elsewhere("Subscribe");
    let from = v1::WatchClockRequest {
        from: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        include_late: true,
        ..Default::default()
    };
    let mut watch = server.client.watch_clock(from).await.unwrap().into_inner();
    while watch.message().await.unwrap().unwrap().transition.is_none() {}
    assert_elsewhere("WatchClock");
    assert!(asked >= 4, "{asked} questions read the journal");
}
