//! Versions: a file may hold every version of its rows, of which the last counts, or the last up to an instant.
//!
//! The version that counts follows from the whole file, so the file is read twice.

use super::claim::Tools;
use super::fault::{BadFile, BadMapping};
use super::mapping::Mapping;
use super::plan::{Bench, Plan};
use super::source::{self, Columns, RowResult, SourceFiles};
use super::table::Tables;
use detente_ledger::wire::time::read_instant;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// The name of a version: an instant or a day if it can be read as one, otherwise a text. Texts compare as people order
/// them: `v9` comes before `v10`.
#[derive(Clone, Debug)]
pub struct Version {
    instant: Option<(i64, i32)>,
    text: String,
}

impl Version {
    /// Reads a version. A day is its first moment in UTC.
    pub fn of(text: &str) -> Self {
        let instant = read_instant(text).ok().map(|at| (at.seconds, at.nanos));
        Self { instant, text: text.to_owned() }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.instant, other.instant) {
            (None, None) => natural(&self.text, &other.text),
            (one, another) => one.cmp(&another),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

/// Compares two texts with the numbers in them by their value.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let order = match (left.chars().next(), right.chars().next()) {
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (a, b) = (take_number(&mut left), take_number(&mut right));
                a.len().cmp(&b.len()).then(a.cmp(b))
            }
            (Some(a), Some(b)) => {
                left = left.get(a.len_utf8()..).unwrap_or_default();
                right = right.get(b.len_utf8()..).unwrap_or_default();
                a.cmp(&b)
            }
            (None, None) => return one.cmp(other),
            (a, b) => a.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits at the beginning of a text off it, and returns them without leading zeros.
fn take_number<'t>(text: &mut &'t str) -> &'t str {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, ""));
    *text = rest;
    number.trim_start_matches('0')
}

/// The version that counts of each key, by the id of its claim.
#[derive(Debug, Default)]
pub struct Versions {
    last: HashMap<Uuid, Version>,
    /// True if versions are instants, rather than texts.
    are_instants: bool,
}

impl Versions {
    /// Returns true if a version is the one that counts for a key.
    pub fn counts(&self, id: Uuid, version: &Version) -> bool {
        self.last.get(&id) == Some(version)
    }

    /// Checks that a version can be compared with the others of the file.
    ///
    /// # Errors
    /// The version of the others.
    pub fn check(&self, version: &Version) -> Result<(), &'static str> {
        match (version.instant.is_some(), self.are_instants) {
            (true, false) => Err("is an instant, and most versions of the file are none"),
            (false, true) => Err("is no instant or day, as most versions of the file are"),
            _ => Ok(()),
        }
    }
}

/// The versions of the rows of a file, as they are read.
#[derive(Default)]
struct Scan {
    all: BTreeSet<Version>,
    /// The last version of each key among instants, and among texts.
    instants: HashMap<Uuid, Version>,
    texts: HashMap<Uuid, Version>,
}

impl Scan {
    fn note(&mut self, ids: impl Iterator<Item = Uuid>, version: Version, until: Option<&Version>) {
        let last = if version.instant.is_some() { &mut self.instants } else { &mut self.texts };
        if until.is_none_or(|until| version <= *until) {
            for id in ids {
                let last = last.entry(id).or_insert_with(|| version.clone());
                if *last < version {
                    last.clone_from(&version);
                }
            }
        }
        self.all.insert(version);
    }

    fn finish(self, until: Option<&Version>) -> Result<(Versions, BTreeSet<Version>), BadMapping> {
        let instants = self.all.iter().filter(|version| version.instant.is_some()).count();
        let are_instants = instants * 2 >= self.all.len();
        if let Some(until) = until.filter(|until| are_instants && until.instant.is_none() && instants > 0) {
            let what = format!("`{}` is no instant or day, as the versions of the file are", until.text);
            return Err(BadMapping::at("--until", what));
        }
        if let Some(until) = until.filter(|until| !are_instants && until.instant.is_some()) {
            let what = format!("`{}` is an instant, and the versions of the file are none", until.text);
            return Err(BadMapping::at("--until", what));
        }
        let last = if are_instants { self.instants } else { self.texts };
        Ok((Versions { last, are_instants }, self.all))
    }
}

/// Reads which version counts of each key, none later than `until`; and all that there are.
///
/// # Errors
/// The file or the mapping is no good, or `until` is no version as the file has them.
pub fn scan(
    mapping: &Mapping,
    tables: &Tables,
    tools: &Tools<'_>,
    opened: &mut SourceFiles,
    until: Option<&Version>,
) -> Result<(Versions, BTreeSet<Version>), BadFile> {
    let mut scan = Scan::default();
    let mut plan: Option<(Arc<Columns>, Plan<'_>)> = None;
    let mut bench = Bench::default();
    let mut wrong: Option<BadMapping> = None;
    let read = source::read(opened, &mapping.source, &mut |columns, read| {
        let RowResult::Row(row) = read else { return Ok(()) };
        let current = plan.take().filter(|(known, _)| Arc::ptr_eq(known, columns));
        let current = match current {
            Some(current) => current,
            None => match Plan::compile(mapping, tables, tools, columns) {
                Ok(compiled) => (Arc::clone(columns), compiled),
                Err(bad) => {
                    let what = bad.to_string();
                    wrong = Some(bad);
                    return Err(what);
                }
            },
        };
        let (_, compiled) = plan.insert(current);
        if let Some((keys, version)) = compiled.version(&row, &mut bench) {
            scan.note(keys.iter().map(|key| tools.ids.id(key)), version, until);
        }
        Ok(())
    });
    if let Some(bad) = wrong {
        return Err(bad.into());
    }
    read?;
    Ok(scan.finish(until)?)
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn instants_compare_as_instants_however_they_are_written() {
        let of = Version::of;
        assert!(of("2017-04-27T16:18:24.318Z") > of("2017-04-27T16:18:24Z"));
        assert!(of("2017-04-27T16:18:24+02:00") < of("2017-04-27T16:18:24Z"));
        assert!(of("2017-04-27") < of("2017-04-27T00:00:01Z"));
        assert_eq!(of("2017-04-27"), of("2017-04-27T02:00:00+02:00"));
        assert!(of("2017-04-27").instant.is_some());
    }

    #[test]
    fn texts_compare_with_the_numbers_in_them_by_their_value() {
        let of = Version::of;
        for (one, other) in [("v1", "v2"), ("v9", "v10"), ("9", "10"), ("5.9", "5.10"), ("1", "1a"), ("v01", "v1")] {
            assert!(of(one) < of(other), "{one} {other}");
        }
        assert_eq!(of("v1"), of("v1"));
    }
}
