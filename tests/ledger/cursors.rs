//! Named cursors: where one stands is on stable storage, moves only over what was delivered, and is held by one at a time.

use crate::support::follow::Account;
use crate::support::home::{Home, open};
use crate::support::make::{assert, event, tick};
use detente_domain::name::CursorId;
use detente_domain::position::Position;
use detente_ledger::Ledger;
use detente_ledger::follow::cursors::{Cursor, CursorError, MOST, NewCursor};
use detente_ledger::follow::feed::{Beginning, EndReason, FeedError, FeedFrame, FeedSource, Subscription};
use detente_ledger::open::cursors_dir;
use detente_proto::v1;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn id(name: &str) -> CursorId {
    CursorId::parse(name).unwrap()
}

fn create(ledger: &Ledger, name: &str, start: Beginning) -> Result<Cursor, FeedError> {
    ledger.create_cursor(NewCursor { id: id(name), start, filter: None })
}

fn subscribe(ledger: &Ledger, name: &str) -> Subscription {
    ledger.subscribe(FeedSource::Cursor(id(name)), Duration::from_secs(60)).unwrap()
}

fn cursor(ledger: &Ledger, name: &str) -> Cursor {
    ledger.list_cursors().into_iter().find(|cursor| cursor.id == id(name)).unwrap()
}

/// Of files, with ten events behind the registrations, which are six.
fn home() -> Home {
    let home = Home::in_files(1 << 20).with_registrations();
    for number in 1..=10 {
        home.record([assert(event(number, "2025"))]);
    }
    home
}

#[test]
fn a_consumer_that_keeps_nothing_goes_on_where_it_acknowledged_also_after_a_restart() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut home = home();
    create(&home.ledger, "desk-1", Beginning::After(Position::START)).unwrap();
    for (from, to) in [(0, 7), (7, 11), (11, 16)] {
        let mut account = Account::default();
        runtime.block_on(account.until(&mut subscribe(&home.ledger, "desk-1"), Position(16)));
        assert_eq!(account.positions(), (from + 1..=16).map(Position).collect::<Vec<_>>());
        home.at(tick(to as i64 * 1000));
        let moved = home.ledger.acknowledge(&id("desk-1"), Position(to)).unwrap();
        assert_eq!((moved.acknowledged, moved.delivered), (Position(to), Position(16)));
        home = home.reopened_after(|_| {});
        let kept = cursor(&home.ledger, "desk-1");
        // The deliveries of an earlier run do not count in this one.
        assert_eq!((kept.acknowledged, kept.delivered), (Position(to), Position(to)));
        assert_eq!(kept.updated_at, tick(to as i64 * 1000));
    }
}

#[test]
fn an_acknowledgement_is_in_its_file_when_it_returns() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = home();
    create(&home.ledger, "desk-1", Beginning::After(Position::START)).unwrap();
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscribe(&home.ledger, "desk-1"), Position(16)));
    for to in 1..=16 {
        home.ledger.acknowledge(&id("desk-1"), Position(to)).unwrap();
        // As the directory is now: a copy of it taken in the middle of the run.
        let copy = tempfile::tempdir().unwrap();
        let options = crate::support::home::options(&home.clock, 0);
        drop(Ledger::create(copy.path(), crate::support::home::LEDGER, &options).unwrap());
        std::fs::create_dir(cursors_dir(copy.path())).unwrap();
        for entry in std::fs::read_dir(cursors_dir(&home.data())).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), cursors_dir(copy.path()).join(entry.file_name())).unwrap();
        }
        let fresh = open(copy.path(), &home.clock, 0);
        assert_eq!(cursor(&fresh, "desk-1").acknowledged, Position(to));
    }
}

#[test]
fn what_was_not_delivered_cannot_be_acknowledged_and_what_is_behind_changes_nothing() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = home();
    let desk = id("desk-1");
    create(&home.ledger, "desk-1", Beginning::After(Position(3))).unwrap();
    let beyond = |asked: u64, delivered: u64| {
        let error = home.ledger.acknowledge(&desk, Position(asked)).unwrap_err();
        assert_eq!(
            error,
            CursorError::BeyondDelivered { id: desk.clone(), asked: Position(asked), delivered: Position(delivered) }
        );
    };
    beyond(4, 3);
    let mut subscription = subscribe(&home.ledger, "desk-1");
    beyond(4, 3);
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscription, Position(16)));
    beyond(17, 16);
    home.ledger.acknowledge(&desk, Position(9)).unwrap();
    for behind in [0, 3, 9] {
        let same = home.ledger.acknowledge(&desk, Position(behind)).unwrap();
        assert_eq!((same.acknowledged, same.delivered), (Position(9), Position(16)));
    }
    home.record([assert(event(100, "2025"))]);
    beyond(17, 16);
    runtime.block_on(account.next(&mut subscription));
    home.ledger.acknowledge(&desk, Position(17)).unwrap();
}

#[test]
fn with_a_filter_what_was_passed_over_can_be_acknowledged_too() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = home();
    let item = v1::FilterItem { labels: vec!["wanted".to_owned()], ..Default::default() };
    let filter = Some(v1::Filter { items: vec![item] });
    let new = || NewCursor { id: id("few"), start: Beginning::After(Position::START), filter: filter.clone() };
    home.ledger.create_cursor(new()).unwrap();
    let home = home.reopened_after(|_| {});
    assert_eq!(home.ledger.create_cursor(new()).unwrap().filter, filter);
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscribe(&home.ledger, "few"), Position(16)));
    assert!(account.events.is_empty());
    assert_eq!(home.ledger.acknowledge(&id("few"), Position(16)).unwrap().acknowledged, Position(16));
}

#[test]
fn the_later_subscription_takes_the_cursor_and_deleting_it_ends_that_one() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = home();
    create(&home.ledger, "desk-1", Beginning::Head).unwrap();
    let mut first = subscribe(&home.ledger, "desk-1");
    let mut account = Account::default();
    runtime.block_on(account.until(&mut first, Position(16)));
    let ended = |subscription: &mut Subscription, account: &mut Account, why: EndReason| {
        let end = runtime.block_on(account.next(subscription));
        assert!(matches!(end.frame, FeedFrame::End(reason) if reason == why), "{end:?}");
        assert!(runtime.block_on(subscription.next()).is_none());
    };
    // It learns of it while it waits.
    let mut second = std::thread::scope(|scope| {
        let ending = scope.spawn(|| ended(&mut first, &mut account, EndReason::CursorTakenOver));
        std::thread::sleep(Duration::from_millis(30));
        let second = subscribe(&home.ledger, "desk-1");
        ending.join().unwrap();
        second
    });
    let mut account = Account::default();
    runtime.block_on(account.until(&mut second, Position(16)));
    home.record([assert(event(50, "2025"))]);
    home.ledger.delete_cursor(&id("desk-1")).unwrap();
    ended(&mut second, &mut account, EndReason::CursorDeleted);
    let gone = CursorError::NotFound(id("desk-1"));
    assert_eq!(home.ledger.acknowledge(&id("desk-1"), Position(16)), Err(gone.clone()));
    assert_eq!(home.ledger.delete_cursor(&id("desk-1")), Err(gone));
    let home = home.reopened_after(|_| {});
    assert!(home.ledger.list_cursors().is_empty());
}

#[test]
fn making_a_cursor_again_with_the_same_words_changes_nothing_and_with_others_is_refused() {
    let runtime = runtime();
    let _inside = runtime.enter();
    for home in [home(), Home::in_memory().with_registrations()] {
        let head = home.ledger.head().position();
        for (name, start, at) in [
            ("a", Beginning::Head, head),
            ("b", Beginning::RecordedFrom(tick(0)), Position::START),
            ("c", Beginning::After(Position(2)), Position(2)),
        ] {
            assert_eq!(create(&home.ledger, name, start).unwrap().acknowledged, at);
            home.record([assert(event(1000 + u128::from(home.ledger.head().position().0), "2025"))]);
            assert_eq!(create(&home.ledger, name, start).unwrap().acknowledged, at);
            let other = create(&home.ledger, name, Beginning::After(Position(1)));
            assert!(matches!(other, Err(FeedError::Cursor(CursorError::Exists(_)))), "{other:?}");
            let filter = Some(v1::Filter::default());
            let other = home.ledger.create_cursor(NewCursor { id: id(name), start, filter });
            assert!(matches!(other, Err(FeedError::Cursor(CursorError::Exists(_)))), "{other:?}");
        }
        let future = create(&home.ledger, "d", Beginning::After(Position(1 << 40)));
        assert!(matches!(future, Err(FeedError::Query(_))), "{future:?}");
        assert_eq!(home.ledger.list_cursors().len(), 3);
    }
}

#[test]
fn a_thousand_cursors_and_no_more() {
    let home = Home::in_memory().with_registrations();
    for nth in 0..MOST {
        create(&home.ledger, &format!("cursor-{nth}"), Beginning::Head).unwrap();
    }
    let more = create(&home.ledger, "more", Beginning::Head);
    assert!(matches!(more, Err(FeedError::Cursor(CursorError::TooMany))), "{more:?}");
    create(&home.ledger, "cursor-7", Beginning::Head).unwrap();
    home.ledger.delete_cursor(&id("cursor-7")).unwrap();
    create(&home.ledger, "more", Beginning::Head).unwrap();
}

#[test]
fn a_damaged_file_is_told_and_refused_until_it_is_deleted_wherever_the_damage_is() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut home = home();
    create(&home.ledger, "sound", Beginning::Head).unwrap();
    create(&home.ledger, "desk-1", Beginning::After(Position(5))).unwrap();
    let file = cursors_dir(&home.data()).join("desk-1.cursor");
    let whole = std::fs::read(&file).unwrap();
    let foreign = std::fs::read(cursors_dir(&home.data()).join("sound.cursor")).unwrap();
    let flipped = (0..whole.len()).step_by(5).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    });
    let cut = [0, 1, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec());
    for bytes in flipped.chain(cut).chain([foreign]) {
        home = home.reopened_after(|_| {});
        std::fs::write(&file, &bytes).unwrap();
        home = home.reopened_after(|_| {});
        let damaged = |error: &CursorError| matches!(error, CursorError::Damaged { .. });
        assert!(cursor(&home.ledger, "desk-1").damaged && !cursor(&home.ledger, "sound").damaged);
        let subscribed = home.ledger.subscribe(FeedSource::Cursor(id("desk-1")), Duration::from_secs(60));
        assert!(matches!(&subscribed, Err(FeedError::Cursor(error)) if damaged(error)), "{subscribed:?}");
        assert!(damaged(&home.ledger.acknowledge(&id("desk-1"), Position(5)).unwrap_err()));
        let made = create(&home.ledger, "desk-1", Beginning::After(Position(5)));
        assert!(matches!(&made, Err(FeedError::Cursor(error)) if damaged(error)), "{made:?}");
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "somebody has touched it");
    }
    home.ledger.delete_cursor(&id("desk-1")).unwrap();
    assert_eq!(create(&home.ledger, "desk-1", Beginning::After(Position(5))).unwrap().acknowledged, Position(5));
}

#[test]
fn a_cursor_of_another_ledger_and_a_write_that_was_cut_short_are_not_taken_for_one() {
    let home = home();
    create(&home.ledger, "desk-1", Beginning::After(Position(5))).unwrap();
    let dir = cursors_dir(&home.data());
    std::fs::write(dir.join("desk-1.draft"), b"detente cursor 1\nhalf").unwrap();
    std::fs::write(dir.join("notes.txt"), b"not ours").unwrap();
    let home = home.reopened_after(|_| {});
    assert_eq!(home.ledger.list_cursors().len(), 1);
    assert_eq!(cursor(&home.ledger, "desk-1").acknowledged, Position(5));
    let other = tempfile::tempdir().unwrap();
    let id = detente_journal::LedgerId(uuid::Uuid::from_u128(77));
    drop(Ledger::create(other.path(), id, &crate::support::home::options(&home.clock, 0)).unwrap());
    std::fs::create_dir(cursors_dir(other.path())).unwrap();
    std::fs::copy(dir.join("desk-1.cursor"), cursors_dir(other.path()).join("desk-1.cursor")).unwrap();
    assert!(cursor(&open(other.path(), &home.clock, 0), "desk-1").damaged);
}
