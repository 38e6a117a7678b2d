//! The fields of a claim that are compared, under the names and in the order they have in the contract.
//!
//! Fields that every revision changes (number, time, recorder, position, note) are not compared, and of the disputes only
//! those that stand. Values are compared as they were written: `1874` for `1874-XX-XX` is a change. Book-keeping is no
//! content: the release that an external id is taken from, the time at which a source was fetched, and the order of a list
//! that is a set are not compared either.

use super::Revision;
use super::lasting::lasting;
use crate::claim::{Citation, Quantity};
use crate::name::DisputeId;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hasher};

/// A field: its name, whether two revisions have the same in it, and a number that is the same where they have.
type RevisionField = (&'static str, fn(&Revision, &Revision) -> bool, fn(&Revision) -> u64);

macro_rules! content {
    ($name:ident) => {
        (stringify!($name), |a, b| a.content.$name == b.content.$name, |a| digest(&a.content.$name))
    };
}

/// A list of which neither the order nor a repetition says anything.
macro_rules! set {
    ($name:ident) => {
        (stringify!($name), |a, b| is_same_set(&a.content.$name, &b.content.$name), |a| digest(&set(&a.content.$name)))
    };
}

const FIELDS: [RevisionField; 22] = [
    content!(kind),
    (
        "temporal_type",
        |a, b| a.content.time.temporal_type() == b.content.time.temporal_type(),
        |a| digest(&a.content.time.temporal_type()),
    ),
    content!(texts),
    content!(parties),
    set!(relationships),
    (
        "valid_from",
        |a, b| a.content.time.bounds().map(|ends| ends.0) == b.content.time.bounds().map(|ends| ends.0),
        |a| digest(&a.content.time.bounds().map(|ends| ends.0)),
    ),
    (
        "valid_to",
        |a, b| a.content.time.bounds().map(|ends| ends.1) == b.content.time.bounds().map(|ends| ends.1),
        |a| digest(&a.content.time.bounds().map(|ends| ends.1)),
    ),
    content!(as_of),
    content!(refers_to),
    content!(attribution),
    content!(modality),
    content!(polarity),
    content!(status),
    content!(due),
    (
        "quantities",
        |a, b| a.content.quantities == b.content.quantities,
        |a| digest(&a.content.quantities.iter().map(with_one_zero).collect::<Vec<_>>()),
    ),
    content!(place),
    set!(codes),
    ("sources", |a, b| citations(a).eq(citations(b)), |a| digest(&citations(a).collect::<Vec<_>>())),
    set!(links),
    (
        "external_ids",
        |a, b| external_ids(a).eq(external_ids(b)) || set_of_ids(a) == set_of_ids(b),
        |a| digest(&set_of_ids(a)),
    ),
    set!(labels),
    ("retraction", |a, b| a.retracted == b.retracted, |a| digest(&a.retracted)),
];

/// The names of the fields in which a claim differs from what it was before some revisions.
#[must_use]
pub fn changed_fields(before: &Revision, since: &[&Revision]) -> Vec<&'static str> {
    let after = since.last().copied().unwrap_or(before);
    let content = FIELDS.iter().filter(|(_, same, _)| !same(before, after)).map(|(name, ..)| *name);
    content.chain((!changed_disputes(since.iter().copied()).is_empty()).then_some("disputes")).collect()
}

/// The steps with a lasting effect on any field. Every dispute is one of its own: that one ended does not undo another.
pub(super) fn lasting_steps(steps: &[&Revision]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let Some(((first, rest), last)) = steps.split_first().zip(steps.last()) else { return found };
    for field in FIELDS.iter().filter(|(_, same, _)| !same(first, last)) {
        found.extend(lasting(&values(steps, field)));
    }
    found.extend(changed_disputes(rest.iter().copied()).into_iter().map(|nth| nth + 1));
    found
}

/// Indexes of the revisions that began a dispute still open after all of them, or ended one that was open before.
fn changed_disputes<'r>(revisions: impl Iterator<Item = &'r Revision>) -> Vec<usize> {
    let mut changed: HashMap<DisputeId, usize> = HashMap::new();
    for (nth, dispute) in revisions.zip(0..).filter_map(|(revision, nth)| Some((nth, revision.dispute?))) {
        match changed.entry(dispute.0) {
            // A dispute that begins and ends here leaves nothing behind.
            Entry::Occupied(begun) => drop(begun.remove()),
            Entry::Vacant(room) => drop(room.insert(nth)),
        }
    }
    changed.into_values().collect()
}

/// Maps each step to the first step with the same value in a field.
fn values(steps: &[&Revision], (_, same, number): &RevisionField) -> Vec<usize> {
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let of = |(step, nth): (&&Revision, usize)| {
        let alike = known.entry(number(step)).or_default();
        let first = alike.iter().copied().find(|first| steps.get(*first).is_some_and(|first| same(first, step)));
        first.unwrap_or_else(|| {
            alike.push(nth);
            nth
        })
    };
    steps.iter().zip(0..).map(of).collect()
}

/// A number that is the same for the same value; mostly another one for another.
fn digest(value: &impl Debug) -> u64 {
    struct Digest(DefaultHasher);
    impl Write for Digest {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut digest = Digest(DefaultHasher::new());
    // Nothing that is written to a digest fails.
    let _ = write!(digest, "{value:?}");
    digest.0.finish()
}

/// The ids elsewhere of a claim, each with its scheme.
fn external_ids(revision: &Revision) -> impl Iterator<Item = (&str, &str)> {
    revision.content.external_ids.iter().map(|id| (&*id.scheme, &*id.id))
}

fn set_of_ids(revision: &Revision) -> BTreeSet<(&str, &str)> {
    external_ids(revision).collect()
}

/// Returns true if two lists have the same members. Most have them in the same order.
fn is_same_set<T: Ord>(a: &[T], b: &[T]) -> bool {
    a == b || set(a) == set(b)
}

/// The members of a list.
fn set<T: Ord>(list: &[T]) -> BTreeSet<&T> {
    list.iter().collect()
}

/// The citations of a claim, as if each source had been fetched at no time.
fn citations(revision: &Revision) -> impl Iterator<Item = Citation> {
    revision.content.sources.iter().map(|citation| Citation { retrieved_at: None, ..citation.clone() })
}

/// The two zeros are equal and are not written alike.
fn with_one_zero(quantity: &Quantity) -> Quantity {
    let one = |number: Option<f64>| number.map(|number| number + 0.0);
    let Quantity { value, low, high, .. } = quantity;
    Quantity { value: one(*value), low: one(*low), high: one(*high), ..quantity.clone() }
}
