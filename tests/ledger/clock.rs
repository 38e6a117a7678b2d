//! The clock of valid time against the definition of what it tells: random histories, a clock moved in random steps, watches
//! that are cut off after every frame, and a writer that races with them.

use crate::support::home::{Home, LEDGER, block_on, request};
use crate::support::make::{assert, batch, date, id, on, party_id, period, registrations, relationship, state, with};
use crate::support::oracle::{Known, Meaning, Oracle};
use crate::support::random::{Random, any_command, random_filter};
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::claim::{Claim, Link, Time};
use detente_domain::command::{Command, Suppositions};
use detente_domain::cut::Cut;
use detente_domain::event::LabelConfirmation;
use detente_domain::filter::{Filter, FilterItem, MemberSet};
use detente_domain::moment::{Moment, SECONDS_PER_DAY};
use detente_domain::period::Period;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::transition::Transition;
use detente_domain::validity::Validity;
use detente_domain::vocabulary::{LinkType, RetractionReason, Vocabulary};
use detente_ledger::Ledger;
use detente_ledger::clock::Clock;
use detente_ledger::follow::clock_watch::{ClockWatch, ResumePoint, TransitionNotice, WatchQuery, WatchStart};
use detente_ledger::open::LedgerOptions;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::upcoming::UpcomingQuery;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const MICROS: i64 = 1_000_000;
const SETTLING: [LinkType; 3] = [LinkType::Fulfils, LinkType::Breaches, LinkType::Waives];

// --- The definition, by brute force ------------------------------------------------------------------------------------

/// The transitions of a claim: the instants before and after which its certainty differs, found by looking at every day of the
/// calendar that the histories use, and at the seconds that they name.
fn transitions_of(known: &Known) -> Vec<(Transition, Moment)> {
    let Some(v) = known.instants() else { return Vec::new() };
    let mode = if matches!(known.content.time, Time::State(..)) { Mode::HoldsAt } else { Mode::OccurredBy };
    // Everything is stretched to twice its length, so that there is an instant between any two seconds.
    let twice = |m: Moment| if m.is_finite() { Moment(m.0 * 2) } else { m };
    let wide = Validity {
        earliest_start: twice(v.earliest_start),
        latest_start: twice(v.latest_start),
        earliest_end: twice(v.earliest_end),
        latest_end: twice(v.latest_end),
    }
    .into();
    let at = |t: i64| certainty(mode, &wide, &Period { a: Moment(t), b: Moment(t) });
    let days = (0..80).map(|day| period("2024-12-01").a.0 + day * SECONDS_PER_DAY);
    let named = ["2025-01-03T12:00:00Z", "2025-01-03T06:00:00Z"].map(|second| period(second).a.0);
    let seconds = named.into_iter().chain(corners(&v).map(|corner| corner.0)).flat_map(|second| [second, second + 1]);
    let instants: BTreeSet<i64> = days.chain(seconds).collect();
    let steps = instants.into_iter().filter_map(|t| {
        let transition = match (mode, at(2 * t - 1), at(2 * t + 1)) {
            (_, before, after) if before == after => return None,
            (_, None, Some(Certainty::Possible)) => Transition::MayBegin,
            (Mode::HoldsAt, _, Some(Certainty::Definite)) => Transition::Begins,
            (Mode::HoldsAt, _, Some(Certainty::Possible)) => Transition::MayEnd,
            _ => Transition::Ends,
        };
        Some((transition, Moment(t)))
    });
    steps.collect()
}

fn corners(v: &Validity) -> impl Iterator<Item = Moment> {
    let corners = [v.earliest_start, v.latest_start, v.earliest_end, v.latest_end];
    corners.into_iter().filter(|corner| corner.is_finite())
}

/// [`transitions_of`], which is slow, found once for every revision of one history; each is made by the event at a position.
#[derive(Default)]
struct TransitionsOf(HashMap<Position, Vec<(Transition, Moment)>>);

impl TransitionsOf {
    fn get(&mut self, known: &Known) -> Vec<(Transition, Moment)> {
        self.0.entry(known.at.position).or_insert_with(|| transitions_of(known)).clone()
    }
}

/// The transitions of a claim, retracted or not, among all that is known with it.
fn transitions_among(known: &Known, all: &[&Known], transitions_of: &mut TransitionsOf) -> Vec<(Transition, Moment)> {
    if known.shown.retraction.is_some() {
        return Vec::new();
    }
    let mut transitions = transitions_of.get(known);
    if let Some(due) = known.content.due.as_ref().and_then(|due| due.latest()).map(|last| last.end) {
        let settles = |other: &&&Known| {
            let links = other
                .content
                .links
                .iter()
                .any(|link| link.target == known.content.id && SETTLING.contains(&link.link_type));
            let begun = other.instants().is_none_or(|validity| validity.earliest_start < due);
            links && begun && other.shown.retraction.is_none()
        };
        if all.iter().find(settles).is_none() {
            transitions.push((Transition::FallsDue, due));
        }
    }
    transitions
}

/// A frame: the claim, the transition, its instant, that of its delivery, true if late, and the revision shown.
type Frame = (u128, Transition, Moment, RecordedAt, bool, u32);

/// Returns every delivery up to an instant: at every instant of a recording or a transition, every transition of a
/// matching claim that has come, is known then, and has not been delivered.
fn told_by_definition(
    oracle: &Oracle,
    query: &WatchQuery,
    until: RecordedAt,
    transitions_of: &mut TransitionsOf,
) -> Vec<Frame> {
    let histories = oracle.histories(oracle.head());
    let transitions = histories.iter().flatten().flat_map(|known| {
        let due = known.content.due.as_ref().and_then(|due| due.latest()).map(|last| last.end);
        transitions_of.get(known).into_iter().map(|(_, at)| at).chain(due)
    });
    let recorded = oracle.appends.iter().map(|append| append.recorded_at);
    let instants: BTreeSet<RecordedAt> = transitions.map(|at| RecordedAt(at.0 * MICROS)).chain(recorded).collect();
    let mut told: Vec<Frame> = Vec::new();
    for now in instants.into_iter().filter(|instant| *instant <= until) {
        let known_then: Vec<Option<&Known>> =
            histories.iter().map(|history| history.iter().rev().find(|known| known.at.recorded_at <= now)).collect();
        let all: Vec<&Known> = known_then.iter().copied().flatten().collect();
        let meant = Meaning::new(&query.filter, oracle.merges(last_by(oracle, now)));
        for known in known_then.into_iter().flatten() {
            if !meant.admits(&known.content, known.at.recorded_at) {
                continue;
            }
            let number = known.content.id.0.as_u128();
            let mut transitions = transitions_among(known, &all, transitions_of);
            transitions.sort_unstable();
            for (transition, at) in transitions {
                let is_new = !told.iter().any(|frame| (frame.0, frame.1, frame.2) == (number, transition, at));
                if at.0 * MICROS <= now.0 && is_new {
                    told.push((number, transition, at, now, at.0 * MICROS < now.0, known.shown.revision));
                }
            }
        }
    }
    told.retain(|(_, transition, _, _, late, _)| {
        query.transitions.admits(Some(transition.code())) && (query.include_late || !late)
    });
    told
}

/// The last position recorded by an instant.
fn last_by(oracle: &Oracle, instant: RecordedAt) -> Position {
    let recorded = oracle.appends.iter().take_while(|append| append.recorded_at <= instant);
    recorded.last().map_or(Position::START, |append| append.basis.position)
}

// --- Watches -----------------------------------------------------------------------------------------------------------

fn frame(telling: &TransitionNotice) -> Frame {
    let number = crate::support::ask::number(&telling.claim);
    (number, telling.transition, telling.at, telling.mark.place.reported_at, telling.late, telling.claim.revision)
}

/// A watch that is followed, and what it has told.
struct Follower {
    query: WatchQuery,
    watch: Option<ClockWatch>,
    last: Option<ResumePoint>,
    told: Vec<Frame>,
    /// True if it is cut off after every frame, and begins again where that frame was.
    forgetful: bool,
}

impl Follower {
    fn begin(ledger: &Ledger, query: &WatchQuery, forgetful: bool) -> Self {
        let watch = ledger.begin_watch(query.clone(), block_on(ledger.settle_now())).unwrap();
        Self { query: query.clone(), last: watch.mark(), watch: Some(watch), told: Vec::new(), forgetful }
    }

    /// Reads all there is to read now.
    fn follow(&mut self, ledger: &Ledger) {
        loop {
            let settled = block_on(ledger.settle_now());
            let mut watch = match self.watch.take() {
                Some(watch) => watch,
                None => {
                    let start = self.last.map_or(self.query.start, WatchStart::After);
                    ledger.begin_watch(WatchQuery { start, ..self.query.clone() }, settled).unwrap()
                }
            };
            ledger.advance_watch(&mut watch, settled);
            let told = ledger.tell(&mut watch, if self.forgetful { 1 } else { usize::MAX }).unwrap();
            self.told.extend(told.iter().map(frame));
            match told.last() {
                Some(last) => self.last = Some(last.mark),
                None => self.last = watch.mark(),
            }
            if !self.forgetful {
                self.watch = Some(watch);
            }
            if told.is_empty() {
                return;
            }
        }
    }

    /// Forgets everything but its last token: the process ends.
    fn end(&mut self) {
        self.watch = None;
    }
}

fn queries(random: &mut Random, start: WatchStart) -> Vec<WatchQuery> {
    let all = WatchQuery {
        filter: Arc::new(Filter::default()),
        transitions: MemberSet::default(),
        include_late: true,
        start,
        at_hand: random.of(&[1, 2, 7, 1 << 15]),
    };
    let some = random.of(&[
        Transition::MayBegin,
        Transition::Begins,
        Transition::MayEnd,
        Transition::Ends,
        Transition::FallsDue,
    ]);
    vec![
        all.clone(),
        WatchQuery { include_late: false, ..all.clone() },
        WatchQuery { filter: Arc::new(random_filter(random, false)), ..all.clone() },
        WatchQuery {
            filter: Arc::new(random_filter(random, false)),
            transitions: [some, Transition::Ends].into_iter().collect(),
            ..all
        },
    ]
}

/// Gives some claims a due date and some a link that settles a promise.
fn promising(random: &mut Random, command: Command) -> Command {
    let mut change = |claim: Box<Claim>| {
        let claim = with(*claim, |claim| {
            if random.once_in(2) {
                claim.due = Some(date(random.of(&["2025-01-02", "2025-01-04", "2025-01", "2025-01-03T12:00:00Z"])));
            }
            if random.once_in(3) {
                let (link_type, target) = (random.of(&SETTLING), id(1 + u128::from(random.below(20))));
                if claim.id != target && !claim.links.iter().any(|l| l.link_type == link_type && l.target == target) {
                    claim.links.push(Link { link_type, target });
                }
            }
        });
        Box::new(claim)
    };
    match command {
        Command::Assert(claim) => Command::Assert(change(claim)),
        Command::Revise(kind, claim) => Command::Revise(kind, change(claim)),
        other => other,
    }
}

/// Records a few random commands at the clock's time, on the ledger and the model.
fn append(home: &Home, oracle: &mut Oracle, random: &mut Random) -> bool {
    let known: BTreeSet<u128> = oracle.claims(oracle.head()).iter().map(|known| known.content.id.0.as_u128()).collect();
    let mut commands = Vec::new();
    for _ in 0..random.of(&[1, 1, 2, 4]) {
        let command = any_command(random, &|number| known.contains(&number));
        commands.push(promising(random, command));
    }
    match home.try_record(request(batch(commands.clone()))) {
        Ok(appended) => {
            oracle.must_record(commands, appended.recorded_at.unwrap(), false, appended.at.basis);
            true
        }
        Err(_) => false,
    }
}

/// Moves the clock by up to a day and a half, sometimes to where a transition comes.
fn step(home: &Home, random: &mut Random) {
    let now = home.clock.now().0;
    let day = SECONDS_PER_DAY * MICROS;
    let next_day = now.div_euclid(day) * day + day;
    let somewhere = now + random.below(36 * 3600) as i64 * MICROS;
    let next = random.of(&[now, now + 1, next_day - 1, next_day, next_day + 1, somewhere]);
    home.clock.set(RecordedAt(next.max(now)));
}

/// Plays a history with watches from its beginning on; returns how many frames and resumptions were compared.
fn play(seed: u64, mut home: Home, restarts: bool) -> (usize, usize) {
    let mut random = Random(seed);
    let mut oracle = Oracle::default();
    home.at(on("2024-12-30"));
    let registered = home.record(registrations());
    oracle.must_record(registrations(), registered.recorded_at.unwrap(), false, registered.at.basis);
    let asked = queries(&mut random, WatchStart::From(on("2024-01-01")));
    let mut followers: Vec<Follower> = Vec::new();
    let mut joined = Vec::new();
    for query in &asked {
        followers.extend([false, true].map(|forgetful| Follower::begin(&home.ledger, query, forgetful)));
    }
    for nth in 0..70 {
        match random.below(5) {
            0 | 1 => drop(append(&home, &mut oracle, &mut random)),
            2 | 3 => step(&home, &mut random),
            _ => followers.iter_mut().for_each(|follower| follower.follow(&home.ledger)),
        }
        if nth % 23 == 22 {
            let query = WatchQuery { start: WatchStart::Now, ..asked[0].clone() };
            let follower = Follower::begin(&home.ledger, &query, nth % 2 == 0);
            joined.push((followers.len(), follower.last.unwrap().place.reported_at));
            followers.push(follower);
            if restarts {
                followers.iter_mut().for_each(Follower::end);
                home = home.reopened_after(|_| {});
                home.clock.set(home.clock.now().next());
            }
        }
    }
    home.at(on("2025-03-01"));
    let (mut compared, mut transitions_of) = (0, TransitionsOf::default());
    for (nth, follower) in followers.iter_mut().enumerate() {
        follower.follow(&home.ledger);
        let from = joined.iter().find(|(joined, _)| *joined == nth).map(|(_, since)| *since);
        let mut expected = told_by_definition(&oracle, &follower.query, on("2025-03-01"), &mut transitions_of);
        expected.retain(|frame| from.is_none_or(|since| frame.3 > since));
        assert_eq!(follower.told, expected, "seed {seed}, watch {nth}: {:?}", follower.query);
        compared += expected.len();
    }
    // Replayed from the log, from any instant on.
    for query in &asked {
        let from = RecordedAt(on("2024-12-30").0 + random.below(10 * 86_400) as i64 * MICROS);
        let mut follower =
            Follower::begin(&home.ledger, &WatchQuery { start: WatchStart::From(from), ..query.clone() }, false);
        follower.follow(&home.ledger);
        let mut expected = told_by_definition(&oracle, query, on("2025-03-01"), &mut transitions_of);
        expected.retain(|frame| frame.3 >= from);
        assert_eq!(follower.told, expected);
        compared += expected.len();
    }
    (compared, followers.iter().filter(|follower| follower.forgetful).map(|follower| follower.told.len()).sum())
}

#[test]
fn what_is_told_is_what_the_definition_says_with_a_resumption_after_every_frame() {
    let (mut frames, mut resumptions) = (0, 0);
    for seed in 0..60 {
        let (compared, resumed) = play(seed, Home::in_memory(), false);
        (frames, resumptions) = (frames + compared, resumptions + resumed);
    }
    println!("60 histories, {frames} frames compared, {resumptions} resumptions, none lost, none twice");
    assert!(frames > 5_000 && resumptions > 2_000, "{frames} frames, {resumptions} resumptions are too few");
}

#[test]
fn what_is_told_is_the_same_when_the_ledger_is_closed_and_opened_in_between() {
    let frames: usize = (1000..1006).map(|seed| play(seed, Home::in_files(1 << 10), true).0).sum();
    println!("6 histories with 3 restarts each, {frames} frames compared");
}

/// Claims 2 and 3 bear on AZE-TUR; TUR answers as RUS from the 10th to the 15th. A watch of AZE-RUS gets their
/// transitions in that time, and at its beginning those that came before.
#[test]
fn a_merge_brings_the_transitions_of_all_who_then_answer_until_it_is_undone() {
    let home = Home::in_memory().with_registrations();
    let on_relationship =
        |number, valid, of| assert(with(state(number, valid), |claim| claim.relationships = vec![of]));
    home.at(on("2025-01-01")).record([
        on_relationship(1, "2025-01-05/2025-01-20", relationship("AZE-RUS")),
        on_relationship(2, "2025-01-08/2025-01-12", relationship("AZE-TUR")),
        on_relationship(3, "2025-01-02/2025-01-16", relationship("AZE-TUR")),
        on_relationship(4, "2025-01-11/2025-01-30", relationship("ARM-TUR")),
    ]);
    let item = FilterItem { relationships: vec![relationship("AZE-RUS")], ..FilterItem::default() };
    let query = |include_late| WatchQuery {
        filter: Arc::new(Filter { items: vec![item.clone()] }),
        transitions: MemberSet::default(),
        include_late,
        start: WatchStart::From(on("2025-01-01")),
        at_hand: 1,
    };
    let begin = |include_late, forgetful| Follower::begin(&home.ledger, &query(include_late), forgetful);
    let mut followers = vec![begin(true, false), begin(true, true), begin(false, false), begin(false, true)];
    let change = [
        ("2025-01-06", None),
        ("2025-01-10", Some(Command::MergeParties(party_id("TUR"), party_id("RUS")))),
        ("2025-01-13", None),
        ("2025-01-15", Some(Command::UnmergeParties(party_id("TUR")))),
        ("2025-02-01", None),
    ];
    for (day, command) in change {
        home.at(on(day));
        command.into_iter().for_each(|command| drop(home.record([command])));
        followers.iter_mut().for_each(|follower| follower.follow(&home.ledger));
    }
    followers.extend([begin(true, false), begin(false, true)]);
    let merged = on("2025-01-10");
    let all = [
        (1, Transition::Begins, on("2025-01-05"), false),
        (2, Transition::Begins, merged, true),
        (3, Transition::Begins, merged, true),
        (2, Transition::Ends, on("2025-01-13"), false),
        (1, Transition::Ends, on("2025-01-21"), false),
    ];
    for follower in &mut followers {
        follower.follow(&home.ledger);
        let told: Vec<_> = follower.told.iter().map(|frame| (frame.0, frame.1, frame.3, frame.4)).collect();
        let wanted = all.iter().filter(|(.., late)| follower.query.include_late || !late);
        assert_eq!(told, wanted.copied().collect::<Vec<_>>());
    }
}

/// A claim that may have begun by its confirmation of 1 January, and is confirmed with its label on 1 February: the
/// transition of 5 January is delivered with what was known on the 5th, however late.
#[test]
fn a_transition_is_told_with_the_confirmations_that_were_known_then() {
    let home = Home::in_memory().with_registrations();
    home.at(on("2025-01-01")).record([assert(with(state(1, "2025-01-05/.."), |claim| {
        claim.labels = vec!["panel".into()];
        claim.as_of = Some(date("2025-01-01"));
    }))]);
    let query = WatchQuery {
        filter: Arc::new(Filter::default()),
        transitions: MemberSet::default(),
        include_late: true,
        start: WatchStart::From(on("2025-01-01")),
        at_hand: 7,
    };
    let told = || {
        let settled = block_on(home.ledger.settle_now());
        let mut watch = home.ledger.begin_watch(query.clone(), settled).unwrap();
        home.ledger.advance_watch(&mut watch, settled);
        let told = home.ledger.tell(&mut watch, usize::MAX).unwrap();
        told.into_iter().map(|telling| (telling.transition, telling.claim.as_of)).collect::<Vec<_>>()
    };
    home.at(on("2025-01-10"));
    let before = told();
    assert_eq!(before, [(Transition::Begins, "2025-01-01".to_owned())]);
    let confirmation =
        LabelConfirmation { label: "panel".into(), as_of: date("2025-02-01"), except: Vec::new(), unknown: Vec::new() };
    home.at(on("2025-02-01")).record([Command::ConfirmAll(Box::new(confirmation))]);
    assert_eq!(told(), before);
}

#[test]
fn what_is_recorded_behind_a_place_after_the_clock_was_set_back_is_told_late_and_once() {
    let mut home = Home::in_files(1 << 20);
    home.at(on("2025-01-10"));
    home.record(registrations());
    home.record([assert(state(1, "2025-01-09/2025-01-12")), assert(state(2, "2025-01-11/2025-01-12"))]);
    let query = WatchQuery {
        filter: Arc::new(Filter::default()),
        transitions: MemberSet::default(),
        include_late: true,
        start: WatchStart::From(on("2025-01-01")),
        at_hand: 3,
    };
    let mut followers = [false, true].map(|forgetful| Follower::begin(&home.ledger, &query, forgetful));
    home.at(on("2025-01-20"));
    followers.iter_mut().for_each(|follower| follower.follow(&home.ledger));
    followers.iter_mut().for_each(Follower::end);
    home = home.reopened_after(|_| {});
    home.at(on("2025-01-15"));
    home.record([assert(state(3, "2025-01-14/2025-01-18")), Command::Retract(id(2), RetractionReason::Wrong)]);
    home.record([assert(state(4, "2025-01-17/2025-01-25"))]);
    home.at(on("2025-02-01"));
    for follower in &mut followers {
        follower.follow(&home.ledger);
        let told: Vec<_> = follower.told.iter().map(|frame| (frame.0, frame.1, frame.3)).collect();
        let place = on("2025-01-20").next();
        let expected = [
            (1, Transition::Begins, on("2025-01-10").next()),
            (2, Transition::Begins, on("2025-01-11")),
            (1, Transition::Ends, on("2025-01-13")),
            (2, Transition::Ends, on("2025-01-13")),
            (3, Transition::Begins, place),
            (3, Transition::Ends, place),
            (4, Transition::Begins, place),
            (4, Transition::Ends, on("2025-01-26")),
        ];
        assert_eq!(told, expected);
    }
}

// --- A writer that races with the watch ----------------------------------------------------------------------------------

/// A clock that moves on whenever it is looked at.
struct Restless(AtomicI64);

impl Clock for Restless {
    fn now(&self) -> RecordedAt {
        RecordedAt(self.0.fetch_add(7_000, Ordering::SeqCst))
    }
}

/// Claims that begin within the next seconds are asserted and, soon after, retracted or moved, while watches follow.
/// Recorded times are multiples of nothing in particular, so many lie close to a transition on either side.
#[test]
fn a_transition_is_never_told_of_a_claim_that_was_taken_back_by_then_however_the_writer_races() {
    let clock = Arc::new(Restless(AtomicI64::new(on("2025-01-02").0)));
    let options = LedgerOptions { clock, ..LedgerOptions::default() };
    let ledger = Arc::new(Ledger::in_memory(LEDGER, &options).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    let query = WatchQuery {
        filter: Arc::new(Filter::default()),
        transitions: MemberSet::default(),
        include_late: true,
        start: WatchStart::From(on("2025-01-01")),
        at_hand: 3,
    };
    runtime.block_on(ledger.append(request(batch(registrations())))).unwrap();
    let writing = {
        let ledger = Arc::clone(&ledger);
        runtime.spawn(async move {
            let mut random = Random(5);
            for number in 1..=1500 {
                let begins = on("2025-01-02").0 / MICROS + (ledger.clock().now().0 - on("2025-01-02").0) / MICROS + 1;
                let claim = |offset: i64| state(number, &format!("{}/..", Moment(begins + offset).to_string_second()));
                ledger.append(request(batch([assert(claim(0))]))).await.unwrap();
                for _ in 0..random.below(60) {
                    ledger.clock().now();
                }
                let next = match random.below(3) {
                    0 => Command::Revise(detente_domain::vocabulary::RevisionKind::Correction, Box::new(claim(1))),
                    _ => Command::Retract(id(number), RetractionReason::Wrong),
                };
                ledger.append(request(batch([next]))).await.unwrap();
            }
        })
    };
    let following: Vec<_> = [false, true]
        .into_iter()
        .map(|forgetful| {
            let (ledger, query) = (Arc::clone(&ledger), query.clone());
            std::thread::spawn(move || {
                let mut follower = Follower::begin(&ledger, &query, forgetful);
                while ledger.append_count() < 3001 {
                    follower.follow(&ledger);
                }
                follower.follow(&ledger);
                follower
            })
        })
        .collect();
    runtime.block_on(writing).unwrap();
    for follower in following {
        let follower = follower.join().unwrap();
        let expected = from_the_log(&ledger, follower.last.unwrap().settled);
        assert!(expected.len() > 300, "only {} transitions were told: it does not test the race", expected.len());
        assert_eq!(follower.told, expected);
    }
}

/// The frames that the definition demands of the race, from the recorded times in the log: each claim has one transition, or two where it was moved.
fn from_the_log(ledger: &Ledger, until: RecordedAt) -> Vec<Frame> {
    let mut frames = Vec::new();
    let all = PageSize { entries: usize::MAX, bytes: usize::MAX };
    for number in 1..=1500_u128 {
        let query = detente_ledger::query::claims::RevisionsQuery {
            claim: id(number),
            cut: Cut::Head,
            newest_first: false,
            skip: 0,
            page: all,
            supposed: Suppositions::default(),
        };
        let Ok(page) = ledger.revisions(&query) else { continue };
        let claims: Vec<_> = page.claims.iter().map(|(after, _)| crate::support::ask::decode_claim(after)).collect();
        let recorded = |claim: &detente_proto::v1::Claim| {
            let at = claim.recorded_at.unwrap();
            RecordedAt(at.seconds * MICROS + i64::from(at.nanos) / 1000)
        };
        for (nth, claim) in claims.iter().enumerate().filter(|(_, claim)| claim.retraction.is_none()) {
            let Some(detente_proto::v1::bound::Bound::Known(from)) = claim.valid_from.clone().unwrap().bound else {
                panic!()
            };
            let at = period(&from.edtf).a;
            let reported_at = RecordedAt(at.0 * MICROS).max(recorded(claim));
            if reported_at <= until && claims.get(nth + 1).is_none_or(|next| reported_at < recorded(next)) {
                frames.push((
                    number,
                    Transition::Begins,
                    at,
                    reported_at,
                    reported_at.0 > at.0 * MICROS,
                    claim.revision,
                ));
            }
        }
    }
    frames.sort_by_key(|frame| (frame.3, frame.0));
    frames
}

// --- Upcoming transitions ----------------------------------------------------------------------------------------------

fn upcoming(
    ledger: &Ledger,
    filter: &Filter,
    span: (Moment, Moment),
    cut: Cut,
    entries: usize,
) -> Vec<(Moment, Transition, u128)> {
    let page = PageSize { entries, bytes: usize::MAX };
    let (transitions, supposed) = (MemberSet::default(), Suppositions::default());
    let mut query = UpcomingQuery { filter: filter.clone(), span, transitions, cut, supposed, skip: 0, page };
    let mut all = Vec::new();
    loop {
        let found = ledger.upcoming(&query).unwrap();
        all.extend(
            found.transitions.iter().map(|transition| {
                (transition.at, transition.transition, crate::support::ask::number(&transition.claim))
            }),
        );
        let Some(next) = found.next else { return all };
        query.skip = next;
    }
}

#[test]
fn what_comes_next_is_what_the_definition_says_between_every_two_dates_at_every_cut() {
    const DATES: [&str; 9] = [
        "2024-12-31",
        "2025-01-01",
        "2025-01-02",
        "2025-01-03",
        "2025-01-03T12:00:00Z",
        "2025-01-03T12:00:01Z",
        "2025-01-05",
        "2025-02-01",
        "2026-01-01",
    ];
    let mut compared = 0;
    for seed in 100..112 {
        let mut random = Random(seed);
        let home = Home::in_memory();
        let mut oracle = Oracle::default();
        let registered = home.record(registrations());
        oracle.must_record(registrations(), registered.recorded_at.unwrap(), false, registered.at.basis);
        for _ in 0..25 {
            append(&home, &mut oracle, &mut random);
        }
        let filters = [Filter::default(), random_filter(&mut random, false), random_filter(&mut random, false)];
        let mut transitions_of = TransitionsOf::default();
        for append in &oracle.appends {
            let known = oracle.claims(append.basis.position);
            let all: Vec<&Known> = known.iter().collect();
            for filter in &filters {
                let meant = Meaning::new(filter, oracle.merges(append.basis.position));
                let mut transitions: Vec<(Moment, usize, Transition, u128)> = Vec::new();
                for (order, claim) in known.iter().enumerate() {
                    if meant.admits(&claim.content, claim.at.recorded_at) {
                        let of = transitions_among(claim, &all, &mut transitions_of);
                        transitions.extend(
                            of.into_iter()
                                .map(|(transition, at)| (at, order, transition, claim.content.id.0.as_u128())),
                        );
                    }
                }
                transitions.sort_unstable();
                for (nth, from) in DATES.iter().enumerate() {
                    for until in &DATES[nth..] {
                        let (a, b) = (period(from).a, period(until).b);
                        let within = transitions.iter().filter(|(at, ..)| a <= *at && *at < b);
                        let expected: Vec<_> =
                            within.map(|(at, _, transition, number)| (*at, *transition, *number)).collect();
                        let entries = random.of(&[1, 3, usize::MAX]);
                        let got = upcoming(&home.ledger, filter, (a, b), Cut::Basis(append.basis), entries);
                        assert_eq!(got, expected, "seed {seed}, {from} to {until}, {filter:?}");
                        compared += expected.len();
                    }
                }
            }
        }
    }
    println!("{compared} transitions compared");
    assert!(compared > 50_000, "{compared} are too few");
}

#[test]
fn what_is_supposed_transitions_too_and_what_it_takes_back_does_not() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(state(1, "2025-02-01/2025-02-28"))]);
    let noted = |command| batch([command]).commands;
    let span = (period("2025-01-01").a, period("2025-12-31").b);
    let ask = |supposed: Vec<_>| {
        let (filter, transitions, page) = (Filter::default(), MemberSet::default(), crate::support::ask::ALL);
        let query = UpcomingQuery {
            filter,
            span,
            transitions,
            cut: Cut::Head,
            supposed: Suppositions(supposed),
            skip: 0,
            page,
        };
        let found = home.ledger.upcoming(&query).unwrap();
        assert_eq!(found.at.position(), Position(7));
        found
            .transitions
            .iter()
            .map(|t| (t.transition, t.at.to_date_string(), crate::support::ask::number(&t.claim)))
            .collect::<Vec<_>>()
    };
    let on = |transition, day: &str, number| (transition, day.to_owned(), number);
    let recorded = [on(Transition::Begins, "2025-02-01", 1), on(Transition::Ends, "2025-03-01", 1)];
    assert_eq!(ask(Vec::new()), recorded);
    assert_eq!(ask(noted(Command::Retract(id(1), RetractionReason::Wrong))), []);
    let promise = with(state(2, "2025-02-15/.."), |claim| claim.due = Some(date("2025-02-20")));
    let [begins, ends] = recorded;
    let with_promise =
        [begins, on(Transition::Begins, "2025-02-15", 2), on(Transition::FallsDue, "2025-02-21", 2), ends];
    assert_eq!(ask(noted(assert(promise))), with_promise);
}
