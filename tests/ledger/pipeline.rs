//! While one group is being written the next is decided, and is answered only once it is durable itself; if the first one
//! fails, so does everything that was decided upon it.

use crate::support::home::{LEDGER, named_request, options, request};
use crate::support::hooked::Hooked;
use crate::support::make::{assert, batch, event, registrations, tick};
use detente_domain::command::Batch;
use detente_domain::position::Position;
use detente_journal::AppendError as JournalError;
use detente_ledger::Ledger;
use detente_ledger::clock::ManualClock;
use detente_ledger::error::AppendError;
use detente_ledger::write::append::{AppendReceipt, AppendRequest};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

type Answer = JoinHandle<Result<AppendReceipt, AppendError>>;

/// A ledger in which one group is being written while others have been decided.
struct Busy {
    runtime: tokio::runtime::Runtime,
    ledger: Arc<Ledger>,
    verdicts: Sender<bool>,
    begun: Mutex<Receiver<usize>>,
    before: Position,
    written: Answer,
    decided: Answer,
    replayed: Answer,
    checked: Answer,
}

impl Busy {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let ((verdicts, told), (begins, begun)) = (channel(), channel());
        // It writes or fails on demand, and reports the number of appends in each group.
        let journal = Hooked::new(LEDGER, move |group| {
            begins.send(group.len()).unwrap();
            let failed = || JournalError::OutcomeUnknown(io::Error::other("the disk did not answer"));
            if told.recv().unwrap_or(true) { Ok(()) } else { Err(failed()) }
        });
        let clock = Arc::new(ManualClock::at(tick(0)));
        let ledger = Ledger::start(Box::new(journal), None, &options(&clock, 1 << 20), &|_, _| {}).unwrap();
        let ledger = Arc::new(ledger);
        let append = |request: AppendRequest| -> Answer {
            let ledger = Arc::clone(&ledger);
            let asked = Arc::new(tokio::sync::Notify::new());
            let sent = Arc::clone(&asked);
            let answer = runtime.spawn(async move {
                let mut append = Box::pin(ledger.append(request));
                // Polled once, it waits for the writer already: so the requests come in the order of the calls.
                let first = std::future::poll_fn(|context| std::task::Poll::Ready(append.as_mut().poll(context))).await;
                sent.notify_one();
                match first {
                    std::task::Poll::Ready(answer) => answer,
                    std::task::Poll::Pending => append.await,
                }
            });
            runtime.block_on(asked.notified());
            answer
        };
        verdicts.send(true).unwrap();
        runtime.block_on(append(request(batch(registrations())))).unwrap().unwrap();
        assert_eq!(begun.recv().unwrap(), 1);
        let before = ledger.head().position();
        let written = append(request(large()));
        assert_eq!(begun.recv().unwrap(), 1, "the first group is under way");
        let decided = append(named_request(7, 7, batch([assert(event(900, "2025"))])));
        let replayed = append(named_request(7, 7, batch([assert(event(900, "2025"))])));
        let checked = append(AppendRequest { validate_only: true, ..request(batch([assert(event(901, "2025"))])) });
        // Refused at once, because of what has just been decided: the writer does not wait for the journal.
        let refused = runtime.block_on(append(request(batch([assert(event(900, "2024"))])))).unwrap();
        assert!(matches!(refused, Err(AppendError::Rejected(_))), "{refused:?}");
        assert_eq!(ledger.head().position(), before, "nothing is shown before it is durable");
        Self { runtime, ledger, verdicts, begun: Mutex::new(begun), before, written, decided, replayed, checked }
    }
}

/// More events than are decided without being handed over.
fn large() -> Batch {
    batch((1..=100).map(|number| assert(event(number, "2025"))))
}

#[test]
fn what_is_decided_while_a_group_is_written_is_written_together_after_it_and_answered_in_order() {
    let busy = Busy::new();
    busy.verdicts.send(true).unwrap();
    let written = busy.runtime.block_on(busy.written).unwrap().unwrap();
    assert_eq!(written.at.position(), busy.before.plus(100));
    assert_eq!(busy.begun.lock().unwrap().recv().unwrap(), 1, "of three that wait one is to be written");
    assert_eq!(busy.ledger.head().position(), written.at.position());
    assert!(!busy.decided.is_finished() && !busy.replayed.is_finished() && !busy.checked.is_finished());
    busy.verdicts.send(true).unwrap();
    let answer = |answer: Answer| busy.runtime.block_on(answer).unwrap().unwrap();
    let (decided, replayed, checked) = (answer(busy.decided), answer(busy.replayed), answer(busy.checked));
    assert_eq!((decided.at.position(), decided.replayed), (busy.before.plus(101), false));
    assert_eq!(replayed, AppendReceipt { replayed: true, ..decided.clone() });
    assert_eq!((checked.at, checked.recorded_at), (decided.at, None));
}

#[test]
fn when_a_group_fails_nothing_that_was_decided_upon_it_is_recorded_or_repeated() {
    let busy = Busy::new();
    busy.verdicts.send(false).unwrap();
    let answer = |answer: Answer| busy.runtime.block_on(answer).unwrap().unwrap_err();
    let failed = answer(busy.written);
    assert!(matches!(failed, AppendError::OutcomeUnknown(_)), "{failed:?}");
    for later in [busy.decided, busy.replayed, busy.checked] {
        let error = answer(later);
        assert!(matches!(error, AppendError::NotServing(_)), "{error:?}");
    }
    assert!(busy.begun.lock().unwrap().try_recv().is_err(), "the journal was not asked again");
    assert_eq!(busy.ledger.head().position(), busy.before);
    let error = busy.runtime.block_on(busy.ledger.append(request(batch([assert(event(902, "2025"))])))).unwrap_err();
    assert!(matches!(error, AppendError::NotServing(_)), "{error:?}");
    busy.ledger.close();
    assert_eq!(busy.ledger.journal().head().position, busy.before);
}
