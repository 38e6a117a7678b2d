//! Following: the log and the clock, over broken connections and restarted servers.

use crate::running::{Running, claim, ledger_id, options};
use crate::site::{Site, one, quick, within};
use detente::grpc::limits::Limits;
use detente::server::ServerOptions;
use detente_client::{Client, ClockNews, Error, News, Options, Subscription};
use detente_domain::position::RecordedAt;
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::clock::{Clock, ManualClock};
use detente_ledger::open::LedgerOptions;
use detente_proto::v1::{
    self, CreateCursorRequest, EndReason, ErrorReason, FromHead, SubscribeRequest, WatchClockRequest,
    subscribe_request::Start,
};
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt;
use uuid::Uuid;

/// Takes events until that of a position has come; the positions.
async fn up_to(feed: &mut Subscription, position: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.last() != Some(&position) {
        seen.extend(within(feed.events()).await.unwrap().iter().map(|event| event.position));
    }
    seen
}

fn dense(from: u64, to: u64) -> Vec<u64> {
    (from..=to).collect()
}

fn with_cursor(name: &str) -> SubscribeRequest {
    SubscribeRequest { start: Some(Start::CursorId(name.to_owned())), ..Default::default() }
}

async fn make_cursor(client: &Client, name: &str) {
    client.create_cursor(CreateCursorRequest { cursor_id: name.to_owned(), ..Default::default() }).await.unwrap();
}

#[tokio::test]
async fn a_subscription_over_servers_started_anew_has_no_gap_and_no_repeat() {
    let mut site = Site::new().await;
    let mut feed = site.client().await.subscribe(SubscribeRequest::default()).await.unwrap();
    let mut seen = up_to(&mut feed, 2).await;
    for round in 0..3 {
        site.record(1 + 20 * round, 10).await;
        site.stop().await;
        site.start().await;
        site.record(11 + 20 * round, 5).await;
        site.proxy.cut();
        site.record(16 + 20 * round, 5).await;
        seen.extend(up_to(&mut feed, 22 + 20 * round as u64).await);
    }
    assert_eq!(seen, dense(1, 62));
    assert_eq!(feed.position(), 62);
}

#[tokio::test]
async fn what_interrupts_a_subscription_is_told() {
    let mut site = Site::new().await;
    let mut feed = site.client().await.subscribe(SubscribeRequest::default()).await.unwrap();
    assert!(matches!(feed.next().await.unwrap(), News::Confirmed(head) if head.position == 2));
    up_to(&mut feed, 2).await;
    assert!(matches!(feed.next().await.unwrap(), News::CaughtUp));
    let stopping = site.server.take().unwrap();
    site.proxy.lead_to(None);
    let stopped = tokio::spawn(stopping.stop());
    loop {
        match within(feed.next()).await.unwrap() {
            News::Interrupted(Error::Ended(reason)) => break assert_eq!(reason, EndReason::ServerStopping),
            News::Heartbeat => {}
            other => panic!("{other:?}"),
        }
    }
    stopped.await.unwrap().unwrap();
    // Nobody is there yet.
    assert!(matches!(within(feed.next()).await.unwrap(), News::Interrupted(Error::Refused(_))));
    site.start().await;
    while !matches!(within(feed.next()).await.unwrap(), News::Confirmed(_)) {}
}

#[tokio::test]
async fn a_subscription_from_the_head_misses_nothing_once_it_stands() {
    let mut site = Site::new().await;
    let from_head = SubscribeRequest { start: Some(Start::FromHead(FromHead {})), ..Default::default() };
    let mut feed = site.client().await.subscribe(from_head).await.unwrap();
    site.proxy.cut();
    site.record(1, 3).await;
    assert_eq!(up_to(&mut feed, 5).await, dense(3, 5));
}

#[tokio::test]
async fn whoever_stops_waiting_for_news_loses_none() {
    let mut site = Site::new().await;
    let mut feed = site.client().await.subscribe(SubscribeRequest::default()).await.unwrap();
    let mut seen = Vec::new();
    site.record(1, 8).await;
    while seen.last() != Some(&10) {
        tokio::select! {
            biased;
            events = feed.events() => seen.extend(events.unwrap().iter().map(|event| event.position)),
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(seen, dense(1, 10));
}

#[tokio::test]
async fn with_a_cursor_each_event_comes_once_and_is_acknowledged_over_a_restart() {
    let mut site = Site::new().await;
    let client = site.client().await;
    make_cursor(&client, "desk").await;
    let mut feed = client.subscribe(with_cursor("desk")).await.unwrap();
    site.record(1, 3).await;
    assert_eq!(up_to(&mut feed, 5).await, dense(1, 5));
    site.stop().await;
    site.start().await;
    // This run of the server has delivered nothing yet, so that it would refuse the acknowledgement.
    within(feed.acknowledge(5)).await.unwrap();
    site.record(4, 2).await;
    assert_eq!(up_to(&mut feed, 7).await, [6, 7]);
    let cursors = client.ask(v1::ListCursorsRequest {}).await.unwrap().cursors;
    assert_eq!(cursors[0].acknowledged_position, 5);
    let error = within(feed.acknowledge(99)).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::CursorBeyondDelivered));
}

#[tokio::test]
async fn a_subscription_whose_cursor_is_taken_over_or_deleted_ends_and_says_so() {
    let site = Site::new().await;
    let client = site.client().await;
    make_cursor(&client, "desk").await;
    let ended = async |feed: &mut Subscription| loop {
        if let Err(error) = within(feed.next()).await {
            break error;
        }
    };
    let mut first = client.subscribe(with_cursor("desk")).await.unwrap();
    let mut second = client.subscribe(with_cursor("desk")).await.unwrap();
    assert!(matches!(ended(&mut first).await, Error::Ended(EndReason::CursorTakenOver)));
    client.delete_cursor("desk").await.unwrap();
    assert!(matches!(ended(&mut second).await, Error::Ended(EndReason::CursorDeleted)));
}

#[tokio::test]
async fn a_subscription_that_is_refused_says_why_at_once() {
    let site = Site::new().await;
    let error = site.client().await.subscribe(with_cursor("nobody")).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::CursorNotFound));
}

#[tokio::test]
async fn a_subscription_waits_for_a_place_at_a_server_that_has_no_more() {
    let limits = Limits { subscriptions: 1, ..Limits::default() };
    let site = Site::with(ledger_id(), options(limits)).await;
    let first = site.client().await.subscribe(SubscribeRequest::default()).await.unwrap();
    let impatient = site.client_with(Options { patience: Duration::ZERO, ..quick() }).await;
    let error = impatient.subscribe(SubscribeRequest::default()).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::Overloaded));
    assert_eq!(error.refusal().unwrap().retry_after, Some(Duration::from_millis(250)));
    let client = site.client().await;
    let second = tokio::spawn(async move { client.subscribe(SubscribeRequest::default()).await });
    drop(first);
    let mut second = within(second).await.unwrap().unwrap();
    assert_eq!(up_to(&mut second, 2).await, [1, 2]);
}

#[tokio::test]
async fn a_place_in_one_ledger_is_not_taken_for_one_in_another() {
    let (site, mut other) = (Site::new().await, Site::of(LedgerId(Uuid::from_u128(7))).await);
    let mut feed = site.client().await.subscribe(SubscribeRequest::default()).await.unwrap();
    up_to(&mut feed, 2).await;
    site.proxy.lead_to(Some(other.running().address));
    site.proxy.cut();
    let error = loop {
        if let Err(error) = within(feed.next()).await {
            break error;
        }
    };
    assert!(matches!(&error, Error::OtherLedger { found, .. } if *found == Uuid::from_u128(7).to_string()), "{error}");
}

#[tokio::test]
async fn a_subscription_is_a_stream_too() {
    let mut site = Site::new().await;
    let feed = site.client().await.subscribe(SubscribeRequest::default()).await.unwrap();
    let mut events = feed.into_stream().filter_map(|news| match news.unwrap() {
        News::Events(events) => Some(events),
        _ => None,
    });
    let first = within(events.next()).await.unwrap();
    assert_eq!(first.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2]);
    site.record(1, 1).await;
    assert_eq!(within(events.next()).await.unwrap()[0].position, 3);
}

const SECOND: i64 = 1_000_000;

/// Midnight of the so-manieth day of 2025.
fn day(number: i64) -> RecordedAt {
    RecordedAt((1_735_689_600 + (number - 1) * 86_400) * SECOND)
}

#[tokio::test]
async fn a_watch_tells_each_transition_once_over_broken_connections() {
    let clock = Arc::new(ManualClock::at(day(1)));
    let clocked = LedgerOptions { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..LedgerOptions::default() };
    let mut server = Running::of(Ledger::in_memory(ledger_id(), &clocked).unwrap(), ServerOptions::default()).await;
    let proxy = crate::proxy::Proxy::to(server.address).await;
    server.append(vec![crate::running::party("AZE"), crate::running::party("RUS")]).await;
    for number in 2..=6_u32 {
        let valid = format!("2025-01-{number:02}/..");
        server.append(vec![crate::running::assert(claim(number.into(), "AZE-RUS", &valid))]).await;
    }
    let client = Client::connect_with(&proxy.url(), quick()).await.unwrap();
    let mut watch = client.watch(WatchClockRequest::default()).await.unwrap();
    assert!(matches!(watch.next().await.unwrap(), ClockNews::Frame(frame) if frame.transition.is_none()));
    let mut told = Vec::new();
    for number in 2..=6 {
        clock.set(RecordedAt(day(number).0 + SECOND));
        server.ledger.clock_was_set();
        if number % 2 == 0 {
            proxy.cut();
        }
        let transition = within(watch.transition()).await.unwrap();
        told.push(Uuid::parse_str(&transition.claim.unwrap().claim_id).unwrap().as_u128());
    }
    assert_eq!(told, [2, 3, 4, 5, 6]);
    // Another watch, elsewhere, goes on where this one is.
    let after = watch.token().to_owned();
    let mut later = client.watch(WatchClockRequest { after, ..Default::default() }).await.unwrap();
    assert!(matches!(within(later.next()).await.unwrap(), ClockNews::Frame(frame) if frame.transition.is_none()));
}

#[tokio::test]
async fn an_append_of_a_session_is_seen_by_who_follows() {
    let site = Site::new().await;
    let client = site.client().await;
    let mut feed = client.subscribe(SubscribeRequest::default()).await.unwrap();
    let reply = client.session().append(one(1)).await.unwrap();
    assert_eq!(up_to(&mut feed, reply.context.unwrap().position).await, dense(1, 3));
}
