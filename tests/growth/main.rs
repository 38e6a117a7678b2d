//! The cost of every question on ledgers made to be costly, as the record grows: no set of pairs for any legal record,
//! and no answer that is put together again for each of its pages.
//!
//! Each shape is a ledger of n events that has one thing in abundance: claims of one kind on one relationship that
//! never end, disputes, links to one claim, revisions, promises of one day, merges. Every question is put to each, at
//! one size and at a multiple of it, and two costs of the answer are compared: the steps that it took, which are exact,
//! and the time of the processor, which knows of loops that count no steps. A test holds small sizes against n log n,
//! and later pages against a page. This prints the table of the shapes with a word in their names:
//!
//! ```sh
//! DETENTE_GROWTH=1000,3000,10000,30000,100000 DETENTE_SHAPE=merge cargo test --release --test growth -- --nocapture
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod pages;
mod questions;
mod shapes;
#[path = "../support/mod.rs"]
mod support;
mod whole;

use detente_domain::command::{Command, Suppositions};
use detente_ledger::Ledger;
use detente_ledger::budget::{CallBudget, MemoryBudget, taken_by_call};
use detente_ledger::query::page_size::PageSize;
use pages::PAGED;
use questions::{QUESTIONS, nothing, supposition};
use shapes::{SHAPES, Shape, ledger};
use std::time::{Duration, Instant};
use support::home::Home;

/// A page as a client gets it.
pub(crate) const PAGE: PageSize = PageSize { entries: 50, bytes: 3 << 20 };
/// Durations below this are too short to be measured.
const FLOOR: Duration = Duration::from_millis(8);
/// Steps below this are not worth counting.
const FEW_STEPS: u64 = 2_000;
/// Steps that a later page may take: it may hold 50 claims with 100 disputes each, before and after.
const STEPS_OF_PAGE: u64 = 30_000;
/// Questions whose page looks at more than it holds, but at no more than a multiple of the record: conflicts at the claims on
/// the matters of the page, corroboration at the sides of its claims, which have a bound of their own.
const WIDER: [&str; 2] = ["ListConflicts", "ListCorroboration"];

/// The cost of an answer: steps, and the time of the processor that this thread had.
#[derive(Clone, Copy)]
struct Cost {
    steps: u64,
    time: Duration,
}

impl Cost {
    /// The cost in multiples of another one.
    fn times(&self, other: &Self) -> f64 {
        let steps = self.steps as f64 / other.steps.max(FEW_STEPS) as f64;
        steps.max(self.time.as_secs_f64() / other.time.max(FLOOR).as_secs_f64())
    }
}

fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the processor time of a thread");
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// The minimum of three runs.
fn cost(ledger: &Ledger, question: impl Fn(&Ledger)) -> Cost {
    let once = || {
        let shared = MemoryBudget::new(usize::MAX >> 1);
        let budget =
            CallBudget { signal: None, deadline: None, steps: u64::MAX, is_brief: false, memory: usize::MAX, shared };
        let before = processor_time();
        let steps = budget.run(|| {
            question(ledger);
            taken_by_call()
        });
        Cost { steps: steps.unwrap(), time: processor_time() - before }
    };
    let runs = [once(), once(), once()];
    let time = runs.iter().map(|run| run.time).min().unwrap();
    Cost { steps: runs.iter().map(|run| run.steps).min().unwrap(), time }
}

/// The sizes in the environment, or these.
fn sizes(of_test: &str) -> Vec<u128> {
    let asked = std::env::var("DETENTE_GROWTH").unwrap_or_else(|_| of_test.to_owned());
    asked.split(',').map(|size| size.parse().unwrap()).collect()
}

/// The shapes whose names hold the text in the environment; all by default.
fn asked_shapes() -> impl Iterator<Item = Shape> {
    let asked = std::env::var("DETENTE_SHAPE").unwrap_or_default();
    SHAPES.into_iter().filter(move |(name, _)| name.contains(&asked))
}

fn show(name: &str, costs: &[Cost]) {
    let shown = costs.iter().map(|cost| format!("{:10.2} ms {:9}", cost.time.as_secs_f64() * 1e3, cost.steps));
    println!("  {name:28} {}", shown.collect::<Vec<_>>().join(" |"));
}

/// Messages about costs that grew by more than `most` allows from one size to the next.
fn check_growth(name: &str, sizes: &[u128], costs: &[Cost], most: impl Fn(f64, f64) -> f64) -> Vec<String> {
    let mut wrong = Vec::new();
    for (costs, sizes) in costs.windows(2).zip(sizes.windows(2)) {
        let times = costs[1].times(&costs[0]);
        if times > most(sizes[0] as f64, sizes[1] as f64) {
            wrong.push(format!("{name}: {} events cost {times:.0} times {}", sizes[1], sizes[0]));
        }
    }
    wrong
}

/// Answers that may grow quadratically, because the limit on steps ends them. A watch from the beginning of time evaluates each
/// claim of a party at every merge and unmerge of that party.
const ENDED_BY_STEPS: [(&str, &str); 1] = [("WatchClock, one relationship", "a merge undone again and again")];
/// Time that a step may take, with debug assertions: what counts its steps is ended when it takes too many.
const STEP: Duration = Duration::from_micros(20);

/// Returns true if the steps of an answer account for its cost.
fn is_counted(costs: &[Cost]) -> bool {
    costs.iter().all(|cost| cost.time < STEP.saturating_mul(u32::try_from(cost.steps).unwrap_or(u32::MAX)) + FLOOR)
}

fn about_n_log_n(from: f64, to: f64) -> f64 {
    2.5 * to * to.log2() / (from * from.log2())
}

/// Attempts to record a ledger in the time that is due.
const TRIES: usize = 3;

/// A ledger of each size, and the time that recording it took.
fn record(sizes: &[u128], command: fn(u128) -> Command) -> (Vec<Home>, Vec<Cost>) {
    let recorded = sizes.iter().map(|size| {
        let before = Instant::now();
        let home = ledger(*size, command);
        (home, Cost { steps: 0, time: before.elapsed() })
    });
    recorded.unzip()
}

#[test]
#[cfg(target_os = "linux")]
fn no_question_costs_more_than_about_n_log_n_on_any_ledger() {
    let sizes = sizes("300,2400");
    let mut wrong = Vec::new();
    for (shape, command) in asked_shapes() {
        println!("{shape}, {sizes:?} events");
        let (homes, mut recording) = record(&sizes, command);
        show("recording it", &recording);
        let name = format!("recording {shape}");
        // Its time is that of several threads, which a busy machine may have stopped: the best of three counts.
        for _ in 1..TRIES {
            if check_growth(&name, &sizes, &recording, about_n_log_n).is_empty() {
                break;
            }
            recording = record(&sizes, command).1;
            show("recording it again", &recording);
        }
        wrong.extend(check_growth(&name, &sizes, &recording, about_n_log_n));
        for (question, put) in QUESTIONS {
            let costs: Vec<Cost> = homes.iter().map(|home| cost(&home.ledger, put)).collect();
            show(question, &costs);
            if ENDED_BY_STEPS.contains(&(question, shape)) {
                assert!(is_counted(&costs), "{question}, {shape}");
                continue;
            }
            wrong.extend(check_growth(&format!("{question}, {shape}"), &sizes, &costs, about_n_log_n));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_later_page_costs_a_page_however_long_the_answer_is() {
    let sizes = sizes("2400,9600");
    let mut wrong = Vec::new();
    for (shape, command) in asked_shapes() {
        println!("{shape}, {sizes:?} events, the third page");
        let homes: Vec<Home> = sizes.iter().map(|size| ledger(*size, command)).collect();
        for (question, read) in PAGED {
            for (how, supposed) in [("", nothing as fn() -> Suppositions), (", supposed", supposition)] {
                let later = |home: &Home| read(&home.ledger, supposed()).map(|page| cost(&home.ledger, page));
                let Some(costs) = homes.iter().map(later).collect::<Option<Vec<Cost>>>() else { continue };
                let name = format!("{question}{how}");
                show(&name, &costs);
                let name = format!("page of {name}, {shape}");
                if WIDER.contains(&question) {
                    wrong.extend(check_growth(&name, &sizes, &costs, about_n_log_n));
                    continue;
                }
                let many = costs.iter().zip(&sizes).find(|(cost, _)| cost.steps > STEPS_OF_PAGE);
                wrong.extend(many.map(|(cost, size)| format!("{name}: {} steps of {size} events", cost.steps)));
                wrong.extend(check_growth(&name, &sizes, &costs, |_, _| 2.5));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
