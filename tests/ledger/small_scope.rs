//! Small histories, all of them: every sequence of commands on two claims, what is accepted and what is refused, and every
//! answer at every cut, against the model and against a table of what is allowed.

use crate::support::compare::at_every_cut;
use crate::support::home::{Home, request};
use crate::support::make::{
    assert, batch, claim, date, dispute, dispute_id, event, id, registrations, relationship, tick, with,
};
use crate::support::oracle::Oracle;
use detente_domain::bound::Bound;
use detente_domain::claim::Time;
use detente_domain::command::Command;
use detente_domain::cut::Basis;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::position::Position;
use detente_domain::vocabulary::{DisputeOutcome, RetractionReason, RevisionKind};
use detente_ledger::write::append::AppendRequest;

/// The commands on a claim. A confirmation reaches to one of two days; to forget is to revise without a date up to
/// which knowledge reaches; a supersession puts the other claim in the place of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Assert,
    Revise,
    Forget,
    ConfirmEarly,
    ConfirmLate,
    Retract,
    Reinstate,
    Dispute,
    Resolve,
    Supersede,
}

use Verb::{Assert, ConfirmEarly, ConfirmLate, Forget, Reinstate, Resolve, Retract, Revise, Supersede};

const VERBS: [Verb; 10] =
    [Assert, Revise, Forget, ConfirmEarly, ConfirmLate, Retract, Reinstate, Verb::Dispute, Resolve, Supersede];
const SEVEN: [Verb; 7] = [Assert, Revise, ConfirmLate, Retract, Reinstate, Verb::Dispute, Resolve];

impl Verb {
    fn command(self, on: usize) -> Command {
        let number = on as u128 + 1;
        let reaches = |day| Command::Confirm(id(number), date(day));
        let began_sometime = |number| claim(number, Time::State(Bound::Unknown, Bound::Open));
        match self {
            Assert => assert(began_sometime(number)),
            Revise => {
                let happened = with(event(number, "2025-01-02"), |claim| claim.as_of = Some(date("2025-01-03")));
                let elsewhere = with(happened, |claim| claim.relationships = vec![relationship("ARM-AZE")]);
                Command::Revise(RevisionKind::Correction, Box::new(elsewhere))
            }
            Forget => Command::Revise(RevisionKind::Enriched, Box::new(began_sometime(number))),
            ConfirmEarly => reaches("2025-01-02"),
            ConfirmLate => reaches("2025-01-04"),
            Retract => Command::Retract(id(number), RetractionReason::Wrong),
            Reinstate => Command::Reinstate(id(number)),
            Verb::Dispute => Command::Dispute(id(number), dispute(1)),
            Resolve => Command::Resolve(id(number), dispute_id(1), DisputeOutcome::Settled),
            Supersede => Command::Supersede(id(number), date("2025-01-03"), Box::new(began_sometime(2 - on as u128))),
        }
    }
}

/// The progress of a claim: the table's own idea of it.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    recorded: bool,
    retracted: bool,
    /// The day its knowledge reaches to; 0: nobody says.
    reached: u8,
    disputed: bool,
    resolved: bool,
}

/// Returns the effect of a verb on a claim and on the `other`; none if it is not allowed.
fn outcome(verb: Verb, claim: Progress, other: Progress) -> Option<(Progress, Progress)> {
    let stands = claim.recorded && !claim.retracted;
    let alone = |allowed: bool, after: Progress| allowed.then_some((after, other));
    match verb {
        Assert => alone(!claim.recorded, Progress { recorded: true, ..claim }),
        Revise => alone(stands, Progress { reached: 3, ..claim }),
        Forget => alone(stands, Progress { reached: 0, ..claim }),
        ConfirmEarly => alone(stands && claim.reached <= 2, Progress { reached: 2, ..claim }),
        ConfirmLate => alone(stands, Progress { reached: 4, ..claim }),
        Retract => alone(stands, Progress { retracted: true, ..claim }),
        Reinstate => alone(claim.retracted, Progress { retracted: false, ..claim }),
        Verb::Dispute => alone(stands && !claim.disputed, Progress { disputed: true, ..claim }),
        Resolve => alone(claim.disputed && !claim.resolved, Progress { resolved: true, ..claim }),
        Supersede => (stands && !other.recorded).then_some((claim, Progress { recorded: true, ..other })),
    }
}

/// Goes through every history of at most `left` more commands and tries every command on each.
fn explore(
    done: &mut Vec<(Verb, usize)>,
    world: [Progress; 2],
    left: usize,
    seen: &mut impl FnMut(&[(Verb, usize)], [Progress; 2]),
) {
    seen(done, world);
    if left == 0 {
        return;
    }
    for (verb, on) in VERBS.iter().flat_map(|verb| [(*verb, 0), (*verb, 1)]) {
        if let Some((claim, other)) = outcome(verb, world[on], world[1 - on]) {
            done.push((verb, on));
            explore(done, if on == 0 { [claim, other] } else { [other, claim] }, left - 1, seen);
            done.pop();
        }
    }
}

#[test]
fn every_history_of_up_to_four_commands_on_two_claims_answers_as_the_model_does() {
    let on_one =
        Filter { items: vec![FilterItem { relationships: vec![relationship("AZE-RUS")], ..FilterItem::default() }] };
    let second = Filter { items: vec![FilterItem { claim_ids: vec![id(2)], ..FilterItem::default() }] };
    let (mut histories, mut tried, mut compared) = (0, 0, 0);
    explore(&mut Vec::new(), [Progress::default(); 2], 4, &mut |done, world| {
        let (home, mut oracle) = (Home::in_memory(), Oracle::default());
        record(&home, &mut oracle, registrations());
        for (verb, on) in done {
            record(&home, &mut oracle, vec![verb.command(*on)]);
        }
        for (verb, on) in VERBS.iter().flat_map(|verb| [(*verb, 0), (*verb, 1)]) {
            let commands = vec![verb.command(on)];
            let checked = home.try_record(AppendRequest { validate_only: true, ..request(batch(commands.clone())) });
            let expected = outcome(verb, world[on], world[1 - on]).is_some();
            assert_eq!(checked.is_ok(), expected, "{verb:?} on {on} after {done:?}: {checked:?}");
            assert_eq!(oracle.decide(batch(commands)).is_ok(), expected);
            tried += 1;
        }
        let filters = [Filter::default(), on_one.clone(), second.clone()];
        compared += at_every_cut(&home.ledger, &oracle, &filters, &["2025-01-01", "2025-01-03", "2025-01-04"]);
        histories += 1;
    });
    println!("{histories} histories, {tried} commands tried on them, {compared} answers compared");
}

fn record(home: &Home, oracle: &mut Oracle, commands: Vec<Command>) {
    let at = tick(oracle.appends.len() as i64);
    let appended = home.at(at).record(commands.clone());
    oracle.must_record(commands, at, false, appended.at.basis);
}

/// Decides one command after the other; those that are refused change nothing. Returns how many were decided.
fn decide_in_order(verbs: &[Verb]) -> usize {
    let mut oracle = Oracle::default();
    let basis = Basis { position: Position::START, mark: [0; 8] };
    oracle.must_record(registrations(), tick(0), false, basis);
    let mut world = Progress::default();
    for (nth, verb) in verbs.iter().enumerate() {
        let decided = oracle.decide(batch([verb.command(0)]));
        let after = outcome(*verb, world, Progress::default());
        assert_eq!(decided.is_ok(), after.is_some(), "{verb:?}, number {nth} of {verbs:?}: {decided:?}");
        if let Some((after, _)) = after {
            world = after;
            oracle.must_record(vec![verb.command(0)], tick(nth as i64), false, basis);
        }
    }
    verbs.len()
}

#[test]
fn in_every_order_of_the_seven_verbs_each_is_accepted_exactly_when_it_is_allowed() {
    let mut decided = 0;
    permute(&mut SEVEN.to_vec(), 0, &mut |order| decided += decide_in_order(order));
    println!("{decided} commands decided in 5040 orders");
}

#[test]
fn in_every_sequence_of_four_verbs_repeats_included_each_is_accepted_exactly_when_it_is_allowed() {
    let mut decided = 0;
    for code in 0..SEVEN.len().pow(4) {
        let verbs: Vec<Verb> = (0..4).map(|place| SEVEN[code / SEVEN.len().pow(place) % SEVEN.len()]).collect();
        decided += decide_in_order(&[&[Assert], verbs.as_slice()].concat());
    }
    println!("{decided} commands decided in {} sequences", SEVEN.len().pow(4));
}

fn permute(verbs: &mut [Verb], from: usize, found: &mut impl FnMut(&[Verb])) {
    if from == verbs.len() {
        return found(verbs);
    }
    for at in from..verbs.len() {
        verbs.swap(from, at);
        permute(verbs, from + 1, found);
        verbs.swap(from, at);
    }
}
