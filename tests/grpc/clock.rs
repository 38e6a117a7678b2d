//! The clock of valid time as a client sees it: what comes next, and being told when it has come.

use crate::running::{Running, about, assert, claim, command, ledger_id, options, party};
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_domain::period::Period;
use detente_domain::position::RecordedAt;
use detente_ledger::Ledger;
use detente_ledger::clock::{Clock, ManualClock};
use detente_ledger::open::LedgerOptions;
use detente_proto::v1;
use detente_proto::v1::command::Command;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

type Frames = Streaming<v1::WatchClockResponse>;
/// A transition: which claim, what, on which day, whether late.
type Told = (u128, v1::Transition, String, bool);

fn instant(text: &str) -> RecordedAt {
    RecordedAt(Period::parse(text).unwrap().a.0 * 1_000_000)
}

/// A server on a ledger in a directory, whose clock stands where it is put.
struct Clocked {
    server: Running,
    clock: Arc<ManualClock>,
}

impl Clocked {
    async fn open(dir: &Path, now: &str) -> Self {
        let clock = Arc::new(ManualClock::at(instant(now)));
        let opened = LedgerOptions { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..LedgerOptions::default() };
        let is_new = !dir.join("journal").exists();
        let ledger = match is_new {
            true => Ledger::create(dir, ledger_id(), &opened).unwrap(),
            false => Ledger::open(dir, &opened, &|_, _| {}).unwrap().0,
        };
        let mut server = Running::of(ledger, ServerOptions::default()).await;
        if is_new {
            server.append(vec![party("AZE"), party("RUS"), party("TUR")]).await;
        }
        Self { server, clock }
    }

    /// Sets the clock, and wakes all that wait for it.
    fn set(&self, now: &str) {
        self.clock.set(instant(now));
        self.server.ledger.clock_was_set();
    }

    async fn watch(&mut self, request: v1::WatchClockRequest) -> Frames {
        self.server.client.watch_clock(request).await.unwrap().into_inner()
    }
}

fn all() -> v1::WatchClockRequest {
    let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    v1::WatchClockRequest { include_late: true, heartbeat, ..Default::default() }
}

async fn frame(frames: &mut Frames) -> v1::WatchClockResponse {
    tokio::time::timeout(Duration::from_secs(20), frames.message()).await.expect("no frame").unwrap().unwrap()
}

fn day(at: &prost_types::Timestamp) -> String {
    at.to_string().split('T').next().unwrap().to_owned()
}

fn brief(transition: &v1::ClockTransition) -> Told {
    let number = transition.claim.as_ref().unwrap().claim_id.parse::<uuid::Uuid>().unwrap().as_u128();
    (number, transition.transition(), day(&transition.at.unwrap()), transition.late)
}

/// Returns the next transitions, as many as `count`, with the token of the last.
async fn next(frames: &mut Frames, count: usize) -> (Vec<Told>, String) {
    let (mut transitions, mut token) = (Vec::new(), String::new());
    while transitions.len() < count {
        let frame = frame(frames).await;
        token = frame.token;
        transitions.extend(frame.transition.as_ref().map(brief));
    }
    (transitions, token)
}

/// Takes frames until one without a transition comes; there must be none with one.
async fn quiet(frames: &mut Frames) -> String {
    let quiet = frame(frames).await;
    assert_eq!(quiet.transition, None);
    quiet.token
}

fn on(number: u128, transition: v1::Transition, day: &str) -> Told {
    (number, transition, day.to_owned(), false)
}

#[tokio::test]
async fn a_transition_is_told_when_it_comes_also_of_claims_that_are_recorded_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocked = Clocked::open(dir.path(), "2025-07-01").await;
    clocked.server.append(vec![assert(claim(1, "AZE-RUS", "2025-07-03/2025-07-05"))]).await;
    let mut frames = clocked.watch(v1::WatchClockRequest { filter: about("AZE-RUS"), ..all() }).await;
    quiet(&mut frames).await;
    clocked.server.append(vec![assert(claim(2, "AZE-RUS", "2025-07-02/2025-07-03"))]).await;
    clocked.server.append(vec![assert(claim(3, "AZE-TUR", "2025-07-02/2025-07-03"))]).await;
    clocked.set("2025-07-02");
    assert_eq!(next(&mut frames, 1).await.0, [on(2, v1::Transition::Begins, "2025-07-02")]);
    // Taken back before its time comes, moved, and recorded too late.
    let retract = v1::RetractClaim { claim_id: claim(1, "", "").claim_id, reason: v1::RetractionReason::Wrong.into() };
    clocked.server.append(vec![command(Command::RetractClaim(retract))]).await;
    clocked.server.append(vec![assert(claim(4, "AZE-RUS", "2025-06-01/2025-07-06"))]).await;
    assert_eq!(next(&mut frames, 1).await.0, [(4, v1::Transition::Begins, "2025-06-01".to_owned(), true)]);
    clocked.set("2025-07-10");
    let expected = [on(2, v1::Transition::Ends, "2025-07-04"), on(4, v1::Transition::Ends, "2025-07-07")];
    assert_eq!(next(&mut frames, 2).await.0, expected);
    quiet(&mut frames).await;
}

#[tokio::test]
async fn a_watch_goes_on_after_any_frame_when_the_server_was_stopped_and_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocked = Clocked::open(dir.path(), "2025-01-01").await;
    let claims =
        (1..=6).map(|nth| assert(claim(nth, "AZE-RUS", &format!("2025-01-0{}/2025-01-0{}", nth + 1, nth + 2))));
    clocked.server.append(claims.collect()).await;
    clocked.set("2025-01-20");
    let from = Some(prost_types::Timestamp { seconds: instant("2025-01-01").0 / 1_000_000, nanos: 0 });
    let mut frames = clocked.watch(v1::WatchClockRequest { from, ..all() }).await;
    let (whole, _) = next(&mut frames, 12).await;
    quiet(&mut frames).await;
    drop(frames);
    let (mut transitions, mut request) = (Vec::new(), v1::WatchClockRequest { from, ..all() });
    for nth in 0..12 {
        let mut frames = clocked.watch(request).await;
        let (transition, token) = next(&mut frames, 1).await;
        transitions.extend(transition);
        request = v1::WatchClockRequest { after: token, ..all() };
        drop(frames);
        if nth % 4 == 3 {
            clocked.server.stop().await.unwrap();
            clocked = Clocked::open(dir.path(), "2025-01-21").await;
        }
    }
    assert_eq!(transitions, whole);
    // Transitions that come and events that are recorded while nobody watches are not lost either.
    let mut frames = clocked.watch(request).await;
    let token = quiet(&mut frames).await;
    drop(frames);
    clocked.server.append(vec![assert(claim(9, "AZE-RUS", "2025-01-22/2025-01-23"))]).await;
    clocked.server.stop().await.unwrap();
    let mut clocked = Clocked::open(dir.path(), "2025-02-01").await;
    let mut frames = clocked.watch(v1::WatchClockRequest { after: token, ..all() }).await;
    let expected = [on(9, v1::Transition::Begins, "2025-01-22"), on(9, v1::Transition::Ends, "2025-01-24")];
    assert_eq!(next(&mut frames, 2).await.0, expected);
    quiet(&mut frames).await;
}

#[tokio::test]
async fn a_watch_from_long_ago_is_told_in_order_while_what_is_held_stays_small() {
    const CLAIMS: u128 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let mut clocked = Clocked::open(dir.path(), "2025-01-01").await;
    for from in (0..CLAIMS).step_by(2000) {
        let valid = |nth: u128| format!("2025-{:02}-{:02}/2025-12-31", 2 + nth % 10, 1 + nth % 28);
        let claims = (from..from + 2000).map(|nth| assert(claim(nth + 1, "AZE-RUS", &valid(nth))));
        clocked.server.append(claims.collect()).await;
    }
    clocked.set("2026-06-01");
    let from = Some(prost_types::Timestamp { seconds: instant("2025-01-01").0 / 1_000_000, nanos: 0 });
    // More transitions than a watch holds at once.
    let mut frames = clocked.watch(v1::WatchClockRequest { from, ..all() }).await;
    let mut transitions = next(&mut frames, 2 * CLAIMS as usize).await.0;
    quiet(&mut frames).await;
    assert!(transitions.windows(2).all(|pair| pair[0].2 <= pair[1].2), "out of order");
    transitions.sort();
    transitions.dedup();
    assert_eq!(transitions.len(), 2 * CLAIMS as usize);
}

fn violations(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    let mut fields: Vec<_> = violations.into_iter().map(|violation| violation.field).collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn a_request_to_the_clock_is_told_all_that_is_wrong_with_it() {
    let mut server = Running::in_memory().await;
    let item = v1::FilterItem { text: "gas".to_owned(), relationships: vec!["RUS".to_owned()], ..Default::default() };
    let filter = Some(v1::Filter { items: vec![item] });
    let watch = v1::WatchClockRequest {
        filter: filter.clone(),
        transitions: vec![77],
        after: "no such token".to_owned(),
        from: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
        heartbeat: Some(prost_types::Duration { seconds: 0, nanos: 5 }),
        ..Default::default()
    };
    let status = server.client.watch_clock(watch).await.unwrap_err();
    let filter_fields = ["filter.items[0].relationships[0]", "filter.items[0].text"];
    let mut expected = vec!["from", "from", "heartbeat", "transitions[0]"];
    expected.extend(filter_fields);
    expected.sort_unstable();
    assert_eq!(violations(&status), expected);
    let (from, until) = ("July".to_owned(), "10000".to_owned());
    let upcoming = v1::ListUpcomingRequest { filter, transitions: vec![77], from, until, ..Default::default() };
    let status = server.client.list_upcoming(upcoming).await.unwrap_err();
    let mut expected = vec!["from", "transitions[0]", "until"];
    expected.extend(filter_fields);
    expected.sort_unstable();
    assert_eq!(violations(&status), expected);
    let token = v1::WatchClockRequest { after: "00ff".to_owned(), ..Default::default() };
    assert_eq!(violations(&server.client.watch_clock(token).await.unwrap_err()), ["after"]);
}

#[tokio::test]
async fn the_token_of_another_ledger_is_refused() {
    let (mut one, mut other) = (Running::in_memory().await, {
        let another = detente_journal::LedgerId(uuid::Uuid::from_u128(7 << 64));
        Running::of(Ledger::in_memory(another, &LedgerOptions::default()).unwrap(), ServerOptions::default()).await
    });
    let mut frames = other.client.watch_clock(all()).await.unwrap().into_inner();
    let after = quiet(&mut frames).await;
    let status = one.client.watch_clock(v1::WatchClockRequest { after: after.clone(), ..all() }).await.unwrap_err();
    assert_eq!(violations(&status), ["after"]);
    other.client.watch_clock(v1::WatchClockRequest { after, ..all() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_ends_every_watch_in_time_and_tells_those_who_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocked = Clocked::open(dir.path(), "2025-01-01").await;
    for from in [1, 2001, 4001] {
        let long = "x".repeat(2000);
        let text = v1::Text { lang: "en".to_owned(), text: long, original: true };
        let of = |nth| v1::Claim { texts: vec![text.clone()], ..claim(nth, "AZE-RUS", "2025-01-02/2025-01-03") };
        clocked.server.append((from..from + 2000).map(|nth| assert(of(nth))).collect()).await;
    }
    let mut reader = clocked.watch(all()).await;
    let _unread = clocked.watch(all()).await;
    quiet(&mut reader).await;
    clocked.set("2025-02-01");
    next(&mut reader, 12_000).await;
    let ended = tokio::spawn(async move {
        loop {
            match reader.message().await {
                Ok(frame) => assert!(frame.unwrap().transition.is_none()),
                Err(status) => return status,
            }
        }
    });
    let began = Instant::now();
    clocked.server.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let status = ended.await.unwrap();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.get_details_error_info().unwrap().reason, "NOT_SERVING");
}

#[tokio::test]
async fn watches_count_among_the_streams_and_make_room_when_they_go() {
    let limits = Limits { streams: 1, ..Limits::default() };
    let mut server = Running::of(crate::running::in_memory(), options(limits)).await;
    let first = server.client.watch_clock(all()).await.unwrap();
    let refused = server.client.watch_clock(all()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    drop(first);
    for _ in 0..500 {
        if server.client.watch_clock(all()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place of a watch that has gone is not free again");
}

#[tokio::test]
async fn what_comes_next_is_listed_in_pages_of_one_cut_with_the_span_that_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocked = Clocked::open(dir.path(), "2025-07-15").await;
    let first = clocked.server.append(vec![
        assert(claim(1, "AZE-RUS", "2025-07/2025-08")),
        assert(claim(2, "AZE-RUS", "2025-07-20/2025-07-20")),
        assert(claim(3, "AZE-TUR", "2025-07-20/2025-07-20")),
    ]);
    let basis = first.await.context.unwrap().basis;
    let mut request = v1::ListUpcomingRequest { filter: about("AZE-RUS"), page_size: 2, ..Default::default() };
    let mut transitions = Vec::new();
    loop {
        let reply = clocked.server.client.list_upcoming(request.clone()).await.unwrap().into_inner();
        let context = reply.context.unwrap();
        assert_eq!(
            (context.basis.as_str(), context.valid_at.as_str()),
            (basis.as_str(), "2025-07-15T00:00:00Z/2026-07-14")
        );
        transitions.extend(reply.transitions.iter().map(|transition| {
            let number = transition.claim.as_ref().unwrap().claim_id.parse::<uuid::Uuid>().unwrap().as_u128();
            (number, transition.transition(), day(&transition.at.unwrap()))
        }));
        // Later pages are of the same cut, whatever is recorded meanwhile.
        clocked
            .server
            .append(vec![assert(claim(10 + transitions.len() as u128, "AZE-RUS", "2025-07-16/2025-07-30"))])
            .await;
        if reply.next_page_token.is_empty() {
            break;
        }
        request.page_token = reply.next_page_token;
    }
    let expected = [
        (2, v1::Transition::Begins, "2025-07-20"),
        (2, v1::Transition::Ends, "2025-07-21"),
        (1, v1::Transition::Begins, "2025-07-31"),
        (1, v1::Transition::MayEnd, "2025-08-02"),
        (1, v1::Transition::Ends, "2025-09-01"),
    ];
    assert_eq!(transitions, expected.map(|(number, transition, day)| (number, transition, day.to_owned())));
}
