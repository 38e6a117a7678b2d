//! The fields of a claim that are compared, under the names and in the order they have in the contract.
//!
//! What every revision changes (its number, time, recorder, position, note) is not compared, and of the disputes only those
//! that stand. Values are compared as they were written: `1874` for `1874-XX-XX` is a change.

use super::Revision;
use super::lasting::lasting;
use std::collections::BTreeSet;

/// A field: its name, and whether two revisions have the same in it.
type Field = (&'static str, fn(&Revision, &Revision) -> bool);

macro_rules! content {
    ($name:ident) => {
        (stringify!($name), |a, b| a.content.$name == b.content.$name)
    };
}

const FIELDS: [Field; 22] = [
    content!(kind),
    ("temporal_type", |a, b| a.content.time.temporal_type() == b.content.time.temporal_type()),
    content!(texts),
    content!(parties),
    content!(relationships),
    ("valid_from", |a, b| a.content.time.bounds().map(|ends| ends.0) == b.content.time.bounds().map(|ends| ends.0)),
    ("valid_to", |a, b| a.content.time.bounds().map(|ends| ends.1) == b.content.time.bounds().map(|ends| ends.1)),
    content!(as_of),
    content!(refers_to),
    content!(attribution),
    content!(modality),
    content!(polarity),
    content!(status),
    content!(due),
    content!(quantities),
    content!(place),
    content!(codes),
    content!(sources),
    content!(links),
    content!(external_ids),
    content!(labels),
    ("retraction", |a, b| a.retracted == b.retracted),
];

const DISPUTES: Field = ("disputes", |a, b| a.disputes == b.disputes);

/// The names of the fields in which two revisions of a claim differ.
#[must_use]
pub fn changed_fields(before: &Revision, after: &Revision) -> Vec<&'static str> {
    let all = FIELDS.iter().chain([&DISPUTES]);
    all.filter(|(_, same)| !same(before, after)).map(|(name, _)| *name).collect()
}

/// The steps with a lasting effect on any field. Every dispute is one of its own: that one ended does not undo another.
pub(super) fn lasting_steps(steps: &[&Revision]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return found };
    for (_, same) in FIELDS.iter().filter(|(_, same)| !same(first, last)) {
        found.extend(lasting(steps, |a, b| same(a, b)));
    }
    let either = first.disputes.iter().chain(&last.disputes);
    for dispute in either.filter(|id| first.disputes.contains(id) != last.disputes.contains(id)) {
        found.extend(lasting(steps, |a, b| a.disputes.contains(dispute) == b.disputes.contains(dispute)));
    }
    found
}
