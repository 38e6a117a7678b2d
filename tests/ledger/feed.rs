//! A follower of the log misses nothing and gets nothing twice: wherever it begins, whatever it wants, however slowly
//! it reads, wherever it is cut off, and never before it is durable.

use crate::support::ask::one;
use crate::support::follow::{Account, follow};
use crate::support::home::{Home, LEDGER, options, request};
use crate::support::hooked::Hooked;
use crate::support::make::{assert, batch, event, id, registrations, relationship, tick, with};
use crate::support::oracle::Oracle;
use crate::support::random::{Random, any_command, random_filter};
use detente_domain::command::Command;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::position::{Position, RecordedAt};
use detente_domain::vocabulary::RetractionReason;
use detente_ledger::Ledger;
use detente_ledger::error::QueryError;
use detente_ledger::follow::feed::{Beginning, FeedError, FeedFrame, FeedSource};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Returns the number of trials, unless the environment has another.
fn trials(usual: u64) -> u64 {
    std::env::var("DETENTE_TEST_TRIALS").map_or(usual, |trials| trials.parse().unwrap())
}

/// Makes a random history of the given number of appends, on a ledger and on the model.
fn history(home: &Home, random: &mut Random, appends: usize) -> Oracle {
    let mut oracle = Oracle::default();
    let mut commands = registrations();
    for nth in 0..appends {
        home.at(tick(nth as i64 * 3));
        if let Ok(appended) = home.try_record(request(batch(commands.clone()))) {
            oracle.must_record(commands, appended.recorded_at.unwrap(), false, appended.at.basis);
        }
        let known = oracle.claims(oracle.head());
        let is_recorded = |number| known.iter().any(|known| known.content.id == id(number));
        commands = (0..1 + random.below(4)).map(|_| any_command(random, &is_recorded)).collect();
    }
    oracle
}

#[test]
fn a_follower_is_given_what_the_model_says_wherever_it_begins_and_wherever_it_is_cut_off() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let (mut followers, mut cuts, mut events) = (0, 0, 0);
    for seed in 0..trials(12) {
        let mut random = Random(seed + 20_261_201);
        let home = if seed % 3 == 0 { Home::in_files(0) } else { Home::in_memory() };
        let oracle = history(&home, &mut random, 60);
        let head = oracle.head();
        let ends = oracle.appends.iter().scan(0, |end, append| {
            *end += append.events.len() as u64;
            Some(Position(*end))
        });
        let ends: Vec<Position> = ends.collect();
        let mut filters: Vec<_> = (0..6).map(|_| Some(random_filter(&mut random, false))).collect();
        filters.extend([None, Some(Filter::default())]);
        for filter in filters {
            for after in [Position::START, Position(random.below(head.0)), Position(random.below(head.0)), head] {
                let expected = match &filter {
                    Some(filter) => oracle.belonging(filter, after),
                    None => (after.0 + 1..=head.0).map(Position).collect(),
                };
                let mut account = Account::default();
                runtime.block_on(account.until(&mut follow(&home.ledger, after, filter.as_ref()), head));
                assert_eq!(account.positions(), expected, "{filter:?} after {after}");
                account.must_be_the_log(&home.ledger, after, filter.as_ref());
                let whole = |position: &Position| *position == after || ends.contains(position);
                assert!(account.frames.iter().all(|(position, _)| whole(position)), "an append is torn: {account:?}");
                for (position, given) in account.frames.clone() {
                    let mut rest = Account::default();
                    runtime.block_on(rest.until(&mut follow(&home.ledger, position, filter.as_ref()), head));
                    assert_eq!(rest.positions(), expected[given..], "{filter:?} after {after}, cut at {position}");
                    cuts += 1;
                }
                followers += 1;
                events += expected.len();
            }
        }
    }
    println!("{followers} followers, {cuts} cuts, {events} events: no gap, nothing twice");
    assert!(events > 0);
}

/// A writer of small appends, some of which touch what others wrote; it says how far it is.
async fn write(ledger: &Ledger, appends: u64, random: &mut Random) {
    for nth in 0..appends {
        let number = 1000 + u128::from(nth) * 4;
        let of = |at| with(event(number + at, "2025"), |claim| claim.relationships = vec![random_relationship(number)]);
        let mut commands: Vec<_> = (0..1 + u128::from(random.below(3))).map(|at| assert(of(at))).collect();
        if nth % 7 == 3 {
            commands.push(Command::Retract(id(number - 12), RetractionReason::Wrong));
        }
        ledger.append(request(batch(commands))).await.unwrap();
    }
}

fn random_relationship(number: u128) -> detente_domain::relationship::RelationshipId {
    relationship(["AZE-RUS", "ARM-TUR", "ARM-AZE"][(number / 4 % 3) as usize])
}

#[test]
fn many_followers_of_a_busy_log_that_leave_and_come_back_are_each_given_all_of_it_once() {
    const FOLLOWERS: u64 = 48;
    let runtime = runtime();
    let home = Arc::new(Home::in_files(1 << 20).with_registrations());
    let stopped = Arc::new(AtomicBool::new(false));
    let came_back = Arc::new(AtomicUsize::new(0));
    let followers: Vec<_> = (0..FOLLOWERS)
        .map(|seed| {
            let (home, stopped, came_back) = (Arc::clone(&home), Arc::clone(&stopped), Arc::clone(&came_back));
            runtime.spawn(async move {
                let mut random = Random(seed);
                let about = FilterItem { relationships: vec![relationship("ARM-TUR")], ..FilterItem::default() };
                let filter = seed.is_multiple_of(2).then(|| one(about));
                let (mut after, mut events) = (Position::START, Vec::new());
                loop {
                    let mut account = Account::default();
                    let mut subscription = follow(&home.ledger, after, filter.as_ref());
                    for _ in 0..1 + random.below(20) {
                        let last =
                            stopped.load(Ordering::SeqCst) && subscription.position() >= home.ledger.head().position();
                        if last && account.caught_up > 0 {
                            account.events.splice(..0, events);
                            return (filter, account);
                        }
                        let next = account.next(&mut subscription);
                        // Between the last event and this look at the clock nothing may come any more.
                        if tokio::time::timeout(Duration::from_millis(200), next).await.is_err() {
                            continue;
                        }
                        if random.once_in(4) {
                            tokio::time::sleep(Duration::from_micros(random.below(800))).await;
                        }
                    }
                    after = subscription.position();
                    events.append(&mut account.events);
                    came_back.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    runtime.block_on(write(&home.ledger, 1500, &mut Random(7)));
    stopped.store(true, Ordering::SeqCst);
    for follower in followers {
        let (filter, account) = runtime.block_on(follower).unwrap();
        account.must_be_the_log(&home.ledger, Position::START, filter.as_ref());
    }
    let (head, again) = (home.ledger.head().position(), came_back.load(Ordering::SeqCst));
    println!("{FOLLOWERS} followers of {head} events, who came back {again} times: no gap, nothing twice");
    assert!(again > 0);
}

#[test]
fn what_is_recorded_right_after_the_confirmation_is_given() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_memory().with_registrations();
    let trials = trials(300);
    for nth in 1..=trials {
        let followed = FeedSource::Log(Beginning::Head, None);
        let mut subscription = home.ledger.subscribe(followed, Duration::from_secs(60)).unwrap();
        let mut account = Account::default();
        let confirmed = runtime.block_on(account.next(&mut subscription));
        assert!(matches!(confirmed.frame, FeedFrame::Confirmed(head) if head.position() == confirmed.position));
        let position = home.record([assert(event(nth.into(), "2025"))]).at.position();
        runtime.block_on(account.until(&mut subscription, position));
        assert_eq!(account.positions(), [position]);
    }
    println!("{trials} appends right after a confirmation, each given once");
}

/// A ledger with 100,000 events on one relationship, and what wants another.
fn noise() -> (Home, Filter) {
    let home = Home::in_memory().with_registrations();
    for from in (0..100_000).step_by(5000) {
        home.record((from..from + 5000).map(|number| assert(event(number + 1, "2025"))));
    }
    (home, one(FilterItem { labels: vec!["wanted".into()], ..FilterItem::default() }))
}

#[test]
fn a_filter_that_matches_nothing_for_100_000_events_moves_the_position_catching_up_and_live() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let (home, nothing) = noise();
    // One that leads to few claims jumps; one that every claim might match has to look at each event.
    let wide = one(FilterItem { recorded_from: Some(tick(1 << 40)), ..FilterItem::default() });
    let mut accounts = Vec::new();
    for filter in [nothing.clone(), wide] {
        let mut account = Account::default();
        runtime.block_on(
            account.until(&mut follow(&home.ledger, Position::START, Some(&filter)), home.ledger.head().position()),
        );
        assert!(account.events.is_empty() && account.caught_up == 1);
        assert!(account.frames.last().unwrap().0 > Position(100_000));
        accounts.push(account);
    }
    let largest_step = |account: &Account| account.frames.windows(2).map(|pair| pair[1].0.0 - pair[0].0.0).max();
    assert!(largest_step(&accounts[1]) < Some(20_000), "the position moves in small steps: {:?}", accounts[1].frames);
    let mut subscription = follow(&home.ledger, home.ledger.head().position(), Some(&nothing));
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscription, home.ledger.head().position()));
    let head = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for from in (200_000..300_000).step_by(2500) {
                home.record((from..from + 2500).map(|number| assert(event(number + 1, "2025"))));
            }
            home.ledger.head().position()
        });
        while !writer.is_finished() {
            let waited = runtime.block_on(async {
                tokio::time::timeout(Duration::from_millis(100), account.next(&mut subscription)).await
            });
            drop(waited);
        }
        writer.join().unwrap()
    });
    let wanted = with(event(1 << 40, "2025"), |claim| claim.labels = vec!["wanted".into()]);
    let position = home.record([assert(wanted)]).at.position();
    let told_live = account.frames.last().unwrap().0;
    assert!(account.events.is_empty() && account.heartbeats > 0);
    assert!(head.0 - told_live.0 <= 20_000, "the last frame says {told_live} of {head}");
    runtime.block_on(account.until(&mut subscription, position));
    assert_eq!(account.positions(), [position]);
}

#[test]
fn silence_is_told_in_time_with_the_place_that_has_moved() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_memory().with_registrations();
    let nothing = one(FilterItem { labels: vec!["wanted".into()], ..FilterItem::default() });
    let followed = FeedSource::Log(Beginning::Head, Some(nothing));
    let mut subscription = home.ledger.subscribe(followed, Duration::from_millis(150)).unwrap();
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscription, home.ledger.head().position()));
    let position = home.record([assert(event(1, "2025"))]).at.position();
    let began = Instant::now();
    let heartbeat = runtime.block_on(account.next(&mut subscription));
    assert!(matches!(heartbeat.frame, FeedFrame::Heartbeat(now) if now == tick(0)), "{heartbeat:?}");
    assert_eq!(heartbeat.position, position);
    assert!((140..2000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[test]
fn who_reads_too_slowly_is_told_and_given_everything_from_the_log() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_files(1 << 20).with_registrations();
    let mut slow = follow(&home.ledger, Position::START, None);
    let mut account = Account::default();
    runtime.block_on(account.until(&mut slow, home.ledger.head().position()));
    // One large append is not slowness.
    home.record((0..9000).map(|number| assert(event(number + 1, "2025"))));
    runtime.block_on(account.until(&mut slow, home.ledger.head().position()));
    assert_eq!((account.fell_behind, account.caught_up), (0, 1));
    for from in (10_000..40_000).step_by(3000) {
        home.record((from..from + 3000).map(|number| assert(event(number + 1, "2025"))));
    }
    let told = runtime.block_on(account.next(&mut slow));
    assert!(matches!(told.frame, FeedFrame::FellBehind(20_000..)), "{told:?}");
    runtime.block_on(account.until(&mut slow, home.ledger.head().position()));
    assert_eq!((account.fell_behind, account.caught_up), (1, 2));
    account.must_be_the_log(&home.ledger, Position::START, None);
}

#[test]
fn frames_are_bounded_and_only_an_append_larger_than_a_frame_is_divided() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_files(1 << 18).with_registrations();
    let of = |number: u128, bytes: usize| {
        with(event(number, "2025"), |claim| claim.texts[0].text = "x".repeat(bytes).into())
    };
    let mut ends = vec![home.ledger.head().position()];
    // Of 30 KB, of 700 KB, of 3 MB, and small ones again.
    for (nth, (claims, bytes)) in [(1, 30_000), (70, 10_000), (100, 30_000), (1, 10), (1, 10)].into_iter().enumerate() {
        let from = 1 + 1000 * nth as u128;
        ends.push(home.record((from..from + claims).map(|number| assert(of(number, bytes)))).at.position());
    }
    let all = one(FilterItem { relationships: vec![relationship("AZE-RUS")], ..FilterItem::default() });
    for filter in [None, Some(&all)] {
        let mut account = Account::default();
        runtime.block_on(account.until(&mut follow(&home.ledger, Position::START, filter), *ends.last().unwrap()));
        account.must_be_the_log(&home.ledger, Position::START, filter);
        assert!(account.largest_frame <= 1 << 20, "{} bytes", account.largest_frame);
        let torn: Vec<_> =
            account.frames.iter().filter(|(at, _)| *at > Position::START && !ends.contains(at)).collect();
        let within = |at: Position| at > ends[2] && at < ends[3];
        assert!(torn.len() >= 2 && torn.iter().all(|(at, _)| within(*at)), "{torn:?} {ends:?}");
        for (position, given) in account.frames.clone() {
            let mut rest = Account::default();
            runtime.block_on(rest.until(&mut follow(&home.ledger, position, filter), *ends.last().unwrap()));
            assert_eq!(rest.positions(), account.positions()[given..]);
        }
    }
}

#[test]
fn an_append_stays_whole_where_a_filter_is_asked_of_one_stretch_of_the_log_after_the_other() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_memory().with_registrations();
    let mut ends = vec![Position::START, home.ledger.head().position()];
    for from in (0..9000).step_by(300) {
        ends.push(home.record((from..from + 300).map(|number| assert(event(number + 1, "2025")))).at.position());
    }
    let wide = one(FilterItem { relationships: vec![relationship("AZE-RUS")], ..FilterItem::default() });
    let mut account = Account::default();
    runtime.block_on(account.until(&mut follow(&home.ledger, Position::START, Some(&wide)), *ends.last().unwrap()));
    account.must_be_the_log(&home.ledger, Position::START, Some(&wide));
    assert!(account.frames.len() > 5 && account.frames.iter().all(|(at, _)| ends.contains(at)), "{:?}", account.frames);
}

#[test]
fn a_log_that_is_in_memory_no_more_is_read_from_sled_and_without_sled_from_the_journal() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_files(0).with_registrations();
    for from in (0..6000).step_by(50) {
        home.record((from..from + 50).map(|number| assert(event(number + 1, "2025"))));
    }
    let few = one(FilterItem { claim_ids: vec![id(1), id(3000), id(5999)], ..FilterItem::default() });
    let check = |home: &Home| {
        for filter in [None, Some(&few)] {
            let mut account = Account::default();
            let head = home.ledger.head().position();
            runtime.block_on(account.until(&mut follow(&home.ledger, Position::START, filter), head));
            account.must_be_the_log(&home.ledger, Position::START, filter);
            assert_eq!(account.events.len(), if filter.is_some() { 3 } else { 6006 });
        }
    };
    check(&home);
    let home = home.reopened_after(|_| {});
    check(&home);
    let home = home.reopened_after(|sled| std::fs::remove_dir_all(sled).unwrap());
    check(&home);
}

#[test]
fn following_begins_at_an_instant_and_not_in_the_future() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let home = Home::in_memory().with_registrations();
    for nth in 1..=5 {
        home.at(tick(nth * 10)).record([assert(event(nth as u128, "2025"))]);
    }
    home.at(tick(100));
    let subscribe = |instant: RecordedAt| {
        home.ledger.subscribe(FeedSource::Log(Beginning::RecordedFrom(instant), None), Duration::from_secs(60))
    };
    for (instant, expected) in [(tick(0), 11), (tick(20), 4), (tick(21), 3), (tick(51), 0)] {
        let mut account = Account::default();
        runtime.block_on(account.until(&mut subscribe(instant).unwrap(), home.ledger.head().position()));
        assert_eq!(account.events.len(), expected, "{instant:?}");
    }
    let refused = |followed| home.ledger.subscribe(followed, Duration::from_secs(60)).unwrap_err();
    let beyond = [Beginning::RecordedFrom(tick(101)), Beginning::After(home.ledger.head().position().next())];
    for beginning in beyond {
        let error = refused(FeedSource::Log(beginning, None));
        assert!(matches!(error, FeedError::Query(QueryError::CutInFuture { .. })), "{error:?}");
    }
    // Recorded before the instant, by a clock that went back, after somebody began to follow from there.
    let mut subscription = subscribe(tick(90)).unwrap();
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscription, home.ledger.head().position()));
    home.at(tick(80)).record([assert(event(80, "2025"))]);
    let wanted = home.at(tick(95)).record([assert(event(95, "2025"))]).at.position();
    runtime.block_on(account.until(&mut subscription, wanted));
    assert_eq!(account.positions(), [wanted]);
}

#[test]
fn nothing_is_given_before_it_is_durable() {
    const ROUNDS: u128 = 60;
    let runtime = runtime();
    let (open, gate) = std::sync::mpsc::channel();
    let waiting = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&waiting);
    let journal = Hooked::new(LEDGER, move |_| {
        told.store(true, Ordering::SeqCst);
        // Open for good once the test is over, however it ends.
        let _open = gate.recv();
        Ok(())
    });
    let clock = Arc::new(detente_ledger::clock::ManualClock::at(tick(0)));
    let ledger = Ledger::start(Box::new(journal), None, &options(&clock, 1 << 20), &|_, _| {}).unwrap();
    let open = open;
    runtime.block_on(async {
        let claims = one(FilterItem::default());
        let mut followers: Vec<_> =
            [None, Some(&claims)].map(|filter| (follow(&ledger, Position::START, filter), Account::default())).into();
        for (subscription, account) in &mut followers {
            account.until(subscription, Position::START).await;
        }
        let commands = |nth: u128| if nth == 0 { registrations() } else { vec![assert(event(nth, "2025"))] };
        let appends = (0..=ROUNDS).map(|nth| ledger.append(request(batch(commands(nth)))));
        let (first, mut durable) = (registrations().len() as u64, 0);
        let appends: Vec<_> = appends.map(Box::pin).collect();
        let record = async {
            for append in appends {
                append.await.unwrap();
            }
        };
        let watch = async {
            for _ in 0..=ROUNDS {
                // The last appends are being delivered while the next are in the view already.
                while !waiting.swap(false, Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
                for (subscription, account) in &mut followers {
                    while let Ok(next) =
                        tokio::time::timeout(Duration::from_millis(4), account.next(subscription)).await
                    {
                        assert!(next.position.0 <= durable, "given before it is durable: {next:?}, {durable}");
                    }
                }
                let late = follow(&ledger, Position(durable), None);
                followers.push((late, Account::default()));
                followers.truncate(4);
                durable = first.max(durable + 1);
                open.send(()).unwrap();
            }
        };
        tokio::join!(record, watch);
        for (subscription, account) in &mut followers {
            account.until(subscription, Position(durable)).await;
            assert_eq!(account.positions().last(), Some(&Position(durable)));
        }
    });
    drop(open);
}

#[test]
fn a_ledger_that_is_followed_can_be_closed_and_let_go() {
    let runtime = runtime();
    let home = Home::in_files(1 << 20).with_registrations();
    let mut subscription = {
        let _inside = runtime.enter();
        follow(&home.ledger, Position::START, None)
    };
    let mut account = Account::default();
    runtime.block_on(account.until(&mut subscription, home.ledger.head().position()));
    drop(subscription);
    let home = home.reopened_after(|_| {});
    assert_eq!(home.ledger.head().position().0, account.events.len() as u64);
}
