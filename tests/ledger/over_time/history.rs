//! Random histories, recorded by a ledger and by the model alike.

use crate::support::home::{Home, request};
use crate::support::make::{self, batch, registrations};
use crate::support::oracle::{Known, Oracle};
use crate::support::random::{Random, random_command, random_filter};
use detente_domain::command::Command;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;

/// A ledger in memory and its model, after the given number of random appends that fit.
pub(crate) struct History {
    pub(crate) home: Home,
    pub(crate) oracle: Oracle,
}

impl History {
    pub(crate) fn random(seed: u64, appends: usize) -> Self {
        let mut history = Self { home: Home::in_memory(), oracle: Oracle::default() };
        let mut random = Random(seed);
        history.record(registrations());
        for _ in 0..appends {
            let known = history.oracle.claims(history.oracle.head());
            let is_recorded = |number| known.iter().any(|known| known.content.id == make::id(number));
            let count = 1 + random.below(3);
            let commands = (0..count).map(|_| random_command(&mut random, &is_recorded)).collect();
            history.record(commands);
        }
        history
    }

    fn record(&mut self, commands: Vec<Command>) {
        if self.oracle.decide(batch(commands.clone())).is_err() {
            return;
        }
        let appended = self.home.try_record(request(batch(commands.clone()))).unwrap();
        self.oracle.must_record(commands, appended.recorded_at.unwrap(), false, appended.at.basis);
    }

    /// The cuts after each append, with what is known there.
    pub(crate) fn cuts(&self) -> Vec<(Cut, Vec<Known>)> {
        let bases = self.oracle.appends.iter().map(|append| append.basis);
        bases.map(|basis| (Cut::Basis(basis), self.oracle.claims(basis.position))).collect()
    }
}

/// The filter that asks nothing, and some that do.
pub(crate) fn filters(seed: u64) -> Vec<Filter> {
    let mut random = Random(seed);
    std::iter::once(Filter::default()).chain((0..3).map(|_| random_filter(&mut random, false))).collect()
}

/// The claims that match and are not retracted, in the order they were first recorded.
pub(crate) fn matching<'k>(known: &'k [Known], filter: &Filter) -> Vec<&'k Known> {
    let matches = |known: &&Known| filter.matches(&known.content, known.at.recorded_at);
    known.iter().filter(matches).filter(|known| known.shown.retraction.is_none()).collect()
}
